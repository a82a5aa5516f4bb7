"""What people told, for managers: found by word, tag and time, tagged where it stands, taken along without names."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from store.clock import VirtualClock
from tests.desk.browsing import Premises
from tests.desk.floor_scene import Scene

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

HERE = "/console/stories"
PART = {"HX-Request": "true"}


def told(page: str) -> str:
    """What it says, without its tags."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def words_in(page: str) -> list[str]:
    return [html.unescape(words) for words in re.findall(r'<p class="quote">([^<]*)</p>', page)]


def chips(page: str) -> dict[str, str]:
    """By tag what its button says; the chosen one has an asterisk."""
    found = re.findall(r'name="choose" value="([^"]*)" class="chip" aria-pressed="(\w+)">(.*?)</button>', page)
    return {html.unescape(tag): told(said).strip() + ("*" if on == "true" else "") for tag, on, said in found}


async def post(browser: httpx2.AsyncClient, path: str = "/found", **fields: Any) -> httpx2.Response:
    return await browser.post(f"{HERE}{path}", data=fields, headers=PART)


async def tells(premises: Premises, customer_id: str, words: str, *tags: str, **more: Any) -> str:
    """The story's id."""
    body = {"kind": "story", "words": words, "tags": list(tags)} | more
    answer = await premises.api.post(f"/customers/{customer_id}/notes", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def talked(premises: Premises, customer_id: str, call: str, topic: str | None, **more: Any) -> None:
    at = premises.clock.now().isoformat()
    body = {"customer": customer_id, "external_id": call, "started_at": at, "outcome": "open", "topic": topic} | more
    assert (await premises.api.post("/interactions", json=body)).status_code == 201


async def audited(premises: Premises, **query: Any) -> list[tuple[str, dict[str, Any]]]:
    found = (await premises.api.get("/audit", params=query)).json()["items"]
    return [(one["what"], one["detail"] or {}) for one in found if one["by"].startswith("usr_")]


async def test_stories_are_told_the_latest_first_with_who_when_and_about_what(
    premises: Premises, clock: VirtualClock
) -> None:
    browser, anna = await premises.browser(), await premises.agent()
    assert "Nobody's story is written down yet." in told((await browser.get(HERE)).text)
    maria, hans = await premises.customer(), await premises.customer("Hans Müller", "+4930123456")
    await tells(premises, maria, "It <flickers>\nat night.", "lamp", call="CA1")
    await premises.api.post(f"/customers/{maria}/notes", json={"words": "a note of ours"})
    await clock.advance(86_400)
    browser = await premises.browser()
    await tells(premises, hans, "The box came open.", "Delivery", "lamp", call="CA2")
    await tells(premises, hans, "I have two cats.")
    await talked(premises, maria, "CA1", "dimmer", agent=anna)
    case = {"customer": hans, "topic": "parcel", "title": "the parcel"}
    case_id = (await premises.api.post("/cases", json=case)).json()["id"]
    await Scene(premises).call(None, state="talking", sid="CA2", customer_id=hans, case_id=case_id)  # not yet over
    page = (await browser.get(HERE)).text
    assert words_in(page) == ["I have two cats.", "The box came open.", "It <flickers>\nat night."]
    assert chips(page) == {"": "All*", "lamp": "lamp 2", "delivery": "delivery 1"}
    said = told(page)
    assert "3 stories" in said
    assert "Maria Rossi yesterday, 10:00 Topic: dimmer It <flickers>" in said
    assert "Hans Müller 10:00 Topic: parcel The box came open. delivery lamp" in said
    assert "Hans Müller 10:00 I have two cats. Change tags" in said
    assert f'href="/console/customers/{maria}"' in page
    assert 'aria-current="page"' in re.search(r'<a href="/console/customers"[^>]*>', page)[0]  # type: ignore[index]
    assert ("read", {"part": "stories"}) in await audited(premises, customer=maria)
    assert f'href="{HERE}"' in (await browser.get("/console/customers")).text
    italian = told((await (await premises.browser(language="it")).get(HERE)).text)
    assert "3 racconti" in italian
    assert "Argomento: dimmer" in italian


async def test_a_story_of_a_call_that_was_passed_on_is_about_what_its_writer_talked_about(premises: Premises) -> None:
    maria, anna = await premises.customer(), await premises.agent()
    await talked(premises, maria, "CA1", "invoice")
    await talked(premises, maria, "CA1/2", "dimmer", agent=anna)
    await talked(premises, maria, "CA10", "cable")
    await tells(premises, maria, "by a program", call="CA1")
    body = {"kind": "story", "words": "by Anna", "call": "CA1"}
    token = (await premises.api.post("/tokens", json={"name": "a", "role": "agent", "agent": anna})).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await premises.api.post(f"/customers/{maria}/notes", json=body, headers=headers)).status_code == 201
    said = told((await (await premises.browser()).get(HERE)).text)
    assert "written down by Anna Bianchi Topic: dimmer by Anna" in said
    assert "Topic: invoice by a program" in said
    assert "cable" not in said


