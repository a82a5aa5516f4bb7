"""Mischief on demand over HTTP, and the account's debugger: for applications in other languages than ours.

Only for programs of this machine.  A page in a browser cannot reach it: it takes JSON, which a page of another origin
may not send unasked, and only under this machine's own names.

    POST   /faults    {"on": "rest" | "webhook" | "signal", "effect": "…", "where": "", "method": "", "times": 1,
                       "seconds": 0}
    GET    /faults    what has not struck yet
    DELETE /faults    nothing strikes any more
    GET    /alerts    what the debugger noted, newest last: at, code, url, message, call_sid
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulator.faults import RestEffect, SignalEffect, WebhookEffect
from simulator.network import Network

LOOPBACK = ("127.0.0.1", "::1", "localhost")
EFFECTS = {"rest": get_args(RestEffect), "webhook": get_args(WebhookEffect), "signal": get_args(SignalEffect)}
LONGEST_BODY = 10_000


class BadFault(ValueError):
    """A fault that this carrier does not know."""


def routes(network: Network) -> list[BaseRoute]:
    async def ask(request: Request) -> Response:
        if "application/json" not in request.headers.get("content-type", ""):
            return _refused(415, "the body is JSON: Content-Type: application/json")
        try:
            order(network, json.loads((await request.body())[:LONGEST_BODY]))
        except ValueError as error:
            return _refused(400, str(error))
        return JSONResponse(pending(network), 201)

    async def show(request: Request) -> Response:
        return JSONResponse(pending(network))

    async def forget(request: Request) -> Response:
        network.faults.clear()
        return JSONResponse(pending(network))

    async def alerts(request: Request) -> Response:
        return JSONResponse([asdict(alert) | {"at": alert.at.isoformat()} for alert in network.alerts])

    return [
        Route("/faults", _local(ask), methods=["POST"]),
        Route("/faults", _local(show), methods=["GET"]),
        Route("/faults", _local(forget), methods=["DELETE"]),
        Route("/alerts", _local(alerts), methods=["GET"]),
    ]


def order(network: Network, wish: Any) -> None:
    """Raises BadFault."""
    if not isinstance(wish, dict) or wish.get("on") not in EFFECTS:
        raise BadFault(f'"on" is {" or ".join(EFFECTS)}')
    on: str = wish["on"]
    effect: Any = wish.get("effect")
    if effect not in EFFECTS[on]:
        raise BadFault(f'"effect" on {on} is one of {", ".join(EFFECTS[on])}')
    where, method = wish.get("where", ""), wish.get("method", "")
    times, seconds = wish.get("times", 1), wish.get("seconds", 0)
    if not isinstance(where, str) or not isinstance(method, str):
        raise BadFault('"where" and "method" are words')
    if not isinstance(times, int) or not isinstance(seconds, (int, float)) or times < 1 or seconds < 0:
        raise BadFault('"times" is 1 or more, "seconds" 0 or more')
    if unknown := sorted(set(wish) - {"on", "effect", "where", "method", "times", "seconds"}):
        raise BadFault(f"unknown: {', '.join(unknown)}")
    if on == "rest":
        network.faults.rest(effect, where=where, method=method, times=times, seconds=seconds)
    elif method:
        raise BadFault('"method" goes with "rest"')
    elif effect == "cut":
        network.softphones.cut(where, seconds)  # strikes at once
    elif on == "signal":
        network.faults.signal(effect, where=where, times=times)
    else:
        network.faults.webhook(effect, where=where, times=times, seconds=seconds)


def pending(network: Network) -> list[dict[str, Any]]:
    return [{"on": on} | asdict(fault) for on, fault in network.faults.pending()]


def _local(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        if request.client is None or not {request.client.host, request.url.hostname} <= set(LOOPBACK):
            return _refused(403, "only from this machine")
        return await endpoint(request)

    return guarded


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status)
