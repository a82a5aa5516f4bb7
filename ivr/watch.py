"""What must happen without anybody's webhook: rings that last too long, wrap-ups that end, callers who wait, silence.

Any number of processes may run these loops: each row is claimed, and looked at again under its call's lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import Row, exists, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.port import TOO_MANY, AlreadyGone, EffectResult, KnownCall, Network, NotAsked, OutcomeUnknown, Refused
from ivr import agent_leg, calls, consulted, held, journey, legs, promised, rings, supervision
from ivr.lifecycle import LEG_ENDS, CallState
from ivr.tables import calls as calls_table
from ivr.talk import LOOK_AGAIN, end_call, fetch_caller
from ivr.talk_recordings import not_changed
from ivr.texts import text_asked
from ivr.turn import Rooms, Turn
from ivr.webhooks import learn_sid
from routing.agents import Activity, Agent, Availability
from routing.choose import Match, Waiting, next_caller
from routing.floor import end_wrap_up
from routing.plan import Plan
from routing.queue import Queued
from routing.reservations import doubt
from routing.tables import agents, reservations
from store.clock import Alarm
from store.due import POLL_SECONDS, DueLoop
from store.faults import told

log = structlog.get_logger()

WAITING_POLL_SECONDS = 1.0
WAITING_AT_ONCE = 50
QUEUE_LOOKED_AT = 8  # callers whom an agent who became free is weighed for
EVERYBODY_EVERY = timedelta(seconds=5)
LEFT_FREE = timedelta(seconds=1)  # who is free for longer was for nobody, or forgotten: until then it goes by seconds
ASKED_AT_ONCE = 10  # requests to the carrier side by side


class Loop(Protocol):
    async def run(self) -> None: ...


class Watch:
    def __init__(self, rooms: Rooms, network: Network, *, owner: str, poll: float = POLL_SECONDS) -> None:
        self._rooms, self._network = rooms, network
        self._news = rooms.clock.alarm()
        self._looked = _Looked()  # after an outage, at everybody who was on the line before it
        self._poll = poll
        self._seen_until: datetime | None = None
        self._behind: Agent | None = None

        def due(table: Any, work: Callable[[Row[Any]], Any]) -> DueLoop:
            return DueLoop(rooms.database, rooms.clock, table, work, owner=owner, poll=poll)

        self._loops = [
            due(reservations, self._ring_over),
            due(agents, self._wrap_up_over),
            due(calls_table, self._silent),
        ]

    def loops(self) -> Sequence[Loop]:
        return [*self._loops, self]

    def then(self, loop: Loop) -> Loop:
        """`loop`, which begins when it is known who is still on the line: nobody is dialled for somebody who left."""
        return _Afterwards(self._looked, self._rooms.clock.alarm(), loop)

    def floor_changed(self) -> None:
        """Somebody may be free, here or in another process."""
        self._news.ring()

    async def run(self) -> None:
        """Callers who wait, whenever somebody may have become free; first, who of them is still there."""
        while not self._looked.done:
            if await self._after_an_outage():
                self._looked.tell()
            else:
                await self._news.wait(WAITING_POLL_SECONDS)
        looked_at: datetime | None = None
        while True:
            now = self._rooms.clock.now()
            try:
                await self._whoever_is_free()
                await self._whoever_is_held()
                if looked_at is None or now - looked_at >= EVERYBODY_EVERY:
                    looked_at = now
                    await self._those_who_wait()
            except Exception as error:
                log.warning("waiting_not_seen", error=type(error).__name__)
            await self._news.wait(max(WAITING_POLL_SECONDS, self._poll))

    async def _after_an_outage(self) -> bool:
        """Whatever was live when we were last here may have ended unheard.  False: the store was away."""
        query = select(calls_table).where(calls_table.c.state != CallState.ENDED)
        try:
            async with self._rooms.database.read() as conn:
                live = (await conn.execute(query.order_by(calls_table.c.arrived_at))).all()
            for start in range(0, len(live), ASKED_AT_ONCE):
                await asyncio.gather(*(self._silent(row, outage=True) for row in live[start : start + ASKED_AT_ONCE]))
        except Exception as error:
            log.warning("live_calls_not_asked_about", **told(error))
            return False
        return True

    async def _whoever_is_free(self) -> None:
        """Each idle agent takes the caller for whom most seconds speak; whom the caller's own choice then rings is
        settled under the call's lock.  Where nothing came of one lot of agents, the next look goes on behind it."""
        now = self._rooms.clock.now()
        async with self._rooms.database.read() as conn:
            ripe = await self._rooms.floor.ripe(conn, now, after=self._behind)
        helped = False
        for agent in ripe:
            helped = await self._next_for(agent) or helped
        self._behind = ripe[-1] if ripe and not helped else None

    async def _next_for(self, agent: Agent) -> bool:
        """True when somebody is being rung for one of those this agent could take."""
        rooms, now, refused = self._rooms, self._rooms.clock.now(), set[str]()
        async with rooms.database.read() as conn:
            queue = await rooms.floor.queue_for(conn, agent, now, k=QUEUE_LOOKED_AT)
            waiting = [
                Waiting(one.call_id, one.caller, await self._plan_of(conn, one), one.held_until) for one in queue
            ]
        while (match := next_caller(agent, (one for one in waiting if one.id not in refused), now)) is not None:
            refused.add(match.waiting.id)
            if await self._look_at(match.waiting.id, match):
                return True
        return False

    async def _plan_of(self, conn: AsyncConnection, queued: Queued) -> Plan:
        plans, version = self._rooms.plans, queued.plan_version
        return (await plans.current(conn))[1] if version is None else await plans.of(conn, version)

    async def _look_at(self, call_id: str, match: Match | None = None) -> bool:
        async with _locked(self._rooms, call_id) as turn:
            if turn is None:
                return False
            look_again = journey.look_again if calls.is_reached(turn.call) else promised.look_again
            if not await look_again(turn, match):
                return False
            turn.effects += await legs.send_caller(turn, "/twilio/voice/wait")
            return True

    async def _whoever_is_held(self) -> None:
        """A hold is over, or the rules allow more after so long a wait."""
        query = (
            select(calls_table.c.id)
            .where(calls_table.c.state == CallState.WAITING, calls_table.c.look_at <= self._rooms.clock.now())
            .order_by(calls_table.c.look_at)
            .limit(WAITING_AT_ONCE)
        )
        async with self._rooms.database.read() as conn:
            due = (await conn.scalars(query)).all()
        for call_id in due:
            await self._look_at(call_id)

    async def _those_who_wait(self) -> None:
        """Everybody, in lots, whatever the queue says of them: nobody is forgotten.  The longest first; where nobody of
        one lot could be helped, the next look goes on behind them."""
        idle = (agents.c.availability == Availability.READY, agents.c.activity == Activity.IDLE)
        free = exists().where(*idle, agents.c.since_at <= self._rooms.clock.now() - LEFT_FREE)
        query = (
            select(calls_table.c.id, calls_table.c.arrived_at)
            .where(calls_table.c.state == CallState.WAITING, free)
            .where(calls_table.c.arrived_at > self._seen_until if self._seen_until else true())
            .order_by(calls_table.c.arrived_at)
            .limit(WAITING_AT_ONCE)
        )
        async with self._rooms.database.read() as conn:
            waiting = (await conn.execute(query)).all()
        helped = False
        for row in waiting:
            helped = await self._look_at(row.id) or helped
        more = len(waiting) == WAITING_AT_ONCE and not helped
        self._seen_until = waiting[-1].arrived_at if more else None

    async def _ring_over(self, row: Row[Any]) -> None:
        async with _locked(self._rooms, row.call_id) as turn:
            if turn is not None:
                await rings.over(turn, row.id)

    async def _wrap_up_over(self, row: Row[Any]) -> None:
        async with self._rooms.database.write() as conn:
            ended = await end_wrap_up(conn, row.id, now=self._rooms.clock.now())
        if ended:
            self._rooms.floor_changed()

    async def _silent(self, row: Row[Any], *, outage: bool = False) -> None:
        """A greeting that is over, or a call of which nothing was heard: what does the carrier say?"""
        greeted = row.state == CallState.TALKING and row.joined_at is None and row.join_asked_at is None
        if greeted and not (outage and await self._gone(row.id)):
            async with _locked(self._rooms, row.id) as turn:
                if turn is not None and turn.call.joined_at is None and turn.call.join_asked_at is None:
                    await fetch_caller(turn)
            return
        if (
            not outage
            and row.state in (CallState.WAITING, CallState.RINGING)
            and row.due_at in (row.greeted_at, row.hears_until)
        ):
            async with _locked(self._rooms, row.id) as turn:
                if turn is not None and turn.call.step == row.step and turn.call.state == row.state:
                    await journey.set_right(turn)
            return
        known = None if row.sid is None else await self._known(row.sid)
        status = known and known.status
        gone = None if status in LEG_ENDS else await self._gone(row.id)
        async with _locked(self._rooms, row.id) as turn:
            if turn is None or turn.call.state == CallState.ENDED:
                return
            if status in LEG_ENDS and not calls.is_reached(turn.call):
                await promised.customer_not_reached(turn, "no_answer")
            elif status in LEG_ENDS:
                await end_call(turn, found_out=True)
            elif gone is not None:
                await _agent_gone(turn, *gone)
            elif not await promised.is_needed(turn):
                await end_call(turn)
            else:
                await calls.note(turn.conn, row.id, due_at=turn.now + LOOK_AGAIN, lease_owner=None, lease_until=None)

    async def _gone(self, call_id: str) -> tuple[Row[Any], KnownCall] | None:
        """The leg of the agent, or of a colleague they ask, if it has ended and nobody has told us: no caller stays in
        an empty room, and nobody is called into one."""
        async with self._rooms.database.read() as conn:
            found = await calls.live_legs(conn, call_id, "agent", consulted.ROLE)
        for leg in found:
            known = None if leg.sid is None else await self._known(leg.sid)
            if known is not None and known.status in LEG_ENDS:
                return leg, known
        return None

    async def _known(self, sid: str) -> KnownCall | None:
        """What the carrier says of it; null: nothing.  A call that it never heard of has ended, untold."""
        try:
            return await self._network.fetch_call(sid)
        except AlreadyGone:
            return KnownCall(sid, "", "", "completed", "", None)
        except (NotAsked, OutcomeUnknown, Refused) as error:
            log.info("call_not_known", error=type(error).__name__)
            return None

    async def heard(self, result: EffectResult) -> None:
        """What became of something we asked of the carrier."""
        if result.subject is None:
            return
        if result.state == "unknown":
            if result.kind == "create_call":
                await self._in_doubt(result.subject)
        elif result.kind == "send_text":
            await self._text(result)
        elif result.kind == "create_call":
            await self._call(result.subject, result)
        elif result.kind in ("change_participant", "announce") and result.state == "failed":
            await self._room_as_before(result, *result.subject.split())
        elif result.kind == "redirect_call" and result.state == "failed" and not _is_refusal(result):
            await self._not_fetched(result.subject)
        elif result.kind == "change_recording":
            async with self._rooms.database.write() as conn:
                await not_changed(conn, result, self._rooms.clock.now())

    async def _room_as_before(self, result: EffectResult, first: str, second: str) -> None:
        """Nobody is held, or fetched back, or nobody was told who joins."""
        announced = result.kind == "announce"
        async with _locked(self._rooms, first if announced else second) as turn:
            if turn is not None and announced:
                await supervision.not_told(turn, second)
            elif turn is not None:
                await held.not_changed(turn, first, refused=_is_refusal(result))

    async def _not_fetched(self, call_id: str) -> None:
        """The carrier, or we, were away for too long."""
        async with _locked(self._rooms, call_id) as turn:
            if turn is not None:
                turn.effects += await journey.out_of_an_empty_room(turn)

    async def _text(self, result: EffectResult) -> None:
        async with self._rooms.database.write() as conn:
            await text_asked(conn, result, self._rooms.clock.now())

    async def _in_doubt(self, leg_id: str) -> None:
        async with self._rooms.database.write() as conn:
            found = await calls.lock_by_leg(conn, leg_id)
            if found is not None and found[1].reservation_id is not None and found[1].sid is None:
                await doubt(conn, found[1].reservation_id, now=self._rooms.clock.now())

    async def _call(self, leg_id: str, result: EffectResult) -> None:
        async with self._rooms.database.write() as conn:
            found = await calls.lock_by_leg(conn, leg_id)
            if found is None:
                return
            turn, leg = await Turn.of(self._rooms, conn, found[0]), found[1]
            if result.state == "done":
                if leg.sid is None and result.sid is not None:
                    await learn_sid(turn, leg, result.sid)
            elif leg.state not in LEG_ENDS:
                await calls.change_leg(conn, leg_id, state="failed", ended_at=turn.now)
                if leg.role in ("agent", consulted.ROLE):
                    # A number is Twilio's refusal of this address; anything else says nothing about the agent.
                    await agent_leg.ended_leg(turn, leg, "failed" if _is_refusal(result) else "canceled")
                elif leg.role == supervision.ROLE:
                    await supervision.leg_ended(turn, leg)
                else:
                    await promised.customer_not_reached(turn, "failed")
        turn.finish()