async def test_they_are_narrowed_by_words_tag_and_time_in_the_body_of_a_request(
    premises: Premises, clock: VirtualClock
) -> None:
    maria = await premises.customer()
    await tells(premises, maria, "La LAMPADA trema", "lamp")
    await clock.advance(86_400)
    browser = await premises.browser()
    await tells(premises, maria, "La lampada è tornata", "lamp", "repair")
    await tells(premises, maria, "Il gatto dorme", "cat")
    today = clock.now().date()

    async def found(**fields: Any) -> list[str]:
        return words_in((await post(browser, **fields)).text)

    assert await found(q=" lampada ") == ["La lampada è tornata", "La LAMPADA trema"]
    assert await found(q="lampada", tag="repair") == ["La lampada è tornata"]
    assert await found(choose="cat", tag="lamp") == ["Il gatto dorme"]
    assert len(await found(choose="", tag="lamp")) == 3
    assert await found(to=(today - timedelta(days=1)).isoformat()) == ["La LAMPADA trema"]
    assert await found(**{"from": today.isoformat(), "to": today.isoformat()}, tag="lamp") == ["La lampada è tornata"]
    assert len(await found(**{"from": "yesterday", "to": "9999-12-31"})) == 3  # no days of ours: nothing is narrowed
    page = (await post(browser, q="lampada", tag="repair")).text
    assert chips(page) == {"": "All", "lamp": "lamp 2", "repair": "repair 1*"}
    page = (await post(browser, q="gatto", tag="repair")).text
    assert chips(page) == {"": "All", "cat": "cat 1", "repair": "repair 0*"}
    assert "No story is like that." in told(page)
    assert (await browser.get(f"{HERE}/found?q=lampada")).status_code in (404, 405)


async def test_there_are_pages_and_tags_beyond_the_most_told_of_unfold(premises: Premises, clock: VirtualClock) -> None:
    browser, maria = await premises.browser(), await premises.customer()
    for n in range(25):
        await clock.advance(60)
        await tells(premises, maria, f"story {n}.", f"tag {n:02}", "all")
    page = (await browser.get(HERE)).text
    assert words_in(page) == [f"story {n}." for n in range(24, 4, -1)]
    assert "The latest 20" in told(page)
    shown, _, folded = page.partition("More tags")
    assert list(chips(shown)) == ["", "all", *(f"tag {n:02}" for n in range(15))]
    assert list(chips(folded)) == [f"tag {n:02}" for n in range(15, 25)]
    page = (await post(browser, tag="all", q="story")).text
    further = re.search(r'<form id="further".*?</form>', page, re.DOTALL)
    assert further is not None
    kept = dict(re.findall(r'name="(\w+)" value="([^"]*)"', further[0]))
    assert (kept["q"], kept["tag"]) == ("story", "all")
    following = (await post(browser, **kept)).text
    assert words_in(following) == [f"story {n}." for n in range(4, -1, -1)]
    assert following.count("autofocus") == 1
    assert 'id="further"' not in following
    assert 'id="found"' not in following
    last = (await post(browser, choose="tag 24")).text
    assert "tag 24 1*" in chips(last.partition("More tags")[0]).values()
    assert (await post(browser, cursor="nonsense")).status_code in (400, 422)


