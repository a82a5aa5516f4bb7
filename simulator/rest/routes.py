"""The REST API's table of contents, and what every request goes through: sign-in, faults, the OpenAPI check."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from simulator.faults import Fault
from simulator.network import Network
from simulator.openapi import BadParameter, operation
from simulator.rest import account, applications, calls, conferences, messages, numbers, queues, recordings
from simulator.rest.asked import Asked
from simulator.rest.errors import Refused, bad_request, not_found, unauthorised
from simulator.rest.uncarried import NOT_CARRIED, WITHOUT_EFFECT

ACCOUNT = "/2010-04-01/Accounts/{account}"
Handler = Callable[[Asked], dict[str, Any] | None]


class ConnectionDropped(ConnectionResetError):
    """A fault that was asked for: the caller gets no answer."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    method: str
    path: str  # below the account, as the OpenAPI document writes it
    handler: Handler
    status: int = 200


ENDPOINTS = [
    Endpoint("GET", ".json", account.fetch),
    Endpoint("POST", "/Tokens.json", account.create_token, 201),
    Endpoint("POST", "/Calls.json", calls.create, 201),
    Endpoint("GET", "/Calls.json", calls.listing),
    Endpoint("GET", "/Calls/{Sid}.json", calls.fetch),
    Endpoint("POST", "/Calls/{Sid}.json", calls.update),
    Endpoint("DELETE", "/Calls/{Sid}.json", calls.delete, 204),
    Endpoint("POST", "/Calls/{CallSid}/Recordings.json", recordings.start, 201),
    Endpoint("GET", "/Calls/{CallSid}/Recordings.json", recordings.listing_within),
    Endpoint("GET", "/Calls/{CallSid}/Recordings/{Sid}.json", recordings.fetch_within),
    Endpoint("POST", "/Calls/{CallSid}/Recordings/{Sid}.json", recordings.update),
    Endpoint("DELETE", "/Calls/{CallSid}/Recordings/{Sid}.json", recordings.delete, 204),
    Endpoint("GET", "/Conferences.json", conferences.listing),
    Endpoint("GET", "/Conferences/{Sid}.json", conferences.fetch),
    Endpoint("POST", "/Conferences/{Sid}.json", conferences.update),
    Endpoint("GET", "/Conferences/{ConferenceSid}/Recordings.json", recordings.listing_within),
    Endpoint("GET", "/Conferences/{ConferenceSid}/Recordings/{Sid}.json", recordings.fetch_within),
    Endpoint("POST", "/Conferences/{ConferenceSid}/Recordings/{Sid}.json", recordings.update),
    Endpoint("DELETE", "/Conferences/{ConferenceSid}/Recordings/{Sid}.json", recordings.delete, 204),
    Endpoint("POST", "/Conferences/{ConferenceSid}/Participants.json", conferences.create_participant, 201),
    Endpoint("GET", "/Conferences/{ConferenceSid}/Participants.json", conferences.list_participants),
    Endpoint("GET", "/Conferences/{ConferenceSid}/Participants/{CallSid}.json", conferences.fetch_participant),
    Endpoint("POST", "/Conferences/{ConferenceSid}/Participants/{CallSid}.json", conferences.update_participant),
    Endpoint("DELETE", "/Conferences/{ConferenceSid}/Participants/{CallSid}.json", conferences.delete_participant, 204),
    Endpoint("POST", "/Queues.json", queues.create, 201),
    Endpoint("GET", "/Queues.json", queues.listing),
    Endpoint("GET", "/Queues/{Sid}.json", queues.fetch),
    Endpoint("POST", "/Queues/{Sid}.json", queues.update),
    Endpoint("DELETE", "/Queues/{Sid}.json", queues.delete, 204),
    Endpoint("GET", "/Queues/{QueueSid}/Members.json", queues.list_members),
    Endpoint("GET", "/Queues/{QueueSid}/Members/{CallSid}.json", queues.fetch_member),
    Endpoint("POST", "/Queues/{QueueSid}/Members/{CallSid}.json", queues.dequeue_member),
    Endpoint("POST", "/Messages.json", messages.create, 201),
    Endpoint("GET", "/Messages.json", messages.listing),
    Endpoint("GET", "/Messages/{Sid}.json", messages.fetch),
    Endpoint("POST", "/Messages/{Sid}.json", messages.update),
    Endpoint("DELETE", "/Messages/{Sid}.json", messages.delete, 204),
    Endpoint("GET", "/IncomingPhoneNumbers.json", numbers.listing),
    Endpoint("GET", "/IncomingPhoneNumbers/{Sid}.json", numbers.fetch),
    Endpoint("POST", "/IncomingPhoneNumbers/{Sid}.json", numbers.update),
    Endpoint("GET", "/Applications.json", applications.listing),
    Endpoint("GET", "/Applications/{Sid}.json", applications.fetch),
    Endpoint("POST", "/Applications/{Sid}.json", applications.update),
    Endpoint("GET", "/Recordings.json", recordings.listing),
    Endpoint("GET", "/Recordings/{Sid}.json", recordings.fetch),
    Endpoint("DELETE", "/Recordings/{Sid}.json", recordings.delete, 204),
    Endpoint("DELETE", "/Transcriptions/{Sid}.json", recordings.delete_transcription, 204),
]
NAMES = {"Sid": "sid", "CallSid": "call", "ConferenceSid": "conference", "QueueSid": "queue"}
UNDOCUMENTED = (".json", "/Transcriptions/{Sid}.json")  # the account itself, and what the vendored file leaves out


