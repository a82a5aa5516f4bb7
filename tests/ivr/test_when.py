"""When somebody wants to be called: what they say, what speech recognition makes of it, and what they type.

The clock on the wall shows Tuesday 24 November 2026, ten in the morning; the house is open Monday to Friday, 9 to 18.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.heard import de, en, es, fr, it
from ivr.when import When, agreed, only_number, solved, typed, understand
from tests.ivr.speaking import EVERY_LANGUAGE
from tests.ivr.utterances import NOTHING, SAID
from tests.ivr.who_is_calling import NO, SOLVED, UNSOLVED, UNSURE, YES

NOW = datetime(2026, 11, 24, 10, 0)


def is_open(wall: datetime) -> bool:
    return wall.weekday() < 5 and time(9) <= wall.time() < time(18)


def shown(when: When | None) -> str:
    if when is None or when.soon:
        return "soon" if when else "nothing"
    if when.until is None:
        return f"{when.start:%d.%m %H:%M}"
    whole = when.until - when.start == timedelta(days=1)
    return f"{when.start:%d.%m}" if whole else f"{when.start:%d.%m %H}-{when.until:%H}"


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_what_is_said_is_understood(language: str) -> None:
    wanted = dict(line.rsplit(" = ", 1) for line in lines(SAID[language]))
    assert len(wanted) >= 40
    assert {said: shown(understand(said, language, NOW, is_open)) for said in wanted} == wanted


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_what_is_no_time_is_not_taken_for_one(language: str) -> None:
    taken = {said: shown(understand(said, language, NOW, is_open)) for said in lines(NOTHING[language])}
    assert set(taken.values()) == {"nothing"}, taken


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
@settings(max_examples=30)
@given(said=st.text(st.sampled_from("abeghlmnortuàéü 0123456789.:/'h"), max_size=40))
def test_whatever_is_heard_it_is_a_time_or_nothing(language: str, said: str) -> None:
    when = understand(said, language, NOW, is_open)
    assert when is None or when.until is None or when.start < when.until


@pytest.mark.parametrize(
    ("now", "said", "wanted"),
    [
        ("2026-11-24T11:00", "alle dieci", "25.11 10:00"),
        ("2026-11-27T11:00", "alle dieci", "30.11 10:00"),  # Friday: not on a Saturday
        ("2026-11-24T16:00", "alle tre", "25.11 15:00"),
        ("2026-11-24T16:00", "oggi alle tre", "24.11 15:00"),  # which cannot be kept: the nearest are offered
        ("2026-11-24T19:00", "nel pomeriggio", "25.11 13-18"),
        ("2026-11-24T19:00", "alle otto di sera", "24.11 20:00"),
        ("2026-11-24T10:00", "martedì", "24.11"),
        ("2026-11-24T10:00", "martedì prossimo", "01.12"),
        ("2026-12-30T10:00", "il 3 gennaio", "03.01"),
        ("2026-12-30T10:00", "il 29", "29.01"),
        ("2028-01-30T10:00", "il 29 febbraio alle dieci", "29.02 10:00"),
        ("2027-01-30T10:00", "il 30 alle nove", "30.01 21:00"),
        ("2027-01-31T10:00", "il 30 alle nove", "30.03 09:00"),  # February has none
        ("2026-03-28T10:00", "domani alle due e mezza di notte", "29.03 02:30"),  # of which wall.py knows what it means
    ],
)
def test_what_could_be_several_times_is_the_next_one_within_opening_hours(now: str, said: str, wanted: str) -> None:
    assert shown(understand(said, "it-IT", datetime.fromisoformat(now), is_open)) == wanted


def test_a_while_is_counted_from_now_and_ends_with_a_full_minute() -> None:
    when = understand("tra mezz'ora", "it-IT", NOW + timedelta(seconds=20), is_open)
    assert when is not None
    assert when.start == datetime(2026, 11, 24, 10, 31)


def test_an_hour_may_be_typed() -> None:
    wanted = {
        "1530": "24.11 15:30",
        "0930": "25.11 09:30",
        "930": "25.11 09:30",
        "330": "24.11 15:30",
        "10": "24.11 10:00",
        "2359": "24.11 23:59",
        "5": "nothing",  # a key
    }
    wanted |= dict.fromkeys(("2400", "1261", "", "12345", "9*30"), "nothing")
    assert {digits: shown(typed(digits, NOW, is_open)) for digits in wanted} == wanted


def test_a_key_may_be_said() -> None:
    said = {("it-IT", "cinque"): 5, ("it-IT", "5."): 5, ("en-GB", "seven, please"): 7, ("de-DE", "sechs"): 6}
    said |= {("fr-FR", "cinq"): 5, ("es-ES", "siete"): 7}
    nothing = dict.fromkeys((("it-IT", "alle cinque"), ("it-IT", "cinque e mezza"), ("it-IT", "sì")))
    assert {one: only_number(one[1], one[0]) for one in said | nothing} == said | nothing


def test_yes_is_yes_and_no_is_no() -> None:
    said = {("it-IT", "sì, grazie"): True, ("it-IT", "no"): False, ("it-IT", "la lampada"): None}
    said |= {("en-GB", "yes please"): True, ("en-GB", "not that one"): False, ("de-DE", "ja genau"): True}
    said |= {("fr-FR", "oui"): True, ("es-ES", "vale"): True, ("it-IT", "non va bene"): False}
    assert {one: agreed(one[1], one[0]) for one in said} == said


@pytest.mark.parametrize(("table", "meant"), [(YES, True), (NO, False), (UNSURE, None)])
def test_a_whole_answer_is_what_people_mean_by_it(table: dict[str, list[str]], meant: bool | None) -> None:
    heard = {(language, words): agreed(words, language) for language in table for words in table[language]}
    assert {one: yes for one, yes in heard.items() if yes is not meant} == {}


@pytest.mark.parametrize(("table", "meant"), [(SOLVED, True), (UNSOLVED, False)])
def test_thanks_that_decline_more_help_say_that_it_is_solved(table: dict[str, list[str]], meant: bool) -> None:
    heard = {(language, words): solved(words, language) for language in table for words in table[language]}
    assert {one: yes for one, yes in heard.items() if yes is not meant} == {}
    assert agreed("no grazie, è risolto", "it-IT") is False  # to any other question


@pytest.mark.parametrize("heard", [it, en, de, fr, es])
def test_a_phrase_means_one_thing(heard: object) -> None:
    marks: dict[str, str] = heard.MARKS  # type: ignore[attr-defined]
    numbers: dict[str, int] = heard.NUMBERS  # type: ignore[attr-defined]
    phrases = [phrase for several in marks.values() for phrase in several.split("|")]
    assert sorted(phrases) == sorted(set(phrases))
    assert not set(phrases) & set(numbers)
    assert {numbers.get(phrase) for phrase in numbers} == set(range(60))
