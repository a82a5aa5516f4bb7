"""Who may sign in: made, changed, shut out.  One manager at least can always get in.

What is refused names its field, in English for the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import sessions
from desk.tables import invites, users
from desk.viewer import Role
from routing.floor import UnknownAgent, set_availability
from routing.tables import agents
from store.ids import new_id
from store.sql import only_one

ROLES: tuple[Role, ...] = ("manager", "agent")
LONGEST_NAME, LONGEST_EMAIL = 200, 320
_EMAIL = re.compile(r"[^@\s\x00]+@[^@\s\x00]+")
_CHANGED = ("name", "email", "role", "agent_id", "language", "address")


class UserRefused(Exception):
    """One field cannot be taken, or ("") what is asked cannot be done."""

    def __init__(self, field: str, why: str) -> None:
        self.field, self.why = field, why
        super().__init__(why)


class NoSuchUser(LookupError):
    """Nobody signs in under this id."""


@dataclass(frozen=True, slots=True)
class User:
    """`ready`: they have chosen how they sign in; `disabled_at`: they may not any more."""

    id: str
    name: str
    email: str
    role: Role
    agent_id: str | None
    language: str | None
    address: str | None
    password: str | None
    subject: str | None
    made_at: datetime
    disabled_at: datetime | None
    second_factor: str | None  # locked

    @property
    def ready(self) -> bool:
        return self.password is not None or self.subject is not None

    @property
    def may_sign_in(self) -> bool:
        return self.disabled_at is None and (self.role == "manager" or self.agent_id is not None)


async def add(
    conn: AsyncConnection,
    *,
    name: str,
    email: str,
    role: str,
    agent_id: str | None,
    now: datetime,
    language: str | None = None,
    password: str | None = None,
) -> str:
    """The id.  `password` as it is kept (passwords.hashed); null: they choose it by an invitation.

    Raises UserRefused.
    """
    values = {"name": name, "email": email, "role": role, "agent_id": agent_id or None, "language": language}
    clean = await _clean(conn, values, None)
    user_id = new_id("usr")
    await conn.execute(insert(users).values(id=user_id, made_at=now, password=password, **clean))
    return user_id


async def check_email(conn: AsyncConnection, email: str) -> None:
    """Before anything else is made: could somebody new sign in with it?  Raises UserRefused."""
    _refuse_no_address(plain(email))
    await _refuse_same_address(conn, plain(email))


async def change(conn: AsyncConnection, user_id: str, values: Mapping[str, Any]) -> list[str]:
    """Only what `values` names; the names of what is different then.  Raises NoSuchUser, UserRefused."""
    await only_one(conn, "managers")
    before = await load(conn, user_id)
    given = {name: getattr(before, name) for name in _CHANGED} | dict(values)
    clean = await _clean(conn, given, user_id)
    changed = [name for name in _CHANGED if clean[name] != getattr(before, name)]
    if "role" in changed and before.role == "manager":
        await _another_manager(conn, user_id)
    if changed:
        await conn.execute(update(users).where(users.c.id == user_id).values({name: clean[name] for name in changed}))
    return changed


async def disable(conn: AsyncConnection, user_id: str, now: datetime) -> int:
    """They are signed out everywhere, invitations included; an agent takes no more calls.  How many sessions.

    Raises NoSuchUser, UserRefused for the last manager.
    """
    await only_one(conn, "managers")
    user = await load(conn, user_id)
    if user.role == "manager":
        await _another_manager(conn, user_id)
    if user.disabled_at is None:
        await conn.execute(update(users).where(users.c.id == user_id).values(disabled_at=now))
    await conn.execute(delete(invites).where(invites.c.user_id == user_id, invites.c.used_at.is_(None)))
    if user.agent_id is not None:
        with suppress(UnknownAgent):  # gone at this moment: then nobody is rung for them either
            await set_availability(conn, user.agent_id, "offline", None, now=now)
    return await sessions.end_all(conn, user_id, now)


async def enable(conn: AsyncConnection, user_id: str) -> None:
    """Raises NoSuchUser."""
    await load(conn, user_id)
    await conn.execute(update(users).where(users.c.id == user_id).values(disabled_at=None))


async def load(conn: AsyncConnection, user_id: str) -> User:
    """Raises NoSuchUser."""
    row = (await conn.execute(select(users).where(users.c.id == user_id))).one_or_none()
    if row is None:
        raise NoSuchUser(user_id)
    return shown(row)


async def by_email(conn: AsyncConnection, email: str) -> User | None:
    row = (await conn.execute(select(users).where(users.c.email == plain(email)))).one_or_none()
    return None if row is None else shown(row)


async def by_subject(conn: AsyncConnection, subject: str) -> User | None:
    row = (await conn.execute(select(users).where(users.c.subject == subject))).one_or_none()
    return None if row is None else shown(row)


async def everybody(conn: AsyncConnection) -> list[User]:
    """Managers first, then by name; who is shut out comes last."""
    order = (users.c.disabled_at.is_not(None), users.c.role.desc(), func.lower(users.c.name), users.c.id)
    return [shown(row) for row in await conn.execute(select(users).order_by(*order))]


async def choose_password(conn: AsyncConnection, user_id: str, kept: str) -> None:
    """`kept`: passwords.hashed."""
    await conn.execute(update(users).where(users.c.id == user_id).values(password=kept))


async def forget_password(conn: AsyncConnection, user_id: str) -> None:
    """From now on they come in at the company's own provider."""
    await conn.execute(update(users).where(users.c.id == user_id).values(password=None))


