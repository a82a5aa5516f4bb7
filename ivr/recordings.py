"""Messages callers left: the file may be ready long after they hung up, or be all that reaches us of them.

What was said in one comes later still, or never, and is private: no text and no log carries it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import update

from callbacks.tables import callbacks
from ivr import calls
from ivr.lifecycle import Outcome
from ivr.offers import take_message
from ivr.personal import nobodys_any_more, recordings_in
from ivr.talk import end_call
from ivr.turn import Turn
from store.events import emit

LONGEST_TRANSCRIPT = 4000  # characters: more than anybody says in two minutes


async def recording_ready(turn: Turn, form: Mapping[str, str]) -> None:
    """A message whose own webhook never came is still a message."""
    if form.get("RecordingStatus") != "completed" or not form.get("RecordingUrl"):
        return
    if nobodys_any_more(turn.call):
        for sid in recordings_in([form["RecordingUrl"]]):
            turn.effects.append(await turn.rooms.carrier.delete_recording(turn.conn, sid))
        return
    # While the caller is there, the message's own webhook brings and answers it.
    if (
        turn.call.outcome in (None, Outcome.ABANDONED)
        and await calls.live_leg(turn.conn, turn.call.id, "caller") is None
    ):
        await take_message(turn, form)
        await end_call(turn)


async def words_of(turn: Turn, form: Mapping[str, str]) -> None:
    """The carrier's recognition has written a message down: whoever calls back reads it, or hears it as the reason.

    News of a recording that is no longer the promise's, a second time or without words change nothing.  Whatever they
    are, the carrier need not keep them: its copy goes at once, or it would outlive the person's.
    """
    if sid := form.get("TranscriptionSid"):
        turn.effects.append(await turn.rooms.carrier.delete_transcription(turn.conn, sid))
    words = " ".join(form.get("TranscriptionText", "").split())[:LONGEST_TRANSCRIPT]
    recording = form.get("RecordingSid", "")
    if form.get("TranscriptionStatus") != "completed" or not words or not recording or nobodys_any_more(turn.call):
        return
    if turn.call.said is None:
        await turn.change(said=words)  # also where the message itself has not come yet: it will bring this along
    promise_id = turn.call.callback_id
    promise = None if promise_id is None else await turn.rooms.promises.read(turn.conn, promise_id, lock=True)
    if promise is None or promise.transcript is not None or recording not in (promise.recording_url or ""):
        return
    values = {"transcript": words} | ({"reason": words} if promise.reason is None else {})
    await turn.conn.execute(update(callbacks).where(callbacks.c.id == promise.id).values(values))
    await emit(turn.conn, "callback.changed", promise.id, turn.now)
