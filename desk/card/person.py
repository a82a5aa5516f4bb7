"""The middle of the desk: whoever is on the line, whoever was just on it, whom to ring in a minute, or nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from crm.tables import customer_phones
from desk.asking import Refused
from desk.card import view
from desk.card.gather import agents_in, known_of, names_of
from desk.card.notes import kept_in_call
from desk.card.situation import Situation, situation_of
from desk.card.wrapping import wrap_up_of
from desk.pages import Asked


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be on the line: another one at this number."""

    id: str
    name: str


async def card(asked: Asked) -> Response:
    """Answers 204 to `shown` when it would show the same again: nobody is disturbed while they type."""
    agent_id = asked.user.agent_id
    if agent_id is None:
        return asked.page("card/no_agent.html")
    situation = await now_of(asked, agent_id)
    if asked.request.query_params.get("shown") == situation.mark:
        return Response(status_code=204)
    return await drawn(asked, situation)


async def now_of(asked: Asked, agent_id: str) -> Situation:
    async with asked.pages.database.read() as conn:
        return await situation_of(conn, agent_id, asked.pages.clock.now())


async def again(asked: Asked, *, problem: str | None = None, told: str | None = None, status: int = 200) -> Response:
    """The card as it is now, after something was done in it."""
    agent_id = asked.user.agent_id
    assert agent_id is not None
    return await drawn(asked, await now_of(asked, agent_id), problem=problem, told=told, status=status)


async def drawn(
    asked: Asked, situation: Situation, *, problem: str | None = None, told: str | None = None, status: int = 200
) -> Response:
    context: dict[str, Any] = {"situation": situation, "refused": problem, "told": told, "person": None}
    context |= {"call": None, "identity": None, "candidates": [], "promise": None, "brought": None}
    if situation.call_id is not None:
        context |= await of_call(asked, situation.call_id)
    if situation.promise_id is not None and situation.customer_id is not None:
        context["promise"] = await _promise(asked, situation.promise_id)
    if situation.customer_id is not None and situation.mode != "idle":
        context |= await of_person(asked, situation.customer_id, context["call"])
    elif situation.mode == "idle" and situation.customer_id is not None:
        context["next"] = await _next(asked, situation.customer_id)
    if situation.mode == "wrap_up" and context["person"] is not None:
        context["wrap"] = await wrap_up_of(asked, context["person"], context["call"])
    return asked.page("card/card.html", status, **context)


async def of_person(asked: Asked, customer_id: str, call: view.Answer | None) -> dict[str, Any]:
    """The person, and what is being written down of them in this call."""
    known = await known_of(asked, customer_id)
    names = await names_of(asked, agents_in(known))
    linked = call["case"] if call else None
    shown = view.person(
        asked.words,
        asked.formats,
        asked.pages.clock.now(),
        known=known,
        me=asked.user.agent_id,
        names=names,
        linked=linked,
    )
    notes = await kept_in_call(asked, customer_id, call["sid"] if call else "")
    return {"person": shown, "notes": notes}


async def of_call(asked: Asked, call_id: str) -> dict[str, Any]:
    """The call as the API shows it, who else it may be, and who brings them."""
    call = await asked.api.get(f"/calls/{call_id}")
    candidates = await _candidates(asked, call)
    brought = None
    transfer = call.get("transfer")
    if transfer and transfer["live"] and transfer["agent"] == asked.user.agent_id:
        names = await names_of(asked, [transfer["by"]])
        brought = {"by": names.get(transfer["by"], ""), "note": transfer["note"], "state": transfer["state"]}
    return {
        "call": call,
        "identity": view.identity(asked.words, call),
        "candidates": candidates,
        "brought": brought,
    }


async def _candidates(asked: Asked, call: view.Answer) -> list[Candidate]:
    """Others who ring from this number.  Whoever has proved who they are is nobody else."""
    if call["direction"] != "inbound" or call["identity"] == "verified" or not call["from"].startswith("+"):
        return []
    number = customer_phones.c
    rung_by = select(number.customer_id).where(number.number == call["from"], number.given_up_at.is_(None))
    async with asked.pages.database.read() as conn:
        if set(await conn.scalars(rung_by)) <= {call["customer"]}:
            return []  # nobody else, as mostly: nothing to be shown, and nothing to be written down as seen
    found = await asked.api.get("/customers", phone=call["from"], limit=10)
    return [
        Candidate(one["id"], one["name"]) for one in found["items"] if one["name"] and one["id"] != call["customer"]
    ]


async def _promise(asked: Asked, promise_id: str) -> view.Promised | None:
    try:
        one = await asked.api.get(f"/callbacks/{promise_id}")
    except Refused:  # erased at this moment
        return None
    names = await names_of(asked, [one["agent"]] if one["agent"] else [])
    return view.promised(asked.words, asked.formats, asked.pages.clock.now(), one, asked.user.agent_id, names)


async def _next(asked: Asked, customer_id: str) -> dict[str, Any]:
    """Whom the next promise is to."""
    who = await asked.api.get(f"/customers/{customer_id}")
    return {"id": who["id"], "name": who["name"] or who["called"], "photo": who["photo_url"]}
