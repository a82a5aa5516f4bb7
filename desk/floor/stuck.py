"""What cannot go on by itself: an agent held for nobody, a caller whom nobody looks for.  Pure.

The keeper un-sticks each of these by its own clock; a manager who sees one sees that the keeper does not run, or that
the carrier has forgotten to tell us.  So the limits here lie beyond its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from desk.floor.teams import presence
from routing.reservations import RING_GRACE

Kind = Literal["rings_on", "no_line", "held", "notes_on", "unsought", "caller_gone", "greets_on", "broken_on"]

BEYOND = timedelta(seconds=10)
UNSETTLED = timedelta(seconds=15)  # two tables that do not agree so long after a change will not
NOTES_OVER = timedelta(seconds=30)
UNSOUGHT = timedelta(seconds=30)
LONGEST_GREETING = timedelta(minutes=5)
LONGEST_BREAK = timedelta(seconds=60)
_AGENTS_LEGS = ("agent", "consult")


@dataclass(frozen=True, slots=True)
class Stuck:
    """Either an agent (`agent`, with their name) who is to be freed, or a call that is to be ended."""

    kind: Kind
    name: str
    agent: str | None = None
    call: str | None = None


def stuck(
    agents: Iterable[Any], calls: Sequence[Any], legs: Iterable[Any], ring_seconds: int, now: datetime
) -> list[Stuck]:
    """`agents`, `calls`, `legs`: as rows.py reads them."""
    lines = {(leg.call_id, leg.agent_id) for leg in legs if leg.role in _AGENTS_LEGS}
    callers = {leg.call_id for leg in legs if leg.role == "caller"}
    broken = {call.id for call in calls if call.dropped_at is not None}
    found = [one for call in calls for one in _of_call(call, callers, now)]
    of_calls = {one.call for one in found}
    for agent in agents:
        if agent.activity != "idle" and agent.call_id not in of_calls:
            found += _of_agent(agent, lines, ring_seconds, now, broken)
    return found


def _of_call(call: Any, callers: set[str], now: datetime) -> Iterator[Stuck]:
    who = str(call.person or call.called or "")
    if call.direction != "inbound":
        return
    if call.id not in callers and now - call.arrived_at > UNSETTLED:
        yield Stuck("caller_gone", who, call=call.id)
    elif call.state == "waiting" and call.sentence is None and now - call.arrived_at > UNSOUGHT:
        yield Stuck("unsought", who, call=call.id)
    elif call.state == "greeting" and now - call.arrived_at > LONGEST_GREETING:
        yield Stuck("greets_on", who, call=call.id)
    elif call.dropped_at is not None and now - call.dropped_at > LONGEST_BREAK:
        yield Stuck("broken_on", who, call=call.id)


def _of_agent(
    agent: Any, lines: set[tuple[str, str]], ring_seconds: int, now: datetime, broken: set[str]
) -> Iterator[Stuck]:
    doing, since = presence(agent), now - agent.since_at
    rung_again = agent.call_id in broken  # since when they ring is not known then; the call has a limit of its own
    if doing == "reserved" and not rung_again and since > timedelta(seconds=ring_seconds) + RING_GRACE + BEYOND:
        yield Stuck("rings_on", agent.name, agent=agent.id)
    elif doing in ("reserved", "talking") and agent.call_id is None and since > UNSETTLED:
        yield Stuck("held", agent.name, agent=agent.id)
    elif doing == "talking" and not rung_again and since > UNSETTLED:
        if (agent.call_id, agent.id) not in lines:
            yield Stuck("no_line", agent.name, agent=agent.id)
    elif doing == "wrap_up" and agent.due_at is not None and now - agent.due_at > NOTES_OVER:
        yield Stuck("notes_on", agent.name, agent=agent.id)
