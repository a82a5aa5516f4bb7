"""What we remember of a person, under `/api/v1/customers/{id}`: notes, stories, who knows them, how weary they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Language, Listing
from api.paging import Paging
from api.problems import FieldRefused, NotFound, Problem
from api.tokens import Asking, Guard, Principal
from crm import audit, notes
from crm.audit import What
from crm.familiarity import Acquainted, acquainted
from crm.history import memory, past
from crm.identify import Person, person_by_id
from crm.memory_schemas import (
    FamiliarAgent,
    Note,
    NoteChanges,
    NoteFields,
    NoteKind,
    Told,
    Weariness,
    WearyReason,
)
from crm.memory_words import why_familiar, why_weary
from crm.references import agent_ids
from crm.tables import notes as notes_table
from crm.troubles import how_they_fared
from crm.weariness import weariness
from store.clock import Clock
from store.sql import Database

InLanguage = Annotated[Language | None, Query(description="of the sentences; absent: the house's")]


async def _none_vetoed(conn: AsyncConnection, customer_id: str) -> frozenset[str]:
    return frozenset()


async def _none_broken(conn: AsyncConnection, customer_id: str, *, now: datetime) -> int:
    return 0


async def _nothing_said(conn: AsyncConnection, customer_id: str, call_sid: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Remembering:
    """What other rooms know of it, handed in."""

    vetoed: Callable[[AsyncConnection, str], Awaitable[frozenset[str]]] = _none_vetoed
    broken_promises: Callable[..., Awaitable[int]] = _none_broken
    said: Callable[[AsyncConnection, str, str], Awaitable[str | None]] = _nothing_said
    """What this person said in that call before anybody answered; null: nothing, or it is no call of theirs."""


def memory_router(
    database: Database,
    clock: Clock,
    guard: Guard,
    others: Remembering | None = None,
    *,
    language: str = "en",
    zone: str = "UTC",
) -> APIRouter:
    """`language` and `zone` are the house's, for what it says of the past."""
    at = _Memory(database, clock, others or Remembering(), language, ZoneInfo(zone))
    router = APIRouter(tags=["memory"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    theirs, add = "/customers/{customer_id}", router.add_api_route
    add(f"{theirs}/notes", at.write, methods=["POST"], status_code=201)
    add(f"{theirs}/notes", at.find, methods=["GET"])
    add(f"{theirs}/notes/{{note_id}}", at.change, methods=["PATCH"])
    add(f"{theirs}/notes/{{note_id}}", at.remove, methods=["DELETE"], status_code=204)
    add(f"{theirs}/familiar", at.familiar, methods=["GET"])
    add(f"{theirs}/weariness", at.weariness, methods=["GET"])
    return router


class _Memory:
    def __init__(self, database: Database, clock: Clock, others: Remembering, language: str, zone: ZoneInfo) -> None:
        self._database, self._clock, self._others = database, clock, others
        self._language, self._zone = language, zone

    async def write(self, customer_id: str, given: NoteFields, asking: Asking) -> Note:
        """A note is ours, a story theirs; a story told before the talk has its words from its `call`."""
        now = self._clock.now()
        async with self._database.write() as conn:
            person = await _person(conn, customer_id)
            words = given.words
            if words is None and given.kind == "story" and given.call is not None:
                words = await self._others.said(conn, person.id, given.call)
            if words is None:
                raise FieldRefused("words", "A note needs words; a story may take them from a `call` of theirs.")
            note_id = await notes.add(
                conn,
                person.id,
                kind=given.kind,
                words=words,
                tags=given.tags,
                agent_id=asking.agent_id,
                call_sid=given.call,
                now=now,
            )
            await audit.record(conn, asking, What.CHANGED, person.id, now=now, part=given.kind)
            return notes.shown(await _note(conn, person.id, note_id))

    async def find(self, customer_id: str, page: Paging, asking: Asking, kind: NoteKind | None = None) -> Listing[Note]:
        """The latest first."""
        async with self._database.write() as conn:
            person = await _person(conn, customer_id)
            query = page.newest_first(notes.of_customer(person.id, kind), notes_table.c.at, notes_table.c.id)
            rows = (await conn.execute(query)).all()
            await audit.record(conn, asking, What.READ, person.id, now=self._clock.now(), part="notes")
        rows, following = page.cut(rows, lambda row: (row.at.isoformat(), row.id))
        return Listing[Note](items=[notes.shown(row) for row in rows], next=following)

    async def change(self, customer_id: str, note_id: str, given: NoteChanges, asking: Asking) -> Note:
        """One's own; a manager any.  What is absent stays as it is."""
        now = self._clock.now()
        async with self._database.write() as conn:
            person = await _person(conn, customer_id)
            _may_change(await _note(conn, person.id, note_id), asking)
            values = given.model_dump(exclude_unset=True)
            await notes.change(conn, note_id, values)
            await audit.record(conn, asking, What.CHANGED, person.id, now=now, part="note", fields=sorted(values))
            return notes.shown(await _note(conn, person.id, note_id))

    async def remove(self, customer_id: str, note_id: str, asking: Asking) -> None:
        """One's own; a manager any."""
        async with self._database.write() as conn:
            person = await _person(conn, customer_id)
            _may_change(await _note(conn, person.id, note_id), asking)
            await notes.remove(conn, note_id)
            await audit.record(conn, asking, What.CHANGED, person.id, now=self._clock.now(), part="note")

    async def familiar(self, customer_id: str, asking: Asking, language: InLanguage = None) -> Listing[FamiliarAgent]:
        """Who is not any other agent to this person, and why: whom they chose first, then who knows them best.

        Pairings that one of the two has declined are left out; only their own an agent goes on seeing, or its absence
        would tell what the customer said in confidence.
        """
        now = self._clock.now()
        async with self._database.write() as conn:
            person = await _person(conn, customer_id)
            found = acquainted(
                await past(conn, person.id),
                now,
                chosen=person.preferred_agent,
                stand_ins=list(await agent_ids(conn, person.stand_ins)),  # of those who are still here
                vetoed=await self._others.vetoed(conn, person.id) - {asking.agent_id},
            )
            await audit.record(conn, asking, What.READ, person.id, now=now, part="familiar")
        return Listing[FamiliarAgent](items=[self._shown(one, language) for one in found], next=None)

    async def weariness(self, customer_id: str, asking: Asking, language: InLanguage = None) -> Weariness:
        """How tired of us this person must be, and why."""
        now = self._clock.now()
        async with self._database.write() as conn:
            person = await _person(conn, customer_id)
            fared = await how_they_fared(conn, person.id, now)
            troubles = fared.troubles(await self._others.broken_promises(conn, person.id, now=now))
            known = await memory(conn, person.id)
            await audit.record(conn, asking, What.READ, person.id, now=now, part="weariness")
        spoken = language or self._language
        weary = weariness(known.lately, known.matters, now, troubles)
        reasons = [
            WearyReason(kind=one.kind, times=one.times, topic=one.topic, sentence=why_weary(one, spoken))
            for one in weary.reasons
        ]
        return Weariness(level=weary.level, reasons=reasons)

    def _shown(self, one: Acquainted, language: str | None) -> FamiliarAgent:
        spoken = language or self._language
        reasons = [Told(kind=why.kind, sentence=why_familiar(why, spoken, self._zone)) for why in one.reasons]
        return FamiliarAgent(
            agent=one.agent_id,
            score=round(one.score, 3),
            times=one.times,
            last_at=one.last_at,
            chosen=one.chosen,
            reasons=reasons,
        )


async def _person(conn: AsyncConnection, customer_id: str) -> Person:
    """Raises NotFound."""
    person = await person_by_id(conn, customer_id)
    if person is None:
        raise NotFound("customer")
    return person


async def _note(conn: AsyncConnection, customer_id: str, note_id: str) -> Row[tuple[object, ...]]:
    """Raises NotFound."""
    row = await notes.load(conn, customer_id, note_id)
    if row is None:
        raise NotFound("note")
    return row


def _may_change(note: Row[tuple[object, ...]], asking: Principal) -> None:
    """What an agent wrote is that agent's; what a program wrote is any program's.  Raises Problem."""
    if asking.role != "manager" and note.agent_id != asking.agent_id:
        raise Problem(403, None, "A note is changed by who wrote it, or by a manager.")
