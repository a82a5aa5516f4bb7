"""`centralino twilio setup` against the simulated carrier, over a real socket and through Twilio's own client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from anyio import to_thread

from simulator.app import build
from simulator.network import Application, Network, NumberSettings
from store.clock import SystemClock
from switchboard.account import AccountRefused
from switchboard.cli import run
from switchboard.settings import Settings
from switchboard.stage import served
from switchboard.twilio_setup import reachable
from tests.ports import free_port

pytestmark = pytest.mark.anyio
ACCOUNT, TOKEN, APP = "AC" + "a" * 32, "secret-token", "AP" + "1" * 32
SALES, HELP, PUBLIC, BIN = "+390612345678", "+390687654321", "https://phone.example.org", "https://handler.twilio.com/t"


@dataclass
class Desk:
    """Where an operator types; what the carrier has is in `network`."""

    network: Network
    capsys: pytest.CaptureFixture[str]
    set: Callable[[str, str], None]

    async def setup(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        code = await to_thread.run_sync(run, ["twilio", "setup", *arguments])
        told = self.capsys.readouterr()
        return code, told.out, told.err

    def writes(self) -> int:
        return sum(1 for entry in self.network.trace if entry.what == "POST")


@pytest.fixture
async def desk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Desk]:
    network = Network(
        SystemClock(),
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        numbers={
            SALES: NumberSettings("https://old.example/voice", voice_method="GET", friendly_name="Sales"),
            HELP: NumberSettings(friendly_name="Help", voice_application_sid=APP, sms_application_sid=APP),
        },
        applications={APP: Application("https://old.example/app", sms_url="https://old.example/text")},
    )
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    async with served(build(network)) as address:
        given = {
            "TWILIO_API_URL": address,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "PUBLIC_URL": PUBLIC,
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        yield Desk(network, capsys, monkeypatch.setenv)


async def test_it_shows_then_applies_then_finds_nothing_to_change(desk: Desk) -> None:
    code, shown, _ = await desk.setup()
    assert code == 0
    assert f"{SALES} (Sales, PN" in shown
    assert f"voice_url: https://old.example/voice -> {PUBLIC}/twilio/voice\n" in shown
    assert "voice_method: GET -> POST\n" in shown
    assert f"voice_application_sid: {APP} -> unset  (the TwiML app is asked instead of the voice URL)\n" in shown
    assert "run it again with --apply" in shown
    assert desk.writes() == 0

    code, applied, _ = await desk.setup("--apply")
    assert (code, applied.count("changed: ")) == (0, 2)
    for number in (SALES, HELP):
        own = desk.network.numbers[number]
        assert (own.voice_url, own.voice_method) == (f"{PUBLIC}/twilio/voice", "POST")
        assert (own.voice_fallback_url, own.status_callback, own.sms_url) == (
            f"{PUBLIC}/twilio/voice/fallback",
            f"{PUBLIC}/twilio/status",
            f"{PUBLIC}/twilio/sms",
        )
        assert (own.voice_application_sid, own.sms_application_sid, own.trunk_sid) == ("", "", "")
    assert desk.network.applications[APP].voice_url == "https://old.example/app"
    assert desk.writes() == 2

    code, again, _ = await desk.setup("--apply")
    assert (code, again.splitlines()[2], desk.writes()) == (0, "nothing to change", 2)
    assert TOKEN not in shown + applied + again


async def test_the_app_of_the_softphones_is_pointed_here_only_when_it_is_set(desk: Desk) -> None:
    desk.set("TWILIO_TWIML_APP_SID", APP)
    assert (await desk.setup("--apply"))[0] == 0
    app = desk.network.applications[APP]
    assert (app.voice_url, app.voice_fallback_url, app.status_callback, app.sms_url) == (
        f"{PUBLIC}/twilio/voice",
        f"{PUBLIC}/twilio/voice/fallback",
        f"{PUBLIC}/twilio/status",
        "https://old.example/text",
    )
    assert (await desk.setup())[1].splitlines()[3] == "nothing to change"
    desk.set("TWILIO_TWIML_APP_SID", "AP" + "9" * 32)
    code, _, refused = await desk.setup()
    assert (code, refused.count("\n")) == (1, 1)
    assert "TWILIO_TWIML_APP_SID: AP" + "9" * 32 in refused


async def test_one_number_a_trunk_and_a_fallback_hosted_elsewhere(desk: Desk) -> None:
    desk.network.numbers[SALES].trunk_sid = "TK" + "1" * 32
    code, shown, _ = await desk.setup("--number", SALES, "--fallback", BIN, "--apply")
    assert code == 0
    assert HELP not in shown
    assert f"trunk_sid: TK{'1' * 32} -> unset  (the SIP trunk takes every call before the voice URL)\n" in shown
    own = desk.network.numbers[SALES]
    assert (own.trunk_sid, own.voice_fallback_url) == ("", BIN)
    assert desk.network.numbers[HELP].voice_url == ""
    # What Twilio hosts is not taken away again; what another server hosts is.
    kept, done = (await desk.setup("--number", SALES))[1].splitlines()[1:3]
    assert (kept, done) == (f"  voice_fallback_url: {BIN} stays: Twilio hosts it", "nothing to change")
    own.voice_fallback_url = "https://old.example/fallback"
    assert f"voice_fallback_url: {own.voice_fallback_url} -> {PUBLIC}/tw" in (await desk.setup("--number", SALES))[1]


async def test_what_is_in_the_way_is_one_line_and_nothing_is_changed(desk: Desk) -> None:
    refusals = [
        ("PUBLIC_URL", "https://my_host.example", "Twilio refuses host names with an underscore"),
        ("PUBLIC_URL", "", "PUBLIC_URL is not set: set it to the https address"),
        ("TWILIO_AUTH_TOKEN", "wrong", "refuses the credentials: check TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN"),
        ("TWILIO_ACCOUNT_SID", "", "no account is set: set TWILIO_ACCOUNT_SID"),
        ("TWILIO_API_URL", f"http://127.0.0.1:{free_port()}", "does not answer as Twilio does (ConnectionError)"),
    ]
    for name, value, words in refusals:
        with pytest.MonkeyPatch.context() as changed:
            changed.setenv(name, value)
            code, shown, refused = await desk.setup("--apply")
        assert (code, shown, refused.count("\n")) == (1, "", 1)
        assert words in refused
    for arguments, words in (
        (["--number", "+390600000000"], f"the account has no +390600000000; it has {SALES}, {HELP}"),
        (["--fallback", "handler.twilio.com/t"], "not a web address"),
    ):
        code, shown, refused = await desk.setup("--apply", *arguments)
        assert (code, shown, refused.count("\n")) == (1, "", 1)
        assert words in refused
    assert desk.writes() == 0
    desk.network.faults.rest("server_error", method="POST")
    code, _, refused = await desk.setup("--apply")
    assert (code, refused.count("\n")) == (1, 1)
    assert f"{SALES} (Sales, PN" in refused
    assert "HTTP 500, error 20500" in refused


def test_an_address_of_this_machine_is_for_a_stand_in_and_not_for_twilio() -> None:
    assert reachable("http://127.0.0.1:8000", by_twilio=False) == "http://127.0.0.1:8000"
    with pytest.raises(AccountRefused, match="which only this machine can reach: set it to the https address"):
        reachable("http://127.0.0.1:8000")
