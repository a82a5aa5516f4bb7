"""What an agent chose and what the system sees: two coupled tables.  Pure.

Availability is chosen (ready, away, offline); activity is observed.  An agent who goes away in the middle of a talk
still owes the wrap-up, so neither table may overwrite the other, save for one event: rings nobody answered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routing.forecast import Talk


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
    BROKEN = "broken"  # the agent's line broke in the middle of a talk, and they did not come back in time


NEXT_ACTIVITY: Mapping[tuple[Activity, Ended], Activity] = {  # a pair not listed leaves the agent as they are
    (Activity.RESERVED, Ended.DECLINED): Activity.IDLE,
    (Activity.RESERVED, Ended.RANG_OUT): Activity.IDLE,
    (Activity.RESERVED, Ended.FAILED): Activity.IDLE,
    (Activity.RESERVED, Ended.NOT_RUNG): Activity.IDLE,
    (Activity.RESERVED, Ended.CALLER_LEFT): Activity.IDLE,
    (Activity.RESERVED, Ended.WITHDRAWN): Activity.IDLE,
    (Activity.RESERVED, Ended.BROKEN): Activity.IDLE,  # nobody owes a wrap-up for a line
    (Activity.TALKING, Ended.TALK_ENDED): Activity.WRAP_UP,
    (Activity.TALKING, Ended.CALLER_LEFT): Activity.IDLE,  # answered, but nobody was there any more
    (Activity.TALKING, Ended.WITHDRAWN): Activity.IDLE,
}
LONGEST_FIRST_NAME = 40  # of what callers hear and read
MISSES = frozenset({Ended.RANG_OUT, Ended.FAILED})  # a decline is an answer, a miss is not
LOAD_MEMORY_SECONDS = 7200.0  # what was longer ago counts for less and less in how busy somebody has been


def load_after(load: float, passed: timedelta, *, busy: bool) -> float:
    """An exponential mean of being busy (1.0) or not (0.0)."""
    kept = math.exp(-max(passed.total_seconds(), 0.0) / LOAD_MEMORY_SECONDS)
    return load * kept + (1.0 - kept if busy else 0.0)


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
    team: str | None = None
    present: bool = True  # on shift, and not absent
    load: float = 0.0  # how busy they have been lately, 0.0 to 1.0, at `since_at`
    wanted_an_hour: float = 0.0  # callers who know them, while they are here
    talk: Talk | None = None  # how long their present talk, or their next one, may take
    promised_at: datetime | None = None  # when the next promise they made comes due

    @property
    def ready(self) -> bool:
        return self.present and self.availability is Availability.READY and self.activity is Activity.IDLE

    def load_at(self, now: datetime) -> float:
        """How busy they have been lately, with what they have been doing since."""
        return load_after(self.load, now - self.since_at, busy=self.activity is not Activity.IDLE)

    @property
    def first_name(self) -> str:
        return self.name.split()[0][:LONGEST_FIRST_NAME] if self.name.split() else self.name

    def speaks(self, language: str) -> bool:
        """By the language alone: a caller in Swiss German is understood by one who speaks German."""
        return any(spoken.split("-")[0].lower() == language.split("-")[0].lower() for spoken in self.languages)

    def able(self, skills: Mapping[str, int]) -> bool:
        return all(self.skills.get(skill, 0) >= level for skill, level in skills.items())