def routes(network: Network) -> list[BaseRoute]:
    served: list[BaseRoute] = [
        Route(_path(endpoint), _Served(network, endpoint), methods=[endpoint.method]) for endpoint in ENDPOINTS
    ]
    for suffix in (".wav", ".mp3", ""):
        served.append(Route(ACCOUNT + "/Recordings/{sid}" + suffix, _Sound(network), methods=["GET"]))
    served.append(Route("/2010-04-01/{rest:path}", _Nothing(network)))
    return served


def _path(endpoint: Endpoint) -> str:
    """With the names by which handlers know its parts."""
    path = ACCOUNT + endpoint.path
    for documented, ours in NAMES.items():
        path = path.replace(f"{{{documented}}}", f"{{{ours}}}")
    return path


class _Answered:
    """An ASGI endpoint: signs in, lets the faults strike, answers."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        network = self._network
        faults = {fault.effect: fault for fault in network.faults.of_rest(request.method, request.url.path)}
        network.note(request.method, request.url.path)
        try:
            await _strike(network, faults)
            _sign_in(network, request)
            response = await self._respond(request)
        except Refused as refusal:
            response = JSONResponse(refusal.body(), refusal.status)
        response.headers["Twilio-Request-Id"] = network.sid("RQ")
        response.headers["Twilio-Request-Duration"] = "0.010"
        response.headers["Twilio-Concurrent-Requests"] = "1"
        response.headers["X-Home-Region"] = "us1"
        if "refuse" in faults or "lose_answer" in faults:
            await _drop(send)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        raise NotImplementedError


class _Served(_Answered):
    def __init__(self, network: Network, endpoint: Endpoint) -> None:
        super().__init__(network)
        self._endpoint = endpoint

    async def _respond(self, request: Request) -> Response:
        endpoint = self._endpoint
        query = parse_qs(request.url.query, keep_blank_values=True)
        form: Mapping[str, list[str]] = {}
        if request.method == "POST":
            kind = request.headers.get("content-type", "application/x-www-form-urlencoded").partition(";")[0]
            if kind != "application/x-www-form-urlencoded":
                raise bad_request(20001, f"Content type {kind} is not taken")
            form = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        if endpoint.path not in UNDOCUMENTED:
            _check(self._network, endpoint, query, form)
        asked = Asked(self._network, request.url.path, request.path_params, query, form)
        body = endpoint.handler(asked)
        return Response(status_code=204) if endpoint.status == 204 else JSONResponse(body, endpoint.status)


class _Sound(_Answered):
    async def _respond(self, request: Request) -> Response:
        asked = Asked(self._network, request.url.path, request.path_params, {}, {})
        return Response(recordings.sound(recordings.find(asked)), media_type="audio/x-wav")


class _Nothing(_Answered):
    async def _respond(self, request: Request) -> Response:
        raise not_found(request.url.path)


def _check(network: Network, endpoint: Endpoint, query: Mapping[str, list[str]], form: Mapping[str, list[str]]) -> None:
    """Raises Refused for what Twilio does not document, and for what this stand-in does not carry."""
    try:
        operation(endpoint.method, endpoint.path).check(query, form)
    except BadParameter as error:
        raise bad_request(21209 if error.name.endswith("Method") else 20001, str(error)) from error
    for name in form:
        if name in NOT_CARRIED:
            raise bad_request(20001, f"{name} is not carried by this stand-in")
        if name in WITHOUT_EFFECT:
            network.note("without effect", name, WITHOUT_EFFECT[name])


def _sign_in(network: Network, request: Request) -> None:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        raise unauthorised("Authentication Error - No credentials provided")
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise unauthorised("Authenticate") from error
    secrets = {network.account_sid: network.auth_token, **network.api_keys}
    if user not in secrets:
        raise unauthorised("Authentication Error - invalid username")
    account_sid = request.path_params.get("account")
    if not hmac.compare_digest(secrets[user].encode(), secret.encode()) or account_sid not in (
        None,
        network.account_sid,
    ):
        raise unauthorised("Authenticate")


async def _strike(network: Network, faults: Mapping[str, Fault]) -> None:
    """What happens before the work; `lose_answer` comes after it."""
    if "slow" in faults:
        await network.clock.sleep(faults["slow"].seconds)
    if "refuse" in faults:
        raise Refused(503, 20503, "refused on demand")
    if "too_many" in faults:
        raise Refused(429, 20429, "Too Many Requests")
    if "server_error" in faults:
        raise Refused(500, 20500, "Internal Server Error")


async def _drop(send: Send) -> None:
    """Half an answer, then nothing: over a socket the connection breaks, in process the caller gets this exception."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    raise ConnectionDropped("dropped on demand")
