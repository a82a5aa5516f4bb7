"""What one plan says that another did not, in sentences.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desk.plan import values
from desk.plan.fields import FIELDS, agent_worth
from desk.plan.kinds import Choice, Field, Figure, Switch
from desk.plan.paths import Path, at
from desk.plan.sentences import Teller
from routing.plan import Plan

DEFAULTS: Mapping[str, Any] = Plan().model_dump(mode="json")
HOURS: Sequence[tuple[Path, str]] = (
    (("hours",), "The house is open %(now)s; before: %(was)s."),
    (("service", "call_hours"), "People are rung by our own choice %(now)s; before: %(was)s."),
)


@dataclass(frozen=True, slots=True)
class Change:
    """`page`: where it is edited."""

    path: Path
    page: str
    sentence: str


def changes(before: Any, after: Any, tell: Teller) -> list[Change]:
    """In the order of the pages; nothing for plans that say the same."""
    return [
        *_hours(before, after, tell),
        *_lines(before, after, tell),
        *_figures(before, after, tell),
        *_agents(before, after, tell),
        *_rules(before, after, tell),
        *_steps(before, after, tell),
        *_limits(before, after, tell),
        *_phrases(before, after, tell),
    ]


def value(body: Any, path: Path) -> Any:
    """As it stands there, or as it is for a plan that says nothing of it."""
    return at(body, path, at(DEFAULTS, path))


def said(field: Field, value: Any, tell: Teller) -> str:
    """A figure's sentence; of a choice or a switch what the value means."""
    words = tell.words
    match field:
        case Figure() if value is None and field.none:
            return words(field.none)
        case Figure():
            return words(field.sentence).replace("{}", values.told(field.unit, value, words))
        case Switch():
            return words(field.on if value else field.off)
        case Choice():
            return next((words(sentence) for option, _, sentence in field.options if option == value), str(value))


def page_of(path: Path) -> str:
    match path[0]:
        case "hours" | "lines":
            return "lines"
        case "rules" | "phrases":
            return str(path[0])
        case "widen":
            return "skills"
        case "worth" | "urgency" | "load" | "wait_unasked_seconds" | "wait_unasked_chance" | "keep_after_transfers":
            return "worth"
        case "protect_promise_seconds":
            return "worth"
        case "service" | "limits" | "callback_attempts" | "callback_retry_minutes":
            return "promises"
        case _:
            return "talks"


def _change(path: Path, sentence: str) -> Change:
    return Change(path, page_of(path), sentence)


def _hours(before: Any, after: Any, tell: Teller) -> Iterator[Change]:
    for path, text in HOURS:
        yield from _two(path, before, after, tell, text)


def _two(path: Path, before: Any, after: Any, tell: Teller, text: str) -> Iterator[Change]:
    was, now = value(before, path), value(after, path)
    if was != now:
        yield _change(path, tell.words(text, now=tell.hours(now), was=tell.hours(was)))


def _lines(before: Any, after: Any, tell: Teller) -> Iterator[Change]:
    was, now = value(before, ("lines",)), value(after, ("lines",))
    for number in [*was, *(one for one in now if one not in was)]:
        path, name = ("lines", number), tell.line(number)
        if number not in now:
            yield _change(path, tell.words("The line %(line)s is gone: it is as the house.", line=name))
        elif number not in was:
            told = _line_told(now[number], tell)
            yield _change(path, tell.words("New line %(line)s: %(what)s.", line=name, what=told))
        elif was[number] != now[number]:
            for text in _line_changes(was[number], now[number], tell):
                yield _change(path, f"{name}: {text}")


def _line_told(line: Any, tell: Teller) -> str:
    hours = line.get("hours")
    told = [tell.words("open as the house") if hours is None else tell.words("open %(hours)s", hours=tell.hours(hours))]
    if line.get("skills"):
        told.append(tell.words("the agent needs %(value)s", value=tell.skills(line["skills"])))
    if line.get("teams"):
        teams = tell.words(" or ").join(map(str, line["teams"]))
        told.append(tell.words("an agent of %(value)s answers", value=teams))
    for name, text in (("language", "we speak %(value)s"), ("agent_language", "the agent must speak %(value)s")):
        if line.get(name):
            told.append(tell.words(text, value=tell.formats.language_name(line[name])))
    return "; ".join(told)


def _line_changes(was: Any, now: Any, tell: Teller) -> Iterator[str]:
    words = tell.words
    if was.get("name") != now.get("name"):
        yield words("it is called «%(now)s».", now=now.get("name") or "–")
    if was.get("hours") != now.get("hours"):
        old, new = (words("as the house") if one is None else tell.hours(one) for one in (was["hours"], now["hours"]))
        yield words("open %(now)s; before: %(was)s.", now=new, was=old)
    rest = ("skills", "teams", "language", "agent_language")
    if any(was.get(name) != now.get(name) for name in rest):
        yield _line_told(now, tell) + "."


