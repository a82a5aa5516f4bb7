"""The ledger over HTTP: what is asked of it, who does what to a promise, and what is known before it is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from callbacks.tables import callback_attempts, callbacks
from crm import history
from crm.tables import text_opt_outs, texts
from routing.plan import Limits, Plan
from routing.plans import Plans
from tests.api.asking import Asking
from tests.callbacks.conftest import MARIA, Ground

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NINE = datetime.fromisoformat("2026-03-03T10:00:00+01:00")


def at(hour: int, minute: int = 0) -> str:
    """Of that Tuesday, by the house's clock."""
    return f"2026-03-03T{hour:02}:{minute:02}:00+01:00"


@pytest.fixture
async def maria(ground: Ground) -> str:
    await ground.agents("anna", "luca")
    return ground.ids["Maria"]


async def set_on(ground: Ground, promise: dict[str, Any], **values: Any) -> None:
    async with ground.database.write() as conn:
        await conn.execute(update(callbacks).where(callbacks.c.id == promise["id"]).values(**values))


async def found(ask: Asking, query: str) -> list[str]:
    return [one["id"] for one in (await ask.get(f"/callbacks?{query}")).json()["items"]]


# What is asked of it


async def test_what_is_promised_at_risk_broken_and_waited_for_is_one_request_each(
    ask: Asking, ground: Ground, maria: str
) -> None:
    case = (await ask.made("/cases", {"customer": maria}))["id"]
    late = await ask.made("/callbacks", {"customer": maria, "due_at": at(16), "agent": "luca"})
    soon = await ask.made("/callbacks", {"customer": maria, "due_at": at(11), "agent": "anna", "case": case})
    gone = await ask.made("/callbacks", {"customer": ground.ids["Paolo"], "due_at": at(12)})
    await set_on(ground, gone, state="broken")
    choices = [{"at": (NINE + timedelta(hours=4)).isoformat(), "agent": "anna"}]
    missed = ground.clock.now() - timedelta(days=1)
    await set_on(ground, late, risk="owner_busy", choices=choices, missed_at=missed)
    for query, ids in (
        ("state=open&order=due", [soon, late]),
        ("state=open", [late, soon]),
        ("at_risk=true", [late]),
        ("at_risk=false&state=open", [soon]),
        ("missed=true", [late]),
        ("state=broken,kept", [gone]),
        ("state=broken&state=promised", [late, soon, gone]),
        ("owner=luca&state=open", [late]),
        ("owner=luca&agent=anna", []),
        (f"case={case}", [soon]),
        (f"due_from={at(11)}&due_to={at(16)}", [soon, gone]),
    ):
        assert await found(ask, query) == [one["id"] for one in ids], query
    (shown,) = (await ask.get("/callbacks?at_risk=true")).json()["items"]
    assert (shown["risk"], shown["choices"]) == ("owner_busy", [{"at": "2026-03-03T13:00:00Z", "agent": "anna"}])
    for wrong, field in (("state=open,perhaps", "state"), ("order=size", "order"), ("due_to=noon", "due_to")):
        answer = await ask.get(f"/callbacks?{wrong}")
        assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_each_order_is_paged_by_a_cursor_of_its_own(ask: Asking, ground: Ground, maria: str) -> None:
    made = []
    for n in range(5):
        case = await ask.made("/cases", {"customer": maria})
        body = {"customer": maria, "case": case["id"], "due_at": at(16 - n // 2), "window_seconds": 60}
        async with ground.database.write() as conn:  # one a call apart, so that two agents can keep them all
            await conn.execute(update(callbacks).values(state="kept"))
        made.append(await ask.made("/callbacks", body))
    due = sorted(made, key=lambda one: (one["due_at"], one["id"]))
    assert [one["id"] for one in await ask.every_page("/callbacks?order=due", 2)] == [one["id"] for one in due]
    assert [one["id"] for one in await ask.every_page("/callbacks", 2)] == [one["id"] for one in made]
    cursor = (await ask.get("/callbacks?limit=2")).json()["next"]
    answer = await ask.get(f"/callbacks?limit=2&order=due&cursor={cursor}")
    assert (answer.status_code, answer.json()["field"]) == (422, "cursor")


async def test_what_became_of_the_last_text_is_shown(ask: Asking, ground: Ground, maria: str) -> None:
    made = await ask.made("/callbacks", {"customer": maria, "due_at": at(15)})
    async with ground.database.write() as conn:
        for n, state in enumerate(("delivered", "undelivered")):
            row = {"id": f"txt_{n}", "direction": "out", "from_number": "+390699990000", "to_number": MARIA}
            when = ground.clock.now() + timedelta(seconds=n)
            await conn.execute(insert(texts).values(**row, body="-", state=state, at=when, callback_id=made["id"]))
    assert (await ask.get(f"/callbacks/{made['id']}")).json()["told"] == "undelivered"


# Who did what


async def test_the_history_tells_each_step_and_through_whom_and_never_what_it_was_about(
    ask: Asking, ground: Ground, maria: str
) -> None:
    anna, luca = await ask.token("agent", "anna"), await ask.token("agent", "luca")
    body = {"customer": maria, "due_at": at(15), "reason": "the lamp in the cellar"}
    made = (await ask.post("/callbacks", body, token=anna)).json()
    path = f"/callbacks/{made['id']}"
    await ask("PATCH", path, {"due_at": at(16), "number": "06 1234 5678"})
    await ask("PATCH", path, {"reason": "the lamp on the stairs"}, token=await ask.token("service"))
    await ask("PATCH", path, {"due_at": at(16)})  # which changes nothing
    assert (await ask.post(f"{path}/take", {}, token=luca)).status_code == 200
    kept = await ask.post(f"{path}/keep", {"how": "in_person", "note": "came by"}, token=luca)
    assert (kept.status_code, kept.json()["state"], kept.json()["attempts"]) == (200, "kept", [])
    steps = await ask.every_page(f"{path}/history", 2)
    assert [(one["n"], one["what"], one["by"], one["by_way_of"]) for one in steps] == [
        (1, "made", "agent:anna", "api"),
        (2, "moved", "manager", "api"),
        (3, "changed", "service", "api"),
        (4, "reassigned", "agent:luca", "api"),
        (5, "taken", "agent:luca", "api"),
        (6, "kept", "agent:luca", "api"),
    ]
    assert steps[1]["before"] == {"due_at": "2026-03-03T14:00:00+00:00", "number": "…67"}
    assert steps[1]["after"] == {"due_at": "2026-03-03T15:00:00+00:00", "number": "…78"}
    assert (steps[2]["before"], steps[2]["after"]) == ({"reason": None}, {"reason": None})
    assert "lamp" not in str(steps)
    assert (await ask.get("/callbacks/cb_nothing/history")).status_code == 404


async def test_an_agent_who_names_nobody_promises_a_call_of_their_own(ask: Asking, ground: Ground, maria: str) -> None:
    anna = await ask.token("agent", "anna")
    own = (await ask.post("/callbacks", {"customer": maria}, token=anna)).json()
    assert (own["agent"], own["kind"], own["made_by"]) == ("anna", "asap", "agent:anna")
    other = (await ask.post("/callbacks", {"customer": ground.ids["Paolo"], "agent": None}, token=anna)).json()
    assert other["agent"] is None


async def test_a_colleague_takes_a_promise_over_if_they_are_there(ask: Asking, ground: Ground, maria: str) -> None:
    made = await ask.made("/callbacks", {"customer": maria, "due_at": at(15), "agent": "anna"})
    await ground.agents("zoe", hours="Mo-Fr 09:00-12:00")
    path, luca, zoe = f"/callbacks/{made['id']}/take", await ask.token("agent", "luca"), await ask.token("agent", "zoe")
    await set_on(ground, made, risk="owner_away")
    assert (await ask.post(path, {"agent": "zoe"}, token=luca)).status_code == 403
    assert (await ask.post(path, {})).json()["field"] == "agent"
    not_there = await ask.post(path, {}, token=zoe)
    assert (not_there.status_code, not_there.json()["field"]) == (409, "agent")
    taken = (await ask.post(path, {"agent": "luca"})).json()
    assert (taken["agent"], taken["risk"], taken["due_at"]) == ("luca", None, made["due_at"])
    for state in ("ringing_customer", "kept"):
        await set_on(ground, made, state=state)
        assert (await ask.post(path, {}, token=luca)).status_code == 409
        assert (await ask.post(f"/callbacks/{made['id']}/keep", {"how": "mail"})).status_code == 409


@on_sqlite
async def test_a_follow_up_by_text_has_words_that_can_be_read(ask: Asking, ground: Ground, maria: str) -> None:
    right = {"customer": maria, "kind": "follow_up", "channel": "text", "words": "The part is in.", "due_at": at(15)}
    async with ground.database.write() as conn:
        await conn.execute(insert(text_opt_outs).values(number="+393337654321", at=ground.clock.now(), source="word"))
    for wrong, field in (
        ({"kind": "scheduled"}, "channel"),
        ({"kind": None}, "channel"),
        ({"words": None}, "words"),
        ({"words": " "}, "words"),
        ({"words": "x" * 481}, "words"),
        ({"channel": "call"}, "words"),
        ({"number": "06 1234 5678"}, "number"),
        ({"customer": ground.ids["Paolo"]}, "channel"),
    ):
        answer = await ask.post("/callbacks", right | wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, field), wrong
    made = await ask.made("/callbacks", right)
    assert (made["channel"], made["words"], made["kind"]) == ("text", "The part is in.", "follow_up")
    changed = (await ask("PATCH", f"/callbacks/{made['id']}", {"words": "Both parts are in."})).json()
    assert changed["words"] == "Both parts are in."
    call = await ask.post("/callbacks", {"customer": maria, "due_at": at(16)})  # moves it, and makes it a call
    assert (call.status_code, call.json()["channel"], call.json()["words"]) == (200, "call", None)
    assert (await ask("PATCH", f"/callbacks/{made['id']}", {"words": "x"})).json()["field"] == "words"


@on_sqlite
async def test_a_country_that_is_not_called_back_is_refused(ask: Asking, ground: Ground, maria: str) -> None:
    async with ground.database.write() as conn:
        await Plans().publish(
            conn, Plan(limits=Limits(countries=["IT"])), after=0, author="m", note=None, now=ground.clock.now()
        )
    answer = await ask.post("/callbacks", {"customer": maria, "due_at": at(15), "number": "+44 20 7946 0958"})
    assert (answer.status_code, answer.json()["field"]) == (422, "number")
    await ask.made("/callbacks", {"customer": maria, "due_at": at(15), "number": "06 1234 5678"})


# What is known before it is kept


async def test_the_story_is_what_whoever_calls_should_know(ask: Asking, ground: Ground, maria: str) -> None:
    person = {"name": "Maria Rossi", "say": "ma-RI-a", "style": "step by step"}
    await ask("PATCH", f"/customers/{maria}", person)
    async with ground.database.write() as conn:
        for days, outcome in ((20, "solved"), (2, "transferred")):
            started = ground.clock.now() - timedelta(days=days)
            talk: dict[str, Any] = {"channel": "voice", "started_at": started, "talk_seconds": 60, "topic": "lamp"}
            await history.record(conn, customer_id=maria, agent_id="anna", outcome=outcome, **talk)
    case = await ask.made("/cases", {"customer": maria, "title": "The lamp"})
    await ask.made("/cases", {"customer": maria, "title": "The door", "state": "solved"})
    made = await ask.made("/callbacks", {"customer": maria, "due_at": at(15), "agent": "anna", "reason": "it is dark"})
    await set_on(ground, made, transcript="it is dark again", moves=1)
    async with ground.database.write() as conn:
        await conn.execute(insert(callback_attempts).values(callback_id=made["id"], n=1, at=ground.clock.now()))
    story = (await ask.get(f"/callbacks/{made['id']}/story")).json()
    assert story["person"].items() >= (person | {"id": maria, "called": "Maria", "formal": True}).items()
    assert (story["reason"], story["transcript"], story["moves"]) == ("it is dark", "it is dark again", 1)
    assert [one["id"] for one in story["cases"]] == [case["id"]]
    assert [one["kind"] for one in story["lately"]] == ["case", "case", "call"]
    assert (story["talks"], story["weariness"]["level"]) == (2, 2)
    assert [one["kind"] for one in story["weariness"]["reasons"]] == ["transferred", "open"]
    assert len(story["attempts"]) == 1
    luca = await ask.token("agent", "luca")
    assert (await ask.get(f"/callbacks/{made['id']}/story", token=luca)).json()["talks"] == 0
    assert (await ask.get("/callbacks/cb_nothing/story")).status_code == 404
