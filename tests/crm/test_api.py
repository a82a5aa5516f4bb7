import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm import people
from crm.api import Others
from crm.schemas import TimelineItem
from crm.tables import customer_phones, customers, interactions, texts
from crm.timeline import Wanted
from ivr.tables import calls
from store.clock import VirtualClock
from store.sql import Database, metadata
from tests.api.asking import Asking, asking

pytestmark = pytest.mark.anyio
DATA = Path(__file__).parent.parent / "data"
MARIA: dict[str, Any] = {
    "external_id": "CRM-17",
    "name": "Maria Rossi",
    "given": "Maria",
    "surname": "Rossi",
    "called": "Maria",
    "title": "dottoressa",
    "gender": "feminine",
    "say": "ma-RI-a",
    "language": "it-IT",
    "formal": False,
    "phones": ["+390612345678", "+393331234567"],
    "addresses": ["client:maria", "sip:maria@office.example"],
    "email": "maria@example.org",
    "photo_url": "https://example.org/maria.jpg",
    "preferred_agent": None,
    "stand_ins": [],
    "time_zone": "Europe/Rome",
    "quiet_hours": "21:00-09:00",
    "style": "step by step",
    "notes": "has two cats",
    "life_notes": "a daughter in Turin",
    "tags": ["vip", "press"],
}
WRITTEN_BY_US = {"id", "made_at", "changed_at", "name_recording_url", "former_phones"}


async def test_a_customer_is_answered_as_written(ask: Asking) -> None:
    made = await ask.made("/customers", MARIA)
    assert {name: value for name, value in made.items() if name not in WRITTEN_BY_US} == MARIA
    assert made["id"].startswith("cus_")
    assert made["made_at"] == "2026-03-03T09:00:00Z"
    assert (await ask.get(f"/customers/{made['id']}")).json() == made


async def test_stand_ins_are_agents_by_either_id_and_those_who_left_are_not_shown(ask: Asking) -> None:
    anna, bruno = [
        await ask.made("/agents", {"name": name, "external_id": name, "address": f"client:{name}"})
        for name in ("anna", "bruno")
    ]
    made = await ask.made("/customers", {"stand_ins": ["bruno", anna["id"], bruno["id"]]})
    assert made["stand_ins"] == [bruno["id"], anna["id"]]
    answer = await ask("PATCH", f"/customers/{made['id']}", {"stand_ins": ["anna", "nobody"]})
    assert (answer.status_code, answer.json()["field"]) == (422, "stand_ins[1]")
    assert (await ask("DELETE", f"/agents/{bruno['id']}")).status_code == 204
    assert (await ask.get(f"/customers/{made['id']}")).json()["stand_ins"] == [anna["id"]]


async def test_a_recorded_name_goes_when_somebody_writes_the_name_down(ask: Asking, clock: VirtualClock) -> None:
    recorded = {"name": None, "name_recording_url": "https://api.example/RE1"}
    async with ask.database.write() as conn:
        customer_id = await people.add(conn, recorded, clock.now())
    path = f"/customers/{customer_id}"
    for given, url in (({"called": "M"}, recorded["name_recording_url"]), ({"name": " "}, "https://api.example/RE1")):
        assert (await ask("PATCH", path, given)).json()["name_recording_url"] == url
    assert (await ask("PATCH", path, {"name": "Maria"})).json()["name_recording_url"] is None


async def test_nothing_is_required_of_somebody_who_just_rang(ask: Asking) -> None:
    made = await ask.made("/customers", {})
    assert (made["name"], made["formal"], made["phones"], made["tags"]) == (None, True, [], [])


async def test_numbers_are_read_as_the_region_writes_them_and_answered_in_e164(ask: Asking) -> None:
    phones = ["06 1234 5678", "+39 333 1234567", "0039 06 12345678", "+44 20 7946 0958"]
    made = await ask.made("/customers", {"phones": phones})
    assert made["phones"] == ["+390612345678", "+393331234567", "+442079460958"]


