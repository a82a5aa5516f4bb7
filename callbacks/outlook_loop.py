"""Looks ahead: who of those promised a call will probably not get it as promised, and what is done about it in time.

One process at a time looks, every few seconds.  What it finds is a fact beside the promise (`risk`), news for the agent
and the stand-in, a question to the customer where their agent is held up, and another time where there are too many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks import history
from callbacks.alternatives import SOON
from callbacks.history import US, What
from callbacks.keeping import NO_RISK, latest, look_later
from callbacks.ledger import theirs
from callbacks.outlook import AHEAD, HOPELESS, LATE_TO_WORK, LIKELY, OF_OWNER, Due, Floor, Risk, outlook
from callbacks.promises import Promises
from callbacks.renegotiate import Letters, ask_instead, ledger_for, move_on
from callbacks.slots import Ledger
from callbacks.states import MOVABLE, State
from callbacks.tables import callbacks
from crm.identify import Person, person_by_id
from crm.tables import customers
from routing.absences import absent_now
from routing.agents import Agent, Availability
from routing.choose import on_shift
from routing.floor import everybody
from routing.hours import Hours, read_hours
from routing.house import House
from routing.inflow import read_inflow
from routing.learning import Learning
from routing.plan import Plan
from routing.plans import Plans
from routing.queue import WAITS
from routing.queue import calls as queued
from routing.tables import absences
from store.clock import Clock
from store.events import emit
from store.faults import told
from store.sql import Database
from store.tables import heartbeats

log = structlog.get_logger()

EVERY = timedelta(seconds=10)
CALM = timedelta(seconds=60)  # a risk that comes and goes with each talk is one piece of news, not ten
NAME = "outlook"
MOST = 20_000  # promises looked at in one round, the first due first
LOT = 50  # moved in one transaction
SIDE_BY_SIDE = 4  # lots, each in its own transaction; they wait for the database more than for anything
LOTS = 100  # in a round: then the others are looked at again
LONGEST_WINDOW = timedelta(hours=1)  # what is due for longer is late already

LOOKED_AT = ("id", "promised_at", "window_seconds", "agent_id", "from_number", "risk", "risk_at", "choices")


class Outlook:
    """`letters`: () -> Letters with `after_commit`, one for each transaction.  While `held` says so nothing is done."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        promises: Promises,
        plans: Plans,
        house: House,
        learning: Learning,
        letters: Any,
        *,
        calls_per_second: float,
        held: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database, self._clock, self._promises, self._plans = database, clock, promises, plans
        self._house, self._learning, self._letters = house, learning, letters
        self._rate, self._held = calls_per_second, held
        self._news = clock.alarm()

    async def run(self) -> None:
        while True:
            more = False
            try:
                more = not self._held() and await self.look()
            except Exception as error:
                log.warning("outlook_not_seen", **told(error))
            await self._news.wait((EVERY / 2 if more else EVERY).total_seconds())

    async def look(self) -> bool:
        """True when there were too many to be moved in one round."""
        now = self._clock.now()
        async with self._database.read() as conn:
            rows = await _coming(conn, now)
            if not rows:
                return False
            _, plan = await self._plans.current(conn)
            floor = await self._floor(conn, plan, now)
        if not await self._mine(now):
            return False
        risks = outlook([_due(row, self._house.language) for row in rows], floor, plan)
        too_many: list[tuple[Row[Any], Risk]] = []
        news: list[tuple[Row[Any], Risk]] = []  # for desks, and so not before what customers are told
        first = max(sum(agent.present or agent.id in floor.comes for agent in floor.agents), 1)
        for n, row in enumerate(rows):
            risk = risks.get(row.id)
            if risk is not None and risk.why not in OF_OWNER and risk.chance < HOPELESS and n >= first:
                too_many.append((row, risk))
            elif row.promised_at <= now:
                continue  # the keeper is at it
            elif risk is None:
                if row.risk is not None and _calm(row, now):
                    await self._safe(row.id, now)
            elif (row.risk != risk.why and _calm(row, now)) or _to_ask(row, risk):
                if risk.why in OF_OWNER:
                    await self._at_risk(row.id, risk, floor, plan, now)
                else:
                    news.append((row, risk))
        room = _Room(self._promises, self._house, plan, now)
        lots = [too_many[start : start + LOT] for start in range(0, min(len(too_many), LOT * LOTS), LOT)]
        width = 1 if self._database.sqlite else SIDE_BY_SIDE
        for start in range(0, len(lots), width):
            await asyncio.gather(*(self._move(lot, room, now) for lot in lots[start : start + width]))
        for row, risk in news:
            await self._at_risk(row.id, risk, floor, plan, now)
        return len(too_many) > LOT * LOTS

    async def _mine(self, now: datetime) -> bool:
        """Who moves the time on first looks; the others need not."""
        async with self._database.write() as conn:
            mine = update(heartbeats).where(heartbeats.c.name == NAME)
            free = or_(heartbeats.c.at <= now - EVERY / 2, heartbeats.c.at > now + EVERY)
            if (await conn.execute(mine.where(free).values(at=now))).rowcount:
                return True
            if await conn.scalar(select(heartbeats.c.at).where(heartbeats.c.name == NAME)) is not None:
                return False
        try:
            async with self._database.write() as conn:
                await conn.execute(insert(heartbeats).values(name=NAME, at=now))
        except IntegrityError:
            return False
        return True

    async def _floor(self, conn: AsyncConnection, plan: Plan, now: datetime) -> Floor:
        away, agents = await absent_now(conn, now), await everybody(conn)
        later = away | await absent_now(conn, now + AHEAD)
        inflow = await read_inflow(conn)

        def seen(agent: Agent) -> Agent:
            here = agent.id not in away and on_shift(agent, self._house.zone, self._house.country, now)
            return replace(agent, present=here, talk=self._learning.talk(agent.id))

        return Floor(
            agents=[seen(agent) for agent in agents],
            waiting=await conn.scalar(select(func.count()).select_from(queued).where(WAITS)) or 0,
            inflow=0.0 if inflow is None else inflow.at(now, self._house.zone),
            calls_per_second=self._rate,
            now=now,
            comes={
                agent.id: at
                for agent in agents
                if agent.id not in later and (at := self._comes_at(agent, plan, now)) is not None
            },
        )

    def _comes_at(self, agent: Agent, plan: Plan, now: datetime) -> datetime | None:
        """When they will be there whose shift, or the house, is about to open; None for everybody else.

        Who is not there at eight is no reason to put off what was promised for nine.
        """
        if agent.availability is not Availability.OFFLINE:
            return None
        hours = read_hours(agent.hours or plan.hours, self._house.zone, self._house.country)
        begins = hours.next_open(now - LATE_TO_WORK)
        soon = begins is not None and now - LATE_TO_WORK < begins <= now + AHEAD
        return max(begins, now) if soon and begins is not None else None

    async def _safe(self, promise_id: str, now: datetime) -> None:
        async with self._database.write() as conn:
            risky = callbacks.c.id == promise_id, callbacks.c.state == State.PROMISED, callbacks.c.risk.is_not(None)
            if (await conn.execute(update(callbacks).where(*risky).values(**NO_RISK))).rowcount:
                await history.record(conn, promise_id, What.SAFE, by=US, now=now)
                await emit(conn, "callback.changed", promise_id, now)

    async def _at_risk(self, promise_id: str, risk: Risk, floor: Floor, plan: Plan, now: datetime) -> None:
        """The agent and the stand-in see it on their desks; if it is likely, the customer is asked."""
        letters: Any = self._letters()
        async with self._database.write() as conn:
            promise = await self._promises.read(conn, promise_id, lock=True)
            if promise is None or promise.state != State.PROMISED or promise.promised_at <= now:
                return
            if promise.risk != risk.why:
                at_risk = {"risk": risk.why, "risk_at": now}
                await look_later(conn, promise_id, (State.PROMISED,), due_at=promise.due_at, **at_risk)
                await history.record(conn, promise_id, What.AT_RISK, by=US, now=now, after={"risk": risk.why})
                await emit(conn, "callback.changed", promise_id, now)
            if risk.why in OF_OWNER and risk.chance < LIKELY and promise.agent_id is not None:
                ledger = await ledger_for(conn, self._promises, letters, promise, plan, now)
                stand_in = next((a.stand_in for a in floor.agents if a.id == promise.agent_id), None)
                await ask_instead(conn, letters, promise, ledger, stand_in, now=now)
        letters.after_commit()

    async def _move(self, lot: Sequence[tuple[Row[Any], Risk]], room: _Room, now: datetime) -> None:
        """Too many at once: those for whom it is hopeless are told another time while there is time.

        Their texts are left to the carrier's loop: so many at the same moment would keep callers from the database.
        """
        letters: Any = self._letters()
        async with self._database.write() as conn:
            for row, risk in sorted(lot, key=lambda one: one[0].id):
                promise = await self._promises.read(conn, row.id, lock=True)
                if promise is None or promise.state not in MOVABLE or promise.promised_at != row.promised_at:
                    continue
                person = await person_by_id(conn, promise.customer_id)
                if await room.move(conn, letters, promise, person) is None and promise.risk != risk.why:
                    at_risk = {"risk": risk.why, "risk_at": now}
                    await look_later(conn, row.id, MOVABLE, due_at=promise.due_at, **at_risk)
                    await emit(conn, "callback.changed", row.id, now)


