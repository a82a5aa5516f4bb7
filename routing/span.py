"""A past span as a value: who rang, who they were, and who knew them at that moment.  Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import chain

from crm.familiarity import familiar_agents
from crm.matters import Past, still_open
from routing.agents import Agent
from routing.choose import Caller, Tie
from routing.house import House
from routing.plan import Plan

REMEMBERED = 60  # conversations; a live call reads no more to tell who knows its caller


class End(StrEnum):
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    CLOSED = "closed"  # the house was closed, or closed while they waited
    NOBODY = "nobody"  # nobody who may take this call was there: a call back or a message


@dataclass(frozen=True, slots=True)
class Contact:
    """One caller of the past, with what is known of them."""

    id: str
    customer: str | None  # None: somebody without a record
    arrived_at: datetime
    waited_seconds: float | None  # until the answer or the hang-up; None: not known
    talk_seconds: int  # 0: there was no talk, or its length is not known
    agent: str | None  # None: nobody, or somebody who is no longer here
    outcome: str  # solved | open | transferred | abandoned
    topic: str | None = None
    line: str | None = None  # our number in E.164; None: not known


@dataclass(frozen=True, slots=True)
class Matter:
    """A case: who owns it, and while when it is open."""

    owner: str
    made_at: datetime
    solved_at: datetime | None

    def is_open(self, at: datetime) -> bool:
        return self.made_at <= at and (self.solved_at is None or at < self.solved_at)


@dataclass(slots=True)
class Person:
    language: str | None = None
    preferred: str | None = None
    before: list[Past] = field(default_factory=list)  # the latest conversations before the span, by their start
    during: list[Past] = field(default_factory=list)  # in the span, by their start
    elsewhere: list[Past] = field(default_factory=list)  # those of them that were not by voice
    cases: list[Matter] = field(default_factory=list)


NOBODY = Person()  # somebody without a record


@dataclass(frozen=True, slots=True)
class Span:
    """What was: contacts by arrival, the people they were, agents as they are now."""

    contacts: Sequence[Contact]
    people: Mapping[str, Person]
    agents: Sequence[Agent]


@dataclass(frozen=True, slots=True)
class Fate:
    """How one contact went, in the past or in the replay."""

    contact: Contact
    end: End
    agent: str | None = None
    familiar: bool | None = None  # None: not answered, or not known
    waited_seconds: float | None = None
    talk_seconds: int = 0
    offered: bool | None = None  # a call back was offered; None: not known


def card(contact: Contact, person: Person, talks: Sequence[Past], plan: Plan, house: House, at: datetime) -> Caller:
    """The caller as `choose` would have been told of them at that moment, `talks` being what was before it."""
    line = plan.line(contact.line or "")
    owners = {matter.agent_id for matter in still_open(talks)}
    owners |= {case.owner for case in person.cases if case.is_open(at)}
    return Caller(
        language=person.language or line.language or house.language,
        arrived_at=contact.arrived_at,
        preferred=person.preferred,
        owners=frozenset(owner for owner in owners if owner),
        ties={one.agent_id: Tie(one.score, one.times) for one in familiar_agents(talks, at)},
        skills=line.skills,
    )


def knowing(caller: Caller) -> frozenset[str]:
    """Agents who are no strangers to this caller."""
    return frozenset({*caller.ties, *caller.owners, *([caller.preferred] if caller.preferred else [])})


def as_it_was(span: Span, plan: Plan, house: House) -> Iterator[Fate]:
    """Each contact's fate in the past; who knew whom is judged at that moment, as in the replay."""
    for contact in span.contacts:
        answered = contact.outcome != "abandoned"
        familiar = None
        if answered and contact.agent is not None:
            person = span.people.get(contact.customer or "", NOBODY)
            talks = latest(person.before, until(person.during, contact.arrived_at))
            familiar = contact.agent in knowing(card(contact, person, talks, plan, house, contact.arrived_at))
        end = End.ANSWERED if answered else End.ABANDONED
        yield Fate(contact, end, contact.agent, familiar, contact.waited_seconds, contact.talk_seconds)


def until(talks: Sequence[Past], at: datetime) -> Sequence[Past]:
    """Of conversations by their start, the latest that had begun before."""
    end = bisect_left(talks, at, key=lambda talk: talk.started_at)
    return talks[max(end - REMEMBERED, 0) : end]


def latest(*parts: Sequence[Past]) -> Sequence[Past]:
    return sorted(chain(*parts), key=lambda talk: talk.started_at)[-REMEMBERED:]


def usual_talk_seconds(contacts: Sequence[Contact], plan: Plan) -> int:
    """The mean of the talks whose length is known; without one, what the plan says."""
    lengths = [contact.talk_seconds for contact in contacts if contact.talk_seconds]
    return round(sum(lengths) / len(lengths)) if lengths else plan.talk_seconds
