"""X-Twilio-Signature, from the sending side: HMAC-SHA1 over the URL and the sorted form."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Mapping


def signature(auth_token: str, url: str, form: Mapping[str, str] | Collection[tuple[str, str]] | None = None) -> str:
    """`url` as sent, query byte for byte and without fragment; `form` is None for a GET.  The same pair counts once."""
    pairs = form.items() if isinstance(form, Mapping) else form or ()
    text = url + "".join(f"{name}{value}" for name, value in sorted(set(pairs)))
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
