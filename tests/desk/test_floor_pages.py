"""The floor's pages: what they show, to whom, and what they leave out."""

from __future__ import annotations

import re

import pytest

from tests.desk.browsing import Premises
from tests.desk.floor_scene import Scene

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def scene(premises: Premises) -> Scene:
    return Scene(premises)


def words(html: str) -> str:
    """The text alone, each blank one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")


async def a_busy_morning(scene: Scene) -> str:
    bruno = await scene.agent("Bruno Neri", team="Sales", skills={"lamps": 2})
    await scene.agent("Carla Blu", availability="away", reason="lunch", team="Sales")
    await scene.agent("Dario Blu", availability="offline", team="Sales")
    maria = await scene.talk("Maria Rossi", "Anna Bianchi", said="The lamp in the cellar is dark", familiar=True)
    await scene.decision(maria, "Anna has helped Maria twice and is free.", "ring", scene.agents["Anna Bianchi"])
    await scene.transfer(maria, scene.agents["Anna Bianchi"], bruno)
    paolo = await scene.call("Paolo Verdi", "+393337654321", told_seconds=240.0, told_at=scene.ago(60), choice="wait")
    await scene.decision(paolo, "Nobody who can help Paolo is free; the first will be in about 4 minutes.")
    await scene.promise("Gina Gialli", "+393330000001", 20, "Anna Bianchi", risk="owner_busy")
    await scene.promise("Ugo Viola", "+393330000002", 50)
    return maria


@on_sqlite
async def test_an_empty_house_shows_its_first_steps_until_they_are_done(premises: Premises, scene: Scene) -> None:
    browser = await premises.browser("manager")
    page = (await browser.get("/console/floor")).text
    told = words(page)
    for sentence in ("Before your first call", "1 Make your agents", "2 Add your line", "3 Publish"):
        assert sentence in told
    assert "Nobody is ready" not in told
    await scene.agent("Anna Bianchi")
    plan = await premises.api.get("/plan")
    line = {"lines": {"+390699990000": {"name": "Lamps"}}}
    told = words((await browser.get("/console/floor/first_steps")).text)
    assert "Done: Make your agents" in told
    assert "2 Add your line" in told
    published = await premises.api.put("/plan", json=plan.json() | line, headers={"If-Match": plan.headers["etag"]})
    assert published.status_code == 200
    assert "Before your first call" not in words((await browser.get("/console/floor/first_steps")).text)


@on_sqlite
async def test_a_house_that_is_called_knows_its_own_way(premises: Premises, scene: Scene) -> None:
    await a_busy_morning(scene)
    told = words((await (await premises.browser("manager")).get("/console/floor")).text)
    assert "Before your first call" not in told


async def test_the_floor_shows_who_talks_who_waits_and_why_and_what_is_promised(
    premises: Premises, scene: Scene
) -> None:
    await a_busy_morning(scene)
    browser = await premises.browser("manager")
    answer = await browser.get("/console/floor")
    assert answer.status_code == 200
    told = words(answer.text)
    for sentence in (
        "Maria Rossi with Anna Bianchi",
        "They know each other",
        "The lamp in the cellar is dark",
        "Talking with Bruno Neri first",
        "Who waits 1",
        "Nobody who can help Paolo is free; the first will be in about 4 minutes.",
        "Chose to wait for somebody they know · Was told about 4 min",
        "Gina Gialli by Anna Bianchi",
        "Anna Bianchi will probably still be talking then.",
        "Ugo Viola by whoever is free",
        "in 20 min",
        "One promise might not be kept.",
        "Away: Lunch",
        "Anna has helped Maria twice and is free.",
    ):
        assert sentence in told, sentence
    assert "Dario Blu" not in told  # who is not here is counted, no more
    assert re.search(r"1 is not here", told)


async def test_decisions_are_told_in_the_readers_language(premises: Premises, scene: Scene) -> None:
    paolo = await scene.call("Paolo Neri", "+393337654321")
    in_words = {"en": "Nobody is free for Paolo.", "it": "Nessuno è libero per Paolo."}
    await scene.decision(paolo, "As the house reads it.", in_words=in_words)
    for language, sentence in in_words.items():
        told = words((await (await premises.browser("manager", language=language)).get("/console/floor")).text)
        assert told.count(sentence) == 2, told  # with who waits, and among the latest
        assert "As the house reads it." not in told


async def test_each_part_answers_by_itself_and_is_the_same_as_in_the_page(premises: Premises, scene: Scene) -> None:
    await a_busy_morning(scene)
    browser = await premises.browser("manager")
    page = (await browser.get("/console/floor")).text
    for name in ("alerts", "talks", "waits", "promises", "decisions", "teams", "ear"):
        part = await browser.get(f"/console/floor/{name}", headers={"HX-Request": "true"})
        assert part.status_code == 200
        assert part.text.strip() in page, name


@on_sqlite
async def test_the_floor_is_for_managers(premises: Premises) -> None:
    agent = await premises.browser("agent", agent_id=await premises.agent())
    for path in ("/console/floor", "/console/floor/talks", "/console/calls/x", "/console/promises"):
        assert (await agent.get(path)).status_code == 403
    assert (await premises.stranger().get("/console/floor")).status_code == 303


@on_sqlite
async def test_in_italy_nobody_is_timed(premises: Premises, scene: Scene) -> None:
    """Only callers' times run: since when they wait."""
    await scene.talk("Maria Rossi", "Anna Bianchi")
    await scene.agent("Bruno Neri", availability="away", reason="break")
    browser = await premises.browser("manager")
    page = (await browser.get("/console/floor")).text
    assert 'class="running"' not in page
    assert "10 min" not in words(page)  # both have been as they are for so long
    assert "law 300 of 1970" in page
    await scene.call("Paolo Verdi", "+393337654321")
    assert (await browser.get("/console/floor")).text.count('class="running"') == 1


