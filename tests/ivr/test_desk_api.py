"""What an agent does in their own call, and nobody in anybody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select, update

from api.tokens import Guard
from carrier.port import EffectResult
from crm.cases import open_case
from crm.tables import audit, cases, customers, interactions
from ivr.api import calls_router
from ivr.desk_api import desk_router
from ivr.supervise_api import supervise_router
from ivr.tables import interventions, transfers
from ivr.transfer_api import transfer_router
from routing.tables import agents, vetoes
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.ivr.door import ACCOUNT, MARIA, Door, sid
from tests.routing.rows import agent_row

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CALL = f"/calls/{sid(1)}"
OWN = ("hold", "hang-up", "transfer", "transfer/introduce", "transfer/complete")


@pytest.fixture
async def ask(door: Door) -> AsyncIterator[Asking]:
    guard = Guard(door.database, KEY_OF_THE_HOUSE)
    rooms = door.rooms
    more = (
        calls_router(door.database, door.clock, guard),
        desk_router(rooms, guard),
        transfer_router(rooms, guard),
        supervise_router(rooms, guard),
    )
    client = asking(door.database, door.clock, more=more)
    yield client
    await client.close()


async def talking(door: Door, n: int = 1, *, seconds: float = 40) -> None:
    """Maria talks with Anna."""
    if not door.ids:
        await door.customer("Maria", MARIA)
        await door.agent()
    answer = await door.ring(n)
    url = door.rings[-1]["url"]
    await door.leg_news(url, "in-progress", 900 + n)
    await door.clock.advance(answer.seconds + 10)
    await door.send(f"/twilio/voice/join?sent={n}", door.form(n))
    await door.clock.advance(seconds)


async def hung_up(door: Door, n: int = 1) -> None:
    await door.send("/twilio/status", door.form(n, CallStatus="completed"))


async def refused(answer: Any, reason: str) -> None:
    assert (answer.status_code, answer.json()["reason"]) == (409, reason), answer.text


async def talks(door: Door) -> list[Any]:
    async with door.database.read() as conn:
        return list((await conn.execute(select(interactions).order_by(interactions.c.started_at))).all())


# Whose call it is


@on_sqlite
async def test_an_agent_acts_in_their_own_call_only(door: Door, ask: Asking) -> None:
    await talking(door)
    await door.agent("luca")
    anna, luca = await ask.token("agent", "anna"), await ask.token("agent", "luca")
    for step in OWN:
        body = {"on": True} if step == "hold" else {"skill": "x"} if step == "transfer" else None
        assert (await ask.post(f"{CALL}/{step}", body, token=luca)).status_code == 403
        assert (await ask.post(f"/calls/nobodys/{step}", body)).status_code == 404
    assert (await ask("PATCH", CALL, {"case": None}, token=luca)).status_code == 403
    assert (await ask.get(f"{CALL}/colleagues", token=luca)).status_code == 403
    for step in ("end", "supervise"):
        body = {"reason": "x"} if step == "end" else {"mode": "listen", "address": "client:anna"}
        assert (await ask.post(f"{CALL}/{step}", body, token=anna)).status_code == 403
    assert (await ask.post("/agents/anna/release", {"reason": "x"}, token=anna)).status_code == 403
    assert (await ask.post(f"{CALL}/hold", {"on": True}, token=anna)).status_code == 200


async def test_a_call_has_a_name_of_its_own_before_it_has_a_sid(door: Door, ask: Asking) -> None:
    await talking(door)
    own = (await door.call()).id
    assert (await ask.get(f"/calls/{own}")).json()["sid"] == sid(1)
    assert (await ask.post(f"/calls/{own}/hold", {"on": True})).json()["id"] == own


# Hold


async def test_the_carrier_holds_the_caller_and_plays_them_our_words(door: Door, ask: Asking) -> None:
    await talking(door)
    call = await door.call()
    for _ in range(2):
        assert (await ask.post(f"{CALL}/hold", {"on": True})).json()["on_hold_since"] is not None
    (wish,) = door.carrier.of("change_participant")
    assert (wish["sid"], wish["room"], wish["hold"]) == (sid(1), call.id, True)
    first = await door.send(wish["hold_url"], door.form())
    assert (first.verbs, "Anna" in first.words) == (["Say", "Pause", "Redirect"], True)
    second = await door.send(first.goes_to, door.form())
    third = await door.send(second.goes_to, door.form())
    assert len({first.words, second.words, third.words}) == 3
    assert (await door.call()).reply == call.reply  # the room stays the document they were given
    await door.hears(EffectResult("eff_1", "change_participant", wish["subject"], "failed", error_code="20001"))
    assert (await door.call()).on_hold_at is None  # whoever believes that they cannot hear must see that they can
    await ask.post(f"{CALL}/hold", {"on": True})
    assert (await ask.post(f"{CALL}/hold", {"on": False})).json()["on_hold_since"] is None
    assert [wish["hold"] for wish in door.carrier.of("change_participant")] == [True, True, False]
    assert (await door.send(third.goes_to, door.form())).words == ""


@on_sqlite
@pytest.mark.parametrize(("error", "again", "held"), [("too_late", 1, False), ("20429", 1, False), ("20003", 0, True)])
async def test_who_could_not_be_fetched_back_does_not_stay_in_silence(
    door: Door, ask: Asking, error: str, again: int, held: bool
) -> None:
    """The carrier was away: it is asked again.  It will not: whoever talks with them sees it."""
    await talking(door)
    for on in (True, False):
        await ask.post(f"{CALL}/hold", {"on": on})
    wish = door.carrier.of("change_participant")[-1]
    result = EffectResult("eff_1", "change_participant", wish["subject"], "failed", error_code=error)
    await door.hears(result)
    assert door.carrier.of("change_participant")[2:] == [wish] * again
    assert ((await door.call()).on_hold_at is not None) is held
    await hung_up(door)
    await door.hears(result)
    assert len(door.carrier.of("change_participant")) == 2 + again


@on_sqlite
async def test_nobody_is_held_who_talks_with_nobody(door: Door, ask: Asking) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    await refused(await ask.post(f"{CALL}/hold", {"on": True}), "not_talking")
    await refused(await ask.post(f"{CALL}/hang-up"), "not_talking")
    await refused(await ask.post(f"{CALL}/supervise", {"mode": "join", "address": "client:x"}), "not_talking")


# The end of the talk


async def test_who_says_that_they_hang_up_ends_their_line(door: Door, ask: Asking) -> None:
    await talking(door)
    token = await ask.token("agent", "anna")
    assert (await ask.post(f"{CALL}/hang-up", token=token)).json()["agent_ends"] is True
    (wish,) = door.carrier.of("end_call")
    assert (wish["sid"], wish["canceled"]) == (sid(901), False)
    await door.leg_news(door.rings[-1]["status_url"], "completed", 901)
    assert (await agent_row(door.database)).activity == "wrap_up"
    assert door.carrier.of("redirect_call")[-1]["url"].startswith("https://centralino.test/twilio/voice/after")


# How it ended


async def test_the_wrap_up_says_how_the_talk_ended(door: Door, ask: Asking) -> None:
    await talking(door)
    token = await ask.token("agent", "anna")
    await refused(await ask("PUT", f"{CALL}/wrap-up", {"outcome": "solved"}, token=token), "not_over")
    await hung_up(door)
    (unwrapped,) = await talks(door)
    assert (unwrapped.outcome, unwrapped.judged) == ("solved", False)  # nobody has said so
    said = {"outcome": "open", "topic": "invoice", "summary": "Paid twice.", "mine": True}
    shown = (await ask("PUT", f"{CALL}/wrap-up", said, token=token)).json()
    (talk,) = await talks(door)
    assert talk.judged
    assert (talk.outcome, talk.topic, talk.summary, talk.case_id) == ("open", "invoice", "Paid twice.", shown["case"])
    assert (shown["interaction"], shown["mine"]) == (talk.id, True)
    async with door.database.read() as conn:
        case = (await conn.execute(select(cases))).one()
        maria = (await conn.execute(select(customers))).one()
        parts = [row.detail["part"] for row in await conn.execute(select(audit)) if row.detail and "part" in row.detail]
    assert (case.state, case.owner, case.topic, maria.preferred_agent) == ("open", "anna", "invoice", "anna")
    assert "wrap_up" in parts
    assert (await door.call()).case_id == case.id

    again = (await ask("PUT", f"{CALL}/wrap-up", {"outcome": "solved", "mine": False}, token=token)).json()
    assert (again["outcome"], again["topic"], again["case"], again["mine"]) == ("solved", "invoice", case.id, False)
    async with door.database.read() as conn:
        assert (await conn.execute(select(cases.c.state))).scalar() == "solved"
    await ask("PUT", f"{CALL}/wrap-up", {"outcome": "open"}, token=token)
    async with door.database.read() as conn:
        assert (await conn.execute(select(cases.c.state, cases.c.reopened))).one() == ("open", 1)


@on_sqlite
async def test_whose_call_it_was_may_be_said_while_the_caller_is_being_thanked(door: Door, ask: Asking) -> None:
    """The talk is over, and the call is not yet: it is written down all the same, and is nobody else's then."""
    await door.agent()
    answer = await door.ring()
    await door.leg_news(door.rings[-1]["url"], "in-progress", 901)
    await door.clock.advance(answer.seconds + 10)
    await door.send("/twilio/voice/join?sent=1", door.form())
    await door.clock.advance(40)
    await door.leg_news(door.rings[0]["status_url"], "completed", 901)
    await door.send(door.carrier.of("redirect_call")[-1]["url"], door.form())
    paolo, lucia = await door.customer("Paolo"), await door.customer("Lucia")
    assert (await ask("PATCH", CALL, {"customer": paolo})).status_code == 200
    assert [(talk.customer_id, talk.agent_id) for talk in await talks(door)] == [(paolo, "anna")]
    assert (await ask("PUT", f"{CALL}/wrap-up", {"outcome": "open"})).json()["outcome"] == "open"
    await refused(await ask("PATCH", CALL, {"customer": lucia}), "ended")
    await hung_up(door)
    assert len(await talks(door)) == 1


