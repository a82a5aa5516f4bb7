"""A warm transfer: a colleague is chosen and asked, spoken with first, introduced, and left with the person.

The dialog shows what the server says of it; nothing of it lives in the browser.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from crm.tables import notes as notes_table
from desk.asking import Refused
from desk.card.gather import names_of
from desk.card.person import now_of
from desk.card.situation import Situation
from desk.elsewhere import calls
from desk.pages import Asked, errors_of
from desk.softphone.presence import told_reason

_REASONS = {  # why a colleague cannot be asked: the API's word -> ours
    "not_talking": "You are not talking with anybody now.",
    "transfer": "A colleague is being asked already.",
    "busy": "They are not free just now.",
    "nobody": "Nobody with this skill is free.",
    "vetoed": "These two would rather not talk with each other.",
    "no_transfer": "Nobody is being asked any more.",
    "not_there": "They have not answered yet.",
}
STEPS = ("introduce", "complete", "back")
ENDED = {
    "declined": "%(name)s cannot take it now.",
    "rang_out": "%(name)s does not answer.",
    "failed": "%(name)s's phone cannot be reached.",
    "nobody": "Nobody is free for it now.",
    "left": "%(name)s has left the talk.",
}


async def dialog(asked: Asked) -> Response:
    """Answers 204 to `shown` when nothing has changed."""
    situation = await _situation(asked)
    if situation is None:
        return asked.page("card/transfer_over.html", problem=None)
    try:
        return await _shown(asked, situation)
    except Refused as refused:  # it has become another's call at this moment
        return asked.page("card/transfer_over.html", refused.status, problem=why_not(asked, refused))


async def colleagues(asked: Asked) -> Response:
    """The list alone, as one types or as colleagues come and go."""
    situation = await _situation(asked)
    if situation is None:
        return asked.page("card/transfer_over.html", problem=None)
    return asked.page("card/colleagues.html", **await _listed(asked, situation))


async def ask(asked: Asked) -> Response:
    """`agent`, or `skill`; with the note."""
    form, situation = await asked.form(), await _situation(asked)
    if situation is None:
        return asked.page("card/transfer_over.html", problem=None)
    note = str(form.get("note", "")).strip() or None
    agent, skill = str(form.get("agent", "")) or None, str(form.get("skill", "")) or None
    body = {"agent": agent, "note": note} if agent else {"skill": skill, "note": note}
    if not agent and not skill:  # whoever is free: the first of the list, who fits best
        listed = await _listed(asked, situation)
        agent = next((one["agent"] for one in listed["colleagues"] if one["free"]), None)
        if agent is None:
            return await _shown(asked, situation, given=note, problem=asked.words(_REASONS["nobody"]))
        body = {"agent": agent, "note": note}
    try:
        await asked.api.post(f"/calls/{situation.call_id}/transfer", body)
    except Refused as refused:
        return await _shown(asked, situation, given=note, problem=why_not(asked, refused))
    return await _shown(asked, situation)


async def step(asked: Asked) -> Response:
    """introduce | complete | back."""
    situation, do = await _situation(asked), asked.request.path_params["do"]
    if do not in STEPS:
        return asked.trouble(404, asked.words("There is no such page."))
    if situation is None:
        return asked.page("card/transfer_over.html", problem=None)
    address = f"/calls/{situation.call_id}/transfer"
    try:
        if do == "back":
            await asked.api.delete(address)
        else:
            await asked.api.post(f"{address}/{do}")
    except Refused as refused:
        return await _shown(asked, situation, problem=why_not(asked, refused))
    situation = await _situation(asked)
    return asked.page("card/transfer_over.html", problem=None) if situation is None else await _shown(asked, situation)


def why_not(asked: Asked, refused: Refused) -> str:
    reason = refused.problem.get("reason")
    if reason in _REASONS:
        return asked.words(_REASONS[reason])
    return " ".join(errors_of(refused, asked.words).values())


async def _situation(asked: Asked) -> Situation | None:
    """None: the viewer talks with nobody who could be passed on."""
    if asked.user.agent_id is None:
        return None
    situation = await now_of(asked, asked.user.agent_id)
    return situation if situation.mode in ("talking", "asked") else None


async def _shown(
    asked: Asked, situation: Situation, *, given: str | None = None, problem: str | None = None
) -> Response:
    call = await asked.api.get(f"/calls/{situation.call_id}")
    transfer = call["transfer"]
    live = transfer if transfer and transfer["live"] else None
    mark = _mark(situation, transfer)
    if problem is None and asked.request.query_params.get("shown") == mark:
        return Response(status_code=204)
    context: dict[str, Any] = {"mark": mark, "live": live, "refused": problem, "mine": False, "ended": None}
    context["customer"] = await _called(asked, call)
    if live is not None:
        names = await names_of(asked, [one for one in (live["agent"], live["by"]) if one])
        context |= {"mine": live["by"] == asked.user.agent_id, "name": names.get(live["agent"] or "", live["skill"])}
        context["by"] = names.get(live["by"], "")
        return asked.page("card/transfer_live.html", 409 if problem else 200, **context)
    if transfer and transfer["by"] == asked.user.agent_id and transfer["state"] in ENDED:
        names = await names_of(asked, [transfer["agent"]] if transfer["agent"] else [])
        name = names.get(transfer["agent"] or "", transfer["skill"] or "")
        context["ended"] = asked.words(ENDED[transfer["state"]], name=name)
    note = given if given is not None else await _note(asked, situation, call)
    listed = await _listed(asked, situation)
    return asked.page("card/transfer_choose.html", 409 if problem else 200, **context, **listed, note=note)


def _mark(situation: Situation, transfer: Any) -> str:
    told = (situation.call_id, None if transfer is None else (transfer["state"], transfer["agent"], transfer["since"]))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


async def _listed(asked: Asked, situation: Situation) -> dict[str, Any]:
    query = await asked.asking()
    q, skill = str(query.get("q", "")).strip(), str(query.get("skill", ""))
    address = f"/calls/{situation.call_id}/colleagues"
    found = await asked.api.get(address, q=q or None, skill=skill or None, language=asked.words.language)
    for one in found["items"]:
        one["why"] = told_reason(one["reason"], asked.words)
    skills = sorted({name for one in found["items"] for name in one["skills"]} | ({skill} if skill else set()))
    pairs = [(name, name) for name in skills]
    return {"colleagues": found["items"], "q": q, "skill": skill, "skills": pairs}


async def _called(asked: Asked, call: dict[str, Any]) -> str | None:
    if call["customer"] is None:
        return None
    who = await asked.api.get(f"/customers/{call['customer']}")
    called: str | None = who["called"] or who["name"]
    return called


async def _note(asked: Asked, situation: Situation, call: dict[str, Any]) -> str:
    """What they said beforehand, and what the agent has written down in this call: the customer repeats nothing."""
    mine = notes_table.c.agent_id == asked.user.agent_id
    query = (
        select(notes_table.c.words)
        .where(notes_table.c.customer_id == call["customer"], mine)
        .where(notes_table.c.call_sid == select(calls.c.sid).where(calls.c.id == situation.call_id).scalar_subquery())
        .order_by(notes_table.c.at)
    )
    async with asked.pages.database.read() as conn:
        written = list(await conn.scalars(query))
    return "\n".join(dict.fromkeys(one.strip() for one in (call["said"] or "", *written) if one.strip()))
