"""`/phrases`, and the plan's own wordings: what is said, how one's own would sound, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.tokens import Guard
from ivr import lint
from ivr.catalogue import LANGUAGES, ONE
from ivr.phrases_api import phrases_router
from routing.plan_api import plan_router
from routing.plan_check import Words
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.ivr.door import HOUSE, MARIA, Door

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
async def ask(door: Door) -> AsyncIterator[Asking]:
    guard, plans = Guard(door.database, KEY_OF_THE_HOUSE), door.rooms.plans
    words = Words(lint.faults_of, lint.blemishes_of)
    given = (door.database, door.clock, guard)
    routers = (plan_router(*given, plans, HOUSE, words), phrases_router(*given, plans, HOUSE))
    client = asking(door.database, door.clock, more=routers)
    yield client
    await client.close()


async def publish(ask: Asking, phrases: dict[str, Any]) -> Any:
    plan = await ask.get("/plan")
    return await ask("PUT", "/plan", plan.json() | {"phrases": phrases}, headers={"If-Match": plan.headers["etag"]})


async def test_a_managers_words_are_heard_from_the_next_call_on(door: Door, ask: Asking) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    assert (await publish(ask, {"it": {"first": ["Salve, {name}. [Mi dica|Dimmi]."]}})).status_code == 200
    assert (await door.ring()).words.startswith("Salve, Maria. Mi dica.")
    refused = await publish(ask, {"it": {"first": ["Salve, {name}.", "Salve!"]}})
    assert (refused.status_code, refused.json()["field"]) == (422, "phrases.it.first[1]")
    plan = (await ask.get("/plan")).json()
    assert plan["phrases"] == {"it": {"first": ["Salve, {name}. [Mi dica|Dimmi]."]}}
    bad = plan | {"phrases": {"it": {"first": ["Salve!"], "bye": ["Purtroppo è tutto."]}}}
    checked = (await ask.post("/plan/check", bad)).json()
    assert [found["where"] for found in checked["findings"]][-2:] == ["phrases.it.first[0]", "phrases.it.bye[0]"]


async def test_every_situation_is_shown_and_can_be_tried(ask: Asking) -> None:
    await publish(ask, {"it-IT": {"bye": ["Alla prossima."]}})
    shown: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        page = (
            await ask.get(f"/phrases?limit=90&cursor={page['next']}" if page["next"] else "/phrases?limit=90")
        ).json()
        shown += page["items"]
    assert [one["situation"] for one in shown] == sorted(key for key in lint.ours("it") if not key.endswith(ONE))
    (bye,) = (one for one in shown if one["situation"] == "bye")
    assert (bye["yours_to_word"], bye["slots"]) == (True, [])
    assert bye["languages"]["it"] == {"ours": list(lint.ours("it")["bye"].wordings), "yours": ["Alla prossima."]}
    for n, one in enumerate(shown):
        language = list(LANGUAGES.values())[n % len(LANGUAGES)]
        tried = await ask.post("/phrases/preview", {"language": language, "situation": one["situation"]})
        assert tried.json()["text"], one
        assert tried.json()["ssml"].startswith("<Say "), one


async def test_a_wording_is_tried_on_somebody_who_does_not_exist(ask: Asking) -> None:
    person = {"given": "Maria", "surname": "Rossi", "gender": "feminine", "say": "ma-RI-a", "formal": False}
    wording = "Ciao {name}, <bentornato|bentornata|eccoci>. Purtroppo è tardi."
    tried = {"language": "it", "situation": "greet", "wording": wording, "person": person}
    preview = (await ask.post("/phrases/preview", tried)).json()
    assert preview["text"] == "Ciao Maria, bentornata. Purtroppo è tardi."
    assert '<sub alias="ma-RI-a">Maria</sub>' in preview["ssml"]
    assert preview["findings"] == [{"where": "wording", "what": "Filler: 'Purtroppo'."}]
    broken = (await ask.post("/phrases/preview", tried | {"wording": "Ciao"})).json()
    assert (broken["text"], broken["findings"][0]["what"]) == (None, "It must say {name}.")
    for field, value in (("situation", "hold_music"), ("language", "ja-JP")):
        refused = await ask.post("/phrases/preview", tried | {field: value})
        assert (refused.status_code, refused.json()["field"]) == (422, field)


async def test_a_wording_is_tried_at_any_time_with_any_agent(ask: Asking) -> None:
    tried = {"language": "it", "situation": "transfer", "wording": "{hello}: {agent}, {estimate}.", "agent": " Luca\n"}
    preview = (await ask.post("/phrases/preview", tried | {"at": "2026-03-03T19:30:00+01:00"})).json()
    assert preview["text"].startswith("Buonasera: Luca, ")
    assert preview["slots"]["hello"] == "Buonasera"
    assert preview["slots"]["company"] == HOUSE.company
    assert set(preview["slots"]) == {"agent", "estimate", "hello", "company"}
    preview = (await ask.post("/phrases/preview", tried | {"agent": "", "at": "2026-03-03T09:30:00+01:00"})).json()
    assert preview["text"].startswith("Buongiorno: Anna, ")
    refused = await ask.post("/phrases/preview", tried | {"at": "half past nine"})
    assert (refused.status_code, refused.json()["field"]) == (422, "at")


async def test_own_words_for_the_hour_greet_in_a_wording_that_is_tried(ask: Asking) -> None:
    await publish(ask, {"it": {"morning": ["Salve"], "afternoon": ["Salve"], "evening": ["Salve"]}})
    tried = {"language": "it", "situation": "greet", "wording": "{hello}, {name}."}
    assert (await ask.post("/phrases/preview", tried)).json()["text"] == "Salve, Maria Rossi."


async def test_a_situation_tells_the_part_of_the_house_it_stands_in(ask: Asking) -> None:
    shown = (await ask.get("/phrases?limit=200")).json()["items"]
    parts = {one["situation"]: one["part"] for one in shown}
    assert (parts["again"], parts["bye"], parts["recorded"], parts["page_ask"]) == (
        "openings",
        "parting",
        "recording",
        "page",
    )
    assert all(one["yours_to_word"] == (one["part"] in ("openings", "calls", "parting")) for one in shown)
