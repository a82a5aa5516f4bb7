"""Our own engine in the benchmark worlds: `routing.choose` decides, exactly as for live calls.

Nothing is decided here.  What the worlds know (ties, skills, talks so far) is put in the engine's terms: a caller's
card, agents as they are now, the plan.  The knobs are the plan's, the same for every seed and every month.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bench.centre import BOOKED, EARLY_SECONDS, SERVED, AgentState, Base, Call, Centre
from bench.ours_promises import LOOKS_AHEAD, Promises
from bench.world import World
from routing.agents import Activity, Agent, Availability, load_after
from routing.choose import TEAMMATE, Decision, Waiting, choose, hope_seconds, next_caller
from routing.forecast import Talk
from routing.plan import Load, Plan, Service, Worth
from routing.weigh import Caller, Tie, weigh

DAY = datetime(2026, 3, 3, tzinfo=UTC)
CANDIDATES = 16  # as many of the longest idle as the live floor hands over
LOOKED_AT = 8  # callers whom an agent who is kept for a promise is weighed for, as live


def at(seconds: float) -> datetime:
    return DAY + timedelta(seconds=seconds)


FAMILIAR_FIRST = Plan(
    worth=Worth(familiar_seconds=95),
    wait_unasked_seconds=120,
    wait_unasked_chance=0.0,
    wrap_up_seconds=0,  # the worlds' handle times are talk and wrap-up together
    talk_seconds=330,
    load=Load(spread_points=100),
    protect_promise_seconds=1200,
    service=Service(owner_wait_seconds=280),
)
EVEN = FAMILIAR_FIRST.model_copy(update={"worth": Worth(familiar_seconds=80), "load": Load(spread_points=24)})
CALLED_BACK = FAMILIAR_FIRST.model_copy(update={"worth": Worth(familiar_seconds=90)})
UNPROTECTED = FAMILIAR_FIRST.model_copy(update={"protect_promise_seconds": 0})


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a router would know from the past: how often each agent is asked for, how long a talk lasts."""

    wanted_an_hour: Mapping[int, float]
    talk: Talk


def learnt_from(world: World) -> Learnt:
    """The past customers are who call in a day; each asks for the agents they know."""
    wanted: dict[int, float] = {}
    for customer in world.past.customers:
        for agent in customer.familiar:
            wanted[agent] = wanted.get(agent, 0.0) + 1.0
    calls_a_day = sum(end - start for agent in world.agents for start, end in agent.shifts) * 0.9 / 330.0
    share = calls_a_day / max(len(world.past.customers), 1) / 8.0
    logs = [math.log(seconds) for seconds in world.past.talks if seconds > 0]
    mean = sum(logs) / len(logs)
    sigma = math.sqrt(sum((one - mean) ** 2 for one in logs) / len(logs))
    return Learnt({agent: times * share for agent, times in wanted.items()}, Talk(math.exp(mean), sigma))


