"""A floor of any size for `bench/decision.py`: agents with some of three skills, callers with eight needs, seeded.

Half of the agents are free while callers wait, which no real floor is for long: so every list that a script might look
through is as long as it can be.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from routing.agents import Activity, Agent, Availability
from routing.index import PAGE, Index
from routing.needs import Need
from routing.queue import Place, as_card
from routing.weigh import Caller, Tie

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
SKILLS = ("loans", "tax", "cards")
KNOWN = 3  # agents each caller knows
WORTH = timedelta(seconds=40)
SECONDS = 3600.0  # since when the longest have been idle, or waiting


def draw_agents(many: int, dice: random.Random, free: float = 0.5) -> Iterator[Agent]:
    for n in range(many):
        yield Agent(
            id=f"agt_{n:026}",
            name=f"Anna Bianchi {n}",
            address=f"client:agent{n}",
            languages=("it-IT", "de") if dice.random() < 0.2 else ("it-IT",),
            skills={skill: dice.choice((1, 2, 3)) for skill in SKILLS if dice.random() < 0.6},
            stand_in=None,
            hours="Mo-Fr 09:00-17:00",
            availability=Availability.READY,
            activity=Activity.IDLE if dice.random() < free else Activity.TALKING,
            since_at=NOW - timedelta(seconds=dice.uniform(0, SECONDS)),
            wrap_up_until=None,
            misses=0,
            team="north",
            load=round(dice.random(), 3),
            wanted_an_hour=round(dice.uniform(0, 6), 2),
        )


def draw_callers(many: int, agents: list[Agent], dice: random.Random) -> dict[str, Caller]:
    return {f"call_{n:026}": draw_caller(agents, dice) for n in range(many)}


def draw_caller(agents: list[Agent], dice: random.Random, arrived_at: datetime | None = None) -> Caller:
    known = [agents[dice.randrange(len(agents))].id for _ in range(KNOWN)]
    return Caller(
        language=dice.choices(("it", "de"), (0.9, 0.1))[0],
        arrived_at=arrived_at or NOW - timedelta(seconds=dice.uniform(0, SECONDS)),
        preferred=known[0] if dice.random() < 0.3 else None,
        ties={agent: Tie(round(dice.random(), 3), 2) for agent in known},
        skills=dice.choice(({}, {"loans": 1}, {"tax": 1}, {"cards": 2})),
    )


def place_of(call_id: str, caller: Caller) -> Place:
    wishes = dict.fromkeys(caller.known, caller.arrived_at - WORTH)
    card = json.dumps(as_card(caller))
    return Place(call_id, Need.of(caller).text, caller.arrived_at, None, wishes, 1, card)


async def fill(index: Index, agents: list[Agent], callers: dict[str, Caller]) -> None:
    """The index as its own loop would build it."""
    await index.begin("bench", 0)
    known = await index.known()
    assert known is not None
    await index.add_needs(known, {Need.of(caller).text for caller in callers.values()})
    known = await index.known()
    assert known is not None
    for start in range(0, len(agents), PAGE):
        await index.put_agents(known, {agent.id: agent for agent in agents[start : start + PAGE]}, {})
    ids = list(callers)
    for start in range(0, len(ids), PAGE):
        places = {call_id: place_of(call_id, callers[call_id]) for call_id in ids[start : start + PAGE]}
        await index.put_calls(known, places, {})
    await index.lease("bench", first=True)
    assert await index.filled(known, "bench", known.needs.values())
