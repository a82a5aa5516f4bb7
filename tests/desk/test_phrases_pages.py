"""What callers hear, worded by managers: shown, heard by somebody invented, kept in the draft, published."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx2
import pytest

from desk.phrases.when import FIXED, WHEN
from desk.plan.paths import text_of
from desk.plan.situations import SITUATIONS
from desk.words import words_in
from tests.desk.browsing import Premises

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
PAGE = "/console/phrases"
MARIA: dict[str, Any] = {
    "given": "Maria",
    "surname": "Rossi",
    "title": "",
    "gender": "",
    "address": "formal",
    "agent": "",
    "clock": "",
}
GOOD = "Salve, {name}. [Mi dica|Dimmi]."


class Desk:
    """A manager's browser; what it shows is read without its marks."""

    def __init__(self, browser: httpx2.AsyncClient) -> None:
        self.browser = browser

    async def see(self, path: str = "", status: int = 200) -> str:
        return read(await self.browser.get(f"{PAGE}{path}"), status)

    async def send(self, path: str, status: int = 200, **form: Any) -> str:
        sent = {"language": "it"} | form
        answer = await self.browser.post(f"{PAGE}{path}", data=sent, headers={"HX-Request": "true"})
        return read(answer, status)

    async def write(self, situation: str, *wordings: str, **form: Any) -> str:
        return await self.send(f"/{situation}/own", wording=list(wordings), **form)

    async def typed(self, situation: str, language: str = "it") -> list[str]:
        """What stands in the fields of the page, once it is loaded again."""
        page = (await self.browser.get(f"{PAGE}/{situation}?language={language}")).text
        return [html.unescape(one) for one in re.findall(r"<textarea[^>]*>([^<]*)</textarea>", page)]

    async def publish(self, **form: Any) -> httpx2.Response:
        return await self.browser.post(f"{PAGE}/publish", data={"language": "it"} | form)


