"""People as an agent finds them: whom they serve, whole; others by name, and opened for a reason that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from starlette.responses import Response

from crm import audit
from crm.audit import What
from crm.tables import customers, interactions
from desk.asking import Refused
from desk.card import view
from desk.card.gate import living_record
from desk.card.gather import agents_in, known_of, names_of
from desk.card.notes import Kept
from desk.card.serves import REASONS, open_for, served_of
from desk.pages import Asked, errors_of

MOST_FOUND, MOST_LATELY = 20, 10
LATELY = timedelta(days=30)
LONGEST_WORDS = 300


@dataclass(frozen=True, slots=True)
class Found:
    """`served`: to be opened at once; of others nothing but the name is told."""

    id: str
    name: str | None
    called: str | None
    photo: str | None
    served: bool


async def people(asked: Asked) -> Response:
    """The page, or with `part` the list alone."""
    q = str((await asked.asking()).get("q", "")).strip()
    template = "card/people_found.html" if "part" in asked.request.query_params else "card/people.html"
    if not q:
        return asked.page(template, place="people", q="", found=await _lately(asked), error=None)
    try:
        answer = await asked.api.get("/customers", q=q, limit=MOST_FOUND)
    except Refused as refused:
        error = " ".join(errors_of(refused, asked.words).values())
        return asked.page(template, refused.status, place="people", q=q, found=[], error=error)
    return asked.page(template, place="people", q=q, found=await _found(asked, answer["items"]), error=None)


async def _found(asked: Asked, items: Sequence[Any]) -> list[Found]:
    """Those whom this agent serves first, each as much as they may see."""
    async with asked.pages.database.read() as conn:
        served = await served_of(conn, asked.user, [one["id"] for one in items], asked.pages.clock.now())
    found = [
        Found(
            id=one["id"],
            name=one["name"] or one["called"],
            called=one["called"],
            photo=one["photo_url"] if one["id"] in served else None,
            served=one["id"] in served,
        )
        for one in items
    ]
    return sorted(found, key=lambda one: not one.served)


async def _lately(asked: Asked) -> list[Found]:
    """With whom this agent has talked in the last weeks, the latest first."""
    if asked.user.agent_id is None:
        return []
    now = asked.pages.clock.now()
    talked = (
        select(interactions.c.customer_id, func.max(interactions.c.started_at).label("at"))
        .where(interactions.c.agent_id == asked.user.agent_id, interactions.c.started_at >= now - LATELY)
        .group_by(interactions.c.customer_id)
        .order_by(func.max(interactions.c.started_at).desc())
        .limit(MOST_LATELY)
    ).subquery()
    query = (
        select(customers.c.id, customers.c.name, customers.c.called, customers.c.photo_url)
        .join(talked, talked.c.customer_id == customers.c.id)
        .order_by(talked.c.at.desc())
    )
    async with asked.pages.database.read() as conn:
        rows = (await conn.execute(query)).all()
    await audit.seen(asked.pages.database, asked.user.principal, What.SEARCHED, [row.id for row in rows], now=now)
    return [Found(row.id, row.name or row.called, row.called, row.photo_url, True) for row in rows]


async def profile(asked: Asked, customer_id: str) -> Response:
    """One person on a page of their own."""
    known = await known_of(asked, customer_id)
    names = await names_of(asked, agents_in(known))
    now, me = asked.pages.clock.now(), asked.user.agent_id
    person = view.person(asked.words, asked.formats, now, known=known, me=me, names=names)
    return asked.page("card/profile.html", place="people", person=person, customer=known["customer"], notes=Kept())


async def ask_why(asked: Asked, customer_id: str) -> Response:
    """Instead of the profile of somebody whom this agent does not serve: their name, and why they want to see more."""
    return await _why(asked, customer_id, {"reason": "", "words": ""}, {}, 403)


async def say_why(asked: Asked) -> Response:
    """The reason is kept, the profile open for a working day; the audit says of what kind it was, and no more."""
    form = await asked.form()
    given = {"reason": str(form.get("reason", "")), "words": str(form.get("words", "")).strip()}
    async with asked.pages.database.read() as conn:
        customer_id = await living_record(conn, asked.request.path_params["customer_id"])
    if customer_id is None:
        return asked.trouble(404, asked.words("There is no such person."))
    errors = _wrong(asked, given)
    if errors:
        return await _why(asked, customer_id, given, errors, 422)
    now = asked.pages.clock.now()
    reason = f"{given['reason']}: {given['words']}" if given["words"] else given["reason"]
    async with asked.pages.database.write() as conn:
        await open_for(conn, asked.user, customer_id, reason, now)
        why = {"part": "profile", "reason": given["reason"]}
        await audit.record(conn, asked.user.principal, What.READ, customer_id, now=now, **why)
    return asked.redirect(f"/desk/people/{customer_id}")


def _wrong(asked: Asked, given: dict[str, str]) -> dict[str, str]:
    if given["reason"] not in REASONS:
        return {"reason": asked.words("Choose the reason that fits best.")}
    if given["reason"] == "other" and not given["words"]:
        return {"words": asked.words("Say it in a few words.")}
    if len(given["words"]) > LONGEST_WORDS:
        return {"words": asked.words("At most %(most)s characters.", most=LONGEST_WORDS)}
    return {}


async def _why(asked: Asked, customer_id: str, given: dict[str, str], errors: dict[str, str], status: int) -> Response:
    now = asked.pages.clock.now()
    query = select(customers.c.id, customers.c.name, customers.c.called).where(customers.c.id == customer_id)
    async with asked.pages.database.read() as conn:
        row = (await conn.execute(query)).one()
    await audit.seen(asked.pages.database, asked.user.principal, What.SEARCHED, [customer_id], now=now)
    reasons = [("", asked.words("Choose …")), *((one, asked.words(told)) for one, told in REASONS.items())]
    context = {"id": row.id, "name": row.name or row.called, "given": given, "errors": errors, "reasons": reasons}
    return asked.page("card/reason.html", status, place="people", **context)
