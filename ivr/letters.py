"""The words of a text about a promise: what is promised or has become of it, who calls, and where it can be changed.

They name our company and a first name, and never what the call is about: a text lies open on a screen that others see.
Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton, get_timezone_location

from ivr.dialogue import punctual
from ivr.phrases import Speaker
from ivr.segments import fitted

CHOICE_KEYS, CHANGE_KEY = ("5", "6"), "7"  # what a text is answered with: as on the phone
CALL_ME_KEY = "2"  # as on the phone; a digit, since Twilio takes many words for its own
SOLVED_KEY, NOT_SOLVED_KEY = "8", "9"  # others than those a promise is changed with: either may have been asked last
ENDED = frozenset(("text_given_up", "text_cancelled"))  # nothing is left to change
# What is said where nobody in particular calls.
_ANYONE: Mapping[str, str] = {
    "text_promised": "text_promised_anyone",
    "text_reminder": "text_reminder_anyone",
    "text_moved": "text_moved_anyone",
    "text_later": "text_later_anyone",
    "text_at_risk": "text_at_risk_anyone",
    "text_late": "text_late_anyone",
    "text_again": "text_again_anyone",
    "text_taken": "text_taken_anyone",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """`key`: the situation.  Where the promise's `choices` are spoken of, the first holds if nothing is answered."""

    key: str
    promise: Any  # its row: promised_at, window_seconds, kind, choices
    agent: str | None  # who calls, by first name
    link: str
    house_zone: str
    names: Mapping[str, str] = field(default_factory=dict)  # of the agents in `choices`, by id
    was: str | None = None  # who would have called


def compose(speaker: Speaker, letter: Letter) -> str:
    """As it is sent; the speaker's zone is the promise's."""
    key = letter.key
    if key == "text_taken" and letter.was is None:
        key = "text_promised"
    if letter.agent is None:
        key = _ANYONE.get(key, key)
    body = speaker.say(key, **_slots(speaker, letter, key))
    return fitted(body if letter.key in ENDED else f"{body} {speaker.say('text_to_change', link=letter.link)}")


def _slots(speaker: Speaker, letter: Letter, key: str) -> dict[str, str]:
    promise, slots = letter.promise, {"agent": letter.agent or "", "was": letter.was or ""}
    if key in ("text_at_risk", "text_at_risk_anyone", "text_moved_choice", "text_choice_gone"):
        offers = [offered(speaker, promise.choices[n], letter.names, n) for n in range(min(len(promise.choices), 2))]
        said = in_zone(speaker, ", ".join(offers), promise.promised_at, letter.house_zone)
        return slots | {"choices": said, "best": CHOICE_KEYS[0], "time": short_time(speaker, promise.promised_at)}
    if key in ("text_late", "text_late_anyone"):
        return slots | {"estimate": _at_most(speaker, latest(promise))}
    if key == "text_cancelled":
        at = promise.promised_at
        return slots | {"time": in_zone(speaker, speaker.time(at), at, letter.house_zone)}
    return slots | {"time": promised_time(speaker, promise, letter.house_zone)}


def offered(speaker: Speaker, choice: Mapping[str, Any], names: Mapping[str, str], n: int) -> str:
    """`5 for today at 15:10 with Anna`."""
    key, time = CHOICE_KEYS[n], short_time(speaker, datetime.fromisoformat(choice["at"]))
    agent = names.get(choice["agent"])
    if agent is None:
        return speaker.say("text_choice_anyone", key=key, time=time)
    return speaker.say("text_choice", key=key, time=time, agent=agent)


def promised_time(speaker: Speaker, promise: Any, house_zone: str) -> str:
    """When we call: at a time, or as soon as we can, with how late it may become."""
    if promise.kind == "asap" and promise.promised_at <= speaker.now:
        until = latest(promise)
        return speaker.say("text_asap", time=in_zone(speaker, speaker.by(until), until, house_zone))
    at = promise.promised_at
    return in_zone(speaker, punctual(speaker, at, promise.window_seconds), at, house_zone)


def latest(promise: Any) -> datetime:
    until: datetime = promise.promised_at + timedelta(seconds=promise.window_seconds)
    return until


def in_zone(speaker: Speaker, time: str, at: datetime, house_zone: str) -> str:
    """A time said by their clock; where that shows another than ours at `at`, with whose it is."""
    if same_clock(speaker.zone, house_zone, at):
        return time
    return speaker.say("text_zone", time=time, city=city(speaker))


def same_clock(one: str, other: str, at: datetime) -> bool:
    return at.astimezone(ZoneInfo(one)).utcoffset() == at.astimezone(ZoneInfo(other)).utcoffset()


def short_time(speaker: Speaker, at: datetime) -> str:
    """As `Speaker.time`, with a day further off in as few letters as can be read: Thu, 26/11 at 09:00."""
    zone, locale = ZoneInfo(speaker.zone), speaker.language.replace("-", "_")
    local = at.astimezone(zone)
    if local.date() - speaker.now.astimezone(zone).date() <= timedelta(days=1):
        return speaker.time(at)
    day = format_skeleton("MEd", local, locale=locale)
    return speaker.clock(day, local)


def city(speaker: Speaker) -> str:
    """Whose clock is meant: Rome, Roma, Rom."""
    return get_timezone_location(speaker.zone, locale=speaker.language.replace("-", "_"), return_city=True)


def _at_most(speaker: Speaker, until: datetime) -> str:
    minutes = max(math.ceil((until - speaker.now).total_seconds() / 60), 1)
    return speaker.minutes(minutes)