def read(answer: httpx2.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


@pytest.fixture
async def desk(premises: Premises) -> Desk:
    return Desk(await premises.browser("manager"))


async def phrases_of(premises: Premises) -> Any:
    return (await premises.api.get("/plan")).json()["phrases"]


async def publish_elsewhere(premises: Premises, **changes: Any) -> None:
    plan = await premises.api.get("/plan")
    answer = await premises.api.put("/plan", json=plan.json() | changes, headers={"If-Match": plan.headers["etag"]})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("language", ["en", "it"])
async def test_every_situation_is_listed_by_its_name(premises: Premises, language: str) -> None:
    desk, words = Desk(await premises.browser("manager", language=language)), words_in(language)
    seen = await desk.see()
    fixed = [name for names in FIXED.values() for name in names.values()]
    assert [name for name in (*SITUATIONS.values(), *WHEN.values(), *fixed) if words(name) not in seen] == []
    items = (await premises.api.get("/phrases?limit=200")).json()["items"]
    worded = {one["situation"].removesuffix("_plain") for one in items if one["yours_to_word"]}
    assert worded <= set(SITUATIONS) == set(WHEN)
    for path in ("/greet", "/greet?language=de", "/greet_plain?language=fr", "/offer?language=es", "/text_code"):
        await desk.see(path)
    await desk.see("/hold_music", 404)


async def test_the_list_says_what_is_said_and_what_is_filled_in(desk: Desk) -> None:
    seen = await desk.see("?language=en")
    assert "Good morning, the caller . How good to hear from you. and 2 other ways" in seen
    assert "Without a name: Good morning, this is Officine Lume. and 2 other ways" in seen


async def test_agents_do_not_word_phrases(premises: Premises) -> None:
    desk = Desk(await premises.browser("agent"))
    await desk.see("", 403)
    await desk.send("/greet/own", 403, wording=GOOD)


async def test_what_is_typed_is_kept_and_what_is_wrong_is_told_beside_it(premises: Premises, desk: Desk) -> None:
    answer = await desk.write("greet", "Salve {nome}.", GOOD, "Salve, {name}. Purtroppo siamo {name}.", **MARIA)
    assert "Not known here: {nome}." in answer
    assert "Missing: {name}." in answer
    assert "Salve, Maria Rossi. Mi dica." in answer
    assert "Hollow: Purtroppo. Every call centre says it" in answer
    assert "it must be corrected before you publish it" in answer
    assert await desk.typed("greet") == ["Salve {nome}.", GOOD, "Salve, {name}. Purtroppo siamo {name}."]
    assert "1 phrase changed , not published yet." in await desk.see()
    assert "To be corrected first: They have called before (Italian)" in await desk.see("/bye")
    answered = await desk.publish()
    assert answered.status_code == 409
    assert await phrases_of(premises) == {}


async def test_blank_wordings_are_no_wordings_and_a_field_too_many_is_not_kept(premises: Premises, desk: Desk) -> None:
    await desk.write("bye", " ", "Alla\n prossima.")
    assert await desk.typed("bye") == ["Alla prossima."]
    answer = await desk.write("bye", "a" * 601)
    assert "At most 600 letters." in answer
    assert "Not kept." in answer
    assert await desk.typed("bye") == ["Alla prossima."]
    await desk.write("bye", "")
    assert await desk.typed("bye") == []
    assert "not published yet" not in await desk.see()  # the draft says what holds


async def test_wordings_are_added_moved_and_taken_away(desk: Desk) -> None:
    await desk.write("bye", "Uno.", do="add")
    assert await desk.typed("bye") == ["Uno."]
    await desk.write("bye", "Uno.", "Due.", do="from:1")
    ready = await desk.typed("bye")
    assert ready == ["Uno.", "Due.", "A presto."]
    await desk.write("bye", *ready, do="up:2")
    assert await desk.typed("bye") == ["Uno.", "A presto.", "Due."]
    await desk.write("bye", *await desk.typed("bye"), do="drop:0")
    assert await desk.typed("bye") == ["A presto.", "Due."]
    answer = await desk.browser.post(f"{PAGE}/bye/restore", data={"language": "it"})
    assert answer.headers["location"] == f"{PAGE}/bye?language=it"
    assert await desk.typed("bye") == []


async def test_everything_is_heard_by_whoever_is_invented(desk: Desk) -> None:
    wording = "<Bentornato|Bentornata|Eccoci>, {name}. {hello}."
    friend = MARIA | {"gender": "feminine", "address": "friend", "clock": "19:30"}
    answer = await desk.send("/greet/heard", wording=wording, **friend)
    assert "Bentornata, Maria. Buonasera." in answer
    assert "Buonasera, Maria. Che piacere sentirti." in answer  # the ready-made ones too
    assert "As Maria Rossi hears it · addressed as a friend · feminine · at 19:30" in answer
    doctor = MARIA | {"title": "dottor", "gender": "masculine", "given": "Ugo", "agent": "Luca"}
    answer = await desk.send("/promised/heard", **doctor)
    assert "D'accordo, dottor Rossi: Luca la richiama oggi alle 11:10." in answer
    assert await desk.typed("greet") == []  # nothing of it is kept


async def test_what_is_fixed_is_shown_and_cannot_be_worded(desk: Desk) -> None:
    seen = await desk.see("/text_promised?language=it")
    assert "Officine Lume: Anna la chiama oggi alle 11:10." in seen
    assert "Their words are fixed" in seen
    await desk.send("/text_promised/own", 404, wording="Ciao")


async def test_a_regions_own_words_have_a_place_of_their_own(premises: Premises, desk: Desk) -> None:
    await publish_elsewhere(premises, phrases={"en-US": {"bye": ["Take care."]}})
    assert await desk.typed("bye", "en-US") == ["Take care."]
    assert await desk.typed("bye", "en") == []
    await desk.write("bye", "So long.", language="en-US")
    assert (await desk.publish(language="en-US", situation="bye")).headers["location"].startswith(f"{PAGE}/bye?")
    assert await phrases_of(premises) == {"en-US": {"bye": ["So long."]}}


async def test_phrases_are_published_from_their_own_page(premises: Premises, desk: Desk) -> None:
    await desk.write("greet", GOOD)
    assert (await desk.publish(note="x" * 501)).status_code == 422
    published = await desk.publish(note="  Più\n calore ", situation="greet")
    assert published.headers["location"] == f"{PAGE}/greet?language=it&published=1"
    assert await phrases_of(premises) == {"it": {"greet": [GOOD]}}
    assert (await premises.api.get("/plan/versions")).json()["items"][0]["note"] == "Più calore"
    seen = await desk.see("/greet?language=it&published=1")
    assert "Published. It is heard from the next call on." in seen
    assert "not published yet" not in seen


async def test_a_draft_that_changes_rules_too_is_published_on_their_page(premises: Premises, desk: Desk) -> None:
    await desk.write("greet", GOOD)
    form = {"path": text_of(("ring_seconds",)), "value": "35", "page": "talks"}
    await desk.browser.post("/console/plan/draft", data=form, headers={"HX-Request": "true"})
    assert "not published yet. Your draft also changes one thing of the rules." in " ".join((await desk.see()).split())
    assert (await desk.publish()).status_code == 409
    await desk.browser.post(f"{PAGE}/discard", data={"language": "it"})
    assert await desk.typed("greet") == []
    plan = (await desk.browser.get("/console/plan/review")).text
    assert "35 s" in plan
    assert GOOD not in plan


async def test_the_second_of_two_managers_sees_that_somebody_has_published(premises: Premises, desk: Desk) -> None:
    await desk.write("greet", GOOD)
    await publish_elsewhere(premises, ring_seconds=30)
    assert "Somebody else has published meanwhile." in await desk.see("/greet")
    assert (await desk.publish()).status_code == 409
    assert await desk.typed("greet") == [GOOD]
    assert await phrases_of(premises) == {}
