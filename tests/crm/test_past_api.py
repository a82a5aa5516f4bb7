from typing import Any

import pytest
from sqlalchemy import func, select

from crm.tables import interactions
from store.clock import VirtualClock
from tests.api.asking import Asking

pytestmark = pytest.mark.anyio


def conversation(**changes: Any) -> dict[str, Any]:
    return {
        "external_id": "old-55",
        "customer": "CRM-17",
        "agent": "A-1",
        "channel": "voice",
        "started_at": "2026-03-02T10:00:00+01:00",
        "talk_seconds": 312,
        "outcome": "solved",
        "topic": "ipad update",
        "summary": "it would not start",
    } | changes


@pytest.fixture
async def people(ask: Asking) -> tuple[str, str]:
    """Maria and Anna, by our ids."""
    maria = await ask.made("/customers", {"name": "Maria", "external_id": "CRM-17"})
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna", "external_id": "A-1"})
    return maria["id"], anna["id"]


async def test_a_conversation_is_kept_and_answered_with_our_ids(ask: Asking, people: tuple[str, str]) -> None:
    maria, anna = people
    made = await ask.made("/interactions", conversation())
    assert made.pop("id").startswith("int_")
    assert (made.pop("case"), made.pop("confirmed"), made.pop("judged")) == (None, None, True)
    assert made == conversation(customer=maria, agent=anna, started_at="2026-03-02T09:00:00Z")


async def test_what_is_not_known_may_be_left_out(ask: Asking, people: tuple[str, str]) -> None:
    least = {"customer": people[0], "started_at": "2026-03-02T10:00:00Z", "outcome": "abandoned"}
    made = await ask.made("/interactions", least)
    assert (made["agent"], made["channel"], made["talk_seconds"], made["topic"]) == (None, "voice", 0, None)
    again = await ask.made("/interactions", least)
    assert again["id"] != made["id"]  # without an external id two are two


async def test_the_same_external_id_again_changes_nothing(ask: Asking, people: tuple[str, str]) -> None:
    made = await ask.made("/interactions", conversation())
    again = await ask.post("/interactions", conversation(outcome="open", summary="something else"))
    assert (again.status_code, again.json()) == (200, made)


async def test_many_are_stored_in_the_order_given_each_once(ask: Asking, people: tuple[str, str]) -> None:
    first = await ask.made("/interactions", conversation(external_id="a"))
    items = [conversation(external_id=name, summary=f"{n}") for n, name in enumerate(["b", "a", "c", "b"])]
    answer = await ask.post(
        "/interactions", {"items": [*items, conversation(external_id=None), conversation(external_id=None)]}
    )
    assert answer.status_code == 201
    made = answer.json()["items"]
    assert [one["external_id"] for one in made] == ["b", "a", "c", "b", None, None]
    assert made[1] == first
    assert made[0] == made[3]
    assert made[0]["summary"] == "0"
    assert made[4]["id"] != made[5]["id"]
    again = await ask.post("/interactions", {"items": items})
    assert (again.status_code, again.json()["items"]) == (200, made[:4])
    assert await count(ask) == 5


async def test_a_number_as_external_id_is_not_taken_for_a_place(ask: Asking, people: tuple[str, str]) -> None:
    items = [conversation(external_id=None, topic="nameless"), conversation(external_id="0", topic="zero")]
    made = (await ask.post("/interactions", {"items": items})).json()["items"]
    assert [one["topic"] for one in made] == ["nameless", "zero"]
    assert await count(ask) == 2


async def test_a_thousand_at_once_are_taken_and_one_more_is_not(ask: Asking, people: tuple[str, str]) -> None:
    items = [conversation(external_id=f"e{n}") for n in range(1001)]
    refused = await ask.post("/interactions", {"items": items})
    assert (refused.status_code, refused.json()["field"]) == (422, "items")
    assert await count(ask) == 0
    assert len((await ask.post("/interactions", {"items": items[1:]})).json()["items"]) == 1000
    assert await count(ask) == 1000


async def test_one_bad_item_among_many_is_named_and_nothing_is_stored(ask: Asking, people: tuple[str, str]) -> None:
    good = [conversation(external_id=f"e{n}") for n in range(3)]
    for wrong, field in (
        ({"customer": "nobody"}, "items[3].customer"),
        ({"agent": "nobody"}, "items[3].agent"),
        ({"outcome": "fine"}, "items[3].outcome"),
        ({"started_at": "2026-03-02T10:00:00"}, "items[3].started_at"),
        ({"talk_seconds": -1}, "items[3].talk_seconds"),
        ({"topic": "a\x00"}, "items[3].topic"),
        ({"mood": "bad"}, "items[3].mood"),
    ):
        answer = await ask.post("/interactions", {"items": [*good, conversation(external_id="bad") | wrong]})
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert await count(ask) == 0


