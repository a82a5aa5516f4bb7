"""What people read of a promise, and how they answer: by text, or on its page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import update
from sqlalchemy.engine import make_url

from callbacks.alternatives import as_choices
from callbacks.slots import Slot
from callbacks.tables import callbacks
from simulator.phones import Phone
from store.sql import Database
from tests.story.conftest import LINE, MARIA, World

pytestmark = pytest.mark.anyio


async def promised_by_anna(world: World) -> tuple[Phone, dict[str, Any]]:
    """Anna calls Maria in an hour; Maria has read so."""
    await world.agent("Anna Bianchi")
    await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA)
    due_at = (world.clock.now() + timedelta(hours=1)).isoformat()
    body = {"customer": world.ids["Maria"], "agent": world.ids["anna"], "due_at": due_at, "reason": "the broken lamp"}
    promise: dict[str, Any] = await world.post("/callbacks", body, 201)
    await read(world, maria, 1)
    return maria, promise


async def read(world: World, phone: Phone, texts: int) -> str:
    await world.until(lambda: len(phone.texts) >= texts)
    assert len(phone.texts) == texts
    assert "lamp" not in phone.texts[-1].body
    return phone.texts[-1].body


async def promise_of(world: World, made: dict[str, Any]) -> dict[str, Any]:
    promise: dict[str, Any] = await world.get(f"/callbacks/{made['id']}")
    return promise


async def may_choose(world: World, made: dict[str, Any], *offers: tuple[int, str]) -> None:
    at = datetime.fromisoformat(made["due_at"])
    slots = [Slot(at + timedelta(minutes=minutes), world.ids[who]) for minutes, who in offers]
    values = {"choices": as_choices(slots), "risk": "owner_busy", "risk_at": world.clock.now()}
    database = Database(make_url(world.database))
    async with database.write() as conn:
        await conn.execute(update(callbacks).where(callbacks.c.id == made["id"]).values(**values))
    await database.close()


@asynccontextmanager
async def browsing(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=world.transport) as client:
        yield client


def form_of(page: str, label: str) -> dict[str, str]:
    """What the button sends."""
    form = next(part for part in page.split("<form")[1:] if label in part.partition("</form>")[0])
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.partition("</form>")[0]))


async def test_asked_which_of_two_times_maria_answers_with_one_digit(world: World) -> None:
    """Anna is held up: Luca then, or Anna half an hour later.  `6` is Anna; and she rings at that time."""
    maria, made = await promised_by_anna(world)
    assert "Anna la chiama oggi alle 11:00" in maria.texts[0].body
    assert (await promise_of(world, made))["told"] in ("sent", "delivered")
    await may_choose(world, made, (0, "luca"), (30, "anna"))
    maria.send_text(LINE, "6")
    assert "Anna la chiama oggi alle 11:30" in await read(world, maria, 2)
    promise = await promise_of(world, made)
    assert promise["due_at"][11:16] == "10:30"
    assert promise["agent"] == world.ids["anna"]


async def test_on_the_page_of_her_promise_maria_moves_it_and_cancels_it(world: World) -> None:
    """The link in the text: no name, no number and no matter on it; looking changes nothing, each form one thing."""
    maria, made = await promised_by_anna(world)
    link = re.findall(r"https?://\S+/p/[\w-]+", maria.texts[0].body)[0]
    async with browsing(world) as browser:
        page = (await browser.get(link)).text
        assert "Anna la chiama" in page
        assert not any(private in page for private in ("Maria", MARIA, "lamp"))
        answer = await browser.post(link, data=form_of(page, "Domani alle 09:00, con Anna"))
        assert answer.status_code == 303
        assert "nuovo orario, Anna la chiama domani alle 09:00" in await read(world, maria, 2)
        assert (await promise_of(world, made))["due_at"][:16] == "2026-03-04T08:00"
        page = (await browser.get(f"{link}?ask=cancel")).text
        assert (await promise_of(world, made))["state"] == "promised"
        await browser.post(link, data=form_of(page, "Sì, annullare"))
        assert "annullata" in await read(world, maria, 3)
        assert (await promise_of(world, made))["state"] == "cancelled"
        assert "annullata" in (await browser.get(link)).text


async def test_who_writes_stop_reads_no_more_until_they_write_start(world: World) -> None:
    """Twilio answers the two words itself; a promise is kept all the same."""
    maria, made = await promised_by_anna(world)
    maria.send_text(LINE, "STOP")
    await read(world, maria, 2)
    later = (world.clock.now() + timedelta(hours=3)).isoformat()
    await world.api.patch(f"/callbacks/{made['id']}", json={"due_at": later})
    await world.clock.advance(60)
    assert len(maria.texts) == 2
    maria.send_text(LINE, "START")
    await read(world, maria, 3)
    await world.api.delete(f"/callbacks/{made['id']}")
    assert "annullata" in await read(world, maria, 4)
