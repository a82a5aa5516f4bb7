"""Cases from the card: picked or opened for the call in one step, taken, solved, opened again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from desk.asking import Refused
from desk.card import view
from desk.card.gather import names_of, own_call
from desk.elsewhere import calls
from desk.pages import Asked, errors_of


async def open_one(asked: Asked, customer_id: str) -> Response:
    """A new case of one's own; in a call it is what the call is about from now on."""
    form = await asked.form()
    title, call_sid = str(form.get("title", "")).strip(), str(form.get("call", ""))
    if not title:
        errors = {"title": asked.words("Say in a few words what it is about.")}
        return await listed(asked, customer_id, call_sid, title=title, errors=errors, status=422)
    body = {"customer": customer_id, "owner": asked.user.agent_id, "title": title, "topic": title}
    try:
        if call_sid:  # before anything is made: a link that is refused must not leave a case behind
            await own_call(asked, customer_id, call_sid)
        case = await asked.api.post("/cases", body)
        if call_sid:
            await asked.api.patch(f"/calls/{call_sid}", {"case": case["id"]})
    except Refused as refused:
        errors = errors_of(refused, asked.words, {"topic": "title"})
        return await listed(asked, customer_id, call_sid, title=title, errors=errors, status=refused.status)
    return await listed(asked, customer_id, call_sid, told=asked.words("Opened, and yours."))


async def change(asked: Asked, customer_id: str) -> Response:
    """`do`: link | unlink (the call to it), take, solve, reopen."""
    form, case_id = await asked.form(), asked.request.path_params["case_id"]
    do, call_sid = str(form.get("do", "")), str(form.get("call", ""))
    if (await asked.api.get(f"/cases/{case_id}"))["customer"] != customer_id:
        return asked.trouble(404, asked.words("There is no such matter."))
    try:
        told = await _done(asked, case_id, do, call_sid)
    except Refused as refused:
        errors = errors_of(refused, asked.words)
        problem = " ".join(errors.values())
        return await listed(asked, customer_id, call_sid, errors={"": problem}, status=refused.status)
    return await listed(asked, customer_id, call_sid, told=told)


async def _done(asked: Asked, case_id: str, do: str, call_sid: str) -> str | None:
    words = asked.words
    match do:
        case "link" | "unlink":
            await asked.api.patch(f"/calls/{call_sid}", {"case": case_id if do == "link" else None})
            return None
        case "take":
            await asked.api.patch(f"/cases/{case_id}", {"owner": asked.user.agent_id})
            return words("It is yours now.")
        case "solve":
            await asked.api.patch(f"/cases/{case_id}", {"state": "solved"})
            return words("Solved.")
    await asked.api.patch(f"/cases/{case_id}", {"state": "open"})
    return words("Open again.")


async def listed(
    asked: Asked,
    customer_id: str,
    call_sid: str,
    *,
    title: str = "",
    errors: dict[str, str] | None = None,
    told: str | None = None,
    status: int = 200,
) -> Response:
    """The open cases of one person, as they are after something was done to them."""
    context = await shown(asked, customer_id, call_sid)
    context |= {"title": title, "errors": errors or {}, "told": told}
    return asked.page("card/matters.html", status, **context)


async def shown(asked: Asked, customer_id: str, call_sid: str) -> dict[str, Any]:
    found = (await asked.api.get("/cases", customer=customer_id, limit=200))["items"]
    names = await names_of(asked, {one["owner"] for one in found if one["owner"]})
    linked = await _linked(asked, call_sid)
    now, me = asked.pages.clock.now(), asked.user.agent_id
    matters = view.open_matters(asked.words, asked.formats, now, found, me, names, linked)
    return {"id": customer_id, "matters": matters, "call_sid": call_sid}


async def _linked(asked: Asked, call_sid: str) -> str | None:
    if not call_sid:
        return None
    async with asked.pages.database.read() as conn:
        linked: str | None = await conn.scalar(select(calls.c.case_id).where(calls.c.sid == call_sid))
        return linked
