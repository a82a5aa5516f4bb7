"""What happened to one promise, step by step, in sentences.  Pure; words are the reader's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.formats import Formats
from desk.promises import words as told
from desk.promises.view import Known, choices, risk


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    text: str
    by: str
    details: tuple[str, ...]


def steps(items: Iterable[Mapping[str, Any]], known: Known, f: Formats, now: datetime) -> list[Step]:
    """`items` as the API's history tells them."""
    return [
        Step(
            datetime.fromisoformat(item["at"]),
            f.words(told.STEPS.get(item["what"], item["what"])),
            by(item, known, f),
            tuple(_details(item, known, f, now)),
        )
        for item in items
    ]


def by(item: Mapping[str, Any], known: Known, f: Formats) -> str:
    who, way = item["by"], told.WAYS.get(item["by_way_of"])
    kind, _, agent_id = who.partition(":")
    if kind == "agent":
        name = known.agent(agent_id) or f.words("somebody who has left")
    else:
        name = f.words(told.BY.get(kind, kind))
    return f"{name}, {f.words(way)}" if way else name


def _details(item: Mapping[str, Any], known: Known, f: Formats, now: datetime) -> Iterator[str]:
    before, after = item["before"] or {}, item["after"] or {}
    if "due_at" in after:
        if before.get("due_at"):
            yield f.words(
                "from %(was)s to %(is)s", was=f.when(before["due_at"], now), **{"is": f.when(after["due_at"], now)}
            )
        else:
            yield f.words("for %(time)s", time=f.when(after["due_at"], now))
    if "agent" in after and after["agent"] != before.get("agent"):
        name = known.agent(after["agent"])
        yield f.words("by %(agent)s", agent=name) if name else f.words("by whoever is free")
    if "number" in after:
        yield f.words("another number (%(number)s)", number=after["number"])
    if "reason" in after:
        yield f.words("the reason")
    if "words" in after:
        yield f.words("the words of the text")
    if item["what"] == "at_risk" and "risk" in after:
        why = risk(after["risk"], None, f)
        if why:
            yield why
    if item["what"] == "choices" and after.get("choices"):
        yield choices(after["choices"], known, f, now)