@on_sqlite
async def test_the_customers_own_word_goes_before_the_agents(door: Door, ask: Asking) -> None:
    await talking(door)
    await hung_up(door)
    async with door.database.write() as conn:
        await conn.execute(update(interactions).values(confirmed=False, outcome="open"))
    shown = (await ask("PUT", f"{CALL}/wrap-up", {"outcome": "solved"})).json()
    assert (shown["outcome"], shown["mine"]) == ("open", False)


@on_sqlite
async def test_a_case_is_of_this_customer_or_refused(door: Door, ask: Asking) -> None:
    await talking(door)
    paolo = await door.customer("Paolo", "+393337654321")
    async with door.database.write() as conn:
        theirs, others = [
            await open_case(conn, {"customer_id": one, "topic": "lamp", "state": "open"}, door.clock.now())
            for one in (door.ids["Maria"], paolo)
        ]
    for wrong in (others, "cas_none"):
        answer = await ask("PATCH", CALL, {"case": wrong})
        assert (answer.status_code, answer.json()["field"]) == (422, "case")
    assert (await ask("PATCH", CALL, {"case": theirs})).json()["case"] == theirs
    await hung_up(door)
    (talk,) = await talks(door)
    assert (talk.topic, talk.case_id) == ("lamp", theirs)
    answer = await ask("PUT", f"{CALL}/wrap-up", {"outcome": "open", "case": others})
    assert (answer.status_code, answer.json()["field"]) == (422, "case")


