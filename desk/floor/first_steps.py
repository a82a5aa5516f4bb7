"""What an empty house needs before its first call, in the order in which it is quickest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.tables import plan_drafts
from desk.words import Words
from routing.plan import Plan
from routing.tables import decisions


@dataclass(frozen=True, slots=True)
class Step:
    text: str
    why: str
    label: str
    address: str
    done: bool


async def first_steps(
    conn: AsyncConnection, user_id: str, version: int, plan: Plan, words: Words, *, agents: bool
) -> list[Step]:
    """None once all are done, or once somebody has called: such a house knows its own way."""
    if (agents and version) or await conn.scalar(select(exists().where(decisions.c.id.is_not(None)))):
        return []
    draft = await conn.scalar(select(plan_drafts.c.body).where(plan_drafts.c.user_id == user_id))
    return steps(words, agents=agents, line=bool(plan.lines) or _has_lines(draft), published=version > 0)


def steps(words: Words, *, agents: bool, line: bool, published: bool) -> list[Step]:
    return [
        Step(
            words("Make your agents"),
            words("A name each, and an e-mail address to sign in with."),
            words("New agent"),
            "/console/agents/new",
            agents,
        ),
        Step(
            words("Add your line, with its hours"),
            words("The number that customers dial, and when somebody answers."),
            words("Add the line"),
            "/console/plan",
            line,
        ),
        Step(
            words("Publish"),
            words("Look through what you have changed; it holds from the next call on."),
            words("Look through and publish"),
            "/console/plan/review",
            published,
        ),
    ]


def _has_lines(draft: Any) -> bool:
    return isinstance(draft, Mapping) and bool(draft.get("lines"))
