"""The first words: whom we know, whom we do not, and what is asked of them."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.ivr.door import LINE, MARIA, SOMEBODY, Door, path_of

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_a_known_caller_is_greeted_by_name_in_the_first_words(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    answer = await door.ring()
    assert answer.words.startswith("Buongiorno, Maria.")
    (ring,) = door.rings
    assert (ring["to"], ring["from_"], ring["ring_seconds"]) == ("client:anna", LINE, 20)
    assert path_of(ring["url"]) == "/twilio/agent/answer"
    assert door.carrier.kicked


async def test_two_calls_running_are_not_greeted_alike(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    heard = []
    for n in range(1, 5):
        heard.append((await door.ring(n)).words.partition("Anna")[0])
        await door.send("/twilio/status", door.form(n, CallStatus="completed"))
        await door.clock.advance(120)
    assert all(earlier != later for earlier, later in pairwise(heard))


@pytest.mark.parametrize(
    ("language", "hello"),
    [("en-GB", "Good morning"), ("de-CH", "Guten Morgen"), ("fr-FR", "Bonjour"), ("es-ES", "Buenos días")],
)
@on_sqlite
async def test_everybody_is_greeted_in_their_language(door: Door, language: str, hello: str) -> None:
    await door.customer("Maria", MARIA, language=language)
    await door.agent(languages=[language])
    assert (await door.ring()).words.startswith(f"{hello}, Maria.")


@on_sqlite
async def test_the_name_is_the_one_they_like_with_the_title_if_they_are_addressed_formally(door: Door) -> None:
    await door.agent()
    for n, (fields, name) in enumerate(
        (
            ({"called": "Mimma", "name": "Maria Rossi"}, "Mimma"),
            ({"called": None, "name": "Rossi", "title": "dottoressa"}, "dottoressa Rossi"),
            ({"called": None, "name": "Maria", "title": "dottoressa", "formal": False}, "Maria"),
        ),
        start=1,
    ):
        number = f"+39333000000{n}"
        await door.customer(f"person {n}", number, **fields)
        assert (await door.ring(n, From=number)).words.startswith(f"Buongiorno, {name}.")


@on_sqlite
@pytest.mark.parametrize("called", ["\u200b", "  ", "\u202e"])
async def test_whose_name_cannot_be_said_is_greeted_without_one(door: Door, called: str) -> None:
    await door.customer("x", MARIA, called=called, name=None)
    await door.agent()
    assert (await door.ring()).words.startswith("Buongiorno, qui Officine Lume.")


@pytest.mark.parametrize("withheld", ["anonymous", "+266696687", "", "Restricted"])
@on_sqlite
async def test_a_withheld_number_is_nobodys(door: Door, withheld: str) -> None:
    await door.agent()
    answer = await door.ring(From=withheld)
    assert answer.words.startswith("Buongiorno, qui Officine Lume.")
    assert "Come si chiama" not in answer.words
    assert (await door.call()).customer_id is None


async def test_somebody_new_is_asked_for_a_name_and_known_from_then_on(door: Door) -> None:
    await door.agent()
    first = await door.ring(From=SOMEBODY)
    assert "Come si chiama?" in first.words
    heard = await door.speak(first, "Buongiorno, sono Carla Neri.", From=SOMEBODY)
    assert heard.words.startswith("Grazie, Carla Neri.")
    await door.send("/twilio/status", door.form(From=SOMEBODY, CallStatus="completed"))
    await door.clock.advance(600)
    assert "Carla Neri" in (await door.ring(2, From=SOMEBODY)).words


async def test_why_they_call_is_passed_on_and_a_second_sentence_is_added(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    first = await door.ring()
    heard = await door.speak(first, "la lampada è rotta")
    assert heard.words == "Grazie, lo riferisco."
    await door.speak(heard, "da ieri sera")
    assert (await door.call()).said == "la lampada è rotta da ieri sera"
    story = (await door.leg_news(door.rings[0]["url"], "in-progress")).words
    assert "la lampada è rotta da ieri sera" in story


@on_sqlite
@pytest.mark.parametrize("answer_by", ["key", "name"])
async def test_a_household_is_asked_who_it_is(door: Door, answer_by: str) -> None:
    await door.customer("Maria", MARIA)
    await door.customer("Paolo", MARIA)
    await door.agent()
    asked = await door.ring()
    assert "Prema 8 per Maria, prema 9 per Paolo, oppure dica il suo nome" in asked.words
    assert door.rings == []
    told = await (door.press(asked, "9") if answer_by == "key" else door.speak(asked, "sono io, paolo"))
    assert told.words.startswith("Buongiorno, Paolo.")
    assert (await door.call()).customer_id == door.ids["Paolo"]
    assert len(door.rings) == 1


@on_sqlite
@pytest.mark.parametrize("digits", ["0", "1", "#"])
async def test_a_household_that_does_not_say_who_it_is_is_served_as_nobody(door: Door, digits: str) -> None:
    await door.customer("Maria", MARIA)
    await door.customer("Paolo", MARIA)
    await door.agent()
    told = await door.press(await door.ring(), digits)
    assert "Anna" in told.words
    assert not {"Maria", "Paolo"} & set(re.findall(r"\w+", told.words))
    assert (await door.call()).customer_id is None
    assert len(door.rings) == 1


@on_sqlite
async def test_a_silent_household_is_served_too(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.customer("Paolo", MARIA)
    await door.agent()
    assert "Anna" in (await door.wait(await door.ring())).words


async def test_a_key_while_the_phone_rings_frees_the_agent(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    offered = await door.press(await door.ring(), "2")
    assert "possiamo richiamarla" in offered.words.lower() or "può richiamarla" in offered.words
    assert await door.reservation_states() == ["withdrawn"]
    assert door.carrier.withdrawn
    assert door.floor_told >= 1


@on_sqlite
async def test_a_key_that_means_nothing_changes_nothing(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    answer = await door.ring()
    for digits in ("9", "0", "*", "#", "1", "4"):
        answer = await door.press(answer, digits)
        assert "Sto ancora chiamando Anna" in answer.words
    assert len(door.rings) == 1
