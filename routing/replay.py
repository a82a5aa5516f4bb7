"""A past span under a plan: to whom each caller would have been put through, and after how long.  Pure.

A discrete-event simulation on its own virtual time.  It decides nothing itself: `routing.choose` does, on the floor as
it would have been at that moment, exactly as for a live call.  What had to be assumed is in `replay_words`, and is
part of every answer.  The same input gives the same output.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from itertools import count
from typing import Any

from crm.matters import Past
from routing.agents import NEXT_ACTIVITY, Activity, Agent, Ended
from routing.choose import Caller, Decision, choose, on_shift
from routing.hours import Hours, read_hours
from routing.house import House
from routing.plan import Plan
from routing.replay_floor import Floor
from routing.span import (
    NOBODY,
    REMEMBERED,
    Contact,
    End,
    Fate,
    Person,
    Span,
    card,
    knowing,
    latest,
    until,
    usual_talk_seconds,
)

ANSWER_SECONDS = 5.0  # an agent's phone rings this long
# A choice is spoken for some ten seconds; then a ready teammate is taken after five of silence (dialogue.choice),
# and without one it is silent for eighteen before anything goes on.
CHOICE_WITH_TEAMMATE_SECONDS, CHOICE_SECONDS, NOBODY_SECONDS = 15.0, 28.0, 15.0
# Mean of an exponential patience: the waits and hang-ups of January 1999 in the public record of a bank's call centre
# give 375 s by maximum likelihood, 390 to 520 s from its Kaplan-Meier curve at 70 to 40 %.
PATIENCE_SECONDS = 420.0


def patience_seconds(contact: Contact) -> float:
    """How long they would wait: as long as they did if they hung up, else longer than they did by a patience that is
    drawn from the contact's own id, so that two plans meet the same people."""
    waited = contact.waited_seconds or 0.0
    if contact.outcome == "abandoned" and contact.waited_seconds is not None:
        return waited
    drawn = int.from_bytes(blake2b(contact.id.encode(), digest_size=8).digest(), "big") >> 11
    return waited - PATIENCE_SECONDS * math.log(1 - drawn / 2**53)


class _At(StrEnum):
    """Where a caller is."""

    WAITING = "waiting"
    CHOOSING = "choosing"  # a choice is being spoken: nobody is rung meanwhile
    RINGING = "ringing"
    GONE = "gone"


@dataclass(slots=True)
class _Call:
    order: int  # by arrival
    contact: Contact
    caller: Caller
    known: frozenset[str]
    hours: str
    at: _At = _At.CHOOSING
    callback_offered: bool = False
    out_of_patience: bool = False
    agent: str = ""
    familiar: bool = False

    @property
    def alike(self) -> object:
        """Strangers with the same of this are answered alike."""
        return self.caller.language, tuple(sorted(self.caller.skills.items()))


