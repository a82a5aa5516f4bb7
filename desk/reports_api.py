"""`/reports` under `/api/v1`: whether people met with somebody who knows them, what we promised, how the floor went.

For managers.  Agents are told apart by id and name where a relationship or a promise is theirs; the floor is never
shown by person, and how busy people are not even for a small team.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlalchemy import Table

from api.fields import Moment, Shown, parse_moment
from api.problems import FieldRefused
from api.tokens import Guard
from desk.lives import read_lives
from desk.measures import (
    SMALLEST_TEAM,
    FloorTally,
    RelationTally,
    Talking,
    ToldTally,
    tells_of_nobody,
)
from desk.promises_shown import PromisesFigures, promises
from desk.relationships import read_relationships
from desk.reports import (
    Group,
    Grouped,
    Span,
    read_floor,
    read_names,
    read_promises,
    read_talking,
    read_told,
)
from desk.shares import PerHundred, Ratio, Undecided, Waits, ratio, undecided, waits
from routing.house import House
from routing.plans import Plans
from store.clock import Clock
from store.sql import Database

USUAL_SPAN = timedelta(days=7)
LONGEST_SPAN = timedelta(days=366)
LONGEST_BY_HOUR = timedelta(days=31)  # an answer of thousands of groups would hold up calls while it is written
Tally = TypeVar("Tally")


class ByEarlier(Ratio):
    earlier: str = Field(description="1, 2-3, 4-9 or 10+")


class Relationships(Shown):
    calls: int = Field(description="inbound calls that ended")
    reached_agent: Ratio = Field(description="calls that reached anybody, of `calls`")
    reached_familiar: Ratio = Field(
        description="calls whose agent was the chosen one, held an open matter of theirs or had spoken with them "
        "before, of those that reached anybody"
    )
    returning_reached_familiar: Ratio = Field(
        description="the same, of all calls by people who had spoken with one of our agents before: "
        "a call of theirs that reached nobody is a miss"
    )
    by_earlier_talks: list[ByEarlier] = Field(
        description="the same by how often they had talked with us before: 1, 2-3, 4-9, 10+"
    )
    had_to_repeat: Ratio = Field(
        description="conversations that took up a matter of the last 7 days with an agent who had not talked with them "
        "about it and was not introduced by the one before, of all conversations that took one up"
    )
    solved_at_first_contact: Undecided = Field(
        description="conversations that ended solved and were followed by no contact about the same matter within "
        "7 days, of those that were preceded by none within 7 days.  The same matter: the same topic, or no topic "
        "noted at one of the two.  Undecided: the 7 days are not over, or nobody has said how it ended"
    )
    solved_as_they_say: Ratio = Field(
        description="conversations of which the customer said that it is solved, of those of which they said "
        "anything.  Counted for the house, for days, hours and lines; never for an agent or a team: it is no mark"
    )
    called_again_within_a_day: Undecided = Field(
        description="calls followed within 24 hours by another call of the same person, of the calls of people we "
        "know.  Undecided: the 24 hours are not over"
    )
    transfers: PerHundred = Field(description="conversations that ended in a transfer, of all conversations")
    promises_kept: Ratio = Field(description="promises kept, of those kept or broken, among those made in the span")
    follow_ups_done: Ratio = Field(description="the same of follow-ups alone")


class Outcomes(Shown):
    agent: int
    voicemail: int
    callback: int
    abandoned: int
    backup: int


class Within(Ratio):
    seconds: int = Field(description="the plan's `service.choice_after_seconds`, as it is now")


class ToldWaits(Ratio):
    told: int = Field(description="callers who were told how long they would wait; the first figure they heard counts")
    mean_overstated_seconds: float | None = Field(
        description="how much shorter the wait was than told, of those answered in time"
    )
    mean_understated_seconds: float | None = Field(description="how much longer it was, of those answered late")


class TalkingShown(Shown):
    share: float | None = Field(description="talk_seconds / shift_seconds; null without a shift")
    talk_seconds: int
    shift_seconds: int = Field(
        description="sum over the agents of their `hours`, or of the plan's where they have none"
    )


class LoadShown(Shown):
    agents: int = Field(description="who had a shift in the span")
    talks: int
    busiest_to_mean: float | None = Field(
        description="talking time per hour on shift of the busiest tenth of the agents, one at least, over "
        "everybody's; 1.0 is even.  Who they are is not told"
    )


class FloorFigures(Shown):
    calls: int = Field(description="inbound calls accepted; the sum of `live`, `outcomes` and `unaccounted`")
    live: int
    outcomes: Outcomes = Field(description="of the calls that ended, each once; `abandoned` with the short ones")
    unaccounted: int = Field(description="calls that ended nowhere; anything but 0 is a fault of the server")
    short_abandons: int = Field(description="rang off within 5 s of their arrival")
    abandonment: Ratio = Field(
        description="(abandoned - short_abandons) of (calls that ended - short_abandons); "
        "who took a callback or left a message did not abandon"
    )
    waits: Waits = Field(description="from arrival to an agent, of the calls that reached one; nearest rank")
    answered_within: Within = Field(
        description="of the calls that reached an agent or were abandoned, short ones apart; who took a callback or "
        "left a message counts on neither side"
    )
    choice_in_time: Within = Field(
        description="callers to whom the ways out (a call back, a message) were named within so many seconds of their "
        "arrival, of all who waited longer than that"
    )
    told: ToldWaits = Field(
        description="callers who waited no longer than they were told, of those whose telling can be judged: who hung "
        "up, or asked for a call back or a message, before that time counts on neither side; who still waited or hung "
        "up after it, as told wrongly"
    )
    talking: TalkingShown | None = Field(
        description="time in conversation, of the time on shift; of all and by team only, and null where fewer than "
        "three people would be told apart.  Not occupancy: how long each agent was ready and idle is not kept"
    )
    load: LoadShown | None = Field(description="how evenly the talking is shared out; null as `talking` is")


class _Named(Shown):
    group: str | None = Field(description="null: of no team, line or agent")
    name: str | None = Field(description="of an agent or a line")


class RelationshipsOfGroup(_Named, Relationships):
    pass


class PromisesOfGroup(_Named, PromisesFigures):
    pass


class FloorOfGroup(_Named, FloorFigures):
    pass


class _Report(Shown):
    from_: Moment = Field(alias="from")
    to: Moment
    group_by: Group | None


class RelationshipsReport(_Report):
    items: list[RelationshipsOfGroup]
    total: Relationships


class PromisesReport(_Report):
    items: list[PromisesOfGroup]
    total: PromisesFigures


class FloorReport(_Report):
    items: list[FloorOfGroup]
    total: FloorFigures


def _asked_moment(value: object) -> datetime:
    """A plus in a query is read as a space."""
    return parse_moment(re.sub(r" (\d\d:\d\d)$", r"+\1", value) if isinstance(value, str) else value)


Asked = Annotated[datetime, BeforeValidator(_asked_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
From = Annotated[Asked | None, Query(alias="from", description="Default: seven days before `to`.")]
To = Annotated[Asked | None, Query(description="Not part of the span.  Default: now.")]
_BY = "Days and hours are those of the house's time zone.  Groups in which nothing happened are left out."
ByAgent = Annotated[Group | None, Query(description=_BY)]
ByTeam = Annotated[Literal["day", "hour", "team", "line"] | None, Query(description=_BY)]


def reports_router(
    database: Database, clock: Clock, guard: Guard, plans: Plans, house: House, calls: Table
) -> APIRouter:
    """`calls`: the table of calls, which belongs to a room that this one does not know."""
    at = _Reports(database, clock, plans, house, calls)
    router = APIRouter(tags=["reports"], dependencies=[Depends(guard.allows("manager"))])
    router.add_api_route("/reports/relationships", at.relationships, methods=["GET"])
    router.add_api_route("/reports/promises", at.promises, methods=["GET"])
    router.add_api_route("/reports/floor", at.floor, methods=["GET"])
    return router


@dataclass(frozen=True, slots=True)
class _Reports:
    database: Database
    clock: Clock
    plans: Plans
    house: House
    calls: Table

    async def relationships(self, from_: From = None, to: To = None, group_by: ByAgent = None) -> RelationshipsReport:
        """Calls by when they arrived, conversations by when they began, promises by when they were made."""
        span = self._span(from_, to, group_by)
        async with self.database.read() as conn:
            _, plan = await self.plans.current(conn)
            found = await read_relationships(conn, self.calls, span)
            names = await read_names(conn, span, plan)
        return RelationshipsReport.model_validate(_report(span, found, names, _relationships))

    async def promises(self, from_: From = None, to: To = None, group_by: ByAgent = None) -> PromisesReport:
        """The promises made in the span, and what has become of them until now.  An agent is whose promise it is."""
        span = self._span(from_, to, group_by)
        async with self.database.read() as conn:
            _, plan = await self.plans.current(conn)
            found = await read_promises(conn, span)
            lives = await read_lives(conn, span)
            names = await read_names(conn, span, plan)
        report = _report(span, found, names, lambda tally: promises(tally, lives.total))
        for item in report["items"]:
            item |= promises(found.groups[item["group"]], lives.groups[item["group"]])
        return PromisesReport.model_validate(report)

    async def floor(self, from_: From = None, to: To = None, group_by: ByTeam = None) -> FloorReport:
        """The inbound calls that arrived in the span.  Not by agent: nobody's working time is watched here."""
        span = self._span(from_, to, group_by)
        async with self.database.read() as conn:
            _, plan = await self.plans.current(conn)
            within = plan.service.choice_after_seconds
            found = await read_floor(conn, self.calls, span, within)
            told = await read_told(conn, self.calls, span)
            talking = await read_talking(conn, span, plan, self.house)
            names = await read_names(conn, span, plan)
        report = _report(span, found, names, lambda tally: _floor(tally, within))
        report["total"]["told"] = _told(told.total)
        for item in report["items"]:
            item["told"] = _told(told.groups[item["group"]])
        if talking.total.agents >= SMALLEST_TEAM:
            report["total"] |= _busy(talking.total)
        if span.group == "team":
            shown = tells_of_nobody(talking.groups)
            for item in report["items"]:
                if item["group"] in shown:
                    item |= _busy(talking.groups[item["group"]])
        return FloorReport.model_validate(report)

    def _span(self, from_: datetime | None, to: datetime | None, group: Group | None) -> Span:
        """Raises FieldRefused."""
        now = self.clock.now()
        end = to or now
        start = from_ or end - USUAL_SPAN
        if start >= end:
            raise FieldRefused("from", "A report begins before it ends: `from` must be earlier than `to`.")
        if end - start > LONGEST_SPAN:
            raise FieldRefused("from", f"A report covers at most {LONGEST_SPAN.days} days.")
        if group == "hour" and end - start > LONGEST_BY_HOUR:
            raise FieldRefused("group_by", f"By hour a report covers at most {LONGEST_BY_HOUR.days} days.")
        return Span(start, end, now, ZoneInfo(self.house.zone), group)


