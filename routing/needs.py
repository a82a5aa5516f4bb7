"""A need: which agents would do for a caller, whoever the caller is.  Pure.

Agents are many and so are callers; the needs of all callers are few (lines times languages), so that whoever waits and
whoever is free are kept in order for each need, and the best of them are found without looking at the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Self
from urllib.parse import quote, unquote

from routing.agents import Agent
from routing.plan import Wider
from routing.weigh import Caller


@dataclass(frozen=True, slots=True)
class Need:
    language: str | None  # without its region; None: whatever they speak
    skills: Mapping[str, int] = field(default_factory=dict)  # skill -> lowest level that will do
    teams: frozenset[str] = frozenset()  # none: whichever

    @classmethod
    def of(cls, caller: Caller, allowed: Wider | None = None) -> Self:
        """`allowed`: what the plan lets go of after as long a wait."""
        lower = allowed.lower_skills_by if allowed else 0
        return cls(
            None if allowed and allowed.any_language else caller.language.split("-")[0].lower(),
            {skill: max(level - lower, min(level, 1)) for skill, level in caller.skills.items() if level > 0},
            frozenset() if allowed and allowed.any_team else caller.teams,
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `text` wrote."""
        language, skills, teams = text.split("|")
        levels = (part.rsplit(":", 1) for part in skills.split(",") if part)
        return cls(
            unquote(language) or None,
            {unquote(skill): int(level) for skill, level in levels},
            frozenset(unquote(team) for team in teams.split(",") if team),
        )

    @property
    def text(self) -> str:
        """The same for the same need: `it|loans:2,tax:1|support`."""
        skills = ",".join(f"{quote(skill, safe='')}:{level}" for skill, level in sorted(self.skills.items()))
        teams = ",".join(quote(team, safe="") for team in sorted(self.teams))
        return f"{quote(self.language or '', safe='')}|{skills}|{teams}"

    @property
    def any_language(self) -> Self:
        return replace(self, language=None)

    def fits(self, agent: Agent) -> bool:
        return (
            (self.language is None or agent.speaks(self.language))
            and agent.able(self.skills)
            and (not self.teams or agent.team in self.teams)
        )

    def rivals(self, other: Need) -> bool:
        """Is one of the two the other with more asked for?  Then their callers stand in one another's way."""
        return self._within(other) or other._within(self)

    def _within(self, other: Need) -> bool:
        return (
            (other.language is None or self.language == other.language)
            and all(self.skills.get(skill, 0) >= level for skill, level in other.skills.items())
            and (not other.teams or (bool(self.teams) and self.teams <= other.teams))
        )


@lru_cache(maxsize=4096)
def read_need(text: str) -> Need:
    """Parsed once per text."""
    return Need.parse(text)
