"""One worker of `bench/race.py`: the real loops that give callers to agents, and its share of the people's doings.

The carrier accepts everything; rooms, rules and statements are those of the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from sqlalchemy import event, select
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.race_storm import LINE, STORE_AWAY, TALK_SECONDS, Pace, Storm
from callbacks.promises import Promises
from carrier.numbers import Numbers
from carrier.port import Carrier, EffectResult, KnownCall, Network, OnResult
from crm.tables import customers
from ivr import choosing
from ivr.links import Links
from ivr.turn import Rooms
from ivr.watch import Watch
from routing.choose import on_shift
from routing.house import House
from routing.index import Index
from routing.index_loop import IndexLoop
from routing.learning import Learning
from routing.live_floor import Floor
from routing.plans import Plans
from routing.tables import agents
from store.clock import SystemClock
from store.ids import new_id
from store.live import Live, Nudges, connect
from store.sql import Database

HOUSE = House("Officine Lume", "it-IT", "IT", "Europe/Rome")
FLOOR = "floor"
TRIES = 3
SHIFT_BEGINS = 0.5  # all agents have come when so much of the time is over
POOL_SIZE = 5  # and as many again: eight workers must stay below the hundred connections PostgreSQL comes with


@dataclass
class Counts:
    claims: list[float] = field(default_factory=list)  # milliseconds of each that was won
    lost: int = 0
    cpu: float = 0.0  # seconds of the workers' own
    did: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)  # by the database: a constraint's name, or the kind of error
    warned: Counter[str] = field(default_factory=Counter)  # what the loops bore and wrote into the log
    faults: Counter[str] = field(default_factory=Counter)  # what nobody expected

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))

    def add(self, other: dict[str, Any]) -> None:
        self.claims += other["claims"]
        self.lost += other["lost"]
        self.cpu += other["cpu"]
        for name in ("did", "refused", "warned", "faults"):
            getattr(self, name).update(other[name])


@contextmanager
def counted(counts: Counts) -> Iterator[None]:
    """Each claim is timed, and whatever the database refuses is written down, however well it is borne."""
    claim = choosing.claim

    async def timed(*args: Any, **named: Any) -> str | None:
        began = time.perf_counter()
        won = await claim(*args, **named)
        if won is None:
            counts.lost += 1
        else:
            counts.claims.append((time.perf_counter() - began) * 1000)
        return won

    def refused(context: Any) -> None:
        error = context.original_exception
        found = re.search(r'constraint "(\w+)"', str(error))
        counts.refused[found[1] if found else type(error).__name__] += 1

    choosing.claim = timed
    event.listen(Engine, "handle_error", refused)
    try:
        yield
    finally:
        event.remove(Engine, "handle_error", refused)
        choosing.claim = claim


class YesCarrier:
    """Accepts every wish, and gives each call its name a moment later."""

    def __init__(self, clock: SystemClock) -> None:
        self._clock = clock
        self._asked: set[str] = set()
        self.on_result: OnResult | None = None

    async def create_call(self, conn: AsyncConnection, *, subject: str, **wish: Any) -> str:
        self._asked.add(subject)
        return subject

    async def withdraw(self, conn: AsyncConnection, subject: str) -> list[str | None]:
        self._asked.discard(subject)
        return []

    async def redirect_call(self, conn: AsyncConnection, sid: str, **wish: Any) -> str:
        return "redirect"

    async def end_call(self, conn: AsyncConnection, sid: str, **wish: Any) -> str:
        return "end"

    async def learn_sid(self, conn: AsyncConnection, effect_id: str, sid: str) -> str | None:
        return None

    def kick(self, *effect_ids: str) -> None:
        for leg_id in self._asked.intersection(effect_ids):
            self._asked.discard(leg_id)
            done = EffectResult(leg_id, "create_call", leg_id, "done", sid=f"CA{secrets.token_hex(16)}")
            self._clock.spawn(self._tell(done), "named")

    async def _tell(self, done: EffectResult) -> None:
        assert self.on_result is not None
        for _ in range(TRIES):
            with suppress(*STORE_AWAY):
                await self.on_result(done)
                return


class EndlessNetwork:
    """Whatever was ever begun goes on, if you ask."""

    async def fetch_call(self, sid: str) -> KnownCall:
        return KnownCall(sid, LINE, "+393331234567", "in-progress", "inbound", None)


class Worker:
    def __init__(
        self, database: Database, live: Live | None, counts: Counts, *, number: int, of: int, seed: int, pace: Pace
    ) -> None:
        self._database, self._clock = database, SystemClock()
        carrier, network = YesCarrier(self._clock), cast(Network, EndlessNetwork())
        index = None if live is None else Index(live)
        self._nudges = None if live is None else Nudges(live)
        rooms = Rooms(
            database=database,
            clock=self._clock,
            carrier=cast(Carrier, carrier),
            numbers=Numbers(database, self._clock, network),
            promises=Promises(HOUSE),
            plans=Plans(),
            house=HOUSE,
            links=Links("secret", "https://centralino.test"),
            learning=Learning(database, self._clock, HOUSE),
            floor=Floor(index, lambda agent, now: on_shift(agent, HOUSE.zone, HOUSE.country, now)),
            public_url="https://centralino.test",
            floor_changed=self._changed,
        )
        self._watch = Watch(rooms, network, owner=new_id("own"))
        carrier.on_result = self._watch.heard
        self._loops: list[Any] = [*self._watch.loops()]
        if self._nudges is None or index is None:
            database.listen(lambda news: self._changed())
        else:
            self._nudges.listen(FLOOR, self._watch.floor_changed)
            self._loops += [self._nudges, IndexLoop(database, self._clock, index, changed=self._changed)]
        dice = random.Random(seed * 1000 + number)
        self._storm = Storm(rooms, dice, pace, 1.0 / of, counts.did, counts.faults)

    def _changed(self) -> None:
        """Somebody may be free: with Redis every worker looks, without it this one, and the others at their poll."""
        if self._nudges is None:
            self._watch.floor_changed()
        else:
            self._clock.spawn(self._nudges.publish(FLOOR), "nudge")

    @asynccontextmanager
    async def at_work(self, callers: int) -> AsyncIterator[Storm]:
        """The loops run, and so many callers have come."""
        tasks = [self._clock.spawn(loop.run(), "loop") for loop in self._loops]
        async with self._database.read() as conn:
            self._storm.customers = (await conn.scalars(select(customers.c.id))).all()
        for _ in range(callers):
            await self._storm.come()
        try:
            yield self._storm
        finally:
            await _stop(tasks)


async def _stop(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """A cancellation may be lost: `wait_for` of Python 3.11, in which Redis is asked, keeps a result that just came."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.1)


