"""Customers in the console: found as one types, known, kept true, made one and told apart, and let go."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from crm.tables import interactions
from tests.desk.browsing import Premises

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

HERE = "/console/customers"
PART = {"HX-Request": "true"}


def names_in(page: str) -> list[str]:
    return [html.unescape(name) for name in re.findall(r'<a class="name" [^>]*>([^<]+)</a>', page)]


def told(page: str) -> str:
    """What it says, without its tags."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def errors(page: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r'<small[^>]*class="error"[^>]*>([^<]+)</small>', page)]


async def post(browser: httpx2.AsyncClient, path: str, **fields: Any) -> httpx2.Response:
    return await browser.post(path, data=fields, headers=PART)


async def talked(premises: Premises, customer_id: str, agent_id: str | None, days: int = 1, **more: Any) -> None:
    at = (premises.clock.now() - timedelta(days=days)).isoformat()
    body = {"customer": customer_id, "agent": agent_id, "started_at": at, "talk_seconds": 300, "outcome": "solved"}
    answer = await premises.api.post("/interactions", json=body | more)
    assert answer.status_code == 201, answer.text


async def audited(premises: Premises, customer_id: str) -> list[tuple[str, dict[str, Any]]]:
    found = (await premises.api.get("/audit", params={"customer": customer_id})).json()["items"]
    return [(one["what"], one["detail"] or {}) for one in found if one["by"].startswith("usr_")]


async def test_people_are_found_by_whatever_is_typed_and_it_is_written_down(premises: Premises) -> None:
    maria = await premises.customer(email="maria@lume.example")
    await premises.customer("Hans Müller", "+4930123456")
    browser = await premises.browser()
    for words, expected in (
        ("ross mar", ["Maria Rossi"]),
        ("333 123", ["Maria Rossi"]),
        ("maria@lume.example", ["Maria Rossi"]),
        ("mueller", ["Hans Müller"]),
        ("nobody at all", []),
    ):
        assert names_in((await post(browser, f"{HERE}/found", q=words)).text) == expected
    assert "At least 2 letters" in (await post(browser, f"{HERE}/found", q="m")).text
    assert [what for what, _ in await audited(premises, maria)] == ["searched"] * 3


async def test_who_comes_back_to_a_search_looks_at_nobody_else(premises: Premises) -> None:
    browser, maria = await premises.browser(), await premises.customer()
    await talked(premises, maria, None, days=2)
    for page in (f"{HERE}?again", "/console/stories?again"):
        assert "Maria" not in (await browser.get(page)).text
    assert await audited(premises, maria) == []


async def test_who_was_talked_with_last_comes_first_before_anything_is_typed(premises: Premises) -> None:
    browser = await premises.browser()
    assert "Nobody is known yet" in (await browser.get(HERE)).text
    maria, hans = await premises.customer(), await premises.customer("Hans Müller", "+4930123456")
    await premises.customer("Never Talked", "+393330000000")
    await talked(premises, hans, None, days=3)
    await talked(premises, maria, None, days=2)
    assert names_in((await browser.get(HERE)).text) == ["Maria Rossi", "Hans Müller"]
    assert names_in((await post(browser, f"{HERE}/found", q=" ")).text) == ["Maria Rossi", "Hans Müller"]


async def test_agents_have_no_page_of_customers_here(premises: Premises) -> None:
    maria = await premises.customer()
    browser = await premises.browser("agent", agent_id=await premises.agent())
    for path in ("", "/new", "/duplicates", "/import", f"/{maria}", f"/{maria}/export/json", f"/{maria}/erase"):
        assert (await browser.get(f"{HERE}{path}")).status_code == 403
    assert (await post(browser, f"{HERE}/export", kind="csv")).status_code == 403


