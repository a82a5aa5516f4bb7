"""A day of a call centre as discrete events: who calls, who is free, who hangs up; a policy decides who talks to whom.

Seconds are floats since midnight.  All chance is drawn before the first event and lies in the calls and the agents, so
two policies meet the very same day and their difference is theirs.  A policy may read all that a router could know;
`Call.work`, `patience`, `answers`, `accepts` and `slot_after` are the future: only a clairvoyant reads them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

EARLY_SECONDS = 60.0  # a booked callback may be dialled this long before its slot
UNANSWERED_SECONDS = 40.0  # of an agent's time, when a callback rings out
OWN_CALLBACK_SECONDS = 900.0  # "your agent calls you within 15 minutes"

WAITING, BOOKED, PROMISED, SERVED, ABANDONED = "waiting", "booked", "promised", "served", "abandoned"


@dataclass(slots=True)
class Call:
    """One caller of the day: first what was drawn, then what became of them."""

    id: int
    at: float
    skill: int
    work: float
    patience: float
    familiar: Mapping[int, int] = field(default_factory=dict)  # agent -> number of contacts before
    preferred: int | None = None
    customer: int | None = None
    eligible: bool = False  # knows an agent whose shift covers the call
    slot: float | None = None  # a callback booked for this instant
    own: int | None = None  # the agent promised for the slot
    answers: bool = True
    accepts: bool = False
    slot_after: float | None = (
        None  # who accepts a callback in a long queue wants a slot so much later; None: their place
    )

    state: str = WAITING
    live: bool = True  # on the line, and able to hang up
    offered: bool = False
    agent: int | None = None
    started_at: float = 0.0
    left_at: float = 0.0
    promised_at: float | None = None
    deadline: float | None = None
    promised: int | None = None  # the agent named in a "within 15 minutes"; None: one of their familiar agents

    def tie(self, agent_id: int) -> int:
        """Contacts this caller had with that agent."""
        return self.familiar.get(agent_id, 0)

    def fresh(self) -> Call:
        """The same draws, before anything happened."""
        return Call(
            self.id, self.at, self.skill, self.work, self.patience, self.familiar, self.preferred, self.customer,
            self.eligible, self.slot, self.own, self.answers, self.accepts, self.slot_after,
        )  # fmt: skip


@dataclass(slots=True)
class AgentState:
    """One agent's day: shifts and breaks as planned, then what they are doing."""

    id: int
    skills: frozenset[int]
    shifts: tuple[tuple[float, float], ...]
    breaks: tuple[tuple[float, float], ...] = ()  # due at, length; begun when free, over when planned
    tenure: float = 1.0

    on_shift: bool = False
    break_until: float = 0.0  # a break that is due lasts until then
    away: bool = False
    call: Call | None = None
    idle_since: float | None = None
    busy_since: float | None = None
    busy_seconds: float = 0.0
    idle_seconds: float = 0.0
    served: int = 0

    def covers(self, at: float) -> bool:
        """Whether a shift of theirs covers that instant, breaks not looked at."""
        return any(start <= at < end for start, end in self.shifts)

    def shift_end(self, at: float) -> float:
        """End of the shift that covers `at`; `at` itself when none does."""
        return next((end for start, end in self.shifts if start <= at < end), at)

    def fresh(self) -> AgentState:
        return AgentState(self.id, self.skills, self.shifts, self.breaks, self.tenure)

    def occupancy(self) -> float | None:
        """Busy share of the time they were busy or ready; None for who never was."""
        present = self.busy_seconds + self.idle_seconds
        return self.busy_seconds / present if present > 0 else None


class Policy(Protocol):
    """Who should take this call?  Told of each event, acts through the centre it was handed in `begin`."""

    def begin(self, centre: Centre) -> None: ...
    def arrive(self, call: Call) -> None: ...
    def free(self, agent: AgentState) -> None: ...
    def due(self, call: Call) -> None: ...
    def gone(self, call: Call) -> None: ...
    def booked(self, call: Call) -> None: ...


class Base:
    """A policy that does nothing: a parent from which real ones take what they do not care about."""

    centre: Centre

    def begin(self, centre: Centre) -> None:
        """Before the first event; the policy keeps the centre."""
        self.centre = centre

    def arrive(self, call: Call) -> None:
        """The call joined `waiting`: a caller on the line, or a booked callback whose slot has come."""

    def free(self, agent: AgentState) -> None:
        """The agent joined `idle`: after a call, a break, or at the start of a shift."""

    def due(self, call: Call) -> None:
        """A timer set with `later`; the call has no agent yet."""

    def gone(self, call: Call) -> None:
        """The call left `waiting` by itself: hung up, or took a slot later in the day."""

    def booked(self, call: Call) -> None:
        """A callback with a slot became known: all earlier ones right after `begin`, others when they are taken."""


