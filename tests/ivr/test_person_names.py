"""How people are addressed: the name they like, the parts that are known, and nothing that is guessed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.document import Say
from ivr.person_names import Invented, addressed, pronounceable, respelling, sounds
from ivr.phrases import LONGEST_NAME
from ivr.written_names import Written, as_said
from tests.ivr.speaking import EVERY_LANGUAGE, parsed

DATA = Path(__file__).parent.parent / "data"
AWKWARD = [
    *json.loads((DATA / "awkward_names.json").read_text()),
    *json.loads((DATA / "naughty_strings.json").read_text()),
]
ROSSI: dict[str, Any] = {"name": "Maria Rossi", "given": "Maria", "surname": "Rossi"}


@pytest.mark.parametrize(
    ("fields", "language", "name"),
    [
        ({"called": "Mimma", "title": "dottoressa", "gender": "feminine"}, "it-IT", "Mimma"),
        ({"gender": "feminine"}, "it-IT", "signora Rossi"),
        ({"gender": "masculine"}, "it-IT", "signor Rossi"),
        ({"gender": "feminine"}, "en-GB", "Ms Rossi"),
        ({"gender": "masculine"}, "en-US", "Mr Rossi"),
        ({"gender": "feminine"}, "de-AT", "Frau Rossi"),
        ({"gender": "masculine"}, "de-DE", "Herr Rossi"),
        ({"gender": "feminine"}, "fr-FR", "Madame Rossi"),
        ({"gender": "masculine"}, "fr-CA", "Monsieur Rossi"),
        ({"gender": "feminine"}, "es-ES", "señora Rossi"),
        ({"gender": "masculine"}, "es-MX", "señor Rossi"),
        ({}, "it-IT", "Maria Rossi"),
        ({"title": "dottoressa", "gender": "feminine"}, "it-IT", "dottoressa Rossi"),
        ({"title": "Dr.", "gender": "feminine"}, "de-DE", "Frau Dr. Rossi"),
        ({"title": "Dr."}, "de-DE", "Dr. Rossi"),
        ({"title": "Frau Dr.", "gender": "feminine"}, "de-DE", "Frau Dr. Rossi"),
        ({"title": "Mrs", "gender": "feminine"}, "en-GB", "Mrs Rossi"),
        ({"title": "Mme", "gender": "feminine"}, "fr-FR", "Mme Rossi"),
        ({"title": "Dr", "gender": "masculine"}, "en-GB", "Dr Rossi"),
        ({"title": "Sir"}, "en-GB", "Sir Maria"),
        ({"title": "doña", "gender": "feminine"}, "es-ES", "doña Maria"),
        ({"formal": False, "title": "Dr.", "gender": "feminine"}, "de-DE", "Maria"),
        ({"given": None, "surname": None, "title": "dottoressa"}, "it-IT", "dottoressa Maria Rossi"),
        ({"given": None, "surname": None, "gender": "feminine"}, "it-IT", "Maria Rossi"),
        ({"given": None, "surname": None, "formal": False}, "it-IT", "Maria"),
        ({"name": "Rossi, Maria", "given": None, "surname": None}, "it-IT", "Maria Rossi"),
        ({"name": "Rossi, Maria", "given": None, "surname": None, "formal": False}, "it-IT", "Maria"),
        ({"name": "Nagy, János", "surname": None, "language": "hu"}, "it-IT", "Nagy János"),
        ({"name": "Dr. Anna Müller", "surname": None, "title": "Dr."}, "de-DE", "Dr. Anna Müller"),
        ({"given": "MARIA", "surname": "ROSSI", "formal": False}, "it-IT", "Maria"),
        ({"surname": "ROSSI (moglie)", "gender": "feminine"}, "it-IT", "signora Rossi"),
        ({"called": "“Mimma”."}, "it-IT", "Mimma"),
        ({"name": None}, "it-IT", "Maria Rossi"),
        ({"name": None, "surname": None}, "it-IT", "Maria"),
        ({"name": None, "language": "hu-HU"}, "it-IT", "Rossi Maria"),
        ({"name": None, "given": "太郎", "surname": "山田"}, "en-GB", "山田太郎"),
        ({"name": None, "given": "민준", "surname": "김"}, "de-DE", "김민준"),
        ({"name": None, "given": "Van An", "surname": "Nguyen", "language": "vi"}, "fr-FR", "Nguyen Van An"),
        ({"name": None, "given": "\u200b", "surname": None}, "it-IT", None),
    ],
)  # fmt: skip
def test_a_person_is_addressed_as_their_language_and_their_profile_ask(
    fields: dict[str, Any], language: str, name: str | None
) -> None:
    assert addressed(Invented(**(ROSSI | fields)), language) == name


@pytest.mark.parametrize(
    ("written", "whole", "given"),
    [
        ("Rossi, Maria", "Maria Rossi", "Maria"),
        ("De Luca, Anna Maria", "Anna Maria De Luca", "Anna Maria"),
        ("John Jones (Google Docs), Jr. (Unknown)", "John Jones", "John"),
        ("Doe, Dr. John A. Jr..", "Dr. John Doe", "John"),
        ("Dr. John P. Doe-Ray, CLU, CFP, LUTC", "Dr. John Doe-Ray", "John"),
        ("von bergen wessels MD, pennie III", "pennie von bergen wessels", "pennie"),
        ("Smith, J.R.", "J.R Smith", "J.R"),
        ("RONALD MACDONALD", "Ronald Macdonald", "Ronald"),
        ("ROSSI MARIA", "Rossi Maria", "Maria"),
        ("BIANCONI ZELMIRA", "Bianconi Zelmira", None),
        ("O'NEILL, SEAN", "Sean O'Neill", "Sean"),
        ('Giovanni "Gianni" Rossi', "Giovanni Rossi", "Giovanni"),
        ("'Maria'", "Maria", "Maria"),
        ("Maria Rossi - cliente difficile", "Maria Rossi", "Maria"),
        ("Maria Rossi 333 1234567", "Maria Rossi", "Maria"),
        ("Cliente moroso", None, None),
        ("n/a", None, None),
        ("Wolf von Bergen", "Wolf von Bergen", "Wolf"),
        ("Anna De Luca", "Anna De Luca", "Anna"),
        ("van der Berg", "van der Berg", None),
        ("Sig. Rossi", "Sig. Rossi", None),
        ("Ditta Rossi S.r.l.", "Ditta Rossi S.r.l", None),
        ("Maria & Paolo", "Maria & Paolo", None),
        ("A.B. Vajpayee", "A.B. Vajpayee", None),
        ("Nguyễn Văn A", "Nguyễn Văn A", None),
        ("Mari' Aube'", "Mari' Aube'", "Mari'"),
        ("4 U", "4 U", None),
    ],
)
def test_a_name_as_it_was_written_is_made_fit_to_be_said(written: str, whole: str | None, given: str | None) -> None:
    assert as_said(written) == Written(whole, given)


def test_nobody_hears_two_points_a_bracket_a_comma_or_a_rank_behind_their_name() -> None:
    for written in json.loads((DATA / "awkward_names.json").read_text()):
        for formal in (True, False):
            name = addressed(Invented(name=written, formal=formal), "en-GB") or ""
            assert not re.search(r"""[()",;]|\.$|\.\.|\b(?:Jr|III|MD|CLU)\b""", name), (written, name)


