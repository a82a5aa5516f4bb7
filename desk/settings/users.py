"""People who sign in: invited, changed, shut out; and the browsers they are signed in with."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from crm import audit
from crm.audit import What
from desk import invites, second_factor, sessions, users
from desk.asking import Refused
from desk.elsewhere import calls, supervisions
from desk.invitations import shown_once
from desk.pages import Asked
from desk.settings.tabs import AT, tab
from desk.sign_in.browsers import browser_name
from desk.site import Site
from desk.tables import sessions as sessions_table
from desk.users import NoSuchUser, User, UserRefused
from routing.tables import agents

FIELDS = ("name", "email", "role", "agent_id")


@dataclass(frozen=True, slots=True)
class Row:
    """`seen_at`: the last request of theirs, while they are signed in; `until`: their invitation is open so long."""

    user: User
    agent: str | None
    seen_at: datetime | None
    until: datetime | None


class Users:
    def __init__(self, site: Site) -> None:
        self._site, self._database, self._clock = site, site.pages.database, site.pages.clock

    async def show(self, asked: Asked) -> Response:
        """With `?agent=`: straight to who signs in as this agent, or to inviting them."""
        agent_id = asked.request.query_params.get("agent")
        async with self._database.read() as conn:
            found = await users.everybody(conn)
            if agent_id is not None:
                theirs = next((user for user in found if user.agent_id == agent_id), None)
                return asked.redirect(
                    f"{AT}/users/{theirs.id}" if theirs else f"{AT}/users/new?agent={quote(agent_id, safe='')}"
                )
            names = await _agent_names(conn)
            seen = await self._seen(conn)
            until = await invites.open_until(conn, self._clock.now())
        rows = [Row(user, names.get(user.agent_id or ""), seen.get(user.id), until.get(user.id)) for user in found]
        return tab(asked, "users", "users", rows=rows)

    async def _seen(self, conn: AsyncConnection) -> dict[str, datetime]:
        now, table = self._clock.now(), sessions_table
        lasting = (table.c.ends_at > now, table.c.seen_at > now - self._site.pages.idle)
        last = select(table.c.user_id, func.max(table.c.seen_at).label("at")).where(*lasting)
        return {row.user_id: row.at for row in await conn.execute(last.group_by(table.c.user_id))}

    async def new(self, asked: Asked) -> Response:
        async with self._database.read() as conn:
            choices = await self._free(conn, None)
        agent_id = asked.request.query_params.get("agent", "")
        name = next((told for key, told in choices if key == agent_id), "")
        typed = {"name": name, "email": "", "role": "agent" if agent_id else "manager", "agent_id": agent_id}
        return tab(asked, "users", "user_new", typed=typed, errors={}, choices=choices)

    async def make(self, asked: Asked) -> Response:
        typed, now = await _typed(asked), self._clock.now()
        try:
            async with self._database.write() as conn:
                user_id = await users.add(conn, **typed, now=now)
                await self._record(conn, asked, What.USER_MADE, user_id, of=typed["role"])
                secret = await invites.invite(conn, user_id, asked.user.user_id, now)
        except UserRefused as refused:
            async with self._database.read() as conn:
                choices = await self._free(conn, None)
            errors = _errors(asked, refused)
            if asked.of_a_part:
                return asked.page("settings/user_new_form.html", 422, typed=typed, errors=errors, choices=choices)
            return tab(asked, "users", "user_new", 422, typed=typed, errors=errors, choices=choices)
        link = await self._link(asked, user_id, secret)
        if asked.of_a_part:
            return asked.page("settings/user_invited.html", **link)
        return tab(asked, "users", "user_made", **link)

    async def one(self, asked: Asked) -> Response:
        return await self._page(asked)

    async def change(self, asked: Asked) -> Response:
        user_id, typed = asked.request.path_params["user_id"], await _typed(asked)
        try:
            async with self._database.write() as conn:
                changed = await users.change(conn, user_id, typed)
                if changed:
                    await self._record(conn, asked, What.USER_CHANGED, user_id, fields=",".join(changed))
        except NoSuchUser:
            return _gone(asked)
        except UserRefused as refused:
            return await self._page(asked, 422, typed=typed, errors=_errors(asked, refused))
        if "role" in changed:
            await self._out_of_talks(asked, user_id)
            if user_id == asked.user.user_id:
                return asked.redirect("/")
        return await self._page(asked, saved=asked.words("Saved."))

    async def invite(self, asked: Asked) -> Response:
        """A new link; the password of before holds until it is used."""
        user_id, now = asked.request.path_params["user_id"], self._clock.now()
        try:
            async with self._database.write() as conn:
                user = await users.load(conn, user_id)
                if user.disabled_at is None:
                    secret = await invites.invite(conn, user_id, asked.user.user_id, now)
                    await self._record(conn, asked, What.USER_INVITED, user_id)
        except NoSuchUser:
            return _gone(asked)
        if user.disabled_at is not None:
            return await self._page(asked, 422, told=asked.words("Let them in again first."))
        return await self._page(asked, **await self._link(asked, user_id, secret))

    async def disable(self, asked: Asked) -> Response:
        user_id = asked.request.path_params["user_id"]
        if user_id == asked.user.user_id:
            return await self._page(asked, 422, told=asked.words("Another manager can shut you out, not you."))
        try:
            async with self._database.write() as conn:
                ended = await users.disable(conn, user_id, self._clock.now())
                await self._record(conn, asked, What.USER_DISABLED, user_id, sessions=ended)
        except NoSuchUser:
            return _gone(asked)
        except UserRefused as refused:
            return await self._page(asked, 422, told=asked.words.problem(refused.why))
        await self._out_of_talks(asked, user_id)
        self._site.floor_changed()
        return await self._page(asked, saved=asked.words("Shut out. Whoever was signed in is signed out."))

    async def enable(self, asked: Asked) -> Response:
        user_id = asked.request.path_params["user_id"]
        try:
            async with self._database.write() as conn:
                await users.enable(conn, user_id)
                await self._record(conn, asked, What.USER_ENABLED, user_id)
        except NoSuchUser:
            return _gone(asked)
        return await self._page(asked, saved=asked.words("They may sign in again."))

    async def reset_second_factor(self, asked: Asked) -> Response:
        """For who has lost it; from then on the password is enough."""
        user_id, now = asked.request.path_params["user_id"], self._clock.now()
        if user_id == asked.user.user_id:
            return await self._page(asked, 422, told=asked.words("Your own you turn off under your account."))
        async with self._database.write() as conn:
            ended = await second_factor.reset(conn, user_id, now)
            if ended is not None:
                await self._record(conn, asked, What.SECOND_FACTOR_RESET, user_id, sessions=ended)
        return await self._page(asked, saved=asked.words("Taken away. Whoever was signed in is signed out."))

    async def _out_of_talks(self, asked: Asked, user_id: str) -> None:
        """Whoever is no manager any more hears no talk any more."""
        heard = select(calls.c.sid).join(supervisions, supervisions.c.call_id == calls.c.id)
        async with self._database.read() as conn:
            there = (supervisions.c.by == user_id, supervisions.c.ended_at.is_(None))
            sids = (await conn.scalars(heard.where(*there))).all()
        for sid in sids:
            with suppress(Refused):  # the talk has ended meanwhile
                await asked.api.delete(f"/calls/{sid}/supervise", by=user_id)

    async def sign_out(self, asked: Asked) -> Response:
        """One browser of theirs, or all; of one's own all but this one."""
        user_id, now = asked.request.path_params["user_id"], self._clock.now()
        session_id = str((await asked.form()).get("session", ""))
        mine = asked.user.session_id if user_id == asked.user.user_id else None
        async with self._database.write() as conn:
            if session_id:
                ended = int(session_id != mine and await sessions.end(conn, user_id, session_id, now))
            else:
                ended = await sessions.end_all(conn, user_id, now, but=mine)
            if ended:
                await self._record(conn, asked, What.SIGNED_OUT, user_id, sessions=ended)
        return await self._page(asked, saved=asked.words("Signed out."))

    async def _page(self, asked: Asked, status: int = 200, **more: Any) -> Response:
        """The person's page, or the part of it that a form replaces."""
        user_id, now = asked.request.path_params["user_id"], self._clock.now()
        try:
            async with self._database.read() as conn:
                user = await users.load(conn, user_id)
                choices = await self._free(conn, user)
                found = await sessions.of_user(conn, user_id, now, idle=self._site.pages.idle)
                until = (await invites.open_until(conn, now)).get(user_id)
        except NoSuchUser:
            return _gone(asked)
        context: dict[str, Any] = {
            "user": user,
            "choices": choices,
            "sessions": [(session, browser_name(session.browser)) for session in found],
            "until": until,
            "typed": {name: getattr(user, name) for name in FIELDS},
            "errors": {},
            "told": None,
            "saved": None,
            "link": None,
        } | more
        if asked.of_a_part:
            return asked.page("settings/user_parts.html", status, **context)
        return tab(asked, "users", "user", status, **context)

    async def _link(self, asked: Asked, user_id: str, secret: str) -> dict[str, Any]:
        """The address, shown this once, and a letter with it."""
        async with self._database.read() as conn:
            user = await users.load(conn, user_id)
        return shown_once(asked, self._site.public_url, user, secret)

    async def _free(self, conn: AsyncConnection, user: User | None) -> list[tuple[str, str]]:
        """Agents as whom nobody signs in yet but this user, by name."""
        taken = {one.agent_id for one in await users.everybody(conn)} - ({user.agent_id} if user else set())
        names = await _agent_names(conn)
        return sorted(((key, name) for key, name in names.items() if key not in taken), key=lambda pair: pair[1])

    async def _record(self, conn: AsyncConnection, asked: Asked, what: What, user_id: str, **detail: Any) -> None:
        await audit.record(conn, asked.user.principal, what, now=self._clock.now(), user=user_id, **detail)


async def _agent_names(conn: AsyncConnection) -> dict[str, str]:
    return {row.id: row.name for row in await conn.execute(select(agents.c.id, agents.c.name))}


async def _typed(asked: Asked) -> dict[str, Any]:
    form = await asked.form()
    typed: dict[str, Any] = {name: str(form.get(name, "")) for name in FIELDS}
    typed["agent_id"] = typed["agent_id"] or None
    return typed


def _errors(asked: Asked, refused: UserRefused) -> dict[str, str]:
    return {refused.field: asked.words.problem(refused.why)}


def _gone(asked: Asked) -> Response:
    return asked.trouble(404, asked.words("There is no such page."))
