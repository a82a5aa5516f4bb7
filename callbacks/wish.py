"""What somebody asks us to promise, and the time that can honestly be said to them.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from callbacks.history import By
from callbacks.slots import Ledger, Slot, nearest_slots, next_slots, place, soonest

THE_API = By("service", "api")
# A due time that passed while the request travelled still means "now".
LATE_REQUEST = timedelta(seconds=30)


class CannotKeep(Exception):
    """The asked time cannot honestly be kept; `slots` are the nearest that can, perhaps none."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        super().__init__("this time cannot be kept")
        self.slots = slots


class InProgress(Exception):
    """The promise is being kept at this moment, or has ended: it can no longer be changed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks us to promise.  `due_at` None: as soon as possible."""

    customer_id: str
    number: str
    language: str
    kind: str = "asap"
    due_at: datetime | None = None
    agent_id: str | None = None
    case_id: str | None = None
    reason: str | None = None
    origin_call: str | None = None
    from_number: str | None = None
    recording_url: str | None = None
    window_seconds: int | None = None
    spoken: str | None = None
    latest: datetime | None = None  # of as soon as possible: what they were told
    arrived_at: datetime | None = None  # when they first rang: the place they keep
    channel: str = "call"  # call | text
    words: str | None = None  # of the text
    by: By = THE_API


def honest_time(ledger: Ledger, wish: Wish) -> Slot:
    if wish.due_at is None:
        slot = soonest(ledger, wish.agent_id)
        if slot is None:
            raise CannotKeep([])
        if wish.latest is None:
            return slot
        if slot.latest is None or slot.latest > wish.latest + LATE_REQUEST:
            raise CannotKeep([slot])
        return replace(slot, latest=max(wish.latest, slot.due_at + timedelta(minutes=1)))
    wanted = wish.due_at
    if ledger.now - LATE_REQUEST <= wanted < ledger.now:
        wanted = ledger.now
    slot = place(ledger, wanted, wish.agent_id, wish.window_seconds)
    if slot is None:
        raise CannotKeep(nearest_slots(ledger, max(wanted, ledger.now), wish.agent_id))
    return slot


def first_time(ledger: Ledger, wish: Wish) -> Slot:
    slots = next_slots(ledger, ledger.now, wish.agent_id, 1) or next_slots(ledger, ledger.now, None, 1)
    if slots:
        return slots[0]
    return Slot(ledger.hours.next_open(ledger.now) or ledger.now + timedelta(days=1), None)
