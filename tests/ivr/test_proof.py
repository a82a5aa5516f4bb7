"""A code to a number that stands in the record: who gets one, and what reading it back is worth."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from api.tokens import Guard
from crm import audit
from crm.audit import What
from crm.tables import audit as audit_table
from crm.tables import texts
from crm.texts import no_more_texts
from ivr.api import calls_router
from ivr.proof_api import proof_router
from ivr.tables import proofs
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.ivr.door import LINE, MARIA, PAOLO, SOMEBODY, Door, sid

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FIXED, MOBILE = "+390612345678", "+393475551234"
PATH = f"/calls/{sid(1)}/proof"


@pytest.fixture
async def ask(door: Door) -> AsyncIterator[Asking]:
    guard = Guard(door.database, KEY_OF_THE_HOUSE)
    more = (calls_router(door.database, door.clock, guard), proof_router(door.rooms, guard, "secret"))
    client = asking(door.database, door.clock, more=more)
    yield client
    await client.close()


async def maria_rings(door: Door, *numbers: str, **more: Any) -> None:
    """Known for a while, by these numbers."""
    await door.customer("Maria", *(numbers or (MARIA,)), **more)
    await door.clock.advance(3600)
    await door.agent()
    await door.ring(From=(numbers or (MARIA,))[0])


def code_in(body: str) -> str:
    return str(re.search(r"\b\d{6}\b", body)[0])  # type: ignore[index]


def last_code(door: Door) -> str:
    return code_in(door.carrier.of("send_text")[-1]["body"])


async def test_a_code_read_back_says_that_it_is_them(door: Door, ask: Asking) -> None:
    await maria_rings(door)
    assert (await ask.get(f"/calls/{sid(1)}")).json()["identity"] == "number"
    sent = (await ask.post(PATH, {})).json()
    assert (sent["number"], sent["tries_left"], sent["verified"]) == (MARIA, 3, False)
    (text,) = door.carrier.of("send_text")
    assert (text["to"], text["from_"]) == (MARIA, LINE)
    assert "mai a chi la chiama" in text["body"]
    wrong = (await ask("PUT", PATH, {"code": "000000" if last_code(door) != "000000" else "000001"})).json()
    assert (wrong["verified"], wrong["tries_left"]) == (False, 2)
    right = (await ask("PUT", PATH, {"code": last_code(door)})).json()
    assert (right["verified"], right["tries_left"]) == (True, 1)
    assert (await ask.get(f"/calls/{sid(1)}")).json()["identity"] == "verified"
    async with door.database.read() as conn:
        rows = (await conn.execute(select(audit_table).where(audit_table.c.what == What.PROOF))).all()
        kept = await conn.scalar(select(texts.c.body).where(texts.c.direction == "out"))
        digest = await conn.scalar(select(proofs.c.digest))
    assert [row.detail for row in rows] == [{"result": "sent"}, {"result": "wrong"}, {"result": "verified"}]
    assert "••••••" in kept  # whoever could read it in the timeline would need nobody to tell it
    assert last_code(door) not in kept + digest


@on_sqlite
async def test_three_tries_and_ten_minutes_are_all_a_code_is_good_for(door: Door, ask: Asking) -> None:
    await maria_rings(door)
    assert (await ask("PUT", PATH, {"code": "123456"})).status_code == 409  # none was sent
    await ask.post(PATH, {})
    wrong = "111111" if last_code(door) != "111111" else "111112"
    assert [(await ask("PUT", PATH, {"code": wrong})).json()["tries_left"] for _ in range(3)] == [2, 1, 0]
    assert (await ask("PUT", PATH, {"code": last_code(door)})).status_code == 409
    await ask.post(PATH, {})
    await door.clock.advance(600)
    assert (await ask("PUT", PATH, {"code": last_code(door)})).status_code == 409
    await ask.post(PATH, {})
    before = last_code(door)
    assert (await ask.post(PATH, {})).status_code == 429
    await door.clock.advance(3001)
    assert (await ask.post(PATH, {})).status_code == 201  # the hour of the first two is over
    if before != last_code(door):
        assert (await ask("PUT", PATH, {"code": before})).json()["verified"] is False  # only the last one counts
    assert (await ask("PUT", PATH, {"code": last_code(door)})).json()["verified"] is True


@on_sqlite
async def test_it_goes_only_where_a_text_is_read_and_only_to_them(door: Door, ask: Asking) -> None:
    await maria_rings(door, FIXED, MOBILE, PAOLO)
    assert (await ask.post(PATH, {"number": SOMEBODY})).json()["field"] == "number"
    assert (await ask.post(PATH, {"number": FIXED})).status_code == 422
    assert (await ask.post(PATH, {"number": "347 555 1234"})).json()["number"] == MOBILE
    assert (await ask.post(PATH, {})).json()["number"] == MOBILE
    async with door.database.write() as conn:
        await no_more_texts(conn, MOBILE, "word", door.clock.now())
    assert (await ask.post(PATH, {})).json()["number"] == PAOLO
    async with door.database.write() as conn:
        await no_more_texts(conn, PAOLO, "word", door.clock.now())
    await door.clock.advance(3600)
    assert (await ask.post(PATH, {})).status_code == 409


@on_sqlite
async def test_a_number_that_came_with_the_call_proves_nothing(door: Door, ask: Asking) -> None:
    """Typed by the agent just now, heard by the carrier only, or of a record as new as the call; nor do we ask those
    whom we rang."""
    await maria_rings(door)
    async with door.database.write() as conn:
        await audit.record(
            conn, "import", What.CHANGED, door.ids["Maria"], now=door.clock.now(), fields=["name", "phones"]
        )
    assert (await ask.post(PATH, {})).status_code == 409
    await door.ring(2, From=SOMEBODY)
    assert (await ask.post(f"/calls/{sid(2)}/proof", {})).status_code == 409
    await door.customer("Paolo", PAOLO)
    await door.ring(3, From=PAOLO)
    assert (await ask.post(f"/calls/{sid(3)}/proof", {})).status_code == 409
    await door.clock.advance(60)
    await door.ring(4, From=PAOLO)
    await door.change_call(4, direction="outbound")
    assert (await ask.post(f"/calls/{sid(4)}/proof", {})).status_code == 409
    await door.change_call(4, direction="inbound", state="ended")
    assert (await ask.post(f"/calls/{sid(4)}/proof", {})).status_code == 409
    await door.change_call(4, state="ringing")
    assert (await ask.post(f"/calls/{sid(4)}/proof", {})).status_code == 201
    assert (await ask.post(f"/calls/{sid(9)}/proof", {})).status_code == 404
    assert not [one for one in door.carrier.of("send_text") if one["to"] == MARIA]


@on_sqlite
async def test_a_number_that_a_caller_told_proves_nothing_for_a_week(door: Door, ask: Asking) -> None:
    """Typed by an agent in one call, it must not prove anything in the next; nor because it is written once more."""
    await maria_rings(door, FIXED)
    token = await ask.token("agent", "anna")
    for numbers, by in (([FIXED, MOBILE], token), ([MOBILE, FIXED], token), ([FIXED, MOBILE], KEY_OF_THE_HOUSE)):
        path = f"/customers/{door.ids['Maria']}"
        assert (await ask("PATCH", path, {"phones": numbers}, token=by)).status_code == 200
    await door.clock.advance(7 * 86_400 - 60)
    await door.ring(2, From=FIXED)
    for wish in ({}, {"number": MOBILE}):
        assert (await ask.post(f"/calls/{sid(2)}/proof", wish)).status_code in (409, 422)
    assert door.carrier.of("send_text") == []
    await door.clock.advance(120)
    assert (await ask.post(f"/calls/{sid(2)}/proof", {})).status_code == 201
