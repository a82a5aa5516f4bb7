"""The addresses of the settings; all of them are managers' alone."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from desk.pages import MANAGERS, Asked, Endpoint
from desk.settings.audit_log import AuditLog
from desk.settings.health import Health
from desk.settings.numbers import Numbers
from desk.settings.retention import Retention
from desk.settings.tabs import AT
from desk.settings.tokens import Tokens
from desk.settings.users import Users
from desk.site import Site


def routes(site: Site) -> list[BaseRoute]:
    def at(path: str, endpoint: Endpoint, *methods: str) -> BaseRoute:
        return site.pages.route(f"{AT}{path}", endpoint, roles=MANAGERS, methods=methods or ("GET",))

    users, tokens, numbers, retention = Users(site), Tokens(), Numbers(site), Retention(site)
    one, token = "/users/{user_id}", "/tokens/{token_id}"
    return [
        at("", _first),
        at("/users", users.show),
        at("/users", users.make, "POST"),
        at("/users/new", users.new),
        at(one, users.one),
        at(one, users.change, "POST"),
        at(f"{one}/invite", users.invite, "POST"),
        at(f"{one}/disable", users.disable, "POST"),
        at(f"{one}/enable", users.enable, "POST"),
        at(f"{one}/second-factor/reset", users.reset_second_factor, "POST"),
        at(f"{one}/sign-out", users.sign_out, "POST"),
        at("/tokens", tokens.show),
        at("/tokens", tokens.make, "POST"),
        at(f"{token}/revoke", tokens.revoke, "POST"),
        at("/numbers", numbers.show),
        at("/numbers/setup", numbers.setup),
        at("/health", Health(site).show),
        at("/health/findings", Health(site).findings),
        at("/retention", retention.show),
        at("/retention", retention.change, "POST"),
        at("/audit", AuditLog(site).show),
    ]


async def _first(asked: Asked) -> Response:
    return asked.redirect(f"{AT}/users")
