"""The door in front of everything that touches a customer: an agent passes for whom they serve, or with a reason.

Every such route has `{customer_id}` in its path and is made by `for_customer`, so that none can be without the door.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response
from starlette.routing import Route

from crm.tables import customers
from desk.card.serves import may_see
from desk.pages import Asked, Pages

Opened = Callable[[Asked, str], Awaitable[Response]]
"""An endpoint behind the door; it gets the id of the living record."""

Shut = Callable[[Asked, str], Awaitable[Response]]
"""What somebody sees who may not see the person."""


def for_customer(
    pages: Pages, path: str, endpoint: Opened, *, methods: Sequence[str] = ("GET",), shut: Shut | None = None
) -> Route:
    """`shut` answers who may not pass; else they are told so."""
    assert "{customer_id}" in path, "the door must know whose it is"

    async def behind(asked: Asked) -> Response:
        async with pages.database.read() as conn:
            customer_id = await living_record(conn, asked.request.path_params["customer_id"])
            seen = customer_id is not None and await may_see(conn, asked.user, customer_id, pages.clock.now())
        if customer_id is None:
            return asked.trouble(404, asked.words("There is no such person."))
        if not seen:
            return await (shut or refused)(asked, customer_id)
        return await endpoint(asked, customer_id)

    return pages.route(path, behind, methods=methods)


async def living_record(conn: AsyncConnection, customer_id: str) -> str | None:
    """The record that holds now for this one, which may have been merged into it."""
    kept = func.coalesce(customers.c.merged_into, customers.c.id)
    found: str | None = await conn.scalar(select(kept).where(customers.c.id == customer_id))
    return found


async def refused(asked: Asked, customer_id: str) -> Response:
    return asked.trouble(403, asked.words("You do not serve this person. Open their page first, with your reason."))
