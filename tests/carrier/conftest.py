"""A stand-in for Twilio's REST API that the real client talks to over a socket, and that fails when told to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from secrets import token_hex
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from carrier.effects import Effects
from carrier.port import EffectResult
from carrier.twilio import TwilioNetwork
from store.clock import VirtualClock
from store.sql import Database
from tests.ports import free_port

ACCOUNT = "AC" + "0" * 32
TOKEN = "12345"


@dataclass
class Trouble:
    """What goes wrong with one request: before the effect, instead of it, or after it."""

    status: int = 500
    code: int = 20500
    effect_first: bool = False
    hang: bool = False


@dataclass
class StandIn:
    """Remembers what it was asked; does what `troubles` says, first come, first served, else what Twilio would."""

    now: Callable[[], datetime]
    url: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    rooms: dict[str, str] = field(default_factory=dict)  # SIDs by name, of those that are open
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    asked_at: list[datetime] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> Starlette:
        base = f"/2010-04-01/Accounts/{ACCOUNT}"
        return Starlette(
            routes=[
                Route(f"{base}/Calls.json", self._answer(self._create_call), methods=["POST"]),
                Route(f"{base}/Calls.json", self._answer(self._list_calls), methods=["GET"]),
                Route(f"{base}/Calls/{{sid}}.json", self._answer(self._update_call), methods=["POST"]),
                Route(f"{base}/Calls/{{sid}}.json", self._answer(self._fetch_call), methods=["GET"]),
                Route(f"{base}/Conferences.json", self._answer(self._list_rooms), methods=["GET"]),
                Route(f"{base}/Conferences/{{sid}}.json", self._answer(self._change_room), methods=["POST"]),
                Route(
                    f"{base}/Conferences/{{sid}}/Participants/{{call}}.json",
                    self._answer(self._change_room),
                    methods=["POST"],
                ),
                Route(f"{base}/Messages.json", self._answer(self._create_message), methods=["POST"]),
                Route(f"{base}/Messages.json", self._answer(self._list_messages), methods=["GET"]),
                Route(f"{base}/Recordings/{{sid}}.json", self._answer(self._delete), methods=["DELETE"]),
                Route(f"{base}/IncomingPhoneNumbers.json", self._answer(self._list_numbers), methods=["GET"]),
            ]
        )

    def creates(self, resource: str = "Calls") -> list[dict[str, str]]:
        return [form for method, path, form in self.asked if method == "POST" and path == f"{resource}.json"]

    def ends(self) -> list[tuple[str, str]]:
        """SID and status of each call that was ended."""
        updates = [(path, form) for method, path, form in self.asked if method == "POST" and path.startswith("Calls/")]
        return [(path[6:-5], form["Status"]) for path, form in updates if "Status" in form]

    def _answer(self, handle: Callable[[Request, FormData], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            form = await request.form()
            given = form if request.method == "POST" else request.query_params
            path = request.url.path.partition(f"{ACCOUNT}/")[2]
            self.asked.append((request.method, path, {name: str(value) for name, value in given.items()}))
            self.asked_at.append(self.now())
            self.authorizations.append(request.headers.get("authorization", ""))
            trouble = self.troubles.pop(0) if self.troubles else None
            if trouble is None:
                return handle(request, form)
            if trouble.effect_first:
                handle(request, form)
            if trouble.hang:
                await self.released.wait()
            return _error(trouble.status, trouble.code)

        return answer

    def _create_call(self, request: Request, form: FormData) -> Response:
        call = self._new("CA", form, status="queued")
        self.calls.insert(0, call)
        return JSONResponse(call, 201)

    def _create_message(self, request: Request, form: FormData) -> Response:
        message = self._new("SM", form, status="queued") | {"body": str(form["Body"])}
        self.messages.insert(0, message)
        return JSONResponse(message, 201)

    def _new(self, prefix: str, form: FormData, status: str) -> dict[str, Any]:
        return {
            "sid": prefix + token_hex(16),
            "to": str(form["To"]).partition("?")[0],
            "from": str(form["From"]),
            "status": status,
            "direction": "outbound-api",
            "date_created": format_datetime(self.now()),
        }

    def _list_calls(self, request: Request, form: FormData) -> Response:
        return JSONResponse({"calls": _with_to(self.calls, request), "next_page_uri": None})

    def _list_messages(self, request: Request, form: FormData) -> Response:
        return JSONResponse({"messages": _with_to(self.messages, request), "next_page_uri": None})

    def _list_numbers(self, request: Request, form: FormData) -> Response:
        found = [{"phone_number": number, "sid": f"PN{number[1:]:0>32}"} for number in self.numbers]
        return JSONResponse({"incoming_phone_numbers": found, "next_page_uri": None})

    def _list_rooms(self, request: Request, form: FormData) -> Response:
        sid = self.rooms.get(request.query_params.get("FriendlyName", ""))
        found = [{"sid": sid, "status": "in-progress"}] if sid else []
        return JSONResponse({"conferences": found, "next_page_uri": None})

    def _change_room(self, request: Request, form: FormData) -> Response:
        if request.path_params["sid"] not in self.rooms.values():
            return _error(404, 20404)
        return JSONResponse({"sid": request.path_params["sid"], "call_sid": request.path_params.get("call")})

    def _update_call(self, request: Request, form: FormData) -> Response:
        call = self._call(request)
        if call is None:
            return _error(404, 20404)
        if call["status"] == "completed":
            return _error(400, 21220)
        if "Status" in form:
            call["status"] = form["Status"]
        return JSONResponse(call)

    def _fetch_call(self, request: Request, form: FormData) -> Response:
        call = self._call(request)
        return _error(404, 20404) if call is None else JSONResponse(call)

    def _delete(self, request: Request, form: FormData) -> Response:
        return Response(status_code=204)

    def _call(self, request: Request) -> dict[str, Any] | None:
        return next((call for call in self.calls if call["sid"] == request.path_params["sid"]), None)


def _with_to(rows: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    to = request.query_params.get("To")
    return [row for row in rows if to is None or row["to"] == to]


def _error(status: int, code: int) -> Response:
    return JSONResponse({"code": code, "message": "no", "more_info": "", "status": status}, status)


@pytest.fixture
async def stand_in(clock: VirtualClock) -> AsyncIterator[StandIn]:
    stand_in = StandIn(clock.now)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(stand_in.app(), lifespan="off", log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve([listening]))
    stand_in.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield stand_in
    stand_in.released.set()
    server.should_exit = True
    await serving
    listening.close()


@pytest.fixture
async def network(stand_in: StandIn) -> AsyncIterator[TwilioNetwork]:
    network = TwilioNetwork(ACCOUNT, TOKEN, api_url=stand_in.url)
    await network.open()
    yield network
    await network.close()


@pytest.fixture
async def impatient(stand_in: StandIn) -> AsyncIterator[TwilioNetwork]:
    """For answers that never come: tests wait for it in real time."""
    network = TwilioNetwork(ACCOUNT, TOKEN, api_url=stand_in.url, timeout_seconds=0.3)
    await network.open()  # else the time goes by while the library is being loaded
    yield network
    await network.close()


class Office:
    """One process of ours: its ledger, what it was told, and its loops once they are started."""

    def __init__(
        self, database: Database, clock: VirtualClock, network: TwilioNetwork, calls_per_second: float
    ) -> None:
        self.told: list[EffectResult] = []
        self.effects = Effects(
            database, clock, network, calls_per_second=calls_per_second, on_result=self._hear, chance=lambda: 0.5
        )
        self._clock = clock
        self._loops: list[asyncio.Task[Any]] = []

    async def _hear(self, result: EffectResult) -> None:
        self.told.append(result)

    def keep(self) -> None:
        self._loops += [self._clock.spawn(loop.run(), "loop") for loop in self.effects.loops()]

    async def close(self) -> None:
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    def states(self) -> list[tuple[str, str | None]]:
        return [(result.state, result.error_code) for result in self.told]


@pytest.fixture
async def offices(
    database: Database, clock: VirtualClock, network: TwilioNetwork
) -> AsyncIterator[Callable[..., Office]]:
    """Makes processes of ours over one database and one Twilio."""
    made: list[Office] = []

    def make(calls_per_second: float = 100.0, network: TwilioNetwork = network) -> Office:
        made.append(Office(database, clock, network, calls_per_second))
        return made[-1]

    yield make
    for office in made:
        await office.close()


@pytest.fixture
def office(offices: Callable[..., Office]) -> Office:
    return offices()


@pytest.fixture(name="trouble")
def trouble_maker() -> Callable[..., Trouble]:
    return Trouble


@pytest.fixture(name="free_port")
def _free_port() -> int:
    return free_port()
