"""The catalogues: the same in every language, without what no caller wants to hear."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ivr import catalogue
from ivr.breaths import PRESS
from ivr.catalogue import LANGUAGES, ONE, slots
from ivr.phrases import _CATALOGUES
from tests.ivr.speaking import EVERY_LANGUAGE, speaker

ROOMS = [Path(__file__).parents[2] / room for room in ("ivr", "callbacks")]  # the keeper names texts by their key
ITALIAN = _CATALOGUES["it"]


def resolved(wording: str) -> tuple[str, str]:
    """The wording for somebody addressed formally, and for a friend."""
    return catalogue.resolved(wording, formal=True, gender=None), catalogue.resolved(wording, formal=False, gender=None)


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_words_for_the_same_situations(code: str) -> None:
    assert set(_CATALOGUES[code]) == set(ITALIAN)
    assert all(wordings and all(wordings) for wordings in _CATALOGUES[code].values())


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_wording_says_the_same_facts(code: str) -> None:
    """A slot that one language forgets is a name or a time that its callers never hear."""
    for key, wordings in ITALIAN.items():
        for wording in (*wordings, *_CATALOGUES[code][key]):
            assert slots(wording) == slots(wordings[0]), key


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_formal_and_familiar_form_is_closed(code: str) -> None:
    for key, wordings in _CATALOGUES[code].items():
        for wording in wordings:
            for said in resolved(wording):
                assert not set("[]<>|") & set(said), key


@pytest.mark.parametrize("code", LANGUAGES)
def test_whoever_is_a_friend_is_not_addressed_formally(code: str) -> None:
    formal = {"de": r"\b(Sie|Ihnen|Ihre?n?)\b", "fr": r"\b(vous|votre|vos)\b", "es": r"\b(usted|su)\b"}.get(code)
    to_agents = ("agent_", "safe_plain", "safe_message", "thanks_plain")  # colleagues, and people without a record
    for key, wordings in _CATALOGUES[code].items():
        if formal is None or key.startswith(to_agents):
            continue
        for wording in wordings:
            assert not re.search(formal, resolved(wording)[1]), (key, resolved(wording)[1])


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_key_is_announced_right_after_its_verb(code: str) -> None:
    """`prema 2`, `press two`: a digit or the slot of one stands nowhere else."""
    key_alone = re.compile(r"\{key\}|(?<!\{)\b[1-9]\b(?! (?:minut|Minute))")
    announced = re.compile(rf"\b{PRESS[code]} (?:\{{key\}}|[1-9])", re.IGNORECASE)
    for key, wordings in _CATALOGUES[code].items():
        for wording in wordings if not key.startswith("text_") else ():  # which are written
            for said in resolved(wording):
                assert len(key_alone.findall(said)) == len(announced.findall(said)), (key, said)


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_key_announces_itself(code: str) -> None:
    numbered = {"key_teammate": 1, "key_callback_at": 2, "key_callback": 2, "key_message": 3, "key_wait": 4}
    numbered |= {"key_more": 1, "key_mine": 4, "more_when": 6, "more_number": 7, "number_right": 5, "number_again": 6}
    for key, digit in numbered.items():
        for wording in _CATALOGUES[code][key]:
            for said in resolved(wording):
                assert re.match(rf"{PRESS[code]} {digit}\b", said, re.IGNORECASE), (key, said)


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
@pytest.mark.parametrize("formal", [True, False])
def test_every_phrase_can_be_said(language: str, formal: bool) -> None:
    for key, wordings in ITALIAN.items():
        given = dict.fromkeys(slots(wordings[0]) - {"company", "hello"}, "X")
        for turn in range(3):
            said = speaker(language, formal=formal, turn=turn).say(key, **given)
            assert not set("[]<>|{}") & set(said), key
            assert said == " ".join(said.split()), key


def _said_in_code() -> set[str]:
    """Every text constant in the code, with the endings that are put together there."""
    found: set[str] = set()
    about_words = ("lint.py", "greetings.py", "samples.py")  # which say nothing to anybody
    for file in (file for room in ROOMS for file in room.glob("*.py") if file.name not in about_words):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found | {f"{word}_plain" for word in found}


def test_no_word_is_in_the_catalogue_that_nobody_says() -> None:
    assert {key.removesuffix(ONE) for key in ITALIAN} - _said_in_code() == set()