@on_sqlite
async def test_there_is_no_wrap_up_of_a_talk_that_was_not(door: Door, ask: Asking) -> None:
    await door.agent()
    await door.agent("luca")
    await door.customer("Maria", MARIA)
    await talking(door)
    await hung_up(door)
    luca = await ask.token("agent", "luca")
    await refused(await ask("PUT", f"{CALL}/wrap-up", {"outcome": "open"}, token=luca), "no_talk")
    assert (await ask("PUT", "/calls/nobodys/wrap-up", {"outcome": "open"})).status_code == 404


@on_sqlite
async def test_an_agents_own_calls_are_found_the_latest_first(door: Door, ask: Asking) -> None:
    for n in (1, 2, 3):
        await talking(door, n)
        await hung_up(door, n)
        await door.clock.advance(60)
        await door.watch._wrap_up_over(await agent_row(door.database))
    await door.change_call(2, agent_id=None)  # handed on meanwhile
    found = await ask.every_page("/calls?agent=anna&state=ended&newest=true", 2)
    assert [one["sid"] for one in found] == [sid(3), sid(2), sid(1)]


# Whom one could ask


async def test_colleagues_are_weighed_like_callers_agents(door: Door, ask: Asking) -> None:
    await talking(door)
    await hung_up(door)
    await door.clock.advance(60)
    await door.watch._wrap_up_over(await agent_row(door.database))
    async with door.database.write() as conn:
        await conn.execute(update(agents).where(agents.c.id == "anna").values(availability="away"))
    await door.agent("luca", skills={"billing": 3}, team="accounts")
    await door.agent("sara", availability="away", reason="lunch")
    await door.agent("tina")
    await door.ring(2)
    await door.leg_news(door.rings[-1]["url"], "in-progress", 902)
    await door.clock.advance(15)
    await door.send("/twilio/voice/join?sent=2", door.form(2))
    own = (await door.call(2)).agent_id
    async with door.database.write() as conn:
        await conn.execute(update(agents).where(agents.c.id == "anna").values(availability="ready"))
        await conn.execute(
            vetoes.insert().values(
                customer_id=door.ids["Maria"], agent_id="tina", declined_by="agent", at=door.clock.now()
            )
        )
    at = f"/calls/{sid(2)}/colleagues"
    items = (await ask.get(at)).json()["items"]
    others = [one["agent"] for one in items]
    assert others[0] == "anna"  # who has talked with her
    assert others[-1] == "sara"
    assert own not in others
    assert "tina" not in others
    anna, sara = items[0], items[-1]
    met = "Si sono parlati l'ultima volta il 3 marzo 2026."  # nobody has said whether it is solved
    assert (anna["familiar"], anna["free"], anna["free_in_seconds"]) == (met, True, 0.0)
    assert (sara["free"], sara["free_in_seconds"], sara["reason"]) == (False, None, "lunch")
    assert (await ask.get(f"{at}?language=en")).json()["items"][0]["familiar"] == "They last talked on 3 March 2026."
    if own != "luca":
        assert [one["agent"] for one in (await ask.get(f"{at}?skill=billing")).json()["items"]] == ["luca"]
        assert [one["agent"] for one in (await ask.get(f"{at}?q=ACCOUNT")).json()["items"]] == ["luca"]


