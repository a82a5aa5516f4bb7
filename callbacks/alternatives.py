"""Two honest times in place of one that may not be kept.  Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from callbacks.slots import Ledger, Slot, keepable, next_slots

SOON = timedelta(minutes=10)  # a text must be read, and answered
APART = timedelta(minutes=30)
WORTH_WAITING_FOR_ONE = timedelta(hours=4)


def instead_of_owner(ledger: Ledger, at: datetime, owner: str | None, stand_in: str | None) -> list[Slot]:
    """The agent who promised is not free at `at`: a colleague then, or they themselves later, the one to keep first.

    None where nobody else is free either: that is another trouble.
    """
    at = max(at, ledger.now)
    colleague = stand_in if stand_in is not None and keepable(ledger, at, stand_in) else None
    if colleague is None and not keepable(ledger, at, None):
        return []
    return [Slot(at, colleague), *next_slots(ledger, max(at, ledger.now) + SOON, owner, 1)]


def another_time(ledger: Ledger, after: datetime, owner: str | None) -> list[Slot]:
    """Nobody is free in time: the next time there is, by their own agent if that is not long after, and one more.

    At most two, the one that is kept unless they say otherwise first; none if there is no time within two weeks.
    """
    first = first_time(ledger, max(after, ledger.now) + SOON, owner)
    if first is None:
        return []
    return [first, *next_slots(ledger, first.due_at + APART, first.agent, 1)]


def first_time(ledger: Ledger, start: datetime, owner: str | None) -> Slot | None:
    """From `start` on: their own agent's, if that is not long after the first of anybody's."""
    first = next(iter(next_slots(ledger, start, None, 1)), None)
    own = next(iter(next_slots(ledger, start, owner, 1)), None) if owner is not None else None
    if own and (not first or own.due_at - first.due_at <= WORTH_WAITING_FOR_ONE):
        return own
    return first


def as_choices(slots: list[Slot]) -> list[dict[str, str | None]]:
    """As the column `choices` keeps them."""
    return [{"at": slot.due_at.isoformat(), "agent": slot.agent} for slot in slots]
