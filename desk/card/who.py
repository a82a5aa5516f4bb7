"""Who is on the line, as the agent learns it: their name, another one at this number, or somebody new."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from desk.asking import Refused
from desk.card.gate import living_record
from desk.card.person import again, now_of
from desk.card.serves import may_see
from desk.card.situation import Situation
from desk.pages import Asked, errors_of


async def say_who(asked: Asked) -> Response:
    """`customer`: it is that one of this number.  Else `name` (and `phone`, where the number was withheld): written
    into the record of the one we took them for, or with `new` into a record of their own, which the call is theirs of.
    """
    form, agent_id = await asked.form(), asked.user.agent_id
    if agent_id is None:
        return asked.trouble(403, asked.words("You are not on a call."))
    situation = await now_of(asked, agent_id)
    if situation.call_id is None:
        return await again(asked, problem=asked.words("The call has ended meanwhile."), status=409)
    customer, name = str(form.get("customer", "")), str(form.get("name", "")).strip()
    if not customer and not name:
        return await again(asked, problem=asked.words("Write down the name they say."), status=422)
    try:
        if customer:
            return await _this_one(asked, situation, customer)
        await _named(asked, situation, name, str(form.get("phone", "")).strip(), new="new" in form)
    except Refused as refused:
        problem = " ".join(errors_of(refused, asked.words).values())
        return await again(asked, problem=problem, status=refused.status)
    return await again(asked)


async def _this_one(asked: Asked, situation: Situation, customer: str) -> Response:
    """One who rings from this number, or whom this agent may see anyway; nobody else can be had by typing an id."""
    call = await asked.api.get(f"/calls/{situation.call_id}")
    async with asked.pages.database.read() as conn:
        chosen = await living_record(conn, customer)
        allowed = chosen is not None and await may_see(conn, asked.user, chosen, asked.pages.clock.now())
    if not allowed and call["from"].startswith("+"):
        here = await asked.api.get("/customers", phone=call["from"], limit=50)
        allowed = chosen in {one["id"] for one in here["items"]}
    if chosen is None or not allowed:
        return await again(asked, problem=asked.words("This is nobody who rings from that number."), status=403)
    await asked.api.patch(f"/calls/{situation.call_id}", {"customer": chosen})
    return await again(asked)


async def _named(asked: Asked, situation: Situation, name: str, phone: str, *, new: bool) -> None:
    """Raises Refused."""
    if situation.customer_id is not None and not new:
        await asked.api.patch(f"/customers/{situation.customer_id}", {"name": name})
        return
    call = await asked.api.get(f"/calls/{situation.call_id}")
    number = call["from"] if call["direction"] == "inbound" else call["to"]
    body: dict[str, Any] = {"name": name, "language": call["language"]}
    if number.startswith("+") and not call["forwarded_from"]:
        body["phones"] = [number]
    elif phone:
        body["phones"] = [phone]
    made = await asked.api.post("/customers", body)
    await asked.api.patch(f"/calls/{situation.call_id}", {"customer": made["id"]})
