"""The best person for this caller now: everything is weighed in seconds of waiting, and each choice says why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.tables import callbacks
from routing.tables import agents
from simulator.phones import Phone
from store.sql import Database
from tests.story.conftest import LINE, MARIA, PAOLO, SOMEBODY, World

pytestmark = pytest.mark.anyio
QUICK = {"wrap_up_seconds": 0}


async def busy_with(world: World, agent: Phone, number: str) -> Phone:
    """The agent, the only one ready, talks with somebody."""
    other = world.network.plug_in(number)
    await world.talk(other, agent)
    return other


async def maria_who_knows(world: World, first: str, times: int = 4, **more: Any) -> Phone:
    maria = await world.customer("Maria", MARIA, **more)
    await world.has_talked("Maria", first, times=times)
    return maria


async def waits(world: World, phone: Phone) -> None:
    """Rings, says nothing to whatever is offered, and waits."""
    await phone.dial(LINE)
    for _ in range(12):
        await world.clock.advance(5)
        if (await world.call(phone))["state"] == "waiting":
            return
    raise AssertionError(phone.words)


async def rung_for(world: World, *phones: Phone) -> list[str]:
    """For whom somebody's phone rings now."""
    return [phone.address for phone in phones if (await world.call(phone))["state"] == "ringing"]


async def decisions(world: World, phone: Phone) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = (await world.call(phone))["decisions"]
    return made


async def test_a_caller_is_held_for_the_agent_who_knows_them_and_gets_them(world: World) -> None:
    """Anna will be free in twenty seconds; Luca, a stranger, is free now.  Maria is asked nothing and gets Anna."""
    anna = await world.agent("Anna Bianchi")
    await busy_with(world, anna, SOMEBODY)
    maria = await maria_who_knows(world, "anna")
    anna.hang_up()
    await world.until(lambda: anna.state == "idle")
    await world.clock.advance(10)
    luca = await world.agent("Luca Verdi")
    await maria.dial(LINE)
    await world.hears(maria, "Buongiorno, Maria")
    await world.until(lambda: anna.state == "ringing", 30)
    assert luca.state == "idle"
    held, *_, rung = await decisions(world, maria)
    assert (held["action"], held["agent"]) == ("wait", world.ids["anna"])
    assert 15 <= held["reasons"]["hold"]["seconds"] <= 30
    assert held["reasons"]["hold"]["gain_seconds"] > 0
    assert held["sentence"].endswith("vale l'attesa.")
    assert (rung["action"], rung["agent"]) == ("ring", world.ids["anna"])


async def test_when_the_hold_is_over_somebody_else_rings_at_once(world: World) -> None:
    """Anna talks on and on: after the minute that the plan allows it is Luca, and never another minute."""
    worth = {"preferred_seconds": 7200}
    await world.plan(**QUICK, wait_unasked_seconds=60, wait_unasked_chance=0, worth=worth)
    anna = await world.agent("Anna Bianchi")
    await busy_with(world, anna, SOMEBODY)
    maria = await world.customer("Maria", MARIA, preferred_agent=world.ids["anna"])
    luca = await world.agent("Luca Verdi")
    began_at = world.clock.now()
    await maria.dial(LINE)
    await world.until(lambda: luca.state == "ringing", 90)
    held, *_, rung = await decisions(world, maria)
    assert 58 <= (world.clock.now() - began_at).total_seconds() <= 68
    assert held["reasons"]["hold"]["seconds"] == 60
    assert (rung["action"], rung["agent"]) == ("ring", world.ids["luca"])


@pytest.mark.parametrize("seconds_before", [20, 75])
async def test_an_agent_takes_their_own_caller_first_but_not_however_long_others_wait(
    world: World, seconds_before: int
) -> None:
    """Having Anna is worth about a minute to Maria: so long, and no longer, she goes before who came earlier."""
    await world.plan(**QUICK)
    anna = await world.agent("Anna Bianchi")
    await busy_with(world, anna, SOMEBODY)
    first, maria = world.network.plug_in(PAOLO), await maria_who_knows(world, "anna")
    await first.dial(LINE)
    await world.clock.advance(seconds_before)
    await waits(world, maria)
    anna.hang_up()
    await world.until(lambda: anna.state == "ringing", 10)
    assert await rung_for(world, first, maria) == [MARIA if seconds_before == 20 else PAOLO]


VIPS_FIRST = {"name": "VIPs first", "when": {"caller": {"tag": "vip"}}, "then": {"urgency_seconds": 60}}


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ({"repeated": 60}, "Precedenza di 60 secondi: chiama di nuovo per la stessa cosa."),
        ({"broken_promise": 120}, "Precedenza di 120 secondi: una promessa non è stata mantenuta."),
        ({"rule": 60}, "Precedenza di 60 secondi: una regola."),
    ],
)
async def test_who_has_reason_to_be_impatient_goes_ahead_and_it_says_why(
    world: World, trouble: dict[str, int], why: str
) -> None:
    """Again about the same; promised a call that did not come in time; or somebody for whom the managers say so."""
    await world.plan(**QUICK, rules=[VIPS_FIRST])
    anna = await world.agent("Anna Bianchi")
    await busy_with(world, anna, SOMEBODY)
    first, maria = world.network.plug_in(PAOLO), await with_trouble(world, *trouble)
    await first.dial(LINE)
    await world.clock.advance(30)
    await waits(world, maria)
    anna.hang_up()
    await world.until(lambda: anna.state == "ringing", 10)
    assert await rung_for(world, first, maria) == [MARIA]
    rung = (await decisions(world, maria))[-1]
    assert rung["sentence"].endswith(why)
    assert rung["reasons"]["urgent"] == trouble
    assert rung["reasons"].get("rules") == (["VIPs first"] if trouble == {"rule": 60} else None)


