"""An agent's browser is gone in the middle of a talk: the caller hears so, and is never left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.engine import make_url

from desk.tables import desks, users
from simulator.phones import Phone
from store.sql import Database
from tests.story.conftest import MARIA, World
from tests.story.test_promises import promised

pytestmark = pytest.mark.anyio
here = pytest.mark.parametrize("house", ["here"], indirect=True)


class Desk:
    """The window in which an agent answers: says that it is there, until it is closed."""

    def __init__(self, world: World, first: str) -> None:
        self._world, self._first = world, first
        self._database = Database(make_url(world.database))

    async def opened(self) -> Desk:
        now, agent = self._world.clock.now(), self._world.ids[self._first]
        user = {"id": f"usr_{self._first}", "name": self._first, "email": f"{self._first}@lume.test", "role": "agent"}
        desk = {"id": f"dsk_{self._first}", "user_id": user["id"], "agent_id": agent, "is_phone": True}
        async with self._database.write() as conn:
            await conn.execute(insert(users).values(user | {"agent_id": agent, "made_at": now}))
            await conn.execute(insert(desks).values(desk | {"registered": True, "opened_at": now, "seen_at": now}))
        return self

    async def seen(self, *, registered: bool = True) -> None:
        mine = update(desks).where(desks.c.id == f"dsk_{self._first}")
        async with self._database.write() as conn:
            await conn.execute(mine.values(seen_at=self._world.clock.now(), registered=registered))

    async def close(self) -> None:
        await self._database.close()


async def talking(world: World) -> tuple[Phone, Phone, Desk]:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await world.talk(maria, anna)
    desk = await Desk(world, "anna").opened()
    await world.clock.advance(30)
    return maria, anna, desk


async def history(world: World) -> list[tuple[Any, Any]]:
    items = (await world.get(f"/interactions?customer={world.ids['Maria']}"))["items"]
    return [(one["agent"], one["outcome"]) for one in items]


async def test_a_line_that_breaks_brings_the_caller_back_to_the_same_agent(world: World) -> None:
    """The page was loaded anew: Anna is rung again, before anybody else, and it is one talk."""
    maria, anna, desk = await talking(world)
    luca = await world.agent("Luca Verdi")
    sid, broke_at = maria.call, world.clock.now()
    await desk.seen(registered=False)
    anna.hang_up()
    await world.hears(maria, "caduta la linea", 4)
    assert (await world.call(maria))["broken_since"] is not None
    assert (await world.state_of("anna"), luca.state) == ("ready reserved", "idle")
    await world.clock.advance(4)
    await desk.seen()
    await world.until(lambda: anna.state == "ringing", 8)
    anna.answer()
    await world.until(lambda: maria.partners == ["client:anna"], 8)
    assert world.clock.now() - broke_at <= timedelta(seconds=20)
    assert anna.words.count("Maria Rossi") == 1  # her desk shows who it is: nothing is said once more
    shown = await world.call(maria)
    assert (shown["state"], shown["agent"], shown["broken_since"]) == ("talking", world.ids["anna"], None)
    await world.post(f"/calls/{sid}/hang-up", {})
    await world.hears(maria, "prema 5 per dire sì")
    maria.hang_up()
    await world.clock.advance(5)
    assert await history(world) == [(world.ids["anna"], "solved")]
    assert (await world.state_of("anna"), luca.state) == ("ready wrap_up", "idle")
    await desk.close()


async def test_a_caller_on_hold_whose_agents_page_is_loaded_anew_is_still_on_hold(world: World) -> None:
    maria, anna, desk = await talking(world)
    sid = maria.call
    held = await world.post(f"/calls/{sid}/hold", {"on": True})
    await world.hears(maria, "Anna torna", 3)
    anna.hang_up()
    await desk.seen()
    await world.until(lambda: anna.state == "ringing", 12)
    anna.answer()
    await world.until(lambda: anna.state == "in_call", 3)
    await world.clock.advance(30)
    shown = await world.call(maria)
    assert (shown["state"], shown["broken_since"], shown["on_hold_since"]) == ("talking", None, held["on_hold_since"])
    assert (maria.partners, "caduta" in maria.words) == ([], False)
    await world.post(f"/calls/{sid}/hold", {"on": False})
    await world.until(lambda: maria.partners == ["client:anna"], 3)
    maria.hang_up()
    await world.clock.advance(5)
    assert await history(world) == [(world.ids["anna"], "solved")]
    await desk.close()


async def test_an_agent_who_does_not_come_back_is_followed_by_another(world: World) -> None:
    """Twenty seconds, not more; nobody has missed a ring or owes a wrap-up."""
    maria, anna, desk = await talking(world)
    luca = await world.agent("Luca Verdi")
    broke_at = world.clock.now()
    await desk.seen(registered=False)
    anna.hang_up()
    await world.hears(maria, "caduta la linea", 4)
    await world.until(lambda: luca.state == "ringing", 26)
    assert world.clock.now() - broke_at <= timedelta(seconds=20) + timedelta(seconds=6)  # the look of this stage
    await world.hears(maria, "Anna non riesce a tornare in linea", 5)
    assert await world.state_of("anna") == "ready idle"
    luca.answer()
    await world.until(lambda: maria.partners == ["client:luca"], 15)
    await world.clock.advance(30)
    maria.hang_up()
    await world.clock.advance(5)
    assert await history(world) == [(world.ids["luca"], "solved"), (world.ids["anna"], "open")]
    await desk.close()


@here
async def test_an_agent_who_says_that_they_hang_up_has_no_broken_line(world: World) -> None:
    maria, anna, desk = await talking(world)
    await world.post(f"/calls/{maria.call}/hang-up", {})
    await world.until(lambda: anna.state == "idle", 3)
    await world.hears(maria, "prema 5 per dire sì")
    assert "caduta" not in maria.words
    assert await world.state_of("anna") == "ready wrap_up"
    await desk.close()


@here
async def test_a_caller_who_hangs_up_first_has_broken_nothing(world: World) -> None:
    maria, anna, desk = await talking(world)
    maria.hang_up()
    await world.until(lambda: anna.state == "idle", 3)
    await world.clock.advance(3)
    assert await world.state_of("anna") == "ready wrap_up"
    assert await history(world) == [(world.ids["anna"], "solved")]
    await desk.close()


@here
async def test_a_caller_who_gives_up_while_the_line_is_broken_is_not_lost(world: World) -> None:
    maria, anna, desk = await talking(world)
    await desk.seen(registered=False)
    anna.hang_up()
    await world.hears(maria, "caduta la linea", 4)
    sid = maria.call
    await world.clock.advance(8)
    maria.hang_up()
    await world.clock.advance(5)
    assert (await world.call(maria, sid))["outcome"] == "agent"
    assert await history(world) == [(world.ids["anna"], "open")]
    assert await world.state_of("anna") == "ready idle"
    await desk.close()


@here
async def test_a_promised_call_that_breaks_is_mended_as_well(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    desk = await Desk(world, "anna").opened()
    promise = await promised(world, 120)
    await world.until(lambda: anna.state == "ringing", 150)
    anna.answer()
    await world.until(lambda: maria.state == "ringing", 60)
    maria.answer()
    await world.hears(maria, "Prema 1")
    maria.press("1")
    await world.until(lambda: maria.partners == ["client:anna"], 10)
    await world.clock.advance(20)
    await desk.seen()
    anna.hang_up()
    await world.hears(maria, "caduta la linea", 4)
    await world.until(lambda: anna.state == "ringing", 8)
    anna.answer()
    await world.until(lambda: maria.partners == ["client:anna"], 10)
    await world.clock.advance(5)
    maria.hang_up()
    await world.clock.advance(5)
    assert (await world.get(f"/callbacks/{promise['id']}"))["state"] == "kept"
    assert await history(world) == [(world.ids["anna"], "solved")]
    await desk.close()
