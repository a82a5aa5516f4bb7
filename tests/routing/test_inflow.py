"""How many callers to expect at each hour of the week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from crm.tables import customers, interactions
from routing.house import House
from routing.inflow import HOURS_OF_WEEK, Arrivals, Inflow, learn_inflow, read_inflow
from routing.learning import EVERY, Learning
from routing.tables import learnt
from store.clock import VirtualClock
from store.sql import Database
from tests.ivr.door import HOUSE
from tests.routing.rows import add_agent, add_call

ROME = ZoneInfo("Europe/Rome")
TUESDAY = datetime(2026, 3, 3, 10, 0, tzinfo=ROME)  # ten o'clock
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
TEN = 24 + 10  # of Tuesday


def counted(*hours: tuple[datetime, int], zone: str = "Europe/Rome", holidays: frozenset[date] = frozenset()) -> Any:
    arrivals = Arrivals(zone, holidays)
    for hour, callers in hours:
        arrivals.add(hour.astimezone(UTC), callers)
    return arrivals.an_hour()


def whole_days(start: datetime, days: int, at_ten: int) -> list[tuple[datetime, int]]:
    """Each hour of these days once; callers ring at ten only."""
    return [(start + n * HOUR, at_ten if (start + n * HOUR).hour == 10 else 0) for n in range(24 * days)]


def test_without_a_past_nobody_is_expected() -> None:
    assert counted() == [0.0] * HOURS_OF_WEEK


def test_what_was_each_week_is_expected_again() -> None:
    monday = datetime(2026, 1, 5, tzinfo=ROME)
    an_hour = counted(*whole_days(monday, 7 * 6, at_ten=12))
    for day in range(7):
        assert an_hour[day * 24 + 10] == pytest.approx(12)
        assert an_hour[day * 24 + 11] == 0.0


def test_a_busy_tuesday_in_one_week_tells_less_than_in_eight() -> None:
    """Other days are quiet at ten; what is thin is drawn towards them."""
    monday = datetime(2026, 1, 5, 10, tzinfo=ROME)

    def weeks(many: int) -> float:
        days = [
            (monday + n * WEEK + timedelta(days=day), 20 if day == 1 else 0) for n in range(many) for day in range(5)
        ]
        return float(counted(*days)[TEN])

    assert 4 < weeks(1) < weeks(3) < weeks(8) < 20
    assert weeks(8) == pytest.approx((8 * 20 + 2 * 4) / 10)


def test_an_hour_that_was_not_yet_is_as_usual_on_working_days_but_a_saturday_is_not() -> None:
    monday = datetime(2026, 1, 5, 10, tzinfo=ROME)
    an_hour = counted((monday, 6))
    assert [an_hour[day * 24 + 10] for day in range(7)] == [6.0] * 5 + [0.0, 0.0]


def test_a_holiday_is_no_day_of_the_week() -> None:
    monday = datetime(2026, 1, 5, 10, tzinfo=ROME)
    quiet = (monday + WEEK, 0)
    assert counted((monday, 8), quiet)[10] == pytest.approx(4)
    assert counted((monday, 8), quiet, holidays=frozenset({date(2026, 1, 12)}))[10] == pytest.approx(8)


@pytest.mark.parametrize(
    ("zone", "place"), [("Europe/Rome", 24 + 10), ("America/New_York", 24 + 4), ("Asia/Kathmandu", 24 + 15)]
)
def test_hours_are_those_on_the_wall(zone: str, place: int) -> None:
    """Where the wall is off by three quarters, the hour that most of it lies in."""
    an_hour = counted((TUESDAY, 7), zone=zone)
    assert an_hour[place] == 7.0
    assert Inflow(an_hour).at(TUESDAY + timedelta(minutes=30), zone) == 7.0


def test_an_hour_keeps_its_name_when_the_clock_changes() -> None:
    before, after = datetime(2026, 3, 24, 10, tzinfo=ROME), datetime(2026, 3, 31, 10, tzinfo=ROME)
    an_hour = counted((before, 5), (after, 7))
    assert an_hour[TEN] == pytest.approx(6)
    assert an_hour[TEN - 1] == an_hour[TEN + 1] == 0.0


def test_it_survives_being_stored() -> None:
    inflow = Inflow(tuple(float(n) for n in range(HOURS_OF_WEEK)), 245.5)
    assert Inflow.from_json(inflow.as_json()) == inflow


async def brought_along(database: Database, *instants: datetime, **more: Any) -> None:
    async with database.write() as conn:
        if not await conn.scalar(select(customers.c.id)):
            person = {"id": "maria", "tags": [], "made_at": TUESDAY, "changed_at": TUESDAY}
            await conn.execute(insert(customers).values(person))
        for n, at in enumerate(instants):
            usual = {"channel": "voice", "talk_seconds": 100, "outcome": "solved", "customer_id": "maria"}
            row = {"id": f"{at.isoformat()} {n} {more}", "started_at": at}
            await conn.execute(insert(interactions).values(row | usual | more))


async def rang(database: Database, *instants: datetime, **more: Any) -> None:
    async with database.write() as conn:
        for n, at in enumerate(instants):
            await add_call(conn, f"{at.isoformat()} {n} {more}", at, state="ended", **more)


async def expected(database: Database, now: datetime, house: House = HOUSE) -> list[float]:
    async with database.read() as conn:
        inflow = await learn_inflow(conn, now, house)
    return [0.0] * HOURS_OF_WEEK if inflow is None else list(inflow.an_hour)


@pytest.mark.anyio
async def test_our_own_callers_count_and_before_the_first_those_that_were_brought_along(database: Database) -> None:
    """Each Tuesday at ten: two of the past in the first week, then three calls of ours, remembered as two."""
    first, second = TUESDAY - 2 * WEEK, TUESDAY - WEEK
    await brought_along(database, first, first + HOUR / 2)
    await rang(database, second, second + HOUR / 4, second + HOUR / 2)
    await brought_along(database, second, second + HOUR / 4)
    assert (await expected(database, TUESDAY))[TEN] == pytest.approx((2 + 3 + 2 * 5 / 10) / 4)


@pytest.mark.anyio
async def test_only_voices_that_came_in_count_and_not_for_ever(database: Database) -> None:
    await rang(database, TUESDAY - WEEK, direction="outbound")
    await rang(database, TUESDAY - 9 * WEEK)
    await rang(database, TUESDAY + HOUR / 2)  # of an hour that is not over
    await brought_along(database, TUESDAY - WEEK, channel="sms", talk_seconds=0)
    assert await expected(database, TUESDAY + HOUR * 0.75) == [0.0] * HOURS_OF_WEEK


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_holidays_are_the_countrys(database: Database) -> None:
    """Easter Monday of 2026 is the sixth of April: nothing is to be learnt from how quiet it was."""
    monday, after = datetime(2026, 3, 30, 10, tzinfo=ROME), datetime(2026, 4, 7, tzinfo=ROME)
    await rang(database, monday, monday + HOUR / 2)
    abroad = House(HOUSE.company, HOUSE.language, "JP", HOUSE.zone)
    at_home = (await expected(database, after))[10]
    assert at_home > (await expected(database, after, abroad))[10] > 0
    nowhere = House(HOUSE.company, HOUSE.language, "XX", HOUSE.zone)
    assert (await expected(database, after, nowhere))[10] == (await expected(database, after, abroad))[10]


@pytest.mark.anyio
async def test_it_is_learnt_with_the_rest_and_read_by_all(database: Database, clock: VirtualClock) -> None:
    learning, now = Learning(database, clock, HOUSE), clock.now()
    async with database.write() as conn:
        await add_agent(conn, "anna", now)
    async with database.read() as conn:
        assert await read_inflow(conn) is None
    await learning.look()
    async with database.read() as conn:
        assert await read_inflow(conn) is None
    await brought_along(database, *(now - WEEK + n * HOUR / 60 for n in range(40)), agent_id="anna", talk_seconds=300)
    await clock.advance(EVERY.total_seconds())
    await learning.look()
    async with database.read() as conn:
        inflow = await read_inflow(conn)
        assert len((await conn.execute(select(learnt))).all()) == 2
    assert inflow is not None
    assert inflow.at(now, "Europe/Rome") > 10
    assert inflow.talk_seconds == pytest.approx(300, rel=0.1)
    await clock.advance(EVERY.total_seconds())
    await learning.look()
    async with database.read() as conn:
        assert len((await conn.execute(select(learnt))).all()) == 2
