"""What people are called, and what else they write, through every door: it comes out as it went in, or is refused."""

from __future__ import annotations

import asyncio
import csv
import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.requests import Request
from structlog.testing import capture_logs

from callbacks.promises import Promises
from crm import people
from crm.imports import import_customers, import_history
from crm.intake import Event, Result, Skipped
from crm.tables import texts
from desk.live import LiveFeed, event_stream
from ivr import dialogue
from ivr.person_names import Invented, addressed
from ivr.phrases import speakable
from routing.imports import import_agents
from routing.tables import agents
from store.clock import VirtualClock
from store.sql import Database
from switchboard.views import views
from tests.api.asking import KEY_OF_THE_HOUSE, Asking
from tests.ivr.door import HOUSE, MARIA, Door, sid
from tests.ivr.speaking import parsed, stage
from tests.routing.people import agent

pytestmark = pytest.mark.anyio
DATA = Path(__file__).parent.parent / "data"
ODD = (
    *(
        "a\x00b",
        "\x00",
        "A\x01b\x1f",
        "\ud800",
        "a\udfffb",
        "a\udcffb",
        "\ufffe\uffff",
        "\ufeffMaria",
        "\u2028\u2029\x85",
        "a\r\nb\rc\nd",
    ),
    *("=cmd|' /C calc'!A0", "+390612345678", "-1", "@SUM(1)", "\tMaria\t", "עברית", "\u202eairaM", "👩‍👩‍👧", "Z̸̡̢a̴l̷g̵o̶"),
    *("x" * 10_000, "Maria " * 3_000, "{name} [a|b] %s $1 \\1", '"', '""', ",", ";", "|", "a|b", "\\"),
)
STRINGS = tuple(
    dict.fromkeys(
        [
            *json.loads((DATA / "awkward_names.json").read_text()),
            *json.loads((DATA / "naughty_strings.json").read_text()),
            *ODD,
        ]
    )
)
CHOSEN = (*STRINGS[::20], *ODD)  # where each costs a request
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def storable(text: str) -> bool:
    return "\x00" not in text and not re.search("[\ud800-\udfff]", text)


def number(n: int) -> str:
    return f"+39333{1_000_000 + n}"