async def test_a_person_is_written_down_by_hand(premises: Premises) -> None:
    browser = await premises.browser()
    nobody = await post(browser, f"{HERE}/new", name="", phones="", email="")
    assert errors(nobody.text) == ["A name, a number or an e-mail is needed, or nobody could be known by it."]
    wrong = await post(browser, f"{HERE}/new", name="Maria Rossi", phones=["", "12"], email="maria", formal="informal")
    assert wrong.status_code == 422
    assert 'value="12"' in wrong.text
    made = await post(browser, f"{HERE}/new", name="Maria Rossi", phones=["333 1234567", ""], formal="informal")
    assert made.status_code == 204
    customer_id = made.headers["hx-redirect"].split("/")[-1].partition("?")[0]
    kept = (await premises.api.get(f"/customers/{customer_id}")).json()
    assert (kept["name"], kept["phones"], kept["formal"]) == ("Maria Rossi", ["+393331234567"], False)
    assert "Written down." in told((await browser.get(made.headers["hx-redirect"])).text)


async def test_the_profile_tells_who_knows_them_what_is_open_and_who_shares_their_number(premises: Premises) -> None:
    anna = await premises.agent()
    maria = await premises.customer(say="ma-RI-a", preferred_agent=anna, tags=["vip"], notes="likes lamps")
    await premises.customer("Paolo Rossi")
    for days in (1, 2, 3):
        await talked(premises, maria, anna, days, outcome="transferred", topic="dimmer")
    await premises.api.post("/cases", json={"customer": maria, "owner": anna, "title": "the flicker"})
    browser = await premises.browser()
    page = ""
    for part in ("", "/around", "/cases"):  # two of them are looked for while the first is read
        page += told((await browser.get(f"{HERE}/{maria}{part}")).text)
    for words in ("say ma-RI-a", "The customer chose this person.", "the flicker", "Paolo Rossi", "likes lamps", "vip"):
        assert words in page
    assert "weary of us" in page
    italian = told((await (await premises.browser(language="it")).get(f"{HERE}/{maria}")).text)
    assert "The customer chose" not in italian
    assert "L'ha scelta il cliente" in italian or "scelt" in italian
    assert ("read", {}) in await audited(premises, maria)


FACTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [  # which part, what is typed, what is kept then
    (
        "who",
        {"name": "Maria Rossi", "called": "Mari", "title": "dottoressa", "say": "ma-RI-a", "gender": "feminine"}
        | {"formal": "informal", "language": "de-DE", "given": "Maria", "surname": "Rossi", "photo_url": ""},
        {"called": "Mari", "title": "dottoressa", "gender": "feminine", "formal": False, "language": "de-DE"},
    ),
    (
        "reach",
        {"phones": ["06 12345678", "+393331234567", ""], "email": "m@lume.example", "quiet_from": "21:00"}
        | {"quiet_to": "09:00", "time_zone": "Europe/Berlin", "addresses": ["sip:Maria@Office.example", ""]},
        {"phones": ["+390612345678", "+393331234567"], "quiet_hours": "21:00-09:00", "time_zone": "Europe/Berlin"}
        | {"addresses": ["sip:maria@office.example"], "external_id": None},
    ),
    (
        "manner",
        {"style": "step by step", "life_notes": "two cats\r\nand a dog", "notes": "", "tags": "vip, lamps; vip"},
        {"style": "step by step", "life_notes": "two cats\nand a dog", "notes": None, "tags": ["vip", "lamps"]},
    ),
]


async def test_facts_are_changed_where_they_stand(premises: Premises) -> None:
    maria, anna = await premises.customer(), await premises.agent()
    browser = await premises.browser()
    bonds = (
        "bonds",
        {"preferred_agent": anna, "stand_ins": [anna, ""]},
        {"preferred_agent": anna, "stand_ins": [anna]},
    )
    for part, typed, becomes in [*FACTS, bonds]:
        assert (await browser.get(f"{HERE}/{maria}/facts/{part}?edit=1")).status_code == 200
        saved = await post(browser, f"{HERE}/{maria}/facts/{part}", **typed)
        assert saved.status_code == 200, told(saved.text)
        assert "Saved." in saved.text
        kept = (await premises.api.get(f"/customers/{maria}")).json()
        assert {name: kept[name] for name in becomes} == becomes
    assert ("changed", {"fields": ["preferred_agent", "stand_ins"]}) in await audited(premises, maria)


