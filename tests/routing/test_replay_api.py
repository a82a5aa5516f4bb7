"""A replay over HTTP, and what is read for it: real rows on both databases, a real process beside."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Text, cast, insert, literal, select

from api.fields import parse_moment
from api.tokens import Guard
from crm.tables import cases, customers, interactions
from routing.agents import Activity, Availability
from routing.house import House
from routing.past import MOST_CONTACTS, contacts_in, read_span
from routing.plan import Plan
from routing.plans import Plans
from routing.replay_api import beside, replay_router
from routing.replay_work import Question
from routing.span import Contact, Matter
from routing.tables import absences, vetoes
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.routing.rows import add_agent, add_call

pytestmark = pytest.mark.anyio
HOUSE = House("Casa", "en-GB", "IT", "Europe/Rome")
DAY = timedelta(days=1)


@pytest.fixture
async def ask(database: Database, clock: VirtualClock) -> AsyncIterator[Asking]:
    guard = Guard(database, KEY_OF_THE_HOUSE)
    router = replay_router(database, clock, guard, Plans(), HOUSE, individual_clocks=True)
    client = asking(database, clock, more=(router,))
    yield client
    await client.close()


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


async def add_person(conn: Any, customer_id: str, now: datetime, **more: Any) -> None:
    usual = {"id": customer_id, "tags": [], "made_at": now, "changed_at": now}
    await conn.execute(insert(customers).values(usual | more))


async def add_talk(conn: Any, talk_id: str, customer_id: str, started_at: datetime, **more: Any) -> None:
    usual = {"id": talk_id, "customer_id": customer_id, "agent_id": "anna", "started_at": started_at}
    usual |= {"channel": "voice", "talk_seconds": 240, "outcome": "solved"}
    await conn.execute(insert(interactions).values(usual | more))


async def test_a_manager_tries_other_rules_on_the_last_week(ask: Asking) -> None:
    """Anna knows both who rang yesterday within a minute; the second spoke with Bruno, a stranger to them."""
    now = ask.clock.now()
    async with ask.database.write() as conn:
        await add_agent(conn, "anna", now)
        await add_agent(conn, "bruno", now, availability="offline")
        for name in ("maria", "paolo"):
            await add_person(conn, name, now, name=f"{name.title()} Neri")
            await add_talk(conn, f"before {name}", name, now - 9 * DAY)
        await add_talk(conn, "one", "maria", now - DAY)
        await add_talk(conn, "two", "paolo", now - DAY + minutes(1), agent_id="bruno", talk_seconds=100)
    by_default = (await ask.post("/plan/replay")).json()
    assert [parse_moment(by_default[name]) for name in ("from", "to")] == [now - 7 * DAY, now]
    assert by_default["calls"] == 2
    assert by_default["plan_version"] == 0
    assert by_default["answered_by_another"] == 0
    figures = {"answered": 2, "abandoned": 0, "familiar_rate": 0.5, "returning_familiar_rate": 0.5}
    unknown = dict.fromkeys(("median_wait_seconds", "p90_wait_seconds", "offered_callbacks", "closed", "nobody_here"))
    assert by_default["past"] == figures | unknown
    waits = {"median_wait_seconds": 12.5, "p90_wait_seconds": 20.0}
    assert by_default["replayed"] == figures | waits | {"offered_callbacks": 1, "closed": 0, "nobody_here": 0}
    assert by_default["worse_off"] == []
    plan = {"wait_unasked_seconds": 600, "worth": {"familiar_seconds": 900}}
    other = {"plan": plan, "from": (now - 2 * DAY).isoformat()}
    answer = (await ask.post("/plan/replay", other)).json()
    assert answer["replayed"]["familiar_rate"] == 1.0
    assert (answer["plan_version"], answer["answered_by_another"]) == (None, 1)
    assert answer["load"] == [
        {
            "agent": "anna",
            "name": "Anna",
            "past_calls": 1,
            "replayed_calls": 2,
            "past_talk_seconds": 240,
            "replayed_talk_seconds": 340,
        },
        {
            "agent": "bruno",
            "name": "Bruno",
            "past_calls": 1,
            "replayed_calls": 0,
            "past_talk_seconds": 100,
            "replayed_talk_seconds": 0,
        },
    ]
    assert any("the wait is not known" in one for one in answer["assumptions"])
    closed = (await ask.post("/plan/replay", {"plan": {"hours": "Sa 09:00-10:00"}})).json()
    assert (closed["replayed"]["closed"], closed["replayed"]["familiar_rate"]) == (2, None)
    assert [(one["customer"], one["name"], one["sentence"]) for one in closed["worse_off"]] == [
        ("maria", "Maria Neri", "Spoke with Anna, whom they know; would have found the house closed."),
        ("paolo", "Paolo Neri", "Spoke with Bruno; would have found the house closed."),
    ]


async def test_where_nobody_is_timed_a_replay_tells_calls_by_person_and_no_time(
    database: Database, clock: VirtualClock
) -> None:
    now, guard = clock.now(), Guard(database, KEY_OF_THE_HOUSE)
    async with database.write() as conn:
        await add_agent(conn, "anna", now)
        await add_person(conn, "maria", now)
        await add_talk(conn, "one", "maria", now - DAY)
    client = asking(
        database, clock, more=(replay_router(database, clock, guard, Plans(), HOUSE, individual_clocks=False),)
    )
    answer = (await client.post("/plan/replay")).json()
    await client.close()
    untimed = {"past_talk_seconds": None, "replayed_talk_seconds": None}
    assert answer["load"] == [{"agent": "anna", "name": "Anna", "past_calls": 1, "replayed_calls": 1} | untimed]


async def test_a_replay_tells_how_far_it_is_and_how_another_plan_would_have_done(ask: Asking) -> None:
    now = ask.clock.now()
    async with ask.database.write() as conn:
        await add_agent(conn, "anna", now)
        for n in range(2):
            await add_person(conn, f"person{n}", now, name=f"Person {n}")
            await add_talk(conn, f"talk{n}", f"person{n}", now - DAY + minutes(30 * n))
    shut, saturdays = Plan(hours="off"), Plan(hours="Sa 09:00-10:00")
    url = ask.database.url.render_as_string(hide_password=False)
    question = Question(database=url, plan=shut, plan_version=None, house=HOUSE, start=now - 2 * DAY, end=now)
    told: list[tuple[int, int]] = []
    both = question.model_copy(update={"beside": saturdays})
    answer = json.loads(await beside(both, lambda done, of: told.append((done, of))))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert (answer["replayed"]["closed"], answer["beside"]["closed"]) == (2, 2)
    assert sorted(answer["worse_anyhow"]) == ["person0", "person1"]
    alone = json.loads(await beside(question))
    assert "beside" not in alone
    assert alone["replayed"] == answer["replayed"]


async def test_what_cannot_be_replayed_is_refused_by_field(ask: Asking) -> None:
    for wrong, field in (
        ({"from": "2026-03-02T10:00:00+01:00", "to": "2026-03-02T10:00:00+01:00"}, "from"),
        ({"from": "2026-03-04T10:00:00+01:00"}, "from"),
        ({"from": "2026-01-01T10:00:00+01:00", "to": "2026-02-01T10:00:01+01:00"}, "from"),
        ({"to": "yesterday"}, "to"),
        ({"plan": {"ring_seconds": 1}}, "plan.ring_seconds"),
        ({"plan": {"hours": "9-17"}}, "plan.hours"),
        ({"speed": 2}, "speed"),
    ):
        answer = await ask.post("/plan/replay", wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, field), wrong


async def test_a_replay_takes_so_many_calls_and_no_more(ask: Asking) -> None:
    now = ask.clock.now()
    numbers = select(literal(0).label("n")).cte(recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < MOST_CONTACTS))
    at = literal(now - DAY, interactions.c.started_at.type)
    row = [literal("t").concat(cast(numbers.c.n, Text)), at, *map(literal, ("maria", "voice", 60, "solved"))]
    names = ["id", "started_at", "customer_id", "channel", "talk_seconds", "outcome"]
    async with ask.database.write() as conn:
        await add_person(conn, "maria", now)
        await conn.execute(insert(interactions).from_select(names, select(*row)))
    async with ask.database.read() as conn:
        assert await contacts_in(conn, now - DAY, now) == MOST_CONTACTS + 1
    answer = await ask.post("/plan/replay")
    assert (answer.status_code, answer.json()["field"]) == (422, "from")


async def test_the_replay_is_the_managers_alone(ask: Asking) -> None:
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna"})
    for token in (await ask.token("service"), await ask.token("agent", anna["id"])):
        assert (await ask.post("/plan/replay", {}, token=token)).status_code == 403
    assert (await ask.post("/plan/replay", {}, token=None)).status_code == 401


async def test_imported_conversations_are_read_with_what_was_before_them(
    database: Database, clock: VirtualClock
) -> None:
    now = clock.now()
    async with database.write() as conn:
        await add_agent(conn, "anna", now, hours="Mo-Fr 09:00-13:00", availability="away", activity="talking")
        await add_person(conn, "maria", now, preferred_agent="anna", language="de-DE", name="Maria", tags=["gold"])
        await conn.execute(insert(vetoes).values(customer_id="maria", agent_id="anna", declined_by="agent", at=now))
        for name, days in (("over", 2), ("here", 1), ("after", -1)):
            off = {"starts_at": now - days * DAY - minutes(60), "ends_at": now - days * DAY + minutes(60)}
            await conn.execute(insert(absences).values(id=name, agent_id="anna", **off))
        await add_person(conn, "paolo", now)
        for n in range(70):
            await add_talk(conn, f"old{n}", "maria", now - DAY * (n + 2))
        await add_talk(conn, "first", "maria", now - DAY, topic="ipad")
        await add_talk(conn, "a text", "maria", now - minutes(60), channel="text", agent_id=None)
        await add_talk(conn, "last", "maria", now - minutes(1), outcome="abandoned", agent_id=None, talk_seconds=0)
        await add_talk(conn, "too late", "maria", now)
        await add_talk(conn, "too early", "paolo", now - DAY - minutes(1))
        case = {"id": "cas", "customer_id": "maria", "owner": "anna", "state": "solved"}
        await conn.execute(insert(cases).values(case | {"made_at": now - DAY, "solved_at": now}))
    async with database.read() as conn:
        span = await read_span(conn, now - DAY, now)
    assert span.contacts == [
        Contact("first", "maria", now - DAY, None, 240, "anna", "solved", "ipad"),
        Contact("last", "maria", now - minutes(1), None, 0, None, "abandoned"),
    ]
    assert set(span.people) == {"maria"}
    maria = span.people["maria"]
    assert (maria.language, maria.preferred, maria.cases) == (
        "de-DE",
        "anna",
        [Matter("anna", now - DAY, now, id="cas")],
    )
    assert (maria.name, maria.tags, maria.vetoed) == ("Maria", frozenset({"gold"}), frozenset({"anna"}))
    assert span.absences == {"anna": [(now - DAY - minutes(60), now - DAY + minutes(60))]}
    assert [talk.id for talk in maria.before] == [f"old{n}" for n in reversed(range(60))]
    assert [talk.id for talk in maria.during] == ["first", "a text", "last"]
    assert [talk.id for talk in maria.elsewhere] == ["a text"]
    (anna,) = span.agents
    assert (anna.hours, anna.availability, anna.activity) == ("Mo-Fr 09:00-13:00", Availability.AWAY, Activity.TALKING)


async def test_calls_that_we_routed_know_their_line_and_their_wait(database: Database, clock: VirtualClock) -> None:
    """Also those of people without a record; a promise kept counts from its talk on, for nobody waited."""
    now = clock.now()
    rang, line = now - minutes(30), "+390699990000"

    async def routed(conn: Any, name: str, person: str | None, outcome: str, **more: Any) -> None:
        ended = {
            "joined_at": rang + minutes(1),
            "ended_at": rang + minutes(6),
            "waited_seconds": 55.0,
            "state": "ended",
        }
        usual = {"sid": f"CA{name}", "customer_id": person, "outcome": outcome, "agent_id": "anna"}
        await add_call(conn, name, rang, **usual | ended | more)

    gave_up = {"agent_id": None, "joined_at": None, "waited_seconds": None, "ended_at": rang + minutes(2)}
    async with database.write() as conn:
        await add_agent(conn, "anna", now)
        await add_person(conn, "maria", now)
        await routed(conn, "1", "maria", "agent")
        await add_talk(conn, "talk1", "maria", rang + minutes(1), external_id="CA1")
        await routed(conn, "2", "maria", "abandoned", **gave_up)
        await add_talk(
            conn, "talk2", "maria", rang, external_id="CA2", outcome="abandoned", agent_id=None, talk_seconds=0
        )
        await routed(conn, "3", "maria", "agent", direction="outbound", from_number=line, to_number="+393331234567")
        await add_talk(conn, "talk3", "maria", rang + minutes(1), external_id="CA3")
        await routed(conn, "4", None, "agent")
        await routed(conn, "5", None, "abandoned", **gave_up)
        await routed(conn, "6", None, "voicemail", **gave_up)
        await routed(conn, "7", None, "agent", state="talking")
        assert await contacts_in(conn, now - DAY, now) == 5
    async with database.read() as conn:
        span = await read_span(conn, now - DAY, now)
    assert span.contacts == [
        Contact("4", None, rang, 55.0, 300, "anna", "solved", line=line),
        Contact("5", None, rang, 120.0, 0, None, "abandoned", line=line),
        Contact("talk1", "maria", rang, 55.0, 240, "anna", "solved", line=line),
        Contact("talk2", "maria", rang, 120.0, 0, None, "abandoned", line=line),
        Contact("talk3", "maria", rang + minutes(1), None, 240, "anna", "solved", line=line),
    ]