@on_sqlite
async def test_a_transfer_is_refused_with_its_reason(door: Door, ask: Asking) -> None:
    await talking(door)
    await door.agent("luca", activity="wrap_up")
    await door.agent("tina")
    async with door.database.write() as conn:
        veto = {"customer_id": door.ids["Maria"], "declined_by": "customer", "at": door.clock.now()}
        await conn.execute(vetoes.insert().values(veto | {"agent_id": "tina"}))
    for wish in ({}, {"agent": "luca", "skill": "x"}):
        assert (await ask.post(f"{CALL}/transfer", wish)).status_code == 422
    for wrong in ("nobody", "anna"):
        answer = await ask.post(f"{CALL}/transfer", {"agent": wrong})
        assert (answer.status_code, answer.json()["field"]) == (422, "agent")
    await refused(await ask.post(f"{CALL}/transfer", {"agent": "luca"}), "busy")
    await refused(await ask.post(f"{CALL}/transfer", {"agent": "tina"}), "vetoed")
    await refused(await ask.post(f"{CALL}/transfer", {"skill": "chess"}), "nobody")
    await refused(await ask.post(f"{CALL}/transfer/introduce"), "no_transfer")
    await refused(await ask.post(f"{CALL}/transfer/complete"), "no_transfer")
    await refused(await ask("DELETE", f"{CALL}/transfer"), "no_transfer")
    assert (await door.call()).on_hold_at is None


async def test_a_transfer_asked_for_twice_rings_once(door: Door, ask: Asking) -> None:
    await talking(door)
    await door.agent("luca")
    await door.agent("bruno")
    wish = {"agent": "luca", "note": "about the lamp"}
    for _ in range(2):
        shown = (await ask.post(f"{CALL}/transfer", wish)).json()["transfer"]
    assert (shown["state"], shown["agent"], shown["by"], shown["note"]) == ("ringing", "luca", "anna", "about the lamp")
    assert [ring["to"] for ring in door.rings].count("client:luca") == 1
    await refused(await ask.post(f"{CALL}/transfer", {"agent": "bruno"}), "transfer")
    await refused(await ask.post(f"{CALL}/hold", {"on": False}), "transfer")
    await refused(await ask.post(f"{CALL}/transfer/introduce"), "not_there")
    luca = await ask.token("agent", "luca")
    assert (await ask("DELETE", f"{CALL}/transfer", token=luca)).json()["transfer"]["state"] == "left"
    assert (await agent_row(door.database, "luca")).activity == "idle"


async def test_a_colleague_who_rings_out_has_missed_it_and_the_caller_is_back(door: Door, ask: Asking) -> None:
    """Nobody tells us: the time is over."""
    await talking(door)
    await door.agent("luca")
    await ask.post(f"{CALL}/transfer", {"agent": "luca"})
    await door.leg_news(door.rings[-1]["status_url"], "ringing", 950)
    await door.clock.advance(30)
    async with door.database.read() as conn:
        row = (await conn.execute(select(transfers))).one()
    reservation = type("Due", (), {"id": row.reservation_id, "call_id": row.call_id})
    await door.watch._ring_over(reservation)  # type: ignore[arg-type]
    shown = (await ask.get(CALL)).json()
    assert (shown["transfer"]["state"], shown["on_hold_since"]) == ("rang_out", None)
    luca = await agent_row(door.database, "luca")
    assert (luca.activity, luca.misses) == ("idle", 1)


