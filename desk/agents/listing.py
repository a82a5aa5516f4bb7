"""All who answer, with what a manager wants to see at a glance; how long anybody has been at it is not among it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from callbacks.states import OPEN
from callbacks.tables import callbacks
from desk.agents.known import presence_of
from desk.asking import Client
from desk.tables import users
from routing import absences
from routing.agents import load_after
from routing.hours import BadHours, read_hours
from routing.house import House
from routing.tables import agents
from store.sql import Database

AT_ONCE = 200
STEADY, BUSY = 0.35, 0.7  # of the last two hours
FAR = timedelta(days=60)  # absences that begin later are not news yet


@dataclass(frozen=True, slots=True)
class Beside:
    """What the record of an agent does not say.  `sign_in`: none | invited | active | shut_out."""

    load: str | None = None  # quiet | steady | busy; null: not here
    promises: int = 0
    next_promise: datetime | None = None
    absence: tuple[datetime, datetime] | None = None  # the present or the next one
    sign_in: str = "none"


async def everybody(api: Client) -> list[dict[str, Any]]:
    """As the API shows them, by name."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await api.get("/agents", limit=AT_ONCE, cursor=cursor)
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return sorted(found, key=lambda one: (one["name"].casefold(), one["id"]))


async def beside(database: Database, now: datetime, agent_id: str | None = None) -> dict[str, Beside]:
    """By agent's id, of all or of one."""
    kept, promised = agents.c, callbacks.c
    loads = select(kept.id, kept.load, kept.since_at, kept.activity, kept.availability)
    due = select(promised.agent_id, func.count().label("many"), func.min(promised.promised_at).label("next"))
    due = due.where(promised.state.in_(OPEN), promised.agent_id.is_not(None)).group_by(promised.agent_id)
    signed = select(users.c.agent_id, users.c.password, users.c.subject, users.c.disabled_at)
    if agent_id is not None:
        loads, due = loads.where(kept.id == agent_id), due.where(promised.agent_id == agent_id)
        signed = signed.where(users.c.agent_id == agent_id)
    async with database.read() as conn:
        rows = (await conn.execute(loads)).all()
        open_ones = {row.agent_id: (row.many, row.next) for row in await conn.execute(due)}
        may_sign_in = {row.agent_id: _sign_in(row) for row in await conn.execute(signed)}
        away = await absences.by_agent(conn, now, now + FAR)
    return {
        row.id: Beside(
            load=_load(row, now),
            promises=open_ones.get(row.id, (0, None))[0],
            next_promise=open_ones.get(row.id, (0, None))[1],
            absence=next(iter(away.get(row.id, ())), None),
            sign_in=may_sign_in.get(row.id, "none"),
        )
        for row in rows
    }


def _sign_in(row: Any) -> str:
    if row.disabled_at is not None:
        return "shut_out"
    return "active" if row.password or row.subject else "invited"


def _load(row: Any, now: datetime) -> str | None:
    """How the last hours were, in a word: it evens out who is rung, and ranks nobody."""
    if row.availability == "offline":
        return None
    busy = load_after(row.load, now - row.since_at, busy=row.activity != "idle")
    return "quiet" if busy < STEADY else "steady" if busy < BUSY else "busy"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the list was asked for; an empty text narrows nothing."""

    words: str = ""
    team: str = ""
    language: str = ""
    skill: str = ""
    presence: str = ""

    @classmethod
    def from_form(cls, given: Mapping[str, Any]) -> Narrowed:
        return cls(*(str(given.get(name, "")).strip() for name in ("q", "team", "language", "skill", "presence")))

    def fits(self, agent: Mapping[str, Any]) -> bool:
        found = f"{agent['name']} {agent['team'] or ''} {agent['external_id'] or ''}".casefold()
        return (
            all(word in found for word in self.words.casefold().split())
            and self.team in ("", agent["team"] or "")
            and (not self.language or self.language in agent["languages"])
            and (not self.skill or self.skill in agent["skills"])
            and self.presence in ("", presence_of(agent["availability"], agent["activity"]))
        )


def choices(agents_shown: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """By what the list can be narrowed: teams, languages and skills that somebody has."""
    return {
        "teams": sorted({one["team"] for one in agents_shown if one["team"]}),
        "languages": sorted({tag for one in agents_shown for tag in one["languages"]}),
        "skills": sorted({skill for one in agents_shown for skill in one["skills"]}),
    }


def shift(hours: str | None, house: House, now: datetime) -> tuple[bool, datetime | None] | None:
    """Are they on shift, and when does that change; None: whenever the house is open."""
    if hours is None:
        return None
    try:
        read = read_hours(hours, house.zone, house.country)
    except BadHours:
        return None  # written by another version; the choice of an agent takes it as no limit, too
    return (True, read.closes_at(now)) if read.is_open(now) else (False, read.next_open(now))
