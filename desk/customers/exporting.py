"""Records that leave the house: one person's, for themselves, or everybody's; each time it is written down first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response, StreamingResponse

from crm import audit, exports
from crm.audit import What
from desk import sessions, users
from desk.pages import Asked
from desk.sign_in import door
from desk.sign_in.proving import NotProved, prove
from desk.site import Site
from store.sql import Database

AT = "/console/customers/export"

ONE = {  # by kind: path, what is accepted, how the file is called
    "json": ("export", "application/json", "json"),
    "page": ("export", "text/html", "html"),
    "card": ("vcard", "text/vcard", "vcf"),
}
ALL = {"csv": ("text/csv; charset=utf-8", "customers.csv"), "vcf": ("text/vcard; charset=utf-8", "customers.vcf")}
_KEPT_HEADERS = ("content-type", "content-security-policy", "cache-control", "referrer-policy")


async def one(asked: Asked) -> Response:
    """`page` opens in the browser, the others are saved; the file is called by the id, which says nothing to others."""
    known = ONE.get(asked.request.path_params["kind"])
    if known is None:
        return asked.trouble(404, asked.words("There is no such page."))
    path, accept, ending = known
    customer_id = asked.request.path_params["customer_id"]
    answer = await asked.api.ask("GET", f"/customers/{customer_id}/{path}", headers={"accept": accept})
    headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    if ending != "html":
        headers["content-disposition"] = f'attachment; filename="{customer_id}.{ending}"'
    return Response(answer.body, headers=headers)


class Everybody:
    """In one file: for who has shown in this session, within ten minutes, who they are.

    By password and second factor; who came from the company's own provider shows it there.
    """

    def __init__(self, site: Site) -> None:
        self._site, self._database, self._clock = site, site.pages.database, site.pages.clock

    async def show(self, asked: Asked) -> Response:
        return await self._page(asked)

    async def prove(self, asked: Asked) -> Response:
        form = await asked.form()
        async with self._database.read() as conn:
            user = await users.load(conn, asked.user.user_id)
        try:
            await prove(self._site, asked, user, str(form.get("password", "")), str(form.get("code", "")))
        except NotProved as refused:
            answer = await self._page(asked, refused.status, refused.errors)
            answer.headers.update(refused.headers)
            return answer
        async with self._database.write() as conn:
            await sessions.prove(conn, asked.user.session_id, self._clock.now())
        return asked.redirect(AT)

    async def file(self, asked: Asked) -> Response:
        """As it is read, so that a hundred thousand people need no memory.  No row of the audit, no file."""
        kind = str((await asked.form()).get("kind") or "")
        if kind not in ALL:
            return asked.trouble(404, asked.words("There is no such page."))
        if not await self._proved(asked):
            return await self._page(asked)
        async with self._database.write() as conn:
            await audit.record(conn, asked.user.principal, What.EXPORTED, now=self._clock.now(), kind=kind)
        media_type, name = ALL[kind]
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingResponse(_lines(self._database, kind), media_type=media_type, headers=headers)

    async def _proved(self, asked: Asked) -> bool:
        """Who sits at a seat of the demo has come in without anything that could be shown again."""
        async with self._database.read() as conn:
            user = await users.load(conn, asked.user.user_id)
            nothing_to_show = user.password is None and asked.user.how != "oidc"
            return nothing_to_show or await sessions.proved(conn, asked.user.session_id, self._clock.now())

    async def _page(self, asked: Asked, status: int = 200, errors: Mapping[str, str] | None = None) -> Response:
        async with self._database.read() as conn:
            user = await users.load(conn, asked.user.user_id)
        single = door.single_name(self._site) if asked.user.how == "oidc" else None
        shown = {"proved": await self._proved(asked), "user": user, "single": single, "errors": errors or {}}
        return asked.page("customers/export.html", status, place="customers", **shown)


async def _lines(database: Database, kind: str) -> AsyncIterator[str]:
    write = exports.as_csv if kind == "csv" else exports.as_card
    if kind == "csv":
        yield exports.header()
    async with database.read() as conn:
        colleagues = await exports.names_of_agents(conn)
    async for some in exports.everybody(database):
        yield "".join(write(customer, colleagues) for customer in some)