async def test_a_fact_that_is_refused_is_told_beside_its_field_with_all_that_was_typed(premises: Premises) -> None:
    await premises.customer("Hans Müller", "+4930123456", external_id="crm-1")
    maria = await premises.customer()
    browser = await premises.browser(language="it")
    typed = {"phones": ["333 1234567", "twelve"], "email": "nowhere", "quiet_from": "21:00", "external_id": "crm-1"}
    answer = await post(browser, f"{HERE}/{maria}/facts/reach", **typed)
    assert answer.status_code == 422
    assert errors(answer.text) == [
        "Questo non è un indirizzo e-mail.",
        "Le ore di quiete si scrivono come 21:00-09:00.",
    ]
    answer = await post(browser, f"{HERE}/{maria}/facts/reach", **typed | {"email": "", "quiet_from": ""})
    assert errors(answer.text) == ["Questo non è un numero di telefono."]
    assert re.search(r'value="twelve"[^>]*aria-invalid="true"', answer.text)
    answer = await post(browser, f"{HERE}/{maria}/facts/reach", external_id="crm-1", phones="333 1234567")
    assert errors(answer.text) == ["C'è già un cliente con questo codice."]
    assert (await premises.api.get(f"/customers/{maria}")).json()["phones"] == ["+393331234567"]


async def test_a_number_is_given_up(premises: Premises) -> None:
    maria = await premises.customer()
    answer = await post(await premises.browser(), f"{HERE}/{maria}/given-up", number="+393331234567")
    assert "Former numbers" in told(answer.text)
    assert (await premises.api.get(f"/customers/{maria}")).json()["former_phones"] == ["+393331234567"]


async def test_cases_are_opened_handed_over_solved_and_opened_again(premises: Premises) -> None:
    maria, anna = await premises.customer(), await premises.agent()
    browser = await premises.browser()
    empty = await post(browser, f"{HERE}/{maria}/cases", title=" ", owner=anna)
    assert errors(empty.text) == ["Please say in a few words what it is about."]
    assert "the lamp" in (await post(browser, f"{HERE}/{maria}/cases", title="the lamp", owner="")).text
    (case,) = (await premises.api.get("/cases", params={"customer": maria})).json()["items"]
    at = f"{HERE}/{maria}/cases/{case['id']}"
    for fields in ({"owner": anna}, {"owner": anna, "state": "solved"}, {"state": "open"}):
        assert (await post(browser, at, **fields)).status_code == 200
    (case,) = (await premises.api.get("/cases", params={"customer": maria})).json()["items"]
    assert (case["owner"], case["state"], case["reopened"]) == (anna, "open", 1)


async def test_the_story_is_sieved_by_words_and_kinds_and_goes_on(premises: Premises) -> None:
    maria, anna = await premises.customer(), await premises.agent()
    for days in range(1, 31):
        await talked(premises, maria, anna, days, summary=f"talk number {days}.")
    browser = await premises.browser()
    at = f"{HERE}/{maria}"
    page = (await browser.get(f"{at}/story")).text
    assert "talk number 1." in page
    assert "talk number 30." not in page
    cursor = re.search(r'name="cursor" value="([^"]+)"', page)
    assert cursor is not None
    assert "talk number 30." in (await post(browser, f"{at}/timeline", cursor=cursor[1])).text
    found = told((await post(browser, f"{at}/timeline", q="NUMBER 17.", kind="call")).text)
    assert "talk number 17." in found
    assert "talk number 18." not in found
    assert "Nothing with this in it." in told((await post(browser, f"{at}/timeline", kind="note")).text)


