"""The report about people counted the slow way, one contact after another: what `desk/same_matter.py` must come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.matters import same_topic
from crm.tables import interactions
from desk.measures import AGAIN, RelationTally, hour_of
from desk.relationships import OF_NOBODY
from desk.reports import Span
from desk.same_matter import CONVERSATIONS, SAME_MATTER
from ivr.tables import calls
from routing.tables import agents


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact of one person; `topic` is folded, and empty when nobody noted one."""

    at: datetime
    topic: str
    outcome: str
    met: bool  # somebody spoke with them
    agent: str | None = None
    warm: bool = False  # it ended with an introduction to the next
    judged: bool = True  # somebody has said how it ended


@dataclass(frozen=True, slots=True)
class First:
    """A conversation that began a matter.

    `solved` None: its seven days are not over, so nobody can know yet, or nobody has said how it ended.
    """

    solved: bool | None


def first_contacts(contacts: Sequence[Contact], now: datetime) -> list[First | None]:
    """For each contact of one person, in order of time, whether it began a matter and settled it; None: it did not.

    Two contacts are about the same matter when their topics are the same, or when one of them has no topic.  A
    conversation begins a matter when there was no such contact in the seven days before; it settled it when its
    outcome is solved and there is none in the seven days after, an abandoned call included.  One whose seven days are
    not over stays undecided even if somebody has already called again: of the young ones only failures show so soon.
    So does one of which nobody said how it ended: silence is no success, nor is it fair to count its failures alone.
    """
    before = _nearest(contacts)
    after = list(reversed(_nearest(list(reversed(contacts)))))
    found: list[First | None] = []
    for contact, earlier, later in zip(contacts, before, after, strict=True):
        if not contact.met or contact.outcome not in CONVERSATIONS or _near(contact.at, earlier):
            found.append(None)
        elif not contact.judged or now - contact.at < SAME_MATTER:
            found.append(First(None))
        else:
            found.append(First(contact.outcome == "solved" and not _near(contact.at, later)))
    return found


def told_again(contacts: Sequence[Contact]) -> list[bool | None]:
    """For each contact of one person, in order of time, whether they had to tell their matter anew.

    None for a contact that took up nothing: no conversation about the same matter in the seven days before, or nobody
    spoke with them.  Who had spoken with them about it in those days knows; so does who was introduced by the last.
    """
    found: list[bool | None] = []
    for place, contact in enumerate(contacts):
        earlier = list(_same_matter_before(contacts, place)) if contact.met else []
        if not earlier:
            found.append(None)
        else:
            found.append(not earlier[0].warm and contact.agent not in {one.agent for one in earlier})
    return found


def _same_matter_before(contacts: Sequence[Contact], place: int) -> Iterator[Contact]:
    """Conversations of the seven days before, the last one first."""
    contact = contacts[place]
    for earlier in reversed(contacts[:place]):
        if contact.at - earlier.at > SAME_MATTER:
            return
        if earlier.met and (not earlier.topic or not contact.topic or earlier.topic == contact.topic):
            yield earlier


def _near(at: datetime, other: datetime | None) -> bool:
    return other is not None and abs(at - other) <= SAME_MATTER


def _nearest(contacts: Iterable[Contact]) -> list[datetime | None]:
    """When the last contact about the same matter was that came before each one in this order."""
    latest: dict[str, datetime] = {}
    latest_of_all: datetime | None = None
    found: list[datetime | None] = []
    for contact in contacts:
        if contact.topic:
            found.append(_nearer(contact.at, latest.get(contact.topic), latest.get("")))
        else:
            found.append(latest_of_all)
        latest[contact.topic] = latest_of_all = contact.at
    return found


def _nearer(at: datetime, one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return one if abs(at - one) <= abs(at - other) else other


async def conversations_one_by_one(conn: AsyncConnection, span: Span) -> dict[str | None, RelationTally]:
    """By group; all together under `total`."""
    found: dict[str | None, RelationTally] = {"total": RelationTally()}
    columns = (*interactions.c, agents.c.team, calls.c.to_number)
    every = select(*columns).outerjoin(agents, agents.c.id == interactions.c.agent_id)
    every = every.outerjoin(calls, calls.c.sid == interactions.c.external_id)
    every = every.order_by(interactions.c.customer_id, interactions.c.started_at, interactions.c.id)
    for _, rows in groupby((await conn.execute(every)).all(), key=lambda row: row.customer_id):
        theirs = [row for row in rows if span.start - SAME_MATTER <= row.started_at < span.end + SAME_MATTER]
        contacts = [_contact(row) for row in theirs]
        judged = zip(theirs, contacts, first_contacts(contacts, span.now), told_again(contacts), strict=True)
        for row, contact, first, again in judged:
            if not contact.met or contact.outcome not in CONVERSATIONS or not span.start <= contact.at < span.end:
                continue
            group = found.setdefault(_group(row, span), RelationTally())
            for tally in (group, found["total"]):
                tally.add_conversations(
                    1,
                    outcome=contact.outcome,
                    first=first is not None,
                    solved=first.solved if first else None,
                    taken_up=again is not None,
                    told_again=bool(again),
                )
                if row.confirmed is not None and (tally is not group or span.group in OF_NOBODY):
                    tally.said[row.confirmed] += 1
    return found


async def calls_one_by_one(conn: AsyncConnection, span: Span) -> RelationTally:
    found = RelationTally()
    talks = (await conn.execute(select(interactions))).all()
    every = select(calls).where(calls.c.direction == "inbound").order_by(calls.c.arrived_at, calls.c.id)
    rows = (await conn.execute(every)).all()
    for place, row in enumerate(rows):
        if row.state != "ended" or not span.start <= row.arrived_at < span.end:
            continue
        theirs = [one for one in talks if one.customer_id == row.customer_id and one.started_at < row.arrived_at]
        later = (one.arrived_at for one in rows[place + 1 :] if one.customer_id == row.customer_id)
        following = next(later, None)
        found.add_calls(
            1,
            agent=row.outcome == "agent",
            familiar=row.familiar,
            earlier=sum(one.agent_id is not None and one.outcome in CONVERSATIONS for one in theirs),
            again=None if row.customer_id is None else bool(following and following - row.arrived_at <= AGAIN),
            old=row.arrived_at <= span.now - AGAIN,
        )
    return found


def _contact(row: Row[Any]) -> Contact:
    met = row.agent_id is not None
    return Contact(row.started_at, same_topic(row.topic), row.outcome, met, row.agent_id, row.warm, row.judged)


def _group(row: Row[Any], span: Span) -> str | None:
    if span.group in ("day", "hour"):
        name = day_of if span.group == "day" else hour_of
        return name(row.started_at.astimezone(UTC), span.zone)
    told: dict[str | None, str | None] = {"team": row.team, "line": row.to_number, "agent": row.agent_id}
    return told.get(span.group)


def day_of(at: datetime, zone: ZoneInfo) -> str:
    """The day of the house's own calendar, `2026-03-02`."""
    return at.astimezone(zone).date().isoformat()
