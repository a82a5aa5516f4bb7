"""Messages callers left: the file may be ready long after they hung up, or be all that reaches us of them."""

from __future__ import annotations

from collections.abc import Mapping

from ivr import calls
from ivr.lifecycle import Outcome
from ivr.offers import take_message
from ivr.talk import end_call
from ivr.turn import Turn


async def recording_ready(turn: Turn, form: Mapping[str, str]) -> None:
    """A message whose own webhook never came is still a message."""
    if form.get("RecordingStatus") != "completed" or not form.get("RecordingUrl"):
        return
    # While the caller is there, the message's own webhook brings and answers it.
    if (
        turn.call.outcome in (None, Outcome.ABANDONED)
        and await calls.live_leg(turn.conn, turn.call.id, "caller") is None
    ):
        await take_message(turn, form)
        await end_call(turn)
