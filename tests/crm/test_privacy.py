"""Who read what, what people said yes or no to, and the page on which they read what is kept of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert

from api.tokens import Guard
from callbacks.api import callbacks_router
from callbacks.promises import Promises
from callbacks.tables import callbacks
from carrier.numbers import Numbers
from crm.audit_api import audit_router
from crm.dossier_page import page
from crm.dossier_words import LANGUAGES, words
from crm.privacy_api import prefers_a_page
from crm.schemas import Customer, Export
from crm.tables import consents, customers, text_opt_outs
from crm.texts import no_more_texts, takes_no_texts
from routing.plan_api import plan_router
from routing.plans import Plans
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.ivr.door import HOUSE

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


@pytest.fixture
async def ask(database: Database, clock: VirtualClock) -> AsyncIterator[Asking]:
    """With the audit, the plan and promises."""
    guard, plans, network = Guard(database, KEY_OF_THE_HOUSE), Plans(), None
    numbers = Numbers(database, clock, network)  # type: ignore[arg-type]  # nothing is asked of it here
    promised = callbacks_router(database, clock, guard, Promises(HOUSE), plans, HOUSE, lambda: None, numbers)
    more = (audit_router(database, guard), plan_router(database, clock, guard, plans, HOUSE), promised)
    client = asking(database, clock, more=more)
    yield client
    await client.close()


async def test_each_look_at_a_person_is_written_down_once_and_outlives_them_as_a_bare_id(
    ask: Asking, clock: VirtualClock
) -> None:
    made = await ask.made("/customers", {"name": "Maria Rossi", "phones": ["06 12345678"]})
    one = f"/customers/{made['id']}"
    agent = await ask.token("agent", "agt_1")
    await clock.advance(1)
    await ask.get(one, token=agent)
    await ask.get("/customers?phone=0612345678")
    await ask("PATCH", one, {"notes": "secret words"})
    await clock.advance(1)
    await ask.get(f"{one}/timeline")
    await ask("PUT", f"{one}/consents/marketing", {"given": False})
    await ask.get(f"{one}/export")
    for refused in ("/customers/cus_nobody", "/customers?phone=nobody"):
        await ask.get(refused)
    assert (await ask("DELETE", one)).status_code == 204
    rows = await ask.every_page(f"/audit?customer={made['id']}", 3)
    assert sorted((row["what"], row["role"], str(row["detail"])) for row in rows) == [
        ("changed", "manager", "{'fields': ['notes']}"),
        ("consent", "manager", "{'kind': 'marketing', 'given': False}"),
        ("erased", "manager", "None"),
        ("exported", "manager", "{'readable': False}"),
        ("made", "manager", "None"),
        ("read", "agent", "None"),
        ("read", "manager", "{'part': 'timeline'}"),
        ("searched", "manager", "None"),
    ]
    everything = (await ask.get("/audit")).text
    assert not any(word in everything for word in ("Maria", "secret", "12345678"))
    (by_agent,) = (await ask.get("/audit?by=agt_1")).json()["items"]
    assert (by_agent["what"], by_agent["agent"], by_agent["customer"]) == ("read", "agt_1", made["id"])
    later = (await ask.get("/audit?from=2026-03-03T09:00:02Z&what=read")).json()["items"]
    assert [row["detail"] for row in later] == [{"part": "timeline"}]
    assert (await ask.get("/audit?to=2026-03-03T09:00:01Z")).json()["items"][0]["what"] == "made"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await ask(method, "/audit", {})).status_code == 405
    for token in (agent, await ask.token("service")):
        assert (await ask.get("/audit", token=token)).status_code == 403


@on_sqlite
async def test_where_it_cannot_be_written_who_looks_nobody_looks(ask: Asking, database: Database) -> None:
    made = await ask.made("/customers", {"name": "Maria"})
    async with database.write() as conn:
        await conn.exec_driver_sql("DROP TABLE audit")
    for path in ("", "/timeline", "/export", "/consents"):
        answer = await ask.get(f"/customers/{made['id']}{path}")
        assert answer.status_code == 503
        assert "Maria" not in answer.text


@on_sqlite
async def test_a_published_plan_and_what_is_read_of_a_promise_are_written_down(ask: Asking, database: Database) -> None:
    for _ in range(2):
        plan = await ask.get("/plan")
        assert (await ask("PUT", "/plan", plan.json(), headers={"If-Match": plan.headers["etag"]})).status_code == 200
    assert (await ask.post("/plan/versions/1/restore", headers={"If-Match": '"2"'})).status_code == 200
    maria = await ask.made("/customers", {"phones": ["06 12345678"]})
    promise = {"number": "+390612345678", "zone": "Europe/Rome", "window_seconds": 600, "kind": "asap"}
    async with database.write() as conn:
        made = {"customer_id": maria["id"], "state": "promised", "promised_at": NOW, "made_at": NOW}
        await conn.execute(insert(callbacks).values(id="cb_1", **promise, **made))
    assert (await ask.get("/callbacks/cb_1/story")).status_code == 200
    published = (await ask.get("/audit?what=plan_published")).json()["items"]
    assert [row["detail"] for row in published] == [{"version": 3}, {"version": 2}, {"version": 1}]
    (read,) = (await ask.get("/audit?what=read")).json()["items"]
    assert (read["customer"], read["detail"]) == (maria["id"], {"part": "promise"})


async def test_the_latest_word_counts_and_each_is_kept(ask: Asking, database: Database, clock: VirtualClock) -> None:
    """A no to texts holds for the person, also at a number that others have; a yes takes back what they wrote."""
    maria = await ask.made("/customers", {"phones": ["+393331234567", "+390612345678"]})
    paolo = await ask.made("/customers", {"phones": ["+390612345678"]})
    path = f"/customers/{maria['id']}/consents"
    assert (await ask("PUT", f"{path}/texts", {"given": False, "source": "phone"})).json()["counts"] is True
    async with database.read() as conn:
        for number in maria["phones"]:
            assert await takes_no_texts(conn, number, maria["id"])
        assert not await takes_no_texts(conn, "+390612345678", paolo["id"])
        assert not await takes_no_texts(conn, "+390612345678")
    await clock.advance(1)
    async with database.write() as conn:
        for number in maria["phones"]:
            await no_more_texts(conn, number, "word", clock.now())
    agent = await ask.token("agent", "agt_1")
    assert (await ask("PUT", f"{path}/texts", {"given": True}, token=agent)).json()["source"] == "agent"
    async with database.read() as conn:
        assert not await takes_no_texts(conn, "+393331234567", maria["id"])
        assert await takes_no_texts(conn, "+390612345678", maria["id"])  # of a number that is not theirs alone
    listed = await ask.every_page(path, 1)
    assert [(one["kind"], one["given"], one["source"], one["counts"]) for one in listed] == [
        ("texts", True, "agent", True),
        ("texts", False, "phone", False),
    ]
    assert (await ask("PUT", f"{path}/dancing", {"given": True})).status_code == 422
    assert (await ask("PUT", "/customers/cus_nobody/consents/texts", {"given": True})).status_code == 404


async def test_with_a_person_goes_each_record_that_was_merged_with_theirs(ask: Asking, database: Database) -> None:
    kept = await ask.made("/customers", {"name": "Maria", "phones": ["+393331234567"]})
    async with database.write() as conn:
        other = {"formal": True, "tags": [], "made_at": NOW, "changed_at": NOW}
        await conn.execute(insert(customers).values(id="cus_gone", merged_into=kept["id"], **other))
        await conn.execute(insert(customers).values(id="cus_older", merged_into="cus_gone", **other))
        row = {"kind": "texts", "given": True, "at": NOW, "source": "api"}
        await conn.execute(insert(consents).values(id="con_1", customer_id="cus_older", **row))
        await conn.execute(insert(text_opt_outs).values(number="+393331234567", at=NOW, source="word"))
    whole = (await ask.get(f"/customers/{kept['id']}/export")).json()
    assert [one["id"] for one in whole["more"]["merged_records"]] == ["cus_gone", "cus_older"]
    assert [one["id"] for one in whole["more"]["consents"]] == ["con_1"]
    assert (await ask("DELETE", "/customers/cus_gone")).status_code == 204  # whichever of them is named
    assert (await ask.get("/customers")).json()["items"] == []
    rows = (await ask.get("/audit?what=erased")).json()["items"]
    assert {row["customer"] for row in rows} == {kept["id"], "cus_gone", "cus_older"}


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("*/*", False),
        ("", False),
        ("application/json", False),
        ("text/html", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("text/html;q=0.5, application/json", False),
        ("application/json;q=0.2, text/*", True),
        ("text/html;q=0", False),
        ("text/html; q=wrong", False),
        ("TEXT/HTML", True),
    ],
)
def test_a_page_is_for_who_prefers_one(accept: str, wanted: bool) -> None:
    assert prefers_a_page(accept) is wanted


def told(language: str | None, **more: Any) -> str:
    fields = dict.fromkeys(Customer.model_fields) | {"id": "cus_1", "formal": True, "tags": []}
    lists = {name: [] for name in ("phones", "former_phones", "addresses", "stand_ins") if name in fields}
    person = Customer.model_validate(
        fields | lists | {"language": language, "made_at": NOW, "changed_at": NOW, "preferred_agent": "agt_1"} | more
    )
    whole = Export(exported_at=NOW, customer=person, interactions=[], cases=[], texts=[], more={"strange_kind": []})
    return page(whole, {"agt_1": "Anna Bianchi"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_the_persons_language(language: str) -> None:
    said = words(language)
    html = told(f"{language}-XX", time_zone="Europe/Rome")
    assert f'<html lang="{language}">' in html
    assert all(said[key] in html for key in ("title", "profile", "preferred_agent", "yes"))
    assert "Anna Bianchi" in html
    assert "strange kind" in html
    assert "10:00" in html  # in the person's own time
    assert not any(ours in html for ours in ("None", "cus_1"))


def test_nothing_on_the_page_is_run_and_what_is_not_known_is_told_in_english() -> None:
    html = told("ja", name="</dd><script>alert(1)</script>", notes="a\nb & c")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert words("en")["title"] in html
