"""A past span as a value: who rang, who they were, and who knew them at that moment.  Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import chain

from crm.familiarity import familiar_agents
from crm.matters import CaseKept, OpenMatter, Past, open_matters
from crm.weariness import weariness
from routing.agents import Agent
from routing.card import STRANGER, Known
from routing.plan import Plan

REMEMBERED = 60  # conversations; a live call reads no more to tell who knows its caller
Presence = tuple[datetime, datetime]  # from, to before


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

    owner: str | None
    made_at: datetime
    solved_at: datetime | None
    topic: str | None = None
    id: str = ""

    def as_it_was(self, at: datetime) -> CaseKept:
        solved_at = self.solved_at if self.solved_at is not None and self.solved_at <= at else None
        return CaseKept(self.id, "", self.owner, self.topic, None, self.made_at, solved_at)


@dataclass(slots=True)
class Person:
    language: str | None = None
    preferred: str | None = None
    before: list[Past] = field(default_factory=list)  # the latest conversations before the span, by their start
    during: list[Past] = field(default_factory=list)  # in the span, by their start
    elsewhere: list[Past] = field(default_factory=list)  # those of them that were not by voice
    cases: list[Matter] = field(default_factory=list)
    name: str | None = None
    called: str | None = None
    tags: frozenset[str] = frozenset()
    vetoed: frozenset[str] = frozenset()
    stand_ins: frozenset[str] = frozenset()

    def matters(self, talks: Sequence[Past], at: datetime) -> list[OpenMatter]:
        """Open at that moment, `talks` being what was before it."""
        return open_matters([case.as_it_was(at) for case in self.cases if case.made_at <= at], talks)


NOBODY = Person()  # somebody without a record


@dataclass(frozen=True)
class Span:
    """What was: contacts by arrival, the people they were, agents as they are now."""

    contacts: Sequence[Contact]
    people: Mapping[str, Person]
    agents: Sequence[Agent]
    absences: Mapping[str, Sequence[Presence]] = field(default_factory=dict)
    duty: Mapping[str, Sequence[Presence]] | None = None  # when each agent was there; None: as their hours say

    @cached_property
    def knew(self) -> Sequence[frozenset[str]]:
        """For each contact, the agents who were no strangers to that caller at that moment."""
        return [self._knew(contact) for contact in self.contacts]

    def _knew(self, contact: Contact) -> frozenset[str]:
        person, at = self.people.get(contact.customer or "", NOBODY), contact.arrived_at
        talks = latest(person.before, until(person.during, at))
        known = {one.agent_id for one in familiar_agents(talks, at)}
        known |= {matter.agent_id for matter in person.matters(talks, at) if matter.agent_id} | person.stand_ins
        return frozenset(known | {person.preferred} if person.preferred else known)


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
    returning: bool = False  # the caller knew somebody here
    why: str | None = None  # this agent rather than the one of the past, as the manager reads it


def known(contact: Contact, person: Person, talks: Sequence[Past], at: datetime) -> Known:
    """The caller as the house would have known them at that moment, `talks` being what was before it."""
    if contact.customer is None:
        return STRANGER
    matters = person.matters(talks, at)
    return Known(
        is_person=True,
        called=person.called,
        language=person.language,
        preferred=person.preferred,
        stand_ins=person.stand_ins,
        tags=person.tags,
        talks=talks,
        owners=frozenset(matter.agent_id for matter in matters if matter.agent_id),
        matters=matters,
        weary=weariness(talks, matters, at),
        vetoed=person.vetoed,
    )


def as_it_was(span: Span) -> Iterator[Fate]:
    """Each contact's fate in the past; who knew whom is judged at that moment, as in the replay."""
    for contact, knew in zip(span.contacts, span.knew, strict=True):
        answered = contact.outcome != "abandoned"
        familiar = contact.agent in knew if answered and contact.agent is not None else None
        end = End.ANSWERED if answered else End.ABANDONED
        yield Fate(
            contact, end, contact.agent, familiar, contact.waited_seconds, contact.talk_seconds, returning=bool(knew)
        )


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