async def test_people_are_found_by_a_number_however_it_is_written(ask: Asking) -> None:
    maria = await ask.made("/customers", {"name": "Maria", "phones": ["0612345678"]})
    ugo = await ask.made("/customers", {"name": "Ugo", "phones": ["02 8901234", "06 12345678"]})
    await ask.made("/customers", {"name": "Somebody else", "phones": ["06 99999999"]})
    for written in (
        "%2B390612345678",
        "+390612345678",
        "+39%2006%201234%205678",
        "0612345678",
        "06%2012345678",
        "%2006+12345678",
    ):
        found = (await ask.get(f"/customers?phone={written}")).json()["items"]
        assert [one["id"] for one in found] == [maria["id"], ugo["id"]], written
    zoe = await ask.made("/customers", {"name": "Zoë", "phones": ["+44 20 7946 0958"]})
    for written in ("%2B442079460958", "+442079460958", "+44%2020%207946%200958"):
        assert (await ask.get(f"/customers?phone={written}")).json()["items"] == [zoe], written
    assert (await ask.get("/customers?phone=%2B393339999999")).json() == {"items": [], "next": None}
    for nonsense in ("hello", "%20", "+", "12"):
        answer = await ask.get(f"/customers?phone={nonsense}")
        assert (answer.status_code, answer.json()["field"]) == (422, "phone"), nonsense


async def test_people_are_found_by_their_external_id(ask: Asking) -> None:
    made = await ask.made("/customers", {"external_id": "A/1 é"})
    assert (await ask.get("/customers", params={"external_id": "A/1 é"})).json()["items"] == [made]
    assert (await ask.get("/customers", params={"external_id": "nobody"})).json()["items"] == []


async def test_pages_hold_everybody_once(ask: Asking, clock: VirtualClock) -> None:
    made = sorted([(await ask.made("/customers", {"name": f"n{n}"}))["id"] for n in range(5)])
    seen = [one["id"] for one in await ask.every_page("/customers", 2)]
    assert seen == made
    assert (await ask.get("/customers?cursor=nonsense")).json()["field"] == "cursor"


async def test_the_same_external_id_again_is_a_conflict_that_names_the_first(ask: Asking) -> None:
    made = await ask.made("/customers", MARIA)
    answer = await ask.post("/customers", {"external_id": "CRM-17"})
    assert (answer.status_code, answer.json()["field"], answer.json()["id"]) == (409, "external_id", made["id"])
    other = await ask.made("/customers", {"external_id": "B"})
    answer = await ask("PATCH", f"/customers/{other['id']}", {"external_id": "CRM-17"})
    assert (answer.status_code, answer.json()["field"], answer.json()["id"]) == (409, "external_id", made["id"])
    assert (await ask("PATCH", f"/customers/{made['id']}", {"external_id": "CRM-17"})).status_code == 200


async def test_what_is_absent_stays_and_what_is_null_goes(ask: Asking, clock: VirtualClock) -> None:
    made = await ask.made("/customers", MARIA)
    await clock.advance(60)
    changed = (await ask("PATCH", f"/customers/{made['id']}", {"title": None, "phones": ["02 8901234"]})).json()
    assert changed == made | {"title": None, "phones": ["+39028901234"], "changed_at": "2026-03-03T09:01:00Z"}
    unchanged = (await ask("PATCH", f"/customers/{made['id']}", {})).json()
    assert unchanged == changed
    for field in ("phones", "tags", "formal"):
        answer = await ask("PATCH", f"/customers/{made['id']}", {field: None})
        assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_wrong_field_is_refused_by_name(ask: Asking) -> None:
    for wrong, field in (
        ({"phones": ["06 12345678", "nobody"]}, "phones[1]"),
        ({"phones": ["+39"]}, "phones[0]"),
        ({"phones": "0612345678"}, "phones"),
        ({"language": "italiano"}, "language"),
        ({"time_zone": "Rome"}, "time_zone"),
        ({"quiet_hours": "9-17"}, "quiet_hours"),
        ({"email": "maria"}, "email"),
        ({"photo_url": "javascript:alert(1)"}, "photo_url"),
        ({"preferred_agent": "agt_nobody"}, "preferred_agent"),
        ({"tags": ["fine", ""]}, "tags[1]"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "x" * 201}, "external_id"),
        ({"name": "x" * 20_001}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"notes": "a\ud800b"}, "notes"),
        ({"formal": "yes"}, "formal"),
        ({"id": "cus_1"}, "id"),
        ({"nickname": "Mary"}, "nickname"),
    ):
        body = json.dumps(wrong).encode()
        answer = await ask("POST", "/customers", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["field"]) == (422, field), wrong
        assert answer.json()["errors"][0]["field"] == field


