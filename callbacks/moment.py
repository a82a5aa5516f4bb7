"""Can a promise at a certain instant be kept, with the confidence that the plan asks for?  Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from callbacks.book import Ledger, Slot
from callbacks.chances import at_least, at_least_alike, busy_again, busy_share, freed, not_overrun
from callbacks.duty import span_at
from routing.agents import Agent

# Nearer than this, what an agent is doing now tells more than what their shift says.
NEAR = timedelta(minutes=10)
RINGS = timedelta(seconds=20)  # until both telephones are answered
ROOM = timedelta(minutes=10)  # so long before and after, promises have to fit into what the callers leave


def keepable(ledger: Ledger, at: datetime, agent: str | None, window_seconds: float | None = None) -> bool:
    """Can a call at `at` (by `agent`, when named) be kept beside the promises already made?"""
    return place(ledger, at, agent, window_seconds) is not None


def place(ledger: Ledger, at: datetime, agent: str | None, window_seconds: float | None = None) -> Slot | None:
    """A promise at `at` (by `agent`, when named) as it can be kept; None if it cannot.

    Where whoever is free is not sure enough to come in time, but somebody who is kept free for it would be, it is
    theirs: `Slot.agent`.  `window_seconds`: how long after `at` it still counts as kept; left out, the plan's.
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
    return ledger.call_hours is None or ledger.call_hours.is_open(at)


class Moment:
    """One instant of a ledger: who is there, what else is promised, how busy everybody is."""

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
        busy = busy_share(calls, each, self.there)
        self.busy = busy_again(busy, each, self.ahead) if self.near else busy

    def place(self, agent: str | None) -> Slot | None:
        if not self.has_room():
            return None
        if agent is not None:
            return Slot(self.at, agent) if self.is_kept_by(agent) else None
        return Slot(self.at, None) if self.is_kept() else self.by_one()

    def has_room(self) -> bool:
        """Do the promises around this one fit into what the callers leave, so that nobody waits for them?"""
        if not self.load:
            return True
        around = self.ledger.bookings.count(self.at - ROOM, self.at + ROOM)
        return around * self.ledger.talk <= 2 * ROOM * max(self.there - self.load, 0.0)

    def is_kept(self) -> bool:
        """By whoever is free, once those have been served who wait already."""
        in_turn = self.ledger.line_seconds <= self.ahead + self.within
        return in_turn and self._sure(self._chance_of(self.anonymous + 1, self.able))

    def is_kept_by(self, agent: str) -> bool:
        """By that agent, and the promises beside it by others."""
        bit = self.ledger.duty.bits.get(agent, 0) & self.able
        return bool(bit) and self._sure(self._own_chance(agent)) and self._leaves_enough(self.able & ~bit)

    def by_one(self) -> Slot | None:
        """Kept free for it, somebody may be surer to call than whoever is free."""
        if not self.busy:
            return None
        sure = (one.id for one in self.by_preference() if self._sure(self._own_chance(one.id)))
        best = next(sure, None)
        return Slot(self.at, best) if best is not None and self.is_kept_by(best) else None

    def by_preference(self) -> list[Agent]:
        """Who has promised least around this time, then who is idle longest."""
        bits, bookings, around = self.ledger.duty.bits, self.ledger.bookings, timedelta(hours=4)
        booked = bookings.by_agent(self.at - around, self.at + around)
        able = [agent for agent in self.ledger.agents if bits[agent.id] & self.able]
        return sorted(able, key=lambda one: (booked.get(one.id, 0), not one.ready, one.since_at, one.id))

    def _leaves_enough(self, others: int) -> bool:
        return not self.anonymous or self._sure(self._chance_of(self.anonymous, others))

    @property
    def _owners_part(self) -> float:
        return min(float(self.ledger.plan.service.owner_wait_seconds), self.within)

    def _sure(self, chance: float) -> bool:
        return chance >= self.ledger.plan.service.callback_confidence

    def _chance_of(self, count: int, bits: int) -> float:
        """That so many of these agents are free within the window."""
        undisturbed = 1.0 - self.busy * (1.0 - self._freed(self.within)) if self.busy else 1.0
        if not self.near:
            return at_least_alike(count, bits.bit_count(), undisturbed)
        names = self.ledger.duty.bits
        able = (agent.id for agent in self.ledger.agents if names[agent.id] & bits)
        return at_least(count, [self._done_by(agent, self.within) * undisturbed for agent in able])

    def _own_chance(self, agent: str) -> float:
        part = self._owners_part
        return (self._done_by(agent, part) if self.near else 1.0) * self._protected(part)

    def _protected(self, part: float) -> float:
        return not_overrun(self.busy, self.ledger.plan.protect_promise_seconds, self._freed(part))

    def _done_by(self, agent: str, within: float) -> float:
        """That what they are doing now is over by then."""
        found = self.ledger.frees[agent]
        return 0.0 if found is None else found.chance(self.ahead + within)

    def _freed(self, within: float) -> float:
        return freed(self.ledger.usual, float(self.ledger.plan.wrap_up_seconds), within)
