"""How a call begins: what is true and most particular, never twice running in the same words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from crm.tables import customers, interactions, wordings
from ivr import greetings
from ivr.document import Ask, HangUp, Quiet, Say
from ivr.openings import Facts, closed_key, is_night, longest, reopened, situation
from ivr.phrases import _CATALOGUES
from ivr.wordings import said_in
from tests.ivr.door import HOUSE, MARIA, Door
from tests.ivr.speaking import EVERY_LANGUAGE, stage

KNOWN = Facts(known=True, talked=True)


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        (Facts(), "first"),
        (Facts(known=True), "first"),
        (KNOWN, "greet"),
        (replace(KNOWN, today=True), "again"),
        (replace(KNOWN, today=True, expected=True), "expected"),
        (replace(KNOWN, expected=True, overdue=True), "overdue"),
        (replace(KNOWN, overdue=True, weary_level=2), "tired"),
        (replace(KNOWN, weary_level=1), "greet"),
        (replace(KNOWN, weary_level=3, back=True), "back"),
        (replace(KNOWN, weary_level=3, back=True, nobody=True), "tired"),
        (replace(KNOWN, today=True, night=True, holiday=True), "again"),
        (replace(KNOWN, today=True, night=True, holiday=True, nobody=True), "greet"),
        (replace(KNOWN, night=True, holiday=True), "holiday"),
        (Facts(night=True), "night"),
        (Facts(back=True), "back"),
        (Facts(night=True, back=True, nobody=True), "first"),
        (Facts(weary_level=3, expected=True, overdue=True, today=True), "first"),
    ],
)
def test_the_most_particular_thing_that_is_true_is_said(facts: Facts, key: str) -> None:
    assert situation(facts) == key


def test_every_opening_has_words_with_and_without_a_name() -> None:
    fields = ("known", "talked", "today", "back", "expected", "overdue", "night", "holiday", "nobody")
    every = {
        situation(Facts(**dict(zip(fields, told, strict=True)), weary_level=level))
        for told in product((False, True), repeat=len(fields))
        for level in (0, 2)
    }
    assert every == {"first", "greet", "again", "expected", "overdue", "back", "tired", "night", "holiday"}
    for code in _CATALOGUES:
        assert all(len(_CATALOGUES[code][f"{key}{twin}"]) >= 3 for key in every for twin in ("", "_plain"))


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_an_opening_is_short(language: str) -> None:
    """Some four seconds, besides the name: whoever calls wants to speak."""
    for key in ("first", "greet", "again", "expected", "overdue", "back", "tired", "night", "holiday"):
        for turn, formal in product(range(3), (True, False)):
            said = stage(language, name="", turn=turn, formal=formal).say(key, name="").text
            assert len(said) <= 75, said


def test_the_opening_that_is_timed_is_the_longest_it_may_become() -> None:
    here = stage()
    facts = replace(KNOWN, back=True)
    timed = len(longest(here, facts).text)
    for one in (
        facts,
        replace(facts, nobody=True),
        replace(facts, weary_level=3),
        replace(facts, nobody=True, weary_level=3),
    ):
        assert len(here.named(situation(one)).text) <= timed


def test_only_the_beginning_is_said_anew() -> None:
    before, after, other = Say("Buongiorno.", "it-IT"), Say("Buonasera.", "it-IT"), Say("Buongiorno.", "it-IT")
    document = (Ask((before, Quiet(1), other), "/key", 5), other, HangUp())
    assert reopened(document, before, after) == (Ask((after, Quiet(1), other), "/key", 5), other, HangUp())
    assert reopened((before, HangUp()), before, after) == (after, HangUp())


@pytest.mark.parametrize(
    ("at", "key"),
    [
        (datetime(2026, 11, 26, 18, 0, tzinfo=UTC), "closed"),
        (datetime(2026, 11, 26, 21, 0, tzinfo=UTC), "closed_night"),
        (datetime(2026, 11, 26, 4, 59, tzinfo=UTC), "closed_night"),
        (datetime(2026, 11, 26, 5, 0, tzinfo=UTC), "closed"),
        (datetime(2026, 12, 8, 22, 0, tzinfo=UTC), "closed_holiday"),
        (datetime(2026, 12, 9, 9, 0, tzinfo=UTC), "closed"),
    ],
)
def test_a_closed_door_says_why(at: datetime, key: str) -> None:
    assert closed_key(at, HOUSE) == key


def test_night_is_that_of_the_place() -> None:
    at = datetime(2026, 11, 26, 22, 0, tzinfo=UTC)
    assert is_night(at, "Europe/Rome")
    assert not is_night(at, "America/New_York")


def test_a_document_tells_which_of_several_wordings_it_says() -> None:
    here = stage(turn=2)
    document = (Ask((here.named("greet"), here.say("key_callback")), "/key", 5), here.say("bye"))
    assert said_in(document) == {"greet": 2, "bye": 0}


@pytest.mark.anyio
async def test_nobody_hears_the_same_greeting_twice_running(door: Door) -> None:
    """Written down, so it holds whatever else becomes of their calls; and gone with the person."""
    maria = await door.customer("Maria", MARIA)
    async with door.database.write() as conn:
        spoke = {"customer_id": maria, "channel": "voice", "talk_seconds": 60, "outcome": "solved"}
        await conn.execute(
            insert(interactions).values(id="int_1", started_at=door.clock.now() - timedelta(days=3), **spoke)
        )
    await door.agent(activity="talking")
    heard = []
    for n in range(1, 5):
        answer = await door.ring(n)
        async with door.database.read() as conn:
            (kept,) = await conn.scalars(select(wordings.c.variant).where(wordings.c.situation == "greet"))
        assert answer.words.startswith(stage(turn=kept).named("greet").text)
        heard.append(kept)
        await door.send("/twilio/status", door.form(n, CallStatus="completed"))
        await door.clock.advance(120)
    assert len(set(heard[:3])) == 3
    assert heard[3] == heard[0]
    async with door.database.write() as conn:
        await conn.execute(delete(customers).where(customers.c.id == maria))
    async with door.database.read() as conn:
        assert (await conn.execute(select(wordings))).all() == []


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_spoke_with_us_today_or_again_and_again_hears_that_we_know(door: Door) -> None:
    maria = await door.customer("Maria", MARIA)
    await door.agent()
    spoke = {"customer_id": maria, "channel": "voice", "talk_seconds": 60, "topic": "lampada"}
    at = door.clock.now() - timedelta(minutes=20)
    async with door.database.write() as conn:
        await conn.execute(insert(interactions).values(id="int_1", started_at=at, outcome="solved", **spoke))
    again = (await door.ring(1)).words
    assert _opening(again) in _openings("again"), again
    async with door.database.write() as conn:
        for n in (2, 3, 4):
            await conn.execute(
                insert(interactions).values(id=f"int_{n}", started_at=at, outcome="transferred", **spoke)
            )
    await door.send("/twilio/status", door.form(1, CallStatus="completed"))
    await door.clock.advance(120)
    tired = (await door.ring(2)).words
    assert _opening(tired) in _openings("tired"), tired
    assert "lampada" not in tired


def _opening(words: str) -> str:
    return words.partition(" Chiamo")[0].partition(" Le passo")[0]


def _openings(key: str) -> set[str]:
    return {stage(turn=turn).named(key).text for turn in range(3)}


def test_the_page_of_greetings_is_up_to_date() -> None:
    written = (Path(greetings.__file__).parents[1] / "docs" / "greetings.md").read_text(encoding="utf-8")
    assert greetings.page() == written, "python -m ivr.greetings > docs/greetings.md"


def test_the_page_shows_twenty_people_in_every_language_and_many_situations() -> None:
    assert len(greetings.TWENTY) == 20
    assert {one.code for one in greetings.TWENTY} == set(_CATALOGUES)
    assert len({one.only or situation(one.facts) for one in greetings.TWENTY}) >= 12
