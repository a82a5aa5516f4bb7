"""Access tokens of softphones: who a page is, and what it may do.  Twilio's format, version `twilio-fpa;v=1`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

LONGEST_LIFE = timedelta(hours=24)
IDENTITY = re.compile(r"\w{1,121}", re.ASCII)


class TokenRefused(Exception):
    """`code`: the number that Twilio's signalling gives the page."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class Grant:
    identity: str
    expires_at: datetime
    may_be_called: bool = False
    application_sid: str | None = None  # what its own calls run; None: it may not call
    parameters: Mapping[str, str] = field(default_factory=dict)  # that go along with each of its calls


def read(token: object, keys: Mapping[str, str], account_sid: str, now: datetime) -> Grant:
    """`keys`: SK… -> secret.

    Raises TokenRefused 31202 (signature), 31205 (expired), 31207 (valid for longer than a day), 31204 (anything else).
    """
    claims = _verified(token, keys)
    if claims.get("sub") != account_sid:
        raise TokenRefused(31204, "The token belongs to another account")
    expires_at = _instant(claims, "exp")
    if expires_at <= now:
        raise TokenRefused(31205, "The token has expired")
    if "nbf" in claims and expires_at - _instant(claims, "nbf") > LONGEST_LIFE:
        raise TokenRefused(31207, "The token is valid for longer than 24 hours")
    grants = _object(claims, "grants")
    identity = grants.get("identity")
    if not isinstance(identity, str) or not IDENTITY.fullmatch(identity):
        raise TokenRefused(31204, "The identity is not made of letters, digits and underscores")
    voice = _object(grants, "voice")
    incoming, outgoing = _object(voice, "incoming"), _object(voice, "outgoing")
    application_sid = outgoing.get("application_sid")
    return Grant(
        identity,
        expires_at,
        may_be_called=incoming.get("allow") is True,
        application_sid=application_sid if isinstance(application_sid, str) else None,
        parameters={name: str(value) for name, value in _object(outgoing, "params").items()},
    )


def _verified(token: object, keys: Mapping[str, str]) -> dict[str, Any]:
    """What a key of this account has signed.  Its times are for the caller's own clock to judge."""
    import jwt  # with its cryptography: not before somebody has a token

    unread = {"verify_signature": False}
    try:
        header = jwt.get_unverified_header(token)  # type: ignore[arg-type]  # what is no text is refused like any nonsense
        issuer = jwt.decode(token, options=unread).get("iss")  # type: ignore[arg-type]
    except jwt.InvalidTokenError as error:
        raise TokenRefused(31204, "That is no token") from error
    if header.get("alg") != "HS256" or not isinstance(issuer, str) or issuer not in keys:
        raise TokenRefused(31204, "The token was not issued with a key of this account")
    unjudged = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_sub": False, "verify_aud": False}
    try:
        claims: dict[str, Any] = jwt.decode(token, keys[issuer], algorithms=["HS256"], options=unjudged)  # type: ignore[arg-type]
    except jwt.InvalidTokenError as error:
        raise TokenRefused(31202, "The signature is not that of the key") from error
    return claims


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if not isinstance(value, (int, float)):
        raise TokenRefused(31204, f"The token says no {name}")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise TokenRefused(31204, f"The token says no {name}") from error


def _object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}
