"""`/plan/replay` under `/api/v1`: what a plan would have done to real past days, before anybody publishes it."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from datetime import datetime, timedelta

from fastapi import APIRouter, Depends
from pydantic import Field

from api.fields import Body, Moment, Shown
from api.problems import FieldRefused, Problem
from api.tokens import Guard
from routing.comparison import MOST_NAMED
from routing.house import House
from routing.past import MOST_CONTACTS, contacts_in
from routing.plan import Plan
from routing.plans import Plans
from routing.replay import Progress
from routing.replay_work import Question
from store.clock import Clock
from store.sql import Database

USUAL_SPAN, LONGEST_SPAN = timedelta(days=7), timedelta(days=31)
LONGEST_SECONDS = 240.0
LONGEST_ANSWER = 2**26  # bytes in one line


class Asked(Body):
    plan: Plan | None = Field(None, description="without one: the plan in force")
    from_: Moment | None = Field(None, alias="from", description="without one: seven days before `to`")
    to: Moment | None = Field(None, description="without one: now")


class FiguresShown(Shown):
    """Null where there is nothing to tell it from."""

    answered: int
    familiar_rate: float | None = Field(description="of answered calls, 0 to 1: by an agent who knew the caller")
    returning_familiar_rate: float | None = Field(description="the same, of those whose caller knew somebody here")
    median_wait_seconds: float | None = Field(description="of answered calls, from ringing us to an agent's answer")
    p90_wait_seconds: float | None
    abandoned: int
    offered_callbacks: int | None = Field(description="because the one they know, or anybody, was not to be had")
    closed: int | None
    nobody_here: int | None = Field(description="nobody who may take the call was there: a call back or a message")


class WorseShown(Shown):
    customer: str
    name: str | None
    at: Moment
    sentence: str
    why: str | None = Field(description="why the plan would have given them this other agent")


class LoadShown(Shown):
    agent: str
    name: str
    past_calls: int
    replayed_calls: int
    past_talk_seconds: int | None = Field(description="null where managers do not see how long each agent talks")
    replayed_talk_seconds: int | None = Field(description="null as `past_talk_seconds` is")


class Replayed(Shown):
    from_: datetime = Field(alias="from")
    to: datetime
    plan_version: int | None = Field(description="null: a plan that is not published; 0: the one nobody has written")
    calls: int = Field(description="answered + abandoned + closed + nobody_here, in the past as in the replay")
    past: FiguresShown
    replayed: FiguresShown
    answered_by_another: int = Field(
        description="calls that another agent than the one of the past would have answered"
    )
    people_worse_off: int
    worse_off: list[WorseShown] = Field(description=f"the first {MOST_NAMED}, the worst first")
    load: list[LoadShown]
    assumptions: list[str]


def replay_router(
    database: Database, clock: Clock, guard: Guard, plans: Plans, house: House, *, individual_clocks: bool
) -> APIRouter:
    """`individual_clocks`: managers may see for how long each agent talks."""
    at = _Replays(database, clock, plans, house, individual_clocks)
    router = APIRouter(tags=["plan"], dependencies=[Depends(guard.allows("manager"))])
    router.add_api_route("/plan/replay", at.replay, methods=["POST"])
    return router


class _Replays:
    def __init__(self, database: Database, clock: Clock, plans: Plans, house: House, individual_clocks: bool) -> None:
        self._database, self._clock, self._plans, self._house = database, clock, plans, house
        self._individual_clocks = individual_clocks
        self._one_at_a_time = asyncio.Lock()

    async def replay(self, given: Asked | None = None) -> Replayed:
        """The callers of a past span under a plan: past and replay side by side, and who would have fared worse."""
        given = given or Asked()
        start, end = span_of(given, self._clock.now())
        async with self._database.read() as conn:
            version, plan = (None, given.plan) if given.plan else await self._plans.current(conn)
            if await contacts_in(conn, start, end) > MOST_CONTACTS:
                raise FieldRefused("from", f"A replay takes at most {MOST_CONTACTS} calls; choose a shorter span.")
        url = self._database.url.render_as_string(hide_password=False)
        question = Question(
            database=url,
            plan=plan,
            plan_version=version,
            house=self._house,
            start=start,
            end=end,
            individual_clocks=self._individual_clocks,
        )
        async with self._one_at_a_time:
            return Replayed.model_validate_json(await beside(question))


def span_of(given: Asked, now: datetime) -> tuple[datetime, datetime]:
    end = given.to or now
    start = given.from_ or end - USUAL_SPAN
    if start >= end:
        raise FieldRefused("from", "`from` lies before `to`.")
    if end - start > LONGEST_SPAN:
        raise FieldRefused("from", f"A span is at most {LONGEST_SPAN.days} days long.")
    return start, end


async def beside(question: Question, tell: Progress | None = None) -> bytes:
    """The answer in JSON from a process of its own, which does not outlive the request; `tell` hears how far it is.

    Out of reach of a terminal's Ctrl-C, since its parent ends it; without the present folder among its modules.
    """
    worker = [sys.executable, "-P", "-m", "routing.replay_work"]
    process = await asyncio.create_subprocess_exec(
        *worker, stdin=PIPE, stdout=PIPE, start_new_session=True, limit=LONGEST_ANSWER
    )
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            answer = await _told(process, question.model_copy(update={"told": tell is not None}), tell)
            await process.wait()
    except TimeoutError:
        raise Problem(503, None, "This replay takes too long; choose a shorter span.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the replay ended with exit code {process.returncode}")
    return answer


async def _told(process: Process, question: Question, tell: Progress | None) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(question.model_dump_json().encode())
    process.stdin.close()
    async for line in process.stdout:
        if tell is None or not line.endswith(b"\n"):
            return line
        tell(*json.loads(line))
    return b""
