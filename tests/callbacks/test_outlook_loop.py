"""Looking ahead, as facts: what is at risk is written down, asked about, moved in time, and safe again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.outlook_loop import Outlook
from callbacks.tables import callback_history, callbacks
from routing.learning import Learning
from routing.plans import Plans
from routing.tables import absences, agents
from tests.callbacks.conftest import HOUSE, Ground

pytestmark = pytest.mark.anyio


@dataclass
class Letters:
    """Writes down what is told, to those who read texts."""

    reads_texts: bool = True
    told: list[tuple[str, str, int]] = field(default_factory=list)

    async def can_tell(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        return self.reads_texts

    async def tell(self, conn: AsyncConnection, promise: Row[Any], key: str, **slots: str) -> None:
        self.told.append((key, f"{promise.promised_at:%H:%M}", len(promise.choices or [])))

    async def language(self, conn: AsyncConnection, promise: Row[Any]) -> str:
        return "it-IT"

    def after_commit(self) -> None: ...


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
def outlook(ground: Ground, letters: Letters) -> Outlook:
    learning = Learning(ground.database, ground.clock, HOUSE)
    rooms = (ground.database, ground.clock, ground.promises, Plans(), HOUSE, learning)
    return Outlook(*rooms, lambda: letters, calls_per_second=10.0)


async def agent_is(ground: Ground, name: str, **values: Any) -> None:
    async with ground.database.write() as conn:
        await conn.execute(update(agents).where(agents.c.id == name).values(**values))


async def steps(ground: Ground) -> list[str]:
    async with ground.database.read() as conn:
        return list(await conn.scalars(select(callback_history.c.what).order_by(callback_history.c.n)))


async def in_minutes(ground: Ground, minutes: float, **more: Any) -> datetime:
    due_at = ground.clock.now() + timedelta(minutes=minutes)
    await ground.make(ground.wish(due_at=due_at, kind="scheduled", **more))
    return due_at


async def test_an_agent_who_went_home_is_at_risk_and_the_customer_is_asked(
    ground: Ground, outlook: Outlook, letters: Letters
) -> None:
    """Nothing changes until they answer; and when the agent is back the promise is safe again."""
    await ground.agents("anna", "luca")
    due_at = await in_minutes(ground, 10, agent_id="anna")
    await outlook.look()
    assert (await ground.one()).risk is None
    await agent_is(ground, "anna", availability="offline")
    await ground.clock.advance(10)
    await outlook.look()
    row = await ground.one()
    assert (row.risk, row.promised_at, row.agent_id) == ("owner_away", due_at, "anna")
    at_the_time, later = row.choices
    assert (datetime.fromisoformat(at_the_time["at"]), at_the_time["agent"]) == (due_at, None)
    assert (datetime.fromisoformat(later["at"]) >= due_at + timedelta(minutes=10), later["agent"]) == (True, "anna")
    assert letters.told == [("text_at_risk", f"{due_at:%H:%M}", 2)]
    await ground.clock.advance(10)
    await outlook.look()
    assert len(letters.told) == 1  # asked once
    await agent_is(ground, "anna", availability="ready")
    await ground.clock.advance(10)
    await outlook.look()
    row = await ground.one()
    assert (row.risk, row.choices) == (None, None)
    assert await steps(ground) == ["made", "at_risk", "choices", "safe"]


async def test_the_stand_in_is_the_one_who_is_offered(ground: Ground, outlook: Outlook, letters: Letters) -> None:
    await ground.agents("anna", "luca", "sara")
    await agent_is(ground, "anna", stand_in="sara")
    await in_minutes(ground, 10, agent_id="anna")
    await agent_is(ground, "anna", availability="offline")
    await outlook.look()
    assert [one["agent"] for one in (await ground.one()).choices] == ["sara", "anna"]


async def test_an_absence_puts_promises_at_risk_however_far_ahead(
    ground: Ground, outlook: Outlook, letters: Letters
) -> None:
    await ground.agents("anna", "luca")
    due_at = await in_minutes(ground, 3 * 24 * 60, agent_id="anna")
    await outlook.look()
    assert (await ground.one()).risk is None
    async with ground.database.write() as conn:
        span = {"starts_at": due_at - timedelta(hours=1), "ends_at": due_at + timedelta(hours=1)}
        await conn.execute(absences.insert().values(id="abs_1", agent_id="anna", **span))
    await ground.clock.advance(10)
    await outlook.look()
    row = await ground.one()
    assert (row.risk, len(row.choices)) == ("owner_away", 2)


async def test_who_cannot_be_asked_is_left_as_promised(ground: Ground, outlook: Outlook, letters: Letters) -> None:
    letters.reads_texts = False
    await ground.agents("anna", "luca")
    await in_minutes(ground, 10, agent_id="anna")
    await agent_is(ground, "anna", availability="offline")
    await outlook.look()
    row = await ground.one()
    assert (row.risk, row.choices, letters.told) == ("owner_away", None, [])


async def test_of_a_crowd_at_one_minute_the_hopeless_are_told_another_time_before_it(
    ground: Ground, outlook: Outlook, letters: Letters
) -> None:
    """As an import may bring them: forty at one minute, and two agents.  Each keeps a time that can be kept."""
    await ground.agents("anna", "luca")
    due_at = await in_minutes(ground, 5)
    one = await ground.one()
    async with ground.database.write() as conn:
        for n in range(39):
            customer_id = f"cus_{n:02}"
            await conn.exec_driver_sql(
                "INSERT INTO customers (id, tags, made_at, changed_at, formal) SELECT "
                f"'{customer_id}', tags, made_at, changed_at, formal FROM customers LIMIT 1"
            )
            await conn.execute(
                callbacks.insert().values(one._asdict() | {"id": f"cb_{n:02}", "customer_id": customer_id})
            )
    await outlook.look()
    rows = await ground.all()
    moved = [row for row in rows if row.promised_at != due_at]
    assert 28 <= len(moved) <= 38
    assert all(row.promised_at >= due_at + timedelta(minutes=10) and row.moves == 1 for row in moved)
    assert len({row.promised_at for row in moved}) > 10  # not all at one minute again
    told = {("text_moved_choice", f"{row.promised_at:%H:%M}", 2) for row in moved}
    assert (set(letters.told), len(letters.told)) == (told, len(moved))


async def test_two_processes_look_once(ground: Ground, outlook: Outlook, letters: Letters) -> None:
    await ground.agents("anna", "luca")
    await in_minutes(ground, 10, agent_id="anna")
    await agent_is(ground, "anna", availability="offline")
    assert [await outlook._mine(ground.clock.now()) for _ in range(3)] == [True, False, False]
    await outlook.look()
    assert letters.told == []
    await ground.clock.advance(10)
    await outlook.look()
    assert len(letters.told) == 1
