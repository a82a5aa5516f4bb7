"""`centralino carrier` alone, with an application of somebody else's: what `docs/simulator.md` promises."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anyio import to_thread
from pydantic import SecretStr
from twilio.rest import Client
from websockets.asyncio.client import ClientConnection, connect

from simulator.app import network_from
from store.clock import SystemClock
from switchboard.cli import run
from switchboard.settings import Settings
from switchboard.stage import served
from switchboard.stand_in import environment
from tests.ports import free_port
from tests.switchboard import foreign_app

pytestmark = pytest.mark.anyio
ACCOUNT, TOKEN, LINE, CARLA = "AC" + "7" * 32, "foreign-token", "+390698765432", "+393331234567"


def test_its_account_is_that_of_the_settings() -> None:
    settings = Settings(
        public_url="https://phone.example.org",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=SecretStr("new,old"),
        twilio_api_key_sid="SK" + "7" * 32,
        twilio_api_key_secret=SecretStr("the-secret"),
        twilio_twiml_app_sid="AP" + "7" * 32,
        calls_per_second=3,
    )
    network = network_from(environment(settings, f"{LINE}, +390600000001"), SystemClock(), public_url="http://c.test")
    assert (network.account_sid, network.auth_token) == (ACCOUNT, "new")
    assert network.api_keys == {"SK" + "7" * 32: "the-secret"}
    assert list(network.numbers) == [LINE, "+390600000001"]
    assert network.applications["AP" + "7" * 32].voice_url == "https://phone.example.org/twilio/voice"
    assert network.numbers[LINE].voice_fallback_url == "https://phone.example.org/twilio/voice/fallback"


def test_a_number_that_is_none_is_one_line_and_code_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("CARRIER_NUMBERS=+390612345678,0612345678\n")
    assert run(["carrier", "--port", "0"]) == 1
    told = capsys.readouterr()
    expected = "centralino: CARRIER_NUMBERS: not a number like +390612345678: '0612345678'\n"
    assert (told.out, told.err) == ("", expected)


class Telephone:
    """A web phone without its page."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def do(self, kind: str, **more: Any) -> None:
        await self._socket.send(json.dumps({"type": kind, **more}))

    async def until(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while True:
                frame: dict[str, Any] = json.loads(await self._socket.recv())
                if frame["type"] == kind:
                    return frame


async def test_an_application_of_somebody_elses_is_called_and_calls(
    commands: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    carrier = f"http://127.0.0.1:{port}"
    (commands.folder / ".env").write_text(f"TWILIO_ACCOUNT_SID={ACCOUNT}\nTWILIO_AUTH_TOKEN={TOKEN}\n")
    running = commands.start("carrier", "--port", str(port), CARRIER_NUMBERS=LINE)
    running.until_told("Application startup complete")
    monkeypatch.setenv("FOREIGN_TOKEN", TOKEN)
    async with served(foreign_app.app) as app, connect(f"ws://127.0.0.1:{port}/phone/ws") as socket:
        client = Client(ACCOUNT, TOKEN)
        client.api.base_url = carrier
        (number,) = await to_thread.run_sync(client.incoming_phone_numbers.list)
        changes = {"voice_url": f"{app}/voice", "status_callback": f"{app}/status", "voice_fallback_url": ""}
        await to_thread.run_sync(lambda: number.update(**changes))
        carla = Telephone(socket)
        await carla.do("plug_in", address=CARLA)
        await carla.do("dial", to=LINE)
        assert (await carla.until("said"))["text"] == "Press a key."
        await carla.do("key", digit="4")
        assert (await carla.until("said"))["text"] == "You pressed 4."
        assert (await carla.until("ended"))["reason"] == "completed"

        async with httpx2.AsyncClient(base_url=carrier) as control:
            lose = {"on": "webhook", "effect": "lose", "where": "/voice"}
            assert (await control.post("/faults", json=lose)).json()[0]["times"] == 1
            await carla.do("dial", to=LINE)
            assert "application error" in (await carla.until("said"))["text"]
            assert (await control.get("/faults")).json() == []
            assert [alert["code"] for alert in (await control.get("/alerts")).json()] == [11200]
            assert b"<html" in (await control.get("/")).content.lower()
        await carla.do("hang_up")
        await carla.until("ended")

        call = {"to": CARLA, "from_": LINE, "url": f"{app}/news", "status_callback": f"{app}/status"}
        made = await to_thread.run_sync(lambda: client.calls.create(**call))
        assert (await carla.until("ringing"))["call"] == made.sid
        await carla.do("answer")
        await carla.until("ended")
        client.http_client.session.close()
    assert [form["at"] for form in foreign_app.told if form["at"] != "/status"] == ["/voice", "/menu", "/news"]
    assert running.terminate()[0] == 0
    assert TOKEN not in running.log.read_text()
