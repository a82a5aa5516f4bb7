"""What happened with a person, the latest first, searched and by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from desk.asking import Refused
from desk.card.gather import names_of
from desk.formats import Formats
from desk.pages import Asked, errors_of
from desk.words import Words

PAGE = 20
KINDS: Mapping[str, tuple[str, str]] = {  # label, drawing
    "call": ("Conversation", "phone"),
    "text": ("Text message", "speech"),
    "voicemail": ("Voice message", "mic"),
    "promise": ("Promise", "promise"),
    "note": ("Note", "edit"),
    "case": ("Matter", "case"),
}
_STATES = {
    "received": "from them",
    "delivered": "delivered",
    "sent": "sent",
    "queued": "on its way",
    "failed": "not delivered",
    "undelivered": "not delivered",
    "opened": "opened",
    "solved": "solved",
    "reopened": "opened again",
    "promised": "open",
    "due": "due now",
    "ringing_agent": "being kept now",
    "ringing_customer": "being kept now",
    "talking": "being kept now",
    "kept": "kept",
    "broken": "kept too late",
    "cancelled": "given up",
    "merged": "joined to another",
    "unreachable": "not reached",
}
OUTCOMES = {
    "solved": "Solved",
    "open": "Left open",
    "transferred": "Passed on to a colleague",
    "abandoned": "Hung up before anybody answered",
    "talked": "A conversation",  # nobody has said how it ended
}


@dataclass(frozen=True, slots=True)
class Item:
    at: str
    label: str
    drawing: str
    summary: str
    state: str | None
    agent: str | None
    shared: bool


async def timeline(asked: Asked, customer_id: str) -> Response:
    """The search with its first page, or with a cursor the further ones alone."""
    asking, part = await asked.asking(), "part" in asked.request.query_params
    q, kind = str(asking.get("q", "")).strip(), str(asking.get("kind", ""))
    cursor = str(asking.get("cursor", "")) or None
    template = "card/timeline_items.html" if cursor or part else "card/timeline.html"
    narrowed = {"q": q or None, "kind": kind if kind in KINDS else None, "cursor": cursor, "limit": PAGE}
    context: dict[str, Any] = {"id": customer_id, "q": q, "kind": kind, "kinds": kinds(asked.words), "error": None}
    try:
        found = await asked.api.get(f"/customers/{customer_id}/timeline", **narrowed)
    except Refused as refused:
        error = " ".join(errors_of(refused, asked.words).values())
        return asked.page(template, refused.status, **context | {"items": [], "next": None, "error": error})
    names = await names_of(asked, {one["agent"] for one in found["items"] if one["agent"]})
    now = asked.pages.clock.now()
    items = [shown(asked.words, asked.formats, now, one, names) for one in found["items"]]
    return asked.page(template, **context, items=items, next=found["next"])


def kinds(words: Words) -> list[tuple[str, str]]:
    return [("", words("Everything")), *((kind, words(label)) for kind, (label, _) in KINDS.items())]


def shown(words: Words, f: Formats, now: datetime, one: Mapping[str, Any], names: Mapping[str, str]) -> Item:
    label, drawing = KINDS[one["kind"]]
    summary = words(OUTCOMES.get(one["summary"], one["summary"]))
    if one["kind"] in ("case", "promise", "voicemail"):
        summary = summary.removeprefix(f"{one['state']}: ")
    if one["kind"] in ("promise", "voicemail"):
        summary = _in_words(summary, f, now)
    state = words(_STATES[one["state"]]) if one["state"] in _STATES else None
    return Item(
        at=one["at"],
        label=words(label),
        drawing=drawing,
        summary=summary,
        state=state,
        agent=names.get(one["agent"] or ""),
        shared=one["shared"],
    )


def _in_words(summary: str, f: Formats, now: datetime) -> str:
    """Of a promise without a reason the API tells the time alone, as programs read it."""
    try:
        due_at = datetime.fromisoformat(summary)
    except ValueError:
        return summary
    return f.when(due_at, now) if due_at.tzinfo else summary
