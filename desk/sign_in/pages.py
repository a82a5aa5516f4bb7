"""`/sign-in` by password, and `/sign-out`.  Who has a second factor is led on to `second_step`.

Who is not let in hears the same words after the same time, whether the address is known or not.
"""

from __future__ import annotations

from dataclasses import replace

import structlog
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from crm import audit
from crm.audit import What
from desk import attempts, passwords, sessions, users
from desk.attempts import TooMany, Try
from desk.oidc import Provider
from desk.pages import Asked
from desk.sign_in import account, door, entering, guarding, invited, second_step, single
from desk.site import Site
from desk.softphone.desks import sign_off
from desk.users import User

log = structlog.get_logger()

WRONG = "The address and the password do not belong together."
LONGEST_TYPED = 400


def routes(site: Site) -> list[BaseRoute]:
    at, pages = SignIn(site), site.pages
    provider = Provider.of(site.sign_on, f"{site.public_url}{single.BACK}", pages.clock)
    return [
        pages.open_route("/sign-in", at.show),
        pages.open_route("/sign-in", at.sign_in, methods=["POST"]),
        pages.open_route("/sign-out", at.sign_out, methods=["POST"]),
        *single.routes(site, provider),
        *second_step.routes(site),
        *invited.routes(site),
        *account.routes(site),
        *guarding.routes(site),
    ]


class SignIn:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, asked: Asked) -> Response:
        wanted = asked.request.query_params.get("next", "/")
        if asked.viewer is not None:
            return asked.redirect(entering.inside(wanted))
        return door.shown(self._site, asked, wanted=wanted)

    async def sign_in(self, asked: Asked) -> Response:
        form = await asked.form()
        email, password, wanted = (str(form.get(name, "")) for name in ("email", "password", "next"))
        email = users.plain(email[:LONGEST_TYPED])
        missing = {
            name: asked.words("Please fill this in.") for name in ("email", "password") if not str(form.get(name, ""))
        }
        if missing:
            return door.shown(self._site, asked, 422, wanted=wanted, email=email, errors=missing)
        tried = entering.tried(self._site, asked, email)
        try:
            user = await self._known(tried, email, password)
        except TooMany as refused:
            return door.too_many(self._site, asked, refused, wanted=wanted, email=email)
        if user is None:
            return door.shown(self._site, asked, 422, wanted=wanted, email=email, told=asked.words(WRONG))
        kept = None if not passwords.outlived(user.password or "") else await passwords.hashed(password)
        return await self._let_in(asked, user, tried, kept, wanted)

    async def _known(self, tried: Try, email: str, password: str) -> User | None:
        """Raises TooMany."""
        database, now = self._site.pages.database, self._site.pages.clock.now()
        async with database.write() as conn:
            await attempts.begin(conn, tried, now)
            user = await users.by_email(conn, email)
        right = await passwords.matches(password, user.password if user else None)
        if user is not None and right and user.may_sign_in:
            return user
        log.info("sign_in_refused", user=user.id if user else None, shut_out=user is not None and not user.may_sign_in)
        return None

    async def _let_in(self, asked: Asked, user: User, tried: Try, kept: str | None, wanted: str) -> Response:
        """`kept`: the password with today's parameters, where it was kept with others."""
        now = self._site.pages.clock.now()
        async with self._site.pages.database.write() as conn:
            if kept is not None:
                await users.choose_password(conn, user.id, kept)
                user = replace(user, password=kept)
            if user.second_factor is not None:
                await attempts.half_right(conn, tried, now)
                return second_step.lead_on(self._site, user, "password", wanted)
            await attempts.succeeded(conn, tried, now)
            secret = await entering.begin(conn, self._site, asked, user, "password")
        return entering.enter(self._site, asked, user, secret, wanted)

    async def sign_out(self, asked: Asked) -> Response:
        viewer, pages, now = asked.viewer, self._site.pages, self._site.pages.clock.now()
        if viewer is not None:
            async with pages.database.write() as conn:
                await sessions.end(conn, viewer.user_id, viewer.session_id, now)
                await audit.record(conn, viewer.principal, What.SIGNED_OUT, now=now)
                elsewhere = await sessions.of_user(conn, viewer.user_id, now, idle=pages.idle)
                if viewer.agent_id is not None and not elsewhere:
                    await sign_off(conn, viewer.user_id, viewer.agent_id, now=now)
            self._site.floor_changed()
        response = RedirectResponse("/sign-in", status_code=303)
        sessions.forget_cookie(response, pages.secure)
        return response
