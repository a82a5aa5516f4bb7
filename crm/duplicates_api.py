"""`/duplicates` and `/merges` under `/api/v1`: records that may be one person's, made one and told apart again."""

from collections.abc import Callable

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Listing
from api.paging import Paging, encode_cursor
from api.problems import FieldRefused, NotFound, Problem, responses
from api.tokens import Asking, Guard
from crm import audit, duplicates, merging, people
from crm.audit import What
from crm.references import one_customer
from crm.schemas import Customer, Duplicate, Merge, Other
from store.clock import Clock
from store.sql import Database


def duplicates_router(
    database: Database,
    clock: Clock,
    guard: Guard,
    promised: merging.Promised,
    on_change: Callable[[str], None],
) -> APIRouter:
    """`on_change` hears, after the commit, the id of each record that is not what it was."""
    at = _Duplicates(database, clock, promised, on_change)
    router = APIRouter(tags=["customers"])
    anybody = [Depends(guard.allows("manager", "agent", "service"))]
    deciding = [Depends(guard.allows("manager", "service"))]
    add = router.add_api_route
    add("/duplicates", at.all, methods=["GET"], dependencies=deciding)
    add("/customers/{customer_id}/duplicates", at.of_one, methods=["GET"], dependencies=anybody)
    add(
        "/customers/{customer_id}/not-the-same",
        at.tell_apart,
        methods=["POST"],
        status_code=204,
        dependencies=deciding,
    )
    add(
        "/customers/{customer_id}/merge",
        at.merge,
        methods=["POST"],
        dependencies=deciding,
        responses=responses(409),
    )
    add("/customers/{customer_id}/merges", at.merges, methods=["GET"], dependencies=anybody)
    add("/merges/{merge_id}/undo", at.undo, methods=["POST"], dependencies=deciding, responses=responses(409))
    return router


class _Duplicates:
    def __init__(
        self, database: Database, clock: Clock, promised: merging.Promised, on_change: Callable[[str], None]
    ) -> None:
        self._database, self._clock, self._promised, self._on_change = database, clock, promised, on_change

    async def all(self, page: Paging, asking: Asking) -> Listing[Duplicate]:
        """Pairs that may be one person, for somebody to decide.  Even an empty page may have a next one."""
        after = page.after or ("", "")
        if len(after) != 2:
            raise FieldRefused("cursor", "This is not a cursor of this list.")
        async with self._database.read() as conn:
            found, following = await duplicates.page(conn, (after[0], after[1]), page.limit)
        seen = dict.fromkeys(who.id for one, other, _ in found for who in (one, other))
        await audit.seen(self._database, asking, What.SEARCHED, seen, now=self._clock.now())
        return Listing[Duplicate](
            items=[_shown(*pair) for pair in found], next=encode_cursor(following) if following else None
        )

    async def of_one(self, customer_id: str, asking: Asking) -> Listing[Duplicate]:
        """Who may be the same person, the likeliest first."""
        async with self._database.read() as conn:
            customer = await people.load_one(conn, await people.living(conn, customer_id))
            if customer is None:
                raise NotFound("customer")
            found = await duplicates.of_one(conn, customer)
        seen = [customer.id, *(other.id for other, _ in found)]
        await audit.seen(self._database, asking, What.SEARCHED, seen, now=self._clock.now())
        return Listing[Duplicate](items=[_shown(customer, other, how) for other, how in found], next=None)

    async def tell_apart(self, customer_id: str, given: Other, asking: Asking) -> None:
        """They are two people: never proposed again."""
        now = self._clock.now()
        async with self._database.write() as conn:
            one = await people.living(conn, customer_id)
            other = await self._other(conn, one, given)
            await duplicates.tell_apart(conn, one, other, asking.token_id, now)
            await audit.record(conn, asking, What.CHANGED, one, now=now, fields=["not_the_same"], other=other)

    async def merge(self, customer_id: str, given: Other, asking: Asking) -> Merge:
        """The other becomes one with this customer, whose profile stays; what is empty in it is filled."""
        now = self._clock.now()
        async with self._database.write() as conn:
            other = await one_customer(conn, "other", given.other)
            merged = await merging.merge(conn, customer_id, other, self._promised, by=asking.token_id, now=now)
            for one, two in ((merged.kept, merged.gone), (merged.gone, merged.kept)):
                await audit.record(conn, asking, What.MERGED, one, now=now, other=two)
        return self._changed(merged)

    async def undo(self, merge_id: str, asking: Asking) -> Merge:
        """Two people after all: each has again what was theirs.  What came in since stays with the kept one."""
        now = self._clock.now()
        async with self._database.write() as conn:
            split = await merging.undo(conn, merge_id, self._promised, now=now)
            for one, two in ((split.kept, split.gone), (split.gone, split.kept)):
                await audit.record(conn, asking, What.SPLIT, one, now=now, other=two)
        return self._changed(split)

    async def merges(self, customer_id: str, asking: Asking) -> Listing[Merge]:
        """Of this record with others, the latest first."""
        async with self._database.read() as conn:
            customer_id = await people.living(conn, customer_id)
            found = await merging.of_customer(conn, customer_id)
        await audit.part_seen(self._database, asking, customer_id, "merges", now=self._clock.now())
        return Listing[Merge](items=found, next=None)

    async def _other(self, conn: AsyncConnection, one: str, given: Other) -> str:
        other = await one_customer(conn, "other", given.other)
        if other == one:
            raise Problem(409, None, "They are one record already.", "other", id=one)
        return other

    def _changed(self, merged: Merge) -> Merge:
        for customer_id in (merged.kept, merged.gone):
            self._on_change(customer_id)
        return merged


def _shown(customer: Customer, other: Customer, how: duplicates.Likeness) -> Duplicate:
    return Duplicate(customer=customer, other=other, why=list(how.why), score=how.score)
