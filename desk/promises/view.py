"""What the ledger shows of each promise.  Pure; words are the reader's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callbacks.states import MOVABLE, OPEN
from desk.floor.view import until
from desk.formats import Formats
from desk.promises import words as told

Pill = tuple[str, str]  # what it says, and its kind


@dataclass(frozen=True, slots=True)
class Agent:
    id: str
    name: str
    photo: str | None
    presence: str
    stand_in: str | None


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    photo: str | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    id: str
    customer: str
    who: str
    photo: str | None
    at: datetime
    latest: datetime
    away: str  # how far its time is, in words; empty once it has ended
    late: bool
    owner: Agent | None
    stand_in: str | None  # the owner's, by name
    kind: str
    state: Pill
    risk: str | None
    asked: str | None  # which times they were offered
    text: Pill | None
    movable: bool
    is_open: bool
    by_text: bool
    outcome: str | None  # of what has ended: how late, or in which other way


@dataclass(frozen=True, slots=True)
class Known:
    """Who stands in the rows: customers and agents by id."""

    people: Mapping[str, Person] = field(default_factory=dict)
    agents: Mapping[str, Agent] = field(default_factory=dict)

    def agent(self, agent_id: str | None) -> str:
        found = self.agents.get(agent_id or "")
        return found.name if found else ""


def promises(items: Iterable[Mapping[str, Any]], known: Known, f: Formats, now: datetime) -> list[Promise]:
    return [promise(item, known, f, now) for item in items]


def promise(item: Mapping[str, Any], known: Known, f: Formats, now: datetime) -> Promise:
    """`item` as the API shows it."""
    at, latest = datetime.fromisoformat(item["due_at"]), datetime.fromisoformat(item["latest"])
    owner, is_open = known.agents.get(item["agent"] or ""), item["state"] in OPEN
    person = known.people.get(item["customer"]) or Person(f.words("Somebody"))
    state, kind = told.STATES[item["state"]]
    text = told.TOLD[item["told"]]
    return Promise(
        id=item["id"],
        customer=item["customer"],
        who=person.name,
        photo=person.photo,
        at=at,
        latest=latest,
        away=until(at, f, now) if is_open and abs((at - now).total_seconds()) < 24 * 3600 else "",
        late=is_open and at < now,
        owner=owner,
        stand_in=known.agent(owner.stand_in) or None if owner else None,
        kind=f.words(told.KINDS[item["kind"]]),
        state=(f.words(state), kind),
        risk=risk(item["risk"], owner, f) if is_open else None,
        asked=choices(item["choices"], known, f, now) if item["choices"] and is_open else None,
        text=None if text is None else (f.words(text[0]), text[1]),
        movable=item["state"] in MOVABLE,
        is_open=is_open,
        by_text=item["channel"] == "text",
        outcome=outcome(item, f),
    )


def risk(why: str | None, owner: Agent | None, f: Formats) -> str | None:
    if why is None:
        return None
    return f.words(told.RISKS[why], agent=owner.name if owner else f.words("Its agent"))


def choices(offered: Sequence[Mapping[str, Any]], known: Known, f: Formats, now: datetime) -> str:
    """`15:00 with Luca, or 16:30 with Anna`."""
    return f.words(", or ").join(choice(one["at"], known.agent(one["agent"]), f, now) for one in offered)


def choice(at: str | datetime, agent: str, f: Formats, now: datetime) -> str:
    when = f.when(at, now)
    if agent:
        return f.words("%(time)s with %(agent)s", time=when, agent=agent)
    return f.words("%(time)s with whoever is free", time=when)


def outcome(item: Mapping[str, Any], f: Formats) -> str | None:
    """How it went, of one that has ended."""
    if item["kept_how"]:
        return f.words(told.KEPT_HOW[item["kept_how"]])
    late = item["late_seconds"]
    if item["state"] in ("kept", "broken") and late is not None:
        return f.words("on time") if late < 60 else f.words("%(span)s late", span=f.span(late))
    return None
