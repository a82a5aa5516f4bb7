"""What routing would have learnt of a span: how long talks last, and how often each agent is asked for.  Pure.

As `routing.learning` learns it, but of talks only their hour: in a replay a conversation lasts as long as it did,
whoever answers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from routing.learning import WORKING_HOURS
from routing.span import Span
from routing.talk_times import TalkTimes, fit


@dataclass(frozen=True, slots=True)
class Learnt:
    times: TalkTimes
    wanted_an_hour: Mapping[str, float]


def learn(span: Span, zone: str) -> Learnt:
    clock = ZoneInfo(zone)
    asked: Counter[str] = Counter()
    days: defaultdict[str, set[date]] = defaultdict(set)
    talks = []
    for contact, knew in zip(span.contacts, span.knew, strict=True):
        asked.update(knew)
        on_the_wall = contact.arrived_at.astimezone(clock)
        if contact.agent is not None:
            days[contact.agent].add(on_the_wall.date())
        talks.append((None, None, on_the_wall.hour, contact.talk_seconds))
    wanted = {agent_id: times / (len(days[agent_id] or (0,)) * WORKING_HOURS) for agent_id, times in asked.items()}
    return Learnt(fit(talks), wanted)
