"""What is known of a person, changed where it stands; whether two records are one person's; a code as a proof."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from desk import changes
from desk.asking import Refused
from desk.card.person import again
from desk.pages import Asked, errors_of

LINES = ("name", "called", "title", "say", "language", "email", "time_zone", "quiet_hours")
PROSE = ("style", "life_notes", "notes")
LISTS = ("phones", "tags")


async def form(asked: Asked, customer_id: str) -> Response:
    who = await asked.api.get(f"/customers/{customer_id}")
    return await _shown(asked, customer_id, _as_typed(who), {})


async def save(asked: Asked, customer_id: str) -> Response:
    """What is blank is emptied; a refused field says so beside itself, and nothing of the rest is lost."""
    form = await asked.form()
    given, was = _given(form), changes.before(form)
    body: dict[str, Any] = {name: given[name].strip() or None for name in (*LINES, *PROSE)}
    body |= {name: _listed(given[name]) for name in LISTS}
    body |= {"formal": given["formal"] == "formal", "gender": given["gender"] or None}
    body["photo_url"] = given["photo_url"].strip() or None
    try:
        await asked.api.patch(f"/customers/{customer_id}", changes.only(body, given, was))
    except Refused as refused:
        errors = {re.sub(r"\[.*", "", field): told for field, told in errors_of(refused, asked.words).items()}
        return await _shown(asked, customer_id, given, errors, was=was, status=refused.status)
    who = await asked.api.get(f"/customers/{customer_id}")
    return await _shown(asked, customer_id, _as_typed(who), {}, told=asked.words("Saved."))


def _as_typed(who: Mapping[str, Any]) -> dict[str, str]:
    typed = {name: who[name] or "" for name in (*LINES, *PROSE, "gender", "photo_url")}
    return (
        typed | {name: ", ".join(who[name]) for name in LISTS} | {"formal": "formal" if who["formal"] else "informal"}
    )


def _given(form: FormData) -> dict[str, str]:
    names = (*LINES, *PROSE, *LISTS, "formal", "gender", "photo_url")
    return {name: str(form.get(name, "")) for name in names}


def _listed(text: str) -> list[str]:
    return list(dict.fromkeys(one for one in (part.strip() for part in re.split(r"[,\n]", text)) if one))


async def _shown(
    asked: Asked,
    customer_id: str,
    given: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    was: Mapping[str, Any] | None = None,
    told: str | None = None,
    status: int = 200,
) -> Response:
    """`was`: what stood there when the form was made, if it is not what is given."""
    context: dict[str, Any] = {"given": given, "was": given if was is None else was, "errors": errors, "told": told}
    return asked.page("card/facts.html", status, id=customer_id, **context)


async def alike(asked: Asked, customer_id: str) -> Response:
    """Other records that may be the same person's, in names only."""
    found = await asked.api.get(f"/customers/{customer_id}/duplicates")
    others = [{"id": one["other"]["id"], "name": one["other"]["name"], "why": one["why"]} for one in found["items"][:3]]
    return asked.page("card/alike.html", id=customer_id, others=others, error=None)


async def merge(asked: Asked, customer_id: str) -> Response:
    """For managers, as in the API: two people taken for one is a wrong that somebody must answer for."""
    other = str((await asked.form()).get("other", ""))
    try:
        await asked.api.post(f"/customers/{customer_id}/merge", {"other": other})
    except Refused as refused:
        problem = asked.words.problem(refused.detail)
        return asked.page("card/alike.html", refused.status, id=customer_id, others=[], error=problem)
    return asked.redirect(f"/desk/people/{customer_id}")


async def prove(asked: Asked, customer_id: str) -> Response:
    """Without a code one is sent; with one it is compared."""
    given = await asked.form()
    call_sid, code = str(given.get("call", "")), str(given.get("code", "")).strip()
    try:
        if (await asked.api.get(f"/calls/{call_sid}"))["customer"] != customer_id:
            return asked.trouble(404, asked.words("This is no call of theirs."))
        if not code:
            sent = await asked.api.post(f"/calls/{call_sid}/proof", {})
            return asked.page("card/proof.html", id=customer_id, call_sid=call_sid, sent=sent, error=None)
        read = await asked.api.put(f"/calls/{call_sid}/proof", {"code": re.sub(r"\D", "", code)})
    except Refused as refused:
        error = " ".join(errors_of(refused, asked.words).values())
        sent = {"tries_left": None, "number": ""} if code else None
        return asked.page("card/proof.html", refused.status, id=customer_id, call_sid=call_sid, sent=sent, error=error)
    if read["verified"]:
        answer = await again(asked)
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#card", "outerMorph"
        return answer
    error = asked.words("That is another code.")
    return asked.page("card/proof.html", 422, id=customer_id, call_sid=call_sid, sent=read, error=error)
