"""What a browser is told of our pages, and which requests it sent by another page's will."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
TWILIO = "https://*.twilio.com wss://*.twilio.com"


def page_headers(*, signalling: str | None = None) -> Mapping[str, str]:
    """`signalling`: the origin of a stand-in for the carrier's, `ws://host:port`, which scripts may reach too; what was
    recorded there is played from there."""
    reached = f"'self' {TWILIO}" + (f" {signalling}" if signalling else "")
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: https:",  # photos stand where their owners keep them
        "font-src": "'self'",
        "media-src": f"'self' blob: mediastream: {TWILIO}" + (f" http{signalling[2:]}" if signalling else ""),
        "connect-src": reached,
        "manifest-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        # The softphone needs the microphone, and nothing else of the machine.
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


class OnlyOurOwn:
    """Refuses what another site's page made the browser send.  A cookie alone proves nothing about who wanted it."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str], routes: Sequence[BaseRoute] | None = None) -> None:
        """`routes`: what can be asked for here; what is none of them is nobody's, whoever sent it.  Null: all."""
        self._app, self._headers, self._routes = app, headers, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        ours = self._routes is None or any(route.matches(scope)[0] is not Match.NONE for route in self._routes)
        if ours and scope["method"] not in SAFE_METHODS and not same_origin(Headers(scope=scope)):
            await PlainTextResponse("This was sent by another site's page.\n", 403)(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)


def same_origin(headers: Headers) -> bool:
    """By `Sec-Fetch-Site`; by `Origin` in browsers that do not send it.  Who sends neither is no browser of today."""
    fetched = headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == headers.get("host", "")