async def test_one_bad_conversation_is_refused_by_field(ask: Asking, people: tuple[str, str]) -> None:
    for wrong, field in (
        ({"customer": "nobody"}, "customer"),
        ({"agent": "x"}, "agent"),
        ({"outcome": None}, "outcome"),
    ):
        answer = await ask.post("/interactions", conversation() | wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    answer = await ask.post("/interactions", {"items": [], "customer": "CRM-17"})
    assert (answer.status_code, answer.json()["field"]) == (422, "customer")


async def test_the_past_is_found_by_person_and_by_agent_the_latest_first(ask: Asking, people: tuple[str, str]) -> None:
    maria, anna = people
    ugo = await ask.made("/customers", {"name": "Ugo"})
    times = ["2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z", "2026-02-01T10:00:00Z"]
    for n, at in enumerate(times):
        await ask.made("/interactions", conversation(external_id=f"m{n}", started_at=at))
    await ask.made("/interactions", conversation(external_id="u", customer=ugo["id"], agent=None))
    for query in (f"customer={maria}", "customer=CRM-17", f"agent={anna}", "agent=A-1", f"customer={maria}&agent=A-1"):
        seen = [one["external_id"] for one in await ask.every_page(f"/interactions?{query}", 2)]
        assert (sorted(seen[:2]), seen[2:]) == (["m1", "m2"], ["m0", "m3"]), query
    assert len((await ask.get("/interactions")).json()["items"]) == 5
    assert (await ask.get("/interactions?customer=nobody")).json()["items"] == []
    assert [one["customer"] for one in (await ask.get("/interactions?external_id=u")).json()["items"]] == [ugo["id"]]


async def test_history_is_written_by_managers_and_services_and_read_by_all(
    ask: Asking, people: tuple[str, str]
) -> None:
    service, agent = await ask.token("service"), await ask.token("agent", people[1])
    assert (await ask.post("/interactions", conversation(), token=agent)).status_code == 403
    assert (await ask.post("/interactions", conversation(), token=service)).status_code == 201
    assert len((await ask.get("/interactions", token=agent)).json()["items"]) == 1


async def test_a_case_needs_only_a_customer(ask: Asking, people: tuple[str, str], clock: VirtualClock) -> None:
    maria, _ = people
    made = await ask.made("/cases", {"customer": "CRM-17"})
    assert made.pop("id").startswith("cas_")
    assert made == {
        "customer": maria,
        "owner": None,
        "topic": None,
        "title": None,
        "state": "open",
        "made_at": "2026-03-03T09:00:00Z",
        "solved_at": None,
        "confirmed": None,
        "reopened": 0,
    }


async def test_a_case_is_handed_over_solved_and_opened_again(
    ask: Asking, people: tuple[str, str], clock: VirtualClock
) -> None:
    maria, anna = people
    path = f"/cases/{(await ask.made('/cases', {'customer': maria, 'title': 'The invoice', 'owner': 'A-1'}))['id']}"
    await clock.advance(60)
    solved = (await ask("PATCH", path, {"state": "solved"})).json()
    assert (solved["owner"], solved["title"], solved["solved_at"]) == (anna, "The invoice", "2026-03-03T09:01:00Z")
    await clock.advance(60)
    assert (await ask("PATCH", path, {"state": "solved"})).json() == solved
    opened = (await ask("PATCH", path, {"state": "open", "owner": None})).json()
    assert (opened["state"], opened["owner"], opened["solved_at"], opened["reopened"]) == ("open", None, None, 1)
    assert (await ask.get(path)).json() == opened
    steps = await ask.every_page(f"{path}/history", 2)
    assert [(step["n"], step["what"], step["by"]) for step in steps] == [
        (1, "opened", "manager"),
        (2, "solved", "manager"),
        (3, "changed", "manager"),
        (4, "reopened", "manager"),
    ]
    assert (steps[2]["before"], steps[2]["after"]) == ({"owner": anna}, {"owner": None})
    assert [step["at"] for step in steps[:2]] == ["2026-03-03T09:00:00Z", "2026-03-03T09:01:00Z"]
    assert (await ask.get("/cases/cas_nobody/history")).status_code == 404


async def test_cases_are_found_by_person(ask: Asking, people: tuple[str, str]) -> None:
    ugo = await ask.made("/customers", {"name": "Ugo"})
    made = [await ask.made("/cases", {"customer": "CRM-17", "topic": f"{n}"}) for n in range(3)]
    await ask.made("/cases", {"customer": ugo["id"]})
    page = (await ask.get("/cases?customer=CRM-17&limit=2")).json()
    rest = (await ask.get(f"/cases?customer=CRM-17&limit=2&cursor={page['next']}")).json()
    found = sorted(page["items"] + rest["items"], key=lambda case: case["topic"])
    assert (found, rest["next"]) == (made, None)
    assert len((await ask.get("/cases")).json()["items"]) == 4


async def test_a_wrong_case_is_refused(ask: Asking, people: tuple[str, str]) -> None:
    for wrong, field in (
        ({}, "customer"),
        ({"customer": "nobody"}, "customer"),
        ({"customer": "CRM-17", "owner": "nobody"}, "owner"),
        ({"customer": "CRM-17", "state": "half"}, "state"),
    ):
        answer = await ask.post("/cases", wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    case = await ask.made("/cases", {"customer": "CRM-17"})
    for changes, field in (({"customer": "CRM-17"}, "customer"), ({"state": None}, "state"), ({"owner": "x"}, "owner")):
        answer = await ask("PATCH", f"/cases/{case['id']}", changes)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await ask("PATCH", "/cases/cas_nobody", {"state": "solved"})).status_code == 404
    assert (await ask.get("/cases/cas_nobody")).status_code == 404


async def count(ask: Asking) -> int:
    async with ask.database.read() as conn:
        return int(await conn.scalar(select(func.count()).select_from(interactions)) or 0)