async def with_trouble(world: World, why: str) -> Phone:
    maria = await world.customer("Maria", MARIA, tags=["vip"] if why == "rule" else [])
    if why == "repeated":
        await world.agent("Luca Verdi", ready=False)
        lately = (world.clock.now() - timedelta(days=2)).isoformat()
        await world.has_talked("Maria", "luca", times=3, topic="the lamp", started_at=lately)
    if why == "broken_promise":
        at = world.clock.now() - timedelta(days=1)
        promise = {"id": "cbk_1", "customer_id": world.ids["Maria"], "number": MARIA, "zone": "Europe/Rome"}
        state = {"window_seconds": 300, "kind": "scheduled", "state": "broken", "promised_at": at, "made_at": at}
        async with behind(world) as conn:
            await conn.execute(insert(callbacks).values(promise | state))
    return maria


@asynccontextmanager
async def behind(world: World) -> AsyncIterator[AsyncConnection]:
    """What is known already when the story begins."""
    database = Database(make_url(world.database))
    async with database.write() as conn:
        yield conn
    await database.close()


async def test_a_plan_holds_from_the_next_call_on_and_an_older_one_is_a_click_away(world: World) -> None:
    """Maria rang under the old plan, and it is hers to the end; Paolo has the new one, which asks for too much."""
    anna = await world.agent("Anna Bianchi", ready=False)
    maria, paolo = await world.customer("Maria", MARIA), await world.customer("Paolo", PAOLO)
    await maria.dial(LINE)
    await world.clock.advance(3)
    await world.plan(lines={LINE: {"skills": {"loans": 1}}})
    await world.presence("anna", "ready")
    await world.until(lambda: anna.state == "ringing", 10)
    anna.answer()
    sara = await world.agent("Sara Neri")
    await paolo.dial(LINE)
    await world.clock.advance(10)
    assert sara.state == "idle"
    (asked,) = await decisions(world, paolo)
    assert (asked["action"], asked["reasons"]["weighed"]) == ("offer_callback", [])
    paolo.hang_up()
    now = await world.api.get("/plan")
    again = await world.api.post("/plan/versions/0/restore", headers={"If-Match": now.headers["etag"]})
    assert again.json() == now.json() | {"lines": {}}
    await world.network.plug_in(SOMEBODY).dial(LINE)
    await world.until(lambda: sara.state == "ringing", 5)


async def test_after_as_long_a_wait_as_the_plan_says_another_team_will_do(world: World) -> None:
    """Lamps are for Anna's team; whoever has waited half a minute may have Luca of the other one."""
    await world.plan(lines={LINE: {"teams": ["lamps"]}}, widen=[{"after_seconds": 30, "any_team": True}])
    anna = await world.agent("Anna Bianchi", team="lamps")
    await busy_with(world, anna, SOMEBODY)
    luca = await world.agent("Luca Verdi", team="hands")
    paolo, began_at = world.network.plug_in(PAOLO), world.clock.now()
    await paolo.dial(LINE)
    await world.until(lambda: luca.state == "ringing", 60)
    assert 30 <= (world.clock.now() - began_at).total_seconds() <= 37


async def test_who_has_declined_the_other_never_meets_them_again_and_nobody_is_told(world: World) -> None:
    """Anna knows Maria best, and has had enough of her: it is Luca, or nobody; no word of it anywhere."""
    anna, maria = await world.agent("Anna Bianchi"), await maria_who_knows(world, "anna")
    said = await world.api.put(f"/customers/{world.ids['Maria']}/vetoes/{world.ids['anna']}", json={"by": "agent"})
    assert said.status_code == 200
    luca = await world.agent("Luca Verdi")
    await maria.dial(LINE)
    await world.until(lambda: luca.state == "ringing", 4)
    luca.decline()
    await world.hears(maria, "Prema 2 per una richiamata", 20)
    await world.clock.advance(30)
    assert anna.state == "idle"
    call = await world.call(maria)
    assert [made["agent"] for made in call["decisions"] if made["action"] == "ring"] == [world.ids["luca"]]
    assert "Anna" not in str(call) + maria.words
    assert world.ids["anna"] not in str(call)