# By hand


async def test_what_a_manager_ends_by_hand_is_written_down_with_its_reason(door: Door, ask: Asking) -> None:
    await talking(door)
    await door.agent("luca")
    await ask.post(f"{CALL}/transfer", {"agent": "luca"})
    assert (await ask.post("/agents/luca/release", {"reason": "stuck"})).json()["activity"] == "idle"
    assert (await ask.get(CALL)).json()["transfer"]["state"] == "left"
    assert (await ask.post(f"{CALL}/end", {"reason": "Rossi hung up"})).json()["state"] == "ended"
    async with door.database.read() as conn:
        notes = (await conn.execute(select(interventions).order_by(interventions.c.id))).all()
        audited = [row.detail for row in await conn.execute(select(audit).where(audit.c.what == "intervened"))]
    assert [(note.what, note.reason, note.by) for note in notes] == [
        ("agent_released", "stuck", "bootstrap"),
        ("call_ended", "Rossi hung up", "bootstrap"),
    ]
    assert {detail["ended"] for detail in audited} == {"agent_released", "call_ended"}
    assert "Rossi" not in str(audited)
    assert sid(1) in [wish["sid"] for wish in door.carrier.of("end_call")]
    await refused(await ask.post(f"{CALL}/end", {"reason": "again"}), "ended")
    assert (await ask.post("/agents/nobody/release", {"reason": "x"})).status_code == 404


async def test_a_completed_transfer_is_a_warm_one_and_who_whispers_follows(door: Door, ask: Asking) -> None:
    await talking(door)
    await door.agent("luca")
    at = f"{CALL}/supervise"
    await ask.post(at, {"mode": "whisper", "address": "client:user_paola", "name": "Paola"})
    entered = await door.leg_news(door.rings[-1]["url"], "in-progress", 960)
    (room,) = entered.response.iter("Conference")
    assert (room.attrib["coach"], "muted" in room.attrib) == (sid(901), False)
    await ask.post(f"{CALL}/transfer", {"agent": "luca"})
    await door.leg_news(door.rings[-1]["url"], "in-progress", 950)
    await door.clock.advance(20)
    assert (await ask.post(f"{CALL}/transfer/introduce")).json()["on_hold_since"] is None
    await door.clock.advance(10)
    for _ in range(2):
        await ask.post(f"{CALL}/transfer/complete")
    call = await door.call()
    assert (call.agent_id, call.state) == ("luca", "talking")
    assert [wish["sid"] for wish in door.carrier.of("end_call")] == [sid(901)]
    wish = door.carrier.of("change_participant")[-1]
    assert (wish["sid"], wish["coaches"], wish["muted"]) == (sid(960), sid(950), False)
    await door.clock.advance(30)
    await hung_up(door)
    told = [(talk.agent_id, talk.outcome, talk.warm, talk.talk_seconds) for talk in await talks(door)]
    assert told[0][:3] == ("anna", "transferred", True)
    assert told[1] == ("luca", "solved", False, 40)
    assert (await ask.get(CALL)).json()["supervisors"] == []


@on_sqlite
async def test_who_could_not_be_announced_goes_on_listening(door: Door, ask: Asking) -> None:
    """And asked for by no call, the words are there all the same."""
    await talking(door)
    at = f"{CALL}/supervise"
    await ask.post(at, {"mode": "join", "address": "client:user_paola", "name": "Paola"})
    entered = await door.leg_news(door.rings[-1]["url"], "in-progress", 960)
    (room,) = entered.response.iter("Conference")
    assert room.attrib["muted"] == "true"
    (announced,), (unmuted,) = door.carrier.of("announce"), door.carrier.of("change_participant")
    said = await door.send(announced["url"], {"AccountSid": ACCOUNT, "ConferenceSid": sid(1, "CF")})
    assert (said.status, said.words) == (200, "Paola si unisce a noi per aiutarla.")
    assert (unmuted["muted"], unmuted["not_before"] > door.clock.now()) == (False, True)
    await door.hears(EffectResult("eff_1", "announce", announced["subject"], "failed", error_code="20001"))
    assert door.carrier.of("change_participant")[-1]["muted"] is True
    assert (await ask.get(CALL)).json()["supervisors"][0]["mode"] == "listen"
