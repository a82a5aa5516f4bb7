"""What was committed is brought into the index, and an index that vanished is built again.

Every process runs this: it writes through what it committed itself, at once, and reads the events for what somebody
committed who died before writing it.  Rows are read after their commit, and written with the number of the event that
was the reason for reading; the index keeps what has the highest number, so the order of writers does not matter.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.floor import Unanswered, agent_from
from routing.index import PAGE, Index, Known, Refused, State
from routing.needs import Need
from routing.queue import Place, everybody_waiting, needs_waiting, places
from routing.tables import agents
from store.clock import Clock
from store.faults import told
from store.ids import new_id
from store.sql import Database, News
from store.tables import events

log = structlog.get_logger()

POLL_SECONDS = 1.0
BATCH = 2000  # events at a time
GAP = timedelta(seconds=10)  # a number missing for longer belongs to a transaction that was rolled back
TRIES = 5  # with a new list of needs each time
_AGENT = frozenset({"agent.changed"})
_CALL = frozenset({"call.changed", "queue.changed"})


@dataclass(slots=True)
class Changes:
    """What has changed, each with the number of the latest event that said so."""

    agents: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    events: set[int] = field(default_factory=set)

    def add(self, type: str, ref: str, number: int) -> None:
        of = self.agents if type in _AGENT else self.calls if type in _CALL else None
        if of is not None:
            of[ref] = max(number, of.get(ref, 0))
            self.events.add(number)

    def __bool__(self) -> bool:
        return bool(self.events)


class IndexLoop:
    """`changed` is told when the index shows somebody newly free or waiting: look who is for whom."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        index: Index,
        *,
        poll: float = POLL_SECONDS,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._database, self._clock, self._index = database, clock, index
        self._poll, self._changed = poll, changed
        self._owner = new_id("idx")
        self._alarm = clock.alarm()
        self._pending = Changes()
        self._done: set[int] = set()  # events this process has applied, as far as they may come up again
        # All that were ever asked for: an index built anew begins with them, and with one at least.
        self._needs = {Need(None).text}
        self._known: Known | None = None  # as far as nobody has said otherwise
        self._ripened = False  # somebody may be free for somebody
        self._doubt = True
        self._next_look = clock.now()
        database.listen(self._heard)
        index.on_doubt = self._doubted

    async def run(self) -> None:
        while True:
            try:
                await self.turn()
            except Unanswered:
                self._pending = Changes()  # once Redis is back, the events tell
                await self._clock.sleep(self._poll)
            except Exception as error:
                log.warning("index_not_written", **told(error))
                await self._clock.sleep(self._poll)  # whatever rings meanwhile: a store that is away stays so a while
            else:
                await self._alarm.wait(self._poll)

    async def turn(self) -> None:
        """Whatever there is to do now.  Raises Unanswered when Redis is away."""
        look = self._clock.now() >= self._next_look
        if look or self._doubt:
            await self._make_sure()
        if self._pending:
            pending, self._pending = self._pending, Changes()
            await self._apply(pending)
        if look:
            await self._catch_up()
            self._next_look = self._clock.now() + timedelta(seconds=self._poll)

    def _heard(self, news: Sequence[News]) -> None:
        for type, ref, number in news:
            self._pending.add(type, ref, number)
        if self._pending:
            self._alarm.ring()

    def _doubted(self) -> None:
        self._doubt = True
        self._alarm.ring()

    # Bringing in what has changed.

    async def _apply(self, changes: Changes) -> None:
        async with self._database.read() as conn:
            for put, versions in ((self._put_agents, changes.agents), (self._put_calls, changes.calls)):
                refs = list(versions)
                for start in range(0, len(refs), PAGE):
                    part = {ref: versions[ref] for ref in refs[start : start + PAGE]}
                    await self._write(partial(put, conn, part))
        self._done |= changes.events
        if self._ripened:
            self._ripened = False
            self._changed()

    async def _put_agents(self, conn: AsyncConnection, versions: Mapping[str, int], known: Known) -> None:
        rows = await conn.execute(select(agents).where(agents.c.id.in_(versions)))
        found = {row.id: agent_from(row) for row in rows}
        await self._index.put_agents(known, {ref: found.get(ref) for ref in versions}, versions)
        self._ripened |= any(agent.ready for agent in found.values())

    async def _put_calls(self, conn: AsyncConnection, versions: Mapping[str, int], known: Known) -> None:
        found = await places(conn, list(versions))
        known = await self._knowing(known, [place.need for place in found.values()])
        await self._index.put_calls(known, {ref: found.get(ref) for ref in versions}, versions)
        self._ripened |= bool(found)

    async def _write(self, put: Callable[[Known], Awaitable[None]], build: str | None = None) -> None:
        """Under the present build and its needs, read anew however often these change.  Raises Refused when it is no
        longer `build`; without one there is nothing to do while nobody builds, since whoever does reads all rows."""
        for _ in range(TRIES):
            self._known = known = self._known or await self._index.known()
            if build is not None and (known is None or known.token != build):
                self._known = None
                raise Refused("another build")
            if known is None:
                self._doubted()
                return
            try:
                await put(known)
            except Refused:
                self._known = None  # read them anew
            else:
                return
        raise Unanswered

    async def _knowing(self, known: Known, texts: Collection[str]) -> Known:
        """With these needs among the known ones; their agents are filled in at the next look.  Raises Refused."""
        self._needs.update(texts)
        if known.needs.keys() >= set(texts):
            return known
        await self._index.add_needs(known, texts)
        self._doubted()
        again = self._known = await self._index.known()
        if again is None or again.token != known.token:
            raise Refused("another build")
        return again

    async def _catch_up(self) -> None:
        """What others committed and did not write: everything after the last event that has been applied."""
        while True:
            known, after = await self._index.known(), await self._index.applied()
            if known is None or after is None:
                return
            async with self._database.read() as conn:
                query = select(events).where(events.c.id > after).order_by(events.c.id).limit(BATCH)
                rows = (await conn.execute(query)).all()
            changes = Changes()
            for row in rows:
                if row.id not in self._done:
                    changes.add(row.type, row.ref, row.id)
            if changes:
                await self._apply(changes)
            reached = self._settled(after, rows)
            if reached > after:
                await self._index.note_applied(known.token, reached)
            self._done = {number for number in self._done if number > reached}
            if len(rows) < BATCH or reached == after:
                return

    def _settled(self, after: int, rows: Sequence[Row[Any]]) -> int:
        """Up to the first number that may still be committed by somebody slower."""
        for row in rows:
            if row.id != after + 1 and self._clock.now() - row.at < GAP:
                break
            after = row.id
        return after

    # Building.

    async def _make_sure(self) -> None:
        """The index can be trusted, or somebody is at work on it."""
        self._doubt = False
        state = await self._index.state()
        asked, self._index.unknown = self._index.unknown, set()
        self._needs |= asked
        if state.token and asked:
            await self._write(partial(self._learn, asked))
            state = await self._index.state()
        if state.ready or not await self._index.lease(self._owner, first=True):
            return
        try:
            await (self._fill(state) if state.built else self._build())
        except Refused as refused:
            log.info("index_build_overtaken", by=str(refused))

    async def _learn(self, texts: Collection[str], known: Known) -> None:
        await self._knowing(known, texts)

    async def _build(self) -> None:
        token = new_id("bld")
        async with self._database.read() as conn:
            texts = self._needs | set(await needs_waiting(conn))
            await self._index.begin(token, await self._first_unsettled(conn))
            self._known = None
            await self._write(partial(self._learn, texts), token)
            numbers = set(self._known.needs.values()) if self._known else set[int]()
            last = ""
            while rows := await self._next(conn, select(agents).where(agents.c.id > last).order_by(agents.c.id)):
                page = {row.id: agent_from(row) for row in rows}
                await self._write(partial(self._index.put_agents, agents=page, versions={}), token)
                last = rows[-1].id
            waiting = await everybody_waiting(conn)
            for start in range(0, len(waiting), PAGE):
                await self._go_on()
                placed = await places(conn, waiting[start : start + PAGE])
                await self._write(partial(self._place_all, placed), token)
        await self._finish(numbers, token)

    async def _place_all(self, waiting: Mapping[str, Place], known: Known) -> None:
        known = await self._knowing(known, [place.need for place in waiting.values()])
        await self._index.put_calls(known, waiting, {})

    async def _next(self, conn: AsyncConnection, query: Select[Any]) -> Sequence[Row[Any]]:
        await self._go_on()
        rows: Sequence[Row[Any]] = (await conn.execute(query.limit(PAGE))).all()
        return rows

    async def _fill(self, state: State) -> None:
        """The agents who meet needs that are new; whoever changes meanwhile is put there by who writes the change."""
        cursor, more = 0, True
        while more:
            await self._go_on()
            cursor, entries = await self._index.agents_page(cursor)
            if entries:
                await self._write(partial(self._index.join, entries=entries), state.token)
            more = cursor != 0
        await self._finish(state.unready, state.token)

    async def _finish(self, numbers: Collection[int], token: str) -> None:
        async def finish(known: Known) -> None:
            if await self._index.filled(known, self._owner, numbers):
                log.info("index_filled", needs=len(numbers))
                self._changed()
            else:
                self._doubted()

        await self._write(finish, token)

    async def _go_on(self) -> None:
        """Raises Refused: it took too long, and somebody else has begun."""
        if not await self._index.lease(self._owner, first=False):
            raise Refused("another builder")

    async def _first_unsettled(self, conn: AsyncConnection) -> int:
        """Up to this event all that was said is in the rows by now."""
        rows = (await conn.execute(select(events.c.id, events.c.at).order_by(events.c.id.desc()).limit(BATCH))).all()
        young = [row.id for row in rows if self._clock.now() - row.at < GAP]
        return min(young) - 1 if young else rows[0].id if rows else 0
