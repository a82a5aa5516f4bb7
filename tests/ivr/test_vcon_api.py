"""`/calls/{sid}/vcon` and `/customers/{id}/vcon`, over real calls."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, update

from api.tokens import Guard
from crm.tables import texts
from ivr.tables import calls
from ivr.vcon_api import vcon_router
from ivr.vcon_rows import Source
from tests.api.asking import KEY_OF_THE_HOUSE, asking
from tests.ivr.door import LINE, MARIA, Door, sid
from tests.ivr.test_vcon import VALID

pytestmark = pytest.mark.anyio


async def test_a_person_has_each_conversation_once_and_all_texts_in_one(door: Door) -> None:
    guard, source = Guard(door.database, KEY_OF_THE_HOUSE), Source("Lumen", "calls.example", "AC1")
    ask = asking(door.database, door.clock, more=(vcon_router(door.database, door.clock, guard, source),))
    maria, anna = await door.customer("Maria", MARIA), "anna"
    await door.agent(anna)
    await door.ring(1)
    await door.ring(2)
    await door.ring(3)
    now = door.clock.now()
    talked = {"customer": maria, "agent": anna, "started_at": now.isoformat(), "talk_seconds": 30, "outcome": "solved"}
    for external_id in (sid(1), f"{sid(1)}/2", sid(3), "old-1"):
        await ask.made("/interactions", talked | {"external_id": external_id, "topic": external_id[-2:]})
    async with door.database.write() as conn:
        theirs = {"customer_id": maria, "state": "received", "at": now}
        text = {"id": "txt_1", "sid": "SM1", "direction": "in", "from_number": MARIA, "to_number": LINE, "body": "ciao"}
        await conn.execute(insert(texts).values(**text, **theirs))
        await conn.execute(
            update(calls).where(calls.c.sid != sid(2)).values(talk_recordings=["RE1"], said="la lampada")
        )

    def whole(shown: dict[str, Any]) -> dict[str, Any]:
        VALID.validate(shown)
        return shown

    listed = [whole(one) for one in await ask.every_page(f"/customers/{maria}/vcon", 2)]
    assert len({one["uuid"] for one in listed}) == len(listed) == 5
    kinds = sorted([dialog["type"] for dialog in one["dialog"]] for one in listed)
    assert kinds == [["incomplete"], ["recording"], ["recording"], ["recording"] * 3, ["text"]]

    answer = await ask.get(f"/calls/{sid(1)}/vcon")
    assert answer.headers["content-type"] == "application/vcon+json"
    call = whole(answer.json())
    assert call in listed
    assert call["parties"][0]["validation"] == "caller's number"
    sound = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1"
    assert [dialog.get("url") for dialog in call["dialog"]] == [None, None, sound]
    (only,) = (await ask.get(f"/calls/{sid(3)}/vcon")).json()["dialog"]
    assert (only["url"], only["duration"], only["parties"]) == (sound, 30, [0, 2])
    assert call["analysis"][0]["body"] == "la lampada"
    assert (await ask.get("/calls/CAnone/vcon")).status_code == 404
    assert (await ask.get("/customers/cus_none/vcon")).status_code == 404
    await ask.close()
