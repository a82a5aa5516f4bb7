"""What the other system is told: conversations that have ended, each once, and as long as it takes.

No writer of conversations knows of this: a sweep looks for those that stand in no row of the outbox yet, so that one
written while this was away is told all the same.  A row holds the conversation's id and nothing of what was said.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from sqlalchemy import Row, and_, column, delete, func, select, table, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.connectors import links
from crm.connectors.matching import same_name
from crm.connectors.port import Away, Connector, ConnectorError, Conversation, Found, Refused
from crm.tables import customer_phones, customers, interactions, outbox
from store.clock import Clock
from store.due import DueLoop
from store.faults import told
from store.ids import new_id
from store.sql import Database

log = structlog.get_logger()

# Other rooms': this much is all that is read of them.
agents = table("agents", column("id"), column("name"))
calls = table("calls", column("sid"), column("direction"))

KIND = "interaction"
SWEEP_SECONDS = 15.0
ROUNDS_AN_HOUR = 240
AT_ONCE = 200
WRAP_UP = timedelta(minutes=2)  # after the end of a conversation: by then they have been asked whether it is solved
PATIENCE = timedelta(hours=24)  # also how far back a sweep looks
KEPT = timedelta(days=30)
LEASE = timedelta(seconds=50)
DELIVERY_SECONDS = 40.0  # real, for all the look-ups and the telling of one conversation: less than the lease
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
MOST_NUMBERS = 3  # of one person, by which they are looked for
SID = 34  # characters of a call's SID; what follows it counts the call's conversations

State = Literal["waiting", "sent", "refused", "nobody"]


class Outbox:
    """One row at a time to one connector.  `owner` names this process in leases."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        connector: Connector,
        *,
        owner: str,
        poll: float,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database, self._clock, self._connector, self._chance = database, clock, connector, chance
        self._rest_until: datetime | None = None
        self.loop = DueLoop(
            database,
            clock,
            outbox,
            self._work,
            owner=owner,
            lease=LEASE,
            poll=max(poll, 1.0),
            limit=4,
            at_once=2,  # another house's system is not to be flooded after it was away
            only=outbox.c.connector == connector.name,
            held=self._resting,
        )
        self.sweep = Sweep(self, clock)

    async def swept(self) -> int:
        """Conversations that have ended lately and stand in no row yet get one; how many."""
        now = self._clock.now()
        async with self._database.read() as conn:
            found = (await conn.execute(_untold(self._connector.name, now))).all()
        if not found:
            return 0
        rows = [
            {
                "id": new_id("out"),
                "connector": self._connector.name,
                "kind": KIND,
                "ref": row.id,
                "made_at": now,
                "state": "waiting",
                "due_at": row.started_at + timedelta(seconds=row.talk_seconds) + WRAP_UP,
            }
            for row in found
        ]
        async with self._database.write() as conn:
            adding = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
            await conn.execute(adding(outbox).on_conflict_do_nothing(), rows)
        self.loop.nudge()
        return len(rows)

    async def forgotten(self) -> None:
        """Rows that are done and older than any sweep looks back."""
        async with self._database.write() as conn:
            old = outbox.c.made_at < self._clock.now() - KEPT
            await conn.execute(delete(outbox).where(old, outbox.c.state != "waiting"))

    def _resting(self) -> bool:
        """They have asked for a pause."""
        now = self._clock.now()
        return self._rest_until is not None and now < self._rest_until <= now + LONGEST_PAUSE

    async def _work(self, row: Row[Any]) -> None:
        begun = await self._begun(row)
        if begun is None:
            return
        news, numbers, name, again = begun
        try:
            async with asyncio.timeout(DELIVERY_SECONDS):
                state = await self._delivered(row, news, numbers, name, again)
        except Refused as error:
            await self._ended(row, "refused", error.why)
        except ConnectorError as error:
            await self._later(row, error)
        except TimeoutError:
            await self._later(row, Away("no answer in time"))
        except Exception as error:
            log.error("connector_broke", connector=self._connector.name, id=row.id, **told(error))
            await self._later(row, Away(type(error).__name__))
        else:
            await self._ended(row, state, None)

    async def _delivered(
        self, row: Row[Any], news: Conversation, numbers: list[str], name: str | None, again: bool
    ) -> State:
        remote_id = news.remote_id or await self._looked_for(row.ref, numbers, name)
        if remote_id is None:
            return "nobody"
        await self._connector.tell(replace(news, remote_id=remote_id), again=again)
        return "sent"

    async def _begun(self, row: Row[Any]) -> tuple[Conversation, list[str], str | None, bool] | None:
        """What is to be told, and that the attempt is under way.  None: it is no longer ours, or there is none."""
        async with self._database.write() as conn:
            mine = and_(outbox.c.id == row.id, outbox.c.lease_owner == row.lease_owner, outbox.c.state == "waiting")
            counted = update(outbox).where(mine).values(tries=outbox.c.tries + 1).returning(outbox.c.tries)
            tries = await conn.scalar(counted)
            if tries is None:
                return None
            found = (await conn.execute(_conversation(row.ref))).one_or_none()
            if found is None:  # erased meanwhile
                await conn.execute(delete(outbox).where(outbox.c.id == row.id))
                return None
            remote_id = await links.remote_id_of(conn, self._connector.name, found.customer_id)
            return _news(found, remote_id or ""), await _numbers(conn, found.customer_id), found.name, tries > 1

    async def _looked_for(self, interaction_id: str, numbers: list[str], name: str | None) -> str | None:
        """By the numbers that are this person's alone, and only if the name there does not speak against it."""
        for number in numbers:
            found = await self._connector.find(number)
            if found is not None and same_name(name, found.name):
                return found.remote_id if await self._linked(interaction_id, found) else None
        return None

    async def _linked(self, interaction_id: str, found: Found) -> bool:
        async with self._database.write() as conn:
            whose = select(interactions.c.customer_id).where(interactions.c.id == interaction_id)
            customer_id = await conn.scalar(whose)
            if customer_id is None:
                return False
            return await links.link(conn, self._connector.name, customer_id, found.remote_id, self._clock.now())

    async def _ended(self, row: Row[Any], state: State, problem: str | None) -> None:
        if state == "refused":
            log.warning("connector_refused", connector=self._connector.name, id=row.id, why=problem)
        async with self._database.write() as conn:
            done = update(outbox).where(outbox.c.id == row.id, outbox.c.lease_owner == row.lease_owner)
            await conn.execute(
                done.values(state=state, problem=problem, due_at=None, lease_owner=None, lease_until=None)
            )

    async def _later(self, row: Row[Any], error: ConnectorError) -> None:
        now = self._clock.now()
        if now - row.made_at >= PATIENCE:
            await self._ended(row, "refused", error.why)
            return
        asked = error.retry_after if isinstance(error, Away) else None
        if asked is not None:
            self._rest_until = now + min(asked, LONGEST_PAUSE)
        pause = max(pause_after(row.tries + 1, self._chance), asked or timedelta())
        log.info("connector_tried_later", connector=self._connector.name, id=row.id, why=error.why)
        async with self._database.write() as conn:
            mine = update(outbox).where(outbox.c.id == row.id, outbox.c.lease_owner == row.lease_owner)
            await conn.execute(mine.values(due_at=now + pause, problem=error.why, lease_owner=None, lease_until=None))


