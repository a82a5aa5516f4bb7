"""Who did what, to whom and when: the audit, with names in place of ids.  To look at it is not to read a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import select
from starlette.responses import Response

from api.tables import tokens
from crm.audit import HOUSE, What
from desk.card.serves import REASONS
from desk.pages import Asked
from desk.settings.named import named
from desk.settings.tabs import AT, tab
from desk.site import Site
from desk.tables import users

PAGE = 50
DONE = {  # in English, for the catalogue
    What.READ: "Looked at a person",
    What.SEARCHED: "Found in a search",
    What.MADE: "Made a record",
    What.CHANGED: "Changed a record",
    What.ERASED: "Erased a person",
    What.EXPORTED: "Exported a person",
    What.MERGED: "Merged two records",
    What.SPLIT: "Told two records apart",
    What.CONSENT: "Wrote down a yes or no",
    What.PROOF: "Proof by code",
    What.STORY_EXPORT: "Exported stories",
    What.IMPORTED: "Imported a file",
    What.PLAN_PUBLISHED: "Published rules",
    What.TOKEN_MADE: "Made a token",
    What.TOKEN_REVOKED: "Revoked a token",
    What.SIGNED_IN: "Signed in",
    What.SIGNED_OUT: "Signed out",
    What.PASSWORD_CHOSEN: "Chose a password",
    What.SECOND_FACTOR_ON: "Turned on a second factor",
    What.SECOND_FACTOR_OFF: "Turned off their second factor",
    What.SECOND_FACTOR_RESET: "Took away a second factor",
    What.RECOVERY_CODES: "Made new recovery codes",
    What.USER_MADE: "Made an account",
    What.USER_CHANGED: "Changed an account",
    What.USER_DISABLED: "Shut somebody out",
    What.USER_ENABLED: "Let somebody in again",
    What.USER_INVITED: "Gave a link to sign in",
    What.INTERVENED: "Ended a stuck state",
    What.HANDED_OVER: "Handed people over",
    What.EXPIRED: "Deleted what was kept long enough",
}
DETAILS = {  # what is told beside it; in English, for the catalogue
    "part": "part",
    "fields": "fields",
    "other": "other",
    "kind": "kind",
    "given": "given",
    "rows": "rows",
    "version": "version",
    "token": "token",
    "of": "rights",
    "how": "by",
    "second": "with",
    "user": "person",
    "sessions": "browsers",
    "agent": "agent",
    "successor": "successor",
    "reason": "reason",
    "mode": "how",
    "ended": "ended",
    "source": "source",
    "recordings": "recordings",
}
VALUES = {  # and what stands there as a code; in English, for the catalogue
    **REASONS,
    "True": "yes",
    "False": "no",
    "profile": "profile",
    "timeline": "history",
    "notes": "notes",
    "note": "note",
    "story": "story",
    "stories": "stories",
    "familiar": "who knows them",
    "weariness": "what has tired them",
    "consents": "consents",
    "callbacks": "promises",
    "callback": "a promise",
    "callback_history": "how a promise went",
    "promise": "a promise",
    "cases": "matters",
    "case": "a matter",
    "case_history": "what became of a matter",
    "interactions": "talks",
    "call": "a call",
    "calls": "calls",
    "colleagues": "colleagues",
    "merges": "merged records",
    "name": "their name, as it rang",
    "try": "a rehearsed call",
    "vetoes": "whom they decline",
    "talk": "talk",
    "wrap_up": "wrap-up",
    "listen": "listened",
    "whisper": "whispered",
    "join": "joined",
    "call_ended": "a call",
    "agent_released": "what held an agent",
    "promise_released": "what held a promise",
    "manager": "manager",
    "service": "program",
}
FIELDS = {  # what was changed of somebody or something; in English, for the catalogue
    "name": "name",
    "given": "given name",
    "surname": "surname",
    "called": "what they are called",
    "title": "form of address",
    "gender": "grammatical gender",
    "say": "how it is said",
    "language": "language",
    "formal": "manner",
    "phones": "numbers",
    "addresses": "addresses",
    "email": "e-mail",
    "photo_url": "photo",
    "preferred_agent": "agent of their choice",
    "stand_ins": "stand-ins",
    "time_zone": "time zone",
    "quiet_hours": "quiet hours",
    "style": "how they like it",
    "notes": "notes",
    "life_notes": "notes about their life",
    "tags": "tags",
    "external_id": "external id",
    "not_the_same": "not the same person",
    "words": "words",
    "outcome": "how it ended",
    "topic": "topic",
    "summary": "summary",
    "case": "a matter",
    "mine": "agent of their choice",
    "role": "rights",
    "agent_id": "agent",
    "address": "where they listen",
}
WORKS = {  # by which of its works the house itself did it; in English, for the catalogue
    "retention": "what was kept long enough",
    "user command": "a command on the server",
    "import": "an import on the server",
    "export": "an export on the server",
}
_IDS = ("call",)  # says nothing to a reader
FILTERS = ("by", "what", "customer", "from", "to")


class AuditLog:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, asked: Asked) -> Response:
        query = asked.request.query_params
        chosen = {name: query.get(name, "") for name in FILTERS}
        if chosen["what"] not in {str(what) for what in What}:
            chosen["what"] = ""
        wanted = {name: chosen[name] or None for name in ("by", "what", "customer")}
        zone = ZoneInfo(asked.pages.house.zone)
        wanted |= {"from": _moment(chosen["from"], zone), "to": _moment(chosen["to"], zone, days=1)}
        listed = await asked.api.get("/audit", limit=PAGE, cursor=query.get("cursor"), **wanted)
        async with asked.pages.database.read() as conn:
            ids = {one for row in listed["items"] for one in _ids(row)} | {chosen["customer"]}
            names = await named(conn, ids)
            who = [(row.id, row.name) for row in await conn.execute(_who(users))]
            programs = [(row.id, row.name) for row in await conn.execute(_who(tokens))]
        address = urlencode({name: value for name, value in chosen.items() if value})
        return tab(
            asked,
            "audit",
            "audit",
            rows=listed["items"],
            next=listed["next"],
            names=names,
            chosen=chosen,
            who=who,
            programs=programs,
            done={str(what): DONE.get(what, str(what)) for what in What},
            house=HOUSE,
            works=WORKS,
            address=f"{AT}/audit" + (f"?{address}" if address else ""),
            details=[_details(asked, row, names) for row in listed["items"]],
        )


def _who(table: Any) -> Any:
    return select(table.c.id, table.c.name).order_by(table.c.name, table.c.id).limit(500)


def _ids(row: Mapping[str, Any]) -> list[str | None]:
    detail = row["detail"] or {}
    return [row["by"], row["agent"], row["customer"], *(str(detail.get(key, "")) for key in ("user", "token", "other"))]


def _details(asked: Asked, row: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs of a word and what it is, ids as names."""
    detail: Mapping[str, Any] = row["detail"] or {}
    told = {key: value for key, value in detail.items() if value not in (None, "") and key not in _IDS}
    return [(asked.words(DETAILS.get(key, key)), _told(asked, key, value, names)) for key, value in told.items()]


def _told(asked: Asked, key: str, value: Any, names: Mapping[str, str]) -> str:
    if key == "fields":
        fields = value if isinstance(value, list) else str(value).split(",")
        return ", ".join(asked.words(FIELDS.get(one, one)) for one in map(str, fields))
    text = str(value)
    return names.get(text) or (asked.words(VALUES[text]) if text in VALUES else text)


def _moment(day: str, zone: ZoneInfo, days: int = 0) -> str | None:
    """The midnight at which a day begins, or ends, by the clock of the house; null for what is no day."""
    try:
        found = date.fromisoformat(day) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(found, time(), zone).isoformat() if 1900 <= found.year < 2200 else None
