"""A promise's own page: what it shows, and what a form on it does, once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import httpx2
import pytest
from sqlalchemy import Row, select
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette

from callbacks.tables import callback_history
from crm import privacy
from ivr.promise_page import MOST_A_MINUTE, Page
from ivr.promise_view import LONGEST_NOTE
from tests.ivr.door import MARIA, OURS, PAOLO, Door
from tests.ivr.promising import as_it_is, asked_to_choose, changed, promised
from tests.ivr.speaking import EVERY_LANGUAGE

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Forms(HTMLParser):
    """The forms of a page: what the button says and what it sends."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self.labels: list[str] = []
        self._in_button = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert given["method"] == "post"
            self.forms.append({})
        elif tag in ("input", "textarea"):
            self.forms[-1][given["name"]] = given.get("value", "")
        self._in_button = tag == "button"

    def handle_data(self, data: str) -> None:
        if self._in_button and data.strip():
            self.labels.append(data.strip())
            self._in_button = False


@dataclass
class Visit:
    """Somebody with the link."""

    door: Door
    client: httpx2.AsyncClient
    promise: Row[Any]

    @property
    def path(self) -> str:
        return f"/p/{self.door.rooms.links.token(self.promise.id)}"

    async def look(self, query: str = "") -> httpx2.Response:
        return await self.client.get(self.path + query)

    async def send(self, form: dict[str, str]) -> httpx2.Response:
        """The page that the browser shows in the end."""
        answer = await self.client.post(self.path, data=form)
        assert answer.status_code == 303, answer.text
        return await self.client.get(httpx2.URL(OURS + self.path).join(answer.headers["location"]))

    async def buttons(self, query: str = "") -> dict[str, dict[str, str]]:
        forms = Forms((await self.look(query)).text)
        return dict(zip(forms.labels, forms.forms, strict=True))

    async def now(self) -> Row[Any]:
        return await as_it_is(self.door, self.promise)

    @property
    def texts(self) -> list[str]:
        return [wish["body"] for wish in self.door.carrier.of("send_text")]


@pytest.fixture
async def maria(door: Door) -> AsyncIterator[Visit]:
    """Promised a call from Anna in an hour, at eleven."""
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.agent("luca")
    promise = await promised(door)
    app = Starlette(routes=Page(door.rooms, door.rooms.links).routes)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=OURS) as client:
        yield Visit(door, client, promise)


def words(page: httpx2.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text.partition("<body>")[2])).split())


async def test_it_shows_who_calls_and_when_and_nothing_about_the_customer(maria: Visit) -> None:
    page = await maria.look()
    assert page.status_code == 200
    said = words(page)
    assert "Officine Lume Anna la chiama Oggi alle 11:00, al massimo 5 minuti dopo (ora di Roma)" in said
    assert "al numero che finisce con 67" in said
    assert "Abbiamo la sua nota." in said
    for private in ("Maria", "Rossi", MARIA, MARIA[3:], "lampada", maria.promise.id, maria.promise.customer_id):
        assert private not in page.text
    assert '<html lang="it-IT">' in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text


async def test_it_is_kept_by_nobody_and_loads_nothing_from_elsewhere(maria: Visit) -> None:
    for answer in (await maria.look(), await maria.client.get("/p/nobody"), await maria.client.post(maria.path)):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
    style = await maria.client.get("/p/page.css")
    assert (style.status_code, style.headers["content-type"].partition(";")[0]) == (200, "text/css")
    assert "url(" not in style.text


async def test_looking_changes_nothing(maria: Visit) -> None:
    for query in ("", "?ask=cancel", "?done=changed", "?wanted=1772535600", "?do=cancel&seen=1", "?wanted=x&done=x"):
        assert (await maria.look(query)).status_code == 200
        assert (await maria.client.head(maria.path + query)).status_code == 200
    assert await maria.now() == maria.promise
    assert maria.texts == []


