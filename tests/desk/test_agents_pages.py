"""Agents in the console: found, made, changed where they stand, away, and gone with their people in good hands."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from desk.tables import users
from routing.tables import agents
from tests.desk.browsing import Premises

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

HERE = "/console/agents"
PART = {"HX-Request": "true"}


def names_in(page: str) -> list[str]:
    return re.findall(r'<a class="name" [^>]*>([^<]+)</a>', page)


def told(page: str) -> str:
    """What it says, without its tags."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def errors(page: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r'<small[^>]*class="error"[^>]*>([^<]+)</small>', page)]


async def post(browser: httpx2.AsyncClient, path: str, **fields: Any) -> httpx2.Response:
    return await browser.post(path, data=fields, headers=PART)


async def test_an_empty_house_says_what_to_do_first(premises: Premises) -> None:
    page = (await (await premises.browser()).get(HERE)).text
    assert "a name is enough to begin with" in page
    assert 'href="/console/agents/new"' in page


async def test_agents_have_no_page_of_others(premises: Premises) -> None:
    agent_id = await premises.agent()
    browser = await premises.browser("agent", agent_id=agent_id)
    for path in (HERE, f"{HERE}/new", f"{HERE}/{agent_id}", f"{HERE}/{agent_id}/leave"):
        assert (await browser.get(path)).status_code == 403


async def test_the_list_is_narrowed_by_all_that_is_chosen(premises: Premises) -> None:
    anna = await premises.agent("Anna Bianchi", team="workshop", skills={"repairs": 5})
    await premises.agent("Bruno Neri", team="orders", skills={"repairs": 2}, languages=["it-IT", "de-DE"])
    await premises.agent("Carla Verdi", team="orders")
    await premises.api.put(f"/agents/{anna}/presence", json={"availability": "ready"})
    browser = await premises.browser()
    assert names_in((await browser.get(HERE)).text) == ["Anna Bianchi", "Bruno Neri", "Carla Verdi"]
    for narrowed, expected in (
        ({"q": "bia anna"}, ["Anna Bianchi"]),
        ({"team": "orders"}, ["Bruno Neri", "Carla Verdi"]),
        ({"skill": "repairs", "team": "orders"}, ["Bruno Neri"]),
        ({"language": "de-DE"}, ["Bruno Neri"]),
        ({"presence": "ready"}, ["Anna Bianchi"]),
        ({"presence": "talking"}, []),
    ):
        assert names_in((await post(browser, f"{HERE}/found", **narrowed)).text) == expected


async def test_a_row_tells_of_shift_promises_absence_and_stand_in(premises: Premises) -> None:
    bruno = await premises.agent("Bruno Neri")
    anna = await premises.agent(hours="Mo-Fr 09:00-17:00", stand_in=bruno)
    now = premises.clock.now()
    away = {"starts_at": (now + timedelta(days=3)).isoformat(), "ends_at": (now + timedelta(days=5)).isoformat()}
    await premises.api.post(f"/agents/{anna}/absences", json=away)
    await promised(premises, anna, await premises.customer())
    row = told((await (await premises.browser()).get(HERE)).text).partition("Bruno Neri In the browser")[0]
    for words in (
        "on shift until 17:00",
        "1 promise, next tomorrow, 11:00",
        "away from Fri 6 Mar",
        "stand-in: Bruno Neri",
    ):
        assert words in row


async def test_why_somebody_is_away_is_told_in_the_readers_language(premises: Premises) -> None:
    anna = await premises.agent()
    browser = await premises.browser(language="it")
    for reason, words in (("lunch", "Pranzo"), ("missed rings", "chiamate"), ("Dal dentista", "Dal dentista")):
        await premises.api.put(f"/agents/{anna}/presence", json={"availability": "away", "reason": reason})
        for page in (HERE, f"{HERE}/{anna}", f"{HERE}/{anna}/now"):
            shown = told((await browser.get(page)).text)
            assert words in shown, page
            assert words == reason or reason not in shown, page


