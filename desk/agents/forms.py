"""What is typed about an agent, as the API takes it; and as it is shown again when it is refused.  Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from anyascii import anyascii
from starlette.datastructures import FormData

from desk.agents.week import DAYS, MOST_SPANS, Week, from_form, read_week, write_week
from desk.words import Words

LANGUAGES = (
    *("it-IT", "en-GB", "en-US", "de-DE", "fr-FR", "es-ES", "pt-PT", "pt-BR", "nl-NL", "pl-PL", "ro-RO", "sq-AL"),
    *("el-GR", "tr-TR", "ru-RU", "uk-UA", "ar-SA", "zh-CN", "ja-JP", "hi-IN", "sl-SI", "hr-HR", "hu-HU", "sv-SE"),
)
PARTS = ("who", "reach", "languages", "skills", "hours", "bonds")
_PLAIN = {"who": ("name", "team", "external_id", "photo_url"), "bonds": ("stand_in", "successor")}
_MAY_NOT_BE_EMPTY = ("name",)


@dataclass(slots=True)
class Typed:
    """`body` is what the API is asked to write, `values` what the fields hold, `errors` what cannot be sent at all."""

    body: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def values_of(agent: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields hold before anybody types."""
    how, told = _address_parts(agent["address"])
    week = read_week(agent["hours"]) if agent["hours"] else Week()
    return {
        **{name: agent[name] or "" for names in _PLAIN.values() for name in names},
        **dict.fromkeys(("client", "sip", "number"), ""),
        "how": how,
        how: told,
        "other_language": "",
        "languages": list(agent["languages"]),
        "skills": [(skill, str(level)) for skill, level in sorted(agent["skills"].items())],
        "when": "any" if agent["hours"] is None else "week" if week is not None else "text",
        "hours_text": agent["hours"] or "",
        "week": week or Week(),
        "week_typed": {},
    }


def fresh(languages: Collection[str]) -> dict[str, Any]:
    """Of somebody who is new here."""
    nobody = {"name": "", "team": "", "external_id": "", "photo_url": "", "stand_in": "", "successor": ""}
    return values_of(nobody | {"address": "client:", "languages": list(languages), "skills": {}, "hours": None})


def read(given: FormData, words: Words, parts: Collection[str] = PARTS) -> Typed:
    typed = Typed()
    for part in parts:
        _READ[part](given, words, typed)
    return typed


def client_name(name: str, taken: Collection[str]) -> str:
    """Under which their browser rings: from their name, and not another agent's."""
    plain = re.sub(r"[^a-z0-9]+", ".", anyascii(name).lower()).strip(".")[:60] or "agent"
    wanted, n = plain, 1
    while f"client:{wanted}" in taken:
        n += 1
        wanted = f"{plain}.{n}"
    return wanted


def _plain(part: str, given: FormData, typed: Typed) -> None:
    for name in _PLAIN[part]:
        text = _text(given, name)
        typed.values[name] = text
        typed.body[name] = text if text or name in _MAY_NOT_BE_EMPTY else None


def _who(given: FormData, words: Words, typed: Typed) -> None:
    _plain("who", given, typed)


def _bonds(given: FormData, words: Words, typed: Typed) -> None:
    _plain("bonds", given, typed)


def _reach(given: FormData, words: Words, typed: Typed) -> None:
    how = _text(given, "how") if _text(given, "how") in ("client", "sip", "number") else "client"
    told = _text(given, how)
    typed.values |= {"how": how, **{name: _text(given, name) for name in ("client", "sip", "number")}}
    if how != "client" and not told:
        typed.errors[how] = words("Please say which one it is.")
    prefix = {"client": "client:", "sip": "" if told.lower().startswith(("sip:", "sips:")) else "sip:", "number": ""}
    typed.body["address"] = f"{prefix[how]}{told}"


def _languages(given: FormData, words: Words, typed: Typed) -> None:
    chosen = [str(tag) for tag in given.getlist("languages") if str(tag)]
    other = _text(given, "other_language")
    chosen = list(dict.fromkeys([*chosen, *([other] if other else [])]))
    typed.values |= {"languages": chosen, "other_language": ""}  # it stands among the others now
    typed.body["languages"] = chosen
    if not chosen:
        typed.errors["languages"] = words("At least one language is needed.")


def _skills(given: FormData, words: Words, typed: Typed) -> None:
    names, levels = ([str(one).strip() for one in given.getlist(kind)] for kind in ("skill", "level"))
    rows = [(name, level) for name, level in zip(names, levels, strict=False) if name]
    typed.values["skills"] = rows
    skills: dict[str, int] = {}
    for n, (name, level) in enumerate(rows):
        if not re.fullmatch(r"[0-9]{1,3}", level) or not 1 <= int(level) <= 100:
            typed.errors[f"level-{n}"] = words("A level is a whole number from 1 to 100.")
        elif name in skills:
            typed.errors[f"level-{n}"] = words("This skill is there twice.")
        else:
            skills[name] = int(level)
    typed.body["skills"] = skills


def _hours(given: FormData, words: Words, typed: Typed) -> None:
    when = _text(given, "when")
    week, wrong = from_form({name: str(value) for name, value in given.multi_items()})
    typed.values |= {"when": when, "week": week, "hours_text": _text(given, "hours_text")}
    typed.values["week_typed"] = {
        name: _text(given, name)
        for day in DAYS
        for n in range(MOST_SPANS)
        for name in (f"{day}-{n}-from", f"{day}-{n}-to")
    }
    if when == "week":
        for day, what in wrong.items():
            told = "Please give both times." if what == "half" else "Each time lies after the one before it."
            typed.errors[f"day-{day}"] = words(told)
        if week.is_empty and not wrong:
            typed.errors["week"] = words("In no hour of the week would this person be here.")
        typed.body["hours"] = write_week(week)
    else:
        typed.body["hours"] = (_text(given, "hours_text") or None) if when == "text" else None


_READ = {
    "who": _who,
    "reach": _reach,
    "languages": _languages,
    "skills": _skills,
    "hours": _hours,
    "bonds": _bonds,
}


def field_names(typed: Typed) -> dict[str, str]:
    """What the API calls a field -> where its message stands."""
    names = {"address": typed.values.get("how", "client"), "hours": "hours_text"}
    names |= {f"skills.{skill}": f"level-{n}" for n, (skill, _) in enumerate(typed.values.get("skills", ()))}
    names |= {f"skills.{skill}.[key]": f"level-{n}" for n, (skill, _) in enumerate(typed.values.get("skills", ()))}
    return names | {f"languages[{n}]": "languages" for n in range(len(typed.values.get("languages", ())))}


def _address_parts(address: str) -> tuple[str, str]:
    if address.startswith("client:"):
        return "client", address.removeprefix("client:")
    if address.startswith(("sip:", "sips:")):
        return "sip", address.removeprefix("sip:")
    return "number", address


def _text(given: FormData, name: str) -> str:
    return str(given.get(name) or "").strip()