class Ours(Base):
    """The engine behind the benchmark's events."""

    def __init__(self, plan: Plan, learnt: Learnt, *, callbacks: bool = False) -> None:
        self.plan, self.learnt, self.callbacks = plan, learnt, callbacks

    def begin(self, centre: Centre) -> None:
        self.centre = centre
        self.floor = {state.id: self._agent(state) for state in centre.agents.values()}
        self.cards: dict[int, Caller] = {}
        self.held: dict[int, float] = {}  # call -> until when
        self.held_since: dict[int, float] = {}
        self.promises = Promises(centre, self.plan)

    # What the centre tells.

    def arrive(self, call: Call) -> None:
        if call.slot is not None:
            self.centre.later(call, self.promises.anybody_from(call))
            self._call_back(call)
        else:
            self._look(call, offer=self.callbacks)

    def free(self, state: AgentState) -> None:
        self._became(state, Activity.IDLE)
        self._take_next(state)

    def due(self, call: Call) -> None:
        if call.live:
            self._look(call)
        else:
            self._call_back(call)

    def booked(self, call: Call) -> None:
        if call.slot is None:
            return
        self.promises.booked(call)
        self.centre.later(call, call.slot - EARLY_SECONDS)

    # A caller's side.

    def _look(self, call: Call, *, offer: bool = False) -> None:
        centre, now = self.centre, at(self.centre.now)
        caller = self._card(call)
        floor = self._candidates(call)
        if offer and caller.ties:
            asked = choose(caller, floor, self.plan.model_copy(update={"wait_unasked_seconds": 0}), now)
            if asked.action == "offer_callback" and centre.offer_callback(call):
                centre.later(call, self.promises.anybody_from(call))
                return
        decision = self._choose(caller, floor, now, self._busy(call))
        self.held.pop(call.id, None)
        if decision.action == "ring" and decision.who is not None:
            self._assign(call, int(decision.who.agent.id))
        elif decision.hold is not None and decision.teammate is not None:
            self.held_since.setdefault(call.id, centre.now)
            self.held[call.id] = centre.now + decision.hold.seconds
            centre.later(call, self.held[call.id])

    def _choose(self, caller: Caller, floor: Sequence[Agent], now: datetime, busy: int) -> Decision:
        decision = choose(caller, floor, self.plan, now, busy)
        if decision.action == "offer_callback" and decision.who is not None:  # nobody presses a key here
            decision = choose(replace(caller, offered=True), floor, self.plan, now, busy)
        return decision

    def _card(self, call: Call) -> Caller:
        card = self.cards.get(call.id)
        if card is None:
            ties = {str(a): Tie(1.0, times) for a, times in call.familiar.items() if times}
            card = self.cards[call.id] = Caller("it", at(call.at), ties=ties, skills={str(call.skill): 1})
        since = self.held_since.get(call.id)
        return card if since is None else replace(card, held_seconds=self.centre.now - since)

    # An agent's side.

    def _take_next(self, state: AgentState) -> None:
        own = self.promises.next_of(state.id)
        if own is not None and own.slot is not None and self.centre.now >= own.slot - EARLY_SECONDS - 1e-6:
            self._assign(own, state.id)
            return
        for call in self.promises.pressing(state.skills)[:LOOKED_AT]:
            self._call_back(call)
            if state.call is not None:
                return
        agent = self._promised(state.id)
        match = next_caller(agent, self._queue(state), at(self.centre.now))
        if match is None:
            return
        for one in (match, *match.others[: LOOKED_AT - 1]):
            call = self._waiting(one.waiting.id)
            if agent.promised_at is None:
                self._assign(call, state.id)
            elif call.live:
                self._look(call)
            else:
                self._call_back(call)
            if state.call is not None or call.state == SERVED:
                return

    def _waiting(self, call_id: str) -> Call:
        return self.centre.waiting.get(int(call_id)) or self.centre.promised[int(call_id)]

    def _queue(self, state: AgentState) -> Iterable[Waiting]:
        for call in (*self.centre.promised.values(), *self.centre.waiting.values()):
            if call.skill not in state.skills:
                continue
            if call.live:
                until = self.held.get(call.id)
                card = self._card(call) if state.id in call.familiar or not call.familiar else self._hopeful(call)
                yield Waiting(str(call.id), card, self.plan, None if until is None else at(until))
            elif (state.id in call.familiar and call.own is None) or self.promises.anybody(call):
                due = replace(self._card(call), arrived_at=at(self.promises.anybody_from(call)))
                yield Waiting(str(call.id), due, self.plan)

    def _hopeful(self, call: Call) -> Caller:
        """With what waiting on is worth to somebody who knows agents that are busy."""
        card, now = self._card(call), at(self.centre.now)
        known = (self.centre.agents.get(agent_id) for agent_id in call.familiar)
        busy = [self.floor[state.id] for state in known if state is not None and state.call and state.on_shift]
        if not busy:
            return card
        fresh = replace(card, held_seconds=0.0)
        return replace(card, hope_seconds=hope_seconds(fresh, weigh(fresh, busy, self.plan, now), self.plan, now))

    # Promises: booked slots, places held and "within fifteen minutes".

    def _call_back(self, call: Call) -> None:
        """Their own agent, or one they know; near the end of the window anybody."""
        if call.own is not None and call.own in self.centre.idle:
            self._assign(call, call.own)
            return
        floor = self._candidates(call)
        if not self.promises.anybody(call):
            if call.own is not None or call.state == BOOKED:
                return
            floor = [agent for agent in floor if int(agent.id) in call.familiar]
        caller = replace(self._card(call), choice=TEAMMATE)  # whoever is free
        decision = choose(caller, floor, self.plan, at(self.centre.now), self._busy(call))
        if decision.action == "ring" and decision.who is not None:
            self._assign(call, int(decision.who.agent.id))

    # The floor in the engine's terms.

    def _agent(self, state: AgentState) -> Agent:
        return Agent(
            id=str(state.id),
            name=str(state.id),
            address="",
            languages=("it",),
            skills={str(skill): 1 for skill in state.skills},
            stand_in=None,
            hours=None,
            availability=Availability.READY,
            activity=Activity.IDLE,
            since_at=DAY,
            wrap_up_until=None,
            misses=0,
            wanted_an_hour=self.learnt.wanted_an_hour.get(state.id, 0.0),
            talk=self.learnt.talk,
        )

    def _became(self, state: AgentState, activity: Activity) -> None:
        before, now = self.floor[state.id], at(self.centre.now)
        load = load_after(before.load, now - before.since_at, busy=before.activity is not Activity.IDLE)
        self.floor[state.id] = replace(before, activity=activity, since_at=now, load=load)

    def _assign(self, call: Call, agent_id: int) -> None:
        state = self.centre.agents[agent_id]
        self.held.pop(call.id, None)
        self.centre.assign(call, state)
        self._became(state, Activity.TALKING)

    def _candidates(self, call: Call) -> list[Agent]:
        """Who knows them and is here, and the longest idle with the skill; with nobody idle, some of the busy."""
        centre = self.centre
        found: dict[int, Agent] = {}
        for agent_id in call.familiar:
            state = centre.agents.get(agent_id)
            if state is None or not state.on_shift:
                continue
            if agent_id in centre.idle or state.call is not None:
                found[agent_id] = self._promised(agent_id)
            elif state.away:  # back from a break at a known time
                back_at = at(state.break_until)
                found[agent_id] = replace(self.floor[agent_id], activity=Activity.WRAP_UP, wrap_up_until=back_at)
        room = CANDIDATES
        for agent_id, state in centre.idle.items():
            if call.skill in state.skills:
                found[agent_id] = self._promised(agent_id)
                room -= 1
                if not room:
                    break
        return list(found.values())

    def _promised(self, agent_id: int) -> Agent:
        own = self.promises.next_of(agent_id)
        agent = self.floor[agent_id]
        if own is None or own.slot is None or own.slot - self.centre.now > LOOKS_AHEAD:
            return agent
        return replace(agent, promised_at=at(own.slot))

    def _busy(self, call: Call) -> int:
        return sum(call.skill in state.skills and state.call is not None for state in self.centre.agents.values())


def _world(plan: Plan, *, callbacks: bool = False) -> Callable[[World], Ours]:
    return lambda world: Ours(plan, learnt_from(world), callbacks=callbacks)


WORLD_POLICIES: dict[str, Callable[[World], Ours]] = {
    "ours": _world(FAMILIAR_FIRST),
    "ours-even": _world(EVEN),
    "ours-callback": _world(CALLED_BACK, callbacks=True),
    "ours-unprotected": _world(UNPROTECTED),
}
