"""After the talk: how it ended, in a sentence, and what follows.  What is typed is kept, whether it is sent or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from desk.asking import Refused
from desk.card.gather import own_call
from desk.card.moments import Slot, for_asking_again, offered
from desk.card.notes import SUMMARY, write
from desk.card.person import again
from desk.card.promising import due, refusal
from desk.card.wrapping import FIELDS, NEW, WrapUp
from desk.pages import Asked, errors_of
from desk.softphone.wrap_up import writes


async def save(asked: Asked, customer_id: str) -> Response:
    """Each pause of the hand keeps the sentence, and the wrap-up does not end under it; the button with `done` sends
    all and ends the wrap-up.  So does the page if the time is over before (static/card.js)."""
    form = await asked.form()
    given = {name: str(form.get(name, "")) for name in FIELDS}
    call_sid = str(form.get("call", ""))
    try:
        await own_call(asked, customer_id, call_sid)
        if "done" not in form:
            await writes(asked.pages.database, asked.user.agent_id, now=asked.pages.clock.now())
            await write(asked, customer_id, call_sid, "note", given["summary"], [SUMMARY])
    except Refused as refused:
        error = " ".join(errors_of(refused, asked.words).values())
        return asked.page("card/saved.html", refused.status, error=error, mark="wrap")
    if "done" in form:
        return await _send(asked, customer_id, call_sid, form, given)
    return asked.page("card/saved.html", error=None, mark="wrap")


async def _send(asked: Asked, customer_id: str, call_sid: str, form: FormData, given: dict[str, str]) -> Response:
    if given["outcome"] not in ("solved", "open"):
        errors = {"outcome": asked.words("Say whether it is solved.")}
        return await _refused(asked, customer_id, call_sid, given, errors)
    try:
        given["case"] = await _case(asked, customer_id, given)
    except Refused as refused:
        return await _refused(asked, customer_id, call_sid, given, errors_of(refused, asked.words))
    errors, slots = await _follow_up(asked, customer_id, given)
    if errors:
        return await _refused(asked, customer_id, call_sid, given, errors, slots)
    body: dict[str, Any] = {name: given[name].strip() or None for name in ("outcome", "topic", "summary")}
    body |= {"case": given["case"]} if given["case"] else {}
    body |= {"mine": True} if "mine" in form else {}
    try:
        await asked.api.put(f"/calls/{call_sid}/wrap-up", body)
        await write(asked, customer_id, call_sid, "note", "", [SUMMARY])  # the conversation has it now
        await asked.api.post(f"/agents/{asked.user.agent_id}/wrap-up/end")
    except Refused as refused:
        return await _refused(asked, customer_id, call_sid, given, errors_of(refused, asked.words))
    answer = await again(asked, told=asked.words("Written down. Thank you."))
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#card", "outerMorph"
    return answer


async def _case(asked: Asked, customer_id: str, given: Mapping[str, str]) -> str:
    """The id of the one chosen; a new one is opened, and is the one chosen from then on.  Raises Refused."""
    if given["case"] != NEW:
        return given["case"]
    topic = given["topic"].strip() or given["summary"].strip()
    if not topic:
        raise Refused(422, {"errors": [{"field": "topic", "message": "Say in a few words what it is about."}]})
    body = {"customer": customer_id, "owner": asked.user.agent_id, "topic": topic, "title": topic}
    return str((await asked.api.post("/cases", body))["id"])


async def _follow_up(
    asked: Asked, customer_id: str, given: Mapping[str, str]
) -> tuple[dict[str, str], list[Slot] | None]:
    """Promised, if it was wished; what is wrong with it else.  Sent twice it is one promise."""
    if not given["at"]:
        return {}, None
    due_at, errors = due(asked, given)
    if errors:
        return errors, None
    body = {"customer": customer_id, "kind": "follow_up", "due_at": due_at, "agent": asked.user.agent_id}
    body |= {"case": given["case"] or None, "reason": given["follow_reason"].strip() or None}
    try:
        await asked.api.post("/callbacks", body)
    except Refused as refused:
        return refusal(asked, refused)
    return {}, None


async def _refused(
    asked: Asked,
    customer_id: str,
    call_sid: str,
    given: dict[str, str],
    errors: dict[str, str],
    slots: list[Slot] | None = None,
) -> Response:
    """The form again, with what was typed; beside the fields what cannot be taken."""
    cases = (await asked.api.get("/cases", customer=customer_id, limit=200))["items"]
    choices = tuple((one["id"], one["title"] or one["topic"] or "") for one in cases if one["state"] == "open")
    if slots is None and given["at"]:
        slots = await follow_up_slots(asked, customer_id)
    wrap = WrapUp(customer_id, call_sid, given, choices, None, False, tuple(slots or ()), errors)
    answer = asked.page("card/wrap_form.html", 422, wrap=wrap)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#wrap", "outerMorph"
    return answer


async def follow_up(asked: Asked, customer_id: str) -> Response:
    """Opened in the form: days on which to ask again."""
    slots = await follow_up_slots(asked, customer_id)
    given = {"at": "", "own": "", "follow_reason": ""}
    return asked.page("card/follow_up.html", slots=slots, given=given, errors={})


async def follow_up_slots(asked: Asked, customer_id: str) -> list[Slot]:
    starts = for_asking_again(asked.pages.clock.now(), asked.pages.house.zone)
    return await offered(asked, customer_id, asked.user.agent_id, starts)
