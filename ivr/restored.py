"""A database that comes back from yesterday does not know whom we have called since: the carrier does.

Nobody is called for a promise before what the carrier has done meanwhile is known here as well.  A row tells when this
house last lived; whoever was called since then, by a call in none of our legs, was called for a promise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.history import What
from callbacks.keeping import begin_attempt, end_attempt, latest, nobody_reached, step
from callbacks.promises import AGENT_LEAD, end, first_look
from callbacks.renegotiate import ledger_for
from callbacks.slots import next_slots
from callbacks.states import MOVABLE, OPEN, State
from callbacks.tables import callbacks
from callbacks.wall import wall_of
from carrier.ledger import known_sids
from carrier.lookup import CLOCK_SKEW, made_since
from carrier.port import KnownCall, Network, NotAsked, OutcomeUnknown, Refused
from carrier.tables import effects
from ivr.lifecycle import LEG_ENDS
from ivr.promised import PromiseDialler
from ivr.tables import legs
from ivr.turn import Rooms
from store.faults import told
from store.tables import heartbeats

log = structlog.get_logger()

NAME = "keeper"
BEAT_SECONDS, PAUSE_SECONDS = 60.0, 5.0
AWAY = timedelta(minutes=10)  # a heartbeat so old is that of a house that was away, or of another day
AHEAD = timedelta(minutes=1)  # one so far in the future was not written under this clock
LOOK_BACK = timedelta(days=7)  # where no heartbeat tells
TALK_SECONDS = 30  # whoever was on the line for so long was spoken with
UNSERVED = (*MOVABLE, State.RINGING_AGENT)  # nobody has been dialled yet, as far as is known here
FOUND = "found"


class Restored:
    """A keeper's loop.  `held` until the carrier has been asked, and again should the heartbeat show another time."""

    def __init__(self, rooms: Rooms, network: Network, *, known: Callable[[], None] = lambda: None) -> None:
        """`known` is told each time that promises may be kept again."""
        self._rooms, self._network, self._tell = rooms, network, known
        self._known = self._said = False

    def held(self) -> bool:
        return not self._known

    async def run(self) -> None:
        while True:
            await self._rooms.clock.sleep(BEAT_SECONDS if await self.beat() else PAUSE_SECONDS)

    async def beat(self) -> bool:
        """False: the carrier or the store is away, or a call of which we knew nothing is still ringing."""
        try:
            if self._known and await self._at_another_time():
                self._known = False
            if not self._known:
                if not await self._catch_up():
                    return False
                self._known, self._said = True, False
                self._tell()
            await self._write()
        except (NotAsked, OutcomeUnknown, Refused) as error:
            self._say("promises_wait_for_the_carrier", error=type(error).__name__)
            return False
        except Exception as error:
            self._say("promises_wait", **told(error))
            return False
        return True

    async def _at_another_time(self) -> bool:
        at, now = await self._last(), self._rooms.clock.now()
        return at is None or at < now - AWAY or at > now + AHEAD

    async def _catch_up(self) -> bool:
        """Writes down what was done since the last heartbeat.  False: some of it is not over yet."""
        promises = await self._unserved()
        if not promises:
            return True
        at, now = await self._last(), self._rooms.clock.now()
        since = now - LOOK_BACK if at is None or at > now + AHEAD else at
        unknown = await self._unknown({promise.number for promise in promises}, since)
        ringing = [call for call in unknown if call.status not in LEG_ENDS and not _spoken_with(call, now)]
        if ringing:
            self._say("promises_wait_for_a_call", call=ringing[0].sid)
            return False
        for promise_id, calls in _whose(unknown, promises).items():
            await self._settle(promise_id, calls)
        return True

    async def _unknown(self, numbers: set[str], since: datetime) -> list[KnownCall]:
        """Our calls to these numbers that stand in none of our legs and that the ledger of effects is not looking for.

        The carrier is asked first: what is made here meanwhile has its rows by then.
        """
        listed = [
            *await self._network.list_calls(started_after=since - CLOCK_SKEW, limit=None),
            *await self._network.list_calls(status="queued", limit=None),
        ]
        to_them = [call for call in listed if call.to in numbers]
        sids = [call.sid for call in to_them]
        async with self._rooms.database.read() as conn:
            taken = set(await conn.scalars(select(legs.c.sid).where(legs.c.sid.in_(sids))))
            taken |= await known_sids(conn, sids)
            looked_for = set(
                await conn.scalars(
                    select(effects.c.target).where(
                        effects.c.kind == "create_call",
                        effects.c.state.in_(("asking", "unknown")),
                        effects.c.target.in_({call.to for call in to_them}),
                    )
                )
            )
        found = made_since(to_them, since=since, taken=taken)
        return [call for call in found if call.to not in looked_for]

    async def _unserved(self) -> list[Row[Any]]:
        query = select(callbacks.c.id, callbacks.c.number, callbacks.c.made_at, callbacks.c.promised_at).where(
            callbacks.c.state.in_(UNSERVED), callbacks.c.channel == "call"
        )
        async with self._rooms.database.read() as conn:
            return list(await conn.execute(query))

    async def _settle(self, promise_id: str, calls: Sequence[KnownCall]) -> None:
        rooms, now, dialler = self._rooms, self._rooms.clock.now(), PromiseDialler(self._rooms)
        async with rooms.database.write() as conn:
            await dialler.lock_call(conn, promise_id)
            promise = await rooms.promises.read(conn, promise_id, lock=True)
            if promise is None or promise.state not in UNSERVED:
                return
            known = {attempt.at for attempt in (await rooms.promises.attempts(conn, [promise_id]))[promise_id]}
            calls = [call for call in calls if call.created_at not in known]
            if not calls:
                return  # another process was quicker
            await dialler.give_back(conn, promise)
            kept = next((call for call in calls if _spoken_with(call, now)), None)
            for call in calls if kept is None else calls[: calls.index(kept) + 1]:
                await begin_attempt(conn, promise_id, now=call.created_at or now)
                if call is not calls[-1] or kept is not None:
                    await end_attempt(conn, promise_id, FOUND)
            if kept is not None:
                at = kept.created_at or now
                in_time = at <= latest(promise)
                state, what = (State.KEPT, What.KEPT) if in_time else (State.BROKEN, What.BROKEN)
                await end(conn, promise, state, what, now=now, kept_at=at)
            else:
                await self._again(conn, dialler, promise, now)
        dialler.after_commit()
        log.info("promise_found_at_the_carrier", promise=promise_id, calls=len(calls), kept=kept is not None)

    async def _again(self, conn: AsyncConnection, dialler: PromiseDialler, promise: Row[Any], now: datetime) -> None:
        """They were called and not reached, as far as can be seen: another time, or none any more."""
        rooms = self._rooms
        _, plan = await rooms.plans.current(conn)
        if not await nobody_reached(conn, promise, FOUND, plan, now=now):
            await dialler.tell(conn, promise, "text_given_up")
            return
        ledger = await ledger_for(conn, rooms.promises, dialler, promise, plan, now)
        again = await rooms.promises.read(conn, promise.id)
        assert again is not None
        after, whose = again.promised_at, promise.agent_id
        slots = next_slots(ledger, after, whose, 1) or next_slots(ledger, after, None, 1)
        at = slots[0].due_at if slots else after
        values = {"promised_at": at, "wall": wall_of(at, promise.zone), "due_at": first_look(at, now)}
        moved = await step(conn, promise.id, OPEN, State.PROMISED, now=now, late_told_at=None, **values)
        if moved is not None:
            await dialler.tell(conn, moved, "text_again")

    async def _last(self) -> datetime | None:
        async with self._rooms.database.read() as conn:
            at: datetime | None = await conn.scalar(select(heartbeats.c.at).where(heartbeats.c.name == NAME))
        return at

    async def _write(self) -> None:
        now = self._rooms.clock.now()
        async with self._rooms.database.write() as conn:
            insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
            row = insert(heartbeats).values(name=NAME, at=now)
            await conn.execute(row.on_conflict_do_update(index_elements=["name"], set_={"at": now}))

    def _say(self, event: str, **what: Any) -> None:
        """Once, however often it is tried again."""
        if not self._said:
            log.warning(event, **what)
        self._said = True


def _whose(calls: Sequence[KnownCall], promises: Sequence[Row[Any]]) -> dict[str, list[KnownCall]]:
    """To which promise each call belongs: of those to its number that were due by then, the last to come due.  A call
    made before any of them was due was about something else."""
    found: defaultdict[str, list[KnownCall]] = defaultdict(list)
    for call in calls:
        due = [
            promise
            for promise in promises
            if promise.number == call.to
            and (call.created_at is None or promise.promised_at <= call.created_at + CLOCK_SKEW + AGENT_LEAD)
        ]
        if due:
            found[max(due, key=lambda promise: promise.promised_at).id].append(call)
    return found


def _spoken_with(call: KnownCall, now: datetime) -> bool:
    if call.status == "in-progress":
        return call.created_at is not None and now - call.created_at >= 2 * timedelta(seconds=TALK_SECONDS)
    return call.status == "completed" and call.seconds >= TALK_SECONDS
