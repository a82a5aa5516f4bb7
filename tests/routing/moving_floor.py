"""A floor of which everything can change, in SQL, and two who tell of it: for tests of the index."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import update

from routing.agents import Agent
from routing.floor import everybody
from routing.index import Index
from routing.index_loop import IndexLoop
from routing.live_floor import Floor
from routing.needs import Need
from routing.queue import leaves, waits
from routing.tables import agents
from routing.weigh import Caller, Tie
from store.clock import VirtualClock
from store.events import emit
from store.live import Live, connect
from store.sql import Database
from tests.routing.rows import add_agent, add_call

LANGUAGES = (["it-IT"], ["it-IT", "de-CH"], ["en", "IT"])
NO_SQL: Any = None  # whoever asks a connection that is none breaks
SKILLS: tuple[dict[str, int], ...] = ({}, {"loans": 1}, {"loans": 2, "tax": 1})


class House:
    """A floor of which everything can change, in SQL; and two who look at it."""

    def __init__(self, database: Database, clock: VirtualClock, redis_url: str, seed: int = 1) -> None:
        self.database, self.clock, self.dice = database, clock, random.Random(seed)
        self.live = Live(connect(redis_url, timeout=10), timeout=10)
        self.index = Index(self.live)
        self.loop = IndexLoop(database, clock, self.index)
        self.sure, self.quick = Floor(), Floor(self.index)
        self.agents: list[str] = []
        self.calls: dict[str, Caller] = {}
        self.number = 0

    async def settle(self) -> None:
        """Until there is nothing more to bring in."""
        for _ in range(4):
            await self.loop.turn()

    async def hire(self, many: int) -> None:
        async with self.database.write() as conn:
            for n in range(many):
                agent_id = f"agt{n:02}"
                stand_in = self.dice.choice([None, *self.agents])
                self.agents.append(agent_id)
                await add_agent(
                    conn, agent_id, self.clock.now(), stand_in=stand_in, **self.a_profile(), **self.a_state()
                )
                await emit(conn, "agent.changed", agent_id, self.clock.now())

    def a_profile(self) -> dict[str, Any]:
        dice = self.dice
        return {
            "languages": dice.choice(LANGUAGES),
            "skills": dice.choice(SKILLS),
            "team": dice.choice([None, "north", "south"]),
        }

    def a_state(self) -> dict[str, Any]:
        return {
            "availability": self.dice.choice(["ready", "ready", "ready", "away"]),
            "activity": self.dice.choice(["idle", "talking", "wrap_up"]),
            "since_at": self.clock.now() - timedelta(seconds=self.dice.randrange(5)),
            "load": self.dice.random(),
        }

    def a_caller(self) -> Caller:
        dice = self.dice
        known = dice.sample(self.agents, 3)
        return Caller(
            language=dice.choice(["it", "de-DE", "fr"]),
            arrived_at=self.clock.now() - timedelta(seconds=dice.randrange(20)),
            preferred=dice.choice([None, known[0]]),
            ties={agent: Tie(dice.random(), 1) for agent in known[1:]},
            skills=dice.choice(SKILLS),
            teams=dice.choice([frozenset(), frozenset({"north"}), frozenset({"north", "south"})]),
            tried=frozenset(dice.sample(self.agents, dice.randrange(2))),
            urgent=dice.choice([{}, {"repeated": 60}]),
        )

    async def step(self) -> None:
        """Something happens to an agent and to a caller."""
        dice, now = self.dice, self.clock.now()
        async with self.database.write() as conn:
            agent_id = dice.choice(self.agents)
            values = self.a_state() | (self.a_profile() if dice.random() < 0.2 else {})
            await conn.execute(update(agents).where(agents.c.id == agent_id).values(values))
            await emit(conn, "agent.changed", agent_id, now)
            if self.calls and dice.random() < 0.4:
                gone = dice.choice(sorted(self.calls))
                del self.calls[gone]
                await leaves(conn, gone, now=now)
                return
            self.number += 1
            call_id = dice.choice([*sorted(self.calls)[-1:], f"call{self.number:03}", f"call{self.number:03}"])
            if call_id not in self.calls:
                await add_call(conn, call_id, now)
            caller = self.calls[call_id] = self.a_caller()
            worths = {agent: dice.uniform(5, 90) for agent in caller.known}
            held = now + timedelta(seconds=dice.randrange(1, 5)) if dice.random() < 0.3 else None
            await waits(conn, call_id, caller, Need.of(caller), worths, now=now, held_until=held)

    async def the_same(self) -> None:
        """Both tell the same, and one of them without SQL, once it has heard of every need."""
        now, dice = self.clock.now(), self.dice
        callers = [self.a_caller(), *list(self.calls.values())[:1]]
        k = dice.choice([1, 3, 16])
        asking: list[Callable[[Floor, Any], Awaitable[Any]]] = [
            *(partial(Floor.candidates, caller=caller, now=now, k=k) for caller in callers),
            *(partial(Floor.queue_for, agent=a, now=now, k=3) for a in dice.sample(await self.everybody(), 2)),
            partial(Floor.ripe, now=now, k=2),
        ]
        async with self.database.read() as conn:
            sure = [await ask(self.sure, conn=conn) for ask in asking]
            behind = partial(Floor.ripe, now=now, after=sure[-1][0] if sure[-1] else None)
            sure.append(await behind(self.sure, conn=conn))
            for _ in range(2):  # the second time without the language that nobody speaks
                for caller in callers:
                    await self.quick.candidates(conn, caller, now)
                await self.settle()
        assert [await ask(self.quick, conn=NO_SQL) for ask in (*asking, behind)] == sure

    async def the_same_from_sql(self) -> None:
        """Whoever asks an index that cannot be trusted gets the answer all the same."""
        async with self.database.read() as conn:
            answers = [await floor.ripe(conn, self.clock.now()) for floor in (self.sure, self.quick)]
        assert answers[0] == answers[1]

    async def everybody(self) -> list[Agent]:
        async with self.database.read() as conn:
            return list(await everybody(conn))