async def test_tags_are_changed_where_the_story_stands(premises: Premises) -> None:
    browser, maria = await premises.browser(), await premises.customer()
    note = await tells(premises, maria, "It flickers.", "lamp")
    mine = {"customer": maria, "was": '["lamp"]'}
    page = (await post(browser, f"/{note}/tags", **mine, tags="Lamp, at night;  boat")).text
    assert "Saved." in told(page)
    assert f'id="tags-of-{note}"' in page
    assert chips(page) == {"": "All*", "at night": "at night 1", "boat": "boat 1", "lamp": "lamp 1"}

    async def kept() -> list[str]:
        (story,) = (await premises.api.get("/stories")).json()["items"]
        assert story["words"] == "It flickers."
        return list(story["tags"])

    assert await kept() == ["lamp", "at night", "boat"]
    changed = [("changed", {"part": "note", "fields": ["tags"]})]
    assert [one for one in await audited(premises, customer=maria) if one[0] == "changed"] == changed
    await post(browser, f"/{note}/tags", **mine, tags="lamp")  # as the form came, before a colleague's change
    assert await kept() == ["lamp", "at night", "boat"]
    many = ", ".join(f"t{n}" for n in range(21))
    refused = await post(browser, f"/{note}/tags", **mine, tags=many)
    assert refused.status_code == 422
    assert re.search(r'<details open>.*aria-invalid="true".*class="error"', refused.text, re.DOTALL)
    assert f'value="{many}"' in refused.text
    assert await kept() == ["lamp", "at night", "boat"]
    assert (await post(browser, f"/{note}/tags", **mine, tags="")).status_code == 200
    assert await kept() == []
    assert (await post(browser, "/note_gone/tags", **mine, tags="x")).status_code == 404


async def test_what_is_found_leaves_without_names_and_no_spreadsheet_obeys_it(
    premises: Premises, clock: VirtualClock
) -> None:
    browser, maria = await premises.browser(), await premises.customer()
    await tells(premises, maria, "=Maria Rossi says: the lamp is +39 333 1234567", "lamp", "rossi")
    await tells(premises, maria, "the lamp è mine", "boat")
    await tells(premises, maria, "a cat", "lamp")
    page = (await post(browser, q="the lamp", tag="lamp", **{"from": "2026-01-01"})).text
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)" form="stories-export">', page))
    assert kept == {"q": "the lamp", "tag": "lamp", "from": "2026-01-01", "to": ""}
    answer = await browser.post(f"{HERE}/export", data=kept)
    assert answer.headers["content-disposition"] == 'attachment; filename="stories.csv"'
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("text/csv; charset=utf-8", "no-store")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["month"], row["tags"], row["words"]) == ("2026-03", "lamp", "'=[…] says: the lamp is […]")
    assert await audited(premises, what="story_export") == [("story_export", {"rows": 1})]
    everything = await browser.post(f"{HERE}/export", data={})
    assert len(list(csv.DictReader(io.StringIO(everything.content.decode("utf-8-sig"))))) == 3


async def test_agents_have_no_page_of_everybodys_stories(premises: Premises) -> None:
    maria = await premises.customer()
    note = await tells(premises, maria, "It flickers.", "lamp")
    agent = await premises.browser("agent")
    for answer in (
        await agent.get(HERE),
        await post(agent),
        await post(agent, "/export"),
        await post(agent, f"/{note}/tags", customer=maria, was="[]", tags="x"),
    ):
        assert (answer.status_code, "This page is for managers." in answer.text) == (403, True)
    assert (await premises.api.get("/stories")).json()["items"][0]["tags"] == ["lamp"]
    assert (await premises.stranger().get(HERE)).headers["location"] == "/sign-in?next=%2Fconsole%2Fstories"