async def test_notes_and_stories_are_written_changed_and_deleted(premises: Premises) -> None:
    maria = await premises.customer()
    browser = await premises.browser()
    at = f"{HERE}/{maria}/notes"
    assert errors((await post(browser, at, kind="note", words=" ", tags="x")).text) == ["Nothing is written yet."]
    told_us = await post(browser, at, kind="story", words="The lamp was\nmy mother's.", tags="lamps, family")
    assert "my mother's." in html.unescape(told_us.text)
    (note,) = (await premises.api.get(f"/customers/{maria}/notes")).json()["items"]
    assert (note["kind"], note["words"], note["tags"]) == ("story", "The lamp was\nmy mother's.", ["lamps", "family"])
    assert len(errors((await post(browser, f"{at}/{note['id']}", words="", tags="")).text)) == 1
    await post(browser, f"{at}/{note['id']}", words="The lamp.", tags="")
    assert (await premises.api.get(f"/customers/{maria}/notes")).json()["items"][0]["words"] == "The lamp."
    assert "Nothing is written down yet." in told((await post(browser, f"{at}/{note['id']}/remove")).text)


async def test_their_yes_and_no_and_whom_they_do_not_want(premises: Premises) -> None:
    maria, anna = await premises.customer(), await premises.agent()
    browser = await premises.browser()
    at = f"{HERE}/{maria}"
    assert "not asked yet" in told((await browser.get(f"{at}/rights")).text)
    page = told((await post(browser, f"{at}/consents/recording", given="no")).text)
    assert "Recording of talks no, 10:00, told to one of us" in page
    assert errors((await post(browser, f"{at}/vetoes", agent="", by="customer")).text) == ["Please choose an agent."]
    page = told((await post(browser, f"{at}/vetoes", agent=anna, by="agent")).text)
    assert "declined by the agent" in page
    page = told((await browser.get(f"{at}/rights")).text)
    assert "Paola Neri: wrote down a yes or no" in page
    gone = told((await post(browser, f"{at}/vetoes/{anna}/remove", by="agent")).text)
    assert "declined by" not in gone


async def test_two_records_are_compared_made_one_and_told_apart_again(premises: Premises) -> None:
    anna = await premises.agent()
    maria = await premises.customer(email="m@lume.example")
    other = await premises.customer(
        "Maria Rossi", "+390612345678", email="m@lume.example", called="Mari", style="brief"
    )
    await talked(premises, maria, anna)
    browser = await premises.browser()
    assert "This may be the same person as Maria Rossi." in told((await browser.get(f"{HERE}/{maria}/around")).text)
    pairs = (await browser.get(f"{HERE}/duplicates/more")).text
    first, second = (pairs.index(f'"kept" value="{one}"') for one in (maria, other))
    assert first < second  # who has more of a past stays
    page = told(pairs)
    assert "same e-mail" in page
    assert "Likes to be called Maria Mari As one: Maria" in page
    assert "How to talk with them – brief As one: brief" in page
    assert pairs == (await browser.get(f"{HERE}/duplicates/more?of={maria}")).text
    merged = await post(browser, f"{HERE}/duplicates/merge", kept=maria, other=other)
    assert "They are one now: Maria Rossi." in told(merged.text)
    moved = await browser.get(f"{HERE}/{other}")
    assert moved.headers["location"] == f"{HERE}/{maria}"
    rights = (await browser.get(f"{HERE}/{maria}/rights")).text
    merge_id = re.search(r"merges/(mrg_\w+)/undo", rights)
    assert merge_id is not None
    undone = await post(browser, f"{HERE}/merges/{merge_id[1]}/undo")
    assert "Two people again" in told(undone.text)
    assert (await browser.get(f"{HERE}/{other}")).status_code == 200
    apart = await post(browser, f"{HERE}/duplicates/apart", kept=maria, other=other)
    assert "They are not proposed again." in told(apart.text)
    assert "No two records look like one person." in told((await browser.get(f"{HERE}/duplicates/more")).text)
    again = await post(browser, f"{HERE}/duplicates/merge", kept=maria, other=maria)
    assert again.status_code == 409