async def test_one_of_the_times_offered_is_taken_once(maria: Visit) -> None:
    buttons = await maria.buttons()
    label = "Domani alle 09:00, con Anna"
    assert label in buttons
    page = await maria.send(buttons[label])
    assert "Fatto." in words(page)
    assert "Domani alle 09:00, al massimo 5 minuti dopo (ora di Roma)" in words(page)
    moved = await maria.now()
    assert moved.promised_at == maria.promise.promised_at + timedelta(hours=22)
    assert (moved.agent_id, moved.reason, moved.number) == ("anna", "la lampada rotta", MARIA)
    assert label not in await maria.buttons()
    again = await maria.send(buttons[label])
    assert "Nel frattempo qualcosa è cambiato." in words(again)
    (text,) = maria.texts
    assert text.startswith("Officine Lume: nuovo orario, Anna la chiama domani alle 09:00")
    async with maria.door.database.read() as conn:
        by = list(await conn.scalars(select(callback_history.c.by).where(callback_history.c.what == "moved")))
    assert by == ["customer link"]


async def test_four_taps_at_once_are_one(maria: Visit) -> None:
    form = (await maria.buttons())["Domani alle 09:00, con Anna"]
    await asyncio.gather(*(maria.send(form) for _ in range(4)))
    assert (await maria.now()).moves == 1
    assert len(maria.texts) == 1


async def day(maria: Visit, when: str, hour: str) -> httpx2.Response:
    seen = str(int((await maria.now()).promised_at.timestamp()))
    return await maria.send({"do": "day", "seen": seen, "day": when, "hour": hour})


@on_sqlite
async def test_another_day_is_by_the_clock_on_their_wall(maria: Visit) -> None:
    page = await day(maria, "2026-03-05", "14:10")
    assert "Giovedì 5 marzo alle 14:10" in words(page)
    assert (await maria.now()).promised_at == datetime.fromisoformat("2026-03-05T14:10+01:00")


@on_sqlite
async def test_a_time_that_cannot_be_kept_is_refused_with_the_nearest_that_can(maria: Visit) -> None:
    page = await day(maria, "2026-03-05", "19:30")
    assert "A quell'ora non potremmo mantenere la promessa." in words(page)
    assert 'value="2026-03-05"' in page.text
    forms = Forms(page.text)
    labels = [label for label in forms.labels if "alle" in label]
    assert len(labels) == 3
    assert labels[0].startswith(("Giovedì 5 marzo alle 17:", "Venerdì 6 marzo alle 09:"))
    assert (await maria.now()).promised_at == maria.promise.promised_at
    await maria.send(dict(zip(forms.labels, forms.forms, strict=True))[labels[0]])
    assert (await maria.now()).moves == 1


@on_sqlite
async def test_where_only_their_agent_is_taken_somebody_else_can_call_at_that_time(maria: Visit) -> None:
    await maria.door.customer("Paolo", PAOLO)
    await promised(maria.door, "Paolo", timedelta(hours=26), number=PAOLO)
    page = await day(maria, "2026-03-04", "12:00")
    forms = Forms(page.text)
    assert forms.labels[0] == "Domani alle 12:00"
    await maria.send(forms.forms[0])
    moved = await maria.now()
    assert moved.promised_at == datetime.fromisoformat("2026-03-04T12:00+01:00")
    assert moved.agent_id != "anna"


@on_sqlite
@pytest.mark.parametrize(
    ("when", "hour", "said"),
    [
        ("", "14:00", "non si capiscono"),
        ("2026-02-30", "14:00", "non si capiscono"),
        ("2026-03-05", "", "non si capiscono"),
        ("x", "y", "non si capiscono"),
        ("2026-03-02", "14:00", "un altro giorno"),
        ("9999-12-31", "23:59", "un altro giorno"),
        ("0026-03-05", "14:00", "un altro giorno"),
        ("0001-01-01", "00:00", "non si capiscono"),
    ],
)
async def test_a_day_that_is_none_changes_nothing(maria: Visit, when: str, hour: str, said: str) -> None:
    assert said in words(await day(maria, when, hour))
    assert (await maria.now()).promised_at == maria.promise.promised_at


