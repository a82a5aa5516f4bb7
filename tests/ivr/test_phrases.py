"""Situation and person -> words."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.catalogue import choose_wording
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
        ("de-DE", "heute um 15:10 Uhr", "morgen um 09:00 Uhr", "Donnerstag, den 26. November um 09:00 Uhr"),
        ("fr-FR", "aujourd'hui à 15:10", "demain à 09:00", "jeudi 26 novembre à 09:00"),
        ("es-ES", "hoy a las 15:10", "mañana a las 9:00", "el jueves 26 de noviembre a las 9:00"),
    ],
)
def test_a_time_is_said_as_people_say_times(language: str, today: str, tomorrow: str, other: str) -> None:
    voice = speaker(language)
    assert voice.time(rome(15, 10)) == today
    assert voice.time(rome(9) + timedelta(days=1)) == tomorrow
    assert voice.time(rome(9) + timedelta(days=2)) == other


@pytest.mark.parametrize(
    ("language", "one", "after_one", "thirteen", "first"),
    [
        ("it-IT", "oggi all'1:00", "oggi all'1:05", "oggi alle 13:00", "venerdì primo gennaio alle 09:00"),
        ("en-GB", "today at 1:00", "today at 1:05", "today at 13:00", "Friday 1 January at 09:00"),
        (
            "de-DE",
            "heute um 1:00 Uhr",
            "heute um 1:05 Uhr",
            "heute um 13:00 Uhr",
            "Freitag, den 1. Januar um 09:00 Uhr",
        ),
        ("fr-FR", "aujourd'hui à 1:00", "aujourd'hui à 1:05", "aujourd'hui à 13:00", "vendredi 1er janvier à 09:00"),
        ("es-ES", "hoy a la 1:00", "hoy a la 1:05", "hoy a las 13:00", "el viernes 1 de enero a las 9:00"),
    ],
)
def test_one_oclock_and_the_first_of_a_month_are_said_in_their_own_way(
    language: str, one: str, after_one: str, thirteen: str, first: str
) -> None:
    voice = speaker(language, now=rome(1))
    told = [voice.time(rome(1)), voice.time(rome(1, 5)), voice.time(rome(13))]
    assert told == [one, after_one, thirteen]
    assert voice.time(datetime(2027, 1, 1, 8, 0, tzinfo=UTC)) == first


@pytest.mark.parametrize(
    ("language", "one", "two", "none"),
    [
        ("it-IT", "1 minuto", "2 minuti", "0 minuti"),
        ("en-GB", "1 minute", "2 minutes", "0 minutes"),
        ("de-DE", "1 Minute", "2 Minuten", "0 Minuten"),
        ("fr-FR", "1 minute", "2 minutes", "0 minute"),
        ("es-ES", "1 minuto", "2 minutos", "0 minutos"),
    ],
)
def test_a_figure_has_the_plural_of_its_language(language: str, one: str, two: str, none: str) -> None:
    voice = speaker(language)
    assert [voice.minutes(1), voice.minutes(2), voice.minutes(0)] == [one, two, none]
    assert voice.say("seconds", n="1") != voice.say("seconds", n="2").replace("2", "1")


@pytest.mark.parametrize(
    ("gender", "formal", "said"),
    [
        ("masculine", True, "Buongiorno, Ada. Benvenuto."),
        ("feminine", False, "Buongiorno, Ada. Benvenuta."),
        (None, True, "Buongiorno, Ada. Che bello averla qui."),
        (None, False, "Buongiorno, Ada. Che bello averti qui."),
    ],
)
def test_a_gender_that_is_not_known_is_not_guessed(gender: str | None, formal: bool, said: str) -> None:
    voice = replace(speaker(formal=formal, turn=2), gender=gender)
    assert voice.say("first", name="Ada") == said


@given(st.integers(1, 9), st.integers(0, 30), st.integers(0, 10_000))
def test_whatever_was_heard_last_is_not_said_again(count: int, last: int, turn: int) -> None:
    last %= count
    chosen = choose_wording(count, last=last, turn=turn)
    assert 0 <= chosen < count
    assert chosen != last or count == 1
    assert 0 <= choose_wording(count, last=None, turn=turn) < count


def test_every_wording_has_its_turn() -> None:
    heard, last = set(), 0
    for turn in range(6):
        last = choose_wording(3, last=last, turn=turn)
        heard.add(last)
    assert heard == {0, 1, 2}


def test_the_managers_words_stand_in_place_of_ours() -> None:
    theirs = {"it": {"greet": ["Salve, {name}.", "[Eccola|Eccoti], {name}!"]}}
    voice = replace(speaker(formal=False), theirs=theirs)
    assert voice.say("greet", name="Ada") == "Salve, Ada."
    assert replace(voice, heard={"greet": 0}).say("greet", name="Ada") == "Eccoti, Ada!"
    assert replace(voice, language="de-DE").say("greet", name="Ada").startswith("Guten Morgen, Ada")
    assert voice.say("bye") == speaker().say("bye")


@pytest.mark.parametrize("wording", ["{nome}", "{", "{0}", "{name.x}", "{name[0"])
def test_a_wording_that_does_not_fit_any_more_gives_way_to_ours(wording: str) -> None:
    voice = replace(speaker(), theirs={"it": {"greet": [wording]}})
    assert voice.say("greet", name="Ada") == speaker().say("greet", name="Ada")


def test_what_is_said_tells_which_wording_it_is_and_how_its_name_is_said() -> None:
    voice = replace(speaker(turn=1), respelt=("Siobhán", "shi-VAWN"))
    said = voice.said("greet", name="Siobhán")
    assert (said.wording, said.names) == (("greet", 1), (("Siobhán", "shi-VAWN"),))
    other = voice.said("key_callback")
    assert (other.wording, other.names) == (None, ())


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
        ("es-419", "es-MX"),
        ("en-CA", "en-US"),
        ("en-IE", "en-IE"),
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


def test_no_sign_that_nobody_hears_is_ever_said() -> None:
    unheard = ("Cc", "Cf", "Cs", "Co")
    signs = "".join(chr(n) for n in range(0x110000) if unicodedata.category(chr(n)) in unheard)
    assert speakable(f"Anna{signs}Maria", longest=len(signs)) == "Anna Maria"


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
