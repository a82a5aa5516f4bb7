"""A new agent: a name is enough; with an e-mail address they are invited to sign in, and the next one can be typed."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from crm import audit
from crm.audit import What
from desk import invites, users
from desk.agents import forms, listing
from desk.agents.known import colleagues, to_choose
from desk.asking import Refused
from desk.invitations import shown_once
from desk.pages import Asked, errors_of
from desk.site import Site
from desk.users import UserRefused


class Making:
    def __init__(self, site: Site, place: str) -> None:
        self._site, self._place, self._database = site, place, site.pages.database

    async def new(self, asked: Asked) -> Response:
        return await self._form(asked, {})

    async def make(self, asked: Asked) -> Response:
        given = await asked.form()
        typed, email = forms.read(given, asked.words), str(given.get("email") or "").strip()
        errors = typed.errors | await self._wrong_email(asked, email)
        if typed.body["address"] == "client:":
            known = await listing.everybody(asked.api)
            typed.body["address"] = f"client:{forms.client_name(typed.body['name'], [one['address'] for one in known])}"
        if not errors:
            try:
                made = await asked.api.post("/agents", typed.body)
                return await self._made(asked, made, email)
            except Refused as refused:
                errors = errors_of(refused, asked.words, forms.field_names(typed))
        return await self._form(asked, errors, typed.values | {"email": email}, status=422)

    async def _made(self, asked: Asked, agent: dict[str, Any], email: str) -> Response:
        if not email:
            return asked.redirect(f"/console/agents/{agent['id']}?told=made")
        try:
            invitation = await self._invited(asked, agent, email)
        except UserRefused:  # the address was taken at this very moment: their own page says that they cannot sign in
            return asked.redirect(f"/console/agents/{agent['id']}?told=made")
        return await self._form(asked, {}, made=agent, **invitation)

    async def _invited(self, asked: Asked, agent: dict[str, Any], email: str) -> dict[str, Any]:
        """Raises UserRefused."""
        now, by = asked.pages.clock.now(), asked.user
        async with self._database.write() as conn:
            user_id = await users.add(
                conn, name=agent["name"], email=email, role="agent", agent_id=agent["id"], now=now
            )
            await audit.record(conn, by.principal, What.USER_MADE, now=now, user=user_id, of="agent")
            secret = await invites.invite(conn, user_id, by.user_id, now)
            user = await users.load(conn, user_id)
        return shown_once(asked, self._site.public_url, user, secret)

    async def _wrong_email(self, asked: Asked, email: str) -> dict[str, str]:
        if not email:
            return {}
        try:
            async with self._database.read() as conn:
                await users.check_email(conn, email)
        except UserRefused as refused:
            return {refused.field: asked.words.problem(refused.why)}
        return {}

    async def _form(
        self,
        asked: Asked,
        errors: dict[str, str],
        values: dict[str, Any] | None = None,
        *,
        status: int = 200,
        **made: Any,
    ) -> Response:
        known = await colleagues(self._database)
        everybody = await listing.everybody(asked.api)
        return asked.page(
            "agents/new_form.html" if asked.of_a_part else "agents/new.html",
            status,
            place=self._place,
            values=values or forms.fresh([asked.pages.house.language]) | {"email": ""},
            errors=errors,
            nobody=to_choose(known, asked.words("Nobody")),
            languages=forms.LANGUAGES,
            choices=listing.choices(everybody),
            **{"made": None} | made,
        )
