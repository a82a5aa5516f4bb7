"""What is kept under the house's key, each for one purpose.

Sealed: a browser keeps it until an instant, may read it, and cannot change it.  Locked: a table keeps it, and whoever
copies the table can read nothing.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def seal(secret: str, purpose: str, values: Mapping[str, Any], *, until: datetime) -> str:
    """Fit for a cookie.  Whoever holds it can read it."""
    body = urlsafe_b64encode(json.dumps({**values, "until": until.timestamp()}, separators=(",", ":")).encode())
    return f"{body.decode()}.{mac(secret, purpose, body.decode())}"


def unseal(secret: str, purpose: str, sealed: str | None, *, now: datetime) -> dict[str, Any] | None:
    """Null for what we did not seal for this purpose, or for a time that is over."""
    body, _, proof = (sealed or "").rpartition(".")
    if not body or not hmac.compare_digest(proof.encode(), mac(secret, purpose, body).encode()):
        return None
    values: dict[str, Any] = json.loads(urlsafe_b64decode(body))
    return values if now.timestamp() < values.pop("until") else None


def lock(secret: str, purpose: str, text: str, *, of: str) -> str:
    """By AES-256-GCM.  `of`: whose it is; it opens in nobody else's row."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return urlsafe_b64encode(nonce + _cipher(secret, purpose).encrypt(nonce, text.encode(), of.encode())).decode()


def unlock(secret: str, purpose: str, locked: str, *, of: str) -> str | None:
    """Null for what was locked with another key, for another purpose, or for somebody else."""
    try:
        kept = urlsafe_b64decode(locked)
        return _cipher(secret, purpose).decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], of.encode()).decode()
    except (InvalidTag, ValueError):
        return None


def _cipher(secret: str, purpose: str) -> AESGCM:
    return AESGCM(hmac.digest(secret.encode(), f"{purpose}\0key of AES".encode(), "sha256"))


def mac(secret: str, purpose: str, text: str) -> str:
    """The key is the house's and signs other things too: what is signed here says what for."""
    signed = hmac.digest(secret.encode(), f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
    return urlsafe_b64encode(signed).decode().rstrip("=")