@dataclass(frozen=True, slots=True)
class QueueOffer:
    """The house's rule for long queues, the same under each policy: a callback when the estimated wait is too long."""

    above_seconds: float = 90.0
    mean_work: float = 330.0
    least_promise: float = 600.0
    grid: float = 900.0
    last_slot: float = 19.5 * 3600


class IllegalAssignment(Exception):
    """A policy gave a call to an agent who cannot take it: a bug of the policy."""


class Centre:
    """The floor at this instant, and the clock that moves it."""

    def __init__(
        self,
        calls: Iterable[Call],
        agents: Iterable[AgentState],
        *,
        discount: float = 0.10,
        offer: QueueOffer | None = None,
        closes_at: float = float("inf"),
        familiarity: Callable[[Call], Mapping[int, int]] | None = None,
        served: Callable[[Call, AgentState, float], None] | None = None,
    ) -> None:
        """`familiarity` is asked as a call arrives and `served` told as it ends (call, agent, seconds of work), where
        ties grow during the replay.  Ready time after `closes_at` is not counted: who stays then stays for the last.
        """
        self.now = 0.0
        self.calls = [call.fresh() for call in calls]
        self.agents = {agent.id: agent.fresh() for agent in agents}
        self.discount = discount
        self.offer = offer
        self.closes_at = closes_at
        self.idle: dict[int, AgentState] = {}  # longest idle first
        self.waiting: dict[int, Call] = {}  # in order of arrival; who holds a place by callback is among them
        self.promised: dict[int, Call] = {}  # "your agent calls you within 15 minutes"
        self.bookings: dict[int, Call] = {}  # callbacks whose slot has not come, not yet dialled
        self.present = 0  # agents idle or busy
        self._familiarity = familiarity
        self._served = served
        self._heap: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._count = 0

    # What a policy does.

    def assign(self, call: Call, agent: AgentState) -> None:
        """The agent takes the call now.  For a callback this is the moment it is dialled."""
        if agent.id not in self.idle or call.skill not in agent.skills:
            raise IllegalAssignment(f"call {call.id} (skill {call.skill}) to agent {agent.id} at {self.now:.1f}")
        self._take_out(call)
        now = self.now
        del self.idle[agent.id]
        self._count_idle(agent)
        call.state, call.agent, call.started_at = SERVED, agent.id, now
        agent.call, agent.busy_since, agent.idle_since = call, now, None
        agent.served += 1
        if call.live or call.answers:
            seconds = call.work * (1.0 - self.discount) if agent.id in call.familiar else call.work
        else:
            seconds = UNANSWERED_SECONDS
        self._push(now + seconds, self._work_done, agent)

    def later(self, call: Call, at: float) -> None:
        """Ask `policy.due(call)` at that instant, if nobody has the call by then."""
        self._push(at, self._call_timer, call)

    def offer_callback(self, call: Call, agent: AgentState | None = None) -> bool:
        """Say "your agent calls you within 15 minutes".  Taken: the caller hangs up and is in `promised`.

        A caller is asked once; to ask again changes nothing.
        """
        if call.offered or not call.live or call.state != WAITING:
            return False
        call.offered = True
        if not call.accepts:
            return False
        self.waiting.pop(call.id, None)
        self.promised[call.id] = call
        call.state, call.live = PROMISED, False
        call.promised_at, call.deadline = self.now, self.now + OWN_CALLBACK_SECONDS
        call.promised = agent.id if agent else None
        return True

    def expected_wait(self, call: Call) -> float:
        """Seconds until its turn, by the people ahead and the agents at work."""
        ahead = next((n for n, other in enumerate(self.waiting) if other == call.id), len(self.waiting))
        mean = self.offer.mean_work if self.offer else 330.0
        return (ahead + 1) * mean / max(1, self.present)

    # The clock.

    def run(self, policy: Policy) -> Centre:
        """The whole day under one policy; the finished centre, to be measured."""
        self._policy = policy
        for agent in self.agents.values():
            for start, end in agent.shifts:
                self._push(start, self._shift_starts, agent)
                self._push(end, self._shift_ends, agent)
            for due, length in agent.breaks:
                self._push(due, self._break_due, (agent, length))
        live = [call for call in self.calls if call.slot is None]
        live.sort(key=lambda call: call.at)
        policy.begin(self)
        for call in self.calls:
            if call.slot is not None:
                self._book(call, call.slot)
        heap, pop = self._heap, heapq.heappop
        for call in live:
            at = call.at
            while heap and heap[0][0] <= at:
                self.now, _, act, subject = pop(heap)
                act(subject)
            self.now = at
            self._arrives(call)
        while heap:
            self.now, _, act, subject = pop(heap)
            act(subject)
        return self

    def _push(self, at: float, act: Callable[[Any], None], subject: Any) -> None:
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, act, subject))

    def _take_out(self, call: Call) -> None:
        if self.waiting.pop(call.id, None) or self.promised.pop(call.id, None):
            self.bookings.pop(call.id, None)
            return
        if call.id in self.bookings and call.slot is not None and self.now >= call.slot - EARLY_SECONDS - 1e-6:
            del self.bookings[call.id]
            return
        raise IllegalAssignment(f"call {call.id} is {call.state} and cannot be taken at {self.now:.1f}")

    def _arrives(self, call: Call) -> None:
        if self._familiarity:
            call.familiar = self._familiarity(call)
        call.state = WAITING
        self.waiting[call.id] = call
        self._policy.arrive(call)
        if call.state == WAITING:
            self._offer_in_queue(call)
        if call.state == WAITING and call.live:
            self._push(call.at + call.patience, self._patience_ends, call)

    def _offer_in_queue(self, call: Call) -> None:
        offer = self.offer
        if offer is None or call.offered or not call.live:
            return
        wait = self.expected_wait(call)
        if wait <= offer.above_seconds:
            return
        call.offered = True
        if not call.accepts:
            return
        call.live, call.promised_at = False, self.now
        slot = None if call.slot_after is None else -(-(self.now + call.slot_after) // offer.grid) * offer.grid
        if slot is None or slot > offer.last_slot:
            call.deadline = self.now + max(offer.least_promise, 2 * wait)
            return
        del self.waiting[call.id]
        call.slot = slot
        self._policy.gone(call)
        self._book(call, slot)

    def _book(self, call: Call, slot: float) -> None:
        call.state, call.live = BOOKED, False
        self.bookings[call.id] = call
        self._push(slot, self._slot_comes, call)
        self._policy.booked(call)

    def _slot_comes(self, call: Call) -> None:
        if call.state == BOOKED:
            del self.bookings[call.id]
            self._arrives(call)

    def _patience_ends(self, call: Call) -> None:
        if call.state == WAITING and call.live:
            del self.waiting[call.id]
            call.state, call.left_at = ABANDONED, self.now
            self._policy.gone(call)

    def _call_timer(self, call: Call) -> None:
        if call.state in (WAITING, BOOKED, PROMISED):
            self._policy.due(call)

    def _shift_starts(self, agent: AgentState) -> None:
        agent.on_shift = True
        if agent.call is None and not agent.away and agent.id not in self.idle:
            self.present += 1
            self._becomes_free(agent)

    def _shift_ends(self, agent: AgentState) -> None:
        agent.on_shift, agent.break_until = False, 0.0
        if agent.id in self.idle:
            self._leaves(agent)

    def _break_due(self, due: tuple[AgentState, float]) -> None:
        agent, length = due
        if not agent.on_shift:
            return
        agent.break_until = self.now + length
        if agent.id in self.idle:
            self._leaves(agent)

    def _leaves(self, agent: AgentState) -> None:
        """From ready or busy to a break that is due, or home."""
        if self.idle.pop(agent.id, None):
            self._count_idle(agent)
            agent.idle_since = None
        self.present -= 1
        if agent.break_until > self.now:
            agent.away = True
            self._push(agent.break_until, self._break_over, agent)

    def _break_over(self, agent: AgentState) -> None:
        agent.away = False
        if agent.on_shift:
            self.present += 1
            self._becomes_free(agent)

    def _work_done(self, agent: AgentState) -> None:
        assert agent.call is not None
        assert agent.busy_since is not None
        seconds = self.now - agent.busy_since
        agent.busy_seconds += seconds
        call, agent.call, agent.busy_since = agent.call, None, None
        call.left_at = self.now
        if self._served:
            self._served(call, agent, seconds)
        self._becomes_free(agent)

    def _becomes_free(self, agent: AgentState) -> None:
        if agent.break_until > self.now or not agent.on_shift:
            self._leaves(agent)
            return
        agent.idle_since = self.now
        self.idle[agent.id] = agent
        self._policy.free(agent)

    def _count_idle(self, agent: AgentState) -> None:
        if agent.idle_since is not None:
            agent.idle_seconds += max(0.0, min(self.now, self.closes_at) - agent.idle_since)