async def choose_subject(conn: AsyncConnection, user_id: str, subject: str) -> bool:
    """False: they had chosen another one meanwhile."""
    free = or_(users.c.subject.is_(None), users.c.subject == subject)
    done = await conn.execute(update(users).where(users.c.id == user_id, free).values(subject=subject))
    return done.rowcount == 1


def plain(email: str) -> str:
    """As addresses are compared."""
    return email.strip().lower()


def shown(row: Row[Any]) -> User:
    return User(**{name: getattr(row, name) for name in User.__slots__})


async def _clean(conn: AsyncConnection, values: Mapping[str, Any], user_id: str | None) -> dict[str, Any]:
    """What can be stored, of a user's every field that anybody may write.  Raises UserRefused."""
    clean = dict(values)
    clean["name"], clean["email"] = str(values["name"]).strip(), plain(str(values["email"]))
    if not clean["name"] or len(clean["name"]) > LONGEST_NAME or "\x00" in clean["name"]:
        raise UserRefused("name", "A name is needed, of at most 200 characters.")
    _refuse_no_address(clean["email"])
    if clean["role"] not in ROLES:
        raise UserRefused("role", "A role is manager or agent.")
    if clean["role"] == "agent" and not clean["agent_id"]:
        raise UserRefused("agent_id", "Whoever has the role agent answers as one of the agents: please choose which.")
    await _refuse_twin(conn, clean, user_id)
    return clean


def _refuse_no_address(email: str) -> None:
    if not _EMAIL.fullmatch(email) or len(email) > LONGEST_EMAIL:
        raise UserRefused("email", "This is not an e-mail address.")


async def _refuse_same_address(conn: AsyncConnection, email: str, *others: ColumnElement[bool]) -> None:
    if await conn.scalar(select(users.c.id).where(users.c.email == email, *others)):
        raise UserRefused("email", "Somebody already signs in with this address.")


async def _refuse_twin(conn: AsyncConnection, clean: Mapping[str, Any], user_id: str | None) -> None:
    others = [] if user_id is None else [users.c.id != user_id]
    await _refuse_same_address(conn, clean["email"], *others)
    if clean["agent_id"] is None:
        return
    if await conn.scalar(select(agents.c.id).where(agents.c.id == clean["agent_id"])) is None:
        raise UserRefused("agent_id", "There is no such agent.")
    if await conn.scalar(select(users.c.id).where(users.c.agent_id == clean["agent_id"], *others)):
        raise UserRefused("agent_id", "Somebody else already signs in as this agent.")


async def _another_manager(conn: AsyncConnection, user_id: str) -> None:
    """Raises UserRefused where nobody else could let people in any more."""
    ready = or_(users.c.password.is_not(None), users.c.subject.is_not(None))
    others = (users.c.id != user_id, users.c.role == "manager", users.c.disabled_at.is_(None), ready)
    if await conn.scalar(select(users.c.id).where(*others).limit(1)) is None:
        raise UserRefused("", "The last manager who can sign in stays one: nobody could let anybody in any more.")
