"""What has happened with a person, and what is written down about them."""

from __future__ import annotations

import re
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from desk.asking import Refused
from desk.customers.profile import PLACE, facts_of, person
from desk.pages import Asked, errors_of

KINDS = ("call", "text", "voicemail", "promise", "note", "case")
AT_ONCE = 25
MOST_NOTES = 30


async def show(asked: Asked) -> Response:
    customer = await person(asked)
    return asked.page(
        "customers/story.html",
        place=PLACE,
        tab="story",
        **await facts_of(asked, customer),
        **await _happened(asked, {}),
        **await _written(asked),
    )


async def timeline(asked: Asked) -> Response:
    """A page of it.  What is looked for is typed, so it is no address."""
    given = await asked.form()
    asking = {name: str(given.get(name) or "").strip() for name in ("q", "kind", "cursor")}
    context = await _happened(asked, asking)
    names = await facts_of(asked, {"id": asked.request.path_params["customer_id"], "name": None, "called": None})
    template = "customers/timeline_more.html" if asking["cursor"] else "customers/timeline.html"
    return asked.page(template, **names, **context)


async def _happened(asked: Asked, asking: dict[str, str]) -> dict[str, Any]:
    path = f"/customers/{asked.request.path_params['customer_id']}/timeline"
    kind = asking.get("kind") if asking.get("kind") in KINDS else None
    found = await asked.api.get(
        path, q=asking.get("q", "")[:200] or None, kind=kind, cursor=asking.get("cursor") or None, limit=AT_ONCE
    )
    return {"items": found["items"], "next": found["next"], "asking": asking}


async def _written(asked: Asked) -> dict[str, Any]:
    path = f"/customers/{asked.request.path_params['customer_id']}/notes"
    found = await asked.api.get(path, limit=MOST_NOTES)
    return {"notes": found["items"], "more_notes": found["next"] is not None}


async def write(asked: Asked) -> Response:
    given = await asked.form()
    kind = "story" if given.get("kind") == "story" else "note"
    typed = {"kind": kind, "words": _text(given, "words"), "tags": _text(given, "tags")}
    path = f"/customers/{asked.request.path_params['customer_id']}/notes"
    if not typed["words"]:
        return await _part(asked, typed, {"words": asked.words("Nothing is written yet.")})
    try:
        await asked.api.post(path, {"kind": kind, "words": typed["words"], "tags": tags_in(typed["tags"])})
    except Refused as refused:
        return await _part(asked, typed, errors_of(refused, asked.words, {"tags[0]": "tags"}))
    return await _part(asked, {}, {})


async def change(asked: Asked) -> Response:
    given, note_id = await asked.form(), asked.request.path_params["note_id"]
    path = f"/customers/{asked.request.path_params['customer_id']}/notes/{note_id}"
    typed = {"words": _text(given, "words"), "tags": _text(given, "tags")}
    if not typed["words"]:
        return await _part(asked, {}, {}, {note_id: asked.words("A note that says nothing can be deleted instead.")})
    try:
        await asked.api.patch(path, {"words": typed["words"], "tags": tags_in(typed["tags"])})
    except Refused as refused:
        told = errors_of(refused, asked.words)
        return await _part(asked, {}, {}, {note_id: next(iter(told.values()))} | {f"{note_id}-words": typed["words"]})
    return await _part(asked, {}, {})


async def remove(asked: Asked) -> Response:
    note_id = asked.request.path_params["note_id"]
    await asked.api.delete(f"/customers/{asked.request.path_params['customer_id']}/notes/{note_id}")
    return await _part(asked, {}, {})


async def _part(
    asked: Asked, typed: dict[str, str], errors: dict[str, str], wrong: dict[str, str] | None = None
) -> Response:
    """`wrong`: by a note's id what is wrong with its change."""
    customer = {"id": asked.request.path_params["customer_id"], "name": None, "called": None}
    context = await facts_of(asked, customer) | await _written(asked)
    status = 422 if errors or wrong else 200
    return asked.page("customers/notes.html", status, typed=typed, note_errors=errors, wrong=wrong or {}, **context)


def tags_in(text: str) -> list[str]:
    """As they are typed, each once."""
    return list(dict.fromkeys(tag for piece in re.split(r"[,;\n]", text) if (tag := piece.strip())))


def _text(given: FormData, name: str) -> str:
    return str(given.get(name) or "").replace("\r\n", "\n").strip()
