"""Who of several windows is the telephone, and what ends with a window that is gone.  On both databases."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from desk.softphone import desks
from desk.softphone.desks import GONE, Beat, NotTheirs, Told, has_desk, leave
from desk.softphone.sweep import Sweep
from desk.softphone.wrap_up import more_time
from desk.tables import desks as desks_table
from ivr.tables import calls
from routing import roster
from routing.floor import set_availability
from routing.tables import agents, reservations
from store.clock import VirtualClock
from store.ids import new_id
from store.sql import Database
from tests.desk.browsing import add_user

pytestmark = pytest.mark.anyio


class Desks:
    """One agent, and windows that are open at their desk."""

    def __init__(self, database: Database, clock: VirtualClock) -> None:
        self.database, self.clock = database, clock
        self.told_of_the_floor = 0
        self.sweep = Sweep(database, clock, self._changed)
        self.user_id = self.agent_id = ""

    def _changed(self) -> None:
        self.told_of_the_floor += 1

    async def begin(self) -> Desks:
        values = {"name": "Anna Bianchi", "address": "client:anna", "languages": ["it-IT"], "skills": {}}
        async with self.database.write() as conn:
            self.agent_id = await roster.add(conn, values, self.clock.now())
        self.user_id = await add_user(self.database, self.clock, "agent", agent_id=self.agent_id)
        return self

    async def beat(self, desk: str = "desk-one", *, phone: bool = True, registered: bool = True, **more: Any) -> Told:
        given = Beat(desk, self.user_id, self.agent_id, phone, registered, **more)
        return await desks.beat(self.database, given, now=self.clock.now())

    async def silent(self, seconds: float) -> None:
        await self.clock.advance(seconds)

    async def choose(self, availability: str, *, by: str | None = "desk-one", **more: Any) -> None:
        async with self.database.write() as conn:
            await set_availability(conn, self.agent_id, availability, None, now=self.clock.now(), set_by=by, **more)

    async def signs_off(self) -> None:
        async with self.database.write() as conn:
            await desks.sign_off(conn, self.user_id, self.agent_id, now=self.clock.now())

    async def swept(self) -> str:
        """The agent's availability after the sweep has looked."""
        await self.sweep.turn()
        return str((await self.agent()).availability)

    async def agent(self) -> Any:
        async with self.database.read() as conn:
            return (await conn.execute(select(agents).where(agents.c.id == self.agent_id))).one()

    async def can_be_rung(self) -> bool:
        async with self.database.read() as conn:
            return await has_desk(conn, self.agent_id, now=self.clock.now())

    async def doing(self, activity: str, **values: Any) -> None:
        async with self.database.write() as conn:
            await conn.execute(update(agents).where(agents.c.id == self.agent_id).values(activity=activity, **values))

    async def rung(self, *, dropped: bool = False) -> str:
        """Their telephone is rung for a caller; with `dropped`, once more, after their line broke.  The call's id."""
        now, call_id = self.clock.now(), new_id("call")
        row: dict[str, Any] = {
            "from_number": "+393331234567",
            "to_number": "+390699990000",
            "direction": "inbound",
            "language": "it-IT",
        }
        row |= {"id": call_id, "sid": "CA1", "state": "ringing", "arrived_at": now}
        row |= {"dropped_at": now, "dropped_agent": self.agent_id} if dropped else {}
        offered = {"call_id": call_id, "agent_id": self.agent_id, "state": "offered", "live": True, "made_at": now}
        async with self.database.write() as conn:
            await conn.execute(insert(calls).values(**row))
            await conn.execute(
                insert(reservations).values(id=new_id("res"), due_at=now + timedelta(seconds=20), **offered)
            )
        await self.doing("reserved")
        return call_id

    async def ring_is_due(self) -> bool:
        async with self.database.read() as conn:
            due_at = await conn.scalar(select(reservations.c.due_at).where(reservations.c.live))
        return bool(due_at is not None and due_at <= self.clock.now())


@pytest.fixture
async def at(database: Database, clock: VirtualClock) -> Desks:
    return await Desks(database, clock).begin()


async def test_the_first_window_is_the_telephone_and_the_second_is_told_where_it_is(at: Desks) -> None:
    assert await at.beat() == Told(phone=True)
    assert await at.beat("desk-two") == Told(phone=False, refused="elsewhere")
    assert await at.beat() == Told(phone=True)


async def test_a_window_that_only_looks_never_becomes_the_telephone(at: Desks) -> None:
    assert await at.beat(phone=False) == Told(phone=False)
    assert not await at.can_be_rung()


async def test_the_telephone_goes_to_the_window_that_takes_it(at: Desks) -> None:
    await at.beat()
    assert await at.beat("desk-two", take=True) == Told(phone=True)
    assert await at.beat() == Told(phone=False, refused="elsewhere")


@pytest.mark.parametrize("activity", ["talking", "reserved"])
async def test_nobody_takes_a_telephone_with_somebody_on_its_line(at: Desks, activity: str) -> None:
    await at.beat()
    await at.doing(activity)
    assert await at.beat("desk-two", take=True) == Told(phone=False, refused="busy")
    await at.silent(13)  # that window is gone, so nobody is on its line any more
    assert (await at.beat("desk-two", take=True)).phone


