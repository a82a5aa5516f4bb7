"""`/account/second-factor`: turned on by a code that comes back from the app, turned off by password and code.

Until it is confirmed nothing is kept here: what the codes are made from goes to the browser, sealed, and comes back.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response
from starlette.routing import BaseRoute

from crm import audit
from crm.audit import What
from desk import second_factor, sessions, users
from desk.pages import SECOND_FACTOR, Asked, Endpoint
from desk.sealed import seal, unseal
from desk.sign_in import door
from desk.sign_in.proving import NotProved, prove
from desk.site import Site
from desk.users import User

PURPOSE = "second factor begun"


def routes(site: Site) -> list[BaseRoute]:
    at = Guarding(site)

    def route(path: str, endpoint: Endpoint, method: str = "POST") -> BaseRoute:
        return site.pages.route(f"{SECOND_FACTOR}{path}", endpoint, methods=[method], comes_first=True)

    return [route("", at.show, "GET"), route("", at.begin), route("/confirm", at.confirm), route("/change", at.change)]


async def context(site: Site, user: User) -> dict[str, Any]:
    """What the part of the page shows (`sign_in/second_factor.html`)."""
    async with site.pages.database.read() as conn:
        left = await second_factor.recovery_codes_left(conn, user.id)
    return {
        "user": user,
        "codes_left": left,
        "beginning": None,
        "fresh_codes": None,
        "guard_errors": {},
        "guard_told": None,
        "needed": site.pages.managers_need_second_factor and user.role == "manager",
    }


class Guarding:
    def __init__(self, site: Site) -> None:
        self._site, self._database, self._clock = site, site.pages.database, site.pages.clock

    async def show(self, asked: Asked) -> Response:
        if (await self._user(asked)).password is None:
            return asked.redirect("/account")
        return await self._page(asked)

    async def begin(self, asked: Asked) -> Response:
        """The QR code, for who has typed the password again."""
        user, form = await self._user(asked), await asked.form()
        if user.password is None:
            return self._no_password(asked)
        if user.second_factor is not None:
            return await self._page(asked)
        try:
            await prove(self._site, asked, user, str(form.get("password", "")))
        except NotProved as refused:
            return await self._refused(asked, refused)
        return await self._page(asked, beginning=self._beginning(asked, user, second_factor.fresh()))

    async def confirm(self, asked: Asked) -> Response:
        """The app has it: from now on it is asked for.  Every other browser of theirs is signed out."""
        user, form, now = await self._user(asked), await asked.form(), self._clock.now()
        begun = unseal(self._site.secret, PURPOSE, str(form.get("begun", "")), now=now)
        if user.second_factor is not None or begun is None or begun["session"] != asked.user.session_id:
            told = asked.words("This was begun in another window, or too long ago. Please begin again.")
            return await self._page(asked, 422, guard_told=told)
        step = second_factor.step_of(begun["made_from"], str(form.get("code", "")), now)
        if step is None:
            told = asked.words("This is not the code that the app shows now. Is the telephone's clock right?")
            beginning = self._beginning(asked, user, begun["made_from"])
            return await self._page(asked, 422, beginning=beginning, guard_errors={"code": told})
        async with self._database.write() as conn:
            codes = await second_factor.turn_on(conn, self._site.secret, user.id, begun["made_from"], step)
            if codes is not None:
                await sessions.end_all(conn, user.id, now, but=asked.user.session_id)
                await self._record(conn, asked, What.SECOND_FACTOR_ON)
        return await self._page(asked, fresh_codes=codes)

    async def change(self, asked: Asked) -> Response:
        """Off, or ten new recovery codes; either by password and code."""
        user, form = await self._user(asked), await asked.form()
        if user.password is None:
            return self._no_password(asked)
        if user.second_factor is None:
            return await self._page(asked)
        try:
            await prove(self._site, asked, user, str(form.get("password", "")), str(form.get("code", "")))
        except NotProved as refused:
            return await self._refused(asked, refused)
        codes, told = None, None
        async with self._database.write() as conn:
            if form.get("what") == "codes":
                codes = await second_factor.new_recovery_codes(conn, self._site.secret, user.id)
                await self._record(conn, asked, What.RECOVERY_CODES)
            elif await second_factor.turn_off(conn, user.id):
                told = asked.words("Turned off: from now on the password is enough.")
                await self._record(conn, asked, What.SECOND_FACTOR_OFF)
        return await self._page(asked, fresh_codes=codes, guard_told=told)

    def _beginning(self, asked: Asked, user: User, made_from: str) -> dict[str, Any]:
        note = {"made_from": made_from, "session": asked.user.session_id}
        address = second_factor.address(made_from, self._site.pages.house.company, user.email)
        return {
            "begun": seal(self._site.secret, PURPOSE, note, until=self._clock.now() + sessions.PROVED_FOR),
            "address": address,
            "drawing": Markup(second_factor.drawing(address)),
            "by_hand": second_factor.in_fours(made_from),
        }

    async def _page(self, asked: Asked, status: int = 200, **more: Any) -> Response:
        template = "sign_in/second_factor.html" if asked.of_a_part else "sign_in/second_factor_page.html"
        shown = await context(self._site, await self._user(asked)) | more
        return asked.page(template, status, place="account", **shown)

    async def _refused(self, asked: Asked, refused: NotProved) -> Response:
        answer = await self._page(asked, refused.status, guard_errors=refused.errors)
        answer.headers.update(refused.headers)
        return answer

    def _no_password(self, asked: Asked) -> Response:
        name = door.single_name(self._site) or asked.words("the company's own sign-in")
        return asked.trouble(422, asked.words("You sign in with %(name)s, and need no password here.", name=name))

    async def _record(self, conn: AsyncConnection, asked: Asked, what: What) -> None:
        await audit.record(conn, asked.user.principal, what, now=self._clock.now(), user=asked.user.user_id)

    async def _user(self, asked: Asked) -> User:
        async with self._database.read() as conn:
            return await users.load(conn, asked.user.user_id)
