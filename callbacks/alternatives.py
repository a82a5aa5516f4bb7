"""Two honest times in place of one that may not be kept.  Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from callbacks.slots import Ledger, Slot, keepable, next_slots

SOON = timedelta(minutes=10)  # a text must be read, and answered
APART = timedelta(minutes=30)
WORTH_WAITING_FOR_ONE = timedelta(hours=4)


def instead_of_owner(ledger: Ledger, at: datetime, owner: str, stand_in: str | None) -> list[Slot]:
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
    start = max(after, ledger.now) + SOON
    first = next_slots(ledger, start, None, 1)
    own = next_slots(ledger, start, owner, 1) if owner is not None else []
    if own and (not first or own[0].due_at - first[0].due_at <= WORTH_WAITING_FOR_ONE):
        first = own
    if not first:
        return []
    later = first[0].due_at + APART
    return first + next_slots(ledger, later, first[0].agent, 1)


def as_choices(slots: list[Slot]) -> list[dict[str, str | None]]:
    """As the column `choices` keeps them."""
    return [{"at": slot.due_at.isoformat(), "agent": slot.agent} for slot in slots]
