"""From a caller to a rung agent, as the plan of their call says: what shapes the choice, and what is kept of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, insert, select

from callbacks.tables import callbacks
from crm.matters import OpenMatter
from crm.tables import interactions
from ivr.choosing import holders
from ivr.tables import calls
from routing.agents import load_after
from routing.learning import TALK_TIMES
from routing.plan import Plan
from routing.tables import decisions, learnt
from routing.talk_times import TalkTimes
from tests.conftest import TUESDAY_AT_TEN
from tests.ivr.door import LINE, MARIA, PAOLO, SOMEBODY, Door
from tests.ivr.test_watch import ready, watching
from tests.routing.rows import agent_row

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OUT_OF_REACH = {"skills": {"loans": 3}}


async def publish(door: Door, **plan: Any) -> None:
    async with door.database.write() as conn:
        version, _ = await door.rooms.plans.current(conn)
        new = Plan.model_validate(plan)
        await door.rooms.plans.publish(conn, new, after=version, author="test", note=None, now=door.clock.now())


async def maria_who_knows(door: Door, agent_id: str, times: int = 4) -> None:
    await door.customer("Maria", MARIA)
    now = door.clock.now()
    usual = {"channel": "voice", "talk_seconds": 100, "outcome": "solved", "agent_id": agent_id}
    async with door.database.write() as conn:
        for n in range(times):
            row = {"id": f"int_{n}", "customer_id": door.ids["Maria"], "started_at": now - timedelta(days=n + 1)}
            await conn.execute(insert(interactions).values(usual | row))


async def promised(door: Door, agent_id: str, seconds: float) -> None:
    await door.customer("Giulia", SOMEBODY)
    now = door.clock.now()
    row = {"id": "cbk_1", "customer_id": door.ids["Giulia"], "number": SOMEBODY, "zone": "Europe/Rome"}
    row |= {"window_seconds": 300, "kind": "scheduled", "state": "promised", "made_at": now, "agent_id": agent_id}
    async with door.database.write() as conn:
        await conn.execute(insert(callbacks).values(row | {"promised_at": now + timedelta(seconds=seconds)}))


async def made(door: Door) -> list[Row[Any]]:
    async with door.database.read() as conn:
        return list((await conn.execute(select(decisions).order_by(decisions.c.id))).all())


def rung(door: Door) -> list[str]:
    return [ring["to"].removeprefix("client:") for ring in door.rings]


@pytest.mark.parametrize(("hours", "who"), [("Tu 09:00-11:00", "bea"), ("Tu 11:00-13:00", "anna")])
async def test_a_rule_by_the_hour_may_ask_for_another_skill(door: Door, hours: str, who: str) -> None:
    """Bea can do loans; Anna, who has been free as long, cannot."""
    await publish(door, rules=[{"name": "loans", "when": {"hours": hours}, "then": {"skills": {"loans": 2}}}])
    await door.agent()
    await door.agent("bea", skills={"loans": 2})
    await door.ring()
    assert rung(door) == [who]
    assert (await made(door))[0].reasons.get("rules") == (["loans"] if who == "bea" else None)


@pytest.mark.parametrize(
    ("line", "step", "luca"),
    [
        ({"skills": {"loans": 3}}, {"lower_skills_by": 1}, {"skills": {"loans": 2}}),
        ({"skills": {"loans": 3}, "teams": ["north"]}, {"any_team": True}, {"skills": {"loans": 3}, "team": "south"}),
        ({"agent_language": "de-DE"}, {"any_language": True}, {"languages": ["it-IT"]}),
    ],
)
async def test_after_half_a_minute_others_will_do(
    door: Door, line: dict[str, Any], step: dict[str, Any], luca: dict[str, Any]
) -> None:
    """Anna, who would be right, talks; Luca is free, and becomes good enough."""
    await publish(door, lines={LINE: line}, widen=[{"after_seconds": 31} | step])
    right = {"skills": {"loans": 3}, "team": "north", "languages": ["it-IT", "de-DE"]}
    await door.agent(activity="talking", **right)
    await door.agent("luca", **luca)
    await door.ring()
    async with watching(door):
        await door.clock.advance(30.5)
        assert rung(door) == []
        await door.clock.advance(2)
    assert rung(door) == ["luca"]


@on_sqlite
async def test_a_rule_that_asks_how_long_somebody_has_waited_is_heard_while_nobody_is_free(door: Door) -> None:
    """Their place is then another one, for whoever comes free first."""
    rule = {"name": "enough", "when": {"waited_at_least_seconds": 20}, "then": {"urgency_seconds": 60}}
    await publish(door, rules=[rule])
    await door.agent(activity="talking")
    await door.ring(From=PAOLO)
    async with watching(door):
        await door.clock.advance(18)
        call = await door.call()
        assert call.ranked_at == call.arrived_at
        await door.clock.advance(9)
    call = await door.call()
    assert call.ranked_at == call.arrived_at - timedelta(seconds=60)


@pytest.mark.parametrize(("busy", "spared"), [(1, False), (3, True)])
async def test_the_only_free_agent_is_spared_for_her_promise_where_many_others_will_soon_be_free(
    door: Door, busy: int, spared: bool
) -> None:
    """Anna has promised a call in two minutes.  Of three who talk one is free within a minute and a half; one alone
    would take too long, and Anna is rung."""
    await door.agent()
    await promised(door, "anna", 120)
    for n in range(busy):
        await door.agent(f"busy{n}", activity="talking")
    await door.ring(From=PAOLO)
    assert rung(door) == ([] if spared else ["anna"])
    assert (await made(door))[0].action == ("wait" if spared else "ring")


async def test_who_is_held_for_somebody_they_know_is_not_taken_by_others_meanwhile(door: Door) -> None:
    """Maria is kept for Anna, free in twenty seconds.  Luca, who becomes free, takes Paolo, who came after her."""
    await door.agent(activity="wrap_up", due_at=door.clock.now() + timedelta(seconds=20))
    await maria_who_knows(door, "anna")
    await door.agent("luca", availability="away")
    await door.ring(1)
    await door.ring(2, From=PAOLO)
    async with watching(door):
        await door.clock.advance(2)
        await ready(door, "luca")
        await door.clock.advance(8)
        assert rung(door) == ["luca"]
        assert [(await door.call(n)).state for n in (1, 2)] == ["waiting", "ringing"]
        await door.clock.advance(12)
    assert rung(door) == ["luca", "anna"]
    assert (await door.call(1)).familiar


@on_sqlite
async def test_who_asked_for_a_teammate_is_kept_for_nobody(door: Door) -> None:
    """Anna, whom she knows, would be free in twenty seconds: Maria has said that anybody will do, and Luca is first."""
    await door.agent(activity="wrap_up", due_at=door.clock.now() + timedelta(seconds=20))
    await maria_who_knows(door, "anna")
    await door.agent("luca", availability="away")
    await door.press(await door.ring(), "1")
    async with watching(door):
        await door.clock.advance(2)
        await ready(door, "luca")
        await door.clock.advance(1)
    assert rung(door) == ["luca"]


@on_sqlite
async def test_an_agent_named_by_a_rule_is_found_among_many(door: Door) -> None:
    """Though everybody else has been free for longer."""
    for n in range(25):
        await door.agent(f"other{n:02}")
    await door.agent("zoe", since_at=door.clock.now())
    rule = {"name": "Zoe's people", "when": {"caller": {"known": False}}, "then": {"agent": "zoe"}}
    await publish(door, rules=[rule])
    await door.ring()
    assert rung(door) == ["zoe"]
    assert (await made(door))[0].sentence.endswith("è la persona indicata dalle regole.")


@on_sqlite
async def test_who_rings_again_right_after_a_talk_was_cut_off(door: Door) -> None:
    await door.agent()
    await maria_who_knows(door, "anna", times=1)
    await door.ring(1)
    await door.leg_news(door.rings[0]["url"], "in-progress")
    await door.send("/twilio/voice/join", door.form(1))
    await door.send("/twilio/status", door.form(1, CallStatus="completed"))
    await door.clock.advance(60)
    await door.ring(2)
    first, *_, again = await made(door)
    assert "urgent" not in first.reasons
    assert again.reasons["urgent"] == {"cut_off": 120}
    assert again.sentence.endswith("Precedenza di 120 secondi: la linea è caduta.")


@on_sqlite
async def test_who_was_passed_on_twice_keeps_the_agent_they_had_last_and_it_says_so(door: Door) -> None:
    """Anna has been free as long, and knows her better."""
    await door.agent()
    await door.agent("bea")
    await maria_who_knows(door, "anna")
    now = door.clock.now()
    usual = {"channel": "voice", "talk_seconds": 60, "outcome": "transferred", "topic": "the lamp"}
    whose = {"customer_id": door.ids["Maria"]}
    async with door.database.write() as conn:
        for n, agent_id in enumerate(("anna", "bea")):
            row = {"id": f"int_t{n}", "agent_id": agent_id, "started_at": now - timedelta(hours=2 - n)}
            await conn.execute(insert(interactions).values(usual | whose | row))
        waited = {"id": "call_1", "sid": "CA_before", "direction": "inbound", "from_number": MARIA, "to_number": LINE}
        times = {"arrived_at": now - timedelta(hours=3), "ended_at": now - timedelta(hours=2), "waited_seconds": 300.0}
        more = {"language": "it-IT", "state": "ended", "outcome": "voicemail"}
        await conn.execute(insert(calls).values(waited | times | more | whose))
    await door.ring()
    (decision,) = await made(door)
    assert (rung(door), decision.sentence.partition(".")[0]) == (
        ["bea"],
        "Bea è disponibile e segue Maria finché la cosa non è risolta",
    )
    assert decision.reasons["weighed"][0]["because"] == ["kept", "familiar"]
    async with door.database.read() as conn:  # passed on twice, and waited long
        assert await conn.scalar(select(calls.c.weary_level).where(calls.c.sid != "CA_before")) == 3


def test_whose_matter_it_is_decides_who_holds_it() -> None:
    matters = [OpenMatter(who, None, TUESDAY_AT_TEN, None, case) for who, case in (("anna", "cas_1"), ("bea", "cas_2"))]
    matters += [
        OpenMatter("carlo", None, TUESDAY_AT_TEN, None, None),
        OpenMatter(None, None, TUESDAY_AT_TEN, None, None),
    ]
    assert holders(matters, "cas_2") == {"bea"}
    assert holders(matters, None) == holders(matters, "cas_solved") == {"anna", "bea", "carlo"}


@on_sqlite
async def test_ringing_and_talking_are_work_and_waiting_for_it_is_rest(door: Door) -> None:
    """From the sixty seconds she has been free to the end of the talk: what even loads are made of."""
    await door.agent(load=0.5)
    await door.ring(From=PAOLO)
    await door.clock.advance(10)
    await door.leg_news(door.rings[0]["url"], "in-progress")
    await door.send("/twilio/voice/join", door.form(1))
    await door.clock.advance(600)
    await door.send("/twilio/status", door.form(1, CallStatus="completed"))
    rested = load_after(0.5, timedelta(seconds=60), busy=False)
    assert (await agent_row(door.database)).load == pytest.approx(
        load_after(rested, timedelta(seconds=610), busy=True), abs=1e-6
    )


@on_sqlite
async def test_the_same_choice_once_more_is_no_new_decision(door: Door) -> None:
    await door.agent(activity="talking")
    answer = await door.ring(From=PAOLO)
    for _ in range(3):
        await door.clock.advance(25)
        answer = await door.wait(answer, From=PAOLO)
    assert [one.action for one in await made(door)] == ["wait"]


@pytest.mark.parametrize("published", [{"lines": {LINE: OUT_OF_REACH}}, {"wrap_up_seconds": 5}])
async def test_what_is_published_while_somebody_waits_is_not_for_them(door: Door, published: dict[str, Any]) -> None:
    await publish(door)
    await door.agent(availability="away")
    await door.ring(From=PAOLO)
    await publish(door, **published)
    async with watching(door):
        await ready(door, "anna")
        await door.clock.advance(2)
    assert rung(door) == ["anna"]
    assert (await door.call()).plan_version == 1


@on_sqlite
async def test_what_was_learnt_of_patience_shortens_what_a_long_line_is_told(door: Door) -> None:
    await door.agent(activity="talking")
    for n in range(9):
        heard = await door.ring(n, From=f"+39333123450{n}")
        await door.clock.advance(1)
    impatient = TalkTimes(patience_seconds=60.0).as_json()
    async with door.database.write() as conn:
        await conn.execute(insert(learnt).values(kind=TALK_TIMES, body=impatient, at=door.clock.now()))
    await door.rooms.learning.look()
    again = await door.send("/twilio/voice/wait", door.form(8, From="+393331234508"))
    before, after = (int(re.findall(r"(\d+) minuti", words)[-1]) for words in (heard.words, again.words))
    assert 0 < after < before