def test_a_title_is_left_away_sooner_than_the_name_is_cut() -> None:
    person = Invented(name="Wolfeschlegelsteinhausenbergerdorff", title="Wirklicher Geheimer Rat")
    assert addressed(person, "de-DE") == "Wolfeschlegelsteinhausenbergerdorff"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("∫≜⩕ Smith 😊", "Smith"),
        ("🎈", None),
        ("...", None),
        ("-", None),
        ("Mari' Aube'", "Mari' Aube'"),
        ("4 U", "4 U"),
    ],
)
def test_what_has_no_sound_is_not_said(written: str, said: str | None) -> None:
    assert pronounceable(written) == said


@pytest.mark.parametrize("part", ["name", "called", "given", "surname", "title"])
def test_every_awkward_name_is_said_or_left_away_in_every_language(part: str) -> None:
    for written in AWKWARD:
        for language in EVERY_LANGUAGE:
            for formal in (True, False):
                person = Invented(**(ROSSI | {"gender": "feminine", "formal": formal, part: written}))
                name = addressed(person, language)
                assert name, written
                assert len(name) <= LONGEST_NAME
                assert name == " ".join(name.split())
    everybody = tuple(Say(addressed(Invented(name=n, say=n), "it-IT") or "-", "it-IT", ((n, n),)) for n in AWKWARD)
    assert len(parsed(everybody)) == len(AWKWARD)


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_a_profile_holds_nothing_breaks(one: str, other: str) -> None:
    person = Invented(name=one, title=other, given=other, surname=one, gender="feminine", say=other)
    name = addressed(person, "de-DE")
    assert name is None or pronounceable(name) == name
    if (found := respelling(person, name)) is not None:
        parsed((Say(f"Hallo, {name}!", "de-DE", (found,)),))


@pytest.mark.parametrize(
    ("fields", "spoken", "found"),
    [
        ({"called": "Maria", "say": "ma-RI-a"}, "Maria", ("Maria", "ma-RI-a")),
        ({"say": "ma-RI-a ROS-si"}, "Maria Rossi", ("Maria Rossi", "ma-RI-a ROS-si")),
        ({"say": "ma-RI-a ROS-si"}, "dottoressa Maria Rossi", ("Maria Rossi", "ma-RI-a ROS-si")),
        ({"say": "ma-RI-a ROS-si"}, "dottoressa Rossi", ("Rossi", "ROS-si")),
        ({"say": "/maˈriːa ˈrossi/"}, "signora Rossi", ("Rossi", "/ˈrossi/")),
        ({"say": "ma-RI-a"}, "Maria", ("Maria", "ma-RI-a")),
        ({"say": "ma-RI-a"}, "signora Rossi", None),
        ({"say": "  "}, "Maria", None),
        ({"say": "ma-RI-a"}, None, None),
    ],
)
def test_only_what_is_spoken_is_respelt(fields: dict[str, Any], spoken: str | None, found: object) -> None:
    assert respelling(Invented(**(ROSSI | fields)), spoken) == found


def test_sounds_are_told_from_letters() -> None:
    assert [sounds(say) for say in ("/maˈriːa/", " [ˈrossi] ", "ma-RI-a", "//", "/a1/", "(a)")] == [
        "maˈriːa", "ˈrossi", None, None, None, None,
    ]  # fmt: skip
