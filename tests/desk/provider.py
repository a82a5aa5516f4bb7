"""A company's own sign-in, small: whoever comes is who the test says, and any of its answers can be made wrong."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from store.clock import Clock

CLIENT, CLIENT_SECRET = "centralino", "known to both"


@dataclass
class LocalProvider:
    """`claims`: what it says of who comes; `wrong`: claims that replace the right ones; `keys`: what it signs with."""

    url: str
    clock: Clock
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "248289", "email": "paola@lume.example"})
    wrong: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    refuses: bool = False
    foreign_key: bool = False
    unsigned: bool = False
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._about),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
                Route("/userinfo", self._userinfo),
            ]
        )

    async def _about(self, request: Request) -> Response:
        parts = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        about: dict[str, Any] = {name: f"{self.url}/{path}" for name, path in parts.items()}
        if self.userinfo is not None:
            about["userinfo_endpoint"] = f"{self.url}/userinfo"
        return JSONResponse({"issuer": self.url, **about, **self.about})

    async def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert set(query["scope"].split()) >= {"openid", "email"}
        answer = {"state": query["state"]}
        if self.refuses:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(8)
            self.codes[answer["code"]] = query
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(answer)}", status_code=302)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        expected = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        assert request.headers["authorization"] == f"Basic {expected}"
        asked = self.codes.pop(str(form["code"]), None)
        verifier = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return JSONResponse(
            {"access_token": "for userinfo", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])}
        )

    def _id_token(self, nonce: str) -> str:
        now = int(self.clock.now().timestamp())
        verified = {"email_verified": True} if "email" in self.claims else {}
        claims = {"iss": self.url, "aud": CLIENT, "nonce": nonce, "iat": now, "exp": now + 300}
        said = {**claims, **verified, **self.claims, **self.wrong}
        said = {name: value for name, value in said.items() if value is not None}
        if self.unsigned:
            return jwt.encode({"alg": "HS256"}, said, OctKey.import_key(CLIENT_SECRET * 3))
        key = RSAKey.generate_key(2048, {"kid": "one"}) if self.foreign_key else self.key
        return jwt.encode({"alg": "RS256", "kid": str(key.kid)}, said, key)

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False) | {"alg": "RS256", "use": "sig"}]})

    async def _userinfo(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer for userinfo"
        return JSONResponse(self.userinfo)
