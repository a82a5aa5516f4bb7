"""What a browser keeps for us and must not change: signed with the house's key, for one purpose, until an instant."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any


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


def mac(secret: str, purpose: str, text: str) -> str:
    """The key is the house's and signs other things too: what is signed here says what for."""
    signed = hmac.digest(secret.encode(), f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
    return urlsafe_b64encode(signed).decode().rstrip("=")