def _report(
    span: Span,
    found: Grouped[Tally],
    names: Mapping[str | None, str | None],
    figures: Callable[[Tally], dict[str, Any]],
) -> dict[str, Any]:
    """Without a grouping there are no items: the total says it all."""
    labels = sorted(found.groups, key=lambda label: (label is None, label or "")) if span.group else []
    return {
        "from": span.start,
        "to": span.end,
        "group_by": span.group,
        "items": [{"group": label, "name": names.get(label), **figures(found.groups[label])} for label in labels],
        "total": figures(found.total),
    }


def _relationships(tally: RelationTally) -> dict[str, Any]:
    return {
        "calls": tally.calls,
        "reached_agent": tally.reached_agent,
        "reached_familiar": tally.reached_familiar,
        "returning_reached_familiar": tally.returning_reached_familiar,
        "by_earlier_talks": [ratio(share) | {"earlier": band} for band, share in tally.by_earlier()],
        "had_to_repeat": tally.had_to_repeat,
        "solved_at_first_contact": undecided(tally.solved_at_first_contact, tally.first_undecided),
        "solved_as_they_say": tally.solved_as_they_say,
        "called_again_within_a_day": undecided(tally.called_again, tally.again_undecided),
        "transfers": tally.transfers,
        "promises_kept": tally.promises.kept,
        "follow_ups_done": tally.promises.kept_of("follow_up"),
    }