async def test_a_window_that_is_silent_has_lost_the_telephone(at: Desks) -> None:
    await at.beat()
    await at.silent(13)
    assert (await at.beat("desk-two")).phone
    assert (await at.beat()).refused == "elsewhere"


async def test_of_two_windows_at_the_same_moment_one_is_the_telephone(at: Desks) -> None:
    told = await asyncio.gather(*(at.beat(f"desk-number-{n}") for n in range(6)))
    assert sum(one.phone for one in told) == 1


async def test_the_database_keeps_a_second_telephone_out(at: Desks) -> None:
    await at.beat()
    row = {"id": "desk-two", "user_id": at.user_id, "agent_id": at.agent_id, "is_phone": True, "registered": False}
    with pytest.raises(IntegrityError):
        async with at.database.write() as conn:
            await conn.execute(insert(desks_table).values(**row, opened_at=at.clock.now(), seen_at=at.clock.now()))


async def test_a_desk_belongs_to_one_user(at: Desks) -> None:
    await at.beat()
    other = await add_user(at.database, at.clock, "manager")
    with pytest.raises(NotTheirs):
        await desks.beat(at.database, Beat("desk-one", other, None), now=at.clock.now())


async def test_it_can_be_rung_while_it_is_registered_and_has_been_heard_of(at: Desks) -> None:
    await at.beat(registered=False)
    assert not await at.can_be_rung()
    await at.beat()
    assert await at.can_be_rung()
    await at.silent(13)
    assert not await at.can_be_rung()


async def test_in_a_talk_it_is_enough_to_have_had_a_desk(at: Desks) -> None:
    await at.beat()
    await at.doing("talking")
    await leave(at.database, "desk-one", at.user_id, now=at.clock.now())
    assert await at.can_be_rung()  # the line has broken: whoever has no desk at all hangs up by hanging up
    await at.doing("reserved")
    assert not await at.can_be_rung()
    await at.doing("talking")
    await at.silent(200)
    assert not await at.can_be_rung()


async def test_an_agent_without_any_desk_has_none(at: Desks) -> None:
    await at.doing("talking")
    assert not await at.can_be_rung()


