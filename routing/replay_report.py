"""An answer of a replay as lines to be read, Italian or English: what a terminal shows.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from routing.house import House

_ITALIAN = {
    "head": "{calls} chiamate dal {start} al {end}, {plan}.",
    "published": "con il piano in vigore (versione {version})",
    "built_in": "con il piano che c'è senza che nessuno l'abbia scritto",
    "given": "con il piano dato",
    "past": "allora",
    "replayed": "con il piano",
    "answered": "risposte",
    "abandoned": "riagganciate in attesa",
    "returning_familiar_rate": "chi conosce qualcuno ha trovato chi conosce",
    "familiar_rate": "di tutti, ha trovato chi conosce",
    "median_wait_seconds": "attesa mediana, s",
    "p90_wait_seconds": "nove su dieci entro, s",
    "offered_callbacks": "proposta di richiamare",
    "closed": "trovato chiuso",
    "nobody_here": "nessuno che potesse rispondere",
    "another": "A {n} chiamate avrebbe risposto un'altra persona.",
    "worse": "A {n} persone sarebbe andata peggio; le più gravi:",
    "nobody_worse": "A nessuno sarebbe andata peggio.",
    "load": "Il lavoro di ciascuno",
    "calls_of": "chiamate",
    "hours_of": "ore al telefono",
    "taken": "Si è dato per scontato:",
}
_ENGLISH = {
    "head": "{calls} calls from {start} to {end}, {plan}.",
    "published": "under the plan in force (version {version})",
    "built_in": "under the plan that is there without anybody having written one",
    "given": "under the plan given",
    "past": "then",
    "replayed": "this plan",
    "answered": "answered",
    "abandoned": "hung up waiting",
    "returning_familiar_rate": "who knows somebody reached one they know",
    "familiar_rate": "of all, reached one they know",
    "median_wait_seconds": "median wait, s",
    "p90_wait_seconds": "nine of ten within, s",
    "offered_callbacks": "offered a call back",
    "closed": "found the house closed",
    "nobody_here": "found nobody who can help",
    "another": "{n} calls would have been answered by another agent.",
    "worse": "{n} people would have fared worse; the worst:",
    "nobody_worse": "Nobody would have fared worse.",
    "load": "Everybody's work",
    "calls_of": "calls",
    "hours_of": "hours on the phone",
    "taken": "Taken for granted:",
}
_COUNTS = ("answered", "abandoned")
_SHARES = ("returning_familiar_rate", "familiar_rate")
_OTHERS = ("median_wait_seconds", "p90_wait_seconds", "offered_callbacks", "closed", "nobody_here")
UNKNOWN = "-"


def report(answer: Mapping[str, Any], house: House) -> Iterator[str]:
    """`answer` as `replay_work` gives it."""
    words = _ITALIAN if house.language.lower().startswith("it") else _ENGLISH
    zone, version = ZoneInfo(house.zone), answer["plan_version"]
    key = "given" if version is None else "published" if version else "built_in"
    plan = words[key].format(version=version)
    spans = {"start": _when(answer["from"], zone), "end": _when(answer["to"], zone)}
    yield words["head"].format(calls=answer["calls"], plan=plan, **spans)
    yield ""
    yield from _figures(answer, words)
    yield ""
    yield words["another"].format(n=answer["answered_by_another"])
    yield words["worse" if answer["worse_off"] else "nobody_worse"].format(n=answer["people_worse_off"])
    for one in answer["worse_off"]:
        why = f" {one['why']}" if one["why"] else ""
        yield f"  {one['name'] or one['customer']}, {_when(one['at'], zone)}: {one['sentence']}{why}"
    yield ""
    yield from _loads(answer, words)
    yield ""
    yield words["taken"]
    for one in answer["assumptions"]:
        yield f"- {one}"


def _figures(answer: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    past, replayed = answer["past"], answer["replayed"]
    width = max(len(words[name]) for name in (*_COUNTS, *_SHARES, *_OTHERS))
    yield _line(width, "", words["past"], words["replayed"])
    for name in _COUNTS:
        yield _line(
            width, words[name], *(f"{one[name]} ({_share(one[name], answer['calls'])})" for one in (past, replayed))
        )
    for name in _SHARES:
        yield _line(
            width, words[name], *(UNKNOWN if one[name] is None else f"{one[name]:.1%}" for one in (past, replayed))
        )
    for name in _OTHERS:
        yield _line(
            width, words[name], *(UNKNOWN if one[name] is None else f"{one[name]:.0f}" for one in (past, replayed))
        )


def _loads(answer: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    loads = sorted(answer["load"], key=lambda one: (one["name"], one["agent"]))
    timed = all(one["replayed_talk_seconds"] is not None for one in loads)
    width = max((len(one["name"]) for one in loads), default=0)
    width = max(width, len(words["load"]), len(words["calls_of"]), len(words["hours_of"]))
    units = [words["calls_of"]] * 2 + [words["hours_of"]] * 2 * timed
    yield _line(width, words["load"], *(words[when] for _ in units[::2] for when in ("past", "replayed")))
    yield _line(width, "", *units)
    for one in loads:
        spent = [one[name] for name in ("past_talk_seconds", "replayed_talk_seconds")] if timed else []
        talked = (f"{seconds / 3600:.1f}" for seconds in spent)
        yield _line(width, one["name"], str(one["past_calls"]), str(one["replayed_calls"]), *talked)


def _line(width: int, name: str, *cells: str) -> str:
    return f"{name:<{width}}" + "".join(f"  {cell:>18}" for cell in cells)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else UNKNOWN


def _when(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
