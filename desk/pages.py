"""How a page is made: who looks, in which language, from which template, and what becomes of a refusal.

Each room of the console hands in its routes; an endpoint gets an `Asked` and answers with one of its responses.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import FormData, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive

from desk.asking import Api, Client, Refused
from desk.formats import Formats, hue, initials
from desk.viewer import LONGEST, LONGEST_IDLE, Role, Viewer, cookie_name, viewer_of
from desk.words import Words, chosen, words_in
from routing.house import House
from store.clock import Clock
from store.faults import told
from store.sql import Database

log = structlog.get_logger()

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
EVERYBODY: tuple[Role, ...] = ("manager", "agent")
MANAGERS: tuple[Role, ...] = ("manager",)
MOST_FORM_BYTES = 2 * 1024 * 1024
SECOND_FACTOR = "/account/second-factor"  # where it is set up

Endpoint = Callable[["Asked"], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation.  `name` is also what a page says it belongs to."""

    name: str
    label: str  # English, for the catalogue
    address: str
    icon: str
    roles: tuple[Role, ...]
    needs_agent: bool = False

    def open_to(self, viewer: Viewer) -> bool:
        return viewer.role in self.roles and (viewer.agent_id is not None or not self.needs_agent)


PLACES = (
    Place("desk", "My desk", "/desk", "headset", EVERYBODY, needs_agent=True),
    Place("people", "People", "/desk/people", "search", ("agent",)),
    Place("floor", "Floor", "/console/floor", "floor", ("manager",)),
    Place("promises", "Promises", "/console/promises", "promise", ("manager",)),
    Place("customers", "Customers", "/console/customers", "people", ("manager",)),
    Place("agents", "Agents", "/console/agents", "team", ("manager",)),
    Place("plan", "Rules", "/console/plan", "rules", ("manager",)),
    Place("phrases", "Phrases", "/console/phrases", "speech", ("manager",)),
    Place("reports", "Reports", "/console/reports", "chart", ("manager",)),
    Place("settings", "Settings", "/console/settings", "settings", ("manager",)),
)


@dataclass(frozen=True, slots=True)
class Pages:
    """What every page is made with.  `signalling`: where the softphone's signalling is if not at Twilio, `ws://…`."""

    database: Database
    clock: Clock
    house: House
    api: Api
    signalling: str | None = None
    secure: bool = False  # reached by https: the cookie is sent over nothing else
    session: timedelta = LONGEST  # from signing in to having to sign in again
    idle: timedelta = LONGEST_IDLE  # without a request
    managers_need_second_factor: bool = False

    def route(
        self,
        path: str,
        endpoint: Endpoint,
        *,
        roles: Sequence[Role] = EVERYBODY,
        methods: Sequence[str] = ("GET",),
        comes_first: bool = False,
    ) -> Route:
        """For who is signed in with one of `roles`; others are sent to sign in, or told that it is not theirs.

        `comes_first`: also for a manager who has still to set up a second factor, and is led there from all others.
        """

        async def answer(request: Request) -> Response:
            viewer = await self.viewer(request)
            if viewer is None:
                return _to_sign_in(request)
            asked = Asked(self, request, viewer, words_in(viewer.language))
            if not comes_first and self.lacks_second_factor(viewer):
                return asked.redirect(SECOND_FACTOR)
            if viewer.role not in roles:
                return asked.trouble(403, asked.words("This page is for managers."))
            return await _answered(asked, endpoint)

        return Route(path, answer, methods=list(methods))

    def open_route(self, path: str, endpoint: Endpoint, *, methods: Sequence[str] = ("GET",)) -> Route:
        """For everybody, signed in or not (`asked.viewer` may be None)."""

        async def answer(request: Request) -> Response:
            viewer = await self.viewer(request)
            language = viewer.language if viewer else self.language(request)
            return await _answered(Asked(self, request, viewer, words_in(language)), endpoint)

        return Route(path, answer, methods=list(methods))

    async def viewer(self, request: Request) -> Viewer | None:
        return await viewer_of(
            self.database,
            request.cookies.get(cookie_name(self.secure)),
            request.headers.get("accept-language"),
            house=self.house.language,
            now=self.clock.now(),
            idle=self.idle,
        )

    def lacks_second_factor(self, viewer: Viewer) -> bool:
        """Who comes from the company's own provider has been asked there for what the company wants."""
        needed = self.managers_need_second_factor and viewer.manages
        return needed and viewer.password_alone and viewer.how != "oidc"

    def language(self, request: Request) -> str:
        return chosen(None, request.headers.get("accept-language"), self.house.language)


