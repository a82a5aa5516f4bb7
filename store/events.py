"""News of the live floor: one row per change, written in the transaction that makes the change."""

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.sql import NEWS, News
from store.tables import events


async def emit(connection: AsyncConnection, type: str, ref: str, now: datetime) -> None:
    """`type` is the API's event name, `ref` the id of what changed; readers load it as it then is."""
    inserted = await connection.execute(insert(events).values(at=now, type=type, ref=ref))
    if (news := connection.info.get(NEWS)) is not None and inserted.inserted_primary_key is not None:
        news.append(News(type, ref, inserted.inserted_primary_key[0]))
