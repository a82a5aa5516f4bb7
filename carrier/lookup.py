"""Which of the calls or texts that Twilio lists is ours, made by a request whose answer never came.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from carrier.port import KnownCall, KnownText

CLOCK_SKEW = timedelta(seconds=30)  # between Twilio's clock and ours, and Twilio's dates have whole seconds


def find_call(
    listed: Iterable[KnownCall], *, from_: str, asked_at: datetime, taken: Collection[str]
) -> KnownCall | None:
    """The first call from that number since it was asked for that no other effect accounts for.

    Sound because at most one attempt for each number called is ever unresolved.
    """
    ours = [
        call
        for call in listed
        if call.direction == "outbound-api"
        and call.from_ == from_
        and call.parent_sid is None
        and call.sid not in taken
        and _since(call.created_at, asked_at)
    ]
    return min(ours, key=lambda call: call.created_at or asked_at, default=None)


def made_since(listed: Iterable[KnownCall], *, since: datetime, taken: Collection[str]) -> list[KnownCall]:
    """Those made through the API since then that nobody here accounts for, oldest first."""
    ours = {
        call.sid: call
        for call in listed
        if call.direction == "outbound-api"
        and call.parent_sid is None
        and call.sid not in taken
        and _since(call.created_at, since)
    }
    return sorted(ours.values(), key=lambda call: (call.created_at is None, call.created_at or since))


def find_text(
    listed: Iterable[KnownText], *, from_: str, body: str, asked_at: datetime, taken: Collection[str]
) -> KnownText | None:
    ours = [
        text
        for text in listed
        if text.direction.startswith("outbound")
        and text.from_ == from_
        and text.body == body
        and text.sid not in taken
        and _since(text.created_at, asked_at)
    ]
    return min(ours, key=lambda text: text.created_at or asked_at, default=None)


def _since(created_at: datetime | None, asked_at: datetime) -> bool:
    """Without a date it is too new to have one."""
    return created_at is None or created_at >= asked_at - CLOCK_SKEW


def bare_address(to: str) -> str:
    """The address as Twilio lists it: without the parameters that ride behind it."""
    return to if to.startswith("+") else to.partition("?")[0]
