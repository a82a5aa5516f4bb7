"""Promises made, moved and kept from the card: what is said to a person becomes a promise in one step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from desk.asking import Refused
from desk.card import view
from desk.card.gather import names_of
from desk.card.moments import Slot, for_a_call, offered, on_the_wall, slots_told
from desk.pages import Asked, errors_of

_FIELDS = {"due_at": "at", "number": "reason", "agent": "who"}  # of the API -> of the form
ANOTHER = "another"


async def form(asked: Asked, customer_id: str) -> Response:
    """Opened: three honest times, the first one chosen."""
    given = {"at": "", "own": "", "reason": "", "who": "me", "call": asked.request.query_params.get("call", "")}
    slots = await offered(asked, customer_id, asked.user.agent_id, starts(asked))
    return _form(asked, customer_id, slots, given, {})


def starts(asked: Asked) -> tuple[Any, ...]:
    return for_a_call(asked.pages.clock.now(), asked.pages.house.zone)


async def make(asked: Asked, customer_id: str) -> Response:
    given = _given(await asked.form())
    due_at, errors = due(asked, given)
    slots: list[Slot] | None = None
    if not errors:
        agent = asked.user.agent_id if given["who"] == "me" else None
        body = {"customer": customer_id, "due_at": due_at, "agent": agent, "reason": given["reason"].strip() or None}
        body |= {"origin_call": given["call"] or None, "case": given.get("case") or None}
        try:
            made = await asked.api.post("/callbacks", body)
        except Refused as refused:
            errors, slots = refusal(asked, refused)
        else:
            told = asked.words("Promised: %(when)s.", when=asked.formats.when(made["due_at"], asked.pages.clock.now()))
            return await listed(asked, customer_id, told=told)
    slots = slots or await offered(asked, customer_id, asked.user.agent_id, starts(asked))
    return _form(asked, customer_id, slots, given, errors, 422)


def due(asked: Asked, given: Mapping[str, str]) -> tuple[str | None, dict[str, str]]:
    """What was chosen as the API writes it, or what is wrong with it."""
    chosen = given["own"] if given["at"] in ("", ANOTHER) else given["at"]
    if not chosen:
        return None, {"at": asked.words("Choose a time, or say another one.")}
    at = on_the_wall(chosen, asked.pages.house.zone)
    if at is None:
        return None, {"own": asked.words("This is no date and time.")}
    return at.isoformat(), {}


def refusal(asked: Asked, refused: Refused) -> tuple[dict[str, str], list[Slot] | None]:
    """What to say beside which field, and the nearest times that can be kept where the one asked for cannot."""
    if refused.status == 409 and "slots" in refused.problem:
        slots = slots_told(asked, [one["due_at"] for one in refused.problem["slots"]])
        if slots:
            return {"at": asked.words("That time cannot be kept. These are the nearest that can.")}, slots
        return {"at": asked.words("That time cannot be kept, and there is none near it that can.")}, None
    return errors_of(refused, asked.words, _FIELDS), None


async def change(asked: Asked, customer_id: str) -> Response:
    """One promise of this person: taken over, moved, kept another way, given up, or its customer asked."""
    form, promise_id = await asked.form(), asked.request.path_params["promise_id"]
    if (await asked.api.get(f"/callbacks/{promise_id}"))["customer"] != customer_id:
        return asked.trouble(404, asked.words("There is no such promise."))
    try:
        told = await _done(asked, promise_id, form)
    except Refused as refused:
        errors, _ = refusal(asked, refused)
        return await listed(asked, customer_id, problem=" ".join(errors.values()), status=refused.status)
    return await listed(asked, customer_id, told=told)


async def _done(asked: Asked, promise_id: str, form: FormData) -> str:
    """What has been done, in a sentence.  Raises Refused."""
    address, words, do = f"/callbacks/{promise_id}", asked.words, form.get("do")
    if do == "take":
        await asked.api.post(f"{address}/take", {"agent": asked.user.agent_id})
        return words("It is yours now.")
    if do == "keep":
        body = {"how": str(form.get("how", "call")), "note": str(form.get("note", "")).strip() or None}
        await asked.api.post(f"{address}/keep", body)
        return words("Noted: it has been kept.")
    if do == "ask":
        await asked.api.post(f"{address}/ask")
        return words("They have been asked by text; the promise stands until they answer.")
    if do == "cancel":
        await asked.api.delete(address)
        return words("Given up, as they wished.")
    at, wrong = due(asked, _given(form))
    if wrong:
        raise Refused(422, {"detail": " ".join(wrong.values())})
    moved = await asked.api.patch(address, {"due_at": at})
    return words("Moved to %(when)s.", when=asked.formats.when(moved["due_at"], asked.pages.clock.now()))


async def listed(
    asked: Asked, customer_id: str, *, told: str | None = None, problem: str | None = None, status: int = 200
) -> Response:
    """The open promises of one person, after something was done to them."""
    found = await asked.api.get("/callbacks", customer=customer_id, state="open", order="due", limit=50)
    names = await names_of(asked, {one["agent"] for one in found["items"] if one["agent"]})
    now, me = asked.pages.clock.now(), asked.user.agent_id
    shown = [view.promised(asked.words, asked.formats, now, one, me, names) for one in found["items"]]
    context: dict[str, Any] = {"id": customer_id, "promises": shown, "told": told, "refused": problem}
    return asked.page("card/promises.html", status, **context | {"call_sid": ""})


def _given(form: FormData) -> dict[str, str]:
    return {name: str(form.get(name, "")) for name in ("at", "own", "reason", "who", "call", "case")}


def _form(
    asked: Asked,
    customer_id: str,
    slots: list[Slot],
    given: Mapping[str, str],
    errors: Mapping[str, str],
    status: int = 200,
) -> Response:
    return asked.page("card/promise_form.html", status, id=customer_id, slots=slots, given=given, errors=errors)
