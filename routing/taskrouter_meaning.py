"""What a TaskRouter expression means here: of a task, what is asked of the caller; of a worker, what an agent needs.

Attributes are whatever somebody once named them; those are understood whose names leave no doubt.  Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from math import ceil, floor
from typing import Any

from babel import Locale

from api.fields import canonical_language
from routing.taskrouter_expressions import Compare, Constant, Expression, Joined, Key, Opposite

Agents = Mapping[str, str]  # an agent's name or external id -> our id

LANGUAGE = frozenset(
    {"language", "selected_language", "caller_language", "customer_language", "preferred_language", "lang"}
)
LINE = frozenset({"to", "called", "to_number", "dialed_number", "dnis"})
TAGS = frozenset({"tags", "tag", "customer_tags", "segment", "segments"})
KNOWN = frozenset({"known", "known_customer", "is_customer", "existing_customer"})
SKILLS = frozenset({"skills", "skill", "routing.skills"})
LANGUAGES = frozenset({"languages", "language", "routing.languages"})
TEAMS = frozenset({"team", "teams", "team_name", "routing.team", "department"})
PERSON = frozenset({"sid", "worker_sid", "id", "worker_id", "name", "friendly_name", "contact_uri", "email"})
LEVELS = ("routing.levels.", "levels.", "skill_levels.", "skills.")
HIGHEST_LEVEL = 100
_NOT_BEING = "What agents may not be is not asked for here; who was asked already is not asked again."
_ALWAYS = {"waited_at_least_seconds": 0}


class NoMeaning(ValueError):
    """Nothing here corresponds to the expression; the message says why."""


@dataclass(frozen=True)
class Needs:
    skills: Mapping[str, int] = field(default_factory=dict)
    teams: tuple[str, ...] = ()
    language: str | None = None
    own_agent: bool = False  # the agent this caller knows, or the one named in `agent`
    agent: str | None = None

    def as_then(self) -> dict[str, Any]:
        asked: dict[str, Any] = {"skills": dict(self.skills), "teams": list(self.teams), "language": self.language}
        return {name: value for name, value in asked.items() if value}


def condition(expression: Expression) -> dict[str, Any]:
    """A `when`.  Raises NoMeaning."""
    match expression:
        case Joined():
            return {"all" if expression.every else "any": [condition(part) for part in expression.parts]}
        case Opposite():
            return {"not": condition(expression.of)}
        case Compare(left=Key() as key):
            return _of_a_task(_name(key, "task."), expression)
        case Compare():
            return _ALWAYS if _true(expression) else {"not": _ALWAYS}


def _of_a_task(name: str, asked: Compare) -> dict[str, Any]:
    leaves: tuple[tuple[frozenset[str], Callable[[Constant], dict[str, Any]]], ...] = (
        (LANGUAGE, lambda value: {"caller": {"language": _language(value)}}),
        (LINE, lambda value: {"line": _word(value)}),
        (TAGS, lambda value: {"caller": {"tag": _word(value)}}),
        (KNOWN, lambda value: {"caller": {"known": _truth(value)}}),
    )
    leaf = next((leaf for names, leaf in leaves if name in names), None)
    if name.startswith("taskrouter."):
        raise NoMeaning('Times there are in UTC: write them in the house\'s own, as {"hours": "Mo-Fr 09:00-18:00"}.')
    if leaf is None:
        raise NoMeaning(f"Nothing is known here of {name}: give such callers a tag, or a line of their own.")
    many = asked.right if isinstance(asked.right, tuple) else (asked.right,)
    found = [leaf(_constant(value)) for value in many]
    if not found:
        return {"not": _ALWAYS}
    one_of = found[0] if len(found) == 1 else {"any": found}
    if asked.sign == "!=":
        return {"not": one_of}
    if asked.sign in ("==", "IN") or (asked.sign in ("HAS", "CONTAINS") and name in TAGS):
        return one_of
    raise NoMeaning(f"{name} is a word here, and is not compared by {asked.sign}.")


def needs(expression: Expression, agents: Agents) -> Needs:
    """What an agent must have.  Raises NoMeaning."""
    match expression:
        case Joined(every=True):
            found = Needs()
            for part in expression.parts:
                found = _both(found, needs(part, agents))
            return found
        case Joined():
            found_teams = [needs(part, agents) for part in expression.parts]
            if all(one == Needs(teams=one.teams) and one.teams for one in found_teams):
                return Needs(teams=tuple(team for one in found_teams for team in one.teams))
            raise NoMeaning(
                "Agents with the one or the other are not asked for here: make it two rules, or a skill of its own."
            )
        case Compare(left=Key() as key):
            return _of_a_worker(_name(key, "worker."), expression, agents)
        case Compare() if _true(expression):
            return Needs()
    raise NoMeaning(_NOT_BEING)


def _of_a_worker(name: str, asked: Compare, agents: Agents) -> Needs:
    of_the_task = isinstance(asked.right, Key)
    equal = asked.sign in ("==", "HAS", "IN", "CONTAINS")
    level = next((name.removeprefix(prefix) for prefix in LEVELS if name.startswith(prefix)), None)
    if level and asked.sign in (">=", ">") and isinstance(asked.right, float) and 0 <= asked.right < HIGHEST_LEVEL:
        return Needs(skills={level: max(floor(asked.right) + 1 if asked.sign == ">" else ceil(asked.right), 1)})
    if name in LANGUAGES and equal:
        return Needs() if of_the_task else Needs(language=_language(_single(asked)))  # the caller's language: always so
    if name in SKILLS and equal and not of_the_task:
        return Needs(skills={_word(_single(asked)): 1})
    if name in TEAMS and equal and not of_the_task:
        many = asked.right if isinstance(asked.right, tuple) else (asked.right,)
        return Needs(teams=tuple(_word(_constant(value)) for value in many))
    if name in PERSON and equal:
        return Needs(own_agent=True) if of_the_task else _person(_word(_single(asked)), agents)
    if asked.sign == "!=":
        raise NoMeaning(_NOT_BEING)
    raise NoMeaning(f"Nothing is known here of a worker's {name} ({asked.sign}).")


def _person(named: str, agents: Agents) -> Needs:
    if named not in agents:
        raise NoMeaning(f"No agent has the name or the external id {named}.")
    return Needs(own_agent=True, agent=agents[named])


def _both(one: Needs, other: Needs) -> Needs:
    if one.teams and other.teams and set(one.teams) != set(other.teams):
        raise NoMeaning("An agent is in one team.")
    if one.language and other.language and one.language != other.language:
        raise NoMeaning("One language is asked for here, besides the caller's own.")
    skills = {
        skill: max(one.skills.get(skill, 0), other.skills.get(skill, 0)) for skill in (*one.skills, *other.skills)
    }
    return Needs(
        skills,
        one.teams or other.teams,
        one.language or other.language,
        one.own_agent or other.own_agent,
        one.agent or other.agent,
    )


def _name(key: Key, prefix: str) -> str:
    return key.name.lower().removeprefix(prefix)


def _true(asked: Compare) -> bool:
    """Of two constants, as in `1==1`."""
    same = asked.left == asked.right
    match asked.sign:
        case "==":
            return same
        case "!=":
            return not same
    raise NoMeaning("Two values are compared, and nothing of the caller.")


def _single(asked: Compare) -> Constant:
    if isinstance(asked.right, tuple):
        if len(asked.right) != 1:
            raise NoMeaning("Agents with the one or the other are not asked for here: make it two rules.")
        return asked.right[0]
    return _constant(asked.right)


def _constant(value: Any) -> Constant:
    if isinstance(value, Key):
        raise NoMeaning(f"It depends on {value.name}, which is not known here.")
    return value  # type: ignore[no-any-return]


def _word(value: Constant) -> str:
    if not isinstance(value, str) or not value.strip():
        raise NoMeaning(f"A word is needed, and {value} is none.")
    return value


def _truth(value: Constant) -> bool:
    if not isinstance(value, bool):
        raise NoMeaning(f"{value} is neither true nor false.")
    return value


def _language(value: Constant) -> str:
    """`it`, `it_IT` or `Italian`, as BCP 47."""
    word = _word(value).strip()
    if code := _languages().get(word.lower()):
        return code
    code = canonical_language(word)
    if code.split("-")[0] not in _languages().values():
        raise NoMeaning(f"{word} is no language that is known here.")
    return code


@cache
def _languages() -> Mapping[str, str]:
    """By their English names."""
    return {name.lower(): code for code, name in Locale("en").languages.items() if code.isalpha()}
