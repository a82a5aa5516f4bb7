"""One person: who they are, who knows them, what is open between us.  Every look is written down by the API."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from starlette.responses import Response

from desk import changes
from desk.agents.known import Colleague, colleagues, to_choose
from desk.asking import Refused
from desk.customers import facts
from desk.pages import Asked, errors_of

PLACE = "customers"
MOST = 50
FREQUENT_NUMBER = 20  # people on one number: a company's exchange, and no household
OPEN = ("promised", "due", "ringing_agent", "ringing_customer", "talking")


async def show(asked: Asked) -> Response:
    customer = await person(asked)
    if customer["id"] != asked.request.path_params["customer_id"]:
        return asked.redirect(f"/console/customers/{customer['id']}")  # two records that became one
    theirs, told = f"/customers/{customer['id']}", asked.request.query_params.get("told")
    familiar, weary, promised = await asyncio.gather(
        asked.api.get(f"{theirs}/familiar", language=asked.words.language),
        asked.api.get(f"{theirs}/weariness", language=asked.words.language),
        asked.api.get("/callbacks", customer=customer["id"], limit=MOST),
    )
    promises = [one for one in promised["items"] if one["state"] in OPEN]
    named = {one["agent"] for one in (*familiar["items"], *promises) if one["agent"]}
    return asked.page(
        "customers/profile.html",
        place=PLACE,
        tab="overview",
        told=told if told == "made" else None,
        familiar=familiar["items"],
        weary=weary,
        promises=promises,
        **await facts_of(asked, customer, named),
    )


async def around(asked: Asked) -> Response:
    """Who may be the same person, and who shares their number; looked for while the rest is read already."""
    customer = await person(asked)
    doubles = (await asked.api.get(f"/customers/{customer['id']}/duplicates"))["items"]
    household = await _household(asked, customer)
    return asked.page("customers/around.html", customer=customer, doubles=doubles, household=household)


async def cases(asked: Asked) -> Response:
    return await _cases_part(asked, {}, {})


async def person(asked: Asked) -> dict[str, Any]:
    """Raises Refused."""
    found: dict[str, Any] = await asked.api.get(f"/customers/{asked.request.path_params['customer_id']}")
    return found


async def facts_of(asked: Asked, customer: dict[str, Any], named: Collection[str] | None = None) -> dict[str, Any]:
    """`named`: the agents who are spoken of beside those in the record; without it all."""
    if named is not None:
        named = {
            *named,
            *(customer["stand_ins"]),
            *([customer["preferred_agent"]] if customer["preferred_agent"] else []),
        }
    return {
        "customer": customer,
        "values": facts.values_of(customer),
        "agents": await colleagues(asked.pages.database, named),
        "called": customer["name"] or customer["called"] or asked.words("No name yet"),
    }


async def _household(asked: Asked, customer: dict[str, Any]) -> list[dict[str, Any]]:
    """Who shares a number with them."""
    found: dict[str, dict[str, Any]] = {}
    for number in customer["phones"][:3]:
        sharing = (await asked.api.get("/customers", phone=number, limit=FREQUENT_NUMBER + 1))["items"]
        if len(sharing) <= FREQUENT_NUMBER:
            found |= {one["id"]: one for one in sharing if one["id"] != customer["id"]}
    return list(found.values())


async def _cases(asked: Asked, customer: dict[str, Any]) -> dict[str, Any]:
    found = (await asked.api.get("/cases", customer=customer["id"], limit=MOST))["items"]
    return {
        "open_cases": [one for one in found if one["state"] == "open"],
        "solved_cases": [one for one in reversed(found) if one["state"] == "solved"],
    }


async def part(asked: Asked) -> Response:
    """One part as it stands; with `?edit` its fields."""
    name = asked.request.path_params["part"]
    if name not in facts.PARTS:
        return asked.trouble(404, asked.words("There is no such page."))
    customer = await person(asked)
    if "edit" not in asked.request.query_params:
        return asked.page("customers/part.html", part=name, saved=False, **await facts_of(asked, customer, ()))
    return await _form(asked, customer, name, facts.values_of(customer), {})


async def save(asked: Asked) -> Response:
    name = asked.request.path_params["part"]
    if name not in facts.PARTS:
        return asked.trouble(404, asked.words("There is no such page."))
    form = await asked.form()
    typed, was = facts.read(form, facts.PARTS[name]), changes.before(form)
    given = typed.values | {"quiet_hours": [typed.values.get("quiet_from"), typed.values.get("quiet_to")]}
    body = changes.only(typed.body, given, was)
    try:
        customer = await asked.api.patch(f"/customers/{asked.request.path_params['customer_id']}", body)
    except Refused as refused:
        errors = errors_of(refused, asked.words, facts.field_names(typed))
        customer = await person(asked)
        values = facts.values_of(customer) | typed.values
        return await _form(asked, customer, name, values, errors, was=was, status=422)
    return asked.page("customers/part.html", part=name, saved=True, **await facts_of(asked, customer, ()))


async def give_up(asked: Asked) -> Response:
    """The number is somebody else's by now."""
    number = str((await asked.form()).get("number") or "")
    path = f"/customers/{asked.request.path_params['customer_id']}/numbers/given-up"
    customer = await asked.api.post(path, {"number": number})
    return asked.page("customers/part.html", part="reach", saved=True, **await facts_of(asked, customer, ()))


async def _form(
    asked: Asked,
    customer: dict[str, Any],
    part: str,
    values: dict[str, Any],
    errors: dict[str, str],
    *,
    was: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    """`was`: what stood there when the form was made, if it is not what is there now."""
    now = facts.values_of(customer)
    now["quiet_hours"] = [now["quiet_from"], now["quiet_to"]]
    known: dict[str, Colleague] = await colleagues(asked.pages.database)
    return asked.page(
        "customers/part_form.html",
        status,
        part=part,
        customer=customer,
        values=values,
        was=now if was is None else was,
        errors=errors,
        nobody=to_choose(known, asked.words("Nobody")),
        languages=facts.languages(values["language"]),
        zones=facts.zones() if part == "reach" else [],
    )


async def add_case(asked: Asked) -> Response:
    given = await asked.form()
    customer_id = asked.request.path_params["customer_id"]
    typed = {name: str(given.get(name) or "").strip() for name in ("title", "owner")}
    body = {"customer": customer_id} | {name: text or None for name, text in typed.items()}
    if not typed["title"]:
        return await _cases_part(asked, typed, {"title": asked.words("Please say in a few words what it is about.")})
    try:
        await asked.api.post("/cases", body)
    except Refused as refused:
        return await _cases_part(asked, typed, errors_of(refused, asked.words))
    return await _cases_part(asked, {}, {})


async def change_case(asked: Asked) -> Response:
    """Another owner, solved, or open again."""
    given = await asked.form()
    body: dict[str, Any] = {}
    if "owner" in given:
        body["owner"] = str(given["owner"]) or None
    if given.get("state") in ("open", "solved"):
        body["state"] = given["state"]
    await asked.api.patch(f"/cases/{asked.request.path_params['case_id']}", body)
    return await _cases_part(asked, {}, {})


async def _cases_part(asked: Asked, typed: dict[str, str], errors: dict[str, str]) -> Response:
    customer = {"id": asked.request.path_params["customer_id"]}
    context = await _cases(asked, customer)
    known = await colleagues(asked.pages.database)
    status = 422 if errors else 200
    return asked.page(
        "customers/cases.html", status, customer=customer, agents=known, typed=typed, case_errors=errors, **context
    )
