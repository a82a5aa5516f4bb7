"""`/account`: what is one's own: name, language, where one listens, password, browsers one is signed in with.

The second factor beside the password is in `guarding`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response
from starlette.routing import BaseRoute

from api.problems import FieldRefused
from crm import audit
from crm.audit import What
from desk import passwords, sessions, users
from desk.pages import Asked
from desk.sign_in import door, guarding, proving
from desk.sign_in.browsers import browser_name
from desk.sign_in.invited import own_words
from desk.sign_in.proving import NotProved
from desk.site import Site
from desk.users import User, UserRefused
from desk.words import SPOKEN
from routing.roster import read_address

PATH = "/account"


def routes(site: Site) -> list[BaseRoute]:
    at, page = Account(site), site.pages.route
    return [
        page(PATH, at.show),
        page(f"{PATH}/about", at.about, methods=["POST"]),
        page(f"{PATH}/password", at.password, methods=["POST"]),
        page(f"{PATH}/sessions/others/end", at.end_others, methods=["POST"]),
        page(f"{PATH}/sessions/{{session_id}}/end", at.end, methods=["POST"]),
    ]


class Account:
    def __init__(self, site: Site) -> None:
        self._site, self._database, self._clock = site, site.pages.database, site.pages.clock

    async def show(self, asked: Asked) -> Response:
        user = await self._user(asked)
        guard = await guarding.context(self._site, user)
        context = self._about(user) | self._password(user) | guard | await self._sessions(asked)
        return asked.page("sign_in/account.html", place="account", **context)

    async def about(self, asked: Asked) -> Response:
        """A new language is seen on the whole page at once."""
        user, form = await self._user(asked), await asked.form()
        typed = {name: str(form.get(name, "")).strip() for name in ("name", "language", "address")}
        try:
            values = self._cleaned(user, typed)
            async with self._database.write() as conn:
                changed = await users.change(conn, user.id, values)
                if changed:
                    now, fields = self._clock.now(), ",".join(changed)
                    await audit.record(
                        conn, asked.user.principal, What.USER_CHANGED, now=now, user=user.id, fields=fields
                    )
        except UserRefused as refused:
            errors = {refused.field: asked.words.problem(refused.why)}
            return asked.page("sign_in/about.html", 422, **self._about(user) | {"typed": typed, "errors": errors})
        if {"language", "name"} & set(changed) or not asked.of_a_part:
            return asked.redirect(f"{PATH}?saved=1")
        return asked.page("sign_in/about.html", **self._about(await self._user(asked)) | {"saved": True})

    def _cleaned(self, user: User, typed: dict[str, str]) -> dict[str, str | None]:
        """Raises UserRefused."""
        values: dict[str, str | None] = {"name": typed["name"]}
        values["language"] = typed["language"] if typed["language"] in SPOKEN else None
        if user.role == "manager":
            try:
                values["address"] = read_address(typed["address"], self._site.region) if typed["address"] else None
            except FieldRefused as refused:
                raise UserRefused("address", str(refused.detail)) from None
        return values

    async def password(self, asked: Asked) -> Response:
        """Every other browser is signed out: that may be why it is changed."""
        user, form = await self._user(asked), await asked.form()
        typed = {name: str(form.get(name, "")) for name in ("current", "password")}
        try:
            await proving.prove(self._site, asked, user, typed["current"])
        except NotProved as refused:
            answer = self._password_part(asked, user, refused.status, errors={"current": refused.told})
            answer.headers.update(refused.headers)
            return answer
        fault = passwords.fault_of(typed["password"], own_words(self._site, user))
        if fault is not None:
            return self._password_part(asked, user, 422, errors={"password": asked.words(fault)})
        kept = await passwords.hashed(typed["password"])
        async with self._database.write() as conn:
            await users.choose_password(conn, user.id, kept)
            await sessions.end_all(conn, user.id, self._clock.now(), but=asked.user.session_id)
            await audit.record(conn, asked.user.principal, What.PASSWORD_CHOSEN, now=self._clock.now())
        return self._password_part(asked, user, changed=True)

    async def end(self, asked: Asked) -> Response:
        session_id = asked.request.path_params["session_id"]
        if session_id == asked.user.session_id:
            return asked.trouble(422, asked.words("This is the browser you are using: sign out instead."))
        async with self._database.write() as conn:
            if await sessions.end(conn, asked.user.user_id, session_id, self._clock.now()):
                await self._record_end(conn, asked, 1)
        return await self._sessions_part(asked)

    async def end_others(self, asked: Asked) -> Response:
        async with self._database.write() as conn:
            ended = await sessions.end_all(conn, asked.user.user_id, self._clock.now(), but=asked.user.session_id)
            if ended:
                await self._record_end(conn, asked, ended)
        return await self._sessions_part(asked)

    async def _record_end(self, conn: AsyncConnection, asked: Asked, ended: int) -> None:
        viewer, now = asked.user, self._clock.now()
        await audit.record(
            conn,
            viewer.principal,
            What.SIGNED_OUT,
            now=now,
            user=viewer.user_id,
            sessions=ended,
        )

    async def _user(self, asked: Asked) -> User:
        async with self._database.read() as conn:
            return await users.load(conn, asked.user.user_id)

    def _about(self, user: User) -> dict[str, Any]:
        typed = {"name": user.name, "language": user.language or "", "address": user.address or ""}
        return {"user": user, "typed": typed, "errors": {}, "saved": False}

    def _password(self, user: User) -> dict[str, Any]:
        single = door.single_name(self._site)
        return {"user": user, "password_errors": {}, "password_changed": False, "single": single}

    def _password_part(
        self,
        asked: Asked,
        user: User,
        status: int = 200,
        *,
        errors: dict[str, str] | None = None,
        changed: bool = False,
    ) -> Response:
        if not asked.of_a_part and status == 200:
            return asked.redirect(PATH)
        told = {"password_errors": errors or {}, "password_changed": changed}
        return asked.page("sign_in/password.html", status, **self._password(user) | told)

    async def _sessions(self, asked: Asked) -> dict[str, Any]:
        async with self._database.read() as conn:
            found = await sessions.of_user(conn, asked.user.user_id, self._clock.now(), idle=self._site.pages.idle)
        named = [(session, browser_name(session.browser)) for session in found]
        return {"sessions": sorted(named, key=lambda pair: pair[0].id != asked.user.session_id)}

    async def _sessions_part(self, asked: Asked) -> Response:
        if not asked.of_a_part:
            return asked.redirect(PATH)
        return asked.page("sign_in/sessions.html", **await self._sessions(asked))
