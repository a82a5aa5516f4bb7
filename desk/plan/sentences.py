"""What a plan says, read back in sentences in the reader's language.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from babel import Locale
from babel.dates import format_date, get_day_names

from desk.formats import Formats
from desk.plan import conditions, effects, values, weeks
from desk.plan.conditions import Demand, Group, Node
from desk.plan.situations import SITUATIONS
from desk.plan.weeks import Times, Week
from desk.words import Words

_DEMANDS: Mapping[str, tuple[str, str]] = {  # what holds, and its opposite
    "known": ("we know who is calling", "we do not know who is calling"),
    "tag": ("they have the tag %(value)s", "they do not have the tag %(value)s"),
    "language": ("they speak %(value)s", "they do not speak %(value)s"),
    "open_matter": ("a matter of theirs is open", "no matter of theirs is open"),
    "preferred_agent": ("they have chosen an agent of their own", "they have chosen no agent of their own"),
    "calls_lately_at_least": (
        "they have talked with us at least %(value)s times in seven days",
        "they have talked with us fewer than %(value)s times in seven days",
    ),
    "line": ("they call %(value)s", "they do not call %(value)s"),
    "hours": ("it is %(value)s", "it is not %(value)s"),
    "ready_at_least": ("at least %(value)s agents are free", "fewer than %(value)s agents are free"),
    "ready_at_most": ("at most %(value)s agents are free", "more than %(value)s agents are free"),
    "waiting_at_least": ("at least %(value)s others are waiting", "fewer than %(value)s others are waiting"),
    "waited_at_least_seconds": ("they have waited %(value)s", "they have waited less than %(value)s"),
    conditions.ANYBODY: ("anybody calls", "nobody calls"),
}
_WEARY: Mapping[Any, tuple[str, str]] = {
    1: ("they are at least a little tired of us", "they are not tired of us at all"),
    2: ("they are tired of us", "they are hardly tired of us"),
    3: ("they are very tired of us", "they are not very tired of us"),
}
_EFFECTS: Mapping[str, str] = {
    "urgency_seconds": "they go ahead as if they had waited %(value)s longer",
    "wait_unasked_seconds": "they are kept unasked, up to %(value)s, for an agent they know",
    "wait_unasked_chance": "they are kept unasked only if the chance is at least %(value)s",
    "ring_seconds": "a phone rings %(value)s before the next one",
    "language": "the agent must speak %(value)s",
    "skills": "the agent needs %(value)s",
    "teams": "an agent of %(value)s answers",
    "widen": "others may answer: %(value)s",
    "agent": "having %(value)s is worth %(seconds)s of waiting",
    "worth.preferred_seconds": "the agent they have chosen is worth %(value)s of waiting",
    "worth.case_owner_seconds": "the agent who holds their open matter is worth %(value)s of waiting",
    "worth.familiar_seconds": "an agent who knows them is worth %(value)s of waiting",
    "worth.stand_in_seconds": "a stand-in is worth %(value)s of waiting",
    "worth.kept_seconds": "the agent who keeps them is worth %(value)s of waiting",
    "worth.skill_level_seconds": "each level of skill beyond what is needed is worth %(value)s of waiting",
}


@dataclass(frozen=True, slots=True)
class Teller:
    """Speaks to one reader.  `agents`: id -> name; `lines`: our number -> what it is called."""

    words: Words
    formats: Formats
    agents: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)

    def rule(self, rule: Any) -> str:
        """When …: …."""
        if not isinstance(rule, dict):
            return "…"
        when = self.when(conditions.tidy(conditions.tree_of(rule.get("when"))))
        then = self.then(rule.get("then"))
        told = self.words("When %(when)s: %(then)s.", when=when, then=then)
        return f"{told} {self.words('The rules below are then not looked at.')}" if rule.get("last") else told

    def when(self, node: Node, inner: bool = False) -> str:
        if isinstance(node, Demand):
            return self._demand(node)
        told = [self.when(one, True) for one in node.items]
        joined = self.words(" or ").join(told) if node.any_of else self.words(" and ").join(told)
        if node.negated:
            return self.words("it is not so that %(what)s", what=f"({joined})")
        return f"({joined})" if inner and len(told) > 1 else joined

    def _demand(self, demand: Demand) -> str:
        pair = _DEMANDS.get(demand.what)
        if demand.what == "weary_level_at_least":
            pair = _WEARY.get(demand.value, _WEARY[2])
        if pair is None:
            return "…"
        text = pair[1] if demand.negated else pair[0]
        if "%(value)s" not in text:
            return self.words(text)
        return self.words(text, value=self._value(demand.what, demand.value))

    def _value(self, what: str, value: Any) -> str:
        match what:
            case "line":
                return self.line(value)
            case "language":
                return self.formats.language_name(value) or "…"
            case "hours":
                return self.hours(value)
            case "waited_at_least_seconds":
                return values.told("seconds", value, self.words)
            case "tag":
                return f"«{value}»" if value else "…"
            case _:
                return str(value)

    def then(self, then: Any) -> str:
        rows = effects.rows_of(then)
        told = []
        for name, value in rows.items():
            if name == "teams" and not value:
                told.append(self.words("an agent of any team answers"))
            elif name in _EFFECTS:
                seconds = values.told("seconds", rows.get("agent_seconds"), self.words)
                told.append(self.words(_EFFECTS[name], value=self._effect(name, value), seconds=seconds))
        return "; ".join(told) or self.words("nothing is different")

    def _effect(self, name: str, value: Any) -> str:
        match name:
            case "language":
                return self.formats.language_name(value) or "…"
            case "skills":
                return self.skills(value)
            case "teams":
                return self.words(" or ").join(map(str, value))
            case "agent":
                return self.agent(value)
            case "widen":
                return self.steps(value)
            case _:
                return values.told(effects.unit_of(name), value, self.words)

    def line(self, number: Any) -> str:
        if not number:
            return "…"
        name = self.lines.get(number)
        return f"{name} ({self.formats.phone(number)})" if name else self.formats.phone(str(number))

    def agent(self, agent_id: Any) -> str:
        return self.agents.get(agent_id, str(agent_id)) if agent_id else "…"

    def country(self, code: Any) -> str:
        return str(self._locale.territories.get(str(code), code))

    def situation(self, key: str) -> str:
        """A situation of the phrases, by the name it has for managers."""
        name = SITUATIONS.get(key.removesuffix("_plain"))
        if name is None:
            return key
        told = self.words(name)
        return self.words("%(what)s (no name)", what=told) if key.endswith("_plain") else told

    @property
    def _locale(self) -> Locale:
        return Locale.parse(self.words.language)

    def skills(self, skills: Any) -> str:
        return ", ".join(f"{skill} {level}" for skill, level in skills.items()) if skills else "…"

    def steps(self, steps: Any) -> str:
        return "; ".join(self.step(one) for one in steps) if isinstance(steps, list) and steps else self.words("nobody")

    def step(self, step: Mapping[str, Any]) -> str:
        allowed = []
        if lower := step.get("lower_skills_by"):
            allowed.append(self.words("skills %(n)s lower", n=lower))
        if step.get("any_language"):
            allowed.append(self.words("any language"))
        if step.get("any_team"):
            allowed.append(self.words("any team"))
        what = ", ".join(allowed) or self.words("nothing more")
        after = values.told("seconds", step.get("after_seconds"), self.words)
        return self.words("after %(after)s: %(what)s", after=after, what=what)

    # Opening hours

    def hours(self, text: Any) -> str:
        """In words; what rows cannot say as it is written."""
        week = weeks.week_of(text)
        return str(text) if week is None else self.week(week)

    def week(self, week: Week) -> str:
        if week.always:
            return self.words("day and night")
        told = [f"{self.days(row.days)} {row.opens}–{row.closes}" for row in week.rows]
        parts = [", ".join(told) or self.words("never")]
        if week.holidays is not None:
            parts.append(self._on(self.words("public holidays"), week.holidays))
        parts += [self._on(self.dates(one.first, one.last, one.yearly), one.times) for one in week.dates]
        return "; ".join(parts)

    def _on(self, when: str, times: Times) -> str:
        if not times:
            return self.words("closed on %(when)s", when=when)
        return f"{when} {', '.join(f'{opens}–{closes}' for opens, closes in times)}"

    def days(self, days: Sequence[int]) -> str:
        """Mon–Fri, Sun"""
        if len(set(days)) == 7:
            return self.words("every day")
        names = get_day_names("abbreviated", locale=self.words.language)
        stretches = weeks.in_a_row(days)
        return ", ".join(names[a] if a == b else f"{names[a]}–{names[b]}" for a, b in stretches)

    def dates(self, first: date, last: date, yearly: bool) -> str:
        form = "d MMM" if yearly else "d MMM y"
        told = format_date(first, form, locale=self.words.language)
        return told if first == last else f"{told} – {format_date(last, form, locale=self.words.language)}"


def texts() -> list[str]:
    """Everything of here that a catalogue has to know and no call of `words` names."""
    pairs = (*_DEMANDS.values(), *_WEARY.values())
    return [text for pair in pairs for text in pair] + list(_EFFECTS.values())


def lines_of(body: Any) -> dict[str, str]:
    """Our numbers in a plan, with what they are called."""
    lines = body.get("lines") if isinstance(body, dict) else None
    if not isinstance(lines, dict):
        return {}
    return {number: str((line or {}).get("name") or "") for number, line in lines.items()}


def place_of(group: Group) -> str:
    """all | any | not-all | none: how the demands of a group go together."""
    return ("none" if group.negated else "any") if group.any_of else ("not-all" if group.negated else "all")