async def test_an_agent_is_made_from_a_name(premises: Premises) -> None:
    browser = await premises.browser()
    for _ in range(2):  # two of one name have two telephones
        made = await post(browser, f"{HERE}/new", name="Ilaria D'Amico", how="client", languages="it-IT", when="any")
        assert made.status_code == 204
    async with premises.database.read() as conn:
        rows = (await conn.execute(select(agents.c.name, agents.c.address).order_by(agents.c.address))).all()
    assert [tuple(row) for row in rows] == [
        ("Ilaria D'Amico", "client:ilaria.d.amico"),
        ("Ilaria D'Amico", "client:ilaria.d.amico.2"),
    ]
    page = (await browser.get(made.headers["hx-redirect"])).text
    assert "Next: let them sign in" in page
    assert f"/console/settings/users?agent={made.headers['hx-redirect'].split('/')[-1].partition('?')[0]}" in page


async def test_with_an_address_they_are_invited_at_once_and_the_next_one_can_be_typed(premises: Premises) -> None:
    browser = await premises.browser(email="paola@lume.example")
    typed = {"how": "client", "languages": "it-IT", "when": "any"}
    made = await post(browser, f"{HERE}/new", name="Anna Bianchi", email="Anna@lume.example", **typed)
    assert made.status_code == 200
    assert "Anna Bianchi is here" in told(made.text)
    assert re.search(r'name="name"[^>]*value=""', made.text)
    link = re.search(r'value="(http[^"]*/invite/[^"]+)"', made.text)
    assert link is not None
    assert "anna@lume.example" in (await premises.stranger().get(link[1].partition(".test")[2])).text
    for email, why in (
        ("anna@lume.example", "Somebody already signs in with this address."),
        ("bruno", "This is not an e-mail address."),
    ):
        refused = await post(browser, f"{HERE}/new", name="Bruno Neri", email=email, **typed)
        assert (refused.status_code, errors(refused.text)) == (422, [why])
        assert f'value="{email}"' in refused.text
    async with premises.database.read() as conn:
        assert (await conn.scalars(select(agents.c.name))).all() == ["Anna Bianchi"]
        assert (await conn.execute(select(users.c.role, users.c.name).where(users.c.agent_id.is_not(None)))).all() == [
            ("agent", "Anna Bianchi")
        ]


async def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(premises: Premises) -> None:
    await premises.agent("Bruno Neri", address="+390612345678", external_id="b-1")
    typed = {
        "name": "Anna Bianchi",
        "how": "number",
        "number": "06 12345678",
        "languages": "it-IT",
        "team": "atelier",
        "skill": ["repairs", "orders"],
        "level": ["5", "lots"],
        "when": "week",
        "Mo-0-from": "09:00",
        "Mo-0-to": "",
        "photo_url": "somewhere",
    }
    browser = await premises.browser()
    answer = await post(browser, f"{HERE}/new", **typed)
    assert answer.status_code == 422
    assert errors(answer.text) == ["A level is a whole number from 1 to 100.", "Please give both times."]
    assert 'value="lots"' in answer.text
    answer = await post(browser, f"{HERE}/new", **typed | {"level": ["5", "3"], "Mo-0-to": "13:00"})
    assert errors(answer.text) == ["A web address begins with https:// or http:// and has no blanks."]
    answer = await post(browser, f"{HERE}/new", **typed | {"level": ["5", "3"], "Mo-0-to": "13:00", "photo_url": ""})
    assert errors(answer.text) == ["There is already an agent with this address."]
    for kept in ("Anna Bianchi", "06 12345678", "atelier", "repairs", "13:00"):
        assert f'value="{kept}"' in answer.text


PHOTO = "https://lume.example/anna.jpg"
WORDS = "Mo-Fr 09:00-17:00; Dec 24 off"
MORNING = {"when": "week", "Mo-0-from": "09:00", "Mo-0-to": "13:00", "holidays-off": "on"}
PARTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [  # which, what is typed, what is kept then
    ("who", {"name": "Anna B.", "external_id": "a-1", "photo_url": PHOTO}, {"name": "Anna B.", "external_id": "a-1"}),
    ("who", {"name": "Anna B.", "team": ""}, {"team": None, "external_id": None, "photo_url": None}),
    ("reach", {"how": "sip", "sip": "Anna@Office.example"}, {"address": "sip:Anna@office.example"}),
    ("reach", {"how": "number", "number": "333 1234567"}, {"address": "+393331234567"}),
    ("reach", {"how": "client", "client": "anna.b"}, {"address": "client:anna.b"}),
    ("languages", {"languages": ["it-IT"], "other_language": "ro"}, {"languages": ["it-IT", "ro"]}),
    ("skills", {"skill": ["repairs", ""], "level": ["7", ""]}, {"skills": {"repairs": 7}}),
    ("hours", MORNING, {"hours": "Mo 09:00-13:00; PH off"}),
    ("hours", {"when": "text", "hours_text": WORDS}, {"hours": WORDS}),
    ("hours", {"when": "any"}, {"hours": None}),
    ("bonds", {"stand_in": "", "successor": ""}, {"stand_in": None, "successor": None}),
]


