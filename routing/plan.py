"""The managers' rules as a value.  Every figure that weighs one thing against another is seconds of waiting.  Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, field_validator

from api.fields import WHOLE, Body, Language, whole_number
from routing.hours import read_hours

Seconds = Annotated[int, Field(ge=0, le=7200)]


def _readable_hours(text: str | None) -> str | None:
    if text is not None:
        read_hours(text, "UTC")
    return text


class _Part(Body):
    model_config = ConfigDict(frozen=True)

    _whole = field_validator("*", mode="before")(whole_number)


class Line(_Part):
    """What holds for callers of one of our numbers; a field left out means: as for every line."""

    name: str | None = None
    hours: str | None = None
    language: Language | None = None
    skills: dict[str, Annotated[int, WHOLE]] = Field(
        default_factory=dict, description="skill -> lowest level that will do"
    )

    _hours = field_validator("hours")(_readable_hours)


class Worth(_Part):
    """How many seconds of waiting it is worth to have this agent rather than a stranger."""

    preferred_seconds: Seconds = 120
    case_owner_seconds: Seconds = 90
    familiar_seconds: Seconds = Field(60, description="for an agent who knows them as well as can be; less for less")


class Plan(_Part):
    """The plan that is there without anybody having written one is `Plan()`."""

    hours: str = "Mo-Fr 09:00-18:00; PH off"
    lines: dict[str, Line] = Field(default_factory=dict, description="our number in E.164 -> what is special there")
    worth: Worth = Worth()
    ring_seconds: int = Field(20, ge=5, le=120)
    wrap_up_seconds: Seconds = 30
    wait_unasked_seconds: Seconds = Field(30, description="a familiar agent is waited for unasked if free within this")
    offer_after_seconds: int = Field(20, ge=0, le=60, description="a choice is offered after at most this much waiting")
    misses_until_away: int = Field(2, ge=1, le=10)
    talk_seconds: int = Field(240, ge=30, le=7200, description="length of a talk where there is no past to learn from")
    callback_window_seconds: int = Field(300, ge=60, le=3600)
    callback_attempts: int = Field(3, ge=1, le=10)
    callback_retry_minutes: int = Field(15, ge=1, le=1440)

    _hours = field_validator("hours")(_readable_hours)

    def line(self, number: str) -> Line:
        return self.lines.get(number, _PLAIN_LINE)

    def hours_of(self, number: str) -> str:
        return self.line(number).hours or self.hours


_PLAIN_LINE = Line()
