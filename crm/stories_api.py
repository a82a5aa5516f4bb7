"""`/stories` under `/api/v1`: what people told us, in their words; found by tag and word, exported without names."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Row, and_, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Listing, Moment
from api.paging import Paging
from api.tokens import Asking, Guard
from crm import audit, notes, stories
from crm.audit import What
from crm.memory_schemas import Note, StoryTag
from crm.notes import AT_A_TIME
from crm.searching import LONGEST_QUERY, Search
from crm.tables import notes as table
from store.clock import Clock
from store.sql import Database

MOST_EXPORTED = 20_000
MOST_COUNTED = 5_000  # stories whose words are looked into for their tags
MOST_TAGS_TOLD = 200
Tag = Annotated[str | None, Query(min_length=1, max_length=200)]
Words = Annotated[str | None, Query(min_length=1, max_length=LONGEST_QUERY)]
From = Annotated[Moment | None, Query(alias="from")]
To = Annotated[Moment | None, Query(alias="to")]
_EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Without names; one line a story.",
        "content": {kind: {"schema": {"type": "string"}} for kind in ("text/csv", "application/jsonl")},
    }
}


def stories_router(database: Database, clock: Clock, guard: Guard, zone: str = "UTC") -> APIRouter:
    """`zone`: whose months they are."""
    at = _Stories(database, clock, ZoneInfo(zone))
    router = APIRouter(tags=["memory"], dependencies=[Depends(guard.allows("manager", "service"))])
    router.add_api_route("/stories", at.find, methods=["GET"])
    router.add_api_route("/stories/tags", at.tags, methods=["GET"])
    router.add_api_route("/stories/export", at.export, methods=["GET"], response_class=Response, responses=_EXPORTED)
    return router


class _Stories:
    def __init__(self, database: Database, clock: Clock, zone: ZoneInfo) -> None:
        self._database, self._clock, self._zone = database, clock, zone

    async def find(
        self,
        page: Paging,
        asking: Asking,
        tag: Tag = None,
        q: Words = None,
        start: From = None,
        end: To = None,
    ) -> Listing[Note]:
        """Of everybody, the latest first."""
        search = Search(q) if q is not None else None
        after = page.after_moment() if page.after else None
        async with self._database.read() as conn:
            query = notes.stories(conn, tag, search, start, end)
            rows = await _found(conn, query, search, after, page.limit + 1)
        people = sorted({row.customer_id for row in rows[: page.limit]})
        await audit.seen(self._database, asking, What.READ, people, now=self._clock.now(), part="stories")
        shown, following = page.cut(rows, lambda row: (row.at.isoformat(), row.id))
        return Listing[Note](items=[notes.shown(row) for row in shown], next=following)

    async def tags(self, q: Words = None, start: From = None, end: To = None) -> Listing[StoryTag]:
        """How many stories have each tag, the most told of first; at most 200.

        With `q` of the latest 5,000 that have the words.
        """
        async with self._database.read() as conn:
            if q is None:
                rows = await conn.execute(notes.tag_counts(conn, start, end, MOST_TAGS_TOLD))
                return Listing[StoryTag](items=[StoryTag(tag=row.tag, stories=row.stories) for row in rows], next=None)
            search = Search(q)
            found = await _found(conn, notes.stories(conn, None, search, start, end), search, None, MOST_COUNTED)
        counted = sorted(Counter(tag for row in found for tag in row.tags).items(), key=lambda one: (-one[1], one[0]))
        items = [StoryTag(tag=tag, stories=many) for tag, many in counted[:MOST_TAGS_TOLD]]
        return Listing[StoryTag](items=items, next=None)

    async def export(
        self,
        asking: Asking,
        tag: Tag = None,
        q: Words = None,
        start: From = None,
        end: To = None,
        format: Literal["csv", "jsonl"] = "csv",
    ) -> Response:
        """For those who make the product: without names, numbers and addresses, and with the month only.

        At most 20,000, the latest.  Each person is a pseudonym that is drawn anew for every export.
        """
        search = Search(q) if q is not None else None
        async with self._database.read() as conn:
            rows = await _found(conn, notes.stories(conn, tag, search, start, end), search, None, MOST_EXPORTED)
            people = await stories.known(conn, sorted({row.customer_id for row in rows}))
            staff = await stories.staff(conn)
        async with self._database.write() as conn:
            await audit.record(conn, asking, What.STORY_EXPORT, now=self._clock.now(), rows=len(rows))
        # Thousands of stories are seconds of work: callers are answered meanwhile.
        told = await asyncio.to_thread(stories.nameless, rows, people, staff, self._zone)
        as_text, kind, name = (
            (stories.as_csv, "text/csv", "stories.csv")
            if format == "csv"
            else (stories.as_json_lines, "application/jsonl", "stories.jsonl")
        )
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(as_text(told), media_type=kind, headers=headers)


async def _found(
    conn: AsyncConnection, query: Any, search: Search | None, after: Any, limit: int
) -> Sequence[Row[Any]]:
    """The latest first, so many that really have the words."""
    found: list[Row[Any]] = []
    while True:
        part = query
        if after is not None:
            part = part.where(or_(table.c.at < after[0], and_(table.c.at == after[0], table.c.id < after[1])))
        part = part.order_by(table.c.at.desc(), table.c.id.desc()).limit(AT_A_TIME)
        rows = (await conn.execute(part)).all()
        found += [row for row in rows if search is None or search.finds(row.words)]
        if len(rows) < AT_A_TIME or len(found) >= limit:
            return found[:limit]
        after = (rows[-1].at, rows[-1].id)