def count_warnings(counts: Counts) -> None:
    """Nothing is printed; what the loops bear in silence is counted."""

    def note(logger: Any, method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if method != "info":
            counts.warned[f"{entry['event']}: {entry.get('error', '')}"] += 1
        raise structlog.DropEvent

    structlog.configure(processors=[note], cache_logger_on_first_use=False)


async def work(arguments: argparse.Namespace) -> Counts:
    """Says when its callers are there, begins when it is told to, and ends by itself."""
    counts = Counts()
    count_warnings(counts)
    database = Database(make_url(arguments.database), pool_size=POOL_SIZE)
    live = Live(connect(arguments.redis)) if arguments.redis else None
    pace = Pace(talk=arguments.talk)
    worker = Worker(database, live, counts, number=arguments.number, of=arguments.of, seed=arguments.seed, pace=pace)
    with counted(counts):
        async with worker.at_work(arguments.callers) as storm:
            print("here", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            began = time.process_time()
            async with database.read() as conn:
                ids = (await conn.scalars(select(agents.c.id).order_by(agents.c.id))).all()
            mine = ids[arguments.number :: arguments.of]
            comes = storm.shift_begins(mine, SHIFT_BEGINS * arguments.seconds)
            await asyncio.gather(comes, storm.rage(arguments.seconds))
            counts.cpu = time.process_time() - began
    if live is not None:
        await live.close()
    await database.close()
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--redis")
    parser.add_argument("--talk", type=float, default=TALK_SECONDS)
    parser.add_argument("--seconds", type=float, default=60.0)
    for name in ("number", "of", "callers", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    print(json.dumps(asyncio.run(work(parser.parse_args())).as_json()))


if __name__ == "__main__":
    main()
