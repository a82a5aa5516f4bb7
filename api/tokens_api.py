"""`/tokens` under `/api/v1`: what programs are let in with, made and taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import Discriminator, Field, Tag
from sqlalchemy import Row, column, delete, or_, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Body, Listing, Moment, Ref, Shown, Word
from api.paging import Paging
from api.problems import FieldRefused, NotFound, Problem, responses
from api.tables import tokens
from api.tokens import Asking, Guard, Principal, Role, make
from store.clock import Clock
from store.events import emit
from store.sql import Database

ENDED = "token.ended"  # the event; its ref is the token's id
Change = Literal["made", "revoked"]
# Who asks, what was done, the token's id and its role: for whoever writes down who did what.
Witness = Callable[[AsyncConnection, Principal, Change, str, Role], Awaitable[None]]
agents = table("agents", column("id"), column("external_id"))  # another room's: this much is all that is read of it


class TokenOfAgent(Body):
    """Sees and does what this agent may."""

    name: Word = Field(description="what it is for")
    role: Literal["agent"]
    agent: Ref


class TokenOfHouse(Body):
    """Of a program that works for the house: a manager may do everything, a service what CRMs and the like need."""

    name: Word = Field(description="what it is for")
    role: Literal["manager", "service"]


class Token(Shown):
    id: str
    name: str
    role: Role
    agent: str | None
    made_at: Moment
    made_by: str | None = Field(description="a user's or a token's id; null: by the command")


class TokenMade(Token):
    token: str | None = Field(
        description="what opens the door, told this once; null where the answer is repeated for an Idempotency-Key"
    )


def _of_whom(given: object) -> str:
    role = given.get("role") if isinstance(given, dict) else getattr(given, "role", None)
    return "(agent)" if role == "agent" else "(house)"


Wanted = Annotated[
    Annotated[TokenOfAgent, Tag("(agent)")] | Annotated[TokenOfHouse, Tag("(house)")], Discriminator(_of_whom)
]


def tokens_router(database: Database, clock: Clock, guard: Guard, witness: Witness) -> APIRouter:
    at = _Tokens(database, clock, witness)
    router = APIRouter(tags=["tokens"], dependencies=[Depends(guard.allows("manager"))])
    add = router.add_api_route
    add("/tokens", at.find, methods=["GET"])
    add("/tokens", at.create, methods=["POST"], status_code=201)
    add("/tokens/{token_id}", at.revoke, methods=["DELETE"], status_code=204, responses=responses(409))
    return router


class _Tokens:
    def __init__(self, database: Database, clock: Clock, witness: Witness) -> None:
        self._database, self._clock, self._witness = database, clock, witness

    async def find(self, page: Paging) -> Listing[Token]:
        """The newest first; what opens the door is nowhere to be read."""
        async with self._database.read() as conn:
            rows = (await conn.execute(page.newest_first(select(tokens), tokens.c.made_at, tokens.c.id))).all()
        rows, following = page.cut(rows, lambda row: (row.made_at.isoformat(), row.id))
        return Listing[Token](items=[Token(**_shown(row)) for row in rows], next=following)

    async def create(self, given: Wanted, asking: Asking, response: Response) -> TokenMade:
        now = self._clock.now()
        async with self._database.write() as conn:
            agent_id = await _agent(conn, given.agent) if isinstance(given, TokenOfAgent) else None
            token_id, token = await make(
                conn, name=given.name, role=given.role, agent_id=agent_id, now=now, made_by=asking.token_id
            )
            await self._witness(conn, asking, "made", token_id, given.role)
            row = (await conn.execute(select(tokens).where(tokens.c.id == token_id))).one()
        response.headers["Cache-Control"] = "no-store"
        return TokenMade(**_shown(row), token=token)

    async def revoke(self, token_id: str, asking: Asking) -> None:
        """It opens nothing from now on, and streams that it has opened end."""
        if token_id == asking.token_id:
            raise Problem(409, None, "This is the token that asks: another one can revoke it.")
        async with self._database.write() as conn:
            role = await conn.scalar(delete(tokens).where(tokens.c.id == token_id).returning(tokens.c.role))
            if role is None:
                raise NotFound("token")
            await self._witness(conn, asking, "revoked", token_id, role)
            await emit(conn, ENDED, token_id, self._clock.now())


async def _agent(conn: AsyncConnection, reference: str) -> str:
    """By id, else by external id.  Raises FieldRefused."""
    named = or_(agents.c.id == reference, agents.c.external_id == reference)
    ids = (await conn.scalars(select(agents.c.id).where(named))).all()
    if not ids:
        raise FieldRefused("agent", "There is no such agent.")
    return reference if reference in ids else str(ids[0])


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "agent": row.agent_id,
        "made_at": row.made_at,
        "made_by": row.made_by,
    }
