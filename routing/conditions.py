"""What a rule may ask of a moment: `when` as the managers write it.  A value; `routing.rules` holds it against a call.

A condition is an object with exactly one key, which says its kind.  In `caller` and `floor` all that is written must
hold together; what is left out is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator

from api.fields import WHOLE, Body, Language, Word, whole_number
from routing.hours import BadHours, read_hours

# Each call asks every rule: levels of conditions inside conditions, conditions in one list, and in all, of one rule.
DEEPEST, LONGEST_LIST, MOST = 8, 30, 100
LONGEST_HOURS = 1000
_PARSED_UNTIL = re.compile(r"--> 1:(\d+)")
ONE_KIND = (
    "A condition is an object with exactly one of: all, any, not, caller, line, hours, floor, "
    "waiting_at_least, waited_at_least_seconds."
)

HoursText = Annotated[str, Field(min_length=1, max_length=LONGEST_HOURS)]
Many = Annotated[int, Field(ge=0, le=100_000), WHOLE]


def readable_hours(text: str | None) -> str | None:
    """Raises ValueError, in words for whoever wrote them."""
    try:
        if text is not None:
            read_hours(text, "UTC")
    except BadHours as error:
        stopped = _PARSED_UNTIL.search(str(error))
        where = f", from character {stopped[1]} on" if stopped else ""
        raise ValueError(f"Not understood as opening hours{where}; Mo-Fr 09:00-17:00 would be.") from None
    return text


class Part(Body):
    """A piece of the plan: unchangeable, and written with the names it is read with."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    _whole = field_validator("*", mode="before")(whole_number)


class CallerIs(Part):
    known: bool | None = Field(None, description="whether we know who is calling")
    tag: Word | None = Field(None, description="one of the customer's tags")
    language: Language | None = Field(None, description="the language they are spoken to in; de is also de-CH")
    weary_level_at_least: Annotated[int, Field(ge=1, le=3), WHOLE] | None = Field(
        None, description="how tired of us they must be: 1 a little, 3 very"
    )
    open_matter: bool | None = Field(None, description="whether a matter of theirs is open")
    preferred_agent: bool | None = Field(None, description="whether they have chosen an agent of their own")
    calls_lately_at_least: Annotated[int, Field(ge=1, le=1000), WHOLE] | None = Field(
        None, description="conversations in the last seven days"
    )


class FloorIs(Part):
    ready_at_most: Many | None = Field(None, description="agents who are ready and idle")
    ready_at_least: Many | None = Field(None, description="agents who are ready and idle")


class All(Part):
    all: list[Condition] = Field(min_length=1, max_length=LONGEST_LIST, description="every one of these holds")


class AnyOf(Part):
    any: list[Condition] = Field(min_length=1, max_length=LONGEST_LIST, description="at least one of these holds")


class Not(Part):
    not_: Condition = Field(alias="not", description="this does not hold")


class ByCaller(Part):
    caller: CallerIs = Field(description="who is calling")


class ByLine(Part):
    line: Word = Field(description="our number in E.164 that was called")


class ByHours(Part):
    hours: HoursText = Field(description="opening-hours text in the house's zone: Mo-Fr 12:00-14:00")

    _hours = field_validator("hours")(readable_hours)


class ByFloor(Part):
    floor: FloorIs = Field(description="who is there to answer")


class ByWaiting(Part):
    waiting_at_least: Many = Field(description="callers who are waiting now, this one not counted")


class ByWaited(Part):
    waited_at_least_seconds: Annotated[int, Field(ge=0, le=7200), WHOLE] = Field(description="by this caller")


_KINDS = frozenset(
    ("all", "any", "not", "caller", "line", "hours", "floor", "waiting_at_least", "waited_at_least_seconds")
)


def _kind(written: Any) -> str | None:
    """The one key of a condition as a tag, in parentheses: those are left out of the place that a refusal names."""
    keys = list(written if isinstance(written, dict) else getattr(type(written), "model_fields", ()))
    kind = keys[0] if len(keys) == 1 else None
    kind = "not" if kind == "not_" else kind
    return f"({kind})" if isinstance(kind, str) and kind in _KINDS else None


Condition = Annotated[
    Annotated[All, Tag("(all)")]
    | Annotated[AnyOf, Tag("(any)")]
    | Annotated[Not, Tag("(not)")]
    | Annotated[ByCaller, Tag("(caller)")]
    | Annotated[ByLine, Tag("(line)")]
    | Annotated[ByHours, Tag("(hours)")]
    | Annotated[ByFloor, Tag("(floor)")]
    | Annotated[ByWaiting, Tag("(waiting_at_least)")]
    | Annotated[ByWaited, Tag("(waited_at_least_seconds)")],
    Discriminator(_kind, custom_error_type="condition", custom_error_message=ONE_KIND),
]
All.model_rebuild()
AnyOf.model_rebuild()
Not.model_rebuild()


def inside(condition: Condition) -> Iterator[tuple[str, Condition]]:
    """This condition and all within it, each with its place from here."""
    yield "", condition
    match condition:
        case All():
            inner = [(f".all[{n}]", one) for n, one in enumerate(condition.all)]
        case AnyOf():
            inner = [(f".any[{n}]", one) for n, one in enumerate(condition.any)]
        case Not():
            inner = [(".not", condition.not_)]
        case _:
            inner = []
    for place, one in inner:
        for further, found in inside(one):
            yield place + further, found


def bounded(written: Any) -> Any:
    """Before anything is read: a condition of endless depth or size would cost every call.  Raises ValueError."""
    level, count = [written], 0
    for _ in range(DEEPEST):
        deeper: list[Any] = []
        for one in level:
            count += 1
            if isinstance(one, dict):
                for kind in ("all", "any"):
                    many = one.get(kind)
                    deeper += many if isinstance(many, list) else []
                if "not" in one:
                    deeper.append(one["not"])
        if count + len(deeper) > MOST:
            raise ValueError(f"A rule has at most {MOST} conditions.")
        if not deeper:
            return written
        level = deeper
    raise ValueError(f"Conditions lie at most {DEEPEST} deep inside one another.")
