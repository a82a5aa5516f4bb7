"""Bringing a file: seen before anything is written, loaded in a process of its own, bad rows given back."""

from __future__ import annotations

import asyncio
import csv
import html
import io
import os
import re
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from desk.customers import import_jobs
from desk.customers.import_jobs import Job, State
from desk.customers.import_worker import work
from tests.desk.browsing import Premises

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

HERE = "/console/customers/import"
PART = {"HX-Request": "true"}
PATIENCE_SECONDS = 60.0
CUSTOMERS = """external_id;name;phones;formal;preferred_agent;shoe size
c-1;Maria Rossi;333 1234567|06 12345678;yes;a-1;38
c-2;Hans Müller;+4930123456;perhaps;;45
c-3;Paolo Verdi;twelve;no;;41
c-4;Élodie Martin;;no;a-9;37
"""
CARDS = "BEGIN:VCARD\nVERSION:4.0\nFN:Maria Rossi\nTEL:+393331234567\nEND:VCARD\nBEGIN:VCARD\nNOTE:nobody\nEND:VCARD\n"


def told(page: str) -> str:
    """What it says, without its tags."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


async def brought(browser: httpx2.AsyncClient, content: str | bytes, name: str = "customers.csv") -> str:
    """Where its page is."""
    answer = await browser.post(f"{HERE}/file", content=content, headers={"X-File-Name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["address"])


async def loaded(premises: Premises, browser: httpx2.AsyncClient, at: str, **fields: Any) -> str:
    """The page as it is at the end."""
    answer = await browser.post(f"{at}/load", data=fields)
    assert answer.headers["location"] == at
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "hx-get" in (page := (await browser.get(f"{at}/progress", headers=PART)).text):
            await asyncio.sleep(0.05)
    await premises.clock.advance(0)  # until the process is gone
    return page


async def everybody(premises: Premises) -> list[str]:
    return [one["name"] for one in (await premises.api.get("/customers")).json()["items"]]


async def test_a_file_is_seen_as_it_is_understood_before_anything_is_written(premises: Premises) -> None:
    await premises.agent(external_id="a-1")
    await premises.customer("Maria R.", external_id="c-1")
    browser = await premises.browser()
    page = told((await browser.get(await brought(browser, CUSTOMERS))).text)
    for words in (
        "1 row is good",
        "0 new here",
        "1 here already; only what differs changes",
        "3 cannot be taken",
        "This column is not known and is left out: shoe size",
        "333 123 4567 06 1234 5678",
        "formal: 'perhaps' is neither true nor false",
        "phones[0]: This is not a phone number.",
        "preferred_agent: there is no agent a-9",
    ):
        assert words in page
    assert await everybody(premises) == ["Maria R."]
    italian = told((await (await premises.browser(language="it")).get(await brought(browser, CUSTOMERS))).text)
    assert "phones[0]: Questo non è un numero di telefono." in italian
    assert "preferred_agent: non c'è nessun operatore a-9" in italian


async def test_it_is_loaded_in_a_process_of_its_own_and_what_was_bad_is_given_back(
    premises: Premises, tmp_path: Path
) -> None:
    await premises.agent(external_id="a-1")
    browser = await premises.browser()
    at = await brought(browser, CUSTOMERS)
    page = told(await loaded(premises, browser, at, kind="customers"))
    assert "1 loaded, 3 skipped" in page
    assert "phones[0]: This is not a phone number." in page
    assert await everybody(premises) == ["Maria Rossi"]
    assert not list(tmp_path.glob("imports/*/brought"))  # what was brought is not kept
    bad = await browser.get(f"{at}/bad")
    assert bad.headers["content-disposition"] == 'attachment; filename="bad-rows.csv"'
    rows = list(csv.DictReader(io.StringIO(bad.text), delimiter=";"))
    assert [(row["line"], row["external_id"], row["shoe size"]) for row in rows] == [
        ("3", "c-2", "45"),
        ("4", "c-3", "41"),
        ("5", "c-4", "37"),
    ]
    (row,) = (await premises.api.get("/audit", params={"what": "imported"})).json()["items"]
    assert row["role"] == "manager"
    assert row["detail"] == {"kind": "customers", "loaded": 1, "skipped": 3}
    mended = told((await browser.get(await brought(browser, bad.text.replace("twelve", "12345678901")))).text)
    assert "left out: shoe size" in mended  # the line and the reason are no columns of ours, nor unknown ones
    assert (await browser.post(f"{at}/discard")).headers["location"] == HERE
    assert (await browser.get(at)).status_code == 404
    assert (await browser.post(f"{at}/load")).status_code == 404


async def test_twice_is_once(premises: Premises) -> None:
    browser = await premises.browser()
    content = "external_id,name\nc-1,Maria Rossi\n"
    first = await work(order_for(premises, await brought(browser, content), "customers"))
    assert (first.loaded, first.known_whole) == (1, False)
    at = await brought(browser, content)
    assert (await work(order_for(premises, at, "customers"))).known_whole
    assert "loaded whole before" in told((await browser.get(at)).text)
    again = await work(order_for(premises, at, "customers") | {"again": True})
    assert (again.loaded, again.known_whole) == (1, False)
    assert await everybody(premises) == ["Maria Rossi"]
    assert len((await premises.api.get("/audit", params={"what": "imported"})).json()["items"]) == 2


async def test_agents_their_past_and_cards_come_in_too(premises: Premises) -> None:
    """By the work itself, without a process around it."""
    browser = await premises.browser()
    agents = "external_id,name,address,skills\na-1,Anna Bianchi,client:anna,repairs:5\na-2,Bruno Neri,nowhere at all,\n"
    history = "external_id,customer,agent,started_at,outcome\nh-1,c-1,a-1,2026-03-01T10:00:00+01:00,solved\nh-2,c-9,a-1,2026-03-01T10:00:00+01:00,solved\n"  # noqa: E501
    people = "external_id,name\nc-1,Maria Rossi\n"
    for content, kind, counts in (
        (agents, "agents", (1, 1)),
        (people, "customers", (1, 0)),
        (history, "history", (1, 1)),
        (CARDS, "vcard", (1, 1)),
    ):
        at = await brought(browser, content)
        page = told((await browser.get(at)).text)
        assert f"{counts[0]} row" in page
        state = await work(order_for(premises, at, kind))
        assert (state.kind, state.phase, state.loaded, state.skipped) == (kind, "done", *counts)
    cards = (await browser.get(f"{at}/bad")).text
    assert cards.startswith("BEGIN:VCARD\nX-CENTRALINO-REASON:card 2: nobody can be known by it")
    assert (await premises.api.get("/interactions")).json()["items"][0]["external_id"] == "h-1"


async def test_what_a_file_is_may_be_said_by_hand(premises: Premises) -> None:
    browser = await premises.browser()
    at = await brought(browser, CUSTOMERS)
    page = told((await browser.get(f"{at}?kind=history")).text)
    assert "Nothing can be loaded from it: the header lacks customer, started_at, outcome." in page


async def test_what_is_empty_or_too_large_or_no_table_is_refused_with_a_reason(
    premises: Premises, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await premises.browser(language="it")
    empty = await browser.post(f"{HERE}/file", content=b"", headers={"X-File-Name": "x.csv"})
    assert (empty.status_code, empty.json()["detail"]) == (422, "Il file è vuoto.")
    page = html.unescape((await browser.get(await brought(browser, b"\xff\xfe\x00"))).text)
    assert "la riga 1, l'intestazione, non è in UTF-8" in page
    monkeypatch.setattr(import_jobs, "MOST_BYTES", 1000)
    large = await browser.post(f"{HERE}/file", content=b"x" * 2000, headers={"X-File-Name": "x.csv"})
    assert large.status_code == 413
    assert len(list(tmp_path.glob("imports/*"))) == 1  # of what was too large nothing is left


async def test_a_load_whose_process_is_gone_goes_on_when_it_is_told_to(premises: Premises, tmp_path: Path) -> None:
    browser = await premises.browser()
    at = await brought(browser, "external_id,name\nc-1,Maria Rossi\n")
    job = Job(tmp_path / "imports" / at.rpartition("/")[2])
    job.write(State("loading", "customers", "x.csv", 30))
    job.beat()
    assert "It is being loaded" in (await browser.get(at)).text
    long_ago = time.time() - 60
    os.utime(job.folder / "beat", (long_ago, long_ago))
    assert "It stopped before it was done" in (await browser.get(at)).text
    assert "1 loaded, 0 skipped" in told(await loaded(premises, browser, at))


async def test_a_database_that_is_not_there_is_told_as_ours(premises: Premises, tmp_path: Path) -> None:
    browser = await premises.browser()
    at = await brought(browser, "external_id,name\nc-1,Maria Rossi\n")
    order = order_for(premises, at, "customers") | {"database_url": f"sqlite+aiosqlite:///{tmp_path}/nowhere/x.db"}
    assert (await work(order)).phase == "failed"
    page = told((await browser.get(at)).text)
    assert "It could not be loaded: it broke." in page
    assert "Go on from there" in page


def order_for(premises: Premises, at: str, kind: str) -> dict[str, Any]:
    """What the process is told; the job is marked as begun."""
    folder = Path(str(premises.database.url.database)).parent / "imports" / at.rpartition("/")[2]
    job = Job(folder)
    job.write(import_jobs.begun(job.state(), kind))
    url = premises.database.url.render_as_string(hide_password=False)
    given = {"folder": str(folder), "database_url": url, "region": "IT", "language": "it-IT", "again": False}
    return given | {"principal": ["manager", None, "usr_1"]}
