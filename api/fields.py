"""The words the API's bodies are made of: strict, storable in both databases, and told apart by name.

A body is refused, never bent: an unknown field, a number sent as text, a text that cannot be stored.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Generic, TypeVar
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    field_validator,
)

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_BCP_47 = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,6}$"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_CLOCK_TO_CLOCK = rf"^{_CLOCK}-{_CLOCK}$"
_EMAIL = r"^[^@\s]+@[^@\s]+$"
_WEB = r"^https?://[^\s\x85]+$"
_NOT_BLANK = r"\S"
WANTED = {  # by pattern: what to tell those who wrote something else
    _BCP_47: "A language is written as it-IT or en-GB.",
    _CLOCK_TO_CLOCK: "A time of quiet is written as 21:00-09:00.",
    _EMAIL: "This is not an e-mail address.",
    _WEB: "A web address begins with https:// or http:// and has no blanks.",
    _NOT_BLANK: "This may not be blank.",
}
FIRST_YEAR, LAST_YEAR = 1900, 2200
LARGEST_INTEGER = 2**31 - 1


class Body(BaseModel):
    """What a client sends.  Sub-class it: unknown fields, wrong types and unstorable texts are then refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*", mode="after")
    @classmethod
    def _must_be_storable(cls, value: Any) -> Any:
        check_storable(value)
        return value


class Shown(BaseModel):
    """What the server answers: every field is always there."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


Item = TypeVar("Item")


class Listing(Shown, Generic[Item]):
    """One page of many; `next` is the cursor of the following one, null on the last."""

    items: list[Item]
    next: str | None


def check_storable(value: Any) -> None:
    """Raises ValueError for NUL, which PostgreSQL cannot keep, and for what is not Unicode, at any depth."""
    match value:
        case str():
            if "\x00" in value:
                raise ValueError("A text may not contain the NUL character.")
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise ValueError("This text cannot be stored: it is not valid Unicode.") from None
        case dict():
            for key, inner in value.items():
                check_storable(key)
                check_storable(inner)
        case list():
            for inner in value:
                check_storable(inner)


def parse_moment(value: object) -> datetime:
    """RFC 3339 with an offset, as an instant in UTC.  Raises ValueError: a time without offset would be a guess."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("An instant is written with date, time and offset, as in 2026-03-02T10:00:00+01:00.")
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such date and time.") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"An instant lies between the years {FIRST_YEAR} and {LAST_YEAR}.")
    return moment


def canonical_language(tag: str) -> str:
    """`IT_it` is `it-IT`, `zh-hant-tw` is `zh-Hant-TW` (RFC 5646, section 2.1.1)."""
    first, *rest = tag.replace("_", "-").split("-")
    parts = [first.lower()]
    for part in rest:
        if len(part) == 2 and len(parts[-1]) > 1:
            parts.append(part.upper())
        elif len(part) == 4 and part.isalpha() and len(parts[-1]) > 1:
            parts.append(part.title())
        else:
            parts.append(part.lower())
    return "-".join(parts)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("There is no such time zone; an IANA name such as Europe/Rome is wanted.")
    return name


def whole_number(value: object) -> object:
    """JSON does not tell 312 from 312.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Moment = Annotated[datetime, BeforeValidator(parse_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Language = Annotated[str, StringConstraints(pattern=_BCP_47, max_length=60), AfterValidator(canonical_language)]
Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
QuietHours = Annotated[str, StringConstraints(pattern=_CLOCK_TO_CLOCK, max_length=11)]
Email = Annotated[str, StringConstraints(pattern=_EMAIL, max_length=320)]
WebAddress = Annotated[str, StringConstraints(pattern=_WEB, max_length=2048)]
Name = Annotated[str, StringConstraints(pattern=_NOT_BLANK, max_length=20_000)]  # of somebody who must have one
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Ref = Annotated[str, StringConstraints(min_length=1, max_length=200)]  # an id of ours or an external id
Line = Annotated[str, StringConstraints(max_length=20_000)]  # names are long in places; a column holds them all
Prose = Annotated[str, StringConstraints(max_length=100_000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
WHOLE = BeforeValidator(whole_number)  # the last of an integer's annotations, or its bounds are not in the document
Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER), WHOLE]