def written(path: Path, header: str, rows: Iterable[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return path


async def loaded(loading: AsyncIterator[Event], refused: set[int], field: str) -> None:
    """Every row but those whose string (by its number) no database can hold, or that are no name at all."""
    told = [event async for event in loading]
    assert told[-1] == Result(len(STRINGS) - len(refused), len(refused))
    skipped = [event for event in told if isinstance(event, Skipped)]
    assert len(skipped) == len(refused)
    assert all(event.reason == "not UTF-8" or event.reason.startswith(f"{field}:") for event in skipped)


async def pages(ask: Asking, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    following: str | None = ""
    while following is not None:
        page = (await ask.get(path, params={"limit": "200"} | ({"cursor": following} if following else {}))).json()
        items, following = items + page["items"], page["next"]
    return items


async def test_every_string_of_a_file_is_kept_as_written_or_refused_by_line(
    ask: Asking, clock: VirtualClock, tmp_path: Path
) -> None:
    """Three files of one row a string; what is kept is answered, exported and told in the timeline."""
    bad = {n for n, text in enumerate(STRINGS) if not storable(text)}
    nobody = bad | {n for n, text in enumerate(STRINGS) if not text.strip()}
    rows = [(str(n), text, f"client:a{n}", text) for n, text in enumerate(STRINGS)]
    file = written(tmp_path / "agents.csv", "external_id,name,address,team", rows)
    await loaded(import_agents(ask.database, clock, file, "IT", "it-IT"), nobody, "name")
    rows = [(str(n), text, text, text, number(n)) for n, text in enumerate(STRINGS)]
    file = written(tmp_path / "customers.csv", "external_id,name,called,notes,phones", rows)
    await loaded(import_customers(ask.database, clock, file, "IT"), bad, "name")
    rows = [(str(n), str(n), "2026-03-02T10:00:00Z", "solved", text, text) for n, text in enumerate(STRINGS)]
    file = written(tmp_path / "history.csv", "external_id,customer,started_at,outcome,topic,summary", rows)
    told = [event async for event in import_history(ask.database, ask.clock, file)]
    assert told[-1] == Result(len(STRINGS) - len(bad), len(bad))

    kept = {str(n): text.strip() or None for n, text in enumerate(STRINGS) if n not in bad}
    staff = await pages(ask, "/agents")
    assert {one["external_id"]: one["name"] for one in staff} == {n: text for n, text in kept.items() if text}
    callers = await pages(ask, "/customers")
    for field in ("name", "called", "notes"):
        assert {one["external_id"]: one[field] for one in callers} == kept
    for field in ("topic", "summary"):
        assert {one["external_id"]: one[field] for one in await pages(ask, "/interactions")} == kept
    for one in callers[::20]:
        said, whole = kept[one["external_id"]], (await ask.get(f"/customers/{one['id']}/export")).json()
        assert (whole["customer"]["name"], whole["interactions"][0]["summary"]) == (said, said)
        (item,) = (await ask.get(f"/customers/{one['id']}/timeline")).json()["items"]
        summary = said or "solved"
        assert item["summary"] == (summary if len(summary) <= 500 else f"{summary[:499]}…")


@on_sqlite
async def test_every_string_sent_to_the_api_is_answered_as_written_or_refused_by_field(ask: Asking) -> None:
    """As text in JSON, where a lone surrogate can be written; nothing of it is in the logs."""
    headers = {"Authorization": f"Bearer {KEY_OF_THE_HOUSE}", "Content-Type": "application/json"}
    with capture_logs() as logs:
        for text in CHOSEN:
            body = json.dumps({"name": text, "called": text, "style": text, "tags": [text[:200]] if text else []})
            answer = await ask("POST", "/customers", content=body.encode(), headers=headers)
            if storable(text):
                made = answer.json()
                assert (answer.status_code, made["name"], made["called"], made["style"]) == (201, text, text, text)
                assert made["tags"] == ([text[:200]] if text else [])
            else:
                assert (answer.status_code, answer.json()["field"]) == (422, "name")
    assert logs == []


@on_sqlite
async def test_every_string_is_sent_to_browsers_in_one_piece(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    """As a server-sent event whose data a browser puts together again; a name may hold line ends of all kinds."""
    rows = [(str(n), text, f"client:a{n}") for n, text in enumerate(STRINGS)]
    file = written(tmp_path / "agents.csv", "external_id,name,address", rows)
    async for _ in import_agents(database, clock, file, "IT", "it-IT"):
        pass
    async with database.read() as conn:
        names = {row.id: row.name for row in await conn.execute(select(agents.c.id, agents.c.name))}
    feed = LiveFeed(database, clock, views(clock, Promises(HOUSE)))
    reading = clock.spawn(feed.run(), "feed")
    wire, enough = b"", asyncio.Event()

    async def send(message: Any) -> None:
        nonlocal wire
        wire += message.get("body", b"")
        if wire.count(b"event: agent.changed") == len(names):
            enough.set()

    async def receive() -> dict[str, str]:
        await enough.wait()
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"after=0", "headers": []}
    async with asyncio.timeout(20):
        await event_stream(feed, Request(scope))(scope, receive, send)
    reading.cancel()
    lines = re.split("\r\n|\r|\n", wire.decode())
    heard = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert {one["id"]: one["name"] for one in heard} == names
    assert set(names.values()) == {text.strip() for text in STRINGS if storable(text) and text.strip()}


def test_an_agent_of_any_name_is_announced_in_a_document_that_the_carrier_can_read() -> None:
    for text in STRINGS:
        for document in (
            dialogue.ringing(stage(), replace(agent(), name=text), 20.0, opening=None, ask="ask_name"),
            dialogue.ringing(stage(name=speakable(text) or None), agent(), 20.0, opening=None),
        ):
            for said in parsed(document).iter("Say"):
                assert list(said) == [], text
                assert len(said.text or "") <= 3000, text  # what the carrier takes for our voices


@on_sqlite
async def test_a_caller_of_any_name_is_greeted_by_it_or_without(door: Door) -> None:
    """Through the whole house, every tenth string: what can be said of it is said, and never more than said."""
    await door.agent()
    chosen = [text for text in CHOSEN if storable(text)]
    async with door.database.write() as conn:
        for n, text in enumerate(chosen):
            given = {"name": text, "called": text, "language": "it-IT", "phones": [number(n)]}
            await people.add(conn, given, door.clock.now())
    with capture_logs() as logs:
        for n, text in enumerate(chosen):
            answer = await door.ring(n, From=number(n))
            assert (answer.status, list(answer.response.iter("Dial"))) == (200, [])
            assert all(list(said) == [] for said in answer.response.iter("Say"))
            clean = addressed(Invented(called=text), "it-IT")
            assert (f", {clean}." if clean else "Officine Lume") in answer.words, text
            await door.send("/twilio/status", door.form(n, From=number(n), CallStatus="completed"))
    assert logs == []


@on_sqlite
async def test_a_text_message_of_any_words_is_kept(door: Door) -> None:
    """A NUL or a broken byte costs its character, never the message."""
    maria = await door.customer("Maria", MARIA)
    chosen = [text for text in CHOSEN if not re.search("[\ud800-\udc7f\udd00-\udfff]", text)]
    for n, text in enumerate(chosen):
        answer = await door.send("/twilio/sms", door.form() | {"MessageSid": sid(n, "SM"), "Body": text})
        assert (answer.status, answer.verbs) == (200, [])
    async with door.database.read() as conn:
        kept = {row.sid: row for row in await conn.execute(select(texts).where(texts.c.direction == "in"))}
    for n, text in enumerate(chosen):
        one = kept[sid(n, "SM")]
        assert (one.body, one.customer_id) == (re.sub("[\x00\ud800-\udfff]", "", text), maria)
