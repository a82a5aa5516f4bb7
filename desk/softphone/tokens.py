"""Access tokens of the carrier: what a browser shows to be rung as an agent, or as a manager's ear."""

from __future__ import annotations

import re
from collections.abc import Sequence

from desk.site import Account
from desk.viewer import Viewer

TTL_SECONDS = 3600
IDENTITY = re.compile(r"\w{1,121}", re.ASCII)
CLIENT = "client:"


def missing(account: Account) -> Sequence[str]:
    """The settings without which no token can be made; none: all is there."""
    settings = {
        "TWILIO_ACCOUNT_SID": account.account_sid,
        "TWILIO_API_KEY_SID": account.api_key_sid,
        "TWILIO_API_KEY_SECRET": account.api_key_secret,
    }
    return [name for name, value in settings.items() if not value]


def identity_of(address: str) -> str | None:
    """What a browser registers as to be rung at this address; null: it is no browser's, or none that may be one."""
    name = address[len(CLIENT) :] if address.startswith(CLIENT) else ""
    return name if IDENTITY.fullmatch(name) else None


def ear_of(viewer: Viewer) -> str:
    """Where a manager listens in, in this browser; its address is `client:` and this."""
    return f"user_{viewer.user_id}"


def access_token(account: Account, identity: str, *, ttl_seconds: int = TTL_SECONDS) -> str:
    """May be called, for so long.  It may call nobody: agents are rung, and so are those whom they promised to ring."""
    from twilio.jwt.access_token import AccessToken  # with its libraries: not before somebody needs one
    from twilio.jwt.access_token.grants import VoiceGrant

    token = AccessToken(
        account.account_sid, account.api_key_sid, account.api_key_secret, identity=identity, ttl=ttl_seconds
    )
    token.add_grant(VoiceGrant(incoming_allow=True))
    return str(token.to_jwt())
