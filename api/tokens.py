"""Bearer tokens: made once, kept as a digest, asked for at every request."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, cast, get_args

from fastapi import Depends, Request
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import Problem
from api.tables import tokens
from store.ids import new_id
from store.sql import Database

Role = Literal["manager", "agent", "service"]
ROLES: tuple[Role, ...] = get_args(Role)
BOOTSTRAP = "bootstrap"  # the token id under which `API_TOKEN` acts


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks."""

    role: Role
    agent_id: str | None
    token_id: str


class TokenNeedsAgent(ValueError):
    """A token with the role agent belongs to one agent."""


class UnknownRole(ValueError):
    """A role is manager, agent or service."""


async def create(
    conn: AsyncConnection, *, name: str, role: str, agent_id: str | None, now: datetime, made_by: str | None = None
) -> str:
    """The new token, which nobody can read again.  Raises UnknownRole, TokenNeedsAgent."""
    _, token = await make(conn, name=name, role=role, agent_id=agent_id, now=now, made_by=made_by)
    return token


async def make(
    conn: AsyncConnection, *, name: str, role: str, agent_id: str | None, now: datetime, made_by: str | None
) -> tuple[str, str]:
    """As `create`, with the token's id first.  `made_by`: a user's or a token's id; null: by the command."""
    if role not in ROLES:
        raise UnknownRole(role)
    if (role == "agent") != (agent_id is not None):
        raise TokenNeedsAgent(role)
    token_id, token = new_id("tok"), f"cnt_{secrets.token_urlsafe(32)}"
    row = {"id": token_id, "name": name, "role": role, "agent_id": agent_id, "digest": _digest(token)}
    await conn.execute(insert(tokens).values(**row, made_at=now, made_by=made_by))
    return token_id, token


async def revoke_of_agent(conn: AsyncConnection, agent_id: str) -> None:
    await conn.execute(delete(tokens).where(tokens.c.agent_id == agent_id))


class Guard:
    """Knows who asks.  `bootstrap_token` is the one from the settings, with every right; null: there is none."""

    def __init__(self, database: Database, bootstrap_token: str | None) -> None:
        self._database = database
        self._bootstrap = _digest(bootstrap_token) if bootstrap_token else None

    async def identify(self, authorization: str | None) -> Principal | None:
        """By an `Authorization` header; null when it opens nothing."""
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            return None
        digest = _digest(token)
        if self._bootstrap is not None and hmac.compare_digest(digest, self._bootstrap):
            return Principal("manager", None, BOOTSTRAP)
        async with self._database.read() as conn:
            found = select(tokens.c.id, tokens.c.role, tokens.c.agent_id).where(tokens.c.digest == digest)
            row = (await conn.execute(found)).one_or_none()
        return None if row is None else Principal(row.role, row.agent_id, row.id)

    def allows(self, *roles: Role) -> Callable[[Request], Awaitable[Principal]]:
        """A dependency: 401 without a token, 403 with one of another role."""

        async def check(request: Request) -> Principal:
            principal = request.scope.get(PRINCIPAL) or await self.identify(request.headers.get("authorization"))
            if principal is None:
                raise not_identified(request.headers.get("authorization"))
            request.scope[PRINCIPAL] = principal
            if principal.role not in roles:
                raise Problem(403, None, f"A token with the role {principal.role} may not do this.")
            return cast(Principal, principal)

        return check


PRINCIPAL = "centralino.principal"  # where a request's scope holds who asks


def not_identified(authorization: str | None) -> Problem:
    error = ', error="invalid_token"' if authorization else ""
    detail = "This token is not known." if authorization else "A bearer token is needed."
    return Problem(401, None, detail, headers={"WWW-Authenticate": f'Bearer realm="centralino"{error}'})


def _caller(request: Request) -> Principal:
    return cast(Principal, request.scope[PRINCIPAL])


Asking = Annotated[Principal, Depends(_caller)]  # who asks, for an operation that `guard.allows` has let through


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
