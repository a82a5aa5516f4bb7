"""People who share a number: only those are asked for who can be named, and by names that tell them apart."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from crm.identify import Household, Known, Person, Unknown
from ivr.household import names, told_apart

NUMBER = "+393335552221"


def person(called: str | None, name: str | None = None, **more: Any) -> Person:
    empty: dict[str, Any] = dict.fromkeys(field.name for field in fields(Person))
    known = {"id": f"{called} {name}", "called": called, "name": name, "formal": True, "tags": (), "phones": ()}
    return Person(**empty | known | {"language": "it-IT", "addresses": (), "stand_ins": ()} | more)


RITA, PAOLO, NOBODY = person("Rita", "Rita Neri"), person("Paolo", "Paolo Neri"), person(None)
ROSSI, BIANCHI = person("Maria", "Maria Rossi", surname="Rossi"), person("Maria", "Maria Bianchi")


@pytest.mark.parametrize(
    ("people", "found"),
    [
        ((RITA, NOBODY), Known(RITA)),
        ((NOBODY, RITA, NOBODY, PAOLO), Household((RITA, PAOLO))),
        ((NOBODY, NOBODY), Unknown(NUMBER)),
        ((ROSSI, BIANCHI), Household((ROSSI, BIANCHI))),
        ((ROSSI, RITA, person("Maria", "Maria Rossi")), Unknown(NUMBER)),
    ],
)
def test_nobody_is_asked_for_who_cannot_be_named(people: tuple[Person, ...], found: object) -> None:
    assert told_apart(Household(people), NUMBER) == found


def test_the_surname_is_said_of_those_alone_who_like_to_be_called_the_same() -> None:
    assert names((ROSSI, BIANCHI, PAOLO)) == ["Maria Rossi", "Maria Bianchi", "Paolo"]
