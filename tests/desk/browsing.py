"""The whole server in process, and browsers that are signed in; without a screen."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
from sqlalchemy import insert
from starlette.types import ASGIApp

from desk.tables import sessions, users
from desk.viewer import COOKIE, digest_of
from store.clock import Clock
from store.ids import new_id
from store.sql import Database

HERE = "http://centralino.test"
FROM_OUR_PAGE = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}
KEY = "key-of-the-house"


async def add_user(
    database: Database, clock: Clock, role: str = "manager", *, agent_id: str | None = None, **more: Any
) -> str:
    """A user who may sign in; their id.  `more`: other columns, `name` and `email` among them."""
    user_id = new_id("usr")
    values = {"name": "Paola Neri", "email": f"{user_id}@lume.example", "role": role, "agent_id": agent_id} | more
    async with database.write() as conn:
        await conn.execute(insert(users).values(id=user_id, made_at=clock.now(), **values))
    return user_id


async def add_session(database: Database, clock: Clock, user_id: str) -> str:
    """What the cookie of a signed-in browser holds."""
    secret, now = secrets.token_urlsafe(32), clock.now()
    row = {"id": new_id("ses"), "user_id": user_id, "digest": digest_of(secret), "how": "password", "made_at": now}
    async with database.write() as conn:
        await conn.execute(insert(sessions).values(**row, seen_at=now, ends_at=now + timedelta(days=1), proved_at=now))
    return secret


@dataclass
class Premises:
    """A house whose pages can be asked for; `api` is its JSON API with every right."""

    app: ASGIApp
    database: Database
    clock: Clock
    api: httpx2.AsyncClient = field(init=False)
    browsers: list[httpx2.AsyncClient] = field(default_factory=list)

    def __post_init__(self) -> None:
        transport = httpx2.ASGITransport(app=self.app)
        self.api = httpx2.AsyncClient(
            transport=transport, base_url=f"{HERE}/api/v1", headers={"Authorization": f"Bearer {KEY}"}
        )
        self.browsers.append(self.api)

    def stranger(self, **headers: str) -> httpx2.AsyncClient:
        """A browser that nobody has signed in with."""
        browser = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app), base_url=HERE, headers=FROM_OUR_PAGE | headers
        )
        self.browsers.append(browser)
        return browser

    async def browser(
        self, role: str = "manager", *, agent_id: str | None = None, language: str = "en", **user: Any
    ) -> httpx2.AsyncClient:
        """One that a new user is signed in with; who has the role agent is one."""
        if role == "agent" and agent_id is None:
            agent_id = await self.agent(f"agent{len(self.browsers)} Bianchi")
        user_id = await add_user(self.database, self.clock, role, agent_id=agent_id, language=language, **user)
        browser = self.stranger()
        browser.cookies.set(COOKIE, await add_session(self.database, self.clock, user_id), domain="centralino.test")
        return browser

    async def agent(self, name: str = "Anna Bianchi", **more: Any) -> str:
        """A new agent's id."""
        body = {"name": name, "address": f"client:{name.split()[0].lower()}", "languages": ["it-IT"]} | more
        return str((await self._made("/agents", body))["id"])

    async def customer(self, name: str = "Maria Rossi", number: str = "+393331234567", **more: Any) -> str:
        body = {"name": name, "called": name.split()[0], "language": "it-IT", "phones": [number]} | more
        return str((await self._made("/customers", body))["id"])

    async def _made(self, path: str, body: dict[str, Any]) -> Any:
        answer = await self.api.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def close(self) -> None:
        for browser in self.browsers:
            await browser.aclose()
