"""After the talk: is it solved, who answers the next time, and somebody again; by key, by word, by text."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, update

from crm import consents
from crm.cases import open_case
from crm.tables import cases, interactions, texts
from ivr import parting
from ivr.document import Ask, HangUp
from ivr.lifecycle import CallState
from ivr.phrases import LANGUAGES
from routing.plan import Plan
from routing.tables import agents
from tests.ivr.door import ACCOUNT, LINE, MARIA, PAOLO, SOMEBODY, Answer, Door, sid
from tests.ivr.speaking import EVERY_LANGUAGE, stage, words
from tests.routing.people import agent

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
anyio = pytest.mark.anyio
ANNA = agent("anna")


async def talked(door: Door, seconds: float = 60, number: str = MARIA, **plan: Any) -> None:
    """Maria and Anna, who has hung up now."""
    if plan:
        async with door.database.write() as conn:
            await door.rooms.plans.publish(conn, Plan(**plan), after=0, author="us", note=None, now=door.clock.now())
    await door.ring(From=number)
    await door.clock.advance(12)  # the greeting is over
    await door.leg_news(door.rings[-1]["url"], "in-progress")
    await door.send(door.carrier.of("redirect_call")[-1]["url"], door.form(From=number))
    await door.clock.advance(seconds)


async def after(door: Door) -> Answer:
    return await door.send("/twilio/voice/after?n=2", door.form())


async def met(door: Door) -> Any:
    async with door.database.read() as conn:
        return (await conn.execute(select(interactions))).one()


# The documents


@pytest.mark.parametrize("formal", [True, False])
@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_after_a_talk_at_most_three_ways_are_named_each_by_its_key(language: str, formal: bool) -> None:
    spoken = stage(language, name="Maria", formal=formal)
    for document, keys in (
        (parting.is_it_solved(spoken, spoken.named("thanks")), "561"),
        (parting.talk_over(spoken, ANNA), "41"),
        (parting.glad(spoken, ANNA), "4"),
        (parting.still_open(spoken, "Anna"), "12"),
        (parting.still_open(spoken, None), "12"),
    ):
        said = words(document)
        assert [digit for digit in said if digit.isdigit()] == list(keys), said
        assert isinstance(document[0], Ask)
        assert isinstance(document[-1], HangUp)  # behind a goodbye: silence is none of ours to fill


def test_the_question_is_asked_in_other_words_the_next_time() -> None:
    for language in LANGUAGES:
        asked = [words(parting.is_it_solved(stage(language, turn=turn), None)) for turn in range(4)]
        assert all(one != other for one, other in pairwise(asked))


@pytest.mark.parametrize(
    ("form", "wish"),
    [
        ({"Digits": "5"}, "solved"),
        ({"Digits": "6"}, "not_solved"),
        ({"Digits": "4"}, "theirs"),
        ({"Digits": "1"}, "somebody"),
        ({"Digits": "2"}, "call_back"),
        ({"Digits": "9"}, None),
        ({"SpeechResult": "sì, grazie"}, "solved"),
        ({"SpeechResult": "no, non ancora"}, "not_solved"),
        ({"SpeechResult": "la lampada"}, None),
        ({}, None),
    ],
)
def test_a_key_or_a_yes_or_no_is_understood(form: dict[str, str], wish: str | None) -> None:
    assert parting.understood("solved", form, "it-IT") == wish


def test_a_yes_means_nothing_where_no_question_has_one() -> None:
    assert parting.understood("mine", {"SpeechResult": "sì"}, "it-IT") is None


# By key


@anyio
async def test_solved_in_their_own_word_is_written_down_and_the_agent_offered_for_the_next_time(door: Door) -> None:
    maria = await door.customer("Maria", MARIA)
    await door.agent()
    await talked(door)
    question = await after(door)
    assert question.words.startswith("Grazie")
    assert "Prema 5 per dire sì, prema 6 per dire no, prema 1" in question.words
    glad = await door.press(question, "5")
    assert "4 per parlare sempre con Anna" in glad.words
    talk = await met(door)
    assert (talk.customer_id, talk.confirmed, talk.outcome) == (maria, True, "solved")
    assert (await door.call()).confirmed is True
    mine = await door.press(glad, "4")
    assert "da ora in poi le passo Anna" in mine.words
    assert mine.verbs[-1] == "Hangup"
    assert "risolto" not in mine.words  # they have said so


@on_sqlite
@anyio
async def test_not_yet_keeps_the_matter_open_with_who_was_there_and_names_two_ways_on(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await talked(door)
    document = await door.speak(await after(door), "no")
    assert "resta aperta, se ne occupa Anna" in document.words
    async with door.database.read() as conn:
        case = (await conn.execute(select(cases))).one()
    talk, call = await met(door), await door.call()
    assert (case.owner, case.state) == ("anna", "open")
    assert (talk.outcome, talk.confirmed, talk.case_id, call.case_id) == ("open", False, case.id, case.id)
    offer = await door.press(document, "2")
    assert "richiamar" in offer.words.lower()
    assert (await door.call()).state == CallState.CHOOSING


@on_sqlite
@anyio
async def test_who_wants_somebody_now_has_somebody_now_and_who_says_nothing_is_unknown(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await talked(door)
    question = await after(door)
    assert question.verbs == ["Gather", "Say", "Hangup"]
    await door.agent("luca", name="Luca Verdi")
    again = await door.press(question, "1")
    assert "Luca" in again.words
    assert (await door.call()).confirmed is None
    assert (await met(door)).confirmed is None


@on_sqlite
@anyio
async def test_what_we_do_not_understand_is_asked_once_more_and_no_more(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await talked(door)
    once_more = await door.press(await after(door), "9")
    assert "Prema 5" in once_more.words
    assert not once_more.words.startswith("Grazie")
    assert "Gather" not in (await door.press(once_more, "8")).verbs


@on_sqlite
@pytest.mark.parametrize(
    ("seconds", "plan"), [(5.0, {}), (60.0, {"ask_solved": "never"}), (60.0, {"ask_solved": "text"})]
)
@anyio
async def test_who_hardly_talked_or_is_not_to_be_asked_hears_what_there_is(
    door: Door, seconds: float, plan: dict[str, Any]
) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await talked(door, seconds, **plan)
    document = await after(door)
    assert "risolto" not in document.words
    assert "4 per parlare sempre con Anna, prema 1" in document.words


@on_sqlite
@anyio
async def test_a_call_about_a_case_is_a_conversation_of_that_case(door: Door) -> None:
    maria = await door.customer("Maria", MARIA)
    async with door.database.write() as conn:
        values = {"customer_id": maria, "topic": "lampada", "state": "solved", "owner": None}
        long_ago = door.clock.now() - timedelta(days=60)  # by its topic alone it would be another matter
        case_id = await open_case(conn, values, long_ago)
    await door.agent()
    await talked(door)
    await door.change_call(case_id=case_id)
    question = await after(door)
    talk = await met(door)
    assert (talk.case_id, talk.topic) == (case_id, "lampada")
    await door.press(question, "5")
    async with door.database.read() as conn:
        case = (await conn.execute(select(cases))).one()
    assert (case.state, case.confirmed) == ("solved", True)
    assert "lampada" not in question.words  # a number is no proof of who hears it


@on_sqlite
@anyio
async def test_who_has_proved_who_they_are_hears_what_is_asked_about(door: Door) -> None:
    maria = await door.customer("Maria", MARIA)
    async with door.database.write() as conn:
        values = {"customer_id": maria, "topic": "la lampada", "state": "open", "owner": None}
        case_id = await open_case(conn, values, door.clock.now())
    await door.agent()
    await talked(door)
    await door.change_call(case_id=case_id, proved_at=door.clock.now())
    assert "È risolto: la lampada?" in (await after(door)).words


# By text


async def asked(door: Door) -> list[str]:
    return [wish["body"] for wish in door.carrier.of("send_text") if "risolto" in wish["body"]]


async def hangs_up(door: Door, n: int = 1, number: str = MARIA) -> None:
    await door.send("/twilio/status", door.form(n, From=number, CallStatus="completed"))


async def writes(door: Door, body: str, n: int, number: str = MARIA) -> str:
    """The answer."""
    sent = len(door.carrier.of("send_text"))
    form = {"AccountSid": ACCOUNT, "MessageSid": sid(n, "SM"), "From": number, "To": LINE, "Body": body}
    await door.send("/twilio/sms", form)
    return " ".join(wish["body"] for wish in door.carrier.of("send_text")[sent:])


@anyio
async def test_who_hung_up_is_asked_by_one_text_and_a_digit_answers_it(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await talked(door, ask_solved="both")
    await hangs_up(door)
    (question,) = await asked(door)
    assert question == "Officine Lume: è risolto quello di cui abbiamo parlato? Risponda 8 per sì, 9 per no."
    thanks = await writes(door, "9", 1)
    assert "resta aperta, se ne occupa Anna" in thanks
    assert "Risponda 2" in thanks
    assert (await met(door)).confirmed is False
    assert "bene, grazie" in await writes(door, " 8. ", 2)  # they have thought better of it
    assert ((await met(door)).confirmed, (await door.call()).confirmed) == (True, True)
    assert await writes(door, "8", 3) == ""


@on_sqlite
@anyio
async def test_nobody_is_asked_by_text_who_should_not_be(door: Door) -> None:
    """Who has answered, who takes no texts, a fixed line, a short talk, a second talk on one day, and at night."""
    await door.customer("Maria", MARIA)
    await door.agent()
    async with door.database.write() as conn:
        plan = Plan(ask_solved="both")
        await door.rooms.plans.publish(conn, plan, after=0, author="us", note=None, now=door.clock.now())

    async def once(n: int, number: str = MARIA, seconds: float = 60, *, answer: bool = False) -> int:
        async with door.database.write() as conn:  # she has written down the one before
            await conn.execute(update(agents).values(activity="idle"))
        await door.ring(n, From=number)
        await door.clock.advance(12)
        await door.leg_news(door.rings[-1]["url"], "in-progress", 900 + n)
        (join,) = [wish["url"] for wish in door.carrier.of("redirect_call") if wish["sid"] == sid(n)]
        await door.send(join, door.form(n, From=number))
        await door.clock.advance(seconds)
        if answer:
            question = await door.send("/twilio/voice/after?n=2", door.form(n, From=number))
            await door.press(question, "5", n, From=number)
        await hangs_up(door, n, number)
        assert (await door.call(n)).outcome == "agent"
        await door.clock.advance(120)
        return len(await asked(door))

    assert await once(1, answer=True) == 0
    assert await once(2, seconds=10) == 0
    await door.customer("Paolo", "+390612345678")
    assert await once(3, "+390612345678") == 0
    await door.customer("Piero", PAOLO)
    async with door.database.write() as conn:
        await consents.give(conn, door.ids["Piero"], "texts", False, "agent", door.clock.now())
    assert await once(4, PAOLO) == 0
    await door.customer("Nina", SOMEBODY, quiet_hours="00:00-23:59")
    assert await once(5, SOMEBODY) == 0
    assert await once(6) == 1
    assert await once(7) == 1  # the same day


@on_sqlite
@anyio
async def test_an_eight_that_nobody_asked_for_is_a_text_like_any_other(door: Door) -> None:
    await door.customer("Maria", MARIA)
    assert "abbiamo ricevuto" in await writes(door, "8", 1)
    async with door.database.read() as conn:
        assert (await conn.execute(select(texts.c.body).where(texts.c.direction == "in"))).scalar_one() == "8"