@pytest.mark.parametrize(("n", "later", "agent"), [(0, timedelta(0), "luca"), (1, timedelta(minutes=30), "anna")])
async def test_an_open_question_comes_first_and_is_answered_by_a_tap(
    maria: Visit, n: int, later: timedelta, agent: str
) -> None:
    await asked_to_choose(maria.door, maria.promise, (timedelta(0), "luca"), (timedelta(minutes=30), "anna"))
    page = await maria.look()
    assert "Che cosa preferisce? Oggi alle 11:00, con Luca Oggi alle 11:30, con Anna" in words(page)
    assert "Senza risposta vale oggi alle 11:00." in words(page)
    form = Forms(page.text).forms[n]
    for _ in range(2):
        await maria.send(form)
    now = await maria.now()
    assert (now.promised_at, now.agent_id, now.choices) == (maria.promise.promised_at + later, agent, None)
    assert len(maria.texts) == 1


async def test_cancelling_takes_a_second_step(maria: Visit) -> None:
    assert 'href="?ask=cancel"' in (await maria.look()).text
    assert (await maria.now()).state == "promised"
    buttons = await maria.buttons("?ask=cancel")
    assert list(buttons) == ["Sì, annullare"]
    for _ in range(2):
        page = await maria.send(buttons["Sì, annullare"])
        assert "La chiamata è annullata." in words(page)
        assert "<form" not in page.text
    assert (await maria.now()).state == "cancelled"
    (text,) = maria.texts
    assert text.startswith("Officine Lume: annullata, la chiamata di oggi alle 11:00 non ci sarà.")


async def test_what_it_is_about_is_stored_and_not_shown_again(maria: Visit) -> None:
    form = {
        "do": "note",
        "seen": str(int(maria.promise.promised_at.timestamp())),
        "note": " anche la spina\r\n scotta ",
    }
    for _ in range(2):
        page = await maria.send(form)
        assert "Grazie" in words(page)
        assert "spina" not in page.text
    assert (await maria.now()).reason == "la lampada rotta. anche la spina scotta"
    await maria.send(form | {"note": "x" * 40 + " " + "y" * 700})
    assert len((await maria.now()).reason or "") <= LONGEST_NOTE + 50
    await maria.send(form | {"note": "   "})
    assert maria.texts == []


@on_sqlite
@pytest.mark.parametrize("state", ["ringing_agent", "ringing_customer", "talking"])
async def test_while_they_are_being_called_it_says_so(maria: Visit, state: str) -> None:
    buttons = await maria.buttons()
    await changed(maria.door, maria.promise, state=state)
    for page in (await maria.look(), await maria.send(next(iter(buttons.values())))):
        assert "La stiamo chiamando proprio adesso." in words(page)
        assert "<form" not in page.text
    assert (await maria.now()).promised_at == maria.promise.promised_at


@on_sqlite
@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("kept", "Ci siamo già sentiti."),
        ("broken", "Ci siamo già sentiti."),
        ("unreachable", "Non siamo riusciti a raggiungerla."),
    ],
)
async def test_a_week_after_its_end_the_page_is_gone(maria: Visit, state: str, said: str) -> None:
    kept_at = None if state == "unreachable" else maria.door.clock.now()
    await changed(maria.door, maria.promise, state=state, kept_at=kept_at)
    await maria.door.clock.advance(6.9 * 86_400)
    page = await maria.look()
    assert (page.status_code, said in words(page)) == (200, True)
    await maria.door.clock.advance(0.2 * 86_400)
    page = await maria.look()
    assert page.status_code == 410
    assert "Questa pagina non c'è più" in words(page)