async def test_each_part_is_changed_where_it_stands(premises: Premises) -> None:
    anna = await premises.agent(team="workshop", hours="Sa 10:00-12:00")
    browser = await premises.browser()
    for part, typed, becomes in PARTS:
        assert (await browser.get(f"{HERE}/{anna}/parts/{part}?edit=1")).status_code == 200
        saved = await post(browser, f"{HERE}/{anna}/parts/{part}", **typed)
        assert saved.status_code == 200, told(saved.text)
        assert "Saved." in saved.text
        kept = (await premises.api.get(f"/agents/{anna}")).json()
        assert {name: kept[name] for name in becomes} == becomes


async def test_a_part_that_is_refused_keeps_what_was_typed(premises: Premises) -> None:
    anna = await premises.agent()
    browser = await premises.browser(language="it")
    answer = await post(browser, f"{HERE}/{anna}/parts/hours", when="text", hours_text="when the moon is full")
    assert answer.status_code == 422
    assert "Non si capisce come orario" in errors(answer.text)[0]
    assert 'value="when the moon is full"' in answer.text
    answer = await post(browser, f"{HERE}/{anna}/parts/bonds", stand_in=anna, successor="")
    assert errors(answer.text) == ["Nessuno può sostituire sé stesso."]
    answer = await post(browser, f"{HERE}/{anna}/parts/reach", how="number", number="12")
    assert len(errors(answer.text)) == 1
    assert (await browser.get(f"{HERE}/{anna}/parts/secrets")).status_code == 404


async def test_an_absence_tells_whose_promises_it_touches(premises: Premises) -> None:
    anna = await premises.agent()
    await promised(premises, anna, await premises.customer())
    browser = await premises.browser()
    days = {"from_day": "2026-03-04", "to_day": "2026-03-06", "reason": "a course"}
    before = told((await post(browser, f"{HERE}/{anna}/absences/touched", **days)).text)
    assert "1 promise falls into this time" in before
    assert "Maria Rossi , tomorrow, 11:00" in before
    none = await post(browser, f"{HERE}/{anna}/absences/touched", from_day="2026-04-01", to_day="2026-04-01")
    assert "No promise of theirs" in none.text
    written = await post(browser, f"{HERE}/{anna}/absences", **days)
    assert "Written down." in told(written.text)
    assert "Maria Rossi" in written.text
    (absence,) = (await premises.api.get(f"/agents/{anna}/absences")).json()["items"]
    assert (absence["starts_at"], absence["ends_at"]) == ("2026-03-03T23:00:00Z", "2026-03-06T23:00:00Z")
    gone = await post(browser, f"{HERE}/{anna}/absences/{absence['id']}/remove")
    assert "None ahead." in gone.text


async def test_an_absence_that_ends_before_it_begins_is_told_beside_its_day(premises: Premises) -> None:
    anna = await premises.agent()
    browser = await premises.browser()
    answer = await post(
        browser, f"{HERE}/{anna}/absences", from_day="2026-03-06", to_day="2026-03-04", reason="a course"
    )
    assert answer.status_code == 422
    assert errors(answer.text) == ["An absence ends after it has begun."]
    assert 'value="a course"' in answer.text
    answer = await post(browser, f"{HERE}/{anna}/absences", from_day="", to_day="soon")
    assert errors(answer.text) == ["Please give a day.", "Please give a day."]


