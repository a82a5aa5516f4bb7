"""`centralino doctor`: looks at everything the server leans on, one line each, and changes nothing."""

from __future__ import annotations

import asyncio
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from store import schema
from store.live import Live, connect
from store.schema import Schema
from switchboard.health import USABLE
from switchboard.serve import first_line
from switchboard.settings import Settings, SettingsRefused, load

ANSWER_SECONDS = 5
TOLERATED_SKEW = timedelta(seconds=30)
GOOD_KEY_LENGTH = 32
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

Verdict = Literal["ok", "note", "FAIL"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    about: str
    verdict: Verdict
    what: str


def run() -> int:
    """Prints the report; 1 if anything fails."""
    try:
        settings = load()
    except SettingsRefused as error:
        print(_line(Finding("settings", "FAIL", str(error))))
        return 1
    failed = False
    for finding in examine(settings):
        print(_line(finding), flush=True)
        failed = failed or finding.verdict == "FAIL"
    return int(failed)


def _line(finding: Finding) -> str:
    return f"{finding.verdict:4}  {finding.about}: {finding.what}"


def examine(settings: Settings) -> Iterator[Finding]:
    checks: list[Callable[[Settings], Finding]] = [
        _settings,
        _home,
        _database,
        _redis,
        _credentials,
        _public_url,
        _signature,
        _clock,
    ]
    for check in checks:
        yield check(settings)


def _settings(settings: Settings) -> Finding:
    if settings.secret_key and len(settings.secret_key.get_secret_value()) < GOOD_KEY_LENGTH:
        return Finding("settings", "note", f"SECRET_KEY is shorter than {GOOD_KEY_LENGTH} characters")
    unset = [
        name.upper()
        for name in ("twilio_account_sid", "twilio_auth_token", "twilio_api_key_sid", "public_url")
        if getattr(settings, name) is None
    ]
    if unset:
        return Finding("settings", "note", f"not set: {', '.join(unset)}")
    return Finding("settings", "ok", "all read")


def _home(settings: Settings) -> Finding:
    place = settings.home
    while not place.exists():
        place = place.parent
    writable = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return Finding("home", "ok" if writable else "FAIL", str(settings.home) if writable else f"cannot write in {place}")


def _database(settings: Settings) -> Finding:
    kind = "embedded" if settings.embedded_database else settings.database.get_backend_name()
    if settings.embedded_database and not (settings.home / "centralino.db").exists():
        return Finding("database and schema", "note", "embedded; made when the server starts")
    try:
        found = schema.compare(settings.database)
    except SQLAlchemyError as error:
        return Finding("database and schema", "FAIL", f"{kind}; no answer: {first_line(error)}")
    if found in USABLE or (settings.embedded_database and found is Schema.OLDER):
        return Finding("database and schema", "ok", f"{kind}; {found.value}, at {schema.current(settings.database)}")
    return Finding("database and schema", "FAIL", f"{kind}; {found.value}: run `centralino migrate`")


def _redis(settings: Settings) -> Finding:
    if settings.redis_url is None:
        return Finding("redis", "ok", "embedded; started with the server")
    url = settings.redis_url.get_secret_value()

    async def up() -> bool:
        live = Live(connect(url))
        try:
            return await live.up()
        finally:
            await live.close()

    if _finish(up()):
        return Finding("redis", "ok", "answers")
    return Finding("redis", "FAIL", "no answer; calls are still routed, from SQL. Check REDIS_URL")


def _credentials(settings: Settings) -> Finding:
    from carrier.twilio import TwilioNetwork

    account, credentials = settings.twilio_account_sid, settings.rest_credentials
    if account is None or credentials is None:
        return Finding("REST credentials", "note", "not set; no calls can be made")

    async def numbers() -> int:
        network = TwilioNetwork(account, "", api_key=credentials, api_url=settings.twilio_api_url)
        await network.open()
        try:
            return len(await network.list_numbers())
        finally:
            await network.close()

    try:
        count = _finish(asyncio.wait_for(numbers(), ANSWER_SECONDS))
    except Exception as error:
        reason = str(error) or type(error).__name__
        return Finding("REST credentials", "FAIL", f"{settings.twilio_api_url} refuses them or is away: {reason}")
    return Finding("REST credentials", "ok", f"accepted; {count} numbers")


def _public_url(settings: Settings) -> Finding:
    url = settings.public_url
    if url is None:
        return Finding("public URL", "note", "PUBLIC_URL is not set; only this machine can reach us")
    loopback = urlsplit(url).scheme == "http" and urlsplit(url).hostname in _LOOPBACK
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=ANSWER_SECONDS) as answer:
            healthy = answer.status == 200
        what = f"{url} answers" if healthy else f"{url}/healthz answers {answer.status}"
    except (OSError, ValueError) as error:
        healthy, what = False, f"{url}/healthz does not answer: {error}"
    if loopback:
        return Finding("public URL", "note", f"{what}; only this machine can reach it")
    return Finding("public URL", "ok" if healthy else "FAIL", what)


def _signature(settings: Settings) -> Finding:
    """What Twilio's own code signs must pass our check, with each of the tokens."""
    from twilio.request_validator import RequestValidator

    from carrier.signatures import Signatures

    if not settings.auth_tokens:
        return Finding("signatures", "note", "TWILIO_AUTH_TOKEN is not set; every webhook will be refused")
    url = settings.public_url or "http://127.0.0.1:8000"
    form = {"CallSid": "CA" + "0" * 32, "CallStatus": "ringing"}
    signatures = Signatures(settings.auth_tokens, url)
    for place, token in enumerate(settings.auth_tokens, start=1):
        signed = RequestValidator(token).compute_signature(f"{url}/twilio/status", form)
        if not signatures.is_signed("/twilio/status", {"X-Twilio-Signature": signed}, list(form.items())):
            return Finding(
                "signatures", "FAIL", f"token {place}: what it signs for {url} is not accepted; check PUBLIC_URL"
            )
    return Finding("signatures", "ok", f"{len(settings.auth_tokens)} token(s), signed and checked for {url}")


def _clock(settings: Settings) -> Finding:
    """Against the carrier's clock, by the Date of whatever it answers."""
    if settings.rest_credentials is None:
        return Finding("clock", "note", "not compared: no account is set")
    try:
        date = _date_header(settings.twilio_api_url)
    except OSError as error:
        return Finding("clock", "FAIL", f"not compared: {settings.twilio_api_url} does not answer: {error}")
    if date is None:
        return Finding("clock", "note", f"not compared: {settings.twilio_api_url} tells no date")
    skew = abs(datetime.now(UTC) - parsedate_to_datetime(date))
    verdict: Verdict = "ok" if skew <= TOLERATED_SKEW else "FAIL"
    return Finding("clock", verdict, f"{skew.total_seconds():.0f} s from the carrier's")


def _date_header(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
            date: str | None = answer.headers["Date"]
    except urllib.error.HTTPError as error:  # an answer all the same
        with error:
            date = error.headers["Date"]
    return date


def _finish(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)
