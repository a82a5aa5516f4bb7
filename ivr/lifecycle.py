"""A call's states as a table, and the order of a leg's.  Pure.

Webhooks come twice, late, out of order or never: a pair that is not listed changes nothing, and an ended call or leg
stays ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class CallState(StrEnum):
    GREETING = "greeting"
    CHOOSING = "choosing"  # the caller is deciding or recording: nobody is rung for them meanwhile
    WAITING = "waiting"
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


class Outcome(StrEnum):
    AGENT = "agent"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    ABANDONED = "abandoned"
    BACKUP = "backup"


_GREETING, _CHOOSING, _WAITING = CallState.GREETING, CallState.CHOOSING, CallState.WAITING
_RINGING, _TALKING, _ENDED = CallState.RINGING, CallState.TALKING, CallState.ENDED

NEXT: Mapping[CallState, frozenset[CallState]] = {
    _GREETING: frozenset({_CHOOSING, _WAITING, _RINGING, _ENDED}),
    _CHOOSING: frozenset({_WAITING, _RINGING, _ENDED}),
    _WAITING: frozenset({_CHOOSING, _RINGING, _ENDED}),
    _RINGING: frozenset({_CHOOSING, _WAITING, _TALKING, _ENDED}),
    # Waiting: after the talk there was something else.  Ringing: the agent's line broke, or they left to a colleague.
    _TALKING: frozenset({_WAITING, _RINGING, _ENDED}),
    _ENDED: frozenset(),
}

LEG_ORDER = ("intended", "queued", "initiated", "ringing", "in-progress")
LEG_ENDS = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


class NotNow(Exception):
    """A step that cannot be taken as things stand: `reason` in one word, `detail` in a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def may_become(state: str, following: str) -> bool:
    return state == following or CallState(following) in NEXT[CallState(state)]


def later_leg_state(known: str, told: str) -> str:
    """The state after a status callback: never backwards, never out of an end, unknown words ignored."""
    if known in LEG_ENDS or (told not in LEG_ENDS and told not in LEG_ORDER):
        return known
    if told in LEG_ENDS:
        return told
    return max(known, told, key=LEG_ORDER.index)
