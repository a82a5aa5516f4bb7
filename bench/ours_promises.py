"""What was promised in the benchmark worlds: to whom each agent is promised, who may keep it, when it presses.

As long as its owner, or else somebody the caller knows, may still keep it, a promise leaves the line to live callers.
It goes before them as soon as so many must be kept that those who come free would otherwise hardly be enough.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from bench.centre import BOOKED, EARLY_SECONDS, PROMISED, WAITING, Call, Centre
from bench.measures import SLOT_SECONDS
from routing.plan import Plan

LOOKS_AHEAD = 1200.0  # as live: ivr.choosing.PROMISES_WITHIN
ANYBODY_SECONDS = 120.0  # before the end of its window whoever is free may keep it
ANYBODY_15_SECONDS = 45.0  # the same of "within fifteen minutes"
SURE = 3.0  # standard deviations: of 500 such needs one is not met
OWNERS_TURNS = 3.0  # so many agents are sure to come free, in 95 cases of 100, after their own is given up
COUNTED_EVERY = 60.0


class Promises:
    """Those of one day."""

    def __init__(self, centre: Centre, plan: Plan) -> None:
        self.centre = centre
        self.owner_wait = float(plan.service.owner_wait_seconds)
        self.talk_seconds = float(plan.talk_seconds + plan.wrap_up_seconds)
        self.own: dict[int, list[Call]] = {}  # agent -> booked with them
        self._counted_at = -math.inf
        self._present: dict[int, int] = {}  # skill -> agents at work, at that instant

    def booked(self, call: Call) -> None:
        if call.own is not None:
            self.own.setdefault(call.own, []).append(call)
            self.own[call.own].sort(key=lambda one: one.slot or 0.0)

    def next_of(self, agent_id: int) -> Call | None:
        """The first open promise of this agent."""
        booked = self.own.get(agent_id, [])
        while booked and booked[0].state not in (BOOKED, WAITING):
            booked.pop(0)
        return booked[0] if booked else None

    def ends(self, call: Call) -> float:
        if call.deadline is not None:
            return call.deadline
        return (call.at if call.slot is None else call.slot) + SLOT_SECONDS

    def anybody_from(self, call: Call) -> float:
        """From when on anybody may keep it; before, only its owner, or those the caller knows."""
        known = call.familiar if call.own is None else (call.own,)
        agents = self.centre.agents
        if not any(one in agents and agents[one].on_shift for one in known):
            return call.slot if call.slot is not None else self.centre.now
        if call.own is not None and call.slot is not None:
            last = SLOT_SECONDS - OWNERS_TURNS * self._one_free_every(call.skill)
            return call.slot + min(self.owner_wait, last)
        return self.ends(call) - (ANYBODY_15_SECONDS if call.state == PROMISED else ANYBODY_SECONDS)

    def anybody(self, call: Call) -> bool:
        if call.state != BOOKED and self.anybody_from(call) <= self.centre.now + 1e-6:
            return True
        return call in self.pressing((call.skill,))

    def pressing(self, skills: Collection[int]) -> list[Call]:
        """Those that must go first now, or not all will be kept: by their ends."""
        now = self.centre.now
        due = [call for call in self._open() if call.skill in skills and self._given_up(call)]
        due.sort(key=self.ends)
        everybody = self.talk_seconds / max(self.centre.present, 1)
        before = dict.fromkeys(skills, 0)
        for n, call in enumerate(due, 1):
            before[call.skill] += 1
            needs = turns(before[call.skill]) * self._one_free_every(call.skill), turns(n) * everybody
            if self.ends(call) - now <= max(needs):
                return due[:n]
        return []

    def _open(self) -> Iterator[Call]:
        centre = self.centre
        yield from (call for call in (*centre.waiting.values(), *centre.promised.values()) if not call.live)
        for call in centre.bookings.values():
            if call.slot is not None and call.slot - EARLY_SECONDS <= centre.now + 1e-6:
                yield call

    def _given_up(self, call: Call) -> bool:
        """It is not, or no longer, kept for the agent it was promised with."""
        return call.own is None or self.anybody_from(call) <= self.centre.now + 1e-6

    def _one_free_every(self, skill: int) -> float:
        """Seconds from one agent with that skill to the next, where all are busy."""
        if self.centre.now - self._counted_at >= COUNTED_EVERY:
            here = [a for a in self.centre.agents.values() if a.call is not None or a.id in self.centre.idle]
            self._counted_at = self.centre.now
            self._present = {}
            for able in (agent.skills for agent in here):
                for one in able:
                    self._present[one] = self._present.get(one, 0) + 1
        return self.talk_seconds / max(self._present.get(skill, 0), 1)


def turns(many: int) -> float:
    """So many agents must be expected to come free for it to be nearly sure that `many` do; as Poisson."""
    return many + SURE * math.sqrt(many) + SURE * SURE / 4