@on_sqlite
async def test_an_empty_house_says_what_comes_first(premises: Premises) -> None:
    browser = await premises.browser("manager", language="it")
    told = words((await browser.get("/console/floor")).text)
    assert "Nessuno è in linea." in told
    assert "Nessuno aspetta." in told
    assert "Non ci sono ancora operatori." in told


async def test_a_caller_at_the_tape_leaves_a_message(premises: Premises, scene: Scene) -> None:
    browser = await premises.browser("manager")
    call = await scene.call("Maria Rossi", state="choosing")
    assert "Choosing" in words((await browser.get(f"/console/calls/{call}")).text)
    await scene.decision(call, "Please leave your message.", "voicemail")
    for page in (f"/console/calls/{call}", "/console/floor/waits"):
        told = words((await browser.get(page)).text)
        assert ("Leaves a message" in told, "Choosing" in told) == (True, False)


async def test_one_call_tells_what_happened_and_who_was_weighed(premises: Premises, scene: Scene) -> None:
    maria = await scene.talk("Maria Rossi", "Anna Bianchi", said="The lamp is dark")
    anna = scene.agents["Anna Bianchi"]
    item = {"agent": anna, "name": "Anna Bianchi", "wait_seconds": 0.0, "worth_seconds": 75.0}
    other = {"agent": "x", "name": "Bruno Neri", "wait_seconds": 12.4, "worth_seconds": 0.0, "because": []}
    weighed = [item | {"because": ["familiar"], "spare": {"load": 10.0}}, other | {"spare": {}}]
    urgent = {"repeated": 60}
    in_words = {"en": "Anna has helped Maria twice.", "it": "Anna ha già aiutato Maria due volte."}
    why = {"weighed": weighed, "urgent": urgent, "in_words": in_words}
    await scene.decision(maria, "As the house reads it.", "ring", anna, **why)
    browser = await premises.browser("manager")
    told = words((await browser.get(f"/console/calls/{maria}")).text)
    for sentence in (
        "Maria Rossi Talking with Anna Bianchi",
        "Rang 06 9999 0000",
        "Anna has helped Maria twice.",
        "Why: 2 people were weighed",
        "Anna Bianchi has helped them, has had more work than others 0 −75 +10 −65",
        "Bruno Neri 12 0 0 12",
        "1 min ahead of others: calls again about the same thing",
        "Anna Bianchi answers",
        "The lamp is dark",
        "Their number alone",
    ):
        assert sentence in told, sentence
    rows = (await premises.api.get("/audit", params={"customer": scene.customers["Maria Rossi"]})).json()["items"]
    assert "call" in [row["detail"]["part"] for row in rows if row["what"] == "read" and row["detail"]]
    assert (await browser.get("/console/calls/nobody")).status_code == 404


@on_sqlite
async def test_what_is_stuck_is_ended_with_a_reason(premises: Premises, scene: Scene) -> None:
    anna = await scene.agent("Anna Bianchi", activity="reserved", since_at=scene.ago(20))
    browser = await premises.browser("manager")
    told = words((await browser.get("/console/floor/alerts")).text)
    assert "Anna Bianchi is held for a call that is over." in told
    address = f"/console/floor/agents/{anna}/release"
    assert "Set Anna Bianchi free?" in words((await browser.get(address)).text)
    htmx = {"HX-Request": "true"}
    without = await browser.post(address, data={"reason": " "}, headers=htmx)
    assert (without.status_code, "Please say why" in without.text) == (422, True)
    answer = await browser.post(address, data={"reason": "Her phone is dead."}, headers=htmx)
    assert (answer.status_code, "sheet-done" in answer.headers["hx-trigger"]) == (204, True)
    assert (await premises.api.get(f"/agents/{anna}")).json()["activity"] == "idle"
    assert "held for" not in (await browser.get("/console/floor/alerts")).text
