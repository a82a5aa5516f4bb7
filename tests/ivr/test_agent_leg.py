"""The agent's leg: who and why, a key where a machine might answer, and how it ends."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from crm.tables import interactions
from routing.tables import agents
from tests.ivr.door import MARIA, Answer, Door, path_of, sid
from tests.routing.rows import agent_row

pytestmark = pytest.mark.anyio
MOBILE = "+393470000001"


async def rung(door: Door, **agent: str) -> Answer:
    """Maria has called, Anna's phone rings."""
    if not door.ids:
        await door.customer("Maria", MARIA)
    await door.agent(**agent)
    return await door.ring()


async def picked_up(door: Door) -> Answer:
    return await door.leg_news(door.rings[-1]["url"], "in-progress")


async def state_of(door: Door, agent_id: str = "anna") -> tuple[str, str, int]:
    anna = await agent_row(door.database, agent_id)
    return anna.availability, anna.activity, anna.misses


async def test_a_softphone_is_its_agent_and_joins_at_once(door: Door) -> None:
    await rung(door)
    answer = await picked_up(door)
    assert "Chiamata da Maria Rossi" in answer.words
    assert answer.verbs[-1] == "Dial"
    (room,) = answer.response.iter("Conference")
    call = await door.call()
    assert (room.text, room.attrib["endConferenceOnExit"]) == (call.id, "false")
    assert (call.state, call.agent_id, call.outcome) == ("talking", "anna", "agent")
    assert await state_of(door) == ("ready", "talking", 0)


async def test_a_room_whose_document_got_lost_is_given_once_more_while_the_agent_is_there(door: Door) -> None:
    """The caller comes back from the fallback: not to a goodbye, for the talk has not begun."""
    await rung(door)
    await picked_up(door)
    await door.clock.advance(10)
    first, second = [await door.send(f"/twilio/voice/wait?again={n}", door.form()) for n in (1, 2)]
    assert first.verbs[0] == second.verbs[0] == "Dial"
    await door.leg_news(door.rings[-1]["status_url"], "completed")
    third = await door.send("/twilio/voice/wait?again=3", door.form())
    assert "Dial" not in third.verbs
    assert (await state_of(door))[1] == "wrap_up"


async def test_the_answer_told_twice_joins_the_same_room(door: Door) -> None:
    await rung(door)
    first, second = await picked_up(door), await picked_up(door)
    assert second.verbs[-1] == first.verbs[-1] == "Dial"
    assert await door.reservation_states() == ["accepted"]


async def test_a_plain_phone_is_asked_for_a_key_before_anybody_is_joined(door: Door) -> None:
    await rung(door, address=MOBILE)
    whisper = await picked_up(door)
    assert "Chiamata da Maria Rossi." in whisper.words
    assert "Prema 1 per rispondere." in whisper.words
    assert whisper.verbs == ["Gather", "Hangup"]
    assert (await door.call()).state == "ringing"
    joined = await door.send(whisper.listens_at, door.form(900, Digits="1"))
    assert joined.verbs == ["Dial"]
    assert (await door.call()).state == "talking"


@pytest.mark.parametrize("digits", ["2", "", "9", "hangup"])
async def test_any_other_key_refuses_and_is_no_miss(door: Door, digits: str) -> None:
    await rung(door, address=MOBILE)
    await door.agent("luca")
    whisper = await picked_up(door)
    answer = await door.send(whisper.listens_at, door.form(900, Digits=digits))
    assert answer.verbs == ["Hangup"]
    assert await state_of(door) == ("ready", "idle", 0)
    assert door.rings[-1]["to"] == "client:luca"


async def test_an_agent_abroad_hears_their_own_language(door: Door) -> None:
    await rung(door, address=MOBILE, languages=["en-US", "it-IT"])
    assert "A call from Maria Rossi." in (await picked_up(door)).words


async def test_a_withheld_caller_and_one_without_a_name_are_told_apart(door: Door) -> None:
    await door.agent(address=MOBILE)
    await door.agent("luca", address="+393470000002")
    await door.ring(1, From="anonymous")
    assert "numero nascosto" in (await picked_up(door)).words
    await door.ring(2, From="+393339990002")
    assert "una persona che non conosciamo" in (await door.leg_news(door.rings[-1]["url"], "in-progress", 901)).words


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_caller_whose_name_cannot_be_said_is_one_we_do_not_know(door: Door) -> None:
    await door.customer("x", MARIA, called=None, name="\u200b")
    await rung(door, address=MOBILE)
    assert "Chiamata da una persona che non conosciamo." in (await picked_up(door)).words


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("formal", "said"), [(True, "dottoressa Maria Rossi"), (False, "da Maria Rossi")])
async def test_the_agent_hears_how_to_address_them(door: Door, formal: bool, said: str) -> None:
    await door.customer("Maria", MARIA, title="dottoressa", formal=formal)
    await rung(door)
    assert said in (await picked_up(door)).words


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_has_no_desk_before_them_hears_that_patience_is_wanted(door: Door) -> None:
    await rung(door, address=MOBILE)
    await door.change_call(weary_level=1)
    assert "qualche difficoltà" not in (await picked_up(door)).words
    await door.change_call(weary_level=2)
    assert "ultimamente ha avuto qualche difficoltà" in (await picked_up(door)).words