async def test_while_the_one_they_chose_is_on_holiday_the_stand_in_rings(world: World) -> None:
    """Though Sara has been free for longer."""
    sara, luca = await world.agent("Sara Neri"), await world.agent("Luca Verdi", ready=False)
    anna = await world.agent("Anna Bianchi", stand_in=world.ids["luca"])
    maria, now = await world.customer("Maria", MARIA, preferred_agent=world.ids["anna"]), world.clock.now()
    away = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(days=14)).isoformat(), "reason": "holiday"}
    await world.post(f"/agents/{world.ids['anna']}/absences", away, 201)
    await world.clock.advance(5)
    await world.presence("luca", "ready")
    await maria.dial(LINE)
    await world.until(lambda: luca.state == "ringing", 4)
    assert (anna.state, sara.state) == ("idle", "idle")
    assert "sostituisce chi segue Maria" in (await decisions(world, maria))[0]["sentence"]


async def test_who_has_promised_a_call_in_two_minutes_is_spared_while_somebody_else_is_free(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    await world.customer("Maria", MARIA)
    due_at = (world.clock.now() + timedelta(minutes=2)).isoformat()
    promise = {"customer": world.ids["Maria"], "due_at": due_at, "agent": world.ids["anna"], "reason": "the lamp"}
    await world.post("/callbacks", promise, 201)
    await world.clock.advance(5)
    luca, paolo = await world.agent("Luca Verdi"), world.network.plug_in(PAOLO)
    await paolo.dial(LINE)
    await world.until(lambda: luca.state == "ringing", 4)
    assert anna.state == "idle"
    (rung,) = await decisions(world, paolo)
    assert rung["sentence"].endswith("Anna ha promesso una chiamata tra poco.")


async def test_after_a_hard_talk_there_is_time_to_breathe(world: World) -> None:
    """Maria rings again and again about the lamp: after her, Anna's own time is longer by the plan's minute."""
    await world.plan(wrap_up_seconds=20, breather_seconds=60)
    maria, anna = await with_trouble(world, "repeated"), await world.agent("Anna Bianchi")
    await world.talk(maria, anna)
    await world.clock.advance(5)
    maria.hang_up()
    await world.clock.advance(75)
    assert await world.state_of("anna") == "ready wrap_up"
    await world.clock.advance(12)
    assert await world.state_of("anna") == "ready idle"


async def test_a_stranger_goes_to_who_has_been_less_busy(world: World) -> None:
    """Anna has been free for longer; but she has talked for two minutes, and Luca not at all."""
    await world.plan(**QUICK, load={"spread_points": 0})
    anna = await world.agent("Anna Bianchi")
    other = await busy_with(world, anna, SOMEBODY)
    await world.clock.advance(120)
    other.hang_up()
    await world.until(lambda: anna.state == "idle")
    await world.clock.advance(5)
    luca, paolo = await world.agent("Luca Verdi"), world.network.plug_in(PAOLO)
    await paolo.dial(LINE)
    await world.until(lambda: luca.state == "ringing", 4)
    assert (await decisions(world, paolo))[0]["sentence"].endswith(
        "Anna è disponibile da più tempo, ma ha avuto più lavoro."
    )


async def test_an_agent_who_is_much_asked_for_is_spared_for_those_who_know_her(world: World) -> None:
    """Five people an hour ask for Anna: a stranger goes to Luca, Maria to Anna."""
    anna = await world.agent("Anna Bianchi", ready=False)
    await world.clock.advance(1)
    async with behind(world) as conn:
        await conn.execute(update(agents).values(wanted_an_hour=5.0))
    await world.presence("anna", "ready")
    await world.clock.advance(5)
    luca, paolo = await world.agent("Luca Verdi"), world.network.plug_in(PAOLO)
    await paolo.dial(LINE)
    await world.until(lambda: luca.state == "ringing", 4)
    (rung,) = await decisions(world, paolo)
    assert rung["sentence"].endswith("Anna è disponibile da più tempo, ma spesso chi chiama fa il suo nome.")
    await (await maria_who_knows(world, "anna")).dial(LINE)
    await world.until(lambda: anna.state == "ringing", 4)


async def test_each_decision_says_why_to_the_manager_and_to_the_caller(world: World) -> None:
    """In the house's language to the one, in the caller's to the other; beside whom was rung, who was not."""
    both = ["it-IT", "en-GB"]
    anna, luca = await world.agent("Anna Bianchi", languages=both), await world.agent("Luca Verdi", languages=both)
    sam = await world.customer("Sam", PAOLO, language="en-GB")
    await world.has_talked("Sam", "luca", times=2)
    await sam.dial(LINE)
    await world.until(lambda: luca.state == "ringing", 4)
    assert anna.state == "idle"
    (rung,) = await decisions(world, sam)
    assert rung["sentence"] == "Luca è disponibile e ha già aiutato Sam due volte."
    assert rung["reasons"]["in_words"]["en"] == "Luca has helped Sam two times and is free."
    assert rung["reasons"]["to_caller"] == "Luca has helped you two times and is free."
    chosen, rejected = rung["reasons"]["weighed"]
    assert (chosen["agent"], chosen["because"]) == (world.ids["luca"], ["familiar"])
    assert 30 < chosen["worth_seconds"] < 60
    assert (rejected["agent"], rejected["name"], rejected["worth_seconds"]) == (world.ids["anna"], "Anna Bianchi", 0)
