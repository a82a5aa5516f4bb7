"""What an agent writes down while they talk: it keeps itself at every pause of the typing hand.

A call has one note of ours and one story of theirs from each agent, written on and on.  They are found by the call and
not by anything the browser remembers, so that a reload, another tab or a late message from a closed one write into the
same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select
from starlette.responses import Response

from crm.tables import notes as notes_table
from desk.asking import Refused
from desk.card.gather import own_call
from desk.pages import Asked, errors_of
from desk.softphone.wrap_up import writes

SUMMARY = "summary"  # the tag of a sentence that was begun in the wrap-up, until the wrap-up has it


@dataclass(frozen=True, slots=True)
class Kept:
    """What is written down in a call so far."""

    note: str = ""
    story: str = ""
    tags: str = ""
    summary: str = ""


async def kept_in_call(asked: Asked, customer_id: str, call_sid: str) -> Kept:
    if not call_sid:
        return Kept()
    rows = {(row.kind, SUMMARY in row.tags): row for row in await _rows(asked, customer_id, call_sid)}
    note, story, summary = rows.get(("note", False)), rows.get(("story", False)), rows.get(("note", True))
    return Kept(
        note=note.words if note else "",
        story=story.words if story else "",
        tags=", ".join(story.tags) if story else "",
        summary=summary.words if summary else "",
    )


async def keep(asked: Asked, customer_id: str) -> Response:
    """A form that saves itself; the answer is what stands beside it."""
    form = await asked.form()
    call_sid, tags = str(form.get("call", "")), tags_in(str(form.get("tags", "")))
    try:
        await own_call(asked, customer_id, call_sid)
        await writes(asked.pages.database, asked.user.agent_id, now=asked.pages.clock.now())
        await write(asked, customer_id, call_sid, "note", str(form.get("note", "")), [])
        await write(asked, customer_id, call_sid, "story", str(form.get("story", "")), tags)
    except Refused as refused:
        errors = errors_of(refused, asked.words)
        return asked.page("card/saved.html", refused.status, error=" ".join(errors.values()), mark=call_sid)
    return asked.page("card/saved.html", error=None, mark=call_sid)


async def add(asked: Asked, customer_id: str) -> Response:
    """A note outside of any call, from a profile."""
    form = await asked.form()
    body: dict[str, Any] = {"kind": str(form.get("kind", "note")), "words": str(form.get("words", ""))}
    body["tags"] = tags_in(str(form.get("tags", "")))
    try:
        await asked.api.post(f"/customers/{customer_id}/notes", body)
    except Refused as refused:
        errors = errors_of(refused, asked.words)
        return asked.page("card/note_form.html", refused.status, id=customer_id, given=body, errors=errors, told=None)
    empty = {"kind": body["kind"], "words": "", "tags": []}
    told = asked.words("Written down.")
    return asked.page("card/note_form.html", id=customer_id, given=empty, errors={}, told=told)


async def write(asked: Asked, customer_id: str, call_sid: str, kind: str, words: str, tags: list[str]) -> None:
    """Blank takes it back.  Raises Refused."""
    address, blank = f"/customers/{customer_id}/notes", not words.strip()
    found = await _found(asked, customer_id, call_sid, kind, tags)
    if found is None and blank:
        return
    body = {"kind": kind, "words": words, "tags": tags, "call": call_sid}
    if found is None:
        await _begin(asked, address, body)
        found = await _found(asked, customer_id, call_sid, kind, tags)
    if found is None:  # begun once before in this call, and taken back
        await asked.api.post(address, body)
    elif blank:
        await asked.api.delete(f"{address}/{found.id}")
    elif (found.words, found.tags) != (words, tags):
        await asked.api.patch(f"{address}/{found.id}", {"words": words, "tags": tags})


async def _begin(asked: Asked, address: str, body: dict[str, Any]) -> None:
    """Once, however many tabs and late messages of pages that were left begin it at the same moment."""
    mark = SUMMARY if SUMMARY in body["tags"] else body["kind"]
    try:
        await asked.api.ask("POST", address, body, headers={"Idempotency-Key": f"desk {body['call']} {mark}"})
    except Refused as refused:
        if not refused.problem.get("code", "").startswith("idempotency_key"):
            raise


async def _found(asked: Asked, customer_id: str, call_sid: str, kind: str, tags: list[str]) -> Row[Any] | None:
    rows = await _rows(asked, customer_id, call_sid)
    return next((r for r in rows if r.kind == kind and (SUMMARY in r.tags) == (SUMMARY in tags)), None)


async def _rows(asked: Asked, customer_id: str, call_sid: str) -> list[Row[Any]]:
    """One's own notes of this call, the earliest first; whoever may write here has been let in before."""
    mine = notes_table.c.agent_id == asked.user.agent_id
    query: Select[Any] = (
        select(notes_table.c.id, notes_table.c.kind, notes_table.c.words, notes_table.c.tags)
        .where(notes_table.c.customer_id == customer_id, notes_table.c.call_sid == call_sid, mine)
        .order_by(notes_table.c.at, notes_table.c.id)
    )
    async with asked.pages.database.read() as conn:
        return list(await conn.execute(query))


def tags_in(text: str) -> list[str]:
    """As they are typed: separated by commas, each once."""
    return list(dict.fromkeys(one for one in (part.strip() for part in text.split(",")) if one))
