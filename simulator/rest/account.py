"""The account itself, and TURN tokens for its browsers."""

from __future__ import annotations

from typing import Any

from simulator.parameters import rfc_2822
from simulator.rest.asked import Asked

TOKEN_SECONDS = 86400


def fetch(asked: Asked) -> dict[str, Any]:
    at = rfc_2822(asked.network.clock.now())
    return {
        "sid": asked.network.account_sid,
        "friendly_name": "Simulated account",
        "status": "active",
        "type": "Full",
        "owner_account_sid": asked.network.account_sid,
        "auth_token": None,
        "date_created": at,
        "date_updated": at,
        "uri": f"{asked.root}.json",
        "subresource_uris": {"calls": f"{asked.root}/Calls.json", "messages": f"{asked.root}/Messages.json"},
    }


def create_token(asked: Asked) -> dict[str, Any]:
    network, at = asked.network, rfc_2822(asked.network.clock.now())
    username, password = f"{network.random.getrandbits(256):064x}", f"{network.random.getrandbits(128):032x}"
    stun = "stun:global.stun.twilio.com:3478"
    return {
        "account_sid": network.account_sid,
        "date_created": at,
        "date_updated": at,
        "ice_servers": [{"url": stun, "urls": stun}],
        "password": password,
        "ttl": str(asked.number("Ttl", TOKEN_SECONDS)),
        "username": username,
    }
