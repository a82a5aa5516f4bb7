"""The page to sign in, as it is shown again to whoever has not come in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from desk.attempts import TooMany
from desk.pages import Asked
from desk.sign_in import entering
from desk.site import Site


def shown(site: Site, asked: Asked, status: int = 200, *, wanted: str = "/", email: str = "", **more: Any) -> Response:
    """`told`: why they are not in yet; `errors`: by field."""
    given = {"errors": {}, "told": None, "single": single_name(site)} | more
    return asked.page("sign_in/sign_in.html", status, wanted=entering.inside(wanted), email=email, **given)


def single_name(site: Site) -> str | None:
    """What the company's own sign-in is called; null: there is none."""
    return site.sign_on.name if site.sign_on.issuer else None


def too_many(site: Site, asked: Asked, refused: TooMany, *, wanted: str, email: str) -> Response:
    response = shown(site, asked, 429, wanted=wanted, email=email, told=wait(asked, refused))
    response.headers["Retry-After"] = seconds(asked, refused)
    return response


def wait(asked: Asked, refused: TooMany) -> str:
    """When to try again, to the minute, rounded up."""
    at = asked.formats.clock(_whole_minute(refused.again_at))
    return asked.words("Too many tries did not succeed. Please try again at %(time)s.", time=at)


def seconds(asked: Asked, refused: TooMany) -> str:
    return str(max(int((refused.again_at - asked.pages.clock.now()).total_seconds()) + 1, 1))


def _whole_minute(at: datetime) -> datetime:
    return (at + timedelta(seconds=59)).replace(second=0, microsecond=0)
