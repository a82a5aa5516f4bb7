"""`/plan/try` under `/api/v1`: who would get one caller at one moment, and why.  Nobody is rung, nothing is claimed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Body, Language, Moment, Ref, Shown, Word
from api.problems import FieldRefused
from api.tokens import Asking
from crm import audit
from crm.history import memory
from crm.identify import Person, person_by_id
from crm.matters import OpenMatter
from crm.references import agent_ids, customer_ids
from crm.troubles import how_they_fared
from crm.weariness import weariness
from routing.absences import absent_now
from routing.agents import Activity, Agent, Availability
from routing.card import STRANGER, Card, Known, card
from routing.card import Moment as Call
from routing.choose import Decision, choose, on_shift
from routing.explain import sentence, to_caller
from routing.floor import everybody
from routing.hours import read_hours
from routing.house import House
from routing.plan import Plan, Seconds
from routing.plans import Plans
from routing.vetoes import vetoed_by
from store.clock import Clock
from store.sql import Database

PROMISES_WITHIN = timedelta(minutes=20)
MOST_SHOWN = 8

Broken = Callable[[AsyncConnection, str, datetime], Awaitable[int]]
Upcoming = Callable[[AsyncConnection, datetime, datetime, timedelta], Awaitable[Mapping[str, datetime]]]


async def _none_broken(conn: AsyncConnection, customer_id: str, now: datetime) -> int:
    return 0


async def _none_to_come(
    conn: AsyncConnection, now: datetime, until: datetime, owner_wait: timedelta
) -> Mapping[str, datetime]:
    return {}


@dataclass(frozen=True, slots=True)
class PromisesTold:
    """What the room that keeps promises knows: how many of somebody's were broken lately, and by agent the next one
    that comes due between two instants, kept for them so long past its time."""

    broken: Broken = _none_broken
    upcoming: Upcoming = _none_to_come


class CallerTried(Body):
    plan: Plan | None = Field(None, description="without one: the plan in force")
    customer: Ref | None = Field(None, description="who rings; left out: somebody nobody knows")
    case: Ref | None = Field(None, description="id of the open case of theirs that they say it is about")
    line: Word | None = Field(None, description="our number that they ring; left out: one without rules of its own")
    language: Language | None = Field(None, description="left out: the customer's, else the line's, else the house's")
    at: Moment | None = Field(None, description="without one: now")
    waited_seconds: Seconds = Field(0, description="so long they have been waiting by then")
    floor: Literal["now", "on_shift"] | None = Field(
        None,
        description="`now`: everybody as they are (the usual without `at`); `on_shift`: all on shift are free",
    )
    busy: list[Ref] = Field(default_factory=list, max_length=500, description="agents taken to be talking already")
    told_in: Language | None = Field(None, description="language of the sentences; left out: the house's")


class AgentWeighed(Shown):
    """How an agent who could take the call compares, in seconds; `wait - worth + spare` decides, the least first."""

    agent: str
    name: str
    ready: bool
    wait_seconds: float = Field(description="until they are likely to be free")
    worth_seconds: float = Field(description="what having them is worth to this caller")
    because: list[str] = Field(description="kept, preferred, case_owner, familiar, stand_in, rule, skill")
    spare: dict[str, float] = Field(description="kept from others if they take it: wanted, load, promise -> seconds")


class CallerWouldGet(Shown):
    action: Literal["ring", "wait", "offer_callback", "closed"]
    agent: str | None = Field(description="who is rung, or waited for, or missed")
    name: str | None
    sentence: str | None = Field(description="why, for the manager; null: the line is closed")
    heard: str | None = Field(description="the same as the caller may be told it")
    opens_at: Moment | None = Field(description="of a line that is closed then; null: it is open, or never opens")
    estimate_seconds: float | None
    rules: list[str] = Field(description="names of the rules that apply, in their order")
    urgent: dict[str, int] = Field(description="why they go ahead of others -> by how many seconds")
    weary_level: int
    alternatives: list[AgentWeighed] = Field(description=f"the best {MOST_SHOWN}, the one who is rung among them")


class Trials:
    def __init__(
        self, database: Database, clock: Clock, plans: Plans, house: House, promised: PromisesTold | None = None
    ) -> None:
        self._database, self._clock, self._plans, self._house = database, clock, plans, house
        self._promised = promised or PromisesTold()

    async def try_one(self, given: CallerTried, asking: Asking) -> CallerWouldGet:
        """One caller at one moment under a plan: who would be rung, why, and whom they could have had instead."""
        now = self._clock.now()
        at = given.at or now
        async with self._database.read() as conn:
            plan = given.plan or (await self._plans.current(conn))[1]
            person, known = await self._known(conn, given, at)
            floor = await self._floor(conn, given, plan, at, now)
        if person is not None:
            await audit.part_seen(self._database, asking, person.id, "try", now=now)
        hours = read_hours(plan.hours_of(given.line or ""), self._house.zone, self._house.country)
        own = self._card(given, known, plan, floor, at)
        if not hours.is_open(at):
            return _closed(hours.next_open(at), own, known)
        decision = choose(own.caller, floor, own.plan, at)
        told_in = given.told_in or self._house.language
        return _shown(decision, own, known, sentence(decision, own.caller, told_in), told_in)

    async def _known(self, conn: AsyncConnection, given: CallerTried, at: datetime) -> tuple[Person | None, Known]:
        """Raises FieldRefused."""
        if given.customer is None:
            if given.case is not None:
                raise FieldRefused("case", "A case belongs to a customer: say whose it is.")
            return None, STRANGER
        customer_id = (await customer_ids(conn, [given.customer])).get(given.customer)
        person = None if customer_id is None else await person_by_id(conn, customer_id)
        if person is None:
            raise FieldRefused("customer", "There is no customer with this id.")
        remembered = await memory(conn, person.id)
        if given.case is not None and all(matter.case_id != given.case for matter in remembered.matters):
            raise FieldRefused("case", "They have no open case with this id.")
        fared = await how_they_fared(conn, person.id, at)
        broken = await self._promised.broken(conn, person.id, at)
        talks = [talk for talk in remembered.lately if talk.started_at <= at]
        return person, Known(
            is_person=True,
            called=person.called or person.given or person.name,
            language=person.language,
            preferred=person.preferred_agent,
            tags=frozenset(person.tags),
            talks=talks,
            stand_ins=frozenset(person.stand_ins),
            owners=_holders(remembered.matters, given.case),
            matters=remembered.matters,
            weary=weariness(talks, remembered.matters, at, fared.troubles(broken)),
            vetoed=await vetoed_by(conn, person.id),
            broken_promise=broken > 0,
            cut_off=fared.cut_off,
        )

    async def _floor(
        self, conn: AsyncConnection, given: CallerTried, plan: Plan, at: datetime, now: datetime
    ) -> Sequence[Agent]:
        """Raises FieldRefused for one who is to be busy and does not exist."""
        busy = await agent_ids(conn, given.busy)
        for n, reference in enumerate(given.busy):
            if reference not in busy:
                raise FieldRefused(f"busy[{n}]", "There is no agent with this id.")
        away = await absent_now(conn, at)
        owner_wait = timedelta(seconds=plan.service.owner_wait_seconds)
        promised = await self._promised.upcoming(conn, at, at + PROMISES_WITHIN, owner_wait)
        as_now = (given.floor or ("now" if given.at is None else "on_shift")) == "now"
        agents = [one if as_now else _free(one, at) for one in await everybody(conn)]
        return [
            replace(
                _talking(one, at) if one.id in busy.values() else one,
                present=on_shift(one, self._house.zone, self._house.country, at) and one.id not in away,
                promised_at=promised.get(one.id),
            )
            for one in agents
        ]

    def _card(self, given: CallerTried, known: Known, plan: Plan, floor: Sequence[Agent], at: datetime) -> Card:
        line = given.line or ""
        language = given.language or known.language or plan.line(line).language or self._house.language
        arrived_at = at - timedelta(seconds=given.waited_seconds)
        ready = sum(one.ready for one in floor)
        return card(known, Call(line, language, arrived_at, at, ready=ready), plan, self._house)


def _holders(matters: Sequence[OpenMatter], case_id: str | None) -> frozenset[str]:
    """Of their open matters; where they have said which one it is about, of that one."""
    held = [(matter.agent_id, matter.case_id) for matter in matters if matter.agent_id]
    about = frozenset(agent_id for agent_id, case in held if case_id and case == case_id)
    return about or frozenset(agent_id for agent_id, _ in held)


def _free(agent: Agent, at: datetime) -> Agent:
    """Rested, and in the order in which they came to be idle."""
    agent = replace(agent, availability=Availability.READY, activity=Activity.IDLE, wrap_up_until=None)
    return replace(agent, since_at=min(agent.since_at, at), load=0.0)


def _talking(agent: Agent, at: datetime) -> Agent:
    return replace(agent, availability=Availability.READY, activity=Activity.TALKING, since_at=at, wrap_up_until=None)


def _closed(opens_at: datetime | None, own: Card, known: Known) -> CallerWouldGet:
    return CallerWouldGet(
        action="closed",
        agent=None,
        name=None,
        sentence=None,
        heard=None,
        opens_at=opens_at,
        estimate_seconds=None,
        rules=list(own.rules),
        urgent=dict(own.caller.urgent),
        weary_level=known.weary.level,
        alternatives=[],
    )


def _shown(decision: Decision, own: Card, known: Known, why: str, told_in: str) -> CallerWouldGet:
    who = None if decision.who is None else decision.who.agent
    best = [one for n, one in enumerate(decision.weighed) if n < MOST_SHOWN or one is decision.who]
    return CallerWouldGet.model_validate(
        {
            "action": decision.action,
            "agent": who and who.id,
            "name": who and who.name,
            "sentence": why,
            "heard": to_caller(decision, own.caller, told_in),
            "opens_at": None,
            "estimate_seconds": decision.estimate_seconds,
            "rules": list(own.rules),
            "urgent": dict(own.caller.urgent),
            "weary_level": known.weary.level,
            "alternatives": [one.as_reason() | {"ready": one.agent.ready} for one in best],
        }
    )
