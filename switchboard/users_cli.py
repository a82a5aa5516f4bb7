"""`centralino user`: lets the first manager in, and whoever has lost the way.  Passwords are never typed here.

`create` and `reset` print an address and nothing else: for one person, once, within three days.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.exceptions import TyperException

from store.clock import SystemClock
from store.sql import Database
from switchboard import serve
from switchboard.settings import Settings, load

if TYPE_CHECKING:
    from desk.users import User

BY = "user command"  # the house's own name for this, in the audit

user = typer.Typer(help="Says who may sign in to the desk and the console.", no_args_is_help=False)

Address = Annotated[str, typer.Argument(metavar="EMAIL", help="The address they sign in with.")]
Done = TypeVar("Done")


class UserRefused(TyperException):
    """One line: what is in the way."""


@user.command("create")
def create(
    name: Annotated[str, typer.Option(help="What they are called.")],
    email: Annotated[str, typer.Option(help="The address they will sign in with.")],
    role: Annotated[Literal["manager", "agent"], typer.Option(help="What they may see and do.")],
    agent: Annotated[str | None, typer.Option(help="The agent they answer as, by id or external id.")] = None,
) -> None:
    """Makes one, and prints the address at which they choose how they sign in."""
    if role == "agent" and agent is None:
        raise typer.BadParameter("who has the role agent answers as one: add --agent ID")
    settings = _ready()
    print(_link(settings, _run(settings, lambda conn, now: _create(conn, now, name, email, role, agent))))


@user.command("list")
def list_command() -> None:
    """One line each: address, name, role, whether they can sign in, whether a code is asked for as well."""
    from desk import users

    for found in _run(_ready(), lambda conn, now: users.everybody(conn)):
        second = "no second factor" if found.second_factor is None else "second factor"
        print("\t".join((found.email, found.name, found.role, _state(found), second)))


@user.command("disable")
def disable(email: Address) -> None:
    """Shuts somebody out, within seconds, everywhere; their agent goes offline."""
    ended = _run(_ready(), lambda conn, now: _disable(conn, now, email))
    print(f"{email} is shut out; {ended} session(s) ended")


@user.command("enable")
def enable(email: Address) -> None:
    """Lets somebody in again who was shut out."""
    _run(_ready(), lambda conn, now: _enable(conn, now, email))
    print(f"{email} may sign in again")


@user.command("reset")
def reset(email: Address) -> None:
    """Prints an address at which they choose a new password; the old one holds until then."""
    settings = _ready()
    print(_link(settings, _run(settings, lambda conn, now: _reset(conn, now, email))))


@user.command("reset-second-factor")
def reset_second_factor(email: Address) -> None:
    """For who has lost the telephone and the recovery codes: the password is enough again; every browser is out."""
    ended = _run(_ready(), lambda conn, now: _reset_second_factor(conn, now, email))
    print(f"{email} signs in by the password alone; {ended} session(s) ended")


async def _create(conn: AsyncConnection, now: datetime, name: str, email: str, role: str, agent: str | None) -> str:
    from crm import audit
    from crm.audit import What
    from crm.references import agent_ids
    from desk import invites, users

    if agent is not None and (await agent_ids(conn, [agent])).get(agent) is None:
        raise UserRefused(f"there is no agent {agent}; `GET /api/v1/agents` lists their ids")
    agent_id = None if agent is None else (await agent_ids(conn, [agent]))[agent]
    try:
        user_id = await users.add(conn, name=name, email=email, role=role, agent_id=agent_id, now=now)
    except users.UserRefused as refused:
        option = {"agent_id": "agent"}.get(refused.field, refused.field)
        raise UserRefused(f"--{option}: {refused.why}") from None
    await audit.record(conn, BY, What.USER_MADE, now=now, user=user_id, of=role)
    return await invites.invite(conn, user_id, BY, now)


async def _reset(conn: AsyncConnection, now: datetime, email: str) -> str:
    from crm import audit
    from crm.audit import What
    from desk import invites

    found = await _known(conn, email)
    if found.disabled_at is not None:
        raise UserRefused(f"{email} is shut out; `centralino user enable {email}` comes first")
    await audit.record(conn, BY, What.USER_INVITED, now=now, user=found.id)
    return await invites.invite(conn, found.id, BY, now)


async def _reset_second_factor(conn: AsyncConnection, now: datetime, email: str) -> int:
    from crm import audit
    from crm.audit import What
    from desk import second_factor

    found = await _known(conn, email)
    ended = await second_factor.reset(conn, found.id, now)
    if ended is None:
        raise UserRefused(f"{email} has no second factor")
    await audit.record(conn, BY, What.SECOND_FACTOR_RESET, now=now, user=found.id, sessions=ended)
    return ended


async def _disable(conn: AsyncConnection, now: datetime, email: str) -> int:
    from crm import audit
    from crm.audit import What
    from desk import users

    found = await _known(conn, email)
    try:
        ended = await users.disable(conn, found.id, now)
    except users.UserRefused as refused:
        raise UserRefused(refused.why) from None
    await audit.record(conn, BY, What.USER_DISABLED, now=now, user=found.id)
    return ended


async def _enable(conn: AsyncConnection, now: datetime, email: str) -> None:
    from crm import audit
    from crm.audit import What
    from desk import users

    found = await _known(conn, email)
    await users.enable(conn, found.id)
    await audit.record(conn, BY, What.USER_ENABLED, now=now, user=found.id)


async def _known(conn: AsyncConnection, email: str) -> User:
    from desk import users

    found = await users.by_email(conn, email)
    if found is None:
        raise UserRefused(f"nobody signs in with {email}; `centralino user list` tells who does")
    return found


def _state(found: User) -> str:
    if found.disabled_at is not None:
        return "shut out"
    return "can sign in" if found.ready else "invited"


def _ready() -> Settings:
    settings = load()
    serve.prepare_schema(settings, migrate=False)
    return settings


def _run(settings: Settings, work: Callable[[AsyncConnection, datetime], Awaitable[Done]]) -> Done:
    async def ran() -> Done:
        database = Database(settings.database)
        try:
            async with database.write() as conn:
                return await work(conn, SystemClock().now())
        finally:
            await database.close()

    return asyncio.run(ran())


def _link(settings: Settings, secret: str) -> str:
    from desk import invites

    return invites.link(settings.public_url or serve.address(serve.DEFAULT_HOST, serve.DEFAULT_PORT), secret)
