"""What the past teaches routing, learnt once an hour by one process and read by all: how long talks last, how often
each agent is asked for by people they know, and how many callers ring at each hour of the week.

Kept in SQL, so that a process that starts knows at once what the others do.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.tables import interactions
from routing.forecast import Talk
from routing.house import House
from routing.inflow import INFLOW, learn_inflow
from routing.tables import agents, learnt
from routing.talk_times import ENOUGH, TalkTimes, learn
from store.clock import Clock
from store.events import emit
from store.faults import told
from store.sql import Database

log = structlog.get_logger()

TALK_TIMES = "talk_times"
EVERY = timedelta(hours=1)
LOOK_SECONDS = 60.0
WANTED_DAYS, WORKING_HOURS = 28, 8.0
WORTH_TELLING = 0.1  # calls an hour


class Learning:
    """What was learnt, as this process knows it."""

    def __init__(self, database: Database, clock: Clock, house: House) -> None:
        self._database, self._clock, self._house = database, clock, house
        self._times = TalkTimes()
        self._read: Any = None  # whoever learns moves the time on first, so the time does not say what is new

    def talk(self, agent_id: str, topic: str | None = None) -> Talk | None:
        """How long a talk of theirs lasts at this hour; None where too little is known."""
        hour = self._clock.now().astimezone(ZoneInfo(self._house.zone)).hour
        return self._times.of(agent_id, topic, hour)

    @property
    def patience_seconds(self) -> float | None:
        """How long callers bear to wait on average; None where too few gave up to say."""
        return self._times.patience_seconds

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:
                log.warning("nothing_learnt", **told(error))
            await self._clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Reads what is new; learns it if it is old and nobody else is at it."""
        now = self._clock.now()
        async with self._database.read() as conn:
            row = (await conn.execute(select(learnt.c.at).where(learnt.c.kind == TALK_TIMES))).one_or_none()
        if (row is None or now - row.at >= EVERY) and await self._mine(row is None, now):
            await self._learn(now)
        async with self._database.read() as conn:
            found = (await conn.execute(select(learnt).where(learnt.c.kind == TALK_TIMES))).one_or_none()
        if found is not None and found.body and found.body != self._read:
            self._times, self._read = TalkTimes.from_json(found.body), found.body

    async def _mine(self, first: bool, now: datetime) -> bool:
        """Who moves the time on first does the work; the others read it later."""
        try:
            async with self._database.write() as conn:
                if first:
                    await conn.execute(insert(learnt).values(kind=TALK_TIMES, body={}, at=now))
                    return True
                old = update(learnt).where(learnt.c.kind == TALK_TIMES, learnt.c.at <= now - EVERY)
                return bool((await conn.execute(old.values(at=now))).rowcount)
        except IntegrityError:
            return False

    async def _learn(self, now: datetime) -> None:
        async with self._database.read() as conn:
            times, wanted = await learn(conn, now, self._house.zone), await wanted_an_hour(conn, now)
            inflow = await learn_inflow(conn, now, self._house, _mean_talk_seconds(times))
        async with self._database.write() as conn:
            body = json.loads(json.dumps(times.as_json()))
            await conn.execute(update(learnt).where(learnt.c.kind == TALK_TIMES).values(body=body, at=now))
            await conn.execute(delete(learnt).where(learnt.c.kind == INFLOW))
            if inflow is not None:
                await conn.execute(insert(learnt).values(kind=INFLOW, body=inflow.as_json(), at=now))
            before = (await conn.execute(select(agents.c.id, agents.c.wanted_an_hour))).all()
            for agent_id, was in before:
                now_wanted = wanted.get(agent_id, 0.0)
                if abs(now_wanted - was) > WORTH_TELLING:
                    mine = update(agents).where(agents.c.id == agent_id).values(wanted_an_hour=now_wanted)
                    await conn.execute(mine)
                    await emit(conn, "agent.changed", agent_id, now)


def _mean_talk_seconds(times: TalkTimes) -> float | None:
    """Of anybody's, at whatever hour; None where there were too few to say."""
    return round(Talk(math.exp(times.log_seconds), times.sigma).mean_seconds, 1) if times.talks >= ENOUGH else None


async def wanted_an_hour(conn: AsyncConnection, now: datetime) -> Mapping[str, float]:
    """Calls an hour of people who have talked with an agent before, by agent, over the hours they worked lately.

    Counted in SQL: a pair of a conversation with one of the same customer's before it, once for each agent and call.
    """
    since = now - timedelta(days=WANTED_DAYS)
    later, before = interactions.alias("later"), interactions.alias("before")
    pairs = (
        select(before.c.agent_id, later.c.id)
        .join(before, (before.c.customer_id == later.c.customer_id) & (before.c.started_at < later.c.started_at))
        .where(later.c.started_at >= since, later.c.channel == "voice", before.c.started_at >= since)
        .where(before.c.agent_id.is_not(None), before.c.talk_seconds > 0, before.c.outcome != "abandoned")
        .distinct()
        .subquery()
    )
    asked = await conn.execute(select(pairs.c.agent_id, func.count()).group_by(pairs.c.agent_id))
    day = func.date(interactions.c.started_at)
    worked = await conn.execute(
        select(interactions.c.agent_id, func.count(func.distinct(day)))
        .where(interactions.c.started_at >= since, interactions.c.channel == "voice")
        .group_by(interactions.c.agent_id)
    )
    days = {agent: count for agent, count in worked if agent is not None}
    return {agent: count / (days.get(agent, 1) * WORKING_HOURS) for agent, count in asked}
