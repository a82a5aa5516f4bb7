"""How often signing in may fail: counted in SQL, so that all processes count together.

A try is written down before the password is looked at, and taken back if it was right: a hundred at the same moment are
a hundred.  Nobody is shut out for longer than the span over which is counted, and who has signed in from a browser
before is counted by that browser, so that a stranger who keeps failing at an address does not keep its owner out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.sealed import mac
from desk.tables import sign_in_failures as failures
from store.ids import new_id
from store.sql import only_one

SPAN = timedelta(minutes=15)
MOST_OF_ADDRESS, MOST_OF_SOURCE = 5, 50


@dataclass(frozen=True, slots=True)
class Try:
    """`whom`: digests of the address that is tried and of where it is tried from, with how often each may fail."""

    of_address: str
    of_source: str

    @property
    def bounds(self) -> tuple[tuple[str, int], ...]:
        """The narrower first: who has had enough of one address does not use up the source's."""
        return (self.of_address, MOST_OF_ADDRESS), (self.of_source, MOST_OF_SOURCE)


class TooMany(Exception):
    """`again_at`: when the next try will be taken."""

    def __init__(self, again_at: datetime) -> None:
        self.again_at = again_at
        super().__init__(f"again at {again_at}")


def of(secret: str, address: str, source: str, known_browser: str | None) -> Try:
    """`known_browser`: what tells a browser in which this address has signed in before."""
    where = f"{address}\0{known_browser}" if known_browser else address
    return Try(mac(secret, "sign-in address", where), mac(secret, "sign-in source", source))


async def begin(conn: AsyncConnection, tried: Try, now: datetime) -> None:
    """Raises TooMany, and then writes nothing."""
    await conn.execute(delete(failures).where(failures.c.at <= now - SPAN))
    for whom, most in tried.bounds:
        await only_one(conn, whom)
        at = (await conn.scalars(select(failures.c.at).where(failures.c.whom == whom).order_by(failures.c.at))).all()
        if len(at) >= most:
            raise TooMany(at[len(at) - most] + SPAN)
    rows = [{"id": new_id("try"), "whom": whom, "at": now} for whom, _ in tried.bounds]
    await conn.execute(insert(failures), rows)


async def half_right(conn: AsyncConnection, tried: Try, now: datetime) -> None:
    """The password was right and a code is still to come: this one counts no more, and none before it is forgiven.

    Or whoever has stolen a password could guess codes for ever.
    """
    for whom, _ in tried.bounds:
        await _take_back(conn, whom, now)


async def succeeded(conn: AsyncConnection, tried: Try, now: datetime) -> None:
    """All of the address's failures are forgiven, and of the source's this one."""
    await conn.execute(delete(failures).where(failures.c.whom == tried.of_address))
    await _take_back(conn, tried.of_source, now)


async def _take_back(conn: AsyncConnection, whom: str, now: datetime) -> None:
    mine = select(failures.c.id).where(failures.c.whom == whom, failures.c.at == now).limit(1)
    await conn.execute(delete(failures).where(failures.c.id.in_(mine.scalar_subquery())))
