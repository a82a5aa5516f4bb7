"""The address of a promise, sent by text: whoever has it may see and change that promise, and nothing else.

It names the promise by its id and proves by an HMAC that we made it; nothing about the person is in it.  Pure.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode

PATH = "/p/"
_PROMISE = "cb_"
_PROOF_BYTES = 16
_TOKEN = re.compile(r"([0-9a-z]{1,60})([\w-]{22})", re.ASCII)  # the id without its prefix, then 128 bits of proof


class Links:
    def __init__(self, secret: str, public_url: str) -> None:
        self._secret, self._public_url = secret.encode(), public_url

    def url(self, promise_id: str) -> str:
        return f"{self._public_url}{PATH}{self.token(promise_id)}"

    def token(self, promise_id: str) -> str:
        return promise_id.removeprefix(_PROMISE) + self._proof(promise_id)

    def promise(self, token: str) -> str | None:
        """The promise's id; None for a token we did not make."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        promise_id = _PROMISE + found[1]
        return promise_id if hmac.compare_digest(found[2], self._proof(promise_id)) else None

    def _proof(self, promise_id: str) -> str:
        """The key is the house's and signs other things too: what is signed here says so."""
        mac = hmac.digest(self._secret, b"promise link\0" + promise_id.encode(), "sha256")
        return urlsafe_b64encode(mac[:_PROOF_BYTES]).decode().rstrip("=")