async def test_who_picks_up_too_late_hears_that_the_caller_is_gone(door: Door) -> None:
    await rung(door)
    await door.send("/twilio/status", door.form(CallStatus="completed"))
    answer = await picked_up(door)
    assert answer.words.endswith("Chi chiamava non è più in linea. Grazie.")
    assert answer.verbs[-1] == "Hangup"
    assert await state_of(door) == ("ready", "idle", 0)


async def test_a_key_pressed_too_late_hears_it_too(door: Door) -> None:
    await rung(door, address=MOBILE)
    whisper = await picked_up(door)
    await door.send("/twilio/status", door.form(CallStatus="completed"))
    answer = await door.send(whisper.listens_at, door.form(900, Digits="1"))
    assert answer.words == "Chi chiamava non è più in linea. Grazie."
    assert (await door.call()).outcome == "abandoned"


@pytest.mark.parametrize(
    ("status", "misses", "reservation"),
    [("busy", 0, "declined"), ("no-answer", 1, "rang_out"), ("failed", 1, "failed"), ("canceled", 0, "not_rung")],
)
async def test_a_phone_that_was_not_taken_rings_the_next_one(
    door: Door, status: str, misses: int, reservation: str
) -> None:
    await rung(door)
    await door.agent("luca")
    arrived_at = (await door.call()).arrived_at
    await door.clock.advance(5)
    for _ in range(2):
        answer = await door.leg_news(door.rings[0]["status_url"], status)
        assert (answer.status, answer.verbs) == (200, [])
    assert await door.reservation_states() == [reservation, "offered"]
    assert [ring["to"] for ring in door.rings] == ["client:anna", "client:luca"]
    assert await state_of(door) == ("ready", "idle", misses)
    call = await door.call()
    assert (call.state, call.arrived_at) == ("ringing", arrived_at)


@pytest.mark.parametrize(("availability", "reservation"), [("offline", "not_rung"), ("away", "declined")])
async def test_whoever_has_gone_while_it_rang_has_not_said_no(door: Door, availability: str, reservation: str) -> None:
    """Their page was closed, or loaded anew."""
    await rung(door)
    async with door.database.write() as conn:
        await conn.execute(update(agents).values(availability=availability))
    await door.leg_news(door.rings[0]["status_url"], "busy")
    assert await door.reservation_states() == [reservation]


async def test_late_news_of_the_first_phone_does_not_end_the_talk_on_the_second(door: Door) -> None:
    await rung(door)
    await door.agent("luca")
    await door.leg_news(door.rings[0]["status_url"], "no-answer")
    await door.leg_news(door.rings[1]["url"], "in-progress", 901)
    await door.leg_news(door.rings[0]["status_url"], "no-answer")
    await door.leg_news(door.rings[0]["status_url"], "completed")
    assert await door.reservation_states() == ["rang_out", "accepted"]
    assert await state_of(door, "luca") == ("ready", "talking", 0)
    assert (await door.call()).state == "talking"


async def test_with_nobody_else_the_caller_waits_for_the_next_document(door: Door) -> None:
    first = await rung(door)
    await door.leg_news(door.rings[0]["status_url"], "no-answer")
    assert (await door.call()).state == "waiting"
    assert "non c'è nessuno" in (await door.wait(first)).words
    assert len(door.rings) == 1


async def test_an_answering_machine_is_a_miss(door: Door) -> None:
    """It was answered, nobody pressed a key, it is over."""
    await rung(door, address=MOBILE)
    await picked_up(door)
    await door.leg_news(door.rings[0]["status_url"], "completed")
    assert await state_of(door) == ("ready", "idle", 1)


async def test_after_the_talk_the_caller_is_fetched_and_the_agent_has_a_wrap_up(door: Door) -> None:
    first = await rung(door)
    await picked_up(door)
    in_the_room = await door.wait(first)
    assert in_the_room.verbs[0] == "Dial"
    await door.clock.advance(65)
    left = await door.send(f"/twilio/agent/left?leg={door.rings[0]['subject']}", door.form(900))
    assert left.verbs == ["Hangup"]
    assert await state_of(door) == ("ready", "wrap_up", 0)
    async with door.database.read() as conn:
        talk = (await conn.execute(select(interactions))).one()
    assert (talk.agent_id, talk.outcome, talk.talk_seconds, talk.external_id) == ("anna", "solved", 65, sid(1))
    fetched = door.carrier.of("redirect_call")[-1]
    assert path_of(fetched["url"]) == "/twilio/voice/after"
    goodbye = await door.send(fetched["url"], door.form())
    assert goodbye.verbs == ["Gather", "Say", "Hangup"]
    assert "Maria" in goodbye.words


async def test_the_caller_is_fetched_into_the_room_after_the_greeting(door: Door) -> None:
    await rung(door)
    await door.clock.advance(30)
    await picked_up(door)
    (fetched,) = door.carrier.of("redirect_call")
    assert path_of(fetched["url"]) == "/twilio/voice/join"
    joined = await door.send(fetched["url"], door.form())
    assert joined.verbs == ["Dial", "Redirect"]


async def test_while_the_carrier_fetches_them_the_callers_own_document_waits(door: Door) -> None:
    """Two documents must not both take them into the room."""
    first = await rung(door)
    await door.clock.advance(30)
    await picked_up(door)
    held = await door.wait(first)
    assert held.verbs == ["Pause", "Redirect"]
    await door.clock.advance(3)
    assert (await door.wait(held)).verbs == ["Dial", "Redirect"]
