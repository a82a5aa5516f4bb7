"""What a webhook works with: the name that may be said, the voice it is said with."""

from __future__ import annotations

from typing import Any

import pytest

from crm.identify import Person
from ivr.turn import spoken_name
from tests.ivr.door import Door


def person(**more: Any) -> Person:
    usual: dict[str, Any] = dict.fromkeys(Person.__slots__) | {"id": "cus_1", "formal": True, "tags": (), "phones": ()}
    return Person(**usual | more)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"called": "Mimma", "name": "Maria Rossi", "title": "dottoressa"}, "Mimma"),
        ({"name": "Maria Rossi"}, "Maria Rossi"),
        ({"name": "Rossi", "title": "dottoressa"}, "dottoressa Rossi"),
        ({"name": "Rossi", "title": "dottoressa", "formal": False}, "Rossi"),
        ({"title": "dottoressa"}, None),
        ({}, None),
        ({"called": "\u200b"}, None),
        ({"name": "\x00\u202e"}, None),
        ({"name": "Wolfeschlegelsteinhausenbergerdorff " * 3}, "Wolfeschlegelsteinhausenbergerdorff"),
    ],
)
def test_the_name_is_the_one_they_like_and_fit_to_be_said(fields: dict[str, Any], name: str | None) -> None:
    assert spoken_name(person(**fields)) == name


def test_nobody_has_no_name() -> None:
    assert spoken_name(None) is None


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_person_is_spoken_to_in_their_language_form_and_zone(door: Door) -> None:
    now = door.clock.now()
    to_friend = door.rooms.speaker(person(formal=False, time_zone="Asia/Tokyo"), "de-CH", 3, now)
    assert (to_friend.language, to_friend.formal, to_friend.zone, to_friend.turn) == ("de-DE", False, "Asia/Tokyo", 3)
    to_nobody = door.rooms.speaker(None, "ja-JP", 0, now)
    assert (to_nobody.language, to_nobody.formal, to_nobody.zone) == ("it-IT", True, "Europe/Rome")


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_address_of_ours_escapes_what_it_carries(door: Door) -> None:
    assert door.rooms.url("/x") == "https://centralino.test/x"
    assert door.rooms.url("/x", a="1 & 2", b="ü") == "https://centralino.test/x?a=1+%26+2&b=%C3%BC"
