import json
from pathlib import Path

import pytest

from api.tokens import Guard
from crm.imports import import_cards
from crm.intake import Event, Notice, Result, Skipped
from crm.vcards_api import vcards_router
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, asking
from tests.crm.test_vcards import NEW, OLD, USUAL

pytestmark = pytest.mark.anyio


async def test_cards_are_loaded_and_one_can_be_had_again(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    ask = asking(database, clock, more=(vcards_router(database, clock, Guard(database, KEY_OF_THE_HOUSE)),))
    (tmp_path / "a.vcf").write_text(
        OLD + USUAL + NEW + NEW + USUAL.replace("+39 333", "?!").replace("1234567", "").replace("4fbe", "5fbe")
    )

    async def load() -> list[Event]:
        return [event async for event in import_cards(database, clock, tmp_path / "a.vcf", "IT", again=True)]

    told = await load()
    assert [(event.line, event.reason) for event in told if isinstance(event, Skipped)] == [
        (4, "it is the same person as card 3"),
        (5, "phones[0]: This is not a phone number."),
    ]
    assert told[-1] == Result(3, 2)
    assert not any(isinstance(event, Notice) for event in told)
    before = (await ask.get("/customers")).json()["items"]
    assert [one["phones"] for one in before] == [
        ["+3903331234567", "+3906123456"],
        ["+393331234567"],
        ["+39061234568", "+39061234567"],
    ]
    await clock.advance(60)
    assert (await load())[-1] == Result(3, 2)
    assert (await ask.get("/customers")).json()["items"] == before

    answer = await ask.get(f"/customers/{before[1]['id']}/vcard")
    assert answer.headers["content-type"] == "text/vcard; charset=utf-8"
    (tmp_path / "a.vcf").write_bytes(answer.content)
    assert (await load())[-1] == Result(1, 0)
    assert (await ask.get("/customers")).json()["items"] == before
    assert (await ask.get("/customers/cus_nobody/vcard")).status_code == 404
    assert json.dumps(before[1]).count("vcard:4fbe8971") == 1
    await ask.close()