def _floor(tally: FloorTally, within: int) -> dict[str, Any]:
    answered, choice = tally.answered_within(within), tally.choice_in_time
    return {
        "calls": tally.calls,
        "live": tally.live,
        "outcomes": {outcome: tally.outcomes[outcome] for outcome in Outcomes.model_fields},
        "unaccounted": tally.unaccounted,
        "short_abandons": tally.short,
        "abandonment": tally.abandonment,
        "waits": waits(tally.waits),
        "answered_within": ratio(answered) | {"seconds": within},
        "choice_in_time": ratio(choice) | {"seconds": within},
        "talking": None,
        "load": None,
    }


def _told(tally: ToldTally) -> dict[str, Any]:
    return ratio(tally.true) | {
        "told": tally.told,
        "mean_overstated_seconds": tally.mean_apart_seconds(in_time=True),
        "mean_understated_seconds": tally.mean_apart_seconds(in_time=False),
    }


def _busy(talking: Talking) -> dict[str, Any]:
    shown = {
        "share": talking.share,
        "talk_seconds": round(talking.talk_seconds),
        "shift_seconds": round(talking.shift_seconds),
    }
    load = {"agents": len(talking.shares), "talks": talking.talks, "busiest_to_mean": talking.busiest_to_mean}
    return {"talking": shown, "load": load}
