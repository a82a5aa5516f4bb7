"""The floor as choosing sees it: who could take this caller, and whom this agent could take.

The index answers while it can be trusted; otherwise the same answers come from SQL, more slowly.  Neither settles
anything: between an answer and a claim others may have been quicker, and the claim says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import methodcaller
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from routing.agents import Agent
from routing.floor import Asked, FloorInSql, Source, Unanswered
from routing.needs import Need
from routing.queue import Queued, ranked_at
from routing.weigh import Caller

LONGEST = 6  # of those who have been idle longest: where many are, one is as good as another to a stranger
FEW = 3  # times as many are all looked at, where no more are idle
FIRST = 2  # of the callers whom an agent could take
RIPE = 20
_WIDER = 8  # each further page is so many times as long

Answer = TypeVar("Answer")
Present = Callable[[Agent, datetime], bool]  # on shift, and not absent


@dataclass(frozen=True, slots=True)
class Candidates:
    """`agents`: those the caller knows, with their stand-ins, wherever they are, and who else has been free longest,
    or busy longest where none of those can be chosen.  Counts are of all who meet the need."""

    agents: list[Agent]
    idle: int
    busy: int  # counted only where none of the idle can be chosen; so are those ahead
    ahead: int  # callers who stand before this one and want agents of the same kind
    need: Need  # the one that answered: where nobody speaks the caller's language, the one without it


class Floor:
    """`present` says who of those who are ready is on shift; the others are as if they were not ready."""

    def __init__(self, index: Source | None = None, present: Present = lambda agent, now: True) -> None:
        self._index, self._present = index, present

    async def candidates(
        self, conn: AsyncConnection, caller: Caller, now: datetime, *, need: Need | None = None, k: int = LONGEST
    ) -> Candidates:
        """`need`: when waiting has widened what the caller asks for (Need.of)."""
        need = need or Need.of(caller)
        return await self._answer(conn, lambda source: self._candidates(source, caller, need, now, k))

    async def queue_for(self, conn: AsyncConnection, agent: Agent, now: datetime, k: int = FIRST) -> Sequence[Queued]:
        """The first callers for this agent, of their own and of every need they meet; more of them where the agent can
        take none of the first."""
        while True:
            first: Sequence[Queued] = await self._answer(conn, methodcaller("queue", agent, now, k))
            if len(first) < k or any(agent.id not in one.caller.tried | one.caller.vetoed for one in first):
                return first
            k *= _WIDER

    async def ripe(
        self, conn: AsyncConnection, now: datetime, *, after: Agent | None = None, k: int = RIPE
    ) -> Sequence[Agent]:
        """Idle agents for whom a caller may be waiting, longest idle first; where nothing came of those, the next look
        goes on `after` the last of them."""
        return await self._answer(conn, lambda source: self._ripe(source, now, after, k))

    async def _answer(self, conn: AsyncConnection, ask: Callable[[Source], Awaitable[Answer]]) -> Answer:
        if self._index is not None:
            try:
                return await ask(self._index)
            except Unanswered:
                pass
        return await ask(FloorInSql(conn))

    async def _candidates(self, source: Source, caller: Caller, need: Need, now: datetime, k: int) -> Candidates:
        asked = Asked(need, caller.known, caller.bound, ranked_at(caller), now, k, few=FEW * k)
        found = await source.look(asked)
        refused = caller.tried | caller.vetoed
        here = await self._page(source, asked, found.heads, refused, idle=found.idle > 0)
        if found.idle and refused.issuperset(agent.id for agent in here):
            found = await source.look(replace(asked, busy=True))
            here += await self._page(source, asked, found.heads, refused, idle=False)
        if need.language is not None and caller.vetoed.issuperset(agent.id for agent in here):
            return await self._candidates(source, caller, need.any_language, now, k)
        agents = {a.id: a if self._present(a, now) else replace(a, present=False) for a in found.known}
        agents |= {agent.id: agent for agent in here}
        in_order = sorted(agents.values(), key=lambda agent: (agent.since_at, agent.id))
        return Candidates(in_order, found.idle, found.busy, found.ahead, need)

    async def _page(
        self, source: Source, asked: Asked, page: Sequence[Agent], refused: frozenset[str], *, idle: bool
    ) -> list[Agent]:
        """Who of this page is here, and of the next ones until there is one who can be chosen."""
        here: list[Agent] = []
        skip, size = 0, asked.k
        while True:
            here += (agent for agent in page if self._present(agent, asked.now))
            if len(page) != size or not refused.issuperset(agent.id for agent in here):
                return here
            skip, size = skip + size, size * _WIDER
            page = await source.heads(asked.need, idle=idle, skip=skip, k=size)

    async def _ripe(self, source: Source, now: datetime, after: Agent | None, k: int) -> Sequence[Agent]:
        ripe: list[Agent] = []
        while len(ripe) < k:
            page = await source.ripe(now, after, k)
            ripe += [agent for agent in page if self._present(agent, now)]
            if len(page) < k:
                break
            after = page[-1]
        return ripe
