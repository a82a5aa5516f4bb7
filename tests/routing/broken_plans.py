"""A plan that uses everything, and hundreds of ways in which it could have been written wrong."""

from __future__ import annotations

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from api.problems import field_name

Path = tuple[str | int, ...]

RICH: dict[str, Any] = {
    "hours": "Mo-Fr 08:00-20:00; Sa 09:00-13:00; PH off",
    "lines": {
        "+390612345678": {
            "name": "Loans",
            "hours": "Mo-Fr 09:00-18:00",
            "language": "it-IT",
            "agent_language": "it",
            "skills": {"loans": 2},
            "teams": ["north", "south"],
        }
    },
    "worth": {
        "preferred_seconds": 100,
        "case_owner_seconds": 80,
        "familiar_seconds": 50,
        "stand_in_seconds": 20,
        "kept_seconds": 500,
        "skill_level_seconds": 3,
        "agents": {"agt_1": 10},
    },
    "urgency": {
        "repeated_seconds": 50,
        "broken_promise_seconds": 100,
        "transferred_seconds": 50,
        "cut_off_seconds": 100,
        "ending_promise_seconds": 500,
        "extra_seconds": 5,
    },
    "load": {"spread_points": 15, "spare_wanted": False},
    "service": {
        "choice_after_seconds": 15,
        "callback_window_seconds": 240,
        "callback_confidence": 0.95,
        "owner_wait_seconds": 60,
        "remind_minutes": 30,
        "call_hours": "09:00-20:00",
    },
    "retention": {
        "recordings_days": 30,
        "texts_days": 30,
        "said_days": 30,
        "notes_days": 30,
        "interactions_days": 3000,
        "promises_days": 30,
        "audit_days": 1095,
        "strangers_days": 30,
    },
    "greet_by_name": False,
    "ask_solved": "both",
    "recording": "ask",
    "keep_after_transfers": 3,
    "phrases": {"it": {"greet": ["{hello}, {name}."]}},
    "limits": {
        "promises_per_number_a_day": 5,
        "promises_a_minute": 30,
        "countries": ["IT", "DE"],
        "spend_a_day": 50.0,
        "spend_alarm_share": 0.4,
        "price_per_minute": {"": 0.1, "+39": 0.02},
    },
    "ring_seconds": 25,
    "wrap_up_seconds": 40,
    "breather_seconds": 90,
    "breather_from_level": 3,
    "wait_unasked_seconds": 20,
    "wait_unasked_chance": 0.6,
    "protect_promise_seconds": 250,
    "misses_until_away": 3,
    "talk_seconds": 200,
    "callback_attempts": 4,
    "callback_retry_minutes": 20,
    "widen": [
        {"after_seconds": 60, "lower_skills_by": 1, "any_language": False, "any_team": True},
        {"after_seconds": 180, "lower_skills_by": 2, "any_language": True, "any_team": True},
    ],
    "rules": [
        {
            "name": "Lunch at the loans desk",
            "when": {
                "all": [
                    {"line": "+390612345678"},
                    {"hours": "Mo-Fr 12:00-14:00"},
                    {"any": [{"floor": {"ready_at_most": 2, "ready_at_least": 1}}, {"waiting_at_least": 10}]},
                    {"not": {"waited_at_least_seconds": 300}},
                ]
            },
            "then": {
                "worth": {
                    "preferred_seconds": 60,
                    "case_owner_seconds": 60,
                    "familiar_seconds": 30,
                    "stand_in_seconds": 10,
                    "skill_level_seconds": 1,
                },
                "urgency_seconds": 30,
                "wait_unasked_seconds": 10,
                "wait_unasked_chance": 0.8,
                "ring_seconds": 15,
                "skills": {"loans": 3},
                "teams": ["north"],
                "language": "de-CH",
                "widen": [{"after_seconds": 30, "lower_skills_by": 1, "any_language": True, "any_team": True}],
                "agent": "agt_1",
                "agent_seconds": 45,
            },
            "last": True,
        },
        {
            "name": "Tired of us",
            "when": {
                "caller": {
                    "known": True,
                    "tag": "vip",
                    "language": "it-IT",
                    "weary_level_at_least": 2,
                    "open_matter": True,
                    "preferred_agent": True,
                    "calls_lately_at_least": 3,
                }
            },
            "then": {"urgency_seconds": 60, "agent_seconds": 30},
            "last": False,
        },
    ],
}

