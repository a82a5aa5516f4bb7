"""`/sign-in/code`: the second step, for who has a second factor and has just shown the password.

Between the two nobody is signed in: the browser keeps a sealed note for five minutes that opens nothing but this page.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from desk import attempts, second_factor, sessions, users
from desk.attempts import TooMany
from desk.pages import Asked
from desk.sealed import mac, seal, unseal
from desk.sign_in import door, entering
from desk.site import Site
from desk.users import NoSuchUser, User

log = structlog.get_logger()

PATH = "/sign-in/code"
HALF_IN, HALF_IN_FOR, PURPOSE = "centralino_half_in", timedelta(minutes=5), "half signed in"
WRONG = "This code is not right, or has been used already."
LONGEST_TYPED = 40


def routes(site: Site) -> list[BaseRoute]:
    at, pages = SecondStep(site), site.pages
    return [pages.open_route(PATH, at.show), pages.open_route(PATH, at.check, methods=["POST"])]


def lead_on(site: Site, user: User, how: sessions.How, wanted: str) -> Response:
    """To this page, for who has shown the password of `user`."""
    note = {"user": user.id, "password": _mark(site, user), "how": how, "next": entering.inside(wanted)}
    response = RedirectResponse(PATH, status_code=303)
    response.set_cookie(
        HALF_IN,
        seal(site.secret, PURPOSE, note, until=site.pages.clock.now() + HALF_IN_FOR),
        max_age=int(HALF_IN_FOR.total_seconds()),
        path=PATH,
        secure=site.pages.secure,
        httponly=True,
        samesite="lax",
    )
    return response


def _mark(site: Site, user: User) -> str:
    """Of the password as it is kept: with a new one the note is over."""
    return mac(site.secret, "password that was shown", user.password or "")


class SecondStep:
    def __init__(self, site: Site) -> None:
        self._site, self._database, self._clock = site, site.pages.database, site.pages.clock

    async def show(self, asked: Asked) -> Response:
        note = self._note(asked)
        if note is None:
            return asked.redirect("/sign-in")
        async with self._database.read() as conn:
            user = await self._whose(conn, note)
        return self._over(asked) if user is None else self._page(asked)

    async def check(self, asked: Asked) -> Response:
        note, form, now = self._note(asked), await asked.form(), self._clock.now()
        if note is None:
            return self._over(asked)
        async with self._database.read() as conn:
            user = await self._whose(conn, note)
        if user is None:
            return self._over(asked)
        typed, by_recovery = str(form.get("code", ""))[:LONGEST_TYPED], "recovery" in form
        if not typed.strip():
            return self._page(asked, 422, error=asked.words("Please fill this in."), by_recovery=by_recovery)
        tried = entering.tried(self._site, asked, user.email)
        try:
            async with self._database.write() as conn:
                await attempts.begin(conn, tried, now)
        except TooMany as refused:
            answer = self._page(asked, 429, error=door.wait(asked, refused), by_recovery=by_recovery)
            answer.headers["Retry-After"] = door.seconds(asked, refused)
            return answer
        async with self._database.write() as conn:
            user = await self._whose(conn, note)
            used = None if user is None else await second_factor.use(conn, self._site.secret, user, typed, now)
            if user is not None and used is not None:
                await attempts.succeeded(conn, tried, now)
                secret = await entering.begin(conn, self._site, asked, user, note["how"], second=used)
        if user is None:
            return self._over(asked)
        if used is None:
            log.info("sign_in_refused", user=user.id, shut_out=False, second=True)
            return self._page(asked, 422, error=asked.words(WRONG), by_recovery=by_recovery)
        return self._done(entering.enter(self._site, asked, user, secret, note["next"]))

    def _note(self, asked: Asked) -> Mapping[str, Any] | None:
        return unseal(self._site.secret, PURPOSE, asked.request.cookies.get(HALF_IN), now=self._clock.now())

    async def _whose(self, conn: AsyncConnection, note: Mapping[str, Any]) -> User | None:
        """Null: meanwhile they were shut out, have another password, or no second factor any more."""
        with suppress(NoSuchUser):
            user = await users.load(conn, note["user"])
            if user.may_sign_in and user.second_factor is not None and _mark(self._site, user) == note["password"]:
                return user
        return None

    def _page(
        self, asked: Asked, status: int = 200, *, error: str | None = None, by_recovery: bool = False
    ) -> Response:
        return asked.page("sign_in/code.html", status, error=error, by_recovery=by_recovery)

    def _over(self, asked: Asked) -> Response:
        told = asked.words("This was begun in another window, or too long ago. Please begin again.")
        return self._done(door.shown(self._site, asked, 403, told=told))

    def _done(self, response: Response) -> Response:
        response.delete_cookie(HALF_IN, path=PATH, secure=self._site.pages.secure, httponly=True, samesite="lax")
        return response