class _Room:
    """What can still be promised, read once for all who are moved in a round."""

    def __init__(self, promises: Promises, house: House, plan: Plan, now: datetime) -> None:
        self._promises, self._house, self._plan, self._now = promises, house, plan, now
        self._reading = asyncio.Lock()  # lots go side by side, and must place theirs in one ledger
        self._ledgers: dict[tuple[str, str], Ledger] = {}
        self._full_until: dict[tuple[str, str, Hours | None], datetime] = {}  # for whoever is free, at any hour

    async def move(
        self, conn: AsyncConnection, letters: Letters, promise: Row[Any], person: Person | None
    ) -> Row[Any] | None:
        kind = ((person.language if person else None) or self._house.language, promise.from_number or "")
        async with self._reading:
            if kind not in self._ledgers:
                self._ledgers[kind] = await self._promises.ledger(
                    conn, self._plan, kind[0], now=self._now, line=kind[1], ours=True
                )
        ledger = theirs(self._ledgers[kind], person, self._house)
        alike = None if promise.agent_id or ledger.quiet else (*kind, ledger.call_hours)
        after = None if alike is None else self._full_until.get(alike)
        moved = await move_on(conn, letters, promise, ledger, now=self._now, after=after)
        if moved is not None and alike is not None:
            # What is earlier was looked at, and does not become free.
            self._full_until[alike] = moved.promised_at - SOON
        return moved


