"""The people of `bench/race.py`: agents who accept, decline, let it ring, go away; callers who come and hang up.

Each look draws from everybody on the line, so that two workers often have news of the same call at the same moment; and
one in four of the news comes together with another that contradicts it.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from crm.identify import person_by_id
from ivr import afterwards, agent_leg, calls, journey, talk
from ivr.dialogue import TEAMMATE_KEY
from ivr.journey import SILENT
from ivr.lifecycle import CallState
from ivr.tables import calls as calls_table
from ivr.tables import legs
from ivr.turn import Rooms, Turn
from routing.floor import set_availability
from routing.tables import agents, reservations

LINE, LOANS = "+390699990000", "+390699990001"
LOOK_SECONDS = 0.25
AT_ONCE = 8  # pieces of news that one worker brings at a time
MOST_BEHIND = 50  # then nothing new happens until some of it has been brought
LAST_SECONDS = 3.0
TALK_SECONDS = 40.0
TOGETHER = 0.25
NEVER_TOLD, OF = 3, 100  # rings of whose end nobody ever tells: they have their deadline
STORE_AWAY = (DBAPIError, PoolTimeout)  # the carrier would bring such news again; here it is lost

# How rings and talks end: of a hundred.  The rest of the words are the carrier's.
RING = {"accepts": 66, "busy": 8, "no-answer": 5, "failed": 2, "canceled": 3, "hangs up": 11, "goes away": 5}
TALK = {"completed": 62, "hangs up": 35, "goes away": 3}


@dataclass(frozen=True, slots=True)
class Pace:
    """Mean seconds, each exponential."""

    ring: float = 2.0
    talk: float = TALK_SECONDS
    patience: float = 60.0
    after: float = 1.0  # from the end of the talk to the caller's next step
    stays: float = 90.0  # an idle agent, until they go away
    away: float = 4.0


class Storm:
    """One worker's share of all that happens to everybody."""

    def __init__(
        self, rooms: Rooms, dice: random.Random, pace: Pace, share: float, did: Counter[str], faults: Counter[str]
    ) -> None:
        self._rooms, self._dice, self._pace, self._share = rooms, dice, pace, share
        self._did, self._faults = did, faults
        self._busy = asyncio.Semaphore(AT_ONCE)
        self.customers: Sequence[str] = ()

    async def rage(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> None:
        """For so long, or until it is enough."""
        until = last = time.monotonic()
        until += seconds
        news: set[asyncio.Task[None]] = set()
        while (now := time.monotonic()) < until and not enough():
            if len(news) < MOST_BEHIND:
                for work in await self._drawn(now - last):
                    task = asyncio.create_task(self._bring(work))
                    news.add(task)
                    task.add_done_callback(news.discard)
                last = now
            await asyncio.sleep(max(LOOK_SECONDS - (time.monotonic() - now), 0.0))
        if news:
            _, late = await asyncio.wait(news, timeout=LAST_SECONDS)
            for task in late:
                task.cancel()

    async def shift_begins(self, agent_ids: Sequence[str], seconds: float) -> None:
        """They come one by one."""
        for agent_id in agent_ids:
            await self._bring(self._presence(agent_id, "ready"))
            await asyncio.sleep(seconds / len(agent_ids))

    async def come(self) -> None:
        """Somebody calls, and whoever is best for them is rung at once; one in three is known and has an agent."""
        now, sid = self._rooms.clock.now(), f"CA{secrets.token_hex(16)}"
        who = self._dice.choice(self.customers) if self.customers and self._dice.random() < 0.33 else None
        async with self._rooms.database.write() as conn:
            version, plan = await self._rooms.plans.current(conn)
            call = await calls.open_call(
                conn,
                now=now,
                sid=sid,
                direction="inbound",
                from_number=f"+39333{self._dice.randrange(10**7):07d}",
                to_number=self._dice.choices((LINE, LOANS), (0.8, 0.2))[0],
                customer_id=who,
                language=self._dice.choices(("it-IT", "de"), (0.92, 0.08))[0],
                state=CallState.WAITING,
                step=2,
                plan_version=version,
                due_at=now + SILENT,
            )
            await calls.add_leg(conn, call.id, "caller", now=now, sid=sid, state="in-progress")
            turn = Turn(self._rooms, conn, now, plan, call)
            await turn.meet(await person_by_id(conn, who) if who else None)
            await journey.look_again(turn)
        turn.finish()
        self._did["comes"] += 1

    async def _drawn(self, passed: float) -> list[Awaitable[None]]:
        """What happens now, of all that could."""
        try:
            async with self._rooms.database.read() as conn:
                live = await conn.execute(
                    select(reservations.c.id, reservations.c.state, legs.c.id.label("leg"), legs.c.call_id)
                    .add_columns(reservations.c.agent_id)
                    .join(legs, legs.c.reservation_id == reservations.c.id)
                    .where(reservations.c.live)
                )
                held = select(reservations.c.call_id).where(reservations.c.live)
                alone = await conn.execute(
                    select(calls_table.c.id, calls_table.c.state)
                    .where(calls_table.c.state.in_((CallState.WAITING, CallState.CHOOSING, CallState.TALKING)))
                    .where(calls_table.c.id.not_in(held))
                )
                free = await conn.execute(select(agents.c.id, agents.c.availability, agents.c.activity))
        except STORE_AWAY:
            return []
        news: list[Awaitable[None]] = []
        for row in live:
            news += self._of_pair(row, passed)
        news += [self._of_caller(row) for row in alone if self._now(passed, self._mean_alone(row.state))]
        for row in free:
            if row.availability == "away" and self._now(passed, self._pace.away):
                news.append(self._presence(row.id, "ready"))
            elif row.availability == "ready" and row.activity == "idle" and self._now(passed, self._pace.stays):
                news.append(self._presence(row.id, "away"))
        return news

    def _now(self, passed: float, mean: float) -> bool:
        return self._dice.random() < passed * self._share / mean

    def _mean_alone(self, state: str) -> float:
        return self._pace.after if state == CallState.TALKING else self._pace.patience

    def _of_pair(self, row: Row[Any], passed: float) -> list[Awaitable[None]]:
        offered = row.state == "offered"
        if offered and zlib.crc32(row.id.encode()) % OF < NEVER_TOLD:
            return []
        if not self._now(passed, self._pace.ring if offered else self._pace.talk):
            return []
        ends = RING if offered else TALK
        many = 2 if self._dice.random() < TOGETHER else 1
        drawn = self._dice.choices(list(ends), list(ends.values()), k=many)
        return [self._of_leg(row, end) for end in drawn]

    async def _bring(self, work: Awaitable[None]) -> None:
        async with self._busy:
            try:
                await work
            except STORE_AWAY:
                self._did["lost news"] += 1  # and the database's complaint is counted where it is raised
            except Exception as error:
                self._faults[f"{type(error).__name__}: {error}"[:200]] += 1

    async def _of_leg(self, row: Row[Any], end: str) -> None:
        self._did[end] += 1
        if end == "accepts":
            await self._accept(row)
        elif end == "hangs up":
            await self._hang_up(row.call_id)
        elif end == "goes away":
            await self._presence(row.agent_id, "away")
        else:
            async with self._leg(row.leg) as (turn, leg):
                await agent_leg.status(turn, leg, {"CallStatus": end})

    async def _accept(self, row: Row[Any]) -> None:
        """The agent is in the room; nine times in ten the caller comes there too."""
        async with self._leg(row.leg) as (turn, leg):
            await agent_leg.answered(turn, leg)
        if self._dice.random() < 0.9:
            async with self._call(row.call_id) as turn:
                if turn.call.state == CallState.TALKING:
                    await journey.fetched(turn, {})

    async def _of_caller(self, row: Row[Any]) -> None:
        """They have waited long enough; or after the talk there is something else, once in ten."""
        if row.state == CallState.TALKING and self._dice.random() < 0.1:
            self._did["once more"] += 1
            async with self._call(row.id) as turn:
                await afterwards.more(turn, {"Digits": TEAMMATE_KEY}, {})
        else:
            await self._hang_up(row.id)

    async def _hang_up(self, call_id: str) -> None:
        async with self._call(call_id) as turn:
            was = turn.call.state
            await talk.end_call(turn)
        if was != CallState.ENDED:
            await self.come()

    async def _presence(self, agent_id: str, availability: str) -> None:
        self._did[availability] += 1
        async with self._rooms.database.write() as conn:
            await set_availability(conn, agent_id, availability, None, now=self._rooms.clock.now())
        self._rooms.floor_changed()

    @asynccontextmanager
    async def _call(self, call_id: str) -> AsyncIterator[Turn]:
        async with self._rooms.database.write() as conn:
            call = await calls.lock(conn, call_id)
            assert call is not None
            turn = await Turn.of(self._rooms, conn, call)
            yield turn
        turn.finish()

    @asynccontextmanager
    async def _leg(self, leg_id: str) -> AsyncIterator[tuple[Turn, Row[Any]]]:
        async with self._rooms.database.write() as conn:
            found = await calls.lock_by_leg(conn, leg_id)
            assert found is not None
            turn = await Turn.of(self._rooms, conn, found[0])
            yield turn, found[1]
        turn.finish()
