"""One replay in a process of its own: `python -m routing.replay_work`, the question on stdin, the answer on stdout.

It computes for seconds over a hundred megabytes, and the process that asks for it has live calls: in a thread of that
one, each of their webhooks would wait for the interpreter at every turn, and a third of a second for a collection of
garbage that goes through all that was read.  So it runs beside, with less right to the processor, and ends with the
request.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy.engine import make_url

from routing.comparison import MOST_NAMED, Worse, answered_by_another, figures, gaps, load, worse_off
from routing.house import House
from routing.past import read_span
from routing.plan import Plan
from routing.replay import Progress, Replay
from routing.replay_words import assumptions, changed
from routing.span import NOBODY, Span, as_it_was, usual_talk_seconds
from store.sql import Database

NICENESS = 10


class Question(BaseModel):
    database: str  # its URL
    plan: Plan
    plan_version: int | None  # None: one that nobody has published
    house: House
    start: datetime
    end: datetime
    beside: Plan | None = None  # another plan, whose figures are told as well, with who fares worse under it anyhow
    told: bool = False  # how far it has come, in lines of JSON before the answer
    individual_clocks: bool = False  # it may be told how long each agent talks
    told_in: str | None = None  # language of the sentences; None: the house's


async def answer(database: Database, question: Question, tell: Progress | None = None) -> dict[str, Any]:
    """As `/plan/replay` shows it; with a plan `beside`, also what `_beside` adds."""
    async with database.read() as conn:
        span = await read_span(conn, question.start, question.end)
    head = {"from": question.start, "to": question.end, "plan_version": question.plan_version}
    how: dict[str, Any] = {"told_in": question.told_in, "individual_clocks": question.individual_clocks}
    if question.beside is None:
        return head | compared(span, question.plan, question.house, tell, **how)
    calls = len(span.contacts)
    both = None if tell is None else (lambda done, of: tell(done, 2 * of))
    first = head | compared(span, question.plan, question.house, both, **how)
    rest = None if tell is None else (lambda done, of: tell(calls + done, 2 * of))
    return first | _beside(span, question.beside, question.house, rest)


def _beside(span: Span, plan: Plan, house: House, progress: Progress | None) -> dict[str, Any]:
    """The other plan's figures, and the customers who would fare worse than in the past under that one too."""
    past = list(as_it_was(span))
    replayed = Replay(span, plan, house).run(progress)
    worse = worse_off(past, replayed)
    return {"beside": asdict(figures(replayed)), "worse_anyhow": [one.was.contact.customer for one in worse]}


def compared(
    span: Span,
    plan: Plan,
    house: House,
    progress: Progress | None = None,
    *,
    individual_clocks: bool,
    told_in: str | None = None,
) -> dict[str, Any]:
    """Pure.  `told_in`: the language of the sentences; None: the house's."""
    language = told_in or house.language
    past = list(as_it_was(span))
    replayed = Replay(span, plan, house, told_in=language).run(progress)
    worse = worse_off(past, replayed)
    agents = {agent.id: agent.name for agent in span.agents}
    unseen = {} if individual_clocks else dict.fromkeys(("past_talk_seconds", "replayed_talk_seconds"))
    known = gaps(past, span, usual_talk_seconds(span.contacts, plan), house.zone)
    return {
        "calls": len(span.contacts),
        "past": asdict(figures(past)),
        "replayed": asdict(figures(replayed)),
        "answered_by_another": answered_by_another(past, replayed),
        "people_worse_off": len(worse),
        "worse_off": [_shown(one, span, agents, language) for one in worse[:MOST_NAMED]],
        "load": [{"name": agents[one.agent]} | asdict(one) | unseen for one in load(span.agents, past, replayed)],
        "assumptions": assumptions(known, language),
    }


def _shown(worse: Worse, span: Span, agents: Mapping[str, str], language: str) -> dict[str, Any]:
    contact = worse.was.contact
    person = span.people.get(contact.customer or "", NOBODY)
    return {
        "customer": contact.customer,
        "name": person.name or person.called,
        "at": contact.arrived_at,
        "sentence": changed(worse, agents, language),
        "why": worse.now.why,
    }


def _tell(done: int, of: int) -> None:
    sys.stdout.buffer.write(to_json([done, of]) + b"\n")
    sys.stdout.buffer.flush()


async def _work() -> None:
    question = Question.model_validate_json(sys.stdin.buffer.read())
    database = Database(make_url(question.database))
    try:
        sys.stdout.buffer.write(to_json(await answer(database, question, _tell if question.told else None)))
    finally:
        await database.close()


if __name__ == "__main__":
    os.nice(NICENESS)
    asyncio.run(_work())
