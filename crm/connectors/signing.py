"""Signatures that whoever gets our webhooks can check with an ordinary library.  Pure.

Source: the specification Standard Webhooks 1.0.0, symmetric scheme (standardwebhooks.com).
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64


def read_secret(text: str) -> bytes:
    """The key of a secret as it is handed around.  Raises ValueError with what to do."""
    try:
        key = b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(
            f"not a signing secret: {PREFIX} and {LEAST_BYTES} to {MOST_BYTES} random bytes in Base64 "
            "(`openssl rand -base64 32` makes them)"
        )
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers.  `message_id` stays the same however often it is sent; `timestamp` is the attempt's."""
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    signature = b64encode(hmac.digest(key, content, "sha256")).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
