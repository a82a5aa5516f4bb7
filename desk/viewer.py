"""Who looks at a page: the user behind a session's cookie."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import or_, select, update

from api.tokens import Principal
from desk.tables import sessions, users
from desk.words import chosen
from store.sql import Database

COOKIE = "centralino_session"
SEEN_EVERY = timedelta(minutes=1)  # so often at most is it written that a session is in use
LONGEST, LONGEST_IDLE = timedelta(hours=12), timedelta(hours=2)  # of a session, where the settings say nothing

Role = Literal["manager", "agent"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """`agent_id`: the agent whose calls they answer, also a manager's; null: none."""

    user_id: str
    session_id: str
    name: str
    email: str
    role: Role
    agent_id: str | None
    language: str
    address: str | None
    how: str = "password"  # password | oidc | invite
    password_alone: bool = False  # it opens the door, and nothing else is asked for

    @property
    def principal(self) -> Principal:
        """As the JSON API knows them: in the audit their user id stands where a token's would."""
        return Principal(self.role, self.agent_id, self.user_id)

    @property
    def manages(self) -> bool:
        return self.role == "manager"


def cookie_name(secure: bool) -> str:
    """Over https under a name that browsers take from this very host alone, and for all of its paths."""
    return f"__Host-{COOKIE}" if secure else COOKIE


def digest_of(secret: str) -> str:
    """A session's or an invitation's secret is random, so no salt is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def viewer_of(
    database: Database,
    cookie: str | None,
    accept_language: str | None,
    *,
    house: str,
    now: datetime,
    idle: timedelta = LONGEST_IDLE,
) -> Viewer | None:
    """Null: nobody, or a session that has ended, lay idle or was revoked, or whose user may not sign in any more.

    The role agent is nobody's without an agent: what is theirs to see could not be told from what is nobody's.
    """
    if not cookie:
        return None
    query = (
        select(sessions.c.id, sessions.c.seen_at, sessions.c.user_id)
        .add_columns(users.c.name, users.c.email, users.c.role, users.c.agent_id, users.c.language, users.c.address)
        .add_columns(sessions.c.how, users.c.password.is_not(None).label("has_password"), users.c.second_factor)
        .join(users, users.c.id == sessions.c.user_id)
        .where(sessions.c.digest == digest_of(cookie), sessions.c.ends_at > now, sessions.c.seen_at > now - idle)
        .where(users.c.disabled_at.is_(None), or_(users.c.role == "manager", users.c.agent_id.is_not(None)))
    )
    async with database.read() as conn:
        row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    if now - row.seen_at >= SEEN_EVERY:
        async with database.write() as conn:
            await conn.execute(update(sessions).where(sessions.c.id == row.id).values(seen_at=now))
    language = chosen(row.language, accept_language, house)
    own = (row.user_id, row.id, row.name, row.email, row.role, row.agent_id, language, row.address)
    return Viewer(*own, row.how, password_alone=row.has_password and row.second_factor is None)
