"""Two records side by side, and a name that is typed to erase one: what is equal, what differs, what comes of it."""

from __future__ import annotations

from typing import Any

from desk.customers.doubles import FIELDS, compared
from desk.customers.erasing import same

LISTS = ("phones", "addresses", "stand_ins", "tags")
BLANK: dict[str, Any] = {name: [] if name in LISTS else None for name in (*FIELDS, "given", "surname", "photo_url")}


def row(name: str, one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    found = compared(name, BLANK | one, BLANK | other)
    assert found is not None
    return found


def test_what_neither_says_is_no_row() -> None:
    assert compared("title", BLANK, BLANK) is None


def test_a_difference_is_one_of_meaning() -> None:
    assert not row("called", {"called": "Maria"}, {"called": " maria"})["differ"]
    assert row("called", {"called": "Maria"}, {"called": "Mari"})["differ"]
    assert not row("called", {"called": "Maria"}, {})["differ"]


def test_what_comes_of_it_is_told_for_either_that_stays() -> None:
    one = {"phones": ["+391"], "tags": ["vip"], "notes": "Likes lamps.", "external_id": "a", "style": "brief"}
    other = {"phones": ["+392", "+391"], "tags": ["lamps"], "notes": "Has cats.", "external_id": "b"}
    assert row("phones", one, other)["results"] == (["+391", "+392"], ["+392", "+391"])
    assert row("notes", one, other)["results"] == ("Likes lamps.\n\nHas cats.", "Has cats.\n\nLikes lamps.")
    assert row("tags", one, other)["results"] == (["vip", "lamps"], ["lamps", "vip"])
    assert row("external_id", one, other)["results"] == ("a", "b")
    assert row("style", one, other)["results"] == ("brief", "brief")


def test_a_name_is_the_same_however_its_accents_are_typed() -> None:
    assert same("e\u0301lodie  martin", "Élodie Martin")
    assert not same("Elodie Martin", "Élodie Martin")
    assert not same("", "Maria")