async def test_who_was_made_ready_at_a_desk_is_offline_fifteen_seconds_after_it_is_gone(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await at.silent(14)
    assert await at.swept() == "ready"
    await at.silent(2)
    assert await at.swept() == "offline"
    assert (await at.agent()).reason == GONE
    assert at.told_of_the_floor == 1
    assert await at.swept() == "offline"
    assert at.told_of_the_floor == 1


async def test_what_was_chosen_through_the_api_holds_without_a_desk(at: Desks) -> None:
    await at.beat()
    await at.choose("ready", by=None)
    await at.silent(3600)
    assert await at.swept() == "ready"


async def test_as_long_as_any_window_of_theirs_is_there_they_are_too(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await at.silent(14)
    await at.beat("desk-two")
    await at.silent(5)
    assert await at.swept() == "ready"


async def test_a_break_outlasts_the_desk_but_nobody_comes_back_from_it_who_is_not_there(at: Desks) -> None:
    await at.beat()
    await at.choose("away", back_at=at.clock.now() + timedelta(minutes=5))
    await at.silent(60)
    assert await at.swept() == "away"
    await at.silent(232)
    assert await at.swept() == "offline"


async def test_a_phone_that_rings_is_not_disturbed(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await at.rung()
    await at.silent(20)
    assert await at.swept() == "ready"


async def test_the_same_window_is_ready_again_when_it_is_back_within_two_minutes(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await at.silent(100)
    assert await at.swept() == "offline"
    assert not (await at.beat(registered=False)).restored  # nobody could ring it yet
    assert (await at.beat()).restored
    row = await at.agent()
    assert (row.availability, row.reason, row.set_by) == ("ready", None, "desk-one")
    assert not (await at.beat()).restored


async def test_who_was_writing_when_the_desk_was_lost_goes_on_writing(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await at.doing("wrap_up")
    await at.silent(20)
    assert await at.swept() == "offline"
    assert (await at.beat()).restored
    row = await at.agent()
    assert (row.availability, row.activity) == ("ready", "wrap_up")


async def test_after_two_minutes_they_say_so_themselves(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await at.silent(125)
    assert await at.swept() == "offline"
    assert not (await at.beat()).restored
    assert await at.swept() == "offline"


async def test_whoever_was_there_all_the_time_is_ready_after_the_server_was_away_for_long(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await at.silent(600)
    sweep = at.clock.spawn(at.sweep.run(), "sweep")
    for _ in range(6):
        await at.silent(4)
        await at.beat()
        assert (await at.agent()).availability == "ready"
    await at.silent(20)
    assert (await at.agent()).availability == "offline"
    sweep.cancel()
    with suppress(asyncio.CancelledError):
        await sweep


async def test_who_falls_silent_is_seen_at_that_moment(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    sweep = at.clock.spawn(at.sweep.run(), "sweep")
    await at.silent(13)
    await at.beat()
    await at.silent(14.9)
    assert (await at.agent()).availability == "ready"
    await at.silent(0.2)
    assert (await at.agent()).availability == "offline"
    sweep.cancel()
    with suppress(asyncio.CancelledError):
        await sweep


async def test_a_window_that_was_open_then_takes_over_and_a_new_one_does_not(at: Desks) -> None:
    await at.beat()
    await at.beat("desk-two", phone=False)
    await at.choose("ready")
    await at.silent(20)
    assert await at.swept() == "offline"
    assert not (await at.beat("desk-new")).restored
    assert (await at.beat("desk-two", take=True)).restored


async def test_who_went_offline_by_themselves_stays_so(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await at.choose("offline")
    assert not (await at.beat()).restored
    assert (await at.agent()).availability == "offline"


async def test_a_window_that_says_goodbye_is_gone_in_three_seconds(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    assert await leave(at.database, "desk-one", at.user_id, now=at.clock.now()) is None
    assert not await at.can_be_rung()
    await at.silent(2)
    assert await at.swept() == "ready"
    await at.silent(2)
    assert await at.swept() == "offline"


async def test_a_window_that_is_loaded_anew_was_hardly_gone(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await leave(at.database, "desk-one", at.user_id, now=at.clock.now())
    await at.silent(2)
    assert await at.beat() == Told(phone=True)
    await at.silent(3)
    assert await at.swept() == "ready"


async def test_the_next_window_is_the_telephone_as_soon_as_the_one_before_is_closed(at: Desks) -> None:
    await at.beat()
    await leave(at.database, "desk-one", at.user_id, now=at.clock.now())
    assert (await at.beat("desk-two")).phone


async def test_what_rings_in_a_window_that_is_closed_rings_elsewhere_at_once(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await at.rung()
    assert await leave(at.database, "desk-one", at.user_id, now=at.clock.now()) == at.agent_id
    assert await at.ring_is_due()
    assert (await at.agent()).availability == "offline"
    await at.doing("idle")
    assert (await at.beat()).restored  # it was only loaded anew


@pytest.mark.parametrize(("seconds", "state"), [(0.5, "not_rung"), (5, "declined")])
async def test_a_window_that_says_no_on_its_way_out_has_not_declined(at: Desks, seconds: float, state: str) -> None:
    """The carrier's word was quicker than the farewell."""
    await at.beat()
    await at.choose("ready")
    await at.rung()
    async with at.database.write() as conn:
        ended = {"live": False, "state": "declined", "ended_at": at.clock.now()}
        await conn.execute(update(reservations).values(ended))
    await at.doing("idle")
    await at.clock.advance(seconds)
    gone = await leave(at.database, "desk-one", at.user_id, now=at.clock.now())
    assert gone == (at.agent_id if state == "not_rung" else None)
    async with at.database.read() as conn:
        assert await conn.scalar(select(reservations.c.state)) == state
    assert (await at.beat()).restored == (state == "not_rung")


async def test_whoever_is_kept_for_their_caller_stays_so_when_they_load_the_page_anew(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await at.rung(dropped=True)
    assert await leave(at.database, "desk-one", at.user_id, now=at.clock.now()) is None
    assert not await at.ring_is_due()


async def test_who_signs_out_is_not_rung_and_not_brought_back_by_a_window_left_open(at: Desks) -> None:
    await at.beat()
    await at.choose("ready")
    await at.signs_off()
    assert not await at.can_be_rung()
    assert ((await at.agent()).availability, (await at.agent()).reason) == ("offline", None)
    assert not (await at.beat()).restored


async def test_who_was_made_ready_without_a_desk_stays_so_when_they_sign_out(at: Desks) -> None:
    await at.choose("ready", by=None)
    await at.signs_off()
    assert (await at.agent()).availability == "ready"


async def test_nobody_closes_somebody_elses_window(at: Desks) -> None:
    await at.beat()
    assert await leave(at.database, "desk-one", await add_user(at.database, at.clock), now=at.clock.now()) is None
    assert await at.can_be_rung()


async def test_a_minute_more_is_a_minute_more_up_to_a_quarter_of_an_hour(at: Desks) -> None:
    now = at.clock.now()
    await at.doing("wrap_up", since_at=now, due_at=now + timedelta(seconds=30))
    assert await more_time(at.database, at.agent_id, now=now)
    assert (await at.agent()).due_at == now + timedelta(seconds=90)
    given = 1
    while await more_time(at.database, at.agent_id, now=now):
        given += 1
    assert given == 14
    await at.doing("idle", due_at=None)
    assert not await more_time(at.database, at.agent_id, now=now)


async def test_what_is_long_gone_is_forgotten(at: Desks) -> None:
    await at.beat()
    await at.silent(25 * 3600)
    await at.sweep.turn()
    async with at.database.read() as conn:
        assert (await conn.execute(select(desks_table.c.id))).all() == []
