"""The web phone's protocol, as `simulator.phone` describes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from simulator.app import build
from simulator.http import InProcess
from simulator.network import Network, NumberSettings
from store.clock import SystemClock

ORIGIN, LINE, CARLA = "https://app.test", "+390612345678", "+393331234567"
DOCUMENTS = {
    "/voice": '<Gather numDigits="1" action="/key"><Say language="it-IT">Prema uno.</Say></Gather>',
    "/key": '<Record playBeep="false" action="/stored"/>',
    "/stored": "<Dial><Client>anna</Client></Dial>",
    "/sms": "<Message>Grazie.</Message>",
}


async def application(request: Request) -> Response:
    return Response(f"<Response>{DOCUMENTS.get(request.url.path, '')}</Response>", media_type="text/xml")


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = Starlette(routes=[Route("/{path:path}", application, methods=["GET", "POST"])])
    network = Network(
        SystemClock(),
        account_sid="AC" + "a" * 32,
        auth_token="token",
        numbers={LINE: NumberSettings(f"{ORIGIN}/voice", sms_url=f"{ORIGIN}/sms", friendly_name="The company")},
        http=InProcess({ORIGIN: app}),
        characters_per_second=1000.0,
    )
    with TestClient(build(network)) as client:
        yield client


def until(socket: Any, kind: str) -> dict[str, Any]:
    """The next frame of that kind."""
    for _ in range(50):
        frame: dict[str, Any] = socket.receive_json()
        if frame["type"] == kind:
            return frame
    raise AssertionError(f"no {kind}")


def plugged_in(socket: Any, address: str) -> None:
    socket.send_json({"type": "plug_in", "address": address})
    assert until(socket, "plugged_in") == {"type": "plugged_in", "address": address}


def test_a_whole_call_by_frames(client: TestClient) -> None:
    with client.websocket_connect("/phone/ws") as carla, client.websocket_connect("/phone/ws") as anna:
        plugged_in(carla, CARLA)
        plugged_in(anna, "client:anna")
        assert until(anna, "directory") == {
            "type": "directory",
            "lines": [{"number": LINE, "name": "The company"}],
            "telephones": [CARLA, "client:anna"],
        }
        carla.send_json({"type": "dial", "to": LINE, "withhold": None})
        assert until(carla, "calling") == {"type": "calling", "to": LINE}
        assert until(carla, "answered") == {"type": "answered"}
        assert until(carla, "listening") == {"type": "listening", "keys": True, "speech": False}
        assert until(carla, "said") == {
            "type": "said", "text": "Prema uno.", "language": "it-IT", "voice": "man", "seconds": 0.01
        }  # fmt: skip
        carla.send_json({"type": "key", "digit": "1"})
        assert until(carla, "recording") == {"type": "recording", "max_seconds": 3600}
        carla.send_json({"type": "record_done"})
        assert until(carla, "recorded") == {"type": "recorded"}
        ringing = until(anna, "ringing")
        assert (ringing["from"], ringing["call"][:2]) == (CARLA, "CA")
        anna.send_json({"type": "answer"})
        assert until(carla, "bridged") == {"type": "bridged", "with": ["client:anna"]}
        carla.send_json({"type": "speak", "text": "Buongiorno"})
        assert until(anna, "heard") == {"type": "heard", "from": CARLA, "text": "Buongiorno"}
        anna.send_json({"type": "hang_up"})
        assert until(carla, "unbridged") == {"type": "unbridged"}
        assert until(carla, "ended") == {"type": "ended", "reason": "completed"}


def test_texts_go_both_ways(client: TestClient) -> None:
    with client.websocket_connect("/phone/ws") as carla:
        plugged_in(carla, CARLA)
        carla.send_json({"type": "text", "to": LINE, "body": "Ciao"})
        assert until(carla, "text") == {"type": "text", "from": LINE, "body": "Grazie."}


def test_a_dropped_socket_unplugs_its_telephone_and_ends_its_call(client: TestClient) -> None:
    with client.websocket_connect("/phone/ws") as anna:
        plugged_in(anna, "client:anna")
        with client.websocket_connect("/phone/ws") as carla:
            plugged_in(carla, CARLA)
            carla.send_json({"type": "dial", "to": LINE})
            until(carla, "listening")
            assert until(anna, "directory")["telephones"] == ["client:anna"]
            assert until(anna, "directory")["telephones"] == [CARLA, "client:anna"]
        assert until(anna, "directory")["telephones"] == ["client:anna"]
    network: Network = client.app.state.network  # type: ignore[attr-defined]
    assert [call.status for call in network.calls.values()] == ["completed"]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ("no json", "not JSON"),
        ("[]", "JSON object"),
        ('{"type": "answer"}', "no call"),
        ('{"type": "key", "digit": "1"}', "no call"),
        ('{"type": "key", "digit": "x"}', "no key"),
        ('{"type": "dial"}', "needs 'to'"),
        ('{"type": "sing"}', "Unknown"),
        ('{"type": "plug_in", "address": "+391"}', "already"),
    ],
)
def test_a_frame_that_makes_no_sense_is_answered_with_an_error(client: TestClient, frame: str, words: str) -> None:
    with client.websocket_connect("/phone/ws") as carla:
        plugged_in(carla, CARLA)
        carla.send_text(frame)
        assert words in until(carla, "error")["message"]


def test_a_telephone_needs_an_address_that_is_not_the_companys(client: TestClient) -> None:
    with client.websocket_connect("/phone/ws") as carla:
        carla.send_json({"type": "answer"})
        assert "first" in until(carla, "error")["message"]
        carla.send_json({"type": "plug_in", "address": LINE})
        assert "company" in until(carla, "error")["message"]


def test_a_microphone_that_cannot_be_connected_is_said_and_the_telephone_goes_on(client: TestClient) -> None:
    with client.websocket_connect("/phone/ws") as carla:
        plugged_in(carla, CARLA)
        carla.send_json({"type": "voice", "sdp": "nonsense"})
        assert "microphone" in until(carla, "error")["message"]
        carla.send_json({"type": "silence"})
        carla.send_json({"type": "dial", "to": LINE})
        assert until(carla, "answered") == {"type": "answered"}


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [("http://testserver", True), ("http://localhost:3000", True), ("https://evil.example", False)],
)
def test_only_pages_of_this_machine_or_this_origin_may_connect(client: TestClient, origin: str, welcome: bool) -> None:
    def connect() -> None:
        with client.websocket_connect("/phone/ws", headers={"origin": origin}) as socket:
            plugged_in(socket, CARLA)

    if welcome:
        connect()
    else:
        with pytest.raises(WebSocketDisconnect) as refused:
            connect()
        assert refused.value.code == 4403
