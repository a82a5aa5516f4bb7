"""Messages callers left: the file may be ready long after they hung up, or be all that reaches us of them."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.lifecycle import CallState, Outcome
from ivr.offers import take_message
from ivr.turn import Turn


async def recording_ready(turn: Turn, form: Mapping[str, str]) -> None:
    """A message whose own webhook never came is still a message."""
    if form.get("RecordingStatus") != "completed" or not form.get("RecordingUrl"):
        return
    # While the call lives, its own webhook brings the message and answers it.
    if turn.call.state == CallState.ENDED and turn.call.outcome in (None, Outcome.ABANDONED):
        await take_message(turn, form)
