"""What one webhook works with: the rooms below, its transaction, the call it is about, and what to do after commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.promises import Promises
from carrier.numbering import callable_back, number_in
from carrier.numbers import Numbers
from carrier.port import Carrier
from crm.identify import Person, person_by_id
from ivr import calls
from ivr.dialogue import Stage
from ivr.inbound import FAILED, is_diverters
from ivr.links import Links
from ivr.person_names import addressed, respelling
from ivr.phrases import Speaker, spoken_language
from ivr.wordings import HeardOf, heard_of
from routing.house import House
from routing.learning import Learning
from routing.live_floor import Floor
from routing.plan import Plan
from routing.plans import Plans
from store.clock import Clock
from store.events import emit
from store.sql import Database

HasDesk = Callable[[AsyncConnection, str], Awaitable[bool]]


async def no_desk(conn: AsyncConnection, agent_id: str) -> bool:
    """Nobody answers in a browser of ours."""
    return False


@dataclass(frozen=True, slots=True)
class Rooms:
    """The real parts, wired once."""

    database: Database
    clock: Clock
    carrier: Carrier
    numbers: Numbers
    promises: Promises
    plans: Plans
    house: House
    learning: Learning
    floor: Floor
    links: Links
    public_url: str
    floor_changed: Callable[[], None]  # somebody may be free now: look at those who wait
    fallback_url: str | None = None  # a document at Twilio, for when nobody is here to answer
    has_desk: HasDesk = no_desk  # does this agent answer in a browser of ours, which is there now?

    def url(self, path: str, **query: str) -> str:
        return f"{self.public_url}{path}" + (f"?{urlencode(query)}" if query else "")

    def fallback(self, leg_url: str) -> str | None:
        """What a leg of ours runs while we are away: it is told to be patient, and led back to `leg_url`."""
        if self.fallback_url is None:
            return None
        return f"{self.fallback_url}{'&' if '?' in self.fallback_url else '?'}{urlencode({'Leg': leg_url})}"

    def speaker(self, person: Person | None, language: str, turn: int, now: datetime) -> Speaker:
        zone = (person.time_zone if person else None) or self.house.zone
        formal = person.formal if person else True
        spoken = spoken_language(language, self.house.language)
        gender = person.gender if person else None
        return Speaker(spoken, formal, turn, self.house.company, now, zone, gender)


@dataclass(slots=True)
class Turn:
    """`effects` are kicked and `floor` is told once the transaction has committed, never before."""

    rooms: Rooms
    conn: AsyncConnection
    now: datetime
    plan: Plan  # with the rules that hold for this caller, once they are known
    call: Row[Any]
    person: Person | None = None
    effects: list[str] = field(default_factory=list)
    floor: bool = False
    nobody: bool = False  # the caller hears that nobody is here
    unasked: bool = False  # the document before was cut short before its question, which is to be put now
    heard: HeardOf = field(default_factory=HeardOf)
    pinned: Plan = field(init=False)  # the version that was in force when the call came
    notes: dict[str, Any] = field(default_factory=dict)  # book-keeping of the call, written with the reply

    def __post_init__(self) -> None:
        self.pinned = self.plan

    @classmethod
    async def of(cls, rooms: Rooms, conn: AsyncConnection, call: Row[Any]) -> Turn:
        """Under the rules the call began with: what is published meanwhile harms nobody on the line."""
        version = call.plan_version
        plan = (await rooms.plans.current(conn))[1] if version is None else await rooms.plans.of(conn, version)
        turn = cls(rooms, conn, rooms.clock.now(), plan, call)
        if call.customer_id:
            await turn.meet(await person_by_id(conn, call.customer_id))
        return turn

    async def meet(self, person: Person | None) -> None:
        self.person = person
        if person is not None:
            self.heard = await heard_of(self.conn, person.id)

    async def change(self, **values: Any) -> None:
        self.call = await calls.change(self.conn, self.call, now=self.now, **values)

    async def news(self) -> None:
        """Something about the call has changed that does not stand in its own row."""
        await emit(self.conn, "call.changed", self.call.id, self.now)

    def finish(self) -> None:
        """After commit."""
        if self.effects:
            self.rooms.carrier.kick(*self.effects)
        if self.floor:
            self.rooms.floor_changed()

    @property
    def name(self) -> str | None:
        """The name the person likes to be called by: all that is said before anybody has spoken with them."""
        return spoken_name(self.person, self.call.language)

    @property
    def says_names(self) -> bool:
        """Never to a number that the caller's own network does not believe."""
        return self.pinned.greet_by_name and self.call.attestation != FAILED

    @property
    def stage(self) -> Stage:
        turn = self.heard.calls if self.person else max(self.call.step - 1, 0)  # a stranger's: within this call
        speaker = replace(
            self.rooms.speaker(self.person, self.call.language, turn, self.now),
            heard=self.heard.wordings,
            theirs=self.pinned.phrases,
            respelt=respelling(self.person, self.name) if self.person else None,
        )
        name = self.name if self.says_names else None
        return Stage(speaker, name, self.rooms.url, self.call.step, own_number(self) is not None)


def spoken_name(person: Person | None, language: str = "") -> str | None:
    return addressed(person, language) if person else None


def own_number(turn: Turn) -> str | None:
    """The number they ring from, if a call back could reach it."""
    if is_diverters(turn.call.from_number, turn.call.forwarded_from):
        return None
    number = number_in(turn.call.from_number, turn.rooms.house.country)
    return number if number is not None and callable_back(number, turn.rooms.house.country) is None else None