@on_sqlite
async def test_of_somebody_who_was_erased_nothing_is_left(maria: Visit) -> None:
    async with maria.door.database.write() as conn:
        await privacy.erase(conn, maria.door.ids["Maria"], [], "a test", maria.door.clock.now())
    assert (await maria.look()).status_code == 410
    assert (await maria.client.post(maria.path, data={"do": "cancel"})).status_code == 410


@on_sqlite
@pytest.mark.parametrize("token", ["x", "page.css2", "0" * 26 + "A" * 22, "../../etc", "%00"])
async def test_an_address_of_nobody_is_answered_in_the_language_of_the_house(maria: Visit, token: str) -> None:
    page = await maria.client.get(f"/p/{token}")
    assert page.status_code == 404
    if "/" not in token:
        assert "Questa pagina non c'è." in words(page)
    assert (await maria.client.post(f"/p/{token}")).status_code == 404


@on_sqlite
async def test_more_than_a_telephone_would_send_is_refused(maria: Visit) -> None:
    answer = await maria.client.post(maria.path, data={"do": "note", "note": "x" * 5000})
    assert answer.status_code == 413
    assert (await maria.now()) == maria.promise


@on_sqlite
@pytest.mark.parametrize(
    "form", [{}, {"do": "x"}, {"do": "cancel"}, {"do": "move", "at": "1e9"}, {"do": "choose", "n": "9"}]
)
async def test_a_form_that_is_none_of_ours_changes_nothing(maria: Visit, form: dict[str, str]) -> None:
    seen = {"seen": str(int(maria.promise.promised_at.timestamp()))} if form.get("do") != "cancel" else {"seen": "1"}
    await maria.send(form | seen)
    assert await maria.now() == maria.promise


@on_sqlite
async def test_whoever_leans_on_a_key_waits_a_minute_and_nobody_else_does(maria: Visit) -> None:
    await maria.door.customer("Paolo", PAOLO)
    other = Visit(maria.door, maria.client, await promised(maria.door, "Paolo", number=PAOLO, agent_id=None))
    answers = [(await maria.look("?ask=cancel")).status_code for _ in range(MOST_A_MINUTE + 1)]
    assert answers == [200] * MOST_A_MINUTE + [429]
    assert (await other.look()).status_code == 200
    await maria.door.clock.advance(60)
    assert (await maria.look()).status_code == 200


@on_sqlite
async def test_when_something_breaks_it_says_so_kindly(maria: Visit) -> None:
    class Away:
        async def read(self, *args: Any, **more: Any) -> Any:
            raise OperationalError("", None, Exception())

    app = Starlette(routes=Page(_with_promises(maria.door, Away()), maria.door.rooms.links).routes)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=OURS) as client:
        for answer in (await client.get(maria.path), await client.post(maria.path, data={"do": "cancel"})):
            assert answer.status_code == 503
            assert "La chiamata resta com'è" in words(answer)


def _with_promises(door: Door, promises: Any) -> Any:
    return replace(door.rooms, promises=promises)


@on_sqlite
@pytest.mark.parametrize("language", EVERY_LANGUAGE)
async def test_it_speaks_every_language_formally_or_not(maria: Visit, language: str) -> None:
    await maria.door.customer("Someone", PAOLO, language=language, formal=False, time_zone="America/New_York")
    await maria.door.agent("tom", languages=list(EVERY_LANGUAGE))
    promise = await promised(maria.door, "Someone", number=PAOLO, language=language, agent_id="tom")
    visit = Visit(maria.door, maria.client, promise)
    await asked_to_choose(maria.door, promise, (timedelta(0), None), (timedelta(minutes=30), "tom"))
    for query in ("", "?ask=cancel", "?done=changed", f"?wanted={int(promise.promised_at.timestamp())}"):
        page = await visit.look(query)
        assert page.status_code == 200
        assert f'<html lang="{language}">' in page.text
        assert "5:00" in page.text  # in New York
        assert not set("[]|{}") & set(words(page))
