"""From a caller to a rung agent: the card is read, `routing` chooses, the claim settles it, the phone is rung.

The only place where a choice becomes a reservation, whoever asks: a first webhook, a key, an agent who became free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select

from callbacks.keeping import latest
from callbacks.states import LAST, OPEN
from callbacks.tables import callbacks
from callbacks.upcoming import broken_lately, next_promises
from crm.familiarity import Familiar, familiar_agents
from crm.history import memory
from crm.matters import OpenMatter
from crm.troubles import how_they_fared
from crm.weariness import weariness
from ivr import calls, legs
from ivr.lifecycle import CallState
from ivr.turn import Turn
from routing.absences import absent_now
from routing.agents import Activity, Agent, Availability
from routing.card import STRANGER, Card, Known, Moment, card
from routing.choose import WAIT, Decision, Match, choose, hope_seconds
from routing.explain import in_words, language_of, to_caller
from routing.floor import count_busy, count_ready
from routing.needs import Need
from routing.plan import Plan
from routing.queue import waits
from routing.reservations import claim, tried_agents
from routing.tables import decisions
from routing.vetoes import vetoed_by
from routing.weigh import Caller, Tie, worth_of
from store.events import emit
from store.ids import new_id

PROMISES_WITHIN = timedelta(minutes=20)
FOR_WHOM_THEY_CHOSE = timedelta(hours=1)
NAMED = Tie(0.0, 0)  # by a rule: looked for like whom the caller knows, wherever they are
WHILE_ASKED = timedelta(seconds=40)
RUNG_AGAIN_AFTER = timedelta(
    seconds=30
)  # who did not take a promised call: it has a minute to keep, and others may not
RULES_LOOK = timedelta(seconds=5)  # rules may ask how long somebody has waited, or who is free


@dataclass(frozen=True, slots=True)
class Chosen:
    decision: Decision
    agent: Agent | None  # who is being rung now


async def look(
    turn: Turn, promise: Row[Any] | None = None, *, match: Match | None = None, known_only: bool = False
) -> Chosen:
    """Chooses, claims and rings; the call is ringing then.  `promise`: that this call keeps; `match`: how the agent who
    became free found this caller; `known_only`: leaves everything as it is unless somebody they know can be rung."""
    own, _ = await caller_card(turn, promise)
    turn.plan, caller = own.plan, own.caller
    forgotten = None if promise is None else turn.now - RUNG_AGAIN_AFTER
    tried = await tried_agents(turn.conn, turn.call.id, since=forgotten)
    dropped = turn.call.dropped_agent  # they did not come back, which the caller is about to hear: not they now
    declined = tried.declined | ({dropped} if dropped else frozenset())
    caller = replace(caller, tried=declined)
    found = await look_at_the_floor(turn, caller)
    floor, caller = found.agents, replace(caller, ahead=found.ahead)
    others_first = replace(caller, tried=declined | tried.not_rung)
    while True:
        if others_first.choice == WAIT and promise is not None and not _to_come(promise.agent_id, floor):
            caller, others_first = replace(caller, choice=None), replace(others_first, choice=None)
        decision = choose(others_first, floor, turn.plan, turn.now, found.busy)
        if decision.who is None and tried.not_rung:
            decision = choose(caller, floor, turn.plan, turn.now, found.busy)  # nobody else: then once more those
        if known_only and not (decision.action == "ring" and decision.who and decision.who.familiar):
            return Chosen(decision, None)
        if decision.action != "ring":
            break
        assert decision.who is not None
        agent = decision.who.agent
        load = agent.load_at(turn.now)
        reservation = await claim(turn.conn, agent.id, turn.call.id, turn.plan, now=turn.now, load=load)
        if reservation is not None:
            await remember(turn, decision, own, match)
            await turn.change(state=CallState.RINGING, familiar=decision.who.familiar)
            turn.effects += await legs.ring_agent(turn, agent, reservation)
            return Chosen(decision, agent)
        # Somebody was quicker: choose again among the others, with this one as busy as they now are.
        floor = [replace(a, activity=Activity.RESERVED, since_at=turn.now) if a.id == agent.id else a for a in floor]
    await remember(turn, decision, own)
    await _take_place(turn, decision, caller, found.need, owner_until=_owner_until(promise, turn.plan))
    return Chosen(decision, None)


def _to_come(owner: str, floor: Sequence[Agent]) -> bool:
    """Is the agent who promised here, so that they can be waited for?"""
    return any(agent.id == owner and agent.present and agent.availability == Availability.READY for agent in floor)


async def caller_card(
    turn: Turn, promise: Row[Any] | None = None, *, only_reads: bool = False
) -> tuple[Card, Sequence[Familiar]]:
    """What choosing needs to know of them, and who knows them, under the rules that hold for this call."""
    call = turn.call
    known, familiar = await _known(turn, None if promise is None else promise.agent_id)
    if known.weary.level != (call.weary_level or 0) and not only_reads and known.is_person:
        await calls.note(turn.conn, call.id, weary_level=known.weary.level)
    moment = Moment(
        line=call.to_number if call.direction == "inbound" else call.from_number,
        language=call.language,
        arrived_at=call.arrived_at,
        now=turn.now,
        ready=await count_ready(turn.conn) if turn.pinned.rules else 0,
        waiting=await calls.waiting_before(turn.conn, call.arrived_at) if turn.pinned.rules else 0,
    )
    own = card(known, moment, turn.pinned, turn.rooms.house)
    held = call.held_at and (turn.now - call.held_at).total_seconds()
    caller = replace(
        own.caller,
        choice=call.choice,
        offered=call.offered_at is not None,
        held_seconds=max(held or 0.0, 0.0),
        patience_seconds=turn.rooms.learning.patience_seconds,
    )
    if promise is not None:
        caller = as_promised(caller, promise, own.plan, turn.now)
    return replace(own, caller=caller), familiar


def as_promised(caller: Caller, promise: Row[Any], plan: Plan, now: datetime) -> Caller:
    """A promise that has come due is a caller who has waited since its time, or since they first rang.

    It waits for the agent it was promised with for a while; shortly before its window ends it goes before everybody.
    """
    waits_for = _owner_until(promise, plan)
    choice = WAIT if promise.agent_id is not None and waits_for is not None and now < waits_for else None
    urgent = dict(caller.urgent)
    if now >= latest(promise) - LAST:
        urgent["promise_ends"] = plan.urgency.ending_promise_seconds
    arrived_at = promise.arrived_at or promise.promised_at
    return replace(caller, arrived_at=arrived_at, choice=choice, offered=True, urgent=urgent)


async def _known(turn: Turn, owner: str | None) -> tuple[Known, Sequence[Familiar]]:
    person, conn = turn.person, turn.conn
    broke = turn.call.dropped_at is not None  # the line, in the middle of a talk with us
    if person is None:
        return replace(STRANGER, preferred=owner, cut_off=broke), ()
    remembered = await memory(conn, person.id)
    talks, matters = remembered.lately, remembered.matters
    fared = await how_they_fared(conn, person.id, turn.call.arrived_at, turn.call.id)
    broken = await broken_lately(conn, person.id, now=turn.now)
    weary = weariness(talks, matters, turn.now, fared.troubles(broken))
    known = Known(
        is_person=True,
        called=turn.name,
        preferred=owner or person.preferred_agent,
        tags=frozenset(person.tags),
        talks=talks,
        stand_ins=frozenset(person.stand_ins),
        owners=holders(matters, turn.call.case_id) | await _promised_by(turn),
        matters=matters,
        weary=weary,
        vetoed=await vetoed_by(conn, person.id),
        broken_promise=broken > 0,
        cut_off=fared.cut_off or broke,
    )
    return known, familiar_agents(talks, turn.now)


def holders(matters: Sequence[OpenMatter], case_id: str | None) -> frozenset[str]:
    """Of their open matters; where they have said which one it is about, of that one."""
    held = [(matter.agent_id, matter.case_id) for matter in matters if matter.agent_id]
    about = frozenset(agent_id for agent_id, case in held if case_id and case == case_id)
    return about or frozenset(agent_id for agent_id, _ in held)


async def _promised_by(turn: Turn) -> frozenset[str]:
    """Who would have called them: they ring first, and the promise goes with them."""
    if turn.call.callback_id is None or turn.call.direction != "inbound":
        return frozenset()
    query = select(callbacks.c.agent_id).where(callbacks.c.id == turn.call.callback_id, callbacks.c.state.in_(OPEN))
    agent_id = await turn.conn.scalar(query)
    return frozenset((agent_id,) if agent_id else ())


@dataclass(frozen=True, slots=True)
class OnTheFloor:
    agents: list[Agent]  # who could take it, and who knows them wherever they are
    busy: int  # agents who would do, of whom `agents` has but some
    ahead: int  # callers
    need: Need  # that these agents meet


async def look_at_the_floor(turn: Turn, caller: Caller) -> OnTheFloor:
    """Each agent with what is known of their time."""
    now = turn.now
    need = Need.of(caller, turn.plan.widened(caller.waited_seconds(now)))
    looked_for = replace(caller, ties={**dict.fromkeys(turn.plan.worth.agents, NAMED), **caller.ties})
    found = await turn.rooms.floor.candidates(turn.conn, looked_for, now, need=need)
    away = await absent_now(turn.conn, now)
    promised = await next_promises(
        turn.conn,
        now=now,
        until=now + PROMISES_WITHIN,
        owner_wait=timedelta(seconds=turn.plan.service.owner_wait_seconds),
        beside=turn.call.callback_id,
    )
    agents = [
        replace(
            agent,
            present=agent.present and agent.id not in away,
            talk=turn.rooms.learning.talk(agent.id),
            promised_at=promised.get(agent.id),
        )
        for agent in found.agents
    ]
    busy = found.busy
    if not busy and any(agent.promised_at and agent.ready for agent in agents):
        busy = await count_busy(turn.conn, found.need)  # one of them may soon be free in place of who has promised
    return OnTheFloor(agents, busy, found.ahead, found.need)


def _owner_until(promise: Row[Any] | None, plan: Plan) -> datetime | None:
    """For so long a promise is kept for the agent it was made with: by far the most of its window, where no minute was
    named."""
    if promise is None:
        return None
    until: datetime = promise.promised_at + timedelta(seconds=plan.service.owner_wait_seconds)
    return max(until, latest(promise) - LAST) if promise.kind == "asap" else until


async def _take_place(
    turn: Turn, decision: Decision, caller: Caller, need: Need, *, owner_until: datetime | None = None
) -> None:
    """Where those find them who become free; counts once the call waits."""
    hold, call, plan = decision.hold, turn.call, turn.plan
    held_until = None if hold is None else turn.now + timedelta(seconds=hold.seconds)
    held_at = call.held_at or (None if hold is None else turn.now)
    look_at = _look_at(turn, held_until if owner_until is None or owner_until <= turn.now else owner_until, caller)
    if (held_at, look_at) != (call.held_at, call.look_at):
        await calls.note(turn.conn, call.id, held_at=held_at, look_at=look_at)
    named = {one.agent.id for one in decision.weighed if "rule" in one.because}
    worths = {one: worth_of(caller, one, plan) for one in (caller.known | named) - caller.tried - caller.vetoed}
    hope = round(hope_seconds(caller, decision.weighed, plan, turn.now), -1)  # in tens: no place moves at every look
    caller = replace(caller, hope_seconds=hope)
    if decision.action == "offer_callback" and decision.who is not None:
        held_until = turn.now + WHILE_ASKED  # only for those they know, until they have chosen
    if caller.choice == WAIT and decision.who is not None:
        held_until = turn.now + FOR_WHOM_THEY_CHOSE if owner_until is None else owner_until  # others leave them alone
    await waits(turn.conn, call.id, caller, need, worths, now=turn.now, held_until=held_until)


def _look_at(turn: Turn, held_until: datetime | None, caller: Caller) -> datetime | None:
    """When this caller must be looked at again though nobody becomes free."""
    at = [] if held_until is None else [held_until]
    if turn.pinned.rules:
        at.append(turn.now + RULES_LOOK)
    waited = caller.waited_seconds(turn.now)
    steps = (step.after_seconds - waited for step in turn.plan.widen if step.after_seconds > waited)
    at += [turn.now + timedelta(seconds=seconds) for seconds in steps]
    return min(at, default=None)


async def remember(turn: Turn, decision: Decision, own: Card, match: Match | None = None) -> None:
    """The decision with its reasons, the rules that shaped it, and what may be told to the caller of it."""
    caller, agent_id = own.caller, decision.who.agent.id if decision.who else None
    reasons = decision.reasons() | {"waited_seconds": round(caller.waited_seconds(turn.now), 1)}
    reasons["to_caller"] = to_caller(decision, caller, turn.call.language)
    if caller.urgent:
        reasons["urgent"] = dict(caller.urgent)
    if own.rules:
        reasons["rules"] = list(own.rules)
    if match is not None:
        reasons["before"] = match.as_reason()
    reasons["in_words"] = words = in_words(decision, caller)
    of_the_house = words[language_of(turn.rooms.house.language)]
    await store_decision(turn, decision.action, agent_id, of_the_house, reasons)


async def store_decision(turn: Turn, action: str, agent_id: str | None, words: str, reasons: dict[str, Any]) -> None:
    """With its reasons.  The same again is no new decision, unless it rings somebody."""
    latest = (
        await turn.conn.execute(
            select(decisions.c.action, decisions.c.agent_id)
            .where(decisions.c.call_id == turn.call.id)
            .order_by(decisions.c.id.desc())
            .limit(1)
        )
    ).one_or_none()
    if action != "ring" and latest is not None and tuple(latest) == (action, agent_id):
        return
    decision_id = new_id("dec")
    await turn.conn.execute(
        insert(decisions).values(
            id=decision_id,
            call_id=turn.call.id,
            at=turn.now,
            action=action,
            agent_id=agent_id,
            sentence=words,
            reasons=reasons,
        )
    )
    await emit(turn.conn, "decision.made", decision_id, turn.now)
