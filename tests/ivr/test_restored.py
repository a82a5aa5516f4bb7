"""What the carrier has done while this database did not know: the heartbeat, and whom each call was made for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, insert, select, update

from callbacks.states import State
from callbacks.tables import callback_attempts, callbacks
from callbacks.wish import Wish
from carrier.port import KnownCall, NotSent
from carrier.tables import effects
from crm.tables import texts
from ivr import calls
from ivr.lifecycle import CallState
from ivr.restored import AWAY, LOOK_BACK, NAME, TALK_SECONDS, Restored
from routing.plan import Plan
from store.tables import heartbeats
from tests.ivr.door import LINE, MARIA, PAOLO, Door, sid

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)


@dataclass
class Listed:
    """The carrier, as far as it lists calls."""

    calls: list[KnownCall] = field(default_factory=list)
    asked_since: list[datetime] = field(default_factory=list)
    trouble: Exception | None = None

    async def list_calls(
        self, *, status: str | None = None, started_after: datetime | None = None, limit: int | None = 50
    ) -> Sequence[KnownCall]:
        assert limit is None
        if self.trouble:
            raise self.trouble
        if started_after is not None:
            self.asked_since.append(started_after)
        return [call for call in self.calls if (call.status == "queued") == (status == "queued")]


class House:
    """Maria and Paolo are promised calls; the carrier knows of some."""

    def __init__(self, door: Door) -> None:
        self.door, self.clock, self.listed, self.told = door, door.clock, Listed(), 0
        network: Any = self.listed
        self.restored = Restored(door.rooms, network, known=self._tell)
        self.began = door.clock.now()

    def _tell(self) -> None:
        self.told += 1

    async def promise(self, seconds: float = 20, number: str = MARIA, whose: str = "Maria", **more: Any) -> str:
        due_at = self.clock.now() + timedelta(seconds=seconds)
        wish = Wish(self.door.ids[whose], number, "it-IT", due_at=due_at, agent_id="anna", from_number=LINE, **more)
        async with self.door.database.write() as conn:
            row, _ = await self.door.rooms.promises.make(conn, wish, Plan(), now=self.clock.now())
        return str(row.id)

    def called(self, after: float, seconds: int = 0, number: str = MARIA, **more: Any) -> KnownCall:
        """So many seconds after the beginning, for so long."""
        at = self.began + timedelta(seconds=after)
        usual: dict[str, Any] = {"status": "completed", "direction": "outbound-api", "created_at": at}
        call = KnownCall(sid(50 + len(self.listed.calls)), number, LINE, seconds=seconds, **usual | more)
        self.listed.calls.append(call)
        return call

    async def lived(self, at: datetime) -> None:
        async with self.door.database.write() as conn:
            await conn.execute(insert(heartbeats).values(name=NAME, at=at))

    async def heartbeat(self) -> datetime | None:
        async with self.door.database.read() as conn:
            at: datetime | None = await conn.scalar(select(heartbeats.c.at).where(heartbeats.c.name == NAME))
        return at

    async def row(self, promise_id: str) -> Row[Any]:
        async with self.door.database.read() as conn:
            return (await conn.execute(select(callbacks).where(callbacks.c.id == promise_id))).one()

    async def attempts(self, promise_id: str) -> list[tuple[float, str | None]]:
        query = select(callback_attempts).where(callback_attempts.c.callback_id == promise_id)
        async with self.door.database.read() as conn:
            rows = (await conn.execute(query.order_by(callback_attempts.c.n))).all()
        return [((row.at - self.began).total_seconds(), row.result) for row in rows]

    async def texts(self) -> int:
        async with self.door.database.read() as conn:
            return len((await conn.execute(select(texts))).all())


@pytest.fixture
async def house(door: Door) -> House:
    house = House(door)
    await door.customer("Maria", MARIA)
    await door.customer("Paolo", PAOLO)
    await door.agent()
    await house.lived(house.began)
    return house


async def test_where_nobody_waits_for_a_call_the_carrier_is_not_asked(house: House) -> None:
    assert house.restored.held()
    assert await house.restored.beat()
    assert not house.restored.held()
    assert (house.listed.asked_since, house.told) == ([], 1)


async def test_whoever_was_spoken_with_has_been_called(house: House) -> None:
    promise = await house.promise()
    house.called(22, TALK_SECONDS)
    await house.clock.advance(3600)
    assert await house.restored.beat()
    row = await house.row(promise)
    assert (row.state, row.due_at) == (State.KEPT, None)
    assert row.kept_at == house.began + timedelta(seconds=22)
    assert await house.attempts(promise) == [(22, "found")]
    assert await house.texts() == 0


async def test_a_talk_after_its_window_is_a_promise_broken(house: House) -> None:
    promise = await house.promise(window_seconds=60)
    house.called(200, 300)
    await house.clock.advance(3600)
    await house.restored.beat()
    assert (await house.row(promise)).state == State.BROKEN


async def test_whoever_was_called_in_vain_is_called_at_another_time_that_is_told(house: House) -> None:
    promise = await house.promise()
    house.called(20, 8)
    await house.clock.advance(3600)
    await house.restored.beat()
    row = await house.row(promise)
    assert row.state == State.PROMISED
    assert row.promised_at >= house.clock.now() + timedelta(minutes=Plan().callback_retry_minutes)
    assert await house.attempts(promise) == [(20, "found")]
    assert await house.texts() == 1


async def test_two_processes_that_look_at_once_find_each_call_once(house: House) -> None:
    promise = await house.promise()
    house.called(20, 8)
    await house.clock.advance(3600)
    listed: Any = house.listed
    assert all(await asyncio.gather(house.restored.beat(), Restored(house.door.rooms, listed).beat()))
    assert await house.attempts(promise) == [(20, "found")]
    assert await house.texts() == 1


async def test_attempts_that_are_used_up_are_not_made_again(house: House) -> None:
    promise = await house.promise()
    for n in range(Plan().callback_attempts):
        house.called(20 + 900 * n, status="no-answer")
    await house.clock.advance(7200)
    await house.restored.beat()
    assert (await house.row(promise)).state == State.UNREACHABLE
    assert [result for _, result in await house.attempts(promise)] == ["found"] * Plan().callback_attempts


async def test_of_two_calls_the_one_that_was_answered_counts(house: House) -> None:
    promise = await house.promise()
    house.called(1000, 50)
    house.called(20, status="busy")
    await house.clock.advance(3600)
    await house.restored.beat()
    assert (await house.row(promise)).kept_at == house.began + timedelta(seconds=1000)
    assert await house.attempts(promise) == [(20, "found"), (1000, "found")]


async def test_the_call_in_which_an_agent_was_being_found_is_over(house: House) -> None:
    """The backup was made while the promise waited among the callers."""
    promise, door = await house.promise(), house.door
    async with door.database.write() as conn:
        call = await calls.open_call(
            conn,
            now=house.began,
            direction="outbound",
            from_number=LINE,
            to_number=MARIA,
            customer_id=door.ids["Maria"],
            language="it-IT",
            state=CallState.WAITING,
            callback_id=promise,
        )
    house.called(20, 60)
    await house.clock.advance(3600)
    await house.restored.beat()
    assert (await house.row(promise)).state == State.KEPT
    assert [(row.id, row.state) for row in await door.all_calls()] == [(call.id, CallState.ENDED)]


async def test_other_calls_are_none_of_its_attempts(house: House) -> None:
    """Before it was due, before the last heartbeat, to somebody else, by somebody else, by <Dial>."""
    promise = await house.promise(3000)
    house.called(2000, 90)
    house.called(-3600, 90)
    house.called(3000, 90, PAOLO)
    house.called(3000, 90, direction="inbound")
    house.called(3000, 90, parent_sid=sid(1))
    await house.clock.advance(3600)
    await house.restored.beat()
    assert (await house.row(promise)).state == State.PROMISED
    assert await house.attempts(promise) == []


async def test_a_call_of_one_of_our_legs_is_known(house: House) -> None:
    promise, door = await house.promise(), house.door
    call = house.called(20, 90)
    await door.ring()
    async with door.database.write() as conn:
        await calls.add_leg(conn, (await door.all_calls())[0].id, "caller", now=house.began, sid=call.sid)
    await house.restored.beat()
    assert await house.attempts(promise) == []


async def test_what_the_ledger_is_looking_for_is_left_to_it(house: House) -> None:
    promise, now = await house.promise(), house.began
    house.called(20, 90)
    values = {"id": "eff_1", "kind": "create_call", "target": MARIA, "request": {}, "priority": 1, "state": "asking"}
    async with house.door.database.write() as conn:
        await conn.execute(insert(effects).values(**values, wanted=True, tries=1, made_at=now, not_after=now))
    await house.restored.beat()
    assert await house.attempts(promise) == []


async def test_of_two_promised_to_one_number_the_last_that_was_due_was_called(house: House) -> None:
    first, second = await house.promise(20), await house.promise(900, MARIA, "Paolo")
    house.called(905, 90)
    await house.clock.advance(3600)
    await house.restored.beat()
    assert [(await house.row(one)).state for one in (first, second)] == [State.PROMISED, State.KEPT]


async def test_while_such_a_call_still_rings_all_promises_wait(house: House) -> None:
    promise = await house.promise()
    call = house.called(3590, status="ringing")
    await house.clock.advance(3600)
    assert not await house.restored.beat()
    assert house.restored.held()
    house.listed.calls = [replace(call, status="queued", created_at=None)]
    assert not await house.restored.beat()
    house.listed.calls = [replace(call, status="no-answer")]
    assert await house.restored.beat()
    assert await house.attempts(promise) == [(3590, "found")]


async def test_a_talk_that_goes_on_is_the_promise_being_kept(house: House) -> None:
    promise = await house.promise()
    house.called(3000, status="in-progress")
    await house.clock.advance(3600)
    assert await house.restored.beat()
    assert (await house.row(promise)).state == State.BROKEN  # it began long after its window


async def test_while_the_carrier_is_away_promises_wait(house: House) -> None:
    await house.promise()
    house.listed.trouble = NotSent("ClientError")
    task = house.clock.spawn(house.restored.run(), "restored")
    await house.clock.advance(60)
    assert house.restored.held()
    assert await house.heartbeat() == house.began  # what was missed is still to be looked at
    house.listed.trouble = None
    await house.clock.advance(6)
    assert not house.restored.held()
    assert house.told == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_carrier_is_asked_since_the_last_heartbeat(house: House) -> None:
    await house.promise(86400)
    await house.clock.advance(3600)
    await house.restored.beat()
    await house.clock.advance(AWAY.total_seconds() - 1)
    await house.restored.beat()
    (since,) = house.listed.asked_since
    assert house.began - MINUTE <= since <= house.began


@pytest.mark.parametrize(
    ("of_it", "since"), [(-timedelta(days=1), -timedelta(days=1)), (timedelta(days=1), -LOOK_BACK)]
)
async def test_a_database_exchanged_under_a_running_process_is_noticed(
    house: House, of_it: timedelta, since: timedelta
) -> None:
    await house.promise(86400 * 3)
    await house.restored.beat()
    house.listed.asked_since.clear()
    async with house.door.database.write() as conn:
        await conn.execute(update(heartbeats).values(at=house.began + of_it))
    house.listed.trouble = NotSent("away")
    assert not await house.restored.beat()
    assert house.restored.held()
    house.listed.trouble = None
    assert await house.restored.beat()
    (asked,) = house.listed.asked_since
    assert abs(asked - house.clock.now() - since) <= MINUTE
    assert await house.heartbeat() == house.clock.now()


async def test_a_house_without_a_heartbeat_looks_back_a_week(house: House) -> None:
    await house.promise(86400)
    async with house.door.database.write() as conn:
        await conn.execute(heartbeats.delete())
    await house.restored.beat()
    (since,) = house.listed.asked_since
    assert abs(since - (house.clock.now() - LOOK_BACK)) <= MINUTE
