"""`centralino doctor`: looks at everything the server leans on, one line each, and changes nothing.

The server need not run.  The public URL is judged as Twilio would: by asking it for `/healthz`.  While the server is
down that fails, and the line says so; every other line is about what a start would find.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse
from typing import Literal
from urllib.parse import unquote, urlsplit

from redis.exceptions import RedisError
from sqlalchemy import func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from crm.connectors.port import ConnectorError
from desk.tables import users
from store import schema
from store.clock import SystemClock
from store.live import connect
from store.schema import Schema
from store.sql import Database
from switchboard.account import AccountRefused, account, is_loopback, own_numbers
from switchboard.connected import connector_of
from switchboard.health import USABLE
from switchboard.logs import mask
from switchboard.serve import first_line
from switchboard.settings import Settings, SettingsRefused, load

ANSWER_SECONDS = 5.0
CHECK_SECONDS = 10.0  # whatever a check waits for, its line comes within this time
TOLERATED_SKEW = timedelta(seconds=30)
GOOD_KEY_LENGTH = 32
MOST_BYTES = 1_000_000

Verdict = Literal["ok", "note", "FAIL"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    about: str
    verdict: Verdict
    what: str


Check = Callable[[Settings], Finding]


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
    """Without passwords, wherever they stood."""
    return mask(f"{finding.verdict:4}  {finding.about}: {' '.join(finding.what.split())}")


def examine(settings: Settings, *, seconds: float = CHECK_SECONDS) -> Iterator[Finding]:
    """One finding for each check, each within `seconds`."""
    for about, check in checks_for(settings).items():
        yield bounded(about, check, settings, seconds)


def checks_for(settings: Settings) -> dict[str, Check]:
    """By what they are about, in order."""
    checks: dict[str, Check] = {
        "settings": _settings,
        "home": _home,
        "database and schema": _database,
        "redis": _redis,
        "REST credentials": _credentials,
        "public URL": _public_url,
        "signatures": _signature,
        "clock": _clock,
        "sign-in": _sign_in,
    }
    if settings.connector != "none":
        checks["connector"] = _connector
    return checks


def bounded(about: str, check: Check, settings: Settings, seconds: float) -> Finding:
    """Some waits have no limit of their own, a database behind a silent firewall for one."""
    found: list[Finding] = []

    def look() -> None:
        try:
            found.append(check(settings))
        except Exception as error:
            found.append(Finding(about, "FAIL", f"{type(error).__name__}: {first_line(error)}"))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(seconds)
    return found[0] if found else Finding(about, "FAIL", f"no answer within {seconds:g} s")


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

    async def up() -> None:
        redis = connect(url, timeout=ANSWER_SECONDS)
        try:
            await redis.ping()
        finally:
            await redis.aclose()

    try:
        asyncio.run(up())
    except (RedisError, OSError) as error:
        what = f"no answer ({type(error).__name__}); calls are still routed, from SQL. Check REDIS_URL"
        return Finding("redis", "FAIL", what)
    return Finding("redis", "ok", "answers")


def _credentials(settings: Settings) -> Finding:
    if settings.rest_credentials is None or settings.twilio_account_sid is None:
        return Finding("REST credentials", "note", "not set; no calls can be made")
    try:
        with account(settings) as client:
            numbers = own_numbers(settings, client)
    except AccountRefused as error:
        return Finding("REST credentials", "FAIL", str(error))
    ours = f"{settings.public_url}/twilio/voice"
    elsewhere = sorted(own.friendly_name or own.sid for own in numbers.values() if own.voice_url != ours)
    if settings.public_url is not None and elsewhere:
        what = f"accepted; {len(elsewhere)} of {len(numbers)} numbers not pointed at us: `centralino twilio setup`"
        return Finding("REST credentials", "note", what)
    return Finding("REST credentials", "ok", f"accepted; {len(numbers)} numbers")


def _public_url(settings: Settings) -> Finding:
    url = settings.public_url
    if url is None:
        return Finding("public URL", "note", "PUBLIC_URL is not set; only this machine can reach us")
    healthy, what = _health(url)
    if urlsplit(url).scheme == "http" and is_loopback(url):
        return Finding("public URL", "note", f"{what}; only this machine can reach it")
    return Finding("public URL", "ok" if healthy else "FAIL", what)


def _health(url: str) -> tuple[bool, str]:
    try:
        with _asked(f"{url}/healthz") as answer:
            led_to, ours = answer.geturl().removesuffix("/healthz"), answer.read(16).strip() == b"ok"
    except urllib.error.HTTPError as error:
        with error:
            return False, f"{url}/healthz answers {error.code}; does the server run, and does the proxy pass it on?"
    except (OSError, ValueError) as error:
        return False, f"{url}/healthz does not answer ({getattr(error, 'reason', error)}); does the server run?"
    if urlsplit(led_to).hostname != urlsplit(url).hostname or urlsplit(led_to).scheme != urlsplit(url).scheme:
        # A redirect loses the form on its way, and Twilio signs the address that it was given.
        return False, f"{url} leads to {led_to}: set PUBLIC_URL to that"
    return ours, f"{url} answers" if ours else f"something else than this server answers at {url}/healthz"


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


def _connector(settings: Settings) -> Finding:
    """Is it there, and are we let in?  Asked as calls would ask it, behind the same guard."""

    async def look() -> Finding:
        connector = connector_of(settings, SystemClock())
        if connector is None:
            return Finding("connector", "ok", "none")
        try:
            await connector.check()
        except ConnectorError as error:
            return Finding("connector", "FAIL", f"{connector.name}: {error.why}")
        finally:
            await connector.close()
        return Finding("connector", "ok", f"{connector.name} answers, and lets us in")

    return asyncio.run(look())


def _sign_in(settings: Settings) -> Finding:
    """Can anybody sign in, and does the company's own provider answer, if there is one?"""

    async def managers() -> int:
        database = Database(settings.database)
        try:
            async with database.read() as conn:
                ready = or_(users.c.password.is_not(None), users.c.subject.is_not(None))
                first = (users.c.role == "manager", users.c.disabled_at.is_(None), ready)
                return await conn.scalar(select(func.count()).select_from(users).where(*first)) or 0
        finally:
            await database.close()

    if settings.oidc_issuer is not None and (why := _no_provider(settings.oidc_issuer)):
        return Finding("sign-in", "FAIL", f"OIDC_ISSUER: {why}")
    try:
        # An embedded file that is not there yet would be made by looking.
        there = not settings.embedded_database or (settings.home / "centralino.db").exists()
        found = asyncio.run(managers()) if there else 0
    except SQLAlchemyError:
        return Finding("sign-in", "note", "not looked at: the database does not tell who there is")
    if not found:
        return Finding("sign-in", "note", "no manager can sign in yet: `centralino user create --role manager …`")
    return Finding("sign-in", "ok", f"{found} manager(s) can sign in")


def _no_provider(issuer: str) -> str | None:
    """Why people cannot be sent there; None if they can."""
    try:
        with _asked(f"{issuer.rstrip('/')}/.well-known/openid-configuration") as answer:
            said = json.loads(answer.read(MOST_BYTES)).get("issuer")
    except (OSError, ValueError, AttributeError) as error:
        return f"{issuer} does not answer as a provider ({getattr(error, 'reason', type(error).__name__)})"
    return None if str(said).rstrip("/") == issuer.rstrip("/") else f"{issuer} calls itself {said}"


def _date_header(url: str) -> str | None:
    try:
        with _asked(url) as answer:
            date: str | None = answer.headers["Date"]
    except urllib.error.HTTPError as error:  # an answer all the same
        with error:
            date = error.headers["Date"]
    return date


def _asked(url: str) -> HTTPResponse:
    """GET, with the name and password that may stand in the address.  Raises OSError, ValueError."""
    parts = urlsplit(url)
    request = urllib.request.Request(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())
    if parts.username:
        signed = b64encode(f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()).decode()
        request.add_header("Authorization", f"Basic {signed}")
    answer: HTTPResponse = urllib.request.build_opener().open(request, timeout=ANSWER_SECONDS)
    return answer
