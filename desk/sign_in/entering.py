"""What happens to whoever is let in, and where they are led; where a request comes from."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.tokens import Principal
from crm import audit
from crm.audit import What
from desk import attempts, sessions
from desk.attempts import Try
from desk.pages import Asked
from desk.sealed import mac, seal, unseal
from desk.site import Site
from desk.users import User
from desk.viewer import cookie_name

KNOWN, KNOWN_FOR = "centralino_known", timedelta(days=365)
NOT_LED_TO = ("/sign-in", "/sign-out", "/invite", "/live")


def principal_of(user: User) -> Principal:
    return Principal(user.role, user.agent_id, user.id)


async def begin(
    conn: AsyncConnection, site: Site, asked: Asked, user: User, how: sessions.How, *, second: str | None = None
) -> str:
    """The new session's secret.  Whatever this browser was signed in with before ends.

    `second`: which second factor they showed.
    """
    now = site.pages.clock.now()
    await sessions.end_by_secret(conn, asked.request.cookies.get(cookie_name(site.pages.secure)), now)
    browser = asked.request.headers.get("user-agent")
    secret = await sessions.begin(conn, user.id, how, browser, now, longest=site.pages.session)
    with_it = {"second": second} if second else {}
    await audit.record(conn, principal_of(user), What.SIGNED_IN, now=now, how=how, **with_it)
    return secret


def enter(site: Site, asked: Asked, user: User, secret: str, next_address: str) -> Response:
    """Leads them where they wanted to go, with the cookies of who is signed in."""
    secure, now = site.pages.secure, site.pages.clock.now()
    response = RedirectResponse(inside(next_address), status_code=303)
    sessions.cookie(response, secret, secure, longest=site.pages.session)
    nonce = known_browser(site, asked.request, user.email) or secrets.token_urlsafe(12)
    known = {"who": mac(site.secret, "known address", user.email), "nonce": nonce}
    response.set_cookie(
        KNOWN,
        seal(site.secret, "known browser", known, until=now + KNOWN_FOR),
        max_age=int(KNOWN_FOR.total_seconds()),
        path="/sign-in",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    return response


def tried(site: Site, asked: Asked, email: str) -> Try:
    """What a try to sign in with this address, from this browser, is counted by."""
    source = place_of(source_of(asked.request, site.proxies))
    return attempts.of(site.secret, email, source, known_browser(site, asked.request, email))


def known_browser(site: Site, request: Request, email: str) -> str | None:
    """Something of its own for a browser in which this address has signed in before; null for any other."""
    known = unseal(site.secret, "known browser", request.cookies.get(KNOWN), now=site.pages.clock.now())
    if known is None or known["who"] != mac(site.secret, "known address", email):
        return None
    return str(known["nonce"])


def inside(address: str) -> str:
    """One of our own pages, or the start: never another site's, never where somebody signs in or out."""
    plain = address.isprintable() and "\\" not in address
    ours = plain and address.startswith("/") and not address.startswith("//")
    return "/" if not ours or address.startswith(NOT_LED_TO) else address


def source_of(request: Request, proxies: Sequence[str]) -> str:
    """The address it comes from: the last one in `X-Forwarded-For` that is not one of our own proxies.

    A header is believed only as far as proxies of ours have written it.  `proxies`: addresses and networks.
    """
    source = request.client.host if request.client else ""
    on_the_way = [part.strip() for part in ",".join(request.headers.getlist("x-forwarded-for")).split(",")]
    while on_the_way and is_one_of(source, proxies):
        source = on_the_way.pop() or source
    return source


def place_of(source: str) -> str:
    """What failed sign-ins are counted by: of IPv6 the network, since whoever has one address there has 2 to the 64."""
    try:
        address = _plain(source)
    except ValueError:
        return source
    return str(address if address.version == 4 else ip_network(f"{address}/64", strict=False))


def is_one_of(source: str, proxies: Sequence[str]) -> bool:
    try:
        return any(_plain(source) in ip_network(proxy, strict=False) for proxy in proxies)
    except ValueError:
        return False


def _plain(source: str) -> IPv4Address | IPv6Address:
    """Whoever listens on `::` sees 127.0.0.1 as ::ffff:127.0.0.1.  Raises ValueError."""
    address = ip_address(source.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
