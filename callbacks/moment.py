"""Can a promise at a certain instant be kept, with the confidence that the plan asks for?  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from callbacks.book import Ledger, Slot
from callbacks.chances import at_least, at_least_alike, freed, held_up, settled, waits_longer
from callbacks.duty import span_at
from callbacks.states import LAST
from routing.agents import Agent
from routing.forecast import HONEST_SHARE

# Nearer than this, what an agent is doing now tells more than what their shift says.
NEAR = timedelta(minutes=10)
SOON = 60.0  # seconds before its time a promise is on the desk and in line: until then nobody takes its place
RINGS = timedelta(seconds=20)  # until both telephones are answered
ROOM = timedelta(minutes=10)  # so long before and after, promises have to fit into what the callers leave


def keepable(ledger: Ledger, at: datetime, agent: str | None, window_seconds: float | None = None) -> bool:
    """Can a call at `at` (by `agent`, when named) be kept beside the promises already made?"""
    return place(ledger, at, agent, window_seconds) is not None


def place(ledger: Ledger, at: datetime, agent: str | None, window_seconds: float | None = None) -> Slot | None:
    """A promise at `at` (by `agent`, when named), if it is kept with the plan's confidence; None if it is not.

    `window_seconds`: how long after `at` it still counts as kept; left out, the plan's.
    """
    key = (at, window_seconds, ledger.able)
    if at < ledger.now or (agent is None and key in ledger.full) or not may_ring(ledger, at):
        return None
    opening = span_at(ledger.hours, at)
    if opening is None:
        return None
    window = ledger.window.total_seconds() if window_seconds is None else window_seconds
    within = min(window, (opening[1] - at).total_seconds()) - RINGS.total_seconds()
    if within < 0:
        return None  # the talk would begin after closing
    slot = Moment(ledger, at, within).place(agent)
    if slot is None and agent is None:
        ledger.full.add(key)
    return slot


def may_ring(ledger: Ledger, at: datetime) -> bool:
    """Do they want to be rung at that hour, and should they be if it was our choice?"""
    if ledger.quiet is not None and ledger.quiet.covers(at):
        return False
    awake = ledger.awake_until is not None and at <= ledger.awake_until
    return awake or ledger.call_hours is None or ledger.call_hours.is_open(at)


class Moment:
    """One instant of a ledger: who is there, what else is promised, how busy everybody is.

    `within`: seconds in which an agent has to be found.
    """

    def __init__(self, ledger: Ledger, at: datetime, within: float) -> None:
        duty, each = ledger.duty, ledger.talk.total_seconds()
        there = duty.there(at) & duty.there(at + RINGS)
        self.ledger, self.at, self.within = ledger, at, within
        self.there = there.bit_count()
        self.anonymous, named = 0, 0  # promises beside this one: whoever is free keeps them, or those agents
        for one in ledger.bookings.beside(at, ledger.talk):
            bit = duty.bits.get(one.agent, 0) & there if one.agent is not None else 0
            named |= bit
            self.anonymous += not bit
        self.able = there & ledger.able & ~named
        self.ahead = (at - ledger.now).total_seconds()
        self.near = at - ledger.now <= NEAR
        calls = ledger.inflow.at(at, ledger.zone) if ledger.inflow is not None else 0.0
        self.load = calls * each / 3600  # agents whom the callers keep busy
        self.busy = min(self.load / self.there, 1.0) if self.there else 0.0
        self.settled = settled(self.busy, each, self.ahead - SOON) if self.near else 1.0

    def place(self, agent: str | None) -> Slot | None:
        kept = self.has_room() and (self.is_kept() if agent is None else self.is_kept_by(agent))
        return Slot(self.at, agent) if kept else None

    def has_room(self) -> bool:
        """Do the promises around this one fit into what the callers leave, so that nobody waits for them?"""
        if not self.load:
            return True
        around = self.ledger.bookings.count(self.at - ROOM, self.at + ROOM)
        return around * self.ledger.talk <= 2 * ROOM * max(self.there - self.load, 0.0)

    def is_kept(self) -> bool:
        """By whoever is free, once those have been served who wait already."""
        in_turn = self.ledger.line_seconds <= self.ahead + self.within
        return in_turn and self._sure(self.chance())

    def chance(self) -> float:
        """That a promise is kept by whoever is free, and those beside it too."""
        return self._chance_of(self.anonymous + 1, self.able)

    def is_kept_by(self, agent: str) -> bool:
        """Likely enough by that agent that they may be named; kept, whoever calls in the end; and so are those beside
        it."""
        bit = self.ledger.duty.bits.get(agent, 0) & self.able
        if not bit or not self._sure(self._chance_of(self.anonymous, self.able & ~bit)):
            return False
        own = self._own_chance(agent)
        return own >= HONEST_SHARE and self._sure(max(own, self.chance()))

    def by_preference(self) -> list[Agent]:
        """Who has promised least around this time, then who is idle longest."""
        bits, bookings, around = self.ledger.duty.bits, self.ledger.bookings, timedelta(hours=4)
        booked = bookings.by_agent(self.at - around, self.at + around)
        able = [agent for agent in self.ledger.agents if bits[agent.id] & self.able]
        return sorted(able, key=lambda one: (booked.get(one.id, 0), not one.ready, one.since_at, one.id))

    def _sure(self, chance: float) -> bool:
        return chance >= self.ledger.plan.service.callback_confidence

    def _chance_of(self, count: int, bits: int) -> float:
        """That so many promises are kept by these agents, within the window or as far as it is left.

        If the line is over in time the first of them is served, and the others where more come free; if it is not,
        all have the last part of the window only.
        """
        if not count:
            return 1.0
        agents, usual, wrap_up = bits.bit_count(), self.ledger.usual, float(self.ledger.plan.wrap_up_seconds)
        last = min((LAST - RINGS).total_seconds(), self.within)
        in_line = waits_longer(agents, round(self.busy * agents, 3), usual, wrap_up, self.within - last) * self.settled
        again = 1.0 - self.busy * self.settled * (1.0 - freed(usual, wrap_up, self.within))
        at_last = freed(usual, wrap_up, last)
        if not self.near:
            served = at_least_alike(count - 1, agents - 1, again) if agents else 0.0
            return (1.0 - in_line) * served + in_line * at_least_alike(count, agents, at_last)
        done = sorted(self._done_by(agent, self.within) for agent in self._named(bits))
        served = min(at_least(count, done), at_least(count - 1, [one * again for one in done[:-1]]))
        return (1.0 - in_line) * served + in_line * at_least(count, [one * at_last for one in done])

    def _own_chance(self, agent: str) -> float:
        """That they themselves are free in their part of the window."""
        plan = self.ledger.plan
        part = min(float(plan.service.owner_wait_seconds), self.within)
        others, wrap_up = self.able.bit_count() - 1, float(plan.wrap_up_seconds)
        doubt = held_up(self.ledger.usual, wrap_up, part, others, float(plan.protect_promise_seconds))
        done = self._done_by(agent, part) if self.near else 1.0
        return done * (1.0 - self.busy * self.settled * doubt)

    def _named(self, bits: int) -> Iterator[str]:
        names = self.ledger.duty.bits
        return (agent.id for agent in self.ledger.agents if names[agent.id] & bits)

    def _done_by(self, agent: str, within: float) -> float:
        """That what they are doing now is over by then."""
        found = self.ledger.frees[agent]
        return 0.0 if found is None else found.chance(self.ahead + within)
