"""Who waits, and in which order an agent finds them; who could take a caller.  As SQL tells it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.floor import agent as read_agent
from routing.live_floor import Floor
from routing.needs import Need
from routing.plan import Widening
from routing.queue import as_card, from_card, leaves, needs_waiting, waits
from routing.tables import wishes
from routing.weigh import Caller, Tie
from store.clock import VirtualClock
from store.sql import Database
from store.tables import events
from tests.routing import people
from tests.routing.rows import add_agent, add_call

pytestmark = pytest.mark.anyio

FULL = Caller(
    language="it-IT",
    arrived_at=people.NOW,
    preferred="anna",
    owners=frozenset({"bea", "anna"}),
    kept="bea",
    stand_ins=frozenset({"fabio"}),
    ties={"carlo": Tie(0.25, 3)},
    vetoed=frozenset({"dora"}),
    skills={"loans": 2},
    teams=frozenset({"north"}),
    tried=frozenset({"elsa"}),
    urgent={"repeated": 60},
    hope_seconds=12.5,
    choice="wait",
    offered=True,
)
LOOKED_UP_ANEW = {"called", "ahead", "held_seconds", "patience_seconds"}


def test_a_card_keeps_all_that_an_agents_side_asks() -> None:
    usual = Caller(language="de", arrived_at=people.NOW)
    for field in fields(Caller):
        changed = getattr(FULL, field.name) != getattr(usual, field.name)
        assert changed is (field.name not in LOOKED_UP_ANEW | {"arrived_at"}), field.name
    assert from_card(as_card(FULL)) == FULL
    assert from_card(as_card(usual)) == usual
    assert from_card(as_card(replace(FULL, called="Maria"))).called is None


@pytest.mark.parametrize(
    "need",
    [
        Need("it"),
        Need(None, {"loans": 2, "tax": 1}),
        Need("it", {"a:b,c|d": 3}, frozenset({"north, by|the:sea", "%2c"})),
    ],
)
def test_a_need_can_be_written_and_read(need: Need) -> None:
    assert Need.parse(need.text) == need


def test_a_need_is_what_the_caller_asks_for_less_what_the_plan_lets_go_of() -> None:
    caller = people.caller(skills={"loans": 3, "tax": 1}, teams=frozenset({"north"}))
    assert Need.of(caller).text == "it|loans:3,tax:1|north"
    assert Need.of(caller, Widening(after_seconds=9, lower_skills_by=2)).text == "it|loans:1,tax:1|north"
    assert Need.of(caller, Widening(after_seconds=9, any_language=True, any_team=True)).text == "|loans:3,tax:1|"


@pytest.mark.parametrize(
    ("one", "other", "rivals"),
    [
        (Need("it"), Need("it"), True),
        (Need("it"), Need("it", {"loans": 1}), True),
        (Need("it", {"loans": 2}), Need(None, {"loans": 1}), True),
        (Need("it"), Need("de"), False),
        (Need("it", {"loans": 1}), Need("it", {"tax": 1}), False),
        (Need("it", teams=frozenset({"a"})), Need("it", teams=frozenset({"a", "b"})), True),
        (Need("it", teams=frozenset({"a"})), Need("it", teams=frozenset({"b"})), False),
    ],
)
def test_callers_are_rivals_if_the_agents_of_one_are_among_those_of_the_other(
    one: Need, other: Need, rivals: bool
) -> None:
    assert one.rivals(other) is rivals
    assert other.rivals(one) is rivals


class Line:
    """Callers on one line, each arriving `seconds` before now."""

    def __init__(self, conn: AsyncConnection, now: datetime) -> None:
        self.conn, self.now, self.floor = conn, now, Floor()

    async def wait(
        self, call_id: str, seconds: float, knows: dict[str, float] | None = None, *, held: float = 0, **more: Any
    ) -> None:
        caller = people.caller(arrived_at=self.now - timedelta(seconds=seconds), **more)
        held_until = self.now + timedelta(seconds=held) if held else None
        await add_call(self.conn, call_id, caller.arrived_at)
        need = Need.of(caller)
        await waits(self.conn, call_id, caller, need, knows or {}, now=self.now, held_until=held_until)

    async def for_agent(self, agent_id: str, k: int = 8, later: float = 0) -> list[str]:
        now = self.now + timedelta(seconds=later)
        return [
            one.call_id for one in await self.floor.queue_for(self.conn, await read_agent(self.conn, agent_id), now, k)
        ]


async def test_the_earliest_place_comes_first_and_the_known_stand_ahead(
    database: Database, clock: VirtualClock
) -> None:
    async with database.write() as conn:
        for agent_id in ("anna", "luca"):
            await add_agent(conn, agent_id, clock.now())
        line = Line(conn, clock.now())
        await line.wait("long", 50)
        await line.wait("urgent", 20, urgent={"repeated": 60})
        await line.wait("known", 10, {"anna": 90.0})
        await line.wait("short", 5)
        assert await line.for_agent("anna") == ["known", "urgent", "long", "short"]
        assert await line.for_agent("luca") == ["urgent", "long", "known", "short"]
        assert await line.for_agent("anna", 2) == ["known", "urgent"]
        await leaves(conn, "urgent", now=clock.now())
        await leaves(conn, "urgent", now=clock.now())
        assert await line.for_agent("anna") == ["known", "long", "short"]


async def test_who_is_held_for_an_agent_is_found_by_nobody_else_until_then(
    database: Database, clock: VirtualClock
) -> None:
    async with database.write() as conn:
        for agent_id in ("anna", "luca"):
            await add_agent(conn, agent_id, clock.now())
        line = Line(conn, clock.now())
        await line.wait("held", 50, {"anna": 1.0}, held=20)
        assert await line.for_agent("anna") == ["held"]
        assert await line.for_agent("luca") == []
        assert await line.for_agent("luca", later=20) == ["held"]
        assert [one.id for one in await line.floor.ripe(conn, clock.now())] == ["anna"]
        assert [one.id for one in await line.floor.ripe(conn, clock.now() + timedelta(seconds=20))] == ["anna", "luca"]


async def test_an_agent_finds_only_those_whose_need_they_meet(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), skills={"loans": 1}, team="north")
        line = Line(conn, clock.now())
        await line.wait("plain", 50)
        await line.wait("loans", 40, skills={"loans": 1})
        await line.wait("higher", 30, skills={"loans": 2})
        await line.wait("german", 20, language="de")
        await line.wait("north", 10, teams=frozenset({"north", "south"}))
        await line.wait("south", 5, teams=frozenset({"south"}))
        assert await line.for_agent("anna") == ["plain", "loans", "north"]
        assert len(await needs_waiting(conn)) == 6


async def test_the_same_place_again_is_no_news(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now())
        await add_call(conn, "one", clock.now())
        for worth, many in ((60.0, 1), (60.0, 1), (30.0, 2)):
            await waits(conn, "one", people.caller(), Need("it"), {"anna": worth}, now=clock.now())
            assert len((await conn.execute(select(events.c.id))).all()) == many
        assert len((await conn.execute(select(wishes))).all()) == 1


async def test_candidates_are_those_who_meet_the_need_and_those_the_caller_knows(
    database: Database, clock: VirtualClock
) -> None:
    def since(seconds: float) -> datetime:
        return clock.now() - timedelta(seconds=seconds)

    async with database.write() as conn:
        await add_agent(conn, "sara", since(1), availability="offline")
        await add_agent(conn, "mine", since(2), availability="away", stand_in="sara")
        await add_agent(conn, "long", since(90), languages=["IT"])
        await add_agent(conn, "short", since(30))
        await add_agent(conn, "busy", since(300), activity="talking")
        await add_agent(conn, "german", since(400), languages=["de-CH"])
        floor, caller = Floor(), people.caller(preferred="mine")
        found = await floor.candidates(conn, caller, clock.now())
        assert [agent.id for agent in found.agents] == ["long", "short", "mine", "sara"]
        assert (found.idle, found.busy, found.ahead) == (2, 0, 0)
        found = await floor.candidates(conn, replace(caller, tried=frozenset({"long", "short"})), clock.now(), k=1)
        assert "busy" in {agent.id for agent in found.agents}  # nobody else is left for them
        assert (found.idle, found.busy) == (2, 1)
        french = await floor.candidates(conn, people.caller(language="fr"), clock.now())
        assert french.need == Need(None)
        assert [agent.id for agent in french.agents] == ["german", "long", "short"]


async def test_who_is_not_on_shift_hides_nobody(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        for n in range(30):
            await add_agent(conn, f"gone{n}", clock.now() - timedelta(hours=1), hours="off")
        await add_agent(conn, "here", clock.now())
        line = Line(conn, clock.now())
        await line.wait("one", 5)
        floor = Floor(present=lambda agent, now: agent.hours is None)
        found = await floor.candidates(conn, people.caller(ties=people.knows("gone3")), clock.now(), k=4)
        assert [(agent.id, agent.present) for agent in found.agents] == [("gone3", False), ("here", True)]
        assert [agent.id for agent in await floor.ripe(conn, clock.now(), k=4)] == ["here"]


async def test_ahead_are_those_who_want_agents_of_the_same_kind(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), activity="talking")
        line = Line(conn, clock.now())
        await line.wait("plain", 50)
        await line.wait("loans", 40, skills={"loans": 1})
        await line.wait("german", 40, language="de")
        await line.wait("later", 10)
        mine = people.caller(arrived_at=clock.now() - timedelta(seconds=30))
        assert (await line.floor.candidates(conn, mine, clock.now())).ahead == 2


async def test_the_next_look_goes_on_behind_those_of_whom_nothing_came(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        for agent_id, seconds in (("a", 30), ("b", 30), ("c", 20), ("d", 10)):
            await add_agent(conn, agent_id, clock.now() - timedelta(seconds=seconds))
        line = Line(conn, clock.now())
        await line.wait("one", 5)
        first = await line.floor.ripe(conn, clock.now(), k=1)
        then = await line.floor.ripe(conn, clock.now(), after=first[-1], k=2)
        assert [agent.id for agent in (*first, *then)] == ["a", "b", "c"]
