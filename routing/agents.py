"""What an agent chose and what the system sees: two coupled tables.  Pure.

Availability is chosen (ready, away, offline); activity is observed.  An agent who goes away in the middle of a talk
still owes the wrap-up, so neither table may overwrite the other, save for one event: rings nobody answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Availability(StrEnum):
    READY = "ready"
    AWAY = "away"
    OFFLINE = "offline"


class Activity(StrEnum):
    IDLE = "idle"
    RESERVED = "reserved"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class Ended(StrEnum):
    """Why a reservation ended."""

    DECLINED = "declined"  # the agent said no, or was busy on another phone
    RANG_OUT = "rang_out"  # RONA
    FAILED = "failed"  # the agent's phone could not be reached
    NOT_RUNG = "not_rung"  # the carrier could not be asked, or did not say: nothing against the agent
    CALLER_LEFT = "caller_left"
    WITHDRAWN = "withdrawn"  # we took it back
    TALK_ENDED = "talk_ended"


NEXT_ACTIVITY: Mapping[tuple[Activity, Ended], Activity] = {  # a pair not listed leaves the agent as they are
    (Activity.RESERVED, Ended.DECLINED): Activity.IDLE,
    (Activity.RESERVED, Ended.RANG_OUT): Activity.IDLE,
    (Activity.RESERVED, Ended.FAILED): Activity.IDLE,
    (Activity.RESERVED, Ended.NOT_RUNG): Activity.IDLE,
    (Activity.RESERVED, Ended.CALLER_LEFT): Activity.IDLE,
    (Activity.RESERVED, Ended.WITHDRAWN): Activity.IDLE,
    (Activity.TALKING, Ended.TALK_ENDED): Activity.WRAP_UP,
    (Activity.TALKING, Ended.CALLER_LEFT): Activity.IDLE,  # answered, but nobody was there any more
    (Activity.TALKING, Ended.WITHDRAWN): Activity.IDLE,
}
LONGEST_FIRST_NAME = 40  # of what callers hear and read
MISSES = frozenset({Ended.RANG_OUT, Ended.FAILED})  # a decline is an answer, a miss is not


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as the floor sees them at one instant."""

    id: str
    name: str
    address: str
    languages: tuple[str, ...]
    skills: Mapping[str, int]
    stand_in: str | None
    hours: str | None
    availability: Availability
    activity: Activity
    since_at: datetime
    wrap_up_until: datetime | None
    misses: int

    @property
    def ready(self) -> bool:
        return self.availability is Availability.READY and self.activity is Activity.IDLE

    @property
    def first_name(self) -> str:
        return self.name.split()[0][:LONGEST_FIRST_NAME] if self.name.split() else self.name

    def speaks(self, language: str) -> bool:
        """By the language alone: a caller in Swiss German is understood by one who speaks German."""
        return any(spoken.split("-")[0].lower() == language.split("-")[0].lower() for spoken in self.languages)

    def able(self, skills: Mapping[str, int]) -> bool:
        return all(self.skills.get(skill, 0) >= level for skill, level in skills.items())
