"""The words of texts about promises: in every language, short, with who and when, and without what it is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.letters import Letter, compose
from ivr.segments import MOST_SEGMENTS, segments, seven_bit
from tests.ivr.speaking import EVERY_LANGUAGE, NOW, speaker

LINK = "https://tel.officine-lume.it/p/01jg8x2m3n4p5q6r7s8t9v0w1xEqVvGvBkl2m3O_-aXyZ012"
KEYS = (
    "text_promised",
    "text_moved",
    "text_reminder",
    "text_again",
    "text_later",
    "text_moved_choice",
    "text_at_risk",
    "text_choice_gone",
    "text_late",
    "text_taken",
    "text_given_up",
    "text_cancelled",
)


@dataclass(frozen=True)
class Promise:
    promised_at: datetime = NOW + timedelta(minutes=70)
    window_seconds: int = 300
    kind: str = "scheduled"
    choices: Any = None
    reason: str = "la lampada"


def choices(*minutes: int) -> list[dict[str, Any]]:
    agents = ("luca", "anna")
    return [{"at": (NOW + timedelta(minutes=m)).isoformat(), "agent": a} for m, a in zip(minutes, agents, strict=False)]


NAMES = {"anna": "Anna", "luca": "Luca"}
AT_RISK = Promise(choices=choices(70, 100))


def letter(key: str, promise: Promise = AT_RISK, **more: Any) -> Letter:
    given = {"agent": "Anna", "link": LINK, "house_zone": "Europe/Rome", "names": NAMES, "was": "Carla"} | more
    return Letter(key, promise, **given)


def said(key: str, language: str = "en-GB", promise: Promise = AT_RISK, zone: str = "Europe/Rome", **more: Any) -> str:
    return compose(speaker(language, zone=zone), letter(key, promise, **more))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("text_promised", "Officine Lume: Anna will call you today at 11:10, at most 5 minutes later."),
        ("text_moved", "Officine Lume: a new time, Anna will call you today at 11:10, at most 5 minutes later."),
        ("text_reminder", "Officine Lume: a reminder, Anna will call you today at 11:10, at most 5 minutes later."),
        (
            "text_at_risk",
            "Officine Lume: Anna may not be able to call you today at 11:10. Reply 5 for today at 11:10 with Luca, "
            "6 for today at 11:40 with Anna. If you do not reply it is 5.",
        ),
        ("text_taken", "Officine Lume: Anna will call you in place of Carla, today at 11:10, at most 5 minutes later."),
    ],
)
def test_it_says_who_and_when_and_where_to_change_it(key: str, words: str) -> None:
    assert said(key) == f"{words} To change it: {LINK}"


def test_where_nobody_in_particular_calls_nobody_is_named() -> None:
    words = said("text_at_risk", agent=None, names={})
    assert "we may not be able to call you" in words
    assert "Reply 5 for today at 11:10, 6 for today at 11:40." in words
    assert said("text_again", agent=None).startswith(
        "Officine Lume: we could not reach you on the phone. We will try again"
    )


def test_what_has_ended_has_no_link() -> None:
    assert said("text_cancelled") == (
        "Officine Lume: cancelled, there will be no call today at 11:10. Please ring us whenever you like."
    )
    assert LINK not in said("text_given_up")


def test_how_late_it_may_become_is_told_in_minutes() -> None:
    late = Promise(NOW - timedelta(seconds=100))
    assert "Anna will call you within 4 minutes." in said("text_late", promise=late)
    assert "within 1 minute." in said("text_late", promise=Promise(NOW - timedelta(minutes=9)))


def test_as_soon_as_possible_says_until_when() -> None:
    soon = Promise(NOW, window_seconds=1200, kind="asap")
    assert "Anna will call you at the first free moment, today at 10:20 at the latest." in said(
        "text_promised", promise=soon
    )


def test_a_clock_that_shows_another_time_than_ours_is_named() -> None:
    words = said("text_promised", zone="Europe/London")
    assert "today at 10:10, at most 5 minutes later (London time)." in words
    assert "(London" not in said("text_promised", zone="Europe/Paris")  # which shows the same
    assert "(Londra" not in said("text_promised", "it-IT", zone="Europe/Rome")
    assert "(ora di Londra)" in said("text_promised", "it-IT", zone="Europe/London")


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("formal", [True, False])
def test_every_text_is_short_and_in_the_cheap_alphabet(language: str, key: str, formal: bool) -> None:
    words = compose(speaker(language, formal=formal), letter(key))
    assert seven_bit(words), words
    assert segments(words) <= MOST_SEGMENTS, words
    assert words.startswith("Officine Lume")
    assert (LINK in words) == (key not in ("text_given_up", "text_cancelled"))
    assert "lampada" not in words
    if key not in ("text_given_up", "text_cancelled", "text_choice_gone", "text_moved_choice"):
        assert "Anna" in words


WHENEVER = st.datetimes(datetime(2026, 11, 24, 9), datetime(2027, 12, 1)).map(lambda at: at.replace(tzinfo=UTC))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(EVERY_LANGUAGE),
    st.sampled_from(KEYS),
    st.booleans(),
    WHENEVER,
    WHENEVER,
    st.sampled_from(["Zoë", "Łucja", "Jean-François", "María del Mar"]),
)
def test_on_whatever_day_and_whoever_calls_it_is_at_most_two_parts(
    language: str, key: str, formal: bool, at: datetime, later: datetime, agent: str
) -> None:
    offered = [{"at": at.isoformat(), "agent": "anna"}, {"at": later.isoformat(), "agent": "luca"}]
    names = {"anna": agent.split()[0], "luca": "Luca"}
    promise = replace(AT_RISK, promised_at=at, choices=offered)
    words = compose(speaker(language, formal=formal), letter(key, promise, agent=agent.split()[0], names=names))
    assert segments(words) <= MOST_SEGMENTS, (len(words), words)
