"""From an agent who becomes free to the caller who is theirs: the whole way, for `bench/decision.py`.

Agents become free at fixed moments, whether or not the last one has been served.  Each time the database commits, the
index is told, the loop that looks after those who wait finds the agent, the first of their callers is chosen and the
claim settled in SQL.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import create_engine, insert, update
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.decision_floor import WORTH, draw_agents, draw_callers
from bench.postgres import postgres
from ivr.tables import calls
from routing.agents import Agent
from routing.choose import Waiting, next_caller
from routing.index import Index
from routing.index_loop import IndexLoop
from routing.live_floor import Floor
from routing.needs import Need
from routing.plan import Plan
from routing.queue import as_card, leaves
from routing.reservations import claim
from routing.tables import agents as agents_table
from routing.tables import wishes
from routing.weigh import Caller
from store.clock import SystemClock
from store.embedded import EmbeddedValkey
from store.events import emit
from store.live import Live, connect
from store.sql import Database
from switchboard.tables import metadata

AGENTS, WAITING, A_SECOND = 10_000, 100_000, 100
SEED = 5
AT_ONCE = 5_000  # rows in one statement


@dataclass(frozen=True, slots=True)
class Events:
    database: str
    took: list[float]  # milliseconds, in order
    missed: int  # agents who became free and were given nobody

    def at(self, share: float) -> float:
        return self.took[min(int(len(self.took) * share), len(self.took) - 1)]

    def line(self) -> str:
        figures = f"{self.at(0.5):.1f} | {self.at(0.99):.1f} | {self.took[-1]:.1f} | {self.missed}"
        return f"| {self.database} | {AGENTS:,} / {WAITING:,} | {len(self.took)} | {figures} |"

    def as_json(self) -> dict[str, Any]:
        figures = {"p50_ms": self.at(0.5), "p99_ms": self.at(0.99), "longest_ms": self.took[-1]}
        rounded = {name: round(value, 2) for name, value in figures.items()}
        return {"database": self.database, "events": len(self.took), "missed": self.missed} | rounded


class Centre:
    """Everybody talks and many wait; then one after the other becomes free."""

    def __init__(self, database: Database, live: Live) -> None:
        self.database, self.clock, self.index = database, SystemClock(), Index(live)
        self.floor, self.plan = Floor(self.index), Plan()
        self.looked = asyncio.Event()
        self.loop = IndexLoop(database, self.clock, self.index, changed=self.looked.set)
        self.due: dict[str, float] = {}  # agent -> when they were to become free
        self.took: list[float] = []
        self._dice = random.Random(SEED)

    async def run(self, agents: list[Agent], seconds: int) -> None:
        while not (await self.index.state()).ready:
            await self.loop.turn()
        work = [asyncio.create_task(self.loop.run()), asyncio.create_task(self._watch())]
        await asyncio.sleep(1.0)
        freed = self._dice.sample(agents, seconds * A_SECOND)
        began = time.perf_counter() + 0.1
        busy = []
        for n, agent in enumerate(freed):
            due = began + n / A_SECOND
            await asyncio.sleep(due - time.perf_counter())
            busy.append(asyncio.create_task(self._free(agent.id, due)))
        await asyncio.gather(*busy)
        await asyncio.sleep(1.0)
        for task in work:
            if task.done():
                task.result()  # it never ends by itself: what broke is told
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)

    async def _free(self, agent_id: str, due: float) -> None:
        self.due[agent_id] = due
        now = self.clock.now()
        async with self.database.write() as conn:
            mine = update(agents_table).where(agents_table.c.id == agent_id)
            await conn.execute(mine.values(activity="idle", since_at=now))
            await emit(conn, "agent.changed", agent_id, now)

    async def _watch(self) -> None:
        async with self.database.read() as conn:
            while True:
                await self.looked.wait()
                self.looked.clear()
                for agent in await self.floor.ripe(conn, self.clock.now()):
                    if agent.id in self.due:
                        await self._take(conn, agent)

    async def _take(self, conn: AsyncConnection, agent: Agent) -> None:
        now = self.clock.now()
        queue = await self.floor.queue_for(conn, agent, now)
        match = next_caller(agent, [Waiting(q.call_id, q.caller, self.plan, q.held_until) for q in queue], now)
        if match is None:
            return
        with suppress(_Lost):
            async with self.database.write() as writing:
                await self._claim(writing, agent.id, match.waiting.id, now)
            self.took.append((time.perf_counter() - self.due.pop(agent.id)) * 1000)

    async def _claim(self, conn: AsyncConnection, agent_id: str, call_id: str, now: datetime) -> None:
        taken = update(calls).where(calls.c.id == call_id, calls.c.state == "waiting").values(state="ringing")
        if (await conn.execute(taken)).rowcount != 1:
            raise _Lost
        if await claim(conn, agent_id, call_id, self.plan, now=now) is None:
            raise _Lost
        await leaves(conn, call_id, now=now)


class _Lost(Exception):
    """The index showed what is no longer so; nothing of this transaction stays."""


def run_events(folder: Path, seconds: int) -> list[Events]:
    """On both kinds of database."""
    dice = random.Random(SEED)
    agents = list(draw_agents(AGENTS, dice, free=0.0))
    callers = draw_callers(WAITING, agents, dice)
    found = []
    sqlite = URL.create("sqlite", database=str(folder / "events.db"))
    with postgres(folder) as served:
        for name, url in (("SQLite", sqlite), ("PostgreSQL", served)):
            _stage(url, agents, callers)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the server runs
                found.append(runner.run(_measure(name, url, folder, agents, seconds)))
    return found


async def _measure(name: str, url: URL, folder: Path, agents: list[Agent], seconds: int) -> Events:
    driver = "sqlite+aiosqlite" if name == "SQLite" else "postgresql+psycopg"
    with EmbeddedValkey(folder / f"valkey-{name}") as server:
        database, live = Database(url.set(drivername=driver)), Live(connect(server.url))
        centre = Centre(database, live)
        try:
            await centre.run(agents, seconds)
        finally:
            await live.close()
            await database.close()
    return Events(name, sorted(centre.took), len(centre.due))


def _stage(url: URL, agents: list[Agent], callers: dict[str, Caller]) -> None:
    engine = create_engine(url)
    metadata.create_all(engine)
    rows = {
        agents_table: [_agent(agent) for agent in agents],
        calls: [
            _call(call_id, caller)
            | {"card": as_card(caller), "need": Need.of(caller).text, "ranked_at": caller.arrived_at}
            for call_id, caller in callers.items()
        ],
        wishes: [
            {"call_id": call_id, "agent_id": agent, "ranked_at": caller.arrived_at - WORTH}
            for call_id, caller in callers.items()
            for agent in caller.known
        ],
    }
    for table, values in rows.items():
        for start in range(0, len(values), AT_ONCE):
            with engine.begin() as conn:
                conn.execute(insert(table), values[start : start + AT_ONCE])
    engine.dispose()


def _agent(agent: Agent) -> dict[str, Any]:
    same = ("id", "name", "address", "hours", "availability", "activity", "since_at", "team", "load", "wanted_an_hour")
    named = {name: getattr(agent, name) for name in same}
    return named | {"languages": list(agent.languages), "skills": dict(agent.skills), "made_at": agent.since_at}


def _call(call_id: str, caller: Caller) -> dict[str, Any]:
    numbers = {"direction": "inbound", "from_number": "+393331234567", "to_number": "+390699990000"}
    return numbers | {"id": call_id, "language": "it", "state": "waiting", "arrived_at": caller.arrived_at}
