"""How long talks last here: learnt from the past, per agent, topic and hour of the day.

A talk's length is lognormal; its logarithm is that of all talks plus what is special of this agent, this topic and
this hour.  What few talks say counts for little: each effect is drawn towards none at all as if `PSEUDO` more talks
without it had been seen.  `Tally` and `TalkTimes` are pure; only `learn` reads.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.tables import interactions
from routing.forecast import Talk
from routing.past import calls

PAST = timedelta(days=90)
MOST_TALKS = 200_000
ROWS_AT_ONCE = 500  # a few milliseconds each: callers are answered in between
SHORTEST, LONGEST = 10, 7_200  # seconds: shorter ones are no talks, longer ones are lines left open
ENOUGH = 30  # talks without which the plan's figure is the better guess
PSEUDO = 20.0
SWEEPS = 4  # the effects of agents, topics and hours settle against each other
LEAST_SIGMA, MOST_SIGMA = 0.3, 1.5
MOST_TOPICS = 500  # words of agents, not a closed list
MOST_GIVING_UP = 5_000
LEAST_PATIENCE, MOST_PATIENCE = 30.0, 7_200.0  # seconds

Record = tuple[str | None, str | None, int, float]  # agent, topic, hour on the wall (0-23), seconds


@dataclass(frozen=True, slots=True)
class TalkTimes:
    """What was learnt: logarithms of seconds, and how far each agent, topic and hour is from them."""

    talks: int = 0
    log_seconds: float = 0.0
    sigma: float = LEAST_SIGMA
    agents: Mapping[str, float] = field(default_factory=dict)
    topics: Mapping[str, float] = field(default_factory=dict)
    hours: Mapping[int, float] = field(default_factory=dict)
    patience_seconds: float | None = None  # how long callers bear to wait on average, where enough gave up to say

    def of(self, agent_id: str | None, topic: str | None, hour: int) -> Talk | None:
        """What a talk of theirs is like; None where too little is known, so that the plan's figure holds."""
        if self.talks < ENOUGH:
            return None
        special = self.agents.get(agent_id, 0.0) if agent_id is not None else 0.0
        special += self.topics.get(topic, 0.0) if topic is not None else 0.0
        special += self.hours.get(hour, 0.0)
        return Talk(math.exp(self.log_seconds + special), self.sigma)

    def as_json(self) -> dict[str, Any]:
        return {
            "talks": self.talks,
            "log_seconds": round(self.log_seconds, 4),
            "sigma": round(self.sigma, 4),
            "agents": _rounded(self.agents),
            "topics": _rounded(self.topics),
            "hours": {str(hour): effect for hour, effect in _rounded(self.hours).items()},
            "patience_seconds": None if self.patience_seconds is None else round(self.patience_seconds, 1),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        hours = {int(hour): effect for hour, effect in stored["hours"].items()}
        return cls(**{**stored, "hours": hours})


@dataclass(slots=True)
class Tally:
    """Talks counted by agent, topic and hour: how many, their logarithms summed, and squared."""

    cells: dict[tuple[str | None, str | None, int], list[float]] = field(default_factory=dict)

    def add(self, agent_id: str | None, topic: str | None, hour: int, seconds: float) -> None:
        if not SHORTEST <= seconds <= LONGEST:
            return
        cell = self.cells.setdefault((agent_id, topic, hour), [0, 0.0, 0.0])
        length = math.log(seconds)
        cell[0] += 1
        cell[1] += length
        cell[2] += length * length

    def learnt(self) -> TalkTimes:
        talks = int(sum(cell[0] for cell in self.cells.values()))
        if not talks:
            return TalkTimes()
        whole = sum(cell[1] for cell in self.cells.values()) / talks
        special: tuple[dict[Any, float], ...] = ({}, {}, {})
        agents, topics, hours = special
        for _ in range(SWEEPS):
            for which, effects in enumerate(special):
                over: dict[Any, list[float]] = {}
                for names, (count, logs, _squares) in self.cells.items():
                    guess = whole + agents.get(names[0], 0.0) + topics.get(names[1], 0.0) + hours.get(names[2], 0.0)
                    seen = over.setdefault(names[which], [0.0, 0.0])
                    seen[0] += count
                    seen[1] += logs - count * guess
                over.pop(None, None)  # somebody or something unnamed gets no effect
                for name, (count, left) in over.items():
                    effects[name] = (left + count * effects.get(name, 0.0)) / (count + PSEUDO)
        unexplained = 0.0
        for (agent, topic, hour), (count, logs, squares) in self.cells.items():
            guess = whole + agents.get(agent, 0.0) + topics.get(topic, 0.0) + hours.get(hour, 0.0)
            unexplained += squares - 2 * guess * logs + count * guess * guess
        sigma = min(max(math.sqrt(max(unexplained, 0.0) / talks), LEAST_SIGMA), MOST_SIGMA)
        telling = sorted(topics.items(), key=lambda one: -abs(one[1]))[:MOST_TOPICS]
        return TalkTimes(talks, whole, sigma, agents, dict(telling), hours)


def fit(records: Iterable[Record]) -> TalkTimes:
    tally = Tally()
    for agent_id, topic, hour, seconds in records:
        tally.add(agent_id, topic, hour, seconds)
    return tally.learnt()


async def learn(conn: AsyncConnection, now: datetime, zone: str) -> TalkTimes:
    """From the latest talks of the last 90 days; `zone` says what hour it was on the wall."""
    tally, clock = Tally(), ZoneInfo(zone)
    at, key = interactions.c.started_at, interactions.c.id
    wanted = select(at, key, interactions.c.agent_id, interactions.c.topic, interactions.c.talk_seconds)
    talked = interactions.c.talk_seconds.between(SHORTEST, LONGEST)
    page = wanted.where(interactions.c.channel == "voice", talked, at >= now - PAST)
    page = page.order_by(at.desc(), key.desc()).limit(ROWS_AT_ONCE)
    rows = (await conn.execute(page.where(at <= now))).all()
    for _ in range(MOST_TALKS // ROWS_AT_ONCE):
        for row in rows:
            tally.add(row.agent_id, row.topic, row.started_at.astimezone(clock).hour, row.talk_seconds)
        if len(rows) < ROWS_AT_ONCE:
            break
        last = rows[-1]
        earlier = or_(at < last.started_at, and_(at == last.started_at, key < last.id))
        rows = (await conn.execute(page.where(at <= last.started_at, earlier))).all()
    times = await asyncio.to_thread(tally.learnt)
    return replace(times, patience_seconds=await _patience(conn, now))


async def _patience(conn: AsyncConnection, now: datetime) -> float | None:
    """All that was waited, by those who gave up and those who did not, for each who gave up."""
    inbound = (calls.c.direction == "inbound", calls.c.arrived_at >= now - PAST, calls.c.arrived_at <= now)
    answered = select(func.sum(calls.c.waited_seconds)).where(*inbound, calls.c.outcome == "agent")
    gave_up = select(calls.c.arrived_at, calls.c.ended_at).where(*inbound, calls.c.outcome == "abandoned")
    rows = (await conn.execute(gave_up.order_by(calls.c.arrived_at.desc()).limit(MOST_GIVING_UP))).all()
    waits = [(row.ended_at - row.arrived_at).total_seconds() for row in rows if row.ended_at is not None]
    if len(waits) < ENOUGH:
        return None
    if len(rows) == MOST_GIVING_UP:  # the others as far back
        answered = answered.where(calls.c.arrived_at >= rows[-1].arrived_at)
    borne: float = sum(waits) + (await conn.scalar(answered) or 0.0)
    return min(max(borne / len(waits), LEAST_PATIENCE), MOST_PATIENCE)


def _rounded(effects: Mapping[Any, float]) -> dict[Any, float]:
    return {name: round(effect, 3) for name, effect in effects.items()}
