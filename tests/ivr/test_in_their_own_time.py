"""An answer counts from when its question is put; and nobody is interrupted while they may be giving one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm import consents
from ivr import consent
from ivr.dialogue import speech_seconds
from ivr.meeting import not_them
from ivr.picking_up import only_picks_up
from ivr.promising import customer_of
from ivr.turn import Turn
from routing.plan import Plan
from tests.ivr.door import MARIA, SOMEBODY, Answer, Door, sid
from tests.ivr.test_journey import a_household, with_a_matter

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("words", "language", "only"),
    [
        ("pronto, sì", "it-IT", True),
        ("Hello? Yes.", "en-GB", True),
        ("Hallo, ja", "de-DE", True),
        ("allô oui", "fr-FR", True),
        ("¿Diga? Sí", "es-ES", True),
        ("sì, il forno", "it-IT", False),
        ("il forno", "it-IT", False),
    ],
)
def test_what_is_said_into_a_telephone_before_anything_is_said(words: str, language: str, only: bool) -> None:
    assert only_picks_up(words, language) is only


async def rung_with_consent(door: Door) -> Answer:
    async with door.database.write() as conn:
        plan = Plan.model_validate({"recording": "ask"})
        await door.rooms.plans.publish(conn, plan, after=0, author="us", note=None, now=door.clock.now())
    await door.agent()
    await door.customer("Maria", MARIA)
    return await door.ring()


async def early(door: Door, asked: Answer, seconds: float, **input_: str) -> Answer:
    await door.clock.advance(seconds)
    return await door.send(asked.listens_at, door.form(**input_))


async def recorded_for_ever(door: Door) -> bool | None:
    async with door.database.read() as conn:
        return await consents.current(conn, door.ids["Maria"], "recording")


@on_sqlite
@pytest.mark.parametrize(
    ("seconds", "input_"), [(1.5, {"Digits": "5"}), (2.0, {"SpeechResult": "pronto, sì"}), (2.0, {"Digits": "6"})]
)
async def test_what_comes_before_the_question_is_no_consent_and_the_question_is_put_again(
    door: Door, seconds: float, input_: dict[str, str]
) -> None:
    again = await early(door, await rung_with_consent(door), seconds, **input_)
    assert "registrare la chiamata" in again.words
    call = await door.call()
    assert (call.consent, call.said, await recorded_for_ever(door)) == (None, None, None)
    assert (await door.press(again, "5")).words.startswith("Grazie, registriamo.")
    assert await recorded_for_ever(door) is True


async def since_the_question(door: Door, asked: Answer, seconds: float, **input_: str) -> Answer:
    """It comes, with its end, so long after we reckon that the question begins."""
    begins = (await door.call()).question_at
    took = speech_seconds(input_["SpeechResult"]) if "SpeechResult" in input_ else 0
    return await early(door, asked, (begins - door.clock.now()).total_seconds() + seconds + took, **input_)


@on_sqlite
@pytest.mark.parametrize("input_", [{"Digits": "5"}, {"SpeechResult": "sì"}, {"Digits": "6"}])
async def test_a_consent_counts_only_when_a_second_of_its_question_was_heard(
    door: Door, input_: dict[str, str]
) -> None:
    asked = await rung_with_consent(door)
    for seconds in (-0.4, 0.9):
        asked = await since_the_question(door, asked, seconds, **input_)
        assert "registrare la chiamata" in asked.words
        assert ((await door.call()).consent, await recorded_for_ever(door)) == (None, None)
    await since_the_question(door, asked, 1.1, **input_)
    assert await recorded_for_ever(door) is (input_.get("Digits") != "6")


@on_sqlite
async def test_a_matter_is_taken_up_again_only_when_a_second_of_the_question_was_heard(door: Door) -> None:
    asked = await with_a_matter(door)
    for seconds, input_ in ((-0.4, {"Digits": "5"}), (0.9, {"SpeechResult": "sì"})):
        asked = await since_the_question(door, asked, seconds, **input_)
        assert "stessa cosa" in asked.words
        assert (await door.call()).case_id is None
    await since_the_question(door, asked, 1.1, Digits="5")
    assert (await door.call()).case_id is not None


@on_sqlite
async def test_a_question_that_is_still_to_be_said_was_not_heard(door: Door) -> None:
    await rung_with_consent(door)
    async with door.database.write() as conn:
        turn = await Turn.of(door.rooms, conn, await door.call())
        assert turn.call.recording_said_at > turn.now
        assert await consent.question(turn) == "ask_recording"
        await turn.change(recording_said_at=turn.now)
        assert await consent.question(turn) is None


@on_sqlite
async def test_why_they_call_is_kept_though_it_comes_before_the_question(door: Door) -> None:
    again = await early(door, await rung_with_consent(door), 3, SpeechResult="sì, il forno non va")
    assert (await door.call()).said == "sì, il forno non va"
    assert again.words.startswith("Grazie, lo riferisco.")
    assert "registrare la chiamata" in again.words


@on_sqlite
async def test_what_somebody_else_agreed_to_is_not_theirs_for_ever(door: Door) -> None:
    told = await door.press(await rung_with_consent(door), "5")
    await door.speak(told, "non sono Maria")
    assert ((await door.call()).consent, await recorded_for_ever(door)) == (True, None)


@on_sqlite
async def test_a_yes_before_it_is_asked_takes_up_no_matter_again(door: Door) -> None:
    again = await early(door, await with_a_matter(door), 2, SpeechResult="pronto, sì")
    call = await door.call()
    assert (call.case_id, call.said) == (None, None)
    assert "stessa cosa" in again.words


@on_sqlite
async def test_a_name_that_is_said_as_the_ring_ends_is_heard_to_its_end(door: Door) -> None:
    await door.agent()
    first = await door.ring(From=SOMEBODY)
    await door.clock.advance(15)
    second = await door.wait(first, From=SOMEBODY)
    await door.clock.advance(5)
    await door.leg_news(door.rings[0]["status_url"], "no-answer")
    assert not door.carrier.of("redirect_call")
    assert (await door.call()).due_at - door.clock.now() < timedelta(seconds=5)  # should nothing come
    words = {"SpeechResult": "mi chiamo Ivo Blu", "Confidence": "0.9"}
    told = await door.send(second.listens_at, door.form(From=SOMEBODY, **words))
    assert told.words.startswith("Grazie, Ivo Blu.")


@on_sqlite
async def test_an_agent_waits_the_seconds_that_a_name_is_being_recorded(door: Door) -> None:
    await door.agent()
    told = await door.speak(await door.ring(From=SOMEBODY), "ehm non so", From=SOMEBODY)
    await door.clock.advance(4)  # the tone has sounded
    await door.leg_news(door.rings[0]["url"], "in-progress")
    assert not door.carrier.of("redirect_call")
    assert (await door.call()).due_at - door.clock.now() <= timedelta(seconds=6)
    kept = {"RecordingUrl": "https://api.test/RE1", "RecordingSid": sid(1, "RE")}
    joined = await door.send(told.records_to, door.form(From=SOMEBODY, **kept))
    assert "Dial" in joined.verbs
    assert (await door.call()).name_recording_url == kept["RecordingUrl"]


@on_sqlite
async def test_no_name_is_said_to_a_number_that_its_own_network_does_not_believe(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    assert "Maria" not in (await door.ring(StirVerstat="TN-Validation-Failed-C")).words
    assert "Maria" in (await door.ring(2, StirVerstat="TN-Validation-Passed-C")).words


@on_sqlite
async def test_who_was_asked_which_of_a_house_they_are_is_asked_nothing_else_before_a_human(door: Door) -> None:
    async with door.database.write() as conn:
        plan = Plan.model_validate({"recording": "ask"})
        await door.rooms.plans.publish(conn, plan, after=0, author="us", note=None, now=door.clock.now())
    told = await door.press(await a_household(door), "8")
    assert "Maria" in told.words
    assert "?" not in told.words
    assert "perché chiama" not in told.words


@on_sqlite
async def test_whoever_else_rings_from_a_number_has_one_record_without_a_name(door: Door) -> None:
    await door.customer("Rita", MARIA)
    await door.agent()
    found = []
    for n in (1, 2):
        greeted = await door.ring(n)
        assert "Parlo con" not in greeted.words
        assert "Rita" in greeted.words
        async with door.database.write() as conn:
            turn = await Turn.of(door.rooms, conn, await door.call(n))
            await not_them(turn)
            found.append(await customer_of(turn, MARIA))
    assert found[0] == found[1] != door.ids["Rita"]