class Sweep:
    """A loop of its own, so that a connector that is slow keeps nobody from being noted."""

    def __init__(self, box: Outbox, clock: Clock) -> None:
        self._box, self._clock = box, clock

    async def run(self) -> None:
        rounds = 0
        while True:
            try:
                await self._box.swept()
                if rounds % ROUNDS_AN_HOUR == 0:
                    await self._box.forgotten()
            except Exception as error:
                log.warning("connector_sweep_paused", **told(error))
            rounds += 1
            await self._clock.sleep(SWEEP_SECONDS)


async def forget(conn: AsyncConnection, customer_id: str) -> None:
    """An eraser (crm/privacy.py): what was to be told of somebody who is to be forgotten."""
    theirs = select(interactions.c.id).where(interactions.c.customer_id == customer_id)
    await conn.execute(delete(outbox).where(outbox.c.kind == KIND, outbox.c.ref.in_(theirs)))


def pause_after(tries: int, chance: Callable[[], float]) -> timedelta:
    """Doubling, with a quarter of chance on either side, so that what failed together does not come back together."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(tries - 1, 12)
    return min(doubled, LONGEST_PAUSE) * (0.75 + chance() / 2)


def _untold(connector: str, now: datetime) -> Any:
    """Ours alone: one that was loaded from elsewhere has no call here, and may have come from the very system."""
    known = outbox.alias("known")
    same = and_(known.c.connector == connector, known.c.kind == KIND, known.c.ref == interactions.c.id)
    return (
        select(interactions.c.id, interactions.c.started_at, interactions.c.talk_seconds)
        .join(calls, calls.c.sid == func.substr(interactions.c.external_id, 1, SID))
        .outerjoin(known, same)
        .where(
            known.c.id.is_(None),
            interactions.c.channel == "voice",
            interactions.c.agent_id.is_not(None),
            interactions.c.started_at > now - PATIENCE,
        )
        .order_by(interactions.c.started_at)
        .limit(AT_ONCE)
    )


def _conversation(interaction_id: str) -> Any:
    return (
        select(interactions, customers.c.name, agents.c.name.label("agent"), calls.c.direction)
        .join(customers, customers.c.id == interactions.c.customer_id)
        .outerjoin(agents, agents.c.id == interactions.c.agent_id)
        .outerjoin(calls, calls.c.sid == func.substr(interactions.c.external_id, 1, SID))
        .where(interactions.c.id == interaction_id)
    )


async def _numbers(conn: AsyncConnection, customer_id: str) -> list[str]:
    """Those that are theirs alone: one that is shared names several people, here as there."""
    other, whose = customer_phones.alias("other"), customers.alias("whose")
    shared = (
        select(other.c.number)
        .join(whose, and_(whose.c.id == other.c.customer_id, whose.c.merged_into.is_(None)))
        .where(
            other.c.number == customer_phones.c.number,
            other.c.customer_id != customer_id,
            other.c.given_up_at.is_(None),
        )
    )
    theirs = select(customer_phones.c.number).where(
        customer_phones.c.customer_id == customer_id, customer_phones.c.given_up_at.is_(None), ~shared.exists()
    )
    return list(await conn.scalars(theirs.order_by(customer_phones.c.position).limit(MOST_NUMBERS)))


def _news(row: Row[Any], remote_id: str) -> Conversation:
    return Conversation(
        id=row.id,
        remote_id=remote_id,
        started_at=row.started_at,
        seconds=row.talk_seconds,
        direction="outbound" if row.direction == "outbound" else "inbound",
        agent=row.agent,
        outcome=row.outcome,
        topic=row.topic,
        summary=row.summary,
        confirmed=row.confirmed,
    )
