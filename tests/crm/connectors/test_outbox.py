"""What the other system is told, once and in the end, whatever happens on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, delete, func, insert, select, update

from crm import history, people
from crm.connectors.links import link, remote_id_of
from crm.connectors.outbox import KEPT, PATIENCE, WRAP_UP, Outbox, forget, pause_after
from crm.connectors.port import Away, Found, Refused, ShutOut
from crm.tables import customers, interactions, outbox
from ivr.calls import open_call
from store.clock import VirtualClock
from store.sql import Database
from tests.crm.connectors.fakes import Friend
from tests.routing.rows import add_agent

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MARIA = "+393331234567"
WAIT = WRAP_UP.total_seconds() + 1


class House:
    def __init__(self, database: Database, clock: VirtualClock, friend: Friend) -> None:
        self.database, self.clock, self.friend = database, clock, friend
        self.box = Outbox(database, clock, friend, owner="w1", poll=5.0, chance=lambda: 0.5)

    async def customer(self, name: str | None = "Maria Rossi", *numbers: str, remote: str | None = None) -> str:
        async with self.database.write() as conn:
            made = await people.add(conn, {"name": name, "phones": list(numbers)}, self.clock.now())
            if remote is not None:
                await link(conn, "friend", made, remote, self.clock.now())
        return made

    async def talked(self, customer_id: str, n: int = 1, *, direction: str = "inbound", **more: Any) -> str:
        """A conversation of four minutes that ends now."""
        now = self.clock.now()
        sid = f"CA{n:032x}"
        usual = {"outcome": "solved", "topic": "delivery", "summary": "on Tuesday", "external_id": sid}
        async with self.database.write() as conn:
            await open_call(
                conn, now=now, sid=sid, direction=direction, from_number=MARIA, to_number="+390699990000",
                customer_id=customer_id, language="it-IT", state="ended", step=1, plan_version=None, due_at=None,
            )  # fmt: skip
            return await history.record(
                conn,
                customer_id=customer_id,
                agent_id="anna",
                channel="voice",
                started_at=now - timedelta(seconds=240),
                talk_seconds=240,
                **usual | more,
            )

    async def rows(self) -> list[Row[Any]]:
        async with self.database.read() as conn:
            return list((await conn.execute(select(outbox).order_by(outbox.c.id))).all())

    async def states(self) -> list[str]:
        return [row.state for row in await self.rows()]

    async def later(self, seconds: float = 0) -> None:
        """Time passes without anybody at work, and then the loops have one round each."""
        await self.clock.advance(seconds)
        await self.box.swept()
        await self.box.loop.turn()
        await self.clock.advance(0)


@pytest.fixture
async def house(database: Database, clock: VirtualClock) -> House:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), name="Anna Bianchi")
    return House(database, clock, Friend())


async def test_a_conversation_is_told_once_and_not_before_it_is_known_what_came_of_it(house: House) -> None:
    """As it runs in a keeper."""
    maria = await house.customer(remote="512")
    tasks = [house.clock.spawn(part.run(), "outbox") for part in (house.box.sweep, house.box.loop)]
    first = await house.talked(maria)
    await house.clock.advance(60)
    assert house.friend.told == []
    async with house.database.write() as conn:
        await conn.execute(update(interactions).values(outcome="open", confirmed=False))
    second = await house.talked(maria, 2, direction="outbound", external_id=f"CA{2:032x}/2")
    await house.clock.advance(180)
    (one, again), (other, _) = house.friend.told
    assert (one.id, one.remote_id, one.seconds, one.direction, one.agent, one.outcome, one.confirmed, one.summary) == (
        *(first, "512", 240, "inbound", "Anna Bianchi", "open", False, "on Tuesday"),
    )
    assert (again, other.id, other.direction) == (False, second, "outbound")
    assert await house.states() == ["sent", "sent"]
    assert house.friend.asked == []
    for task in tasks:
        task.cancel()


@on_sqlite
async def test_who_is_not_linked_is_found_by_a_number_of_their_own_and_linked(house: House) -> None:
    maria = await house.customer("Maria Rossi", MARIA)
    await house.customer("Carla", "+390655555555")
    carlo = await house.customer("Carlo", "+390655555555")  # which is Carla's too
    paolo = await house.customer("Paolo Rossi", "+393337654321")
    there = {MARIA: Found("512", "ROSSI Maria"), "+393337654321": Found("513", "Anna Verdi")}
    house.friend.people = there | {"+390655555555": Found("514", "Carlo")}
    for n, person in enumerate((maria, carlo, paolo), start=1):
        await house.talked(person, n)
    for _ in range(2):
        await house.later(WAIT)
    assert [news.remote_id for news, _ in house.friend.told] == ["512"]
    assert sorted(house.friend.asked) == [MARIA, "+393337654321"]
    assert sorted(await house.states()) == ["nobody", "nobody", "sent"]
    async with house.database.read() as conn:
        assert await remote_id_of(conn, "friend", maria) == "512"


@on_sqlite
@pytest.mark.parametrize("trouble", [Away("answers 503"), ShutOut("answers 401")])
async def test_what_did_not_arrive_is_told_again_until_it_does(house: House, trouble: Exception) -> None:
    """Seldomer and seldomer; the second time it is looked for first."""
    await house.talked(await house.customer(remote="512"))
    house.friend.trouble = trouble
    await house.later(WAIT)
    await house.later(29)
    assert [again for _, again in house.friend.told] == [False]
    await house.later(1)
    await house.later(59)
    assert [again for _, again in house.friend.told] == [False, True]
    house.friend.trouble = None
    await house.later(1)
    assert [again for _, again in house.friend.told] == [False, True, True]
    assert await house.states() == ["sent"]


@on_sqlite
async def test_after_a_day_it_is_given_up(house: House) -> None:
    await house.talked(await house.customer(remote="512"))
    house.friend.trouble = Away("answers 503")
    await house.later(WAIT)
    await house.later(PATIENCE.total_seconds() - 1)
    assert await house.states() == ["waiting"]
    for _ in range(3):
        await house.later(3600)
    (row,) = await house.rows()
    assert (row.state, row.problem, row.due_at, len(house.friend.told)) == ("refused", "answers 503", None, 3)


@on_sqlite
async def test_what_is_refused_is_not_repeated_and_keeps_nobody_else_waiting(house: House) -> None:
    maria = await house.customer(remote="512")
    await house.talked(maria)
    house.friend.trouble = Refused("answers 400")
    await house.later(WAIT)
    house.friend.trouble = None
    await house.talked(maria, 2)
    await house.later(WAIT)
    assert [(row.state, row.problem) for row in await house.rows()] == [("refused", "answers 400"), ("sent", None)]


@on_sqlite
async def test_who_asks_for_a_pause_hears_nothing_meanwhile(house: House) -> None:
    maria = await house.customer(remote="512")
    await house.talked(maria)
    house.friend.trouble = Away("answers 429", timedelta(minutes=20))
    await house.later(WAIT)
    house.friend.trouble = None
    await house.talked(maria, 2)
    await house.later(1199)
    assert len(house.friend.told) == 1
    await house.later(1)
    assert await house.states() == ["sent", "sent"]


@on_sqlite
async def test_a_fault_of_our_own_is_no_reason_to_forget_it(house: House) -> None:
    await house.talked(await house.customer(remote="512"))
    house.friend.trouble = RuntimeError("Maria")
    await house.later(WAIT)
    house.friend.trouble = None
    await house.later(60)
    assert [again for _, again in house.friend.told] == [False, True]
    assert [(row.state, row.problem) for row in await house.rows()] == [("sent", None)]


@on_sqlite
async def test_what_came_from_elsewhere_or_had_no_agent_is_not_told(house: House) -> None:
    maria = await house.customer(remote="512")
    now = house.clock.now()
    usual = {"customer_id": maria, "started_at": now, "talk_seconds": 9, "outcome": "solved", "channel": "voice"}
    await house.talked(maria, external_id="theirs-2")  # this one has a call here, by another name
    async with house.database.write() as conn:
        await history.record(conn, **usual, agent_id="anna", external_id="theirs-1")
        await history.record(conn, **usual, agent_id="anna")
        await history.record(conn, **usual, agent_id=None, external_id=f"CA{1:032x}")
    assert await house.box.swept() == 0


@on_sqlite
async def test_who_is_erased_is_told_of_no_more(house: House) -> None:
    """Before the eraser looked, and after."""
    maria, paolo = await house.customer(remote="512"), await house.customer("Paolo", remote="513")
    await house.talked(maria)
    await house.talked(paolo, 2)
    assert await house.box.swept() == 2
    async with house.database.write() as conn:
        await forget(conn, maria)
        assert await conn.scalar(select(func.count()).select_from(outbox)) == 1
        await conn.execute(delete(customers))
    await house.later(WAIT)
    assert (house.friend.told, await house.rows()) == ([], [])


@on_sqlite
async def test_rows_that_are_done_go_after_a_month(house: House) -> None:
    old = {"connector": "friend", "kind": "interaction", "made_at": house.clock.now() - KEPT - timedelta(days=1)}
    async with house.database.write() as conn:
        states = {"a": "sent", "b": "waiting"}
        await conn.execute(insert(outbox), [old | {"id": n, "ref": n, "state": state} for n, state in states.items()])
    await house.box.forgotten()
    assert [row.id for row in await house.rows()] == ["b"]


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause_after(n, lambda: 0.5).total_seconds() for n in (1, 2, 3, 8, 99)] == [30, 60, 120, 3600, 3600]
    assert pause_after(1, lambda: 0.0) < pause_after(1, lambda: 1.0)
