"""Situation and person -> words."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.document import Say
from ivr.phrases import LONGEST_NAME, VOICES, Speaker, speakable, spoken_language
from routing.forecast import spoken_seconds
from tests.ivr.speaking import EVERY_LANGUAGE, NOW, parsed, speaker

DATA = Path(__file__).parent.parent / "data"
NAMES = json.loads((DATA / "awkward_names.json").read_text())
NAUGHTY = json.loads((DATA / "naughty_strings.json").read_text())


def rome(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour - 1, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "morning", "afternoon", "evening"),
    [
        ("it-IT", "Buongiorno", "Buon pomeriggio", "Buonasera"),
        ("en-GB", "Good morning", "Good afternoon", "Good evening"),
        ("de-DE", "Guten Morgen", "Guten Tag", "Guten Abend"),
        ("fr-FR", "Bonjour", "Bonjour", "Bonsoir"),
        ("es-ES", "Buenos días", "Buenas tardes", "Buenas noches"),
    ],
)
def test_the_greeting_is_right_for_the_hour(language: str, morning: str, afternoon: str, evening: str) -> None:
    def hello(at: datetime) -> str:
        return speaker(language, now=at).say("greet_plain").partition(",")[0]

    assert [hello(rome(4)), hello(rome(12, 59))] == [morning] * 2
    assert [hello(rome(13)), hello(rome(17, 59))] == [afternoon] * 2
    assert [hello(rome(18)), hello(rome(23)), hello(rome(3) + timedelta(days=1))] == [evening] * 3


def test_the_hour_is_that_of_the_persons_zone() -> None:
    assert speaker("en-US", zone="America/New_York", now=rome(10)).say("greet_plain").startswith("Good morning")
    assert speaker("en-US", zone="Asia/Tokyo", now=rome(10)).say("greet_plain").startswith("Good evening")


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_the_same_greeting_never_comes_twice_running(language: str) -> None:
    heard = [speaker(language, turn=turn).say("greet", name="Maria") for turn in range(1, 14)]
    for earlier, later in pairwise(heard):
        assert earlier != later
    assert all("Maria" in greeting for greeting in heard)


def test_formal_and_familiar_are_two_ways_to_say_it() -> None:
    assert speaker(formal=True).say("key_callback") == "prema 2 per una richiamata"
    assert speaker(formal=False).say("key_callback") == "premi 2 per una richiamata"


def test_a_situation_without_words_is_a_mistake_that_is_heard_of() -> None:
    with pytest.raises(KeyError):
        speaker().say("hold_music")
    with pytest.raises(KeyError):
        speaker().say("greet")


def test_what_is_said_may_contain_what_markup_is_made_of() -> None:
    said = speaker().say("heard_name", name="{name} [a|b] {company}")
    assert said == "Grazie, {name} [a|b] {company}."


def test_keys_are_one_sentence() -> None:
    assert (
        speaker().keys("prema 1 per Luca", "prema 3 per un messaggio") == "Prema 1 per Luca, prema 3 per un messaggio."
    )


@pytest.mark.parametrize(
    ("language", "soon", "later"),
    [
        ("it-IT", "40 secondi", "3 minuti"),
        ("en-GB", "40 seconds", "3 minutes"),
        ("de-DE", "40 Sekunden", "3 Minuten"),
        ("fr-FR", "40 secondes", "3 minutes"),
        ("es-ES", "40 segundos", "3 minutos"),
    ],
)
def test_an_estimate_is_a_figure_with_its_unit(language: str, soon: str, later: str) -> None:
    assert speaker(language).estimate(31) == soon
    assert speaker(language).estimate(121) == later


@given(st.floats(0, 20_000), st.sampled_from(EVERY_LANGUAGE))
def test_an_estimate_always_has_a_figure_that_is_not_less(seconds: float, language: str) -> None:
    figure, unit = speaker(language).estimate(seconds).split(" ")
    told = int(figure) * (60 if unit.lower().startswith("min") else 1)
    assert told == spoken_seconds(seconds) >= seconds


@pytest.mark.parametrize(
    ("language", "today", "tomorrow", "other"),
    [
        ("it-IT", "oggi alle 15:10", "domani alle 09:00", "giovedì 26 novembre alle 09:00"),
        ("en-GB", "today at 15:10", "tomorrow at 09:00", "Thursday 26 November at 09:00"),
        ("de-DE", "heute um 15:10 Uhr", "morgen um 09:00 Uhr", "Donnerstag 26. November um 09:00 Uhr"),
        ("fr-FR", "aujourd'hui à 15:10", "demain à 09:00", "jeudi 26 novembre à 09:00"),
        ("es-ES", "hoy a las 15:10", "mañana a las 9:00", "jueves 26 de noviembre a las 9:00"),
    ],
)
def test_a_time_is_said_as_people_say_times(language: str, today: str, tomorrow: str, other: str) -> None:
    voice = speaker(language)
    assert voice.time(rome(15, 10)) == today
    assert voice.time(rome(9) + timedelta(days=1)) == tomorrow
    assert voice.time(rome(9) + timedelta(days=2)) == other


def test_americans_hear_american_times() -> None:
    said = speaker("en-US", zone="America/New_York").time(datetime(2026, 11, 26, 20, 10, tzinfo=UTC))
    assert said.replace("\u202f", " ") == "Thursday November 26 at 3:10 PM"


def test_today_is_that_of_the_person() -> None:
    """Half past eleven at night in Rome is tomorrow in Tokyo."""
    late = rome(23, 30)
    assert speaker(now=late).time(late).startswith("oggi")
    assert speaker(now=late).time(late + timedelta(hours=1)).startswith("domani")
    assert speaker(now=late, zone="Asia/Tokyo").time(late + timedelta(hours=1)).startswith("oggi")


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_no_times_are_said_in_the_hour_that_does_not_exist(language: str) -> None:
    before = datetime(2026, 3, 29, 0, 55, tzinfo=UTC)  # five to two; five minutes later it is three
    said = speaker(language, now=before).time(before + timedelta(minutes=5))
    assert "3:00" in said


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [
        ("it-IT", "it-IT"),
        ("it", "it-IT"),
        ("it-CH", "it-IT"),
        ("de-at", "de-AT"),
        ("de-CH", "de-DE"),
        ("EN", "en-GB"),
        ("en-us", "en-US"),
        ("es-419", "es-ES"),
        ("es-MX", "es-MX"),
        ("fr-CA", "fr-CA"),
        ("zh-Hant-TW", "de-AT"),
        ("", "de-AT"),
        (None, "de-AT"),
    ],
)
def test_we_speak_the_wanted_language_or_that_of_the_house(wanted: str | None, spoken: str) -> None:
    assert spoken_language(wanted, "de-AT") == spoken


def test_a_house_whose_language_we_do_not_speak_speaks_english() -> None:
    assert spoken_language("ja-JP", "pt-PT") == "en-GB"


def test_every_language_has_a_voice() -> None:
    assert set(EVERY_LANGUAGE) <= set(VOICES)
    for tag in VOICES:
        assert spoken_language(tag, "en-GB") == tag
        assert speaker(tag).time(NOW)


def test_a_long_text_is_cut_at_a_word() -> None:
    assert speakable("Anna Maria " * 9) == "Anna Maria Anna Maria Anna Maria Anna"
    assert speakable("x" * 100) == "x" * LONGEST_NAME
    assert speakable("uno due tre", longest=8) == "uno due"
    assert speakable("  Anna\t\n Maria ") == "Anna Maria"


def _fit_to_be_said(text: str) -> bool:
    return all(unicodedata.category(character) not in ("Cc", "Cs") for character in text)


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_every_awkward_name_is_greeted_in_valid_xml(language: str) -> None:
    for name in [*NAMES, *NAUGHTY]:
        clean = speakable(name)
        assert len(clean) <= LONGEST_NAME
        assert _fit_to_be_said(clean), name
        greeting = speaker(language).say("greet", name=clean)
        (say,) = parsed((Say(greeting, language),))
        assert (say.tag, list(say)) == ("Say", [])
        assert (say.text or "") == greeting


@given(st.text(st.characters(codec=None), max_size=80))
def test_whatever_people_are_called_can_be_said(name: str) -> None:
    clean = speakable(name)
    assert _fit_to_be_said(clean)
    assert speakable(clean) == clean
    (say,) = parsed((Say(clean, "it-IT"),))
    assert (say.text or "") == clean


def test_a_name_of_nothing_but_marks_is_no_name() -> None:
    for blank in ("", "   ", "\u200b\u200f", "\x00\x01", "\ufeff"):
        assert speakable(blank) == ""


def test_the_company_is_named_as_it_is() -> None:
    voice: Speaker = speaker(company="Rossi & Figli <srl>")
    (say,) = parsed((Say(voice.say("greet_plain"), "it-IT"),))
    assert "Rossi & Figli <srl>" in (say.text or "")