HOURS = ("9-17", "always", "Mo-Fr 25:00-26:00", "Mo-Fr 09:00", "Xx 09:00-18:00", "Mo-Fr 09:00-18:00 or so")
OUT_OF_BOUNDS: tuple[tuple[Path, tuple[Any, ...]], ...] = (
    *(
        (("worth", name), (-1, 7201, 1.5))
        for name in ("preferred_seconds", "case_owner_seconds", "familiar_seconds", "stand_in_seconds")
    ),
    (("worth", "skill_level_seconds"), (-1, 7201)),
    (("worth", "agents", "agt_1"), (-1, 7201)),
    *((("urgency", name), (-1, 7201)) for name in RICH["urgency"]),
    (("load", "spread_points"), (-1, 101)),
    (("service", "choice_after_seconds"), (-1, 61)),
    (("service", "callback_window_seconds"), (59, 3601)),
    (("service", "callback_confidence"), (0.4, 1)),
    (("service", "owner_wait_seconds"), (-1, 3601)),
    (("service", "remind_minutes"), (-1, 1441)),
    (("urgency", "ending_promise_seconds"), (-1, 7201)),
    (("limits", "promises_per_number_a_day"), (0, 1001)),
    (("limits", "promises_a_minute"), (0, 100_001)),
    (("limits", "spend_a_day"), (-1, 10_000_001)),
    (("limits", "spend_alarm_share"), (0, 1.1)),
    (("keep_after_transfers",), (-1, 21)),
    *((("retention", name), (0, 36_501)) for name in RICH["retention"]),
    (("ring_seconds",), (4, 121)),
    (("wrap_up_seconds",), (-1, 7201)),
    (("breather_seconds",), (-1, 7201)),
    (("breather_from_level",), (0, 4)),
    (("wait_unasked_seconds",), (-1, 7201)),
    (("wait_unasked_chance",), (-0.1, 1.1, float("nan"), float("inf"))),
    (("protect_promise_seconds",), (-1, 7201)),
    (("misses_until_away",), (0, 11)),
    (("talk_seconds",), (29, 7201)),
    (("callback_attempts",), (0, 11)),
    (("callback_retry_minutes",), (0, 1441)),
    (("widen", 0, "after_seconds"), (-1, 7201)),
    (("widen", 1, "lower_skills_by"), (-1, 101)),
    (("rules", 0, "then", "urgency_seconds"), (-1, 7201)),
    (("rules", 0, "then", "wait_unasked_chance"), (-1, 2)),
    (("rules", 0, "then", "ring_seconds"), (0, 121)),
    (("rules", 0, "then", "skills", "loans"), (0, 101)),
    (("rules", 0, "then", "agent"), ("", "x" * 201)),
    (("rules", 0, "then", "language"), ("italiano!", "")),
    (("rules", 0, "name"), ("", "x" * 201)),
    (("rules", 1, "when", "caller", "weary_level_at_least"), (0, 4)),
    (("rules", 1, "when", "caller", "calls_lately_at_least"), (0, 1001)),
    (("rules", 0, "when", "all", 2, "any", 1, "waiting_at_least"), (-1, 100_001)),
    (("rules", 0, "when", "all", 3, "not", "waited_at_least_seconds"), (-1, 7201)),
    (("lines", "+390612345678", "language"), ("italiano!",)),
    *(
        (path, HOURS)
        for path in (("hours",), ("lines", "+390612345678", "hours"), ("rules", 0, "when", "all", 1, "hours"))
    ),
)
CONDITION: Path = ("rules", 0, "when", "all", 0)
NO_CONDITIONS: tuple[Any, ...] = (
    {},
    {"line": "+390612345678", "hours": "24/7"},
    {"weather": "rain"},
    {"and": []},
    {"1": 1},
    None,
    [],
    "always",
    True,
)
REQUIRED: tuple[Path, ...] = (
    ("rules", 0, "name"),
    ("rules", 0, "when"),
    ("rules", 1, "then"),
    ("widen", 0, "after_seconds"),
    ("rules", 0, "then", "widen", 0, "after_seconds"),
)
WRONG_TYPES = {
    bool: (3, "yes"),
    int: ("soon", [1]),
    float: ("likely", {}),
    str: (7, []),
    list: ({}, "x"),
    dict: ([], "x"),
}


class Broken(NamedTuple):
    where: str  # the place that must be named
    plan: Any


def broken(seed: int = 2026) -> Iterator[Broken]:
    """By family; those that could be made at any place are made at every place, and then two at a time at random."""
    singles = [
        *_out_of_bounds(),
        *_unknown_fields(),
        *_wrong_types(),
        *_texts(),
        *_conditions(),
        *_missing(),
        *_too_much(),
    ]
    yield from singles
    chance = random.Random(seed)
    for _ in range(100):  # what is wrong twice is refused all the same
        path, value = chance.choice(OUT_OF_BOUNDS)
        one = chance.choice([single for single in singles if isinstance(single.plan, dict)])
        try:
            yield Broken(one.where, _with(one.plan, path, chance.choice(value)))
        except (LookupError, TypeError):
            yield one  # the place is gone with the first fault


