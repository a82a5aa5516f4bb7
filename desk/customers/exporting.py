"""Records that leave the house: one person's, for themselves, or everybody's; each time it is written down first."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from crm import audit, exports
from crm.audit import What
from desk.pages import Asked
from store.sql import Database

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


async def everybody(asked: Asked) -> Response:
    """As it is read, so that a hundred thousand people need no memory.  No row of the audit, no file."""
    kind = str((await asked.form()).get("kind") or "")
    if kind not in ALL:
        return asked.trouble(404, asked.words("There is no such page."))
    pages = asked.pages
    async with pages.database.write() as conn:
        await audit.record(conn, asked.user.principal, What.EXPORTED, now=pages.clock.now(), kind=kind)
    media_type, name = ALL[kind]
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_lines(pages.database, kind), media_type=media_type, headers=headers)


async def _lines(database: Database, kind: str) -> AsyncIterator[str]:
    write = exports.as_csv if kind == "csv" else exports.as_card
    if kind == "csv":
        yield exports.header()
    async with database.read() as conn:
        colleagues = await exports.names_of_agents(conn)
    async for some in exports.everybody(database):
        yield "".join(write(customer, colleagues) for customer in some)
