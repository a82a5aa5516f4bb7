"""`/invite/{secret}`: who was invited, or has forgotten the password, chooses how they sign in, and is in.

A second factor stays on: a link that somebody else has found is not enough.

The secret stands in the address, so this page tells no other where somebody came from.
"""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response
from starlette.routing import BaseRoute

from crm import audit
from crm.audit import What
from desk import invites, passwords, sessions, users
from desk.pages import Asked
from desk.sign_in import door, entering, second_step
from desk.site import Site
from desk.users import User

# The origin alone is told, also to ourselves: without it old browsers' forms would count as another site's.
TELLS_NO_ADDRESS = {"Referrer-Policy": "strict-origin"}
PATH = f"{invites.PATH}{{secret}}"


def routes(site: Site) -> list[BaseRoute]:
    at, pages = Invited(site), site.pages
    return [pages.open_route(PATH, at.show), pages.open_route(PATH, at.choose, methods=["POST"])]


class Invited:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, asked: Asked) -> Response:
        user = await self._whose(asked)
        return self._over(asked) if user is None else self._page(asked, user)

    async def choose(self, asked: Asked) -> Response:
        user = await self._whose(asked)
        if user is None:
            return self._over(asked)
        password = str((await asked.form()).get("password", ""))
        fault = passwords.fault_of(password, own_words(self._site, user))
        if fault is not None:
            return self._page(asked, user, 422, error=asked.words(fault))
        user = replace(user, password=await passwords.hashed(password))
        return await self._let_in(asked, user) or self._over(asked)

    async def _whose(self, asked: Asked) -> User | None:
        async with self._site.pages.database.read() as conn:
            return await invites.invited(conn, asked.request.path_params["secret"], self._site.pages.clock.now())

    async def _let_in(self, asked: Asked, user: User) -> Response | None:
        """Whoever was signed in by the password of before is signed out.  Null: somebody else was quicker."""
        now = self._site.pages.clock.now()
        async with self._site.pages.database.write() as conn:
            if not await invites.use(conn, asked.request.path_params["secret"], now):
                return None
            await users.choose_password(conn, user.id, user.password or "")
            await sessions.end_all(conn, user.id, now)
            await audit.record(conn, entering.principal_of(user), What.PASSWORD_CHOSEN, now=now)
            if user.second_factor is not None:
                return second_step.lead_on(self._site, user, "invite", "/")
            secret = await entering.begin(conn, self._site, asked, user, "invite")
        return entering.enter(self._site, asked, user, secret, "/")

    def _page(self, asked: Asked, user: User, status: int = 200, *, error: str | None = None) -> Response:
        single = door.single_name(self._site)
        response = asked.page("sign_in/invited.html", status, user=user, error=error, single=single)
        response.headers.update(TELLS_NO_ADDRESS)
        return response

    def _over(self, asked: Asked) -> Response:
        response = asked.page("sign_in/over.html", 410)
        response.headers.update(TELLS_NO_ADDRESS)
        return response


def own_words(site: Site, user: User) -> list[str]:
    """What anybody would try first as this person's password."""
    return [site.pages.house.company, user.name, user.email]
