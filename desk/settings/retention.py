"""How long what is kept of people is kept: the plan's `retention`, which whoever lowers it is asked about first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from starlette.datastructures import FormData
from starlette.responses import Response

from crm.audit import What
from crm.tables import audit
from desk.asking import Refused
from desk.pages import Asked, errors_of
from desk.settings.tabs import tab
from desk.site import Site

KINDS = {  # as the plan names them; in English, for the catalogue
    "recordings_days": ("Recordings", "Messages and talks that were recorded, also at the carrier."),
    "texts_days": ("Texts", "Texts in and out."),
    "said_days": ("What was said before a talk", "And the numbers of callers who are no customers."),
    "notes_days": ("Notes and stories", "Ours and theirs."),
    "interactions_days": ("Conversations", "And who is familiar with whom, which comes of them."),
    "promises_days": ("Promises", "Those that have ended, with their reasons."),
    "audit_days": ("Who did what", "Who read and changed what; see the next tab."),
    "strangers_days": ("Strangers", "Records of people of whom nothing else is left."),
}
GONE = {  # as what was deleted is called in the audit; in English, for the catalogue
    "recordings": "Recordings",
    "messages": "Messages",
    "texts": "Texts",
    "said": "What was said before a talk",
    "requests": "Requests to the carrier",
    "notes": "Notes and stories",
    "interactions": "Conversations",
    "promises": "Promises",
    "strangers": "Strangers",
    "audit": "Who did what",
}
LONGEST_DAYS = 36_500
NOTE = "How long things are kept, changed in the settings"
LATELY = 10


@dataclass(frozen=True, slots=True)
class Lowered:
    label: str
    before: int | None
    after: int


class Retention:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, asked: Asked) -> Response:
        plan = await asked.api.ask("GET", "/plan")
        typed = {name: _shown(plan.data["retention"][name]) for name in KINDS}
        return await self._page(asked, typed=typed, etag=plan.headers["etag"])

    async def change(self, asked: Asked) -> Response:
        """What was typed stays, whatever is refused."""
        form = await asked.form()
        typed = {name: str(form.get(name, "")).strip() for name in KINDS}
        etag = str(form.get("etag", ""))
        days, errors = _read(asked, typed)
        if errors:
            return await self._page(asked, 422, typed=typed, etag=etag, errors=errors)
        plan = await asked.api.ask("GET", "/plan")
        lowered = _lowered(asked, plan.data["retention"], days)
        if lowered and not _sure(form):
            return await self._page(asked, 422, typed=typed, etag=etag, lowered=lowered)
        try:
            await asked.api.ask(
                "PUT",
                "/plan",
                plan.data | {"retention": days},
                headers={"If-Match": etag, "X-Note": NOTE},
            )
        except Refused as refused:
            if refused.status == 412:
                told = asked.words(
                    "Somebody else has changed the rules meanwhile. Please look again, and save once more."
                )
                return await self._page(asked, 409, typed=typed, etag=plan.headers["etag"], told=told)
            names = {f"retention.{name}": name for name in KINDS}
            return await self._page(
                asked, refused.status, typed=typed, etag=etag, errors=errors_of(refused, asked.words, names)
            )
        now_in_force = await asked.api.ask("GET", "/plan")
        return await self._page(asked, typed=typed, etag=now_in_force.headers["etag"], saved=True)

    async def _page(self, asked: Asked, status: int = 200, **more: Any) -> Response:
        context = {"kinds": KINDS, "errors": {}, "lowered": [], "told": None, "saved": False} | more
        if asked.of_a_part:
            return asked.page("settings/retention_form.html", status, **context)
        async with asked.pages.database.read() as conn:
            expired = select(audit).where(audit.c.what == What.EXPIRED).order_by(audit.c.at.desc()).limit(LATELY)
            runs = [
                {"at": row.at, "rows": row.detail["rows"], "kind": asked.words(GONE.get(row.detail["kind"], ""))}
                for row in await conn.execute(expired)
                if row.detail
            ]
        return tab(asked, "retention", "retention", status, runs=runs, **context)


def _shown(days: int | None) -> str:
    return "" if days is None else str(days)


def _read(asked: Asked, typed: dict[str, str]) -> tuple[dict[str, int | None], dict[str, str]]:
    days: dict[str, int | None] = {}
    errors: dict[str, str] = {}
    for name, text in typed.items():
        if not text:
            days[name] = None
        elif text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LONGEST_DAYS:
            days[name] = int(text)
        else:
            errors[name] = asked.words("Days from 1 to 36500, or nothing.")
    return days, errors


def _lowered(asked: Asked, before: dict[str, int | None], after: dict[str, int | None]) -> list[Lowered]:
    """What will be deleted sooner than until now."""
    found = []
    for name, (label, _) in KINDS.items():
        was, becomes = before[name], after[name]
        if becomes is not None and (was is None or becomes < was):
            found.append(Lowered(asked.words(label), was, becomes))
    return found


def _sure(form: FormData) -> bool:
    return form.get("sure") == "on"