class Replay:
    """One pass over a span."""

    def __init__(self, span: Span, plan: Plan, house: House) -> None:
        self._span, self._plan, self._house = span, plan, house
        self._floor = Floor(span.agents)
        self._usual = usual_talk_seconds(span.contacts, plan)
        self._events: list[tuple[datetime, int, Callable[[Any], None], Any]] = []
        self._order = count()
        self._waiting: dict[int, _Call] = {}
        self._talked: dict[str, list[Past]] = {}  # conversations of the replay, by customer
        self._fates: dict[int, Fate] = {}  # by the contacts' order
        if span.contacts:
            self._now = span.contacts[0].arrived_at
            self._open_the_doors()
            self._at(self._now, self._arrive, 0)

    def run(self) -> list[Fate]:
        """In the order of the contacts.  An agent's shifts go on for ever, so it ends with the last caller."""
        while len(self._fates) < len(self._span.contacts):
            self._now, _, act, subject = heapq.heappop(self._events)
            act(subject)
        return [self._fates[order] for order in range(len(self._span.contacts))]

    def _at(self, at: datetime, act: Callable[[Any], None], subject: Any) -> None:
        heapq.heappush(self._events, (at, next(self._order), act, subject))

    def _after(self, seconds: float, act: Callable[[Any], None], subject: Any) -> None:
        self._at(self._now + timedelta(seconds=seconds), act, subject)

    # Hours: of agents, and of the lines

    def _open_the_doors(self) -> None:
        for agent in sorted(self._span.agents, key=lambda agent: agent.id):
            if on_shift(agent, self._house.zone, self._house.country, self._now):
                self._comes(agent)
            else:
                self._later(self._hours(agent.hours).next_open(self._now), self._comes, agent)
        for text in dict.fromkeys(self._plan.hours_of(number) for number in ("", *self._plan.lines)):
            self._next_closing(text)

    def _comes(self, agent: Agent) -> None:
        self._floor.come(agent.id, self._now)
        if agent.hours is not None:
            self._later(self._hours(agent.hours).closes_at(self._now), self._goes, agent)
        self._those_who_wait()

    def _goes(self, agent: Agent) -> None:
        """A talk goes on to its end."""
        self._floor.go(agent.id)
        self._later(self._hours(agent.hours).next_open(self._now), self._comes, agent)
        self._everybody_who_waits()

    def _closes(self, text: str) -> None:
        self._everybody_who_waits()
        self._next_closing(text)

    def _next_closing(self, text: str) -> None:
        opens_at = self._hours(text).next_open(self._now)
        if opens_at is not None:
            self._later(self._hours(text).closes_at(opens_at), self._closes, text)

    def _later(self, at: datetime | None, act: Callable[[Any], None], subject: Any) -> None:
        if at is not None:  # None: never again
            self._at(at, act, subject)

    def _hours(self, text: str | None) -> Hours:
        assert text is not None
        return read_hours(text, self._house.zone, self._house.country)

    # Callers

    def _arrive(self, order: int) -> None:
        contact = self._span.contacts[order]
        if order + 1 < len(self._span.contacts):
            self._at(self._span.contacts[order + 1].arrived_at, self._arrive, order + 1)
        person = self._span.people.get(contact.customer or "", NOBODY)
        caller = card(contact, person, self._remembered(contact, person), self._plan, self._house, self._now)
        call = _Call(order, contact, caller, knowing(caller), self._plan.hours_of(contact.line or ""))
        self._look(call)
        if call.at in (_At.WAITING, _At.CHOOSING):
            self._after(patience_seconds(contact), self._loses_patience, call)

    def _remembered(self, contact: Contact, person: Person) -> Sequence[Past]:
        """What was before this moment: really before the span, by other channels in it, and in the replay."""
        talked = self._talked.get(contact.customer or "", [])
        return latest(person.before, until(person.elsewhere, self._now), talked[-REMEMBERED:])

    def _look(self, call: _Call) -> None:
        """What a live call would get now, had its caller pressed no key."""
        if call.at in (_At.RINGING, _At.GONE):
            return
        if not self._hours(call.hours).is_open(self._now):
            self._leave(call, End.CLOSED)
            return
        decision = self._choose(call)
        if decision.action == "ring":
            self._ring(call, decision)
        elif decision.action == "wait":
            self._wait(call)
        elif decision.who is not None:
            self._offer(call, _At.CHOOSING, CHOICE_WITH_TEAMMATE_SECONDS if decision.teammate else CHOICE_SECONDS)
        elif call.at is _At.WAITING and call.caller.offered:
            self._leave(call, End.NOBODY)  # asked before, and nothing pressed: the message goes on by itself
        else:
            self._offer(call, _At.WAITING, NOBODY_SECONDS)

    def _choose(self, call: _Call) -> Decision:
        return choose(call.caller, self._floor.candidates(call.caller, call.known), self._plan, self._now)

    def _offer(self, call: _Call, at: _At, seconds: float) -> None:
        call.callback_offered = True
        self._wait(call, at)
        self._after(seconds, self._look, call)

    def _wait(self, call: _Call, at: _At = _At.WAITING) -> None:
        """From now on they have heard of their choice."""
        call.at, call.caller = at, replace(call.caller, offered=True)
        if call.out_of_patience:
            self._leave(call, End.ABANDONED)
        elif at is _At.WAITING:
            self._waiting[call.order] = call

    def _ring(self, call: _Call, decision: Decision) -> None:
        assert decision.who is not None
        self._waiting.pop(call.order, None)
        call.at, call.agent, call.familiar = _At.RINGING, decision.who.agent.id, decision.who.familiar
        self._floor.become(call.agent, Activity.RESERVED, self._now)
        self._after(ANSWER_SECONDS, self._answered, call)

    def _answered(self, call: _Call) -> None:
        contact, seconds = call.contact, call.contact.talk_seconds or self._usual
        call.at = _At.GONE
        self._floor.become(call.agent, Activity.TALKING, self._now)
        waited = call.caller.waited_seconds(self._now)
        self._fates[call.order] = Fate(
            contact, End.ANSWERED, call.agent, call.familiar, waited, seconds, call.callback_offered
        )
        self._after(seconds, self._hangs_up, (call, self._now, seconds))

    def _hangs_up(self, talk: tuple[_Call, datetime, int]) -> None:
        call, began_at, seconds = talk
        contact = call.contact
        if contact.customer is not None:
            outcome = "solved" if contact.outcome == "abandoned" else contact.outcome
            past = Past(contact.id, call.agent, "voice", began_at, seconds, outcome, contact.topic)
            self._talked.setdefault(contact.customer, []).append(past)
        activity = NEXT_ACTIVITY[Activity.TALKING, Ended.TALK_ENDED]
        if activity is Activity.WRAP_UP and self._plan.wrap_up_seconds:
            over_at = self._now + timedelta(seconds=self._plan.wrap_up_seconds)
            self._floor.become(call.agent, activity, self._now, over_at)
            self._at(over_at, self._is_free, call.agent)
        else:
            self._is_free(call.agent)

    def _is_free(self, agent_id: str) -> None:
        self._floor.become(agent_id, Activity.IDLE, self._now)
        self._those_who_wait()

    def _loses_patience(self, call: _Call) -> None:
        """Nobody hangs up while somebody is being rung for them, or in the middle of hearing their choice."""
        call.out_of_patience = True
        if call.at is _At.WAITING:
            self._leave(call, End.ABANDONED)

    def _leave(self, call: _Call, end: End) -> None:
        self._waiting.pop(call.order, None)
        call.at = _At.GONE
        waited = call.caller.waited_seconds(self._now)
        self._fates[call.order] = Fate(call.contact, end, waited_seconds=waited, offered=call.callback_offered)

    def _those_who_wait(self) -> None:
        """Somebody may be free: in the order of arrival, while anybody is.  Nothing is said to whom nobody is for."""
        in_vain = set()
        for order in sorted(self._waiting):
            if not self._floor.anybody_free:
                return
            call = self._waiting[order]
            if not call.known and call.alike in in_vain:
                continue
            decision = self._choose(call)
            if decision.action == "ring":
                self._ring(call, decision)
            elif not call.known:
                in_vain.add(call.alike)

    def _everybody_who_waits(self) -> None:
        """Whom they waited for may be gone, or the house closed."""
        for order in sorted(self._waiting):
            self._look(self._waiting[order])