def _figures(before: Any, after: Any, tell: Teller) -> Iterator[Change]:
    for path, field in FIELDS.items():
        yield from _figure(path, field, value(before, path), value(after, path), tell)


def _figure(path: Path, field: Field, was: Any, now: Any, tell: Teller) -> Iterator[Change]:
    if was == now:
        return
    words = tell.words
    if isinstance(field, Figure) and was is not None and now is not None:
        both = (values.told(field.unit, one, words) for one in (now, was))
        told = words("%(now)s instead of %(was)s", **dict(zip(("now", "was"), both, strict=True)))
        sentence = words(field.sentence).replace("{}", told)
    else:
        sentence = words("%(now)s Before: %(was)s", now=said(field, now, tell), was=said(field, was, tell))
    if isinstance(field, Figure) and field.alone:
        yield _change(path, sentence)
    else:
        yield _change(path, f"{words(field.label)}: {sentence}")


def _agents(before: Any, after: Any, tell: Teller) -> Iterator[Change]:
    was, now = value(before, ("worth", "agents")), value(after, ("worth", "agents"))
    for agent_id in [*was, *(one for one in now if one not in was)]:
        field = agent_worth(agent_id, tell.agent(agent_id))
        if agent_id in was and agent_id in now:
            yield from _figure(field.path, field, was[agent_id], now[agent_id], tell)
        else:
            seconds = values.told("seconds", now.get(agent_id, 0), tell.words)
            text = tell.words("%(name)s is worth %(seconds)s to whoever calls.", name=field.label, seconds=seconds)
            yield _change(field.path, text)


def _rules(before: Any, after: Any, tell: Teller) -> Iterator[Change]:
    """By name; of several of one name by their order."""
    was, now = _named(value(before, ("rules",))), _named(value(after, ("rules",)))
    words, new = tell.words, [key for key in now if key not in was]
    for (name, _), rule in ((key, rule) for key, rule in was.items() if key not in now):
        yield _change(("rules",), words("The rule «%(name)s» is gone: %(rule)s", name=name, rule=tell.rule(rule)))
    for key in new:
        text = words("New rule «%(name)s»: %(rule)s", name=key[0], rule=tell.rule(now[key]))
        yield _change(("rules", list(now).index(key)), text)
    for n, (key, rule) in enumerate(now.items()):
        if key in was and was[key] != rule:
            text = words("The rule «%(name)s» says now: %(rule)s", name=key[0], rule=tell.rule(rule))
            yield _change(("rules", n), text)
    stayed = [key for key in was if key in now]
    if stayed != [key for key in now if key in was]:
        order = ", ".join(f"«{name}»" for name, _ in now)
        yield _change(("rules",), words("The rules are in another order: %(order)s.", order=order))


def _named(rules: Any) -> dict[tuple[str, int], Any]:
    found: dict[tuple[str, int], Any] = {}
    for rule in rules:
        name = str(rule.get("name"))
        found[name, sum(key[0] == name for key in found)] = rule
    return found


def _steps(before: Any, after: Any, tell: Teller) -> Iterator[Change]:
    was, now = value(before, ("widen",)), value(after, ("widen",))
    if was != now:
        text = tell.words("Others may answer: %(now)s; before: %(was)s.", now=tell.steps(now), was=tell.steps(was))
        yield _change(("widen",), text)


def _limits(before: Any, after: Any, tell: Teller) -> Iterator[Change]:
    words = tell.words
    was, now = (value(one, ("limits", "countries")) for one in (before, after))
    if was != now:
        told = ", ".join(map(tell.country, now)) or words("every country")
        yield _change(("limits", "countries"), words("Countries that are called back: %(now)s.", now=told))
    was, now = (value(one, ("limits", "price_per_minute")) for one in (before, after))
    if was != now:
        prices = ((prefix or words("all others"), values.told("money", price, words)) for prefix, price in now.items())
        told = ", ".join(f"{prefix} {price}" for prefix, price in prices)
        yield _change(("limits", "price_per_minute"), words("Price of a minute: %(now)s.", now=told))


def _phrases(before: Any, after: Any, tell: Teller) -> Iterator[Change]:
    was, now = value(before, ("phrases",)), value(after, ("phrases",))
    for language in [*was, *(one for one in now if one not in was)]:
        old, new = was.get(language, {}), now.get(language, {})
        for situation in [*old, *(one for one in new if one not in old)]:
            if old.get(situation) == new.get(situation):
                continue
            name = tell.situation(situation), tell.formats.language_name(language)
            wordings = new.get(situation) or ()
            told = " / ".join(f"«{one}»" for one in wordings) or tell.words("our own words again")
            yield _change(("phrases", language, situation), f"{name[0]}, {name[1]}: {told}")
