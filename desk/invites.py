"""Invitations: an address that lets one person choose how they sign in, once, within three days.

Also what is sent to who has forgotten the password.  Whoever makes one sees it once; here only its digest is kept.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.tables import invites, users
from desk.users import User, shown
from desk.viewer import digest_of
from store.ids import new_id

PATH = "/invite/"
LASTS = timedelta(hours=72)


async def invite(conn: AsyncConnection, user_id: str, made_by: str, now: datetime) -> str:
    """Its secret.  An earlier one opens nothing any more.  `made_by`: a user's id, or the command's name."""
    await conn.execute(delete(invites).where(invites.c.user_id == user_id, invites.c.used_at.is_(None)))
    secret = secrets.token_urlsafe(32)
    row = {"id": new_id("inv"), "user_id": user_id, "digest": digest_of(secret), "made_by": made_by, "made_at": now}
    await conn.execute(insert(invites).values(**row, ends_at=now + LASTS))
    return secret


def link(public_url: str, secret: str) -> str:
    return f"{public_url}{PATH}{secret}"


async def invited(conn: AsyncConnection, secret: str, now: datetime) -> User | None:
    """For whom it is; null: it was used or withdrawn, its time is over, or we never made it."""
    found = select(users).join(invites, invites.c.user_id == users.c.id).where(*_open(secret, now))
    row = (await conn.execute(found.where(users.c.disabled_at.is_(None)))).one_or_none()
    return None if row is None else shown(row)


async def use(conn: AsyncConnection, secret: str, now: datetime) -> bool:
    """False: somebody else was quicker, or it is over."""
    done = await conn.execute(update(invites).where(*_open(secret, now)).values(used_at=now))
    return done.rowcount == 1


async def open_until(conn: AsyncConnection, now: datetime) -> dict[str, datetime]:
    """Until when an invitation is open, by whom it is for."""
    still = select(invites.c.user_id, invites.c.ends_at).where(invites.c.used_at.is_(None), invites.c.ends_at > now)
    return {row.user_id: row.ends_at for row in await conn.execute(still)}


def _open(secret: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (invites.c.digest == digest_of(secret), invites.c.used_at.is_(None), invites.c.ends_at > now)