async def test_any_name_is_a_name(ask: Asking) -> None:
    awkward = json.loads((DATA / "awkward_names.json").read_text())[::25]
    naughty = json.loads((DATA / "naughty_strings.json").read_text())[::12]
    for name in [*awkward, *naughty, "D'Amico", "עברית", "👩‍👩‍👧", "x" * 10_000]:
        if "\x00" not in name:
            made = await ask.made("/customers", {"name": name, "called": name, "notes": name})
            assert (made["name"], made["called"], made["notes"]) == (name, name, name)


async def test_the_preferred_agent_is_named_by_either_id(ask: Asking) -> None:
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna", "external_id": "A-1"})
    for reference in (anna["id"], "A-1"):
        made = await ask.made("/customers", {"preferred_agent": reference})
        assert made["preferred_agent"] == anna["id"]
    assert (await ask("DELETE", f"/agents/{anna['id']}")).status_code == 204
    assert (await ask.get(f"/customers/{made['id']}")).json()["preferred_agent"] is None


async def test_nobody_is_not_found(ask: Asking) -> None:
    for method, path in (
        ("GET", "/customers/cus_nobody"),
        ("DELETE", "/customers/cus_nobody"),
        ("GET", "/customers/cus_nobody/timeline"),
        ("GET", "/customers/cus_nobody/export"),
    ):
        assert (await ask(method, path)).status_code == 404
    assert (await ask("PATCH", "/customers/cus_nobody", {"name": "x"})).status_code == 404


async def test_every_role_may_work_with_people(ask: Asking) -> None:
    for token in (await ask.token("service"), await ask.token("agent", "agt_1"), await ask.token("manager")):
        answer = await ask.post("/customers", {"name": "Maria"}, token=token)
        assert answer.status_code == 201
        assert (await ask.get(f"/customers/{answer.json()['id']}", token=token)).status_code == 200


async def test_who_wants_to_know_hears_of_each_change(database: Database, clock: VirtualClock) -> None:
    heard: list[str] = []
    ask = asking(database, clock, others=Others(on_change=heard.append))
    made = await ask.made("/customers", {"name": "Maria"})
    await ask("PATCH", f"/customers/{made['id']}", {"name": "Mary"})
    await ask("PATCH", f"/customers/{made['id']}", {"name": 1})
    await ask("DELETE", f"/customers/{made['id']}")
    assert heard == [made["id"]] * 3
    await ask.close()


async def test_an_erased_person_is_nowhere_any_more(database: Database, clock: VirtualClock) -> None:
    asked: list[tuple[str, int]] = []

    async def erase_calls(conn: AsyncConnection, customer_id: str) -> None:
        phones = select(func.count()).select_from(customer_phones).where(customer_phones.c.customer_id == customer_id)
        asked.append((customer_id, int(await conn.scalar(phones) or 0)))

    ask = asking(database, clock, others=Others(erasers=[erase_calls]))
    made = await ask.made("/customers", MARIA)
    other = await ask.made("/customers", {"name": "Ugo", "phones": ["+393331234567"]})
    await ask.made("/interactions", conversation(made["id"], summary="about Maria Rossi"))
    await ask.made("/cases", {"customer": made["id"], "title": "Maria's cats"})
    async with database.write() as conn:
        for n, (owner, number) in enumerate(
            [
                (made["id"], "+390612345678"),
                (None, "+390612345678"),
                (None, "+393331234567"),
                (other["id"], "+393331234567"),
            ]
        ):
            await conn.execute(insert(texts).values(**text(f"txt_{n}", owner, number)))
    assert (await ask("DELETE", f"/customers/{made['id']}")).status_code == 204
    assert asked == [(made["id"], 2)] * 2  # once more when nothing new can come
    assert (await ask.get(f"/customers/{made['id']}")).status_code == 404
    async with database.read() as conn:
        whole = ""
        for table in metadata.sorted_tables:
            if table.name != "audit":  # who looked is kept, by the bare id
                whole += str((await conn.execute(select(table))).all())
    assert made["id"] not in whole
    assert "Maria" not in whole
    assert "+390612345678" not in whole
    assert "txt_2" in whole  # from a number that Ugo has too
    assert (await ask("DELETE", f"/customers/{made['id']}")).status_code == 404
    await ask.close()


