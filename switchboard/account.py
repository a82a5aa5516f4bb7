"""The account at Twilio as an operator's commands look at it: by the official client, and in one line when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from switchboard.settings import Settings

if TYPE_CHECKING:
    from twilio.rest import Client

ANSWER_SECONDS = 5.0
_LOOPBACK = ("localhost", "::1", "0.0.0.0")


class AccountRefused(Exception):
    """One line: what is in the way, and what to do."""


def is_loopback(url: str) -> bool:
    """Whether only this machine can reach it."""
    host = urlsplit(url).hostname or ""
    return host in _LOOPBACK or host.startswith("127.")


@contextmanager
def account(settings: Settings) -> Iterator[Client]:
    """Twilio's client for these settings, closed afterwards.  Raises AccountRefused without credentials."""
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    credentials = settings.rest_credentials
    if settings.twilio_account_sid is None or credentials is None:
        raise AccountRefused("no account is set: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")
    http = TwilioHttpClient(timeout=ANSWER_SECONDS)
    client = Client(
        *credentials,
        settings.twilio_account_sid,
        http_client=http,
        environment={"TWILIO_REGION": ""},  # else the machine's own would change the host
    )
    client.api.base_url = settings.twilio_api_url
    try:
        yield client
    finally:
        http.session.close()


def own_numbers(settings: Settings, client: Client) -> dict[str, Any]:
    """The account's numbers, E.164 -> as the client gives them.  Raises AccountRefused."""
    with told(settings):
        return {own.phone_number: own for own in client.incoming_phone_numbers.list(page_size=1000)}


@contextmanager
def told(settings: Settings, about: str = "") -> Iterator[None]:
    """Whatever goes wrong with the other side leaves as AccountRefused."""
    from twilio.base.exceptions import TwilioException

    api = settings.twilio_api_url
    try:
        yield
    except TwilioException as error:
        status, words = _answered(error)
        if status == 401:
            names = "TWILIO_API_KEY_SID and _SECRET" if settings.twilio_api_key_secret else "TWILIO_AUTH_TOKEN"
            raise AccountRefused(f"{api} refuses the credentials: check TWILIO_ACCOUNT_SID, {names}") from error
        raise AccountRefused(f"{about}: {words}" if about else f"{api} answers: {words}") from error
    except (OSError, ValueError) as error:  # OSError: what the client's requests raise
        reason = type(error).__name__
        raise AccountRefused(f"{api} does not answer as Twilio does ({reason}): check TWILIO_API_URL") from error


def _answered(error: Any) -> tuple[int, str]:
    """Status and words; a page of a list that was refused brings the bare answer along instead of them."""
    if hasattr(error, "status"):
        return int(error.status), f"HTTP {error.status}, error {error.code}, {error.msg}"
    answers = [part.status_code for part in error.args if hasattr(part, "status_code")]
    return (answers[0], f"HTTP {answers[0]}") if answers else (0, str(error))
