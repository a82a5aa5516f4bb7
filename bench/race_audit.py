"""What `bench/race.py` sees from inside PostgreSQL: triggers write down each step of agents, reservations and calls.

A row's steps are in the order of its lock, so that what must never have been is read off afterwards, however briefly it
lasted; what several rows say of one another is asked in one statement, which sees one instant.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.agents import Agent
from routing.floor import agent_from
from routing.needs import read_need
from routing.queue import instant
from routing.tables import agents, reservations

_WATCHED = {
    "agents": ("id", "availability", "activity"),
    "reservations": ("id", "agent_id", "call_id", "state", "live"),
    "calls": ("id", "state", "arrived_at", "need", "held_until"),
}
_TYPES = {"live": "boolean", "arrived_at": "timestamptz", "held_until": "timestamptz"}

# Of several rows, at one instant.
_DISAGREE = {
    "an agent's activity is not their reservation's": """
        SELECT count(*) FROM agents a LEFT JOIN reservations r ON r.agent_id = a.id AND r.live
        WHERE a.activity NOT IN ('idle', 'wrap_up') AND r.id IS NULL
           OR r.state = 'offered' AND a.activity <> 'reserved' OR r.state = 'accepted' AND a.activity <> 'talking'""",
    "a call's state is not its reservation's": """
        SELECT count(*) FROM calls c LEFT JOIN reservations r ON r.call_id = c.id AND r.live
        WHERE c.state = 'ringing' AND r.id IS NULL
           OR r.state = 'offered' AND c.state <> 'ringing' OR r.state = 'accepted' AND c.state <> 'talking'""",
    "two live reservations of one agent": """
        SELECT count(*) FROM (SELECT 1 FROM reservations WHERE live GROUP BY agent_id HAVING count(*) > 1) twice""",
    "two live reservations of one caller": """
        SELECT count(*) FROM (SELECT 1 FROM reservations WHERE live GROUP BY call_id HAVING count(*) > 1) twice""",
    "two live legs of agents in one call": """
        SELECT count(*) FROM (
            SELECT 1 FROM legs WHERE role = 'agent' AND state = 'in-progress' GROUP BY call_id HAVING count(*) > 1
        ) twice""",
}
_LATEST = (
    "SELECT max(extract(epoch FROM clock_timestamp() - due_at)) FROM reservations WHERE live AND due_at IS NOT NULL"
)


@dataclass
class Audit:
    violations: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    latest: float = 0.0  # seconds by which a live reservation was past its deadline
    ends: Counter[str] = field(default_factory=Counter)
    together: list[float] = field(default_factory=list)  # seconds, see `longest_together`

    async def look(self, conn: AsyncConnection) -> None:
        """Whether all rows agree at this instant."""
        for what, query in _DISAGREE.items():
            self.violations[what] += await conn.scalar(text(query)) or 0
        self.latest = max(self.latest, float(await conn.scalar(text(_LATEST)) or 0.0))
        self.looks += 1

    async def read(self, conn: AsyncConnection) -> None:
        """Everything that was written down, once nothing happens any more."""
        steps = {name: await _steps(conn, name) for name in _WATCHED}
        self.violations.update(_claimed_unready(steps["agents"]))
        self.violations.update(_ends(steps["reservations"]))
        self.violations.update(_at_once(steps["reservations"]))
        self.violations.update(_lost_place(steps["calls"]))
        made = (await conn.execute(select(reservations))).all()
        self.ends = Counter(row.state for row in made)
        people = [agent_from(row) for row in await conn.execute(select(agents))]
        tried = {(row.agent_id, row.call_id) for row in made if row.state not in ("offered", "accepted", "talk_ended")}
        self.together = sorted(longest_together(people, steps["agents"], steps["calls"], tried))

    @property
    def total(self) -> int:
        return self.violations.total()


async def watch(conn: AsyncConnection, *, bare: bool) -> None:
    """Triggers on the three tables.  `bare`: without the indexes that would break a second live reservation, so that
    nothing but the claim itself stands between two workers."""
    for name, columns in _WATCHED.items():
        typed = ", ".join(f"was_{c} {_TYPES.get(c, 'text')}, {c} {_TYPES.get(c, 'text')}" for c in columns)
        old, new = ", ".join(f"was.{c}, NEW.{c}" for c in columns), ", ".join(f"was_{c}, {c}" for c in columns)
        changes = " OR ".join(f"was.{c} IS DISTINCT FROM NEW.{c}" for c in columns)
        for statement in (
            f"CREATE TABLE race_{name} (n bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp(), {typed})",
            f"""CREATE FUNCTION race_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE was {name};
            BEGIN
                IF TG_OP = 'UPDATE' THEN was := OLD; END IF;
                IF {changes} THEN INSERT INTO race_{name} ({new}) VALUES ({old}); END IF;
                RETURN NULL;
            END $$""",
            f"CREATE TRIGGER race AFTER INSERT OR UPDATE ON {name} FOR EACH ROW EXECUTE FUNCTION race_{name}()",
        ):
            await conn.execute(text(statement))
    if bare:
        for what in ("agent", "call"):
            await conn.execute(text(f"DROP INDEX uq_reservations_live_{what}"))


async def unwatch(conn: AsyncConnection) -> None:
    """All is again as it was before `watch`."""
    for index in reservations.indexes:
        await conn.run_sync(index.create, checkfirst=True)
    for name in _WATCHED:
        await conn.execute(text(f"DROP TRIGGER race ON {name}"))
        await conn.execute(text(f"DROP FUNCTION race_{name}"))
        await conn.execute(text(f"DROP TABLE race_{name}"))


async def _steps(conn: AsyncConnection, name: str) -> Sequence[Row[Any]]:
    return (await conn.execute(text(f"SELECT * FROM race_{name} ORDER BY n"))).all()


def _claimed_unready(steps: Sequence[Row[Any]]) -> Iterator[str]:
    for step in steps:
        claimed = step.activity == "reserved" and step.was_activity != "reserved"
        if claimed and (step.was_activity, step.was_availability) != ("idle", "ready"):
            yield f"claimed while {step.was_availability} and {step.was_activity}"


def _ends(steps: Sequence[Row[Any]]) -> Iterator[str]:
    """A reservation goes from live to not live once, and its end stays what it was."""
    for step in steps:
        if step.was_live is None:
            if not step.live:
                yield "a reservation that never lived"
        elif not step.was_live and step.live:
            yield "a reservation that lived again"
        elif not step.was_live:
            yield "a reservation that ended twice"


def _at_once(steps: Sequence[Row[Any]]) -> Iterator[str]:
    """By the order in which they came to live and ended."""
    for what in ("agent_id", "call_id"):
        live: Counter[str] = Counter()
        for step in steps:
            who = getattr(step, what)
            live[who] += bool(step.live) - bool(step.was_live)
            if step.live and not step.was_live and live[who] > 1:
                yield f"two live reservations at once: {what}"


def _lost_place(steps: Sequence[Row[Any]]) -> Iterator[str]:
    """Whoever has come keeps the moment at which they came."""
    for step in steps:
        if step.was_arrived_at is not None and step.was_arrived_at != step.arrived_at:
            yield "a caller's arrival was changed"


@dataclass(frozen=True, slots=True)
class Span:
    who: str
    start: datetime
    end: datetime


def longest_together(
    people: Sequence[Agent],
    of_agents: Sequence[Row[Any]],
    of_calls: Sequence[Row[Any]],
    tried: AbstractSet[tuple[str, str]],
) -> Iterator[float]:
    """For each time an agent was ready and idle: for how long the caller who waited longest beside them, and for whom
    they would have done, did so.  Pairs that had been tried in vain are left out, and callers while they are kept for
    somebody they know."""
    known = {agent.id: agent for agent in people}
    needs = {step.id: step.need for step in of_calls if step.need is not None}
    end = max((step.at for step in (*of_agents, *of_calls)), default=instant(0))
    idle = sorted(_spans(of_agents, _is_free, end), key=lambda span: span.start)
    waiting = sorted(_spans(of_calls, _waits, end), key=lambda span: span.start)
    starts = [span.start for span in waiting]
    fits: dict[tuple[str, str], bool] = {}
    open_ones: list[Span] = []
    read = 0
    for free in idle:
        upto = bisect_left(starts, free.start)
        open_ones = [one for one in (*open_ones, *waiting[read:upto]) if one.end > free.start]
        read = upto
        best = timedelta()
        for one in (*open_ones, *waiting[upto : bisect_left(starts, free.end)]):
            together = min(one.end, free.end) - max(one.start, free.start)
            if together <= best or (need := needs.get(one.who)) is None or (free.who, one.who) in tried:
                continue
            if (free.who, need) not in fits:
                fits[free.who, need] = read_need(need).fits(known[free.who])
            best = together if fits[free.who, need] else best
        if best:
            yield best.total_seconds()


def _is_free(step: Row[Any]) -> datetime | None:
    at: datetime = step.at
    return at if (step.availability, step.activity) == ("ready", "idle") else None


def _waits(step: Row[Any]) -> datetime | None:
    """From when on anybody may take them."""
    at: datetime = step.at
    return (at if step.held_until is None else max(at, step.held_until)) if step.state == "waiting" else None


def _spans(steps: Sequence[Row[Any]], since: Any, end: datetime) -> Iterator[Span]:
    """The times in which something holds of each, from the steps that begin and end it."""
    began: dict[str, datetime] = {}
    for step in steps:
        start = since(step)
        if start is not None and step.id in began and _same(step):
            continue
        if step.id in began and began[step.id] < step.at:
            yield Span(step.id, began[step.id], step.at)
        began.pop(step.id, None)
        if start is not None:
            began[step.id] = start
    for who, at in began.items():
        if at < end:
            yield Span(who, at, end)


def _same(step: Row[Any]) -> bool:
    """It goes on as it was: only something else about it has changed."""
    return getattr(step, "held_until", None) == getattr(step, "was_held_until", None)


def share(values: Sequence[float], of: float) -> float:
    """Of values in order, the one that this share of them does not exceed; 0 where there are none."""
    return values[min(int(len(values) * of), len(values) - 1)] if values else 0.0
