"""Where a plan that can be read would still leave callers with nobody, for ever.  Pure.

Every readable plan is total: each step of a call has a way out by key and a message at its end.  What is found here are
doors that never open, and wishes that no agent meets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from routing.agents import Agent
from routing.hours import read_hours
from routing.house import House
from routing.plan import Line, Plan

_E164 = re.compile(r"\+[1-9][0-9]{4,14}")


class Found(NamedTuple):
    where: str  # a path into the plan
    what: str


def findings(plan: Plan, agents: Sequence[Agent], house: House, now: datetime) -> Iterator[Found]:
    if _never_opens(plan.hours, house, now):
        yield Found("hours", "These hours never open: every caller would be asked to leave a message.")
    for number, line in plan.lines.items():
        if not _E164.fullmatch(number):
            yield Found(f"lines.{number}", "No call comes to this: a line is a number in E.164, like +390612345678.")
        if line.hours is not None and _never_opens(line.hours, house, now):
            yield Found(
                f"lines.{number}.hours", "This line never opens: its callers would be asked to leave a message."
            )
        yield from _nobody(number, line, agents)


def _nobody(number: str, line: Line, agents: Sequence[Agent]) -> Iterator[Found]:
    if line.skills and not any(agent.able(line.skills) for agent in agents):
        wanted = ", ".join(f"{skill} {level}" for skill, level in line.skills.items())
        yield Found(f"lines.{number}.skills", f"No agent has these skills together ({wanted}): nobody could be rung.")
    if line.language is not None and not any(agent.speaks(line.language) for agent in agents):
        yield Found(
            f"lines.{number}.language", f"No agent speaks {line.language}: callers would meet another language."
        )


def _never_opens(hours: str, house: House, now: datetime) -> bool:
    return read_hours(hours, house.zone, house.country).next_open(now) is None
