"""Signing in at a company's own provider by OpenID Connect: the code flow with PKCE, state and nonce.

The provider is asked where its parts are (discovery) and for its keys; both are kept for an hour.  What it says of
somebody counts only if its signature, issuer, audience, time and nonce are right.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from desk.site import SignOn
from store.clock import Clock

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

ANSWER_SECONDS = 5.0
KEPT = timedelta(hours=1)
LEEWAY_SECONDS = 60
# Signatures that need the provider's own private key; never "none", never one with a key that both sides have.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
SCOPE = "openid email profile"


class NotProved(Exception):
    """What came back does not prove who it is; the reason, for the log, holds nothing personal."""


class ProviderAway(Exception):
    """The provider does not answer as one."""


@dataclass(frozen=True, slots=True)
class Begun:
    """`url`: where the browser is sent; the rest stays with it, sealed, until it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """`subject`: who it is, for ever: the issuer, a blank, the provider's own id.  `email` only if it is verified.

    `signed_in_at`: when they last showed the provider who they are, in seconds; not every provider tells.
    """

    subject: str
    email: str | None
    signed_in_at: float | None = None


class Provider:
    def __init__(self, issuer: str, client_id: str, client_secret: str | None, back: str, clock: Clock) -> None:
        self._issuer, self._client_id, self._client_secret = issuer, client_id, client_secret
        self._back, self._clock = back, clock
        self._about: dict[str, Any] = {}
        self._keys: dict[str, Any] = {}
        self._read_at: datetime | None = None

    @classmethod
    def of(cls, sign_on: SignOn, back: str, clock: Clock) -> Provider | None:
        """`back`: the address to which the provider sends people back, as it is registered there."""
        if sign_on.issuer is None or sign_on.client_id is None:
            return None
        return cls(sign_on.issuer, sign_on.client_id, sign_on.client_secret, back, clock)

    async def begin(self, *, again: bool = False) -> Begun:
        """`again`: who is signed in there already shall show who they are once more.  Raises ProviderAway."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        async with await self._client() as client:
            await self._look(client)
            url, _ = client.create_authorization_url(
                self._about["authorization_endpoint"],
                state=state,
                nonce=nonce,
                code_verifier=verifier,
                **({"prompt": "login", "max_age": 0} if again else {}),
            )
        return Begun(url, state, nonce, verifier)

    async def finish(self, code: str, *, nonce: str, verifier: str) -> Identity:
        """Raises NotProved, ProviderAway."""
        async with await self._client() as client:
            await self._look(client)
            token = await self._exchanged(client, code, verifier)
            claims = await self._proved(client, token.get("id_token"), nonce)
            if "email" not in claims and self._about.get("userinfo_endpoint") and token.get("access_token"):
                claims = await self._more(client, claims)
        verified = claims.get("email_verified") in (True, "true") and isinstance(claims.get("email"), str)
        email = claims["email"].strip().lower() if verified else None
        at = claims.get("auth_time")
        return Identity(f"{claims['iss']} {claims['sub']}", email, at if isinstance(at, int | float) else None)

    async def _client(self) -> AsyncOAuth2Client:
        # Loading it takes half a second the first time, which calls must not wait for.
        oauth = await asyncio.to_thread(import_module, "authlib.integrations.httpx_client")
        return oauth.AsyncOAuth2Client(
            self._client_id,
            self._client_secret,
            scope=SCOPE,
            redirect_uri=self._back,
            code_challenge_method="S256",
            timeout=ANSWER_SECONDS,
            trust_env=False,
        )

    def _proves_itself(self) -> str:
        """How we show at the provider who we are."""
        if self._client_secret is None:
            return "none"
        known = self._about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"

    async def _look(self, client: AsyncOAuth2Client, *, again: bool = False) -> None:
        """Where its parts are, and its keys."""
        now = self._clock.now()
        if self._read_at is not None and not again and timedelta() <= now - self._read_at < KEPT:
            return
        about = await self._json(client, f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if str(about.get("issuer", "")).rstrip("/") != self._issuer.rstrip("/"):
            raise ProviderAway("the provider calls itself by another name than OIDC_ISSUER")
        for part in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _safe(about.get(part), self._issuer):
                raise ProviderAway(f"no {part} over https")
        self._keys = await self._json(client, about["jwks_uri"])
        self._about, self._read_at = about, now

    async def _json(self, client: AsyncOAuth2Client, url: str) -> dict[str, Any]:
        import httpx2

        try:
            answer = await client.request("GET", url, withhold_token=True)
            found = answer.json() if answer.status_code == 200 else None
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderAway(type(error).__name__) from None
        if not isinstance(found, dict):
            raise ProviderAway(f"status {answer.status_code}")
        return found

    async def _exchanged(self, client: AsyncOAuth2Client, code: str, verifier: str) -> Mapping[str, Any]:
        import httpx2
        from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]

        client.token_endpoint_auth_method = self._proves_itself()
        try:
            token: Mapping[str, Any] = await client.fetch_token(
                self._about["token_endpoint"], code=code, code_verifier=verifier, grant_type="authorization_code"
            )
        except OAuthError as error:
            raise NotProved(f"code refused: {str(error.error)[:40]}") from None
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderAway(type(error).__name__) from None
        return token

    async def _proved(self, client: AsyncOAuth2Client, id_token: object, nonce: str) -> dict[str, Any]:
        from joserfc.errors import JoseError

        if not isinstance(id_token, str):
            raise NotProved("no id_token")
        try:
            claims = self._read(id_token)
        except (JoseError, ValueError):
            await self._look(client, again=True)  # signed with a key that is new since we asked?
            try:
                claims = self._read(id_token)
            except (JoseError, ValueError) as error:
                raise NotProved(f"id_token: {type(error).__name__}") from None
        try:
            self._check(claims, nonce)
        except (JoseError, ValueError) as error:
            raise NotProved(f"id_token: {getattr(error, 'error', type(error).__name__)}") from None
        return claims

    def _read(self, id_token: str) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.jwk import KeySet

        return dict(jwt.decode(id_token, KeySet.import_key_set(self._keys), algorithms=list(ALGORITHMS)).claims)  # type: ignore[arg-type]

    def _check(self, claims: Mapping[str, Any], nonce: str) -> None:
        from joserfc.jwt import JWTClaimsRegistry

        wanted = {"iss": self._about["issuer"], "aud": self._client_id, "nonce": nonce}
        JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=LEEWAY_SECONDS,
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            **{name: {"essential": True, "value": value} for name, value in wanted.items()},  # type: ignore[arg-type]
        ).validate(dict(claims))
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client_id) != self._client_id:
            raise ValueError("azp")
        if not isinstance(claims["sub"], str) or not claims["sub"].strip():
            raise ValueError("sub")

    async def _more(self, client: AsyncOAuth2Client, claims: dict[str, Any]) -> dict[str, Any]:
        """Some tell the address only there; who it is, is known already."""
        import httpx2

        if not _safe(self._about["userinfo_endpoint"], self._issuer):
            return claims
        try:
            answer = await client.get(self._about["userinfo_endpoint"])
            more = answer.json() if answer.status_code == 200 else {}
        except (httpx2.HTTPError, ValueError):
            return claims
        same = isinstance(more, dict) and more.get("sub") == claims["sub"]
        return claims | {name: more[name] for name in ("email", "email_verified") if name in more} if same else claims


def _safe(url: object, issuer: str) -> bool:
    """Over https, unless the issuer itself is on this machine."""
    return isinstance(url, str) and urlsplit(url).scheme in ("https", urlsplit(issuer).scheme)