def _calm(row: Row[Any], now: datetime) -> bool:
    """May it be said otherwise what was said of its risk?  News of its own agent always; of all the others' talks only
    after a while."""
    return row.risk in OF_OWNER or row.risk_at is None or not timedelta() <= now - row.risk_at < CALM


def _to_ask(row: Row[Any], risk: Risk) -> bool:
    return risk.why in OF_OWNER and risk.chance < LIKELY and row.choices is None


async def _coming(conn: AsyncConnection, now: datetime) -> list[Row[Any]]:
    """Promises not begun that come due soon, and those of agents who will be absent then, however far ahead."""
    absent = exists().where(
        absences.c.agent_id == callbacks.c.agent_id,
        absences.c.starts_at <= callbacks.c.promised_at,
        absences.c.ends_at > callbacks.c.promised_at,
    )
    query = (
        select(*(callbacks.c[name] for name in LOOKED_AT), customers.c.language, absent.label("absent"))
        .join(customers, customers.c.id == callbacks.c.customer_id)
        .where(callbacks.c.state.in_(MOVABLE), callbacks.c.channel == "call")
        .where(or_(callbacks.c.promised_at.between(now - LONGEST_WINDOW, now + AHEAD), absent))
        .order_by(callbacks.c.promised_at, callbacks.c.id)
        .limit(MOST)
    )
    rows: list[Row[Any]] = list(await conn.execute(query))
    return [row for row in rows if latest(row) > now]


def _due(row: Row[Any], language: str) -> Due:
    speaks, line = row.language or language, row.from_number or ""
    return Due(row.id, row.promised_at, latest(row), row.agent_id, speaks, line, bool(row.absent))
