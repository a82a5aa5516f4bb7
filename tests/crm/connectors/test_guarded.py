"""Where we go, and what a server there can do to us."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from crm.connectors import guarded
from crm.connectors.guarded import MOST_BYTES, Guarded, accepted
from crm.connectors.port import Away, Barred, Refused, ShutOut
from tests.crm.connectors.remotes import Remote, document, raw

pytestmark = pytest.mark.anyio
NAME = "crm.example.org"
CERTIFICATE = Path(__file__).with_name("certificate.pem")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Names:
    """A name server: what it answers the first time, the second, and from then on."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int) -> list[tuple[Any, ...]]:
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        kinds = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in found]
        return [(kind, socket.SOCK_STREAM, 6, "", (address, port)) for kind, address in zip(kinds, found, strict=True)]


async def test_a_name_is_looked_up_once_and_stays_the_name(there: Remote) -> None:
    port = int(there.url.rpartition(":")[2])
    names = Names(["127.0.0.1"])
    http = Guarded([NAME], look_up=names)
    there.will({"a": 1})
    answer = await http.send("POST", f"http://{NAME}:{port}/x", query={"q": "+39 ü'"}, body=b"{}", seconds=2)
    assert (answer.status, answer.json(), names.asked) == (200, {"a": 1}, 1)
    (asked,) = there.asked
    assert (asked.headers["host"], asked.query) == (f"{NAME}:{port}", {"q": "+39 ü'"})
    await http.close()
    with pytest.raises(Away):
        await http.send("GET", f"http://{NAME}:{port}/x", seconds=2)  # it is over


@pytest.mark.parametrize("found", [["10.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]])
async def test_a_name_that_leads_inside_is_not_followed(found: list[str]) -> None:
    http = Guarded(look_up=Names(found))
    with pytest.raises(Barred):
        await http.send("GET", f"https://{NAME}/x", seconds=2)
    await http.close()


async def test_a_name_that_changes_its_mind_is_checked_again_for_the_next_connection(there: Remote) -> None:
    """The first answer was honest; by the second, the cloud's secrets are wanted."""
    port = int(there.url.rpartition(":")[2])
    http = Guarded([NAME], look_up=Names(["127.0.0.1"], ["169.254.169.254"]))
    there.will(document({}, Connection="close"))
    await http.send("GET", f"http://{NAME}:{port}/x", seconds=2)
    with pytest.raises(Barred):
        await http.send("GET", f"http://{NAME}:{port}/x", seconds=2)
    await http.close()


@pytest.mark.parametrize(
    "url",
    [
        *("http://crm.example.org/", "https://crm.example.org:8443/", "https://user:pw@crm.example.org/", "ftp://own/"),
        *(
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://2130706433/",
            "https://0x7f.1/",
        ),
        *(
            "https://own:pw@own/",
            "https://169.254.169.254/latest/",
            "https://１２７.0.0.1/",
            "http://127.0.0.1./",
            "https://a:99999/",
            "https://[",
        ),
    ],
)
async def test_an_address_that_is_not_allowed_is_barred_before_anything_is_sent(url: str) -> None:
    def never(host: str, port: int) -> list[tuple[Any, ...]]:
        raise AssertionError(f"{host} was looked up")

    with pytest.raises(Barred) as barred:
        await Guarded(["own"], look_up=never).send("GET", url, seconds=2)
    assert "pw" not in barred.value.why


async def test_tls_is_checked_against_the_name_not_the_address() -> None:
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(CERTIFICATE)
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    async with raw(OK, tls=serving) as port:
        http = Guarded([NAME, "other.example.org"], tls=trusting, look_up=Names(["127.0.0.1"]))
        assert (await http.send("GET", f"https://{NAME}:{port}/", seconds=2)).json() == {}
        with pytest.raises(Away, match="certificate"):
            await http.send("GET", f"https://other.example.org:{port}/", seconds=2)
        await http.close()
        world = Guarded([NAME], look_up=Names(["127.0.0.1"]))
        with pytest.raises(Away, match="certificate"):
            await world.send("GET", f"https://{NAME}:{port}/", seconds=2)
        await world.close()


async def test_a_redirect_is_not_followed(there: Remote, http: Guarded) -> None:
    there.will(web.Response(status=302, headers={"Location": f"{there.url}/elsewhere"}), {})
    with pytest.raises(ShutOut, match="leads elsewhere"):
        await http.send("GET", f"{there.url}/x", seconds=2)
    assert len(there.asked) == 1


@pytest.mark.parametrize(
    ("answer", "hang", "why"),
    [
        (b"", True, "in time"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{", True, "in time"),
        (b"\x16\x03\x01 what?\r\n\r\n", False, "no connection"),
        (b"", False, "no connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>!", False, "no JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{{{{", False, "no JSON"),
        (OK.replace(b"{}", b"[" * 90_000).replace(b"h: 2", b"h: 90000"), False, "no JSON"),
        (OK.replace(b"Content-Type", b"Content-Encoding: gzip\r\nContent-Type"), False, "packed"),
        (OK.replace(b"h: 2", b"h: 999999") + b" " * (MOST_BYTES + 10), True, "too long"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", False, "no connection"),
    ],
    ids=["silence", "half", "noise", "nothing", "a page", "no json", "deep", "packed", "endless", "headers"],
)
async def test_whatever_a_server_does_ends_in_time_and_is_its_own_fault(answer: bytes, hang: bool, why: str) -> None:
    http = Guarded(["127.0.0.1"])
    async with raw(answer, hang=hang) as port:
        begun = time.monotonic()
        with pytest.raises(Away, match=why):
            seconds = 0.2 if why == "in time" else 10.0
            (await http.send("GET", f"http://127.0.0.1:{port}/secret", seconds=seconds)).json()
        assert time.monotonic() - begun < 5  # the machine may be busy with other tests
        await http.close()


async def test_a_silent_name_server_costs_no_more_time_than_given_and_not_every_thread() -> None:
    over = threading.Event()

    def silent(host: str, port: int) -> list[tuple[Any, ...]]:
        over.wait(10)
        return []

    http = Guarded(look_up=silent)
    begun = time.monotonic()
    for _ in range(guarded.MOST_LOOK_UPS + 2):
        with pytest.raises(Away):
            await http.send("GET", f"https://{NAME}/", seconds=0.01)
    assert time.monotonic() - begun < 5
    assert [thread.name for thread in threading.enumerate()].count("connector-names") == guarded.MOST_LOOK_UPS
    over.set()
    await http.close()


async def test_a_proxy_of_the_environment_is_not_used(
    there: Remote, http: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    there.will({})
    assert (await http.send("GET", there.url, seconds=2)).status == 200


async def test_by_the_status_it_is_told_whose_fault_it_is(there: Remote, http: Guarded) -> None:
    async def with_(status: int, **headers: str) -> None:
        there.will(document({}, status, **headers))
        accepted(await http.send("GET", there.url, seconds=2))

    await with_(204)
    for status in (401, 403):
        with pytest.raises(ShutOut):
            await with_(status)
    for status in (400, 404, 409, 422):
        with pytest.raises(Refused):
            await with_(status)
    for status in (408, 500, 502, 503):
        with pytest.raises(Away):
            await with_(status)
    for said, seconds in (("7", 7), ("999999999", 3600), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-5", None)):
        with pytest.raises(Away) as away:
            await with_(429, **{"Retry-After": said})
        assert (away.value.retry_after and away.value.retry_after.total_seconds()) == seconds
