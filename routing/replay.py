"""A past span under a plan: to whom each caller would have been put through, and after how long.  Pure.

A discrete-event simulation on its own virtual time.  It decides nothing itself: `routing.choose` does, for a caller
who comes or is looked at again and for an agent who becomes free, on the floor as it would have been at that moment,
exactly as for a live call.  What had to be assumed is in `replay_words`, and is part of every answer.  The same input
gives the same output.
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
from zoneinfo import ZoneInfo

from crm.matters import Past
from routing.agents import NEXT_ACTIVITY, Activity, Ended
from routing.card import Card, Known, Moment, card
from routing.choose import Decision, choose, hope_seconds, next_caller
from routing.explain import sentence
from routing.forecast import Talk
from routing.hours import Hours, read_hours
from routing.house import House
from routing.plan import Plan
from routing.replay_duty import on_duty
from routing.replay_floor import Floor
from routing.replay_learnt import learn
from routing.replay_queue import Queue
from routing.span import NOBODY, REMEMBERED, Contact, End, Fate, Person, Span, known, latest, until, usual_talk_seconds

ANSWER_SECONDS = 5.0  # an agent's phone rings this long
# A choice is spoken for some ten seconds; then a ready teammate is taken after five of silence (dialogue.choice),
# and without one it is silent for eighteen before anything goes on.
CHOICE_WITH_TEAMMATE_SECONDS, CHOICE_SECONDS, NOBODY_SECONDS = 15.0, 28.0, 15.0
RULES_LOOK_SECONDS = 5.0  # whoever waits under rules is looked at again as often (ivr.choosing)
# Mean of an exponential patience: the waits and hang-ups of January 1999 in the public record of a bank's call centre
# give 375 s by maximum likelihood, 390 to 520 s from its Kaplan-Meier curve at 70 to 40 %.
PATIENCE_SECONDS = 420.0
TOLD_OF_PROGRESS = 200  # times, in all

Progress = Callable[[int, int], None]  # callers whose fate is settled, of all


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


@dataclass(slots=True, eq=False)
class _Call:
    order: int  # by arrival
    contact: Contact
    known: Known
    hours: Hours
    card: Card
    at: _At = _At.CHOOSING
    asked: bool = False  # a choice has been spoken
    callback_offered: bool = False
    told_until: datetime | None = None  # they hear that nobody is here
    held_at: datetime | None = None  # since when they have been kept, unasked, for somebody they know
    looks: int = 0
    out_of_patience: bool = False
    agent: str = ""
    familiar: bool = False
    why: str | None = None


class Replay:
    """One pass over a span."""

    def __init__(self, span: Span, plan: Plan, house: House, *, told_in: str | None = None) -> None:
        """`told_in`: the language of the reasons; None: the house's."""
        self._span, self._plan, self._house = span, plan, house
        self._told_in = told_in or house.language
        self._clock = ZoneInfo(house.zone)
        learnt = learn(span, house.zone)
        self._talks = [learnt.times.of(None, None, hour) for hour in range(24)]
        self._floor = Floor(span.agents, learnt.wanted_an_hour)
        self._queue = Queue()
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

    def run(self, progress: Progress | None = None) -> list[Fate]:
        """In the order of the contacts; it ends with the last caller."""
        every, of = max(len(self._span.contacts) // TOLD_OF_PROGRESS, 1), len(self._span.contacts)
        told = 0
        while len(self._fates) < of:
            self._now, _, act, subject = heapq.heappop(self._events)
            act(subject)
            if progress is not None and len(self._fates) >= told + every:
                told = len(self._fates)
                progress(told, of)
        return [self._fates[order] for order in range(of)]

    def _at(self, at: datetime, act: Callable[[Any], None], subject: Any) -> None:
        heapq.heappush(self._events, (at, next(self._order), act, subject))

    def _after(self, seconds: float, act: Callable[[Any], None], subject: Any) -> None:
        self._at(self._now + timedelta(seconds=seconds), act, subject)

    # Hours: of agents, and of the lines

    def _open_the_doors(self) -> None:
        duty = on_duty(self._span, self._house)
        for agent_id in sorted(duty):
            for comes_at, goes_at in duty[agent_id]:
                if goes_at > self._now:
                    self._at(max(comes_at, self._now), self._comes, agent_id)
                    self._at(goes_at, self._goes, agent_id)
        for text in dict.fromkeys(self._plan.hours_of(number) for number in ("", *self._plan.lines)):
            self._next_closing(text)

    def _comes(self, agent_id: str) -> None:
        self._floor.come(agent_id, self._now)
        self._serve(agent_id)

    def _goes(self, agent_id: str) -> None:
        """A talk goes on to its end."""
        self._floor.go(agent_id)
        self._everybody_who_waits()

    def _closes(self, text: str) -> None:
        self._everybody_who_waits()
        self._next_closing(text)

    def _next_closing(self, text: str) -> None:
        opens_at = self._hours(text).next_open(self._now)
        closes_at = None if opens_at is None else self._hours(text).closes_at(opens_at)
        if closes_at is not None:  # None: never again
            self._at(closes_at, self._closes, text)

    def _hours(self, text: str) -> Hours:
        return read_hours(text, self._house.zone, self._house.country)

    # Callers

    def _arrive(self, order: int) -> None:
        contact = self._span.contacts[order]
        if order + 1 < len(self._span.contacts):
            self._at(self._span.contacts[order + 1].arrived_at, self._arrive, order + 1)
        person = self._span.people.get(contact.customer or "", NOBODY)
        who = known(contact, person, self._remembered(contact, person), self._now)
        hours = self._hours(self._plan.hours_of(contact.line or ""))
        call = _Call(order, contact, who, hours, self._card(contact, who, self._queue.before(order)))
        self._look(call)
        if call.at in (_At.WAITING, _At.CHOOSING):
            self._after(patience_seconds(contact), self._loses_patience, call)

    def _remembered(self, contact: Contact, person: Person) -> Sequence[Past]:
        """What was before this moment: really before the span, by other channels in it, and in the replay."""
        talked = self._talked.get(contact.customer or "", [])
        return latest(person.before, until(person.elsewhere, self._now), talked[-REMEMBERED:])

    def _card(self, contact: Contact, who: Known, ahead: int) -> Card:
        line = contact.line or ""
        moment = Moment(
            line=line,
            language=who.language or self._plan.line(line).language or self._house.language,
            arrived_at=contact.arrived_at,
            now=self._now,
            ready=self._floor.ready,
            waiting=ahead,
        )
        return card(who, moment, self._plan, self._house)

    def _look(self, call: _Call) -> None:
        """What a live call would get now, had its caller pressed no key."""
        if call.at in (_At.RINGING, _At.GONE):
            return
        call.looks += 1
        if not call.hours.is_open(self._now):
            self._leave(call, End.CLOSED)
            return
        decision = self._choose(call)
        if decision.action == "ring":
            self._ring(call, decision)
        elif decision.action == "wait":
            self._wait(call, decision)
        elif decision.who is not None:
            self._offer(call, _At.CHOOSING, CHOICE_WITH_TEAMMATE_SECONDS if decision.teammate else CHOICE_SECONDS)
        elif call.at is _At.WAITING and (call.told_until or self._now) <= self._now:
            self._leave(call, End.NOBODY)  # asked before, and nothing pressed: the message goes on by itself
        else:
            call.told_until = call.told_until or self._now + timedelta(seconds=NOBODY_SECONDS)
            self._offer(call, _At.WAITING, (call.told_until - self._now).total_seconds())

    def _choose(self, call: _Call) -> Decision:
        if self._plan.rules and call.looks > 1:  # they may ask what time has changed
            call.card = self._card(call.contact, call.known, self._queue.before(call.order))
        held = (self._now - call.held_at).total_seconds() if call.held_at else 0.0
        if call.asked or held or call.card.caller.ahead:
            # How many are ahead changes what is told, not what is done.
            caller = replace(call.card.caller, offered=call.asked, held_seconds=held, ahead=0)
            call.card = replace(call.card, caller=caller)
        floor = self._floor.candidates(call.card.caller, call.card.plan, self._now)
        return choose(call.card.caller, floor, call.card.plan, self._now)

    def _offer(self, call: _Call, at: _At, seconds: float) -> None:
        call.callback_offered = True
        self._stays(call, at, None)
        self._after(seconds, self._timer, (call, call.looks))

    def _wait(self, call: _Call, decision: Decision) -> None:
        held_until = None
        if decision.hold is not None:
            held_until = self._now + timedelta(seconds=decision.hold.seconds)
            call.held_at = call.held_at or self._now
        hope = round(hope_seconds(call.card.caller, decision.weighed, call.card.plan, self._now), -1)
        call.card = replace(call.card, caller=replace(call.card.caller, hope_seconds=hope))
        self._stays(call, _At.WAITING, held_until)
        waited = call.contact.arrived_at
        at = [waited + timedelta(seconds=step.after_seconds) for step in call.card.plan.widen]
        at += [held_until] if held_until else []
        at += [self._now + timedelta(seconds=RULES_LOOK_SECONDS)] if self._plan.rules else []
        look_at = min((one for one in at if one > self._now), default=None)
        if look_at is not None and call.at is _At.WAITING:
            self._at(look_at, self._timer, (call, call.looks))

    def _stays(self, call: _Call, at: _At, held_until: datetime | None) -> None:
        """From now on they have heard of their choice."""
        call.at, call.asked = at, True
        if call.out_of_patience:
            self._leave(call, End.ABANDONED)
        elif at is _At.WAITING:
            self._waiting[call.order] = call
            self._queue.join(call.order, call.card.caller, call.card.plan, held_until)
        else:
            self._gets_up(call)

    def _timer(self, due: tuple[_Call, int]) -> None:
        """Void if they have been looked at meanwhile."""
        call, looks = due
        if call.looks == looks:
            self._look(call)

    def _ring(self, call: _Call, decision: Decision) -> None:
        assert decision.who is not None
        self._gets_up(call)
        call.at, call.agent, call.familiar = _At.RINGING, decision.who.agent.id, decision.who.familiar
        if call.contact.customer is not None and call.agent != call.contact.agent:
            call.why = sentence(decision, call.card.caller, self._told_in)
        self._floor.become(call.agent, Activity.RESERVED, self._now, talk=self._talk)
        self._after(ANSWER_SECONDS, self._answered, call)

    @property
    def _talk(self) -> Talk | None:
        return self._talks[self._now.astimezone(self._clock).hour]

    def _answered(self, call: _Call) -> None:
        contact, seconds = call.contact, call.contact.talk_seconds or self._usual
        call.at = _At.GONE
        self._floor.become(call.agent, Activity.TALKING, self._now, talk=self._talk)
        waited = call.card.caller.waited_seconds(self._now)
        self._fates[call.order] = Fate(
            contact, End.ANSWERED, call.agent, call.familiar, waited, seconds, call.callback_offered,
            returning=bool(call.card.caller.known), why=call.why,
        )  # fmt: skip
        self._after(seconds, self._hangs_up, (call, self._now, seconds))

    def _hangs_up(self, talk: tuple[_Call, datetime, int]) -> None:
        call, began_at, seconds = talk
        contact, plan = call.contact, call.card.plan
        if contact.customer is not None:
            outcome = "solved" if contact.outcome == "abandoned" else contact.outcome
            past = Past(contact.id, call.agent, "voice", began_at, seconds, outcome, contact.topic)
            self._talked.setdefault(contact.customer, []).append(past)
        activity = NEXT_ACTIVITY[Activity.TALKING, Ended.TALK_ENDED]
        own_time = plan.wrap_up_seconds
        if call.known.weary.level >= plan.breather_from_level:
            own_time += plan.breather_seconds
        if activity is Activity.WRAP_UP and own_time:
            over_at = self._now + timedelta(seconds=own_time)
            self._floor.become(call.agent, activity, self._now, wrap_up_until=over_at)
            self._at(over_at, self._is_free, call.agent)
        else:
            self._is_free(call.agent)

    def _is_free(self, agent_id: str) -> None:
        self._floor.become(agent_id, Activity.IDLE, self._now)
        self._serve(agent_id)

    def _serve(self, agent_id: str) -> None:
        """Whoever is free takes the caller for whom most speaks, unless that caller finds somebody better: then the
        next one."""
        in_vain: set[object] = set()
        while (agent := self._floor[agent_id]).ready:
            match = next_caller(agent, self._queue.for_agent(agent_id, self._now, in_vain), self._now)
            if match is None:
                return
            call = self._waiting[int(match.waiting.id)]
            in_vain.add(call.order if match.waiting.caller.known else self._queue.alike(call.order))
            self._look(call)

    def _loses_patience(self, call: _Call) -> None:
        """Nobody hangs up while somebody is being rung for them, or in the middle of hearing their choice."""
        call.out_of_patience = True
        if call.at is _At.WAITING:
            self._leave(call, End.ABANDONED)

    def _leave(self, call: _Call, end: End) -> None:
        self._gets_up(call)
        call.at = _At.GONE
        waited = call.card.caller.waited_seconds(self._now)
        self._fates[call.order] = Fate(call.contact, end, waited_seconds=waited, offered=call.callback_offered)

    def _gets_up(self, call: _Call) -> None:
        self._waiting.pop(call.order, None)
        self._queue.leave(call.order)

    def _everybody_who_waits(self) -> None:
        """Whom they waited for may be gone, or the house closed."""
        for order in self._queue.everybody():
            if order in self._waiting:
                self._look(self._waiting[order])