async def test_an_eraser_that_fails_leaves_the_person_whole(database: Database, clock: VirtualClock) -> None:
    async def broken(conn: AsyncConnection, customer_id: str) -> None:
        raise RuntimeError("no")

    ask = asking(database, clock, others=Others(erasers=[broken]))
    made = await ask.made("/customers", MARIA)
    assert (await ask("DELETE", f"/customers/{made['id']}")).status_code == 500
    assert (await ask.get(f"/customers/{made['id']}")).json() == made
    await ask.close()


async def test_the_timeline_tells_what_happened_the_latest_first(database: Database, clock: VirtualClock) -> None:
    async def tell(conn: AsyncConnection, customer_id: str, wanted: Wanted) -> list[TimelineItem]:
        at = "2026-03-02T08:00:00Z"
        item = {"at": at, "kind": "promise", "summary": "to be called", "agent": None, "ref": "cb_1"}
        return (
            [TimelineItem.model_validate(item)]
            if wanted.until is None or wanted.until >= TimelineItem.model_validate(item).at
            else []
        )

    ask = asking(database, clock, others=Others(tellers=[tell]))
    made = await ask.made("/customers", {"name": "Maria"})
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna"})
    spoke = await ask.made(
        "/interactions", conversation(made["id"], agent=anna["id"], started_at="2026-03-01T10:00:00Z")
    )
    case = await ask.made("/cases", {"customer": made["id"], "title": "Her invoice", "owner": anna["id"]})
    async with database.write() as conn:
        await conn.execute(insert(texts).values(**text("txt_1", made["id"], "+390612345678")))
    items = (await ask.get(f"/customers/{made['id']}/timeline")).json()["items"]
    assert [(item["kind"], item["ref"]) for item in items] == [
        ("text", "txt_1"),
        ("case", case["id"]),
        ("promise", "cb_1"),
        ("call", spoke["id"]),
    ]
    assert (items[3]["summary"], items[3]["agent"]) == ("the ipad would not update", anna["id"])
    assert await ask.every_page(f"/customers/{made['id']}/timeline", 1) == items
    await ask.close()


async def test_the_export_holds_all_that_is_kept(database: Database, clock: VirtualClock) -> None:
    async def tell(conn: AsyncConnection, customer_id: str) -> list[dict[str, Any]]:
        rows = await conn.execute(select(calls.c.id).where(calls.c.customer_id == customer_id))
        return [{"id": row.id} for row in rows]

    ask = asking(database, clock, others=Others(exporters={"calls": tell}))
    made = await ask.made("/customers", MARIA)
    spoke = await ask.made("/interactions", conversation(made["id"]))
    case = await ask.made("/cases", {"customer": made["id"]})
    async with database.write() as conn:
        await conn.execute(insert(texts).values(**text("txt_1", made["id"], "+390612345678")))
    whole = (await ask.get(f"/customers/{made['id']}/export")).json()
    assert (whole["customer"], whole["interactions"], whole["cases"]) == (made, [spoke], [case])
    assert [item["body"] for item in whole["texts"]] == ["ciao"]
    assert whole["more"]["calls"] == []
    assert whole["exported_at"] == "2026-03-03T09:00:00Z"
    await ask.close()


async def test_two_who_write_the_same_external_id_at_once_make_one_customer(ask: Asking) -> None:
    answers = await asyncio.gather(*(ask.post("/customers", {"external_id": "X", "name": str(n)}) for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    async with ask.database.read() as conn:
        assert await conn.scalar(select(func.count()).select_from(customers)) == 1
        assert await conn.scalar(select(func.count()).select_from(interactions)) == 0


def conversation(customer: str, **changes: Any) -> dict[str, Any]:
    return {
        "customer": customer,
        "started_at": "2026-03-02T10:00:00+01:00",
        "talk_seconds": 312,
        "outcome": "solved",
        "topic": "ipad update",
        "summary": "the ipad would not update",
    } | changes


def text(id: str, customer_id: str | None, number: str) -> dict[str, Any]:
    return {
        "id": id,
        "customer_id": customer_id,
        "direction": "in",
        "from_number": number,
        "to_number": "+390299999999",
        "body": "ciao",
        "state": "received",
        "at": datetime(2026, 3, 3, 9, 30, tzinfo=UTC),
    }
