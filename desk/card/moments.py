"""Times as a form gives them, on the wall clock of the house, and the honest times that are offered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from callbacks.promises import Promises
from callbacks.slots import next_slots
from crm.tables import customers
from desk.pages import Asked
from routing.plans import Plans

AHEAD = timedelta(days=13)
LATER = timedelta(hours=2)
MORNING = time(9)


@dataclass(frozen=True, slots=True)
class Slot:
    due_at: str  # RFC 3339
    told: str


def on_the_wall(text: str, zone: str) -> datetime | None:
    """`2026-03-03T15:00` there, as an instant; None for anything else.

    An hour that a change of the clocks leaves out is the one that follows it.
    """
    try:
        read = datetime.fromisoformat(text.strip())
        return (read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):  # also the first and the last days that can be counted
        return None


def for_a_call(now: datetime, zone: str) -> tuple[datetime, ...]:
    """From when on to look for a time: now, a little later, tomorrow morning."""
    tomorrow = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return now, now + LATER, datetime.combine(tomorrow, MORNING, ZoneInfo(zone)).astimezone(UTC)


def for_asking_again(now: datetime, zone: str) -> tuple[datetime, ...]:
    """Some days after a matter was solved, at this hour."""
    local = now.astimezone(ZoneInfo(zone))
    days = [local.date() + timedelta(days=days) for days in (3, 7, 14)]
    hour = local.time().replace(minute=0, second=0, microsecond=0)
    return tuple(datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC) for day in days)


async def offered(asked: Asked, customer_id: str, agent_id: str | None, starts: Sequence[datetime]) -> list[Slot]:
    """The first honest time from each of `starts` on, each once; fewer where there is none within two weeks.

    The same that `GET /callbacks/slots` answers; asked for here, since one look into the ledger does for all of them.
    """
    pages, now = asked.pages, asked.pages.clock.now()
    async with pages.database.read() as conn:
        spoken = await conn.scalar(select(customers.c.language).where(customers.c.id == customer_id))
        _, plan = await Plans().current(conn)
        language = spoken or pages.house.language
        ledger = await Promises(pages.house).ledger(conn, plan, language, now=now, customer_id=customer_id)
    found = (next_slots(ledger, start, agent_id, 1, before=start + AHEAD) for start in starts)
    return slots_told(asked, dict.fromkeys(slot.due_at.isoformat() for slots in found for slot in slots))


def slots_told(asked: Asked, due: Iterable[str]) -> list[Slot]:
    now = asked.pages.clock.now()
    return [Slot(at, asked.formats.when(at, now)) for at in due]
