"""The form of the wrap-up as it begins: with what the telephone has written down, and what was begun already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desk.card import view
from desk.card.moments import Slot
from desk.card.notes import kept_in_call
from desk.pages import Asked

NEW = "new"  # of `case`: one that is opened with the wrap-up
FIELDS = ("outcome", "summary", "topic", "case", "mine", "follow", "at", "own", "follow_reason")


@dataclass(frozen=True, slots=True)
class WrapUp:
    """The form as it stands.  `confirmed`: is it solved, as the customer has said; null: they have not."""

    customer_id: str
    call_sid: str
    given: Mapping[str, str]
    cases: tuple[tuple[str, str], ...]
    confirmed: bool | None
    mine: bool
    slots: tuple[Slot, ...] = ()
    errors: Mapping[str, str] | None = None


async def wrap_up_of(asked: Asked, person: view.Person, call: view.Answer) -> WrapUp:
    recorded = await _recorded(asked, person.id, call["sid"])
    kept = await kept_in_call(asked, person.id, call["sid"])
    case = call["case"] or ""
    title = next((one.title for one in person.matters if one.id == case), "")
    given = dict.fromkeys(FIELDS, "") | {
        "outcome": "open" if case and recorded.get("confirmed") is not True else recorded.get("outcome", ""),
        "summary": kept.summary or _own_words(recorded, call),
        "topic": recorded.get("topic") or title,
        "case": case,
    }
    return WrapUp(
        person.id,
        call["sid"],
        given,
        tuple((one.id, one.title) for one in person.matters),
        recorded.get("confirmed"),
        person.together.chosen,
    )


def _own_words(recorded: Mapping[str, Any], call: view.Answer) -> str:
    """What the telephone writes down by itself is what they said beforehand: that is no summary of a talk."""
    summary = recorded.get("summary") or ""
    return "" if summary == (call["said"] or "") else summary


async def _recorded(asked: Asked, customer_id: str, call_sid: str) -> dict[str, Any]:
    found = await asked.api.get("/interactions", customer=customer_id, agent=asked.user.agent_id, limit=5)
    for one in found["items"]:
        if (one["external_id"] or "").split("/")[0] == call_sid and one["outcome"] in ("solved", "open"):
            return dict(one)
    return {}