async def test_whom_they_know_best_leaves_out_who_do_not_want_each_other(premises: Premises) -> None:
    anna = await premises.agent()
    maria = await premises.customer(preferred_agent=anna)
    paolo = await premises.customer("Paolo Verdi", "+393339999999")
    for customer in (maria, paolo):
        await talked(premises, customer, anna)
    browser = await premises.browser()
    page = told((await browser.get(f"{HERE}/{anna}/people")).text)
    assert "Maria Rossi chose this agent 1 conversation" in page
    assert "Paolo Verdi" in page
    await premises.api.put(f"/customers/{paolo}/vetoes/{anna}", json={"by": "customer"})
    assert "Paolo Verdi" not in (await browser.get(f"{HERE}/{anna}/people")).text
    looks = (await premises.api.get("/audit", params={"customer": maria, "what": "searched"})).json()["items"]
    assert looks  # names were shown


async def test_who_leaves_hands_over_what_was_told_in_figures_before(premises: Premises) -> None:
    anna, bruno = await premises.agent(), await premises.agent("Bruno Neri")
    maria = await premises.customer(preferred_agent=anna)
    await talked(premises, maria, anna)
    await talked(premises, maria, bruno)
    await premises.api.post("/cases", json={"customer": maria, "owner": anna, "title": "the lamp"})
    await promised(premises, anna, maria)
    browser = await premises.browser()
    page = told((await browser.get(f"{HERE}/{anna}/leave")).text)
    for words in (
        "1 person chose them",
        "1 open matter",
        "1 open promise",
        "Without a successor",
        "knows 1 of the same people",
    ):
        assert words in page
    page = told((await post(browser, f"{HERE}/{anna}/leave", successor=bruno)).text)
    assert "Hand over to Bruno Neri now" in page
    page = told((await post(browser, f"{HERE}/{anna}/hand-over")).text)
    assert "Handed over to Bruno Neri: 1 people, 1 matters, 1 promises." in page
    assert "nothing is open in their hands" in page
    gone = await post(browser, f"{HERE}/{anna}/remove")
    assert gone.headers["hx-redirect"] == f"{HERE}?told=removed"
    assert (await premises.api.get(f"/agents/{anna}")).status_code == 404
    assert (await premises.api.get(f"/customers/{maria}")).json()["preferred_agent"] == bruno


async def test_who_is_with_a_caller_is_not_removed(premises: Premises) -> None:
    anna = await premises.agent()
    async with premises.database.write() as conn:
        await conn.execute(update(agents).values(activity="talking"))
    answer = await post(await premises.browser(language="it"), f"{HERE}/{anna}/remove")
    assert answer.status_code == 409
    assert "Sta parlando con qualcuno proprio adesso." in html.unescape(answer.text)


async def test_the_page_says_whether_they_can_sign_in(premises: Premises) -> None:
    anna = await premises.agent()
    browser = await premises.browser()
    assert "Invite to sign in" in (await browser.get(f"{HERE}/{anna}")).text
    await premises.browser("agent", agent_id=anna)
    assert "invited, not yet signed in" in (await browser.get(f"{HERE}/{anna}")).text
    async with premises.database.write() as conn:
        await conn.execute(update(users).where(users.c.agent_id == anna).values(password="$argon2id$"))
    assert "can sign in" in (await browser.get(f"{HERE}/{anna}")).text


async def test_who_is_not_there_is_told_so(premises: Premises) -> None:
    browser = await premises.browser()
    assert (await browser.get(f"{HERE}/agt_nobody")).status_code == 404


async def promised(premises: Premises, agent_id: str, customer_id: str) -> str:
    """Tomorrow at eleven; its id."""
    due = premises.clock.now().astimezone().replace(microsecond=0) + timedelta(hours=25)
    body = {"customer": customer_id, "agent": agent_id, "due_at": due.isoformat(), "reason": "the lamp"}
    answer = await premises.api.post("/callbacks", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def talked(premises: Premises, customer_id: str, agent_id: str, outcome: str = "solved", **more: Any) -> None:
    at = (premises.clock.now() - timedelta(days=1)).isoformat()
    body = {"customer": customer_id, "agent": agent_id, "started_at": at, "talk_seconds": 300, "outcome": outcome}
    answer = await premises.api.post("/interactions", json=body | more)
    assert answer.status_code == 201, answer.text
