"""The list's rows in words: what many agents have in common is said once, for there may be hundreds of them.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.agents.known import presence_of
from desk.agents.listing import Beside, shift
from desk.formats import Formats
from desk.softphone.presence import told_reason
from desk.words import Words
from routing.house import House

KINDS = {"ready": "good", "talking": "warn", "reserved": "warn", "wrap_up": "calm"}


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    name: str
    photo_url: str | None
    where: str  # team and telephone
    presence: str
    present: str  # the same in words
    kind: str  # of its badge
    reason: str | None
    lately: str  # on shift, and how the last hours were
    languages: str
    skills: str
    promises: str
    absence: str
    stand_in: str
    sign_in: str


class Telling:
    """One list for one reader."""

    def __init__(self, words: Words, formats: Formats, house: House, now: datetime) -> None:
        self._words, self._formats, self._house, self._now = words, formats, house, now
        self._shifts: dict[str | None, str] = {None: words("whenever we are open")}
        self._languages: dict[str, str] = {}
        self._present = {
            "ready": words("Ready"),
            "reserved": words("Being rung"),
            "talking": words("In a conversation"),
            "wrap_up": words("Writing up"),
            "away": words("Away"),
            "offline": words("Not here"),
        }
        self._loads = {
            "quiet": words("a quiet time"),
            "steady": words("a steady time"),
            "busy": words("a busy time"),
        }

    def row(self, agent: Mapping[str, Any], beside: Beside, names: Mapping[str, str]) -> Row:
        words, presence = self._words, presence_of(agent["availability"], agent["activity"])
        stand_in = names.get(agent["stand_in"] or "")
        lost = beside.sign_in == "none" and agent["address"].startswith("client:")
        return Row(
            id=agent["id"],
            name=agent["name"],
            photo_url=agent["photo_url"],
            where=" · ".join(filter(None, (agent["team"], self._address(agent["address"])))),
            presence=presence,
            present=self._present[presence],
            kind=KINDS.get(presence, "plain"),
            reason=told_reason(agent["reason"], words) if presence == "away" else None,
            lately=" · ".join(filter(None, (self._shift(agent["hours"]), self._loads.get(beside.load or "")))),
            languages=", ".join(self._language(tag) for tag in agent["languages"]),
            skills=self._skills(agent["skills"]),
            promises=self._promises(beside),
            absence=self._absence(beside),
            stand_in=words("stand-in: %(name)s", name=stand_in) if stand_in else "",
            sign_in=words("cannot sign in yet") if lost else "",
        )

    def _address(self, address: str) -> str:
        if address.startswith("client:"):
            return self._words("In the browser")
        if address.startswith("sip"):
            return self._words("Desk phone")
        return self._words("Telephone %(number)s", number=self._formats.phone(address))

    def _shift(self, hours: str | None) -> str:
        """Many have the same hours."""
        if hours not in self._shifts:
            known = shift(hours, self._house, self._now)
            self._shifts[hours] = self._shift_told(known) if known else hours or ""
        return self._shifts[hours]

    def _shift_told(self, known: tuple[bool, datetime | None]) -> str:
        here, changes_at = known
        if changes_at is None:
            return self._words("on shift") if here else self._words("off")
        when = self._formats.when(changes_at, self._now)
        if here:
            return self._words("on shift until %(when)s", when=when)
        return self._words("off, back %(when)s", when=when)

    def _language(self, tag: str) -> str:
        if tag not in self._languages:
            self._languages[tag] = self._formats.language_name(tag).capitalize()
        return self._languages[tag]

    def _skills(self, skills: Mapping[str, int]) -> str:
        told = ", ".join(f"{skill} {level}" for skill, level in sorted(skills.items()))
        return told or self._words("no skills named")

    def _promises(self, beside: Beside) -> str:
        if not beside.promises:
            return ""
        many = self._words.count("%(num)s promise", "%(num)s promises", beside.promises)
        return f"{many}, {self._words('next %(when)s', when=self._formats.when(beside.next_promise, self._now))}"

    def _absence(self, beside: Beside) -> str:
        if beside.absence is None:
            return ""
        starts_at, ends_at = beside.absence
        if starts_at <= self._now:
            return self._words("away until %(when)s", when=self._formats.when(ends_at, self._now))
        return self._words("away from %(day)s", day=self._formats.day(starts_at))


def rows(
    telling: Telling, agents: Sequence[Mapping[str, Any]], beside: Mapping[str, Beside], names: Mapping[str, str]
) -> list[Row]:
    return [telling.row(agent, beside.get(agent["id"], Beside()), names) for agent in agents]
