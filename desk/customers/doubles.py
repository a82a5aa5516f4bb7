"""Records that may be one person's, side by side, for somebody to decide; and that decision taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from starlette.responses import Response

from crm.filling import coming, together
from crm.tables import interactions
from desk.agents.known import colleagues
from desk.asking import Refused
from desk.customers.profile import PLACE
from desk.pages import Asked

AT_ONCE = 8
FIELDS = (
    *("name", "called", "title", "gender", "say", "language", "phones", "addresses", "email", "preferred_agent"),
    *("stand_ins", "time_zone", "quiet_hours", "style", "tags", "life_notes", "notes", "external_id"),
)
STAYING = ("external_id",)  # not filled from the other: it goes on leading to the kept one


async def show(asked: Asked) -> Response:
    return asked.page("customers/duplicates.html", place=PLACE, of=asked.request.query_params.get("of"))


async def more(asked: Asked) -> Response:
    """The next pairs, or none and where to look on: with many people a look ends before it has found any."""
    cursor, of = asked.request.query_params.get("cursor"), asked.request.query_params.get("of")
    if of is not None:
        found = await asked.api.get(f"/customers/{of}/duplicates")
    else:
        found = await asked.api.get("/duplicates", limit=AT_ONCE, cursor=cursor)
    talks = await _talks(asked, found["items"])
    pairs = [_pair(one, talks) for one in found["items"]]
    known = await colleagues(asked.pages.database)
    before = asked.request.query_params.get("so_far", "0")
    so_far = len(pairs) + (int(before) if before.isdecimal() and len(before) < 7 else 0)
    return asked.page("customers/pairs.html", pairs=pairs, next=found["next"], so_far=so_far, agents=known)


async def merge(asked: Asked) -> Response:
    form = await asked.form()
    kept, other = str(form.get("kept") or ""), str(form.get("other") or "")
    try:
        merged = await asked.api.post(f"/customers/{kept}/merge", {"other": other})
    except Refused as refused:
        return asked.page("customers/decided.html", 409, what="refused", why=asked.words.problem(refused.detail))
    name = (await asked.api.get(f"/customers/{kept}"))["name"]
    return asked.page("customers/decided.html", what="merged", merge=merged, name=name)


async def tell_apart(asked: Asked) -> Response:
    form = await asked.form()
    one, other = str(form.get("kept") or ""), str(form.get("other") or "")
    await asked.api.post(f"/customers/{one}/not-the-same", {"other": other})
    return asked.page("customers/decided.html", what="apart")


async def undo(asked: Asked) -> Response:
    try:
        split = await asked.api.post(f"/merges/{asked.request.path_params['merge_id']}/undo")
    except Refused as refused:
        return asked.page("customers/decided.html", 409, what="refused", why=asked.words.problem(refused.detail))
    return asked.page("customers/decided.html", what="undone", merge=split)


async def _talks(asked: Asked, items: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    """How many conversations each of them has had."""
    talks = interactions.c
    ids = {one[side]["id"] for one in items for side in ("customer", "other")}
    query = select(talks.customer_id, func.count().label("many")).where(talks.customer_id.in_(sorted(ids)))
    async with asked.pages.database.read() as conn:
        return {row.customer_id: row.many for row in await conn.execute(query.group_by(talks.customer_id))}


def _pair(found: Mapping[str, Any], many: Mapping[str, int]) -> dict[str, Any]:
    """With whoever has more of a past first: that record stays, unless somebody says otherwise.  Pure."""
    one, other = found["customer"], found["other"]
    first, second = sorted((one, other), key=lambda who: (-many.get(who["id"], 0), who["made_at"], who["id"]))
    return {
        "sides": (first, second),
        "talks": (many.get(first["id"], 0), many.get(second["id"], 0)),
        "rows": [row for name in FIELDS if (row := compared(name, first, second))],
        "why": found["why"],
        "score": found["score"],
    }


def compared(name: str, kept: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any] | None:
    """One field of two records, and what it is once they are one, whichever is kept; None: neither says it.  Pure."""
    mine, theirs = kept[name], other[name]
    if not mine and not theirs:
        return None
    return {
        "name": name,
        "values": (mine, theirs),
        "differ": bool(mine) and bool(theirs) and _plain(mine) != _plain(theirs),
        "results": (result(name, kept, other), result(name, other, kept)),
    }


def result(name: str, kept: Mapping[str, Any], other: Mapping[str, Any]) -> Any:
    """What the field says afterwards.  Pure."""
    if name in ("phones", "addresses"):
        return list(dict.fromkeys([*kept[name], *other[name]]))
    if name in STAYING:
        return kept[name]
    blank = {"name_recording_url": None}
    filled = together(kept, coming(blank | dict(kept), blank | dict(other)))
    return filled.get(name, kept[name])


def _plain(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value
