"""Signed-in browsers: one row each, found by the digest of what the browser's cookie holds.

A row that is gone is a browser that is signed out, at its next request and, where a page is open, at once: each end is
news, which closes the page's stream.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from desk.tables import sessions
from desk.viewer import LONGEST, LONGEST_IDLE, cookie_name, digest_of
from store.events import emit
from store.ids import new_id

ENDED = "session.ended"  # the event; its ref is the session's id
How = Literal["password", "oidc", "invite"]
PROVED_FOR = timedelta(minutes=10)  # so long it need not be shown again who somebody is
LONGEST_BROWSER = 400


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    how: How
    browser: str | None  # as it names itself
    made_at: datetime
    seen_at: datetime
    ends_at: datetime


async def begin(
    conn: AsyncConnection,
    user_id: str,
    how: How,
    browser: str | None,
    now: datetime,
    *,
    longest: timedelta = LONGEST,
) -> str:
    """A new one, with a secret of 256 bits that nobody has had before: what the cookie is to hold.

    Who comes from the company's own provider has shown nothing now: it may have remembered them for days.
    """
    await conn.execute(delete(sessions).where(sessions.c.ends_at <= now))
    secret = secrets.token_urlsafe(32)
    row = {"id": new_id("ses"), "user_id": user_id, "digest": digest_of(secret), "how": how, "made_at": now}
    row |= {"browser": (browser or "")[:LONGEST_BROWSER] or None, "proved_at": None if how == "oidc" else now}
    await conn.execute(insert(sessions).values(**row, seen_at=now, ends_at=now + longest))
    return secret


async def prove(conn: AsyncConnection, session_id: str, now: datetime) -> None:
    """They have shown in it once more who they are."""
    await conn.execute(update(sessions).where(sessions.c.id == session_id).values(proved_at=now))


async def proved(conn: AsyncConnection, session_id: str, now: datetime) -> bool:
    """Just now, or some minutes ago."""
    lately = (sessions.c.proved_at > now - PROVED_FOR, sessions.c.proved_at <= now)
    return await conn.scalar(select(sessions.c.id).where(sessions.c.id == session_id, *lately)) is not None


def cookie(response: Response, secret: str, secure: bool, *, longest: timedelta = LONGEST) -> None:
    """No script reads it, and no other site's page sends it along but by leading here."""
    response.set_cookie(
        cookie_name(secure),
        secret,
        max_age=int(longest.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def forget_cookie(response: Response, secure: bool) -> None:
    response.delete_cookie(cookie_name(secure), path="/", secure=secure, httponly=True, samesite="lax")


async def of_user(
    conn: AsyncConnection, user_id: str, now: datetime, *, idle: timedelta = LONGEST_IDLE
) -> list[Session]:
    """Those that still open something, the one used last first."""
    lasting = (sessions.c.ends_at > now, sessions.c.seen_at > now - idle)
    found = select(sessions).where(sessions.c.user_id == user_id, *lasting).order_by(sessions.c.seen_at.desc())
    return [
        Session(row.id, row.how, row.browser, row.made_at, row.seen_at, row.ends_at)
        for row in await conn.execute(found)
    ]


async def end_by_secret(conn: AsyncConnection, secret: str | None, now: datetime) -> None:
    """Whatever a browser was signed in with before it signs in again: its old secret opens nothing any more."""
    if secret:
        await _end(conn, now, sessions.c.digest == digest_of(secret))


async def end(conn: AsyncConnection, user_id: str, session_id: str, now: datetime) -> bool:
    """False: this user has no such session."""
    return bool(await _end(conn, now, sessions.c.user_id == user_id, sessions.c.id == session_id))


async def end_all(conn: AsyncConnection, user_id: str, now: datetime, *, but: str | None = None) -> int:
    """All of a user's, or all but one; how many."""
    kept = [] if but is None else [sessions.c.id != but]
    return len(await _end(conn, now, sessions.c.user_id == user_id, *kept))


async def _end(conn: AsyncConnection, now: datetime, *which: ColumnElement[bool]) -> Sequence[str]:
    ended = (await conn.scalars(delete(sessions).where(*which).returning(sessions.c.id))).all()
    for session_id in ended:
        await emit(conn, ENDED, session_id, now)
    return ended