@dataclass(frozen=True)
class Asked:
    """One request for a page, or for a part of one."""

    pages: Pages
    request: Request
    viewer: Viewer | None
    words: Words

    @property
    def user(self) -> Viewer:
        """Who looks, on a route that is not open to everybody."""
        assert self.viewer is not None
        return self.viewer

    @cached_property
    def api(self) -> Client:
        return self.pages.api.by(self.user.principal)

    @cached_property
    def formats(self) -> Formats:
        return Formats(self.words, self.pages.house.zone, self.pages.house.country)

    @property
    def of_a_part(self) -> bool:
        """Asked by htmx, which wants a fragment and no whole page."""
        return self.request.headers.get("hx-request") == "true"

    async def body(self) -> bytes:
        """Raises Refused for what is too long."""
        return await Request(self.request.scope, _no_more_than(MOST_FORM_BYTES, self.request.receive)).body()

    async def form(self) -> FormData:
        """The same, however often it is asked for.  Raises Refused for what is too long, or no form at all."""
        kept: FormData | None = getattr(self.request.state, "form", None)
        if kept is None:
            request = Request(self.request.scope, _no_more_than(MOST_FORM_BYTES, self.request.receive))
            try:
                kept = await request.form(max_part_size=MOST_FORM_BYTES)
            except HTTPException as error:
                raise Refused(error.status_code, {"detail": "This form could not be read."}) from error
            self.request.state.form = kept
        return kept

    async def asking(self) -> FormData | QueryParams:
        """What is looked for.  What people type comes in the body: no name stands in an address."""
        return await self.form() if self.request.method == "POST" else self.request.query_params

    def page(self, template: str, status: int = 200, *, place: str | None = None, **context: Any) -> HTMLResponse:
        """A whole page, or a part of one: what the template extends decides.  `place`: its entry in the navigation."""
        shown = _environment(self.words.language).get_template(template).render(self._context(place) | context)
        return HTMLResponse(shown, status)

    def redirect(self, address: str) -> Response:
        """To another page of ours, also for htmx."""
        if self.of_a_part:
            return Response(status_code=204, headers={"HX-Redirect": address})
        return RedirectResponse(address, status_code=303)

    def trouble(self, status: int, detail: str) -> Response:
        template = "trouble_part.html" if self.of_a_part else "trouble.html"
        return self.page(template, status, detail=detail)

    def _context(self, place: str | None) -> dict[str, Any]:
        viewer, formats = self.viewer, self.formats
        led = viewer is not None and self.pages.lacks_second_factor(viewer)
        return {
            "viewer": viewer,
            "company": self.pages.house.company,
            "place": place,
            "places": [p for p in PLACES if viewer and p.open_to(viewer) and not led],
            "now": self.pages.clock.now(),
            "language": self.words.language,
            "f": formats,
            "signalling": self.pages.signalling,
            "here": self.request.url.path,
            "problem": self.words.problem,
        }


def _no_more_than(most: int, receive: Receive) -> Receive:
    """Whatever comes, and Refused once it is more than `most` bytes: nothing lies about until somebody is signed in."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise Refused(413, {"detail": "This is too long to be sent."})
        return message

    return limited


async def _answered(asked: Asked, endpoint: Endpoint) -> Response:
    """Whatever breaks is a page that says so; what was typed is still in the browser, one step back."""
    try:
        return await endpoint(asked)
    except Refused as refused:
        return asked.trouble(refused.status, asked.words.problem(refused.detail))
    except ClientDisconnect:
        return Response(status_code=400)  # which nobody sees any more
    except Exception as error:
        log.error("page_failed", route=asked.request.scope["path_params"] and asked.request.method, **told(error))
        return asked.trouble(500, asked.words("Something broke on our side; it has been logged. Please try again."))


def _to_sign_in(request: Request) -> Response:
    if request.headers.get("hx-request") == "true":
        return Response(status_code=204, headers={"HX-Redirect": "/sign-in"})
    if request.method != "GET":
        return RedirectResponse("/sign-in", status_code=303)
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/sign-in?next={quote(request.url.path + query, safe='')}", status_code=303)


@lru_cache
def asset(name: str) -> str:
    """A static file's address; it changes with the file, so browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


@lru_cache
def _environment(language: str) -> Environment:
    words = words_in(language)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(asset=asset, initials=initials, hue=hue, icon_address=_icon)
    environment.filters["anchor"] = _anchor
    return environment


def _icon(name: str) -> str:
    return f"{asset('icons.svg')}#{name}"


def _anchor(text: Any) -> str:
    """Something that may stand in an id attribute."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", str(text))


def errors_of(refused: Refused, words: Words, names: Mapping[str, str] | None = None) -> dict[str, str]:
    """Message by form field; `names`: what the API calls a field -> what the form calls it.  "" holds the rest."""
    renamed = names or {}
    told = {renamed.get(field, field): words.problem(message) for field, message in refused.fields.items()}
    return told or {"": words.problem(refused.detail)}
