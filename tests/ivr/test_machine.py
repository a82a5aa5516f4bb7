"""The dialogue as tables: every path of it ends well, which is proved by walking all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from ivr import machine
from ivr.doing import DONE
from ivr.hearing import Heard, Whom, hear
from ivr.machine import (
    AFTER,
    ALWAYS,
    BEFORE,
    HELPED,
    LAST,
    LEADS,
    LONGEST_SILENCE,
    MEANS,
    MOST_ASKED,
    MOST_ASKED_WHICH,
    QUESTIONS,
    RECORDS,
    RING,
    WAIT,
    Do,
    Input,
    OffTheMap,
    Place,
    arrived,
    step,
)
from ivr.map import HEARS, PATH, written

At = tuple[Place, int]  # and how often the same was asked before
OUTSIDE = {Do.GREET, Do.PART, Do.APOLOGISE}  # the first webhook, the end of a talk, a store that is away
AFTER_A_TALK = {Do.IS_SOLVED, Do.NOT_SOLVED, Do.ASK_SOLVED, Do.THEIRS, Do.SOMEBODY, Do.GOODBYE}


def after(at: At, what: Input) -> Iterator[At]:
    """Wherever it may lead; asking too often is refused by the machine itself."""
    place, tries = at
    do = step(place, what, tries)
    if do is Do.APOLOGISE:
        yield at
        return
    for other in LEADS[do]:
        with suppress(OffTheMap):
            yield other, arrived(place, do, other, tries)


def everywhere() -> set[At]:
    """All there is to be reached, by anything that can come."""
    found: set[At] = set()
    new = {(Place.ARRIVING, 0)}
    while new:
        found |= new
        ways = {(at, what) for at in new for what in Input if (at[0], what) in MEANS}
        new = {other for at, what in ways for other in after(at, what)} - found
    return found


@cache
def longest_silence(at: At, seen: frozenset[At] = frozenset()) -> int:
    """Documents of which somebody who says nothing hears, until there is help.  A circle without any never ends."""
    assert at not in seen, f"silence goes round for ever: {[*seen, at]}"
    if at[0] in HELPED:
        return 0
    return 1 + max(longest_silence(other, seen | {at}) for other in after(at, Input.NOTHING))


def test_every_place_is_reached_and_everything_means_something_there() -> None:
    assert {place for place, _ in everywhere()} == set(Place)
    for place in Place:
        assert (place, Input.NOTHING) in MEANS or place is Place.TOGETHER
        assert (place, Input.STORE_AWAY) in MEANS
        assert (place, Input.OVER) in MEANS or place in AFTER
    for place in BEFORE:
        assert set(ALWAYS) <= {what for where, what in MEANS if where is place}


def test_whatever_is_meant_leads_somewhere_and_is_done_by_somebody() -> None:
    assert set(LEADS) == set(Do)
    assert all(LEADS[do] for do in Do)
    assert set(MEANS.values()) == set(Do)
    assert set(DONE) | OUTSIDE | AFTER_A_TALK == set(Do)
    assert not set(DONE) & (OUTSIDE | AFTER_A_TALK)


def test_from_every_place_silence_leads_to_help_in_a_few_documents() -> None:
    """A human being who is rung, a wait with estimates, a recording, or a promise."""
    longest = max(longest_silence(at) for at in everywhere())
    assert longest == LONGEST_SILENCE


def test_whoever_waits_or_may_record_is_never_left_without_a_way_on() -> None:
    """A wait is a circle and may be: so each of its rounds has the ways out, and leads on from where nobody is."""
    for place in RING | WAIT | RECORDS:
        assert step(place, Input.CALL_BACK) is Do.OFFER
        assert step(place, Input.MESSAGE) is Do.RECORD
        assert step(place, Input.RECORDED) is Do.KEEP_MESSAGE
        assert step(place, Input.AGENT) is Do.JOIN
        assert {other for other, _ in after((place, 0), Input.NOTHING)} >= RING | WAIT | {Place.NOBODY}


def test_nothing_is_asked_more_than_three_times() -> None:
    """Neither of who says nothing, nor of who is not understood; what may be asked again is known."""
    for what in (Input.NOTHING, Input.UNCLEAR, Input.WORDS, Input.TYPED, Input.NO_KEY):
        for place in QUESTIONS - {Place.OFFER}:
            asked, at = 0, {(place, 0)}
            while at:
                asked += 1
                at = {other for one in at for other in after(one, what) if other[0] is place}
            assert asked <= (MOST_ASKED_WHICH if place is Place.WHICH else MOST_ASKED), (place, what)
    assert {place for place, tries in everywhere() if tries} <= QUESTIONS


def test_who_is_not_understood_is_served_like_who_says_nothing() -> None:
    assert step(Place.WHICH, Input.UNCLEAR, MOST_ASKED_WHICH - 2) is Do.ASK_AGAIN
    assert step(Place.WHICH, Input.UNCLEAR, MOST_ASKED_WHICH - 1) is Do.NONE_OF_THEM
    assert step(Place.OFFER, Input.NOTHING, MOST_ASKED - 1) is Do.RECORD  # others took each time that was offered


def test_the_line_is_put_down_only_behind_a_promise_a_message_or_a_talk() -> None:
    """Never on a person who is still there: whatever leads to the last places has helped them, or they wish to go."""
    into = {do for do in Do if LEADS[do] & LAST}
    assert into - {Do.APOLOGISE} == {
        *(Do.PROMISE, Do.TAKE_TIME, Do.KEEP_MESSAGE),
        *(Do.PART, Do.IS_SOLVED, Do.ASK_SOLVED, Do.THEIRS, Do.GOODBYE, Do.END),
    }
    for (place, what), do in MEANS.items():
        if do is Do.END and place not in LAST:
            assert what is Input.OVER, (place, what)
        if Place.GOODBYE in LEADS[do] and do not in (Do.END, Do.APOLOGISE):
            assert place in AFTER | {Place.TOGETHER}, (place, what)


def test_the_keys_of_the_wait_mean_the_same_at_every_place_before_a_talk() -> None:
    unlike = {
        (place, what)
        for place in BEFORE
        for what in (Input.TEAMMATE, Input.CALL_BACK, Input.MESSAGE, Input.KNOWN_ONE)
        if MEANS[place, what] is not ALWAYS[what]
    }
    assert unlike == {(Place.WHICH, Input.TEAMMATE), (Place.WHICH, Input.KNOWN_ONE)}  # nobody is known yet


def test_while_the_store_is_away_all_that_the_apology_offers_is_understood_at_every_place() -> None:
    for place in BEFORE:
        assert {step(place, what) for what in (Input.CALL_BACK, Input.RECORDED)} == {Do.OFFER, Do.KEEP_MESSAGE}


def test_what_cannot_be_is_a_mistake_of_ours() -> None:
    with pytest.raises(OffTheMap):
        step(Place.TOGETHER, Input.FIRST)
    with pytest.raises(OffTheMap):
        arrived(Place.RINGING, Do.LOOK, Place.GOODBYE)


def test_the_printed_map_is_up_to_date() -> None:
    """`python -m ivr.map` writes it."""
    assert set(HEARS) == set(Place)
    assert Path(__file__).parents[2] / "docs" / "dialogue.md" == PATH
    assert PATH.read_text(encoding="utf-8") == written()


# What a key and a word are


ITALIAN = Whom("it-IT")
MARIA = Whom("it-IT", called=("Maria", "Maria Rossi"))
HOUSEHOLD = Whom("it-IT", people=[("Maria", "Maria Rossi"), ("Paolo", "Paolo Rossi")])


def heard(place: Place, words: str, whom: Whom = ITALIAN, **more: str) -> Heard:
    return hear(place, {"SpeechResult": words} | more, whom)


@pytest.mark.parametrize(
    ("place", "digits", "what"),
    [
        (Place.RINGING_WHY, "2", Input.CALL_BACK),
        (Place.RINGING_WHY, "9", Input.PERSON),
        (Place.RINGING_WHY, "*", Input.NO_KEY),
        (Place.RINGING_WHY, "12", Input.TYPED),
        (Place.WHICH_TIME, "2", Input.TYPED),
        (Place.WHICH_TIME, "3", Input.MESSAGE),
        (Place.WHICH_TIME, "1030", Input.TYPED),
        (Place.NUMBER, "3331234567", Input.TYPED),
        (Place.OFFER, "", Input.NOTHING),
    ],
)
def test_a_key_is_what_it_is_where_it_is_pressed(place: Place, digits: str, what: Input) -> None:
    assert hear(place, {"Digits": digits}, ITALIAN).input is what


@pytest.mark.parametrize(("said", "what"), [("cinque", Input.FIRST), ("con Luca", Input.WORDS)])
def test_a_key_may_be_said_where_times_are_offered(said: str, what: Input) -> None:
    assert heard(Place.OFFER, said).input is what


@pytest.mark.parametrize(
    ("answer", "what", "one"),
    [
        ({"Digits": "9"}, Input.PERSON, 1),
        ({"Digits": "0"}, Input.NOT_ME, None),
        ({"Digits": "7"}, Input.OTHER, None),
        ({"SpeechResult": "sono io, la Maria"}, Input.PERSON, 0),
        ({"SpeechResult": "Rossi"}, Input.UNCLEAR, None),
        ({"SpeechResult": "nessuno dei due"}, Input.NOT_ME, None),
        ({"SpeechResult": "sono Giulia Neri"}, Input.NAME, None),
        ({"SpeechResult": "sono Giulia Neri", "Confidence": "0.2"}, Input.UNCLEAR, None),
        ({"SpeechResult": "boh"}, Input.UNCLEAR, None),
    ],
)
def test_who_of_the_house_it_is(answer: dict[str, str], what: Input, one: int | None) -> None:
    found = hear(Place.WHICH, answer, HOUSEHOLD)
    assert (found.input, found.one) == (what, one)


@pytest.mark.parametrize(
    ("language", "words", "what", "one"),
    [
        ("it-IT", "otto", Input.PERSON, 0),
        ("it-IT", "8", Input.PERSON, 0),
        ("it-IT", "nove", Input.PERSON, 1),
        ("it-IT", "zero", Input.NOT_ME, None),
        ("en-GB", "eight", Input.PERSON, 0),
        ("de-DE", "acht", Input.PERSON, 0),
        ("fr-FR", "neuf", Input.PERSON, 1),
        ("es-ES", "ocho", Input.PERSON, 0),
        ("it-IT", "cinque", Input.UNCLEAR, None),
    ],
)
def test_the_key_of_who_it_is_may_be_said(language: str, words: str, what: Input, one: int | None) -> None:
    found = heard(Place.WHICH, words, Whom(language, people=HOUSEHOLD.people))
    assert (found.input, found.one) == (what, one)


def test_who_is_called_like_a_number_is_not_a_key() -> None:
    assert heard(Place.WHICH, "Otto", Whom("it-IT", people=[("Maria",), ("Otto",)])).one == 1


def test_three_people_take_all_three_keys_and_no_key_is_anybodys_where_no_name_is_said() -> None:
    three = Whom("it-IT", people=[*HOUSEHOLD.people, ("Ugo",)])
    assert hear(Place.WHICH, {"Digits": "0"}, three).one == 2
    nobody = Whom("it-IT", people=HOUSEHOLD.people, keys=False)
    assert hear(Place.WHICH, {"Digits": "8"}, nobody).input is Input.NO_KEY


@pytest.mark.parametrize(
    ("words", "confidence", "what"),
    [
        ("mi chiamo Carla Neri", "0.9", Input.NAME),
        ("mi chiamo Carla Neri", "", Input.NAME),
        ("mi chiamo Carla Neri", "0.3", Input.UNCLEAR),
        ("vorrei sapere della mia pratica", "0.9", Input.WORDS),
        ("non glielo dico", "0.9", Input.NO_NAME),
        ("nein danke", "0.9", Input.NO_NAME),
    ],
)
def test_an_answer_to_the_question_for_a_name(words: str, confidence: str, what: Input) -> None:
    assert heard(Place.RINGING_NAME, words, Confidence=confidence).input is what


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("sì", Input.YES),
        ("sì, sempre il forno che non parte", Input.YES),
        ("no", Input.NO),
        ("no, questa volta è la lampada", Input.WORDS),
        ("la lampada si spegne da sola", Input.WORDS),
        ("non sono Maria", Input.NOT_ME),
        ("sono Paolo", Input.NAME),
        ("sono disperata", Input.WORDS),
    ],
)
def test_an_answer_to_whether_it_is_the_same_thing(words: str, what: Input) -> None:
    assert heard(Place.RINGING_SAME, words, MARIA).input is what


def test_the_machine_has_no_place_for_words_of_a_stranger_about_who_they_are_not() -> None:
    """Nobody was greeted: then it is why they call."""
    assert heard(Place.RINGING_WHY, "non sono Maria").input is Input.WORDS
    assert machine.step(Place.RINGING_WHY, Input.NOT_ME) is Do.NOT_THEM
