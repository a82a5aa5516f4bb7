"""What is heard about being called back: times and who calls, another day, another number, the promise."""

from __future__ import annotations

import re

import pytest

from ivr import offered
from ivr.document import Ask, Go
from ivr.offered import Choice
from tests.ivr.speaking import EVERY_LANGUAGE, stage, words
from tests.ivr.test_dialogue import DOCUMENTS, LATER, PRESS, SOON, asked


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_an_offer_gives_each_time_its_key_and_says_what_silence_takes(language: str) -> None:
    here = stage(language)
    said, time = words(DOCUMENTS["an offer of two"](here)), here.speaker.time
    for key, at, who in (("5", SOON, "Anna"), ("6", LATER, "Luca")):
        assert re.search(rf"{who}[^.]*{PRESS[language]} {key} \S+ {re.escape(time(at))}", said, re.IGNORECASE)
    assert f"{PRESS[language]} 7 " in said.lower()
    assert said.count(time(SOON)) == 2


def test_an_offer_names_the_one_who_will_call() -> None:
    assert words(DOCUMENTS["an offer of two"](stage())) == (
        "Anna può richiamarla: prema 5 per oggi alle 10:10. Oppure Luca: prema 6 per oggi alle 10:30. "
        "Prema 7 per un altro giorno, un'altra ora o un altro numero. Se non preme nulla, oggi alle 10:10."
    )
    assert "Oppure prema 6 per oggi alle 10:30." in words(DOCUMENTS["an offer"](stage()))
    said = words(DOCUMENTS["an offer as soon as can be"](stage()))
    assert said.startswith(
        "Possiamo richiamarla: prema 5 per il nostro primo momento libero, oggi alle 10:10 al più tardi. "
        "Oppure Anna: prema 6 per oggi alle 10:30."
    )
    assert said.endswith("Se non preme nulla, oggi alle 10:10 al più tardi.")


CALL_BACKS = [
    name
    for name in DOCUMENTS
    if name.startswith(("an offer", "the nearest", "another", "which", "promised", "too many", "the number"))
]


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_about_a_call_back_no_sentence_is_long_and_no_menu_has_more_than_three_keys(language: str) -> None:
    for formal in (True, False):
        here = stage(language, formal=formal)
        for name in CALL_BACKS:
            said = words(DOCUMENTS[name](here))
            for sentence in re.split(r"(?<=[.!?]) ", said.replace("9. ", "9 ")):
                assert len(sentence.replace(" :", ":").split()) <= 20, (name, sentence)
            menu = set(re.findall(r"\b[567]\b(?=[ ,])", said)) if name != "the number read back" else set()
            assert len(menu) <= 3, name


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_soon_is_never_said_without_a_time(language: str) -> None:
    here = stage(language)
    latest = here.speaker.say("by_then", time=here.speaker.time(SOON))
    for name in ("an offer as soon as can be", "an offer as soon as she can"):
        assert words(DOCUMENTS[name](here)).count(latest) == 2
    for name in ("promised as soon as can be", "promised as soon as she can"):
        assert words(DOCUMENTS[name](here)).count(latest) == 1


def test_where_there_is_noise_only_keys_are_listened_to() -> None:
    assert asked(DOCUMENTS["an offer"](stage())).language == "it-IT"
    assert asked(DOCUMENTS["an offer of far days"](stage())).language is None


def test_an_hour_of_four_digits_needs_no_pound_key_and_a_number_does() -> None:
    assert asked(DOCUMENTS["which day"](stage())).digits == 4
    assert asked(DOCUMENTS["which number"](stage())).digits == 0


def test_a_confirmation_is_announced_only_when_it_is_on_its_way() -> None:
    assert "conferma" in words(DOCUMENTS["promised"](stage()))
    assert "conferma" not in words(DOCUMENTS["promised by anybody"](stage()))


def test_a_number_is_read_back_so_that_it_can_be_followed() -> None:
    assert "Ho capito: 3 3 3, 1 2 3, 4 5 6 7. Prema 5 se è giusto, prema 6" in words(
        DOCUMENTS["the number read back"](stage())
    )


def test_the_address_of_an_offer_is_where_its_silence_goes_too() -> None:
    ask, go = DOCUMENTS["an offer"](stage())
    assert isinstance(ask, Ask)
    assert isinstance(go, Go)
    assert ask.action == go.url


@pytest.mark.parametrize("agent_known", [True, False])
def test_a_promise_is_spoken_with_its_time_and_how_late_it_may_become(agent_known: bool) -> None:
    said = words(offered.promised(stage(), Choice(SOON, "Anna" if agent_known else None), 300, told=True))
    assert ("Anna la richiama" if agent_known else "la richiamiamo") in said
    assert "oggi alle 10:10, al massimo 5 minuti dopo." in said