def junk(chance: random.Random, depth: int = 0) -> Any:
    """Any JSON, with many of a plan's own names in it."""
    kind = chance.randrange(9 if depth < 5 else 6)
    match kind:
        case 0:
            return chance.choice([None, True, False])
        case 1:
            return chance.choice([0, 1, -1, 30, 7200, 10**30, 2**63])
        case 2:
            return chance.choice([0.0, 0.5, -0.5, 1e308, float("nan"), float("inf")])
        case 3 | 4 | 5:
            return chance.choice(
                ["", "x", "24/7", "it-IT", "+390612345678", "\x00", "\ud800", "Mo-Fr 09:00-18:00", "é" * 300]
            )
        case 6:
            return [junk(chance, depth + 1) for _ in range(chance.randrange(4))]
        case _:
            return {chance.choice(NAMES): junk(chance, depth + 1) for _ in range(chance.randrange(5))}


def places(written: Any = RICH, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    yield at, written
    if isinstance(written, dict | list):
        for name, value in written.items() if isinstance(written, dict) else enumerate(written):
            yield from places(value, (*at, name))


NAMES = sorted({str(path[-1]) for path, _ in places() if path and isinstance(path[-1], str)} | {"", "\ud800", "\x00"})
FREE = {"lines", "skills", "agents"}  # objects whose names are anybody's


def _out_of_bounds() -> Iterator[Broken]:
    for path, values in OUT_OF_BOUNDS:
        for value in values:
            yield _broken(path, value)


def _unknown_fields() -> Iterator[Broken]:
    for path, value in places():
        if isinstance(value, dict) and (not path or path[-1] not in FREE):
            condition = "when" in path and (path[-1] in ("when", "not") or isinstance(path[-1], int))
            yield Broken(_name(path if condition else (*path, "music")), _with(RICH, (*path, "music"), "Vivaldi"))


def _wrong_types() -> Iterator[Broken]:
    for path, value in places():
        for wrong in WRONG_TYPES[type(value)]:
            yield _broken(path, wrong)


def _texts() -> Iterator[Broken]:
    for path, value in places():
        if isinstance(value, str) and path[-1] != "hours":
            of_a_list = isinstance(path[-1], int)  # which is looked at as one, as phrases are
            place = path[:1] if path[0] == "phrases" else path[:-1] if of_a_list else path
            yield Broken(_name(place), _with(RICH, path, "a\x00b"))
    for path in (("rules", 0, "then", "skills"), ("worth", "agents")):
        yield _broken(path, {"\x00": 1})


def _conditions() -> Iterator[Broken]:
    for wrong in NO_CONDITIONS:
        yield _broken(CONDITION, wrong)
        yield _broken((*CONDITION[:3], "all", 3, "not"), wrong)
    for kind in ("all", "any"):
        yield Broken(f"rules[1].when.{kind}", _with(RICH, ("rules", 1, "when"), {kind: []}))
    deep: Any = {"line": "+390612345678"}
    for _ in range(2000):
        deep = {"not": deep}
    yield _broken(("rules", 1, "when"), deep)
    many = [{"waiting_at_least": n} for n in range(31)]
    yield Broken("rules[1].when.any", _with(RICH, ("rules", 1, "when"), {"any": many}))
    yield _broken(("rules", 1, "when"), {"all": [{"any": many[:30]} for _ in range(4)]})


def _missing() -> Iterator[Broken]:
    for path in REQUIRED:
        plan = deepcopy(RICH)
        del _at(plan, path[:-1])[path[-1]]
        yield Broken(_name(path), plan)


def _too_much() -> Iterator[Broken]:
    rule, step = RICH["rules"][1], RICH["widen"][0]
    yield _broken(("rules",), [rule] * 101)
    yield _broken(("widen",), [step] * 21)
    yield _broken(("rules", 0, "then", "widen"), [step] * 21)
    yield _broken(("rules", 0, "then", "teams"), ["north"] * 101)
    yield _broken(("lines",), {f"+39061{n:06}": {} for n in range(1001)})
    yield Broken("offer_after_seconds", RICH | {"offer_after_seconds": 10})  # said twice: which one holds?
    yield Broken("service.choice_after_seconds", RICH | {"service": {}, "offer_after_seconds": 61})


def _broken(path: Path, value: Any) -> Broken:
    return Broken(_name(path), _with(RICH, path, value))


def _name(path: Path) -> str:
    return field_name(path) if path else ""


def _with(plan: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    changed = deepcopy(plan)
    _at(changed, path[:-1])[path[-1]] = value
    return changed


def _at(plan: Any, path: Path) -> Any:
    for step in path:
        plan = plan[step]
    return plan
