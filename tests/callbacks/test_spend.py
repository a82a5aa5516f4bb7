"""What the promised calls of a day cost, against what they may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update
from structlog.testing import capture_logs

from callbacks.spend import NEAR, REREAD, Spend, cost, day_began, day_ends, price, share, spent_today
from ivr.tables import calls, legs
from routing.plan import Limits, Plan
from store.clock import VirtualClock
from store.sql import Database
from store.tables import events
from tests.callbacks.conftest import HOUSE, MARIA
from tests.routing.rows import add_agent

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
PRICES = {"": 0.1, "+39": 0.02, "+393": 0.05}
MINUTE = timedelta(minutes=1)


# Pure


@pytest.mark.parametrize(("number", "each"), [("+390612345678", 0.02), ("+393331234567", 0.05), ("+442079460958", 0.1)])
def test_the_longest_beginning_that_fits_has_the_price(number: str, each: float) -> None:
    assert price(number, PRICES) == each
    assert price(number, {"+1": 1.0}) == 0.0


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (1, 1), (60, 1), (61, 2), (600, 10)])
def test_a_minute_that_has_begun_is_a_minute(seconds: float, minutes: int) -> None:
    assert cost("+44", seconds, PRICES) == pytest.approx(minutes * 0.1)


def test_without_a_limit_there_is_no_share_and_a_limit_of_nothing_is_reached() -> None:
    assert share(5.0, Limits()) is None
    assert share(5.0, Limits(spend_a_day=20.0)) == 0.25
    assert share(0.0, Limits(spend_a_day=0.0)) == 1.0


def test_a_day_is_the_houses_own_also_when_its_clock_is_changed() -> None:
    summer = datetime(2026, 3, 29, 12, tzinfo=UTC)  # the day of 23 hours
    assert day_ends(summer, HOUSE.zone) - day_began(summer, HOUSE.zone) == timedelta(hours=23)
    assert day_began(datetime(2026, 3, 2, 23, 30, tzinfo=UTC), HOUSE.zone) == datetime(2026, 3, 2, 23, tzinfo=UTC)


# Counted


async def call(
    database: Database, n: int, arrived: datetime, *, direction: str = "outbound", state: str = "completed"
) -> None:
    """Of three minutes."""
    async with database.write() as conn:
        from_, to = ("+390699990000", MARIA) if direction == "outbound" else (MARIA, "+390699990000")
        row = {"id": f"call_{n}", "direction": direction, "from_number": from_, "to_number": to, "language": "it-IT"}
        await conn.execute(insert(calls).values(**row, state="ended", arrived_at=arrived))
        for role, agent in (("caller", None), ("agent", "mobile"), ("agent", "desk")):
            leg = {"id": f"leg_{n}_{role}_{agent}", "call_id": f"call_{n}", "role": role, "agent_id": agent}
            times = {"made_at": arrived, "ended_at": arrived + 3 * MINUTE}
            await conn.execute(insert(legs).values(**leg, state=state, **times))


@pytest.mark.anyio
async def test_the_days_money_is_counted_told_of_once_and_not_overspent(
    database: Database, clock: VirtualClock
) -> None:
    async with database.write() as conn:
        await add_agent(conn, "mobile", clock.now(), address="+390655550000")
        await add_agent(conn, "desk", clock.now(), address="client:desk")
    plan = Plan(limits=Limits(spend_a_day=0.42, spend_alarm_share=0.5, price_per_minute=PRICES))
    house, other = Spend(HOUSE), Spend(HOUSE)

    async def over(of: Spend) -> bool:
        async with database.write() as conn:
            return await of.is_over(conn, plan, now=clock.now())

    await call(database, 1, day_began(clock.now(), HOUSE.zone) - 2 * timedelta(hours=5))  # yesterday's
    await call(database, 2, clock.now(), direction="inbound")  # theirs
    await call(database, 5, clock.now(), state="no-answer")
    with capture_logs() as logs:
        assert not await over(house)
        await call(database, 3, clock.now() - 5 * MINUTE)  # 3 x 0.05 to Maria, 3 x 0.02 to a mobile, none to the desk
        assert not await over(house)
        await clock.advance(REREAD.total_seconds())
        assert not await over(house)
        assert not await over(other)
        async with database.read() as conn:
            assert await spent_today(conn, plan, HOUSE.zone, now=clock.now()) == pytest.approx(0.21)
            assert await house.not_before(conn, plan, now=clock.now()) is None
            assert await conn.scalar(select(func.count()).where(events.c.type == NEAR)) == 1
        await call(database, 4, clock.now() - 4 * MINUTE)
        async with database.write() as conn:  # who still talks costs what it has been until now
            await conn.execute(
                update(legs).where(legs.c.call_id == "call_4").values(ended_at=None, state="in-progress")
            )
        await clock.advance(REREAD.total_seconds())
        assert await over(house)
        assert await over(other)
    assert [line["event"] for line in logs] == ["spend_limit_near"]
    async with database.read() as conn:
        midnight = datetime(2026, 3, 3, 23, tzinfo=UTC)
        assert await house.not_before(conn, plan, now=clock.now()) == midnight
        assert await house.not_before(conn, plan, now=midnight) is None
        assert await house.share(conn, Plan(), now=clock.now()) is None
