"""Signed-in browsers: how long, which, and how they end; and one's own account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from sqlalchemy import update
from starlette.requests import Request
from starlette.responses import Response

from api import tokens_api
from api.tokens import Guard, Principal
from callbacks.promises import Promises
from desk import passwords, sessions
from desk.api import events_router
from desk.live import LiveFeed, News
from desk.live_pages import _frames
from desk.pages import Asked, Pages
from desk.sign_in.browsers import browser_name
from desk.sign_in.entering import place_of, source_of
from desk.tables import users
from desk.viewer import COOKIE
from desk.words import words_in
from routing.house import House
from store.clock import VirtualClock
from store.sql import Database
from switchboard.views import views
from tests.desk.browsing import Premises, add_session, add_user

pytestmark = pytest.mark.anyio
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "three otters swim upstream"
HTMX = {"HX-Request": "true"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def test_a_session_ends_by_itself_after_its_hours_and_when_it_lies_idle(
    premises: Premises, clock: VirtualClock
) -> None:
    used, idle = await premises.browser(), await premises.browser()
    for _ in range(11):
        await clock.advance(3600)
        assert (await used.get("/account")).status_code == 200
    assert (await idle.get("/account")).status_code == 303
    await clock.advance(3600 * 13)  # its row lasts for a day, as the stage is set; a real one for twelve hours
    assert (await used.get("/account")).status_code == 303


@one_database
async def test_a_session_lasts_as_long_as_the_house_says(database: Database, clock: VirtualClock) -> None:
    user_id = await add_user(database, clock)
    async with database.write() as conn:
        await sessions.begin(conn, user_id, "password", FIREFOX, clock.now())
        (session,) = await sessions.of_user(conn, user_id, clock.now())
    assert (session.ends_at - session.made_at).total_seconds() == 12 * 3600
    await clock.advance(12 * 3600)
    async with database.write() as conn:
        await sessions.begin(conn, user_id, "password", FIREFOX, clock.now())
        assert len(await sessions.of_user(conn, user_id, clock.now())) == 1


@one_database
async def test_who_is_shut_out_by_hand_in_the_database_is_out_as_well(premises: Premises) -> None:
    browser = await premises.browser()
    assert (await browser.get("/account")).status_code == 200
    async with premises.database.write() as conn:
        await conn.execute(update(users).values(disabled_at=premises.clock.now()))
    assert (await browser.get("/account")).status_code == 303


def test_over_https_the_cookie_goes_nowhere_else() -> None:
    secure, plain = Response(), Response()
    sessions.cookie(secure, "secret", True)
    sessions.cookie(plain, "secret", False)
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(secure.headers["set-cookie"].split("; "))
    assert secure.headers["set-cookie"].startswith(f"__Host-{COOKIE}=secret;")
    assert "Domain" not in secure.headers["set-cookie"]
    assert "Secure" not in plain.headers["set-cookie"]


@one_database
async def test_one_sees_where_one_is_signed_in_and_ends_one_or_all_others(
    premises: Premises, clock: VirtualClock
) -> None:
    user_id = await add_user(premises.database, clock)
    here, there, elsewhere = [await _signed_in(premises, clock, user_id) for _ in range(3)]
    stranger_id = await add_user(premises.database, clock)
    other = await _signed_in(premises, clock, stranger_id)
    page = await here.get("/account")
    assert page.text.count("<li>") >= 3
    async with premises.database.read() as conn:
        (theirs,) = await sessions.of_user(conn, stranger_id, clock.now())
        mine = {session.id for session in await sessions.of_user(conn, user_id, clock.now())}
    await here.post(f"/account/sessions/{theirs.id}/end", headers=HTMX)
    assert (await other.get("/account")).status_code == 200  # somebody else's is not mine to end
    refused = [await here.post(f"/account/sessions/{one}/end", headers=HTMX) for one in sorted(mine)[:1]]
    assert refused[0].status_code in (200, 422)
    assert (await here.post("/account/sessions/others/end", headers=HTMX)).status_code == 200
    assert (await here.get("/account")).status_code == 200
    assert [(await one.get("/account")).status_code for one in (there, elsewhere)] == [303, 303]


async def _signed_in(premises: Premises, clock: VirtualClock, user_id: str) -> Any:
    browser = premises.stranger()
    browser.cookies.set(COOKIE, await add_session(premises.database, clock, user_id), domain="centralino.test")
    return browser


@one_database
async def test_a_password_is_changed_by_who_knows_the_present_one_and_ends_all_other_sessions(
    premises: Premises, clock: VirtualClock
) -> None:
    user_id = await add_user(premises.database, clock, language="en", password=await passwords.hashed(PASSWORD))
    here, there = [await _signed_in(premises, clock, user_id) for _ in range(2)]

    async def change(current: str, new: str) -> Any:
        return await here.post("/account/password", data={"current": current, "password": new}, headers=HTMX)

    wrong = await change("not it at all, no", "seven owls count the rain")
    assert (wrong.status_code, "f-current-error" in wrong.text) == (422, True)
    weak = await change(PASSWORD, "password1234")
    assert (weak.status_code, "f-password-error" in weak.text) == (422, True)
    assert (await there.get("/account")).status_code == 200
    done = await change(PASSWORD, "seven owls count the rain")
    assert "Your password is changed" in done.text
    assert (await there.get("/account")).status_code == 303
    assert (await here.get("/account")).status_code == 200
    for _ in range(6):
        last = await change("guessing", "seven owls count the rain")
    assert last.status_code == 429


@one_database
async def test_ones_own_name_language_and_ear_are_kept(premises: Premises) -> None:
    manager = await premises.browser(email="boss@lume.example")
    typed = {"name": "Paola Neri", "language": "en", "address": "06 1234 5678"}
    saved = await manager.post("/account/about", data=typed, headers=HTMX)
    assert "+390612345678" in saved.text
    refused = await manager.post("/account/about", data=typed | {"address": "112"}, headers=HTMX)
    assert (refused.status_code, 'id="f-address-error"' in refused.text) == (422, True)
    assert 'value="112"' in refused.text
    moved = await manager.post("/account/about", data=typed | {"language": "it"}, headers=HTMX)
    assert moved.headers["hx-redirect"].startswith("/account")
    assert 'lang="it"' in (await manager.get("/account")).text


class _Feed(LiveFeed):
    """Of which the test says what it tells."""

    def __init__(self, told: list[Any]) -> None:
        self._told = told

    async def batches(self, after: int | None = None) -> AsyncIterator[Any]:  # type: ignore[override]
        for batch in self._told:
            yield batch


async def test_an_open_page_is_told_that_its_session_has_ended_and_hears_no_more(
    premises: Premises, clock: VirtualClock
) -> None:
    user_id = await add_user(premises.database, clock)
    secret = await add_session(premises.database, clock, user_id)
    async with premises.database.read() as conn:
        (session,) = await sessions.of_user(conn, user_id, clock.now())
    pages = Pages(premises.database, clock, House("Lume", "it-IT", "IT", "Europe/Rome"), None)  # type: ignore[arg-type]
    scope = {"type": "http", "method": "GET", "path": "/live", "query_string": b"", "headers": []}
    scope["headers"] = [(b"cookie", f"{COOKIE}={secret}".encode())]
    request = Request(scope)
    viewer = await pages.viewer(request)
    asked = Asked(pages, request, viewer, words_in("it"))
    change = News(2, "call.changed", {"agent": None})
    told = [(1, ()), (2, [change]), (3, [News(3, sessions.ENDED, {"id": "ses_other"})])]
    told += [(4, [News(4, sessions.ENDED, {"id": session.id})]), (5, [change])]
    frames = [frame["event"] async for frame in _frames(_Feed(told), asked)]
    assert frames == ["hello", "calls", "signed-out"]
    async with premises.database.write() as conn:
        await sessions.end_all(conn, user_id, clock.now())
    assert [frame["event"] async for frame in _frames(_Feed(told), asked)] == ["signed-out"]


async def test_a_programs_stream_ends_with_its_token_and_tells_of_nobody_elses(database: Database) -> None:
    change = {"id": "CA1"}
    told = [(1, ()), (2, [News(2, "call.changed", change)]), (3, [News(3, sessions.ENDED, {"id": "ses_1"})])]
    told += [(4, [News(4, tokens_api.ENDED, {"id": "tok_1"})]), (5, [News(5, "call.changed", change)])]
    (route,) = events_router(_Feed(told), Guard(database, None)).routes
    request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []})
    heard = {}
    for token_id in ("tok_1", "tok_2"):
        response = await route.endpoint(request, Principal("service", None, token_id))  # type: ignore[attr-defined]
        heard[token_id] = [frame["event"] async for frame in response.body_iterator]
    assert heard == {"tok_1": ["call.changed"], "tok_2": ["call.changed", "call.changed"]}


@one_database
async def test_a_stream_for_nobody_leads_to_signing_in(premises: Premises) -> None:
    answer = await premises.stranger().get("/live")
    assert "event: signed-out" in answer.text


async def test_the_end_of_a_session_is_news_in_every_process_and_nobody_elses(
    database: Database, clock: VirtualClock
) -> None:
    shown = views(clock, Promises(House("Lume", "it-IT", "IT", "Europe/Rome")))
    assert {sessions.ENDED, tokens_api.ENDED} <= set(shown)
    feed = LiveFeed(database, clock, shown)
    user_id = await add_user(database, clock)
    await add_session(database, clock, user_id)
    reading = clock.spawn(feed.run(), "feed")
    async with aclosing(feed.batches()) as batches:
        await anext(batches)  # the stream has begun
        async with database.write() as conn:
            assert await sessions.end_all(conn, user_id, clock.now()) == 1
        waiting = asyncio.ensure_future(anext(batches))
        while not waiting.done():
            await clock.advance(0.1)
        _, (found,) = waiting.result()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert found.type == sessions.ENDED


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36",
            "Chrome, Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("curl/8", ""),
        (None, ""),
    ],
)
def test_a_browser_is_called_as_people_do(agent: str | None, name: str) -> None:
    assert browser_name(agent) == name


@pytest.mark.parametrize(
    ("peer", "forwarded", "source"),
    [
        ("203.0.113.5", [], "203.0.113.5"),
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),  # anybody can write a header
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.1, 10.0.0.7"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["nonsense"], "nonsense"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("::ffff:127.0.0.1", ["198.51.100.1"], "198.51.100.1"),  # where the server listens on ::
    ],
)
def test_where_a_request_comes_from_is_believed_of_our_own_proxies(
    peer: str, forwarded: list[str], source: str
) -> None:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    request = Request({"type": "http", "headers": headers, "client": (peer, 1)})
    assert source_of(request, ("127.0.0.1", "::1", "10.0.0.0/8")) == source


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("nonsense", "nonsense"),
    ],
)
def test_who_has_a_network_of_their_own_is_one_place(source: str, place: str) -> None:
    assert place_of(source) == place