async def test_one_person_leaves_the_house_as_a_page_as_data_and_as_a_card(premises: Premises) -> None:
    maria = await premises.customer()
    browser = await premises.browser()
    at = f"{HERE}/{maria}/export"
    page = await browser.get(f"{at}/page")
    assert page.headers["content-type"].startswith("text/html")
    assert "style-src 'sha256-" in page.headers["content-security-policy"]  # the document's own
    data = await browser.get(f"{at}/json")
    assert data.headers["content-disposition"] == f'attachment; filename="{maria}.json"'
    assert json.loads(data.text)["customer"]["name"] == "Maria Rossi"
    assert (await browser.get(f"{at}/card")).text.startswith("BEGIN:VCARD")
    assert (await browser.get(f"{at}/pdf")).status_code == 404
    assert [what for what, _ in await audited(premises, maria)] == ["exported"] * 3


async def test_everybody_leaves_in_one_file_that_no_spreadsheet_obeys(premises: Premises) -> None:
    await premises.customer(notes="=HYPERLINK(1)")
    browser = await premises.browser()
    answer = await browser.post(f"{HERE}/export", data={"kind": "csv"})
    assert answer.headers["content-disposition"] == 'attachment; filename="customers.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["name"], row["notes"], row["phones"]) == ("Maria Rossi", "'=HYPERLINK(1)", "'+393331234567")
    assert "BEGIN:VCARD" in (await browser.post(f"{HERE}/export", data={"kind": "vcf"})).text
    assert (await browser.post(f"{HERE}/export", data={"kind": "exe"})).status_code == 404
    rows = (await premises.api.get("/audit", params={"what": "exported"})).json()["items"]
    assert sorted(one["detail"]["kind"] for one in rows) == ["csv", "vcf"]


async def test_nobody_is_erased_before_their_name_is_typed(premises: Premises) -> None:
    maria = await premises.customer()
    await talked(premises, maria, None)
    browser = await premises.browser()
    at = f"{HERE}/{maria}/erase"
    page = told((await browser.get(at)).text)
    assert "1 conversation" in page
    assert "To erase, type: Maria Rossi" in page
    wrong = await browser.post(at, data={"typed": "Maria"})
    assert wrong.status_code == 422
    assert errors(wrong.text) == ["This is not what is asked for above."]
    assert (await premises.api.get(f"/customers/{maria}")).status_code == 200
    gone = await browser.post(at, data={"typed": " maria  ROSSI "})
    assert gone.headers["location"] == f"{HERE}?told=erased"
    assert (await premises.api.get(f"/customers/{maria}")).status_code == 404
    assert ("erased", {}) in await audited(premises, maria)
    assert (await browser.get(f"{HERE}/{maria}")).status_code == 404


async def test_what_two_people_share_is_told_in_sentences(premises: Premises) -> None:
    maria, anna, bruno = await premises.customer(), await premises.agent(), await premises.agent("Bruno Neri")
    for days in (1, 40):
        await talked(premises, maria, anna, days, topic="dimmer", summary="it flickers")
    await talked(premises, maria, bruno, topic="invoice")
    await premises.api.post("/cases", json={"customer": maria, "owner": anna, "title": "the flicker"})
    browser = await premises.browser()
    page = told((await browser.get(f"{HERE}/{maria}/with/{anna}")).text)
    for words in (
        "Solved it twice.",
        "They talked between 22 Jan 2026 and 2 Mar 2026.",
        "Most often it was about: dimmer.",
        "the flicker",
    ):
        assert words in page
    assert "invoice" not in page
    assert "They talked once, on 2 Mar 2026." in told((await browser.get(f"{HERE}/{maria}/with/{bruno}")).text)
    carla = await premises.agent("Carla Verdi")
    await talked(premises, paolo := await premises.customer("Paolo Neri", "+393337654321"), carla)
    async with premises.database.write() as conn:
        await conn.execute(update(interactions).where(interactions.c.customer_id == paolo).values(judged=False))
    silent = (await browser.get(f"{HERE}/{paolo}/with/{carla}")).text
    assert ("A conversation" in silent, "badge good" in silent, "Solved" in silent) == (True, False, False)
    assert "A conversation" in (await browser.get(f"{HERE}/{paolo}/story")).text
    assert "The two have not talked yet." in told((await browser.get(f"{HERE}/{maria}/with/{carla}")).text)
    assert (await browser.get(f"{HERE}/{maria}/with/agt_nobody")).status_code == 404
