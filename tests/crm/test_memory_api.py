"""Notes and stories, the timeline that tells of them, stories for the product team, who knows whom, who is weary."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from datetime import datetime
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.audit import What
from crm.memory_api import Remembering, memory_router
from crm.stories_api import stories_router
from crm.tables import audit
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, Guard, asking

pytestmark = pytest.mark.anyio


class Elsewhere:
    """What other rooms would hand in."""

    def __init__(self) -> None:
        self.declined: frozenset[str] = frozenset()

    async def vetoed(self, conn: AsyncConnection, customer_id: str) -> frozenset[str]:
        return self.declined

    async def broken(self, conn: AsyncConnection, customer_id: str, *, now: datetime) -> int:
        return 2

    async def said(self, conn: AsyncConnection, customer_id: str, call_sid: str) -> str | None:
        return "the lamp flickers, says Maria" if call_sid == "CA1" else None


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
async def ask(database: Database, clock: VirtualClock, elsewhere: Elsewhere) -> AsyncIterator[Asking]:
    guard = Guard(database, KEY_OF_THE_HOUSE)
    others = Remembering(elsewhere.vetoed, elsewhere.broken, elsewhere.said)
    memory = memory_router(database, clock, guard, others, language="it-IT", zone="Europe/Rome")
    client = asking(database, clock, more=(memory, stories_router(database, clock, guard, "Europe/Rome")))
    yield client
    await client.close()


async def person(ask: Asking, name: str = "Maria Rossi", **more: Any) -> str:
    return str((await ask.made("/customers", {"name": name, "phones": ["+390612345678"]} | more))["id"])


async def audited(ask: Asking, what: What) -> list[tuple[str | None, Any]]:
    async with ask.database.read() as conn:
        rows = await conn.execute(select(audit).where(audit.c.what == str(what)).order_by(audit.c.id))
        return [(row.customer_id, row.detail) for row in rows]


async def test_notes_are_changed_by_who_wrote_them_and_stories_may_come_from_the_call(
    ask: Asking, clock: VirtualClock
) -> None:
    maria = await person(ask)
    anna = (await ask.made("/agents", {"name": "Anna Bianchi", "address": "client:anna"}))["id"]
    ugo = (await ask.made("/agents", {"name": "Ugo", "address": "client:ugo"}))["id"]
    annas, ugos = await ask.token("agent", anna), await ask.token("agent", ugo)
    path = f"/customers/{maria}/notes"
    note = (await ask.post(path, {"words": "prefers mornings", "tags": ["Calls", " calls "]}, token=annas)).json()
    assert (note["kind"], note["agent"], note["tags"], note["call"]) == ("note", anna, ["calls"], None)
    await clock.advance(1)
    story = await ask.made(path, {"kind": "story", "call": "CA1", "tags": ["lamp"]})
    assert (story["words"], story["agent"], story["call"]) == ("the lamp flickers, says Maria", None, "CA1")
    for wrong in ({"kind": "story", "call": "CA2"}, {"call": "CA1"}, {"words": " "}, {"words": None}):
        assert (await ask.post(path, wrong)).json()["field"] == "words"
    one = f"{path}/{note['id']}"
    assert (await ask("PATCH", one, {"words": "no"}, token=ugos)).status_code == 403
    assert (await ask("PATCH", one, {"words": None}, token=annas)).status_code == 422
    changed = (await ask("PATCH", one, {"words": "prefers evenings"}, token=annas)).json()
    assert changed == note | {"words": "prefers evenings"}
    assert [item["id"] for item in await ask.every_page(path, 1)] == [story["id"], note["id"]]
    assert [item["id"] for item in (await ask.get(f"{path}?kind=note")).json()["items"]] == [note["id"]]
    assert (await ask("DELETE", one, token=ugos)).status_code == 403
    assert (await ask("DELETE", f"/customers/{await person(ask, 'Ugo')}/notes/{note['id']}")).status_code == 404
    assert (await ask("DELETE", one)).status_code == 204
    assert (await ask.get("/customers/cus_nobody/notes")).status_code == 404
    assert len([detail for _, detail in await audited(ask, What.CHANGED) if detail["part"] == "note"]) == 3


async def test_the_timeline_tells_of_notes_and_cases_and_finds_words_and_kinds(
    ask: Asking, clock: VirtualClock
) -> None:
    maria = await person(ask)
    case = await ask.made("/cases", {"customer": maria, "title": "Il caffè"})
    for n in range(3):
        await clock.advance(60)
        await ask.made(f"/customers/{maria}/notes", {"words": f"Il CAFFÈ numero {n}"})
    await ask("PATCH", f"/cases/{case['id']}", {"state": "solved"})
    await ask("PATCH", f"/cases/{case['id']}", {"state": "open"})
    past = {"customer": maria, "started_at": "2026-03-01T10:00:00Z", "outcome": "solved", "summary": "caff√ 100%"}
    await ask.made("/interactions", past)
    path = f"/customers/{maria}/timeline"
    told = (await ask.get(path)).json()["items"]
    assert [(item["kind"], item["state"]) for item in told] == [
        ("note", None),
        ("case", "reopened"),
        ("case", "solved"),
        ("note", None),
        ("note", None),
        ("case", "opened"),
        ("call", None),
    ]
    found = await ask.every_page(f"{path}?q={quote('caffè')}", 2)
    assert found == told[:6]
    assert await ask.every_page(f"{path}?kind=case", 1) == [told[1], told[2], told[5]]
    assert [item["kind"] for item in await ask.every_page(f"{path}?q=100%25&kind=call", 1)] == ["call"]
    assert await ask.every_page(f"{path}?q=nothing", 1) == []
    assert (await ask.get(f"{path}?kind=song")).status_code == 422


async def test_stories_are_found_by_tag_and_word_and_leave_without_names(ask: Asking, clock: VirtualClock) -> None:
    maria = await person(ask, email="maria.rossi@example.it")
    await person(ask, "Paolo Verdi")  # on the same telephone
    await ask.made("/agents", {"name": "Anna Bianchi", "address": "client:anna"})
    ugo = await person(ask, "Ugo Neri", phones=[])
    words = "=Sono Maria: Anna e Paolo dicono che la lampada di ROSSI trema, +39 06 12345678"
    await ask.made(f"/customers/{maria}/notes", {"kind": "story", "words": words, "tags": ["Lamp", "rossi"]})
    await ask.made(f"/customers/{maria}/notes", {"kind": "story", "words": "è tornata la luce", "tags": ["lamp"]})
    await ask.made(f"/customers/{maria}/notes", {"words": "only a note", "tags": ["lamp"]})
    await clock.advance(40 * 86_400)
    await ask.made(f"/customers/{ugo}/notes", {"kind": "story", "words": "la LAMPADA si spegne"})

    async def found(query: str) -> list[str]:
        return [item["words"] for item in await ask.every_page(f"/stories?{query}", 1)]

    assert await found("tag=LAMP") == ["è tornata la luce", words]
    assert await found("q=lampada") == ["la LAMPADA si spegne", words]
    assert await found(f"q=lampada&to={quote('2026-04-01T00:00:00+02:00')}") == [words]
    assert await found(f"from={quote('2026-04-01T00:00:00+02:00')}&tag=lamp") == []

    async def counted(query: str) -> list[tuple[str, int]]:
        return [(item["tag"], item["stories"]) for item in (await ask.get(f"/stories/tags?{query}")).json()["items"]]

    assert await counted("") == [("lamp", 2), ("rossi", 1)]
    assert await counted("q=LAMPADA") == [("lamp", 1), ("rossi", 1)]
    assert await counted(f"from={quote('2026-04-01T00:00:00+02:00')}") == await counted("q=nothing") == []
    assert await counted(f"to={quote('2026-04-01T00:00:00+02:00')}") == [("lamp", 2), ("rossi", 1)]

    table = list(csv.DictReader(StringIO((await ask.get("/stories/export")).text)))
    assert [(row["month"], row["tags"]) for row in table] == [("2026-03", "lamp")] * 2 + [("2026-04", "")]
    assert {row["words"] for row in table} == {
        "'=Sono […]: […] e […] dicono che la lampada di […] trema, […]",
        "è tornata la luce",
        "la LAMPADA si spegne",
    }
    lines = (await ask.get("/stories/export?format=jsonl&tag=lamp")).text.splitlines()
    again = [json.loads(line) for line in lines]
    assert [story["tags"] for story in again] == [["lamp"], ["lamp"]]
    pseudonyms, before = {story["person"] for story in again}, {row["person"] for row in table}
    assert (len(pseudonyms), len(before), pseudonyms & before) == (1, 2, set())

    agents = await ask.token("agent", (await ask.made("/agents", {"name": "Bea", "address": "client:b"}))["id"])
    asked = [await ask.get(f"/stories{more}", token=agents) for more in ("", "/tags", "/export")]
    assert [answer.status_code for answer in asked] == [403, 403, 403]
    assert await audited(ask, What.STORY_EXPORT) == [(None, {"rows": 3}), (None, {"rows": 2})]


async def test_who_knows_them_and_how_weary_they_are_is_told_with_reasons(
    ask: Asking, clock: VirtualClock, elsewhere: Elsewhere
) -> None:
    anna, bea, ugo = [
        (await ask.made("/agents", {"name": name, "address": f"client:{name}"}))["id"]
        for name in ("Anna", "Bea", "Ugo")
    ]
    maria = await person(ask, preferred_agent=anna, stand_ins=[ugo])
    past = {"customer": maria, "started_at": "2026-03-01T10:00:00Z", "talk_seconds": 60, "topic": "lamp"}
    for agent, outcome in ((bea, "open"), (bea, "transferred"), (ugo, "solved")):
        await ask.made("/interactions", past | {"agent": agent, "outcome": outcome})
    path = f"/customers/{maria}/familiar"
    items = (await ask.get(path)).json()["items"]
    assert [(one["agent"], one["chosen"], one["times"]) for one in items] == [
        (anna, True, 0),
        (bea, False, 2),
        (ugo, False, 1),
    ]
    assert items[2]["reasons"][-1] == {"kind": "last", "sentence": "Si sono parlati l'ultima volta il 1º marzo 2026."}
    elsewhere.declined = frozenset({bea})
    beas = (await ask.get(path, token=await ask.token("agent", bea))).json()["items"]
    assert [one["agent"] for one in beas] == [anna, bea, ugo]  # what was said of her she cannot find out here
    assert (await ask("DELETE", f"/agents/{ugo}")).status_code == 204
    assert [one["agent"] for one in (await ask.get(path)).json()["items"]] == [anna]
    weary = (await ask.get(f"/customers/{maria}/weariness")).json()
    assert (weary["level"], [one["kind"] for one in weary["reasons"]]) == (
        3,
        ["transferred", "repeated", "broken_promise"],
    )
    assert weary["reasons"][2] == {
        "kind": "broken_promise",
        "times": 2,
        "topic": None,
        "sentence": "Nelle ultime due settimane abbiamo mancato una promessa due volte.",
    }
    english = (await ask.get(f"{path}?language=en")).json()["items"][0]["reasons"][0]["sentence"]
    assert english == "The customer chose this person."
    weary = (await ask.get(f"/customers/{maria}/weariness?language=en-GB")).json()
    assert weary["reasons"][2]["sentence"] == "We broke a promise to them twice in the last fortnight."
    assert (await ask.get(f"{path}?language=no%20language")).status_code == 422
    read = [detail["part"] for customer_id, detail in await audited(ask, What.READ) if customer_id == maria]
    assert read == [*["familiar"] * 3, "weariness", "familiar", "weariness"]
