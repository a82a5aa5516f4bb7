"""`/sign-in/single`: to the company's own provider and back, for who is expected here.

Somebody is known by what the provider calls them; the first time by an invitation in their hands, or by an address that
the provider has verified.  Whoever is unknown is told so, and nothing is kept of them.

With `?again=1` who is signed in here shows there once more who they are, and goes on with the same session.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from desk import invites, sessions, users
from desk.oidc import LEEWAY_SECONDS, Identity, NotProved, Provider, ProviderAway
from desk.pages import Asked
from desk.sealed import seal, unseal
from desk.sign_in import door, entering
from desk.site import Site
from desk.users import User
from desk.viewer import Viewer

log = structlog.get_logger()

START, BACK = "/sign-in/single", "/sign-in/single/back"
BEGUN, BEGUN_FOR = "centralino_begun", timedelta(minutes=10)


def routes(site: Site, provider: Provider | None) -> list[BaseRoute]:
    """None where no provider is set."""
    if provider is None:
        return []
    at, pages = Single(site, provider), site.pages
    return [
        pages.open_route(START, at.begin),
        pages.open_route(BACK, at.back),
        pages.open_route(f"{invites.PATH}{{secret}}/single", at.begin),
    ]


class Single:
    def __init__(self, site: Site, provider: Provider) -> None:
        self._site, self._provider = site, provider

    async def begin(self, asked: Asked) -> Response:
        again = asked.viewer is not None and asked.request.query_params.get("again") == "1"
        try:
            begun = await self._provider.begin(again=again)
        except ProviderAway as error:
            return self._away(asked, error)
        kept: dict[str, Any] = {
            "state": begun.state,
            "nonce": begun.nonce,
            "verifier": begun.verifier,
            "next": entering.inside(asked.request.query_params.get("next", "/")),
            "invite": asked.request.path_params.get("secret", ""),
        }
        now = self._site.pages.clock.now()
        if again:
            kept["again_at"] = now.timestamp()
        response = RedirectResponse(begun.url, status_code=303)
        response.set_cookie(
            BEGUN,
            seal(self._site.secret, "sign-in begun", kept, until=now + BEGUN_FOR),
            max_age=int(BEGUN_FOR.total_seconds()),
            path=START,
            secure=self._site.pages.secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def back(self, asked: Asked) -> Response:
        response = await self._back(asked)
        response.delete_cookie(BEGUN, path=START, secure=self._site.pages.secure, httponly=True, samesite="lax")
        return response

    async def _back(self, asked: Asked) -> Response:
        query = asked.request.query_params
        kept = unseal(
            self._site.secret, "sign-in begun", asked.request.cookies.get(BEGUN), now=self._site.pages.clock.now()
        )
        if kept is None or not hmac.compare_digest(query.get("state", "").encode(), str(kept["state"]).encode()):
            return self._refused(asked, "This was begun in another window, or too long ago. Please begin again.")
        if "code" not in query:
            log.info("single_sign_in_refused", why=query.get("error", "no code")[:40])
            return self._refused(asked, "%(name)s did not let you in.")
        try:
            identity = await self._provider.finish(query["code"], nonce=kept["nonce"], verifier=kept["verifier"])
        except ProviderAway as error:
            return self._away(asked, error)
        except NotProved as error:
            log.warning("single_sign_in_not_proved", why=str(error))
            return self._refused(asked, "What %(name)s answered does not prove who you are. Please try again.")
        return await self._let_in(asked, identity, kept)

    async def _let_in(self, asked: Asked, identity: Identity, kept: Mapping[str, Any]) -> Response:
        if "again_at" in kept and asked.viewer is not None:
            return await self._again(asked, asked.viewer, identity, kept)
        async with self._site.pages.database.write() as conn:
            user = await self._who(conn, identity, kept["invite"])
            if user is not None and user.may_sign_in:
                secret = await entering.begin(conn, self._site, asked, user, "oidc")
        if user is not None and user.may_sign_in:
            return entering.enter(self._site, asked, user, secret, kept["next"])
        log.info("single_sign_in_refused", why="not expected here", user=user.id if user else None)
        if user is None and identity.email is None:
            told = "%(name)s knows you, but has not confirmed your e-mail address. Please ask a manager for a link."
        else:
            told = "%(name)s knows you, but nobody has invited you here yet. Please ask a manager."
        return self._refused(asked, told)

    async def _again(self, asked: Asked, viewer: Viewer, identity: Identity, kept: Mapping[str, Any]) -> Response:
        """A provider that does not tell when they last signed in there is taken at its word: it was asked to ask."""
        earliest = kept["again_at"] - LEEWAY_SECONDS
        async with self._site.pages.database.write() as conn:
            user = await users.by_subject(conn, identity.subject)
            same = user is not None and user.id == viewer.user_id
            fresh = identity.signed_in_at is None or identity.signed_in_at >= earliest
            if same and fresh:
                await sessions.prove(conn, viewer.session_id, self._site.pages.clock.now())
                return asked.redirect(entering.inside(kept["next"]))
        log.info("proof_refused", user=viewer.user_id, same=same, fresh=fresh)
        told = "%(name)s did not ask you who you are." if same else "%(name)s knows you as somebody else than here."
        return asked.trouble(403, asked.words(told, name=self._site.sign_on.name))

    async def _who(self, conn: AsyncConnection, identity: Identity, invite: str) -> User | None:
        now = self._site.pages.clock.now()
        invited = await invites.invited(conn, invite, now) if invite else None
        user = await users.by_subject(conn, identity.subject)
        if user is None:
            user = invited
            if user is None and identity.email is not None:
                user = await users.by_email(conn, identity.email)
            if user is None or not user.may_sign_in:
                return None
            if not await users.choose_subject(conn, user.id, identity.subject):
                return None
        if invited is not None and invited.id == user.id and await invites.use(conn, invite, now):
            await users.forget_password(conn, user.id)  # it held until the link was used
            await sessions.end_all(conn, user.id, now)
        return user

    def _away(self, asked: Asked, error: ProviderAway) -> Response:
        log.warning("single_sign_in_away", why=str(error))
        return self._refused(asked, "%(name)s does not answer. Please try again in a moment.", 503)

    def _refused(self, asked: Asked, told: str, status: int = 403) -> Response:
        return door.shown(self._site, asked, status, told=asked.words(told, name=self._site.sign_on.name))
