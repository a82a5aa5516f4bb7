"""What can be wrong with a plan's lines and rules alike: needs nobody meets, steps that widen nothing.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from routing.agents import Agent
from routing.house import House
from routing.plan import Widening


class Found(NamedTuple):
    where: str  # a path into the plan
    what: str


class Surroundings(NamedTuple):
    """What a plan is held against."""

    agents: Sequence[Agent]
    house: House
    now: datetime
    tags: Collection[str] | None = None  # of customers; None: not known, and nothing is said about them

    @property
    def start(self) -> datetime:
        """Of the year that is looked at."""
        return self.now.replace(minute=0, second=0, microsecond=0)


def may_take(agent: Agent, skills: Mapping[str, int], teams: Collection[str]) -> bool:
    return agent.able(skills) and (not teams or agent.team in teams)


def nobody_for(place: str, skills: Mapping[str, int], teams: Sequence[str], agents: Sequence[Agent]) -> Iterator[Found]:
    """Needs that no agent meets."""
    existing = {agent.team for agent in agents}
    for n, team in enumerate(teams):
        if team not in existing:
            yield Found(f"{place}.teams[{n}]", f"No agent is in a team of the name {team}.")
    if skills and not any(agent.able(skills) for agent in agents):
        wanted = ", ".join(f"{skill} {level}" for skill, level in skills.items())
        yield Found(f"{place}.skills", f"No agent has these skills together ({wanted}): nobody could be rung.")
    elif skills and existing.intersection(teams) and not any(may_take(agent, skills, teams) for agent in agents):
        yield Found(f"{place}.teams", "No agent of these teams has the skills that are needed: nobody could be rung.")


def widening_findings(place: str, steps: Sequence[Widening]) -> Iterator[Found]:
    allowed = (0, False, False)
    for n, step in enumerate(steps):
        if n and step.after_seconds < steps[n - 1].after_seconds:
            yield Found(f"{place}[{n}].after_seconds", "This step comes before the one above it; write them by time.")
        wider = (
            max(allowed[0], step.lower_skills_by),
            allowed[1] or step.any_language,
            allowed[2] or step.any_team,
        )
        if wider == allowed:
            yield Found(f"{place}[{n}]", "This step allows nothing that was not allowed before it.")
        allowed = wider
