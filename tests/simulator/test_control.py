"""Faults and the debugger over HTTP, for programs of this machine only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from simulator.app import build
from simulator.network import Network
from store.clock import SystemClock

ACCOUNT = "AC" + "a" * 32


@pytest.fixture
def network() -> Network:
    return Network(SystemClock(), account_sid=ACCOUNT, auth_token="token", numbers={})


@pytest.fixture
def client(network: Network) -> Iterator[TestClient]:
    with TestClient(build(network), base_url="http://127.0.0.1:8010", client=("127.0.0.1", 40000)) as client:
        yield client


def test_a_fault_strikes_as_often_as_asked_and_is_then_gone(client: TestClient) -> None:
    wish = {"on": "rest", "effect": "too_many", "where": "/Calls.json", "method": "GET", "times": 2}
    made = client.post("/faults", json=wish)
    assert (made.status_code, made.json()) == (201, [wish | {"seconds": 0}])
    path, auth = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", (ACCOUNT, "token")
    assert [client.get(path, auth=auth).status_code for _ in range(3)] == [429, 429, 200]
    assert client.get("/faults").json() == []
    client.post("/faults", json={"on": "webhook", "effect": "delay", "seconds": 2.5})
    assert client.delete("/faults").json() == []


def test_softphones_are_refused_or_cut_off_on_demand(client: TestClient, network: Network) -> None:
    wish = {"on": "signal", "effect": "too_many", "where": "anna", "times": 1}
    assert client.post("/faults", json=wish).json() == [wish | {"method": "", "seconds": 0}]
    assert network.faults.of_signal("bruno") == []
    assert len(network.faults.of_signal("anna")) == 1
    assert client.post("/faults", json={"on": "signal", "effect": "cut", "seconds": 60}).json() == []
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/signal"):
        pass


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ([], '"on" is rest or webhook or signal'),
        ({"on": "signal", "effect": "lose"}, '"effect" on signal is one of cut, too_many'),
        ({"on": "signal", "effect": "cut", "method": "POST"}, '"method" goes with "rest"'),
        ({"on": "rest", "effect": "lose"}, '"effect" on rest is one of lose_answer, too_many'),
        ({"on": "webhook", "effect": "lose", "method": "POST"}, '"method" goes with "rest"'),
        ({"on": "webhook", "effect": "lose", "times": 0}, '"times" is 1 or more'),
        ({"on": "webhook", "effect": "lose", "where": 7}, '"where" and "method" are words'),
        ({"on": "webhook", "effect": "lose", "colour": "red"}, "unknown: colour"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(client: TestClient, wish: Any, words: str) -> None:
    answer = client.post("/faults", json=wish)
    assert (answer.status_code, client.get("/faults").json()) == (400, [])
    assert words in answer.json()["error"]


def test_the_debugger_can_be_read(client: TestClient, network: Network) -> None:
    network.alert(11200, "https://app.test/voice", "status 500", "CA1")
    (alert,) = client.get("/alerts").json()
    assert (alert["code"], alert["url"], alert["call_sid"]) == (11200, "https://app.test/voice", "CA1")


def test_neither_other_machines_nor_pages_of_other_sites_may(network: Network, client: TestClient) -> None:
    wish = '{"on": "webhook", "effect": "lose"}'
    assert client.post("/faults", content=wish, headers={"Content-Type": "text/plain"}).status_code == 415
    assert client.get("/alerts", headers={"Host": "evil.example"}).status_code == 403
    with TestClient(build(network), base_url="http://127.0.0.1:8010", client=("192.0.2.1", 40000)) as stranger:
        assert stranger.get("/alerts").status_code == 403
        assert stranger.post("/faults", json={"on": "webhook", "effect": "lose"}).status_code == 403
    assert network.faults.pending() == []
