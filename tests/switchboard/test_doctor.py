from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from anyio import to_thread
from pydantic import SecretStr
from sqlalchemy.engine import URL

from desk import users
from simulator.app import build, settings_for
from simulator.network import Network
from store.clock import SystemClock, VirtualClock
from store.sql import Database
from switchboard.cli import run
from switchboard.doctor import examine
from switchboard.settings import Settings
from switchboard.stage import served
from tests.crm.connectors.remotes import document, remote
from tests.desk.browsing import add_user
from tests.ports import free_port
from tests.switchboard.over_sockets import internet

pytestmark = pytest.mark.anyio
ACCOUNT, TOKEN, PUBLIC, SECRET = "AC" + "a" * 32, "the-token", "http://phone.example.org", "hunter2"
HEALTHY = {f"{PUBLIC}/healthz": (200, {}, b"ok\n")}
ABOUT = [
    "settings", "home", "database and schema", "redis", "REST credentials", "public URL", "signatures", "clock",
    "sign-in",
]  # fmt: skip

Set = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def set_(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Set:
    """An empty folder to work in, and nothing set."""
    for name in [*Settings.model_fields, "http_proxy", "no_proxy"]:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return monkeypatch.setenv


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    """What was told about each thing; one line each, in order."""
    lines = [line.split(None, 1) for line in capsys.readouterr().out.splitlines()]
    told = {about: (verdict, what) for verdict, rest in lines for about, _, what in [rest.partition(": ")]}
    assert list(told) == ABOUT
    return told


async def test_a_sound_house_is_all_ok(set_: Set, redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = settings_for(PUBLIC)
    network = Network(SystemClock(), account_sid=ACCOUNT, auth_token=TOKEN, numbers={"+390612345678": line})
    assert await to_thread.run_sync(run, ["migrate"]) == 0
    capsys.readouterr()
    async with served(build(network)) as carrier:
        with internet(HEALTHY) as proxy:
            given = {
                "PUBLIC_URL": PUBLIC, "REDIS_URL": redis_url, "SECRET_KEY": SECRET * 5, "TWILIO_API_URL": carrier,
                "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": f"{TOKEN},the-older",
                "http_proxy": proxy, "no_proxy": "127.0.0.1",
            }  # fmt: skip
            for name, value in given.items():
                set_(name, value)
            code = await to_thread.run_sync(run, ["doctor"])
            told = report(capsys)
            line.voice_url = "https://old.example/voice"
            await to_thread.run_sync(run, ["doctor"])
            later = report(capsys)
    assert (code, {verdict for verdict, _ in told.values()}) == (0, {"ok", "note"})
    assert [about for about, (verdict, _) in told.items() if verdict == "note"] == ["settings", "sign-in"]
    assert told["settings"][1] == "not set: TWILIO_API_KEY_SID"
    assert told["database and schema"][1].startswith("embedded; current, at ")
    assert told["REST credentials"] == ("ok", "accepted; 1 numbers")
    assert told["signatures"] == ("ok", f"2 token(s), signed and checked for {PUBLIC}")
    assert told["clock"][1].endswith(" s from the carrier's")
    assert "1 of 1 numbers not pointed at us: `centralino twilio setup`" in later["REST credentials"][1]
    everything = " ".join(what for _, what in [*told.values(), *later.values()])
    assert not [secret for secret in (SECRET, TOKEN, "the-older") if secret in everything]


def test_with_nothing_set_there_are_only_notes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    told = report(capsys)
    assert {verdict for verdict, _ in told.values()} == {"ok", "note"}
    assert told["settings"][1].startswith("not set: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN")
    assert told["database and schema"] == ("note", "embedded; made when the server starts")


def test_whatever_is_away_or_wrong_is_told_and_no_secret_is(
    set_: Set, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    hour_ago = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    api = "http://api.example.org"
    sites = {
        f"{api}/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json?PageSize=1000": (401, {}, b"{}"),
        api: (404, {"Date": hour_ago}, b""),
    }
    with internet(sites) as proxy:
        given = {
            "CENTRALINO_HOME": str(tmp_path / "file" / "home"),
            "DATABASE_URL": f"postgresql://user:{SECRET}@127.0.0.1:{free_port()}/name",
            "REDIS_URL": f"redis://:{SECRET}@127.0.0.1:{free_port()}",
            "PUBLIC_URL": f"http://user:{SECRET}@phone.example.org",
            "TWILIO_API_URL": api, "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": SECRET, "SECRET_KEY": SECRET,
            "http_proxy": proxy,
        }  # fmt: skip
        for name, value in given.items():
            set_(name, value)
        assert run(["doctor"]) == 1
    told = report(capsys)
    assert [about for about, (verdict, _) in told.items() if verdict == "FAIL"] == [
        "home", "database and schema", "redis", "REST credentials", "public URL", "clock"
    ]  # fmt: skip
    assert told["settings"] == ("note", "SECRET_KEY is shorter than 32 characters")
    assert "refuses the credentials: check TWILIO_ACCOUNT_SID" in told["REST credentials"][1]
    assert "/healthz answers 502; does the server run" in told["public URL"][1]
    assert told["clock"][1].startswith("360")
    assert SECRET not in str(told)


@pytest.mark.parametrize(
    ("site", "words"),
    [
        ((200, {}, b"<html>parked</html>"), "something else than this server answers"),
        ((302, {"Location": "http://www.example.org/healthz"}, b""), "leads to http://www.example.org: set PUBLIC_URL"),
        ((404, {}, b""), "answers 404"),
    ],
)
def test_a_public_url_that_is_not_ours_fails(set_: Set, site: tuple[int, dict[str, str], bytes], words: str) -> None:
    sites = {f"{PUBLIC}/healthz": site, "http://www.example.org/healthz": (200, {}, b"ok\n")}
    with internet(sites) as proxy:
        set_("http_proxy", proxy)
        (finding,) = [found for found in examine(Settings(public_url=PUBLIC)) if found.about == "public URL"]
    assert (finding.verdict, words in finding.what) == ("FAIL", True)


def test_a_loopback_address_and_a_carrier_without_a_date_are_notes(set_: Set) -> None:
    with internet({"http://api.example.org": (200, {}, b"")}) as proxy:
        set_("http_proxy", proxy)
        set_("no_proxy", "127.0.0.1")
        settings = Settings(
            public_url=f"http://127.0.0.1:{free_port()}",
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=SecretStr(TOKEN),
            twilio_api_url="http://api.example.org",
        )
        told = {found.about: found for found in examine(settings)}
    assert (told["public URL"].verdict, told["clock"].verdict) == ("note", "note")
    assert told["public URL"].what.endswith("does the server run?; only this machine can reach it")


def test_a_store_that_never_answers_does_not_keep_the_doctor_waiting() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"postgresql://user@127.0.0.1:{silent.getsockname()[1]}/name"
        told = {found.about: found for found in examine(Settings(database_url=SecretStr(address)), seconds=0.3)}
    assert told["database and schema"].verdict == "FAIL"
    assert told["database and schema"].what == "no answer within 0.3 s"


def test_a_given_database_without_a_schema_fails_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "given.db").touch()
    settings = Settings(database_url=SecretStr(f"sqlite:///{tmp_path}/given.db"))
    (finding,) = [found for found in examine(settings) if found.about == "database and schema"]
    assert (finding.verdict, finding.what) == ("FAIL", "sqlite; absent: run `centralino migrate`")


async def test_a_connector_has_a_line_of_its_own() -> None:
    async with remote() as there:
        settings = Settings(
            connector="hubspot",
            connector_token=SecretStr(SECRET),
            connector_url=there.url,
            connector_allow="127.0.0.1",
        )

        async def line() -> tuple[str, str]:
            found = await to_thread.run_sync(lambda: {one.about: one for one in examine(settings)})
            return found["connector"].verdict, found["connector"].what

        there.will({"results": []}, document({}, 401))
        assert await line() == ("ok", "hubspot answers, and lets us in")
        assert await line() == ("FAIL", "hubspot: answers 401: the token is not accepted, or may not do this")


async def test_whether_anybody_can_sign_in_is_told(sqlite_url: URL, clock: VirtualClock, tmp_path: Path) -> None:
    """By a password, or at the company's own provider, which must be there."""
    database = Database(sqlite_url)
    user_id = await add_user(database, clock)
    issuer = "http://127.0.0.1"
    given = {"database_url": sqlite_url.render_as_string(), "centralino_home": tmp_path}

    async def told(**more: str) -> tuple[str, str]:
        settings = Settings(_env_file=None, **given, **more)
        found = await to_thread.run_sync(lambda: {one.about: one for one in examine(settings)})
        return found["sign-in"].verdict, found["sign-in"].what

    assert await told() == ("note", "no manager can sign in yet: `centralino user create --role manager …`")
    async with database.write() as conn:
        await users.choose_subject(conn, user_id, f"{issuer} 1")
    assert await told() == ("ok", "1 manager(s) can sign in")
    async with remote() as there:
        there.will({"issuer": "https://elsewhere.example"}, {"issuer": there.url})
        verdict, what = await told(oidc_issuer=there.url, oidc_client_id="centralino")
        assert (verdict, "calls itself https://elsewhere.example" in what) == ("FAIL", True)
        assert (await told(oidc_issuer=there.url, oidc_client_id="centralino"))[0] == "ok"
    verdict, what = await told(oidc_issuer=f"{issuer}:{free_port()}", oidc_client_id="centralino")
    assert (verdict, "does not answer as a provider" in what) == ("FAIL", True)
    await database.close()