def _is_refusal(result: EffectResult) -> bool:
    """The carrier's own number: asked once more it would say the same.  Of too many requests it says nothing else."""
    return (result.error_code or "").isdigit() and result.error_code != TOO_MANY


async def _agent_gone(turn: Turn, leg: Row[Any], known: KnownCall) -> None:
    joined_at = turn.call.joined_at
    if turn.call.direction == "inbound" and joined_at and known.ended_at and known.ended_at < joined_at:
        await turn.change(joined_at=None)  # the room was empty when the caller came: they have met nobody
    await agent_leg.status(turn, leg, {"CallStatus": known.status})


@dataclass(slots=True)
class _Looked:
    """Whether it is done, and who is to be woken then."""

    done: bool = False
    alarms: list[Alarm] = field(default_factory=list)

    def tell(self) -> None:
        self.done = True
        for alarm in self.alarms:
            alarm.ring()


@dataclass(frozen=True, slots=True)
class _Afterwards:
    first: _Looked
    alarm: Alarm
    loop: Loop

    async def run(self) -> None:
        """Waits through the clock: while the store is away, time goes on for everybody else."""
        if not self.first.done:
            self.first.alarms.append(self.alarm)
            await self.alarm.wait()
        await self.loop.run()


@asynccontextmanager
async def _locked(rooms: Rooms, call_id: str) -> AsyncIterator[Turn | None]:
    """The call under its lock; what it asks of the carrier is kicked after the commit."""
    async with rooms.database.write() as conn:
        call = await calls.lock(conn, call_id)
        turn = None if call is None else await Turn.of(rooms, conn, call)
        yield turn
    if turn is not None:
        turn.finish()
