"""`/healthz`: the process lives.  `/readyz`: it can take calls, or what is missing for that."""

from __future__ import annotations

import asyncio

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from store import schema
from store.live import Live
from store.schema import Schema
from store.sql import Database

CHECK_SECONDS = 2.0
USABLE = (Schema.CURRENT, Schema.NEWER)  # newer: the next version is already here, and it must suit the old one too


class Health:
    """Database and schema are needed; Redis only makes it quick, so that its absence is a note."""

    def __init__(self, database: Database, live: Live) -> None:
        self._database, self._live = database, live
        self._schema_seen = False

    @property
    def routes(self) -> list[Route]:
        return [Route("/healthz", self.alive), Route("/readyz", self.ready)]

    async def alive(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(self, request: Request) -> Response:
        missing = await self.missing()
        notes = [] if await self._live.up() else ["redis: away; calls are still routed, from SQL"]
        body = {"ready": not missing, "missing": missing, "notes": notes}
        return JSONResponse(body, status_code=503 if missing else 200)

    async def missing(self) -> list[str]:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                async with self._database.read() as connection:
                    await connection.execute(text("SELECT 1"))
                found = Schema.CURRENT if self._schema_seen else await self._schema()
        except Exception as error:
            return [f"database: {type(error).__name__}"]
        self._schema_seen = found in USABLE
        return [] if self._schema_seen else [f"schema: {found.value}; run `centralino migrate`"]

    async def _schema(self) -> Schema:
        return await asyncio.to_thread(schema.compare, self._database.url)
