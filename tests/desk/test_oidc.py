"""At the company's own provider: who is let in, and every answer of it that proves nothing."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import uvicorn
from joserfc.jwk import RSAKey
from sqlalchemy.engine import URL

from desk import invites, users
from desk.sign_in.single import BEGUN
from desk.viewer import COOKIE
from store.clock import VirtualClock
from switchboard.app import assemble, build
from switchboard.settings import Settings
from tests.desk.browsing import HERE, KEY, Premises, add_session
from tests.desk.provider import CLIENT, CLIENT_SECRET, LocalProvider
from tests.ports import free_port

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

PAOLA = "paola@lume.example"


@dataclass
class Front:
    """The house, and the provider that it trusts."""

    premises: Premises
    provider: LocalProvider

    async def user(self, **more: Any) -> str:
        values = {"name": "Paola Neri", "email": PAOLA, "role": "manager", "agent_id": None} | more
        async with self.premises.database.write() as conn:
            return await users.add(conn, **values, now=self.premises.clock.now())

    async def subject(self, user_id: str) -> str | None:
        async with self.premises.database.read() as conn:
            return (await users.load(conn, user_id)).subject

    async def there(self, browser: httpx2.AsyncClient, path: str = "/sign-in/single") -> str:
        """What the provider answers the browser: the address of ours to which it is sent back."""
        begun = await browser.get(path)
        assert begun.status_code == 303, begun.text
        assert begun.headers["location"].startswith(f"{self.provider.url}/authorize?")
        async with httpx2.AsyncClient(trust_env=False) as outside:
            answer = await outside.get(begun.headers["location"])
        assert answer.headers["location"].startswith(f"{HERE}/sign-in/single/back?")
        return answer.headers["location"]

    async def signed_in(self, path: str = "/sign-in/single") -> tuple[httpx2.AsyncClient, httpx2.Response]:
        browser = self.premises.stranger()
        return browser, await browser.get(await self.there(browser, path))


@pytest.fixture
async def front(database_url: URL, redis_url: str, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Front]:
    port = free_port()
    provider = LocalProvider(f"http://127.0.0.1:{port}", clock)
    server = uvicorn.Server(uvicorn.Config(provider.app, port=port, log_config=None, access_log=False, lifespan="off"))
    task = asyncio.create_task(server._serve())
    settings = Settings(
        _env_file=None,
        database_url=database_url.render_as_string(hide_password=False),
        centralino_home=tmp_path,
        public_url=HERE,
        api_token=KEY,
        company_name="Officine Lume",
        oidc_issuer=provider.url,
        oidc_client_id=CLIENT,
        oidc_client_secret=CLIENT_SECRET,
        oidc_name="Lume",
    )
    parts = assemble(settings, redis_url=redis_url, clock=clock)
    premises = Premises(build(parts, keeper=False), parts.database, clock)
    while not server.started:
        await asyncio.sleep(0.01)
    yield Front(premises, provider)
    server.should_exit = True
    await task
    await premises.close()
    await parts.live.close()
    await parts.database.close()


async def test_who_is_expected_is_let_in_by_a_verified_address_and_known_from_then_on(front: Front) -> None:
    user_id = await front.user()
    browser, answer = await front.signed_in("/sign-in/single?next=/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "Paola Neri" in (await browser.get("/account")).text
    assert BEGUN not in browser.cookies
    assert await front.subject(user_id) == f"{front.provider.url} 248289"
    front.provider.claims["email"] = "married@lume.example"  # the subject stays, and that is who it is
    _, again = await front.signed_in()
    assert again.status_code == 303
    assert (await browser.get("/sign-in/single/back?state=x&code=y")).status_code == 403


async def test_an_invitation_in_hand_counts_whatever_the_address_there(front: Front) -> None:
    user_id = await front.user()
    front.provider.claims = {"sub": "7", "email": "p.neri@group.example"}
    async with front.premises.database.write() as conn:
        secret = await invites.invite(conn, user_id, "test", front.premises.clock.now())
    page = await front.premises.stranger().get(f"/invite/{secret}")
    assert f"/invite/{secret}/single" in page.text
    assert page.headers["referrer-policy"] == "strict-origin"
    _, answer = await front.signed_in(f"/invite/{secret}/single")
    assert answer.status_code == 303
    assert await front.subject(user_id) == f"{front.provider.url} 7"
    assert (await front.premises.stranger().get(f"/invite/{secret}")).status_code == 410


@pytest.mark.parametrize("known", [False, True])
async def test_an_invitation_works_once_and_ends_what_was_before_also_here(front: Front, known: bool) -> None:
    database, now = front.premises.database, front.premises.clock.now()
    user_id = await front.user(password="as it is kept")
    thief = front.premises.stranger()
    thief.cookies.set(COOKIE, await add_session(database, front.premises.clock, user_id), domain="centralino.test")
    if known:
        await front.signed_in()
    async with database.write() as conn:
        secret = await invites.invite(conn, user_id, "test", now)
    browser, answer = await front.signed_in(f"/invite/{secret}/single")
    assert answer.status_code == 303
    assert (await browser.get("/account")).status_code == 200
    assert (await thief.get("/account")).status_code == 303
    assert (await front.premises.stranger().get(f"/invite/{secret}")).status_code == 410
    async with database.read() as conn:
        assert (await users.load(conn, user_id)).password is None


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"sub": "1", "email": "stranger@lume.example"}, "nobody has invited you"),
        ({"sub": "1", "email": PAOLA, "email_verified": False}, "has not confirmed your e-mail"),
        ({"sub": "1"}, "has not confirmed your e-mail"),
    ],
)
async def test_who_is_not_expected_is_told_so_kindly(front: Front, claims: dict[str, Any], told: str) -> None:
    user_id = await front.user()
    front.provider.claims = claims
    browser, answer = await front.signed_in()
    assert answer.status_code == 403
    assert told in answer.text
    assert COOKIE not in browser.cookies
    assert await front.subject(user_id) is None


async def test_an_address_that_is_told_only_when_asked_for_counts_as_well(front: Front) -> None:
    await front.user()
    front.provider.claims = {"sub": "1"}
    front.provider.userinfo = {"sub": "2", "email": PAOLA, "email_verified": True}
    assert (await front.signed_in())[1].status_code == 403  # of somebody else
    front.provider.userinfo["sub"] = "1"
    assert (await front.signed_in())[1].status_code == 303


async def test_an_answer_that_proves_nothing_lets_nobody_in(front: Front) -> None:
    await front.user()
    now = int(front.premises.clock.now().timestamp())
    wrong: list[dict[str, Any]] = [
        {"nonce": "another"},
        {"nonce": None},
        {"exp": now - 120},
        {"exp": None},
        {"iat": now + 600},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"aud": [CLIENT], "azp": "another-client"},
        {"iss": "https://elsewhere.example"},
        {"sub": " "},
        {"sub": 5},
    ]
    for claims in wrong:
        front.provider.wrong = claims
        browser, answer = await front.signed_in()
        assert (answer.status_code, COOKIE in browser.cookies) == (403, False), claims
        assert "does not prove who you are" in answer.text
    front.provider.wrong = {}
    for name in ("foreign_key", "unsigned"):
        setattr(front.provider, name, True)
        assert (await front.signed_in())[1].status_code == 403, name
        setattr(front.provider, name, False)
    assert (await front.signed_in())[1].status_code == 303


async def test_only_the_browser_that_began_can_end_it_and_only_soon(front: Front, clock: VirtualClock) -> None:
    await front.user()
    victim, thief = front.premises.stranger(), front.premises.stranger()
    back = await front.there(thief)
    assert (await victim.get(back)).status_code == 403  # with a code that somebody else has got
    await front.there(victim)
    assert (await victim.get(back)).status_code == 403
    back = await front.there(victim)
    state, code = (parse_qs(urlsplit(back).query)[name][0] for name in ("state", "code"))
    assert (await victim.get(f"/sign-in/single/back?code={code}&state={state}x")).status_code == 403
    back = await front.there(victim)
    await clock.advance(601)
    answer = await victim.get(back)
    assert "too long ago" in answer.text
    assert COOKIE not in victim.cookies
    back = await front.there(victim)
    assert (await victim.get(back)).status_code == 303
    assert (await victim.get(back)).status_code == 403  # once only


async def test_a_no_and_a_silence_of_the_provider_are_told(front: Front, clock: VirtualClock) -> None:
    front.provider.refuses = True
    assert "Lume did not let you in" in (await front.signed_in())[1].text
    front.provider.about = {"issuer": "https://elsewhere.example"}
    await clock.advance(3601)
    answer = await front.premises.stranger().get("/sign-in/single")
    assert answer.status_code == 503
    assert "Lume does not answer" in answer.text


async def test_a_key_that_is_new_is_fetched(front: Front) -> None:
    await front.user()
    await front.signed_in()
    front.provider.key = RSAKey.generate_key(2048, {"kid": "two"})
    assert (await front.signed_in())[1].status_code == 303


@pytest.mark.parametrize(
    ("told_at", "counts"),
    [(0, True), (None, True), (-3600, False)],  # seconds from now; null: this provider does not tell
)
async def test_before_an_export_one_shows_there_again_who_one_is(
    front: Front, told_at: int | None, counts: bool
) -> None:
    await front.user()
    browser, _ = await front.signed_in()
    export = "/console/customers/export"
    page = await browser.get(export)  # the provider may have remembered them for days
    assert "Continue with Lume" in page.text
    again = f"/sign-in/single?again=1&next={export}"
    assert html.escape(again) in page.text
    asked = (await browser.get(again)).headers["location"]
    assert {"prompt": ["login"], "max_age": ["0"]}.items() <= parse_qs(urlsplit(asked).query).items()
    before = browser.cookies[COOKIE]
    if told_at is not None:
        front.provider.wrong = {"auth_time": int(front.premises.clock.now().timestamp()) + told_at}
    answer = await browser.get(await front.there(browser, again))
    assert answer.status_code == (303 if counts else 403)
    assert browser.cookies[COOKIE] == before
    file = await browser.post(export, data={"kind": "csv"})
    assert file.headers["content-type"].startswith("text/csv") is counts


async def test_somebody_else_there_does_not_prove_who_one_is_here(front: Front) -> None:
    await front.user()
    await front.user(name="Carla", email="carla@lume.example")
    browser, _ = await front.signed_in()
    front.provider.claims = {"sub": "7", "email": "carla@lume.example"}
    await front.signed_in()
    export = "/console/customers/export"
    answer = await browser.get(await front.there(browser, f"/sign-in/single?again=1&next={export}"))
    assert (answer.status_code, "somebody else" in answer.text) == (403, True)
    assert "text/csv" not in (await browser.post(export, data={"kind": "csv"})).headers["content-type"]
