"""What is a person's own to say: yes and no, whom they do not want, what two records are; and who looked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from desk.agents.known import to_choose
from desk.asking import Refused
from desk.customers.profile import PLACE, facts_of, person
from desk.pages import Asked, errors_of
from desk.tables import users

KINDS = ("recording", "texts", "marketing")
SIDES = ("customer", "agent")
LOOKS = 60  # a page asks for several parts, and each is a row
TOGETHER = timedelta(minutes=2)


async def show(asked: Asked) -> Response:
    customer = await person(asked)
    context = await facts_of(asked, customer)
    looks = (await asked.api.get("/audit", customer=customer["id"], limit=LOOKS))["items"]
    merges = (await asked.api.get(f"/customers/{customer['id']}/merges"))["items"]
    return asked.page(
        "customers/rights.html",
        place=PLACE,
        tab="rights",
        looks=gathered(looks),
        who=await _names(asked, looks, context["agents"]),
        merges=[one for one in merges if one["undone_at"] is None],
        **context,
        **await _consents(asked),
        **await _vetoes(asked, context["agents"]),
    )


def gathered(looks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One look is many rows: those of one kind by one person within moments stand together, the latest first.  Pure."""
    found: list[dict[str, Any]] = []
    for one in looks:
        fields = (one["detail"] or {}).get("fields")
        at = datetime.fromisoformat(one["at"])
        alike = (one["by"], one["what"], fields)
        same = next((two for two in found if (two["by"], two["what"], two["fields"]) == alike), None)
        if same is None or datetime.fromisoformat(same["first_at"]) - at > TOGETHER:
            found.append(one | {"fields": fields, "first_at": one["at"]})
        else:
            same["first_at"] = one["at"]
    return found


async def consent(asked: Asked) -> Response:
    kind = asked.request.path_params["kind"]
    given = str((await asked.form()).get("given")) == "yes"
    await asked.api.put(f"{_theirs(asked)}/consents/{kind}", {"given": given, "source": "agent"})
    return asked.page("customers/consents.html", customer={"id": _id(asked)}, **await _consents(asked))


async def decline(asked: Asked) -> Response:
    """Quietly: neither side is told of the other's word."""
    form = await asked.form()
    agent, by = str(form.get("agent") or ""), str(form.get("by") or "")
    error = None
    if not agent or by not in SIDES:
        error = asked.words("Please choose an agent.")
    else:
        try:
            await asked.api.put(f"{_theirs(asked)}/vetoes/{agent}", {"by": by})
        except Refused as refused:
            error = next(iter(errors_of(refused, asked.words).values()))
    return await _vetoes_part(asked, error)


async def allow(asked: Asked) -> Response:
    by = str((await asked.form()).get("by") or "")
    agent = asked.request.path_params["agent_id"]
    await asked.api.delete(f"{_theirs(asked)}/vetoes/{agent}", by=by if by in SIDES else None)
    return await _vetoes_part(asked, None)


async def _vetoes_part(asked: Asked, error: str | None) -> Response:
    context = await facts_of(asked, {"id": _id(asked), "name": None, "called": None})
    vetoes = await _vetoes(asked, context["agents"])
    return asked.page("customers/vetoes.html", 422 if error else 200, veto_error=error, **context, **vetoes)


async def _consents(asked: Asked) -> dict[str, Any]:
    found = (await asked.api.get(f"{_theirs(asked)}/consents"))["items"]
    return {"consents": {kind: next((one for one in found if one["kind"] == kind), None) for kind in KINDS}}


async def _vetoes(asked: Asked, known: Any) -> dict[str, Any]:
    found = (await asked.api.get(f"{_theirs(asked)}/vetoes"))["items"]
    return {"vetoes": found, "somebody": to_choose(known, asked.words("Choose…"))}


async def _names(asked: Asked, looks: list[dict[str, Any]], agents: Any) -> dict[str, str]:
    """Who looked, by what the audit calls them: a user's name, an agent's, else whatever it is."""
    by = {one["by"] for one in looks}
    async with asked.pages.database.read() as conn:
        rows = (await conn.execute(select(users.c.id, users.c.name).where(users.c.id.in_(by)))).all()
    named = {one["by"]: agents[one["agent"]].name for one in looks if one["agent"] in agents}
    return named | {row.id: row.name for row in rows}


def _id(asked: Asked) -> str:
    return str(asked.request.path_params["customer_id"])


def _theirs(asked: Asked) -> str:
    return f"/customers/{_id(asked)}"
