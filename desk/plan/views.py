"""What the editor's pages show: the draft with what is wrong in it, and what it is held against."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from babel import Locale
from sqlalchemy import Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.formats import Formats
from desk.plan import changes, conditions, effects, labels, paths, values, week_forms, weeks
from desk.plan.drafts import Draft
from desk.plan.kinds import Field
from desk.plan.paths import Path
from desk.plan.problems import problems, within
from desk.plan.sentences import Teller, lines_of, place_of
from desk.plan.week_forms import Sheet
from desk.words import Words
from routing.hours import BadHours, read_hours
from routing.house import House
from routing.tables import agents
from store.sql import metadata

PAGES = (
    ("lines", "Lines and hours"),
    ("worth", "Who gets whom"),
    ("rules", "Rules"),
    ("skills", "Skills and teams"),
    ("promises", "Promises"),
    ("talks", "Talks and records"),
    ("try", "Try it out"),
    ("history", "History"),
)
SPOKEN = ("it-IT", "en-GB", "de-DE", "fr-FR", "es-ES")
CALLS_LOOKED_AT = 300  # of the latest, for numbers of ours that are called and not in the plan


@dataclass(frozen=True, slots=True)
class AgentSeen:
    """What rules may ask of an agent."""

    id: str
    name: str
    team: str | None
    skills: Mapping[str, int]
    languages: Sequence[str]


async def agents_seen(conn: AsyncConnection) -> list[AgentSeen]:
    columns = (agents.c.id, agents.c.name, agents.c.team, agents.c.skills, agents.c.languages)
    rows = await conn.execute(select(*columns).order_by(func.lower(agents.c.name), agents.c.id))
    return [AgentSeen(row.id, row.name, row.team, row.skills, row.languages) for row in rows]


async def numbers_called(conn: AsyncConnection) -> list[str]:
    """Numbers of ours that callers rang lately, the most called first."""
    calls = metadata.tables["calls"]
    latest = select(calls.c.to_number, calls.c.direction).order_by(calls.c.arrived_at.desc()).limit(CALLS_LOOKED_AT)
    rung = latest.subquery()
    count = func.count().label("times")
    query = select(rung.c.to_number, count).where(rung.c.direction == "inbound").group_by(rung.c.to_number)
    return [row.to_number for row in await conn.execute(query.order_by(count.desc(), rung.c.to_number))]


async def tags_of(conn: AsyncConnection) -> list[str]:
    """Every tag that a customer has."""
    customers = metadata.tables["customers"]
    lists = await conn.scalars(select(cast(customers.c.tags, Text)).distinct())
    return sorted({str(tag) for text in lists for tag in json.loads(text)})


@dataclass(frozen=True)
class View:
    """One look at a draft, for one reader."""

    draft: Draft
    words: Words
    formats: Formats
    house: House
    now: datetime
    people: Sequence[AgentSeen] = ()
    numbers: Sequence[str] = ()
    sheets: Mapping[Path, Sheet] = field(default_factory=dict)  # hours that were filled in and are not yet hours
    open_rule: int | None = None
    refused: Mapping[Path, str] = field(default_factory=dict)  # what was sent and could not be done

    @property
    def body(self) -> Any:
        return self.draft.body

    @cached_property
    def errors(self) -> Mapping[Path, str]:
        return problems(self.body, self.words)

    @cached_property
    def tell(self) -> Teller:
        names = {one.id: one.name for one in self.people}
        return Teller(self.words, self.formats, names, lines_of(self.draft.base) | lines_of(self.body))

    @cached_property
    def changes(self) -> list[changes.Change]:
        return changes.changes(self.draft.base, self.body, self.tell) if self.draft.begun else []

    @cached_property
    def wrong_pages(self) -> list[tuple[str, str]]:
        """Pages on which something is refused."""
        found = {changes.page_of(path) for path in self.errors if path}
        return [(page, label) for page, label in PAGES if page in found]

    # A place in the plan

    def value(self, path: Path) -> Any:
        return changes.value(self.body, path)

    def error(self, path: Path) -> str | None:
        return self.refused.get(path) or self.errors.get(path)

    def error_in(self, path: Path) -> str | None:
        """The first at this place or further in."""
        return next(iter(within({**self.errors, **self.refused}, path).values()), None)

    def changed(self, path: Path) -> bool:
        """Not as it was when the draft was begun."""
        return self.draft.begun and paths.at(self.draft.base, path, self) != paths.at(self.body, path, self)

    def typed(self, unit: str, path: Path) -> str:
        return values.typed(unit, self.value(path))

    def said(self, field: Field) -> str:
        return changes.said(field, self.value(field.path), self.tell)

    path = staticmethod(paths.text_of)
    anchor = staticmethod(paths.anchor)

    # Opening hours

    def sheet(self, path: Path) -> Sheet | None:
        """The rows of a form; None for hours that rows cannot say."""
        if path in self.sheets:
            return self.sheets[path]
        week = weeks.week_of(self.value(path))
        return None if week is None else Sheet(week)

    def dates_shown(self, dates: weeks.Dates) -> tuple[str, str]:
        today = self.formats.instant(self.now)
        assert today is not None
        first, last = week_forms.shown(dates, today.date())
        return first.isoformat(), last.isoformat()

    def open_now(self, text: Any) -> tuple[str, str]:
        """good | calm | bad, and in words whether these hours are open and what changes next."""
        words, when = self.words, self.formats.when
        try:
            hours = read_hours(text, self.house.zone, self.house.country)
        except (BadHours, TypeError):
            return "bad", words("These hours cannot be read.")
        if not hours.is_open(self.now):
            opens = hours.next_open(self.now)
            if opens is None:
                return "bad", words("Never opens.")
            return "calm", words("Closed now. Opens %(when)s.", when=when(opens, self.now))
        closes = hours.closes_at(self.now)
        if closes is None:
            return "good", words("Open now, without closing for a month.")
        opens = hours.next_open(closes)
        told = words("Open now, until %(when)s.", when=when(closes, self.now))
        if opens is None:
            return "good", told
        return "good", f"{told} {words('Next change: %(when)s.', when=when(opens, self.now))}"

    # What can be chosen

    @cached_property
    def lines(self) -> list[tuple[str, Any]]:
        return list(self.value(("lines",)).items())

    @property
    def lines_to_add(self) -> list[str]:
        return [number for number in self.numbers if number not in self.value(("lines",))][:5]

    @cached_property
    def teams(self) -> list[str]:
        named = {one.team for one in self.people if one.team}
        return sorted(named | {str(team) for _, line in self.lines for team in line.get("teams") or ()})

    @cached_property
    def skills(self) -> list[str]:
        held = {skill for one in self.people for skill in one.skills}
        return sorted(held | {skill for _, line in self.lines for skill in line.get("skills") or ()})

    def languages(self, *more: Any) -> list[tuple[str, str]]:
        """To choose from: those we speak, those of agents, and what stands there now."""
        tags = dict.fromkeys([*SPOKEN, *(tag for one in self.people for tag in one.languages), *filter(None, more)])
        named = [(tag, self.formats.language_name(tag)) for tag in tags]
        twice = {name for _, name in named if sum(name == other for _, other in named) > 1}
        return [(tag, f"{name} ({tag})" if name in twice else name) for tag, name in named]

    def tongues(self, *more: Any) -> list[tuple[str, str]]:
        """Languages without their regions, as rules ask for them."""
        tags = [tag for tag, _ in self.languages()]
        bare = dict.fromkeys([*(tag.partition("-")[0] for tag in tags), *filter(None, more)])
        return [(tag, self.formats.language_name(tag)) for tag in bare]

    def line_options(self, current: Any) -> list[tuple[str, str]]:
        numbers = dict.fromkeys([*(number for number, _ in self.lines), *self.numbers, *filter(None, [current])])
        return [(number, self.tell.line(number)) for number in numbers]

    def agent_options(self, current: Any = None) -> list[tuple[str, str]]:
        known = [(one.id, one.name) for one in self.people]
        missing = current and all(agent_id != current for agent_id, _ in known)
        return [*known, *([(current, current)] if missing else [])]

    @cached_property
    def countries(self) -> list[tuple[str, str]]:
        named = Locale.parse(self.words.language).territories
        listed = [(code, name) for code, name in named.items() if len(code) == 2 and code.isalpha() and code != "ZZ"]
        return sorted(listed, key=lambda one: one[1])

    # Rules

    @property
    def rules(self) -> list[Any]:
        found: list[Any] = self.value(("rules",))
        return found

    def rule_told(self, rule: Any) -> str:
        return self.tell.rule(rule)

    def rule_tree(self, n: int) -> conditions.Group:
        return conditions.root_of(self.rules[n].get("when"), ("rules", n, "when"))

    def rule_rows(self, n: int) -> Mapping[str, Any]:
        return effects.rows_of(self.rules[n].get("then"))

    @property
    def first_line(self) -> str:
        return next(iter([*(number for number, _ in self.lines), *self.numbers]), "")

    @property
    def own_languages(self) -> list[str]:
        """In which there are phrases of their own."""
        return [self.formats.language_name(tag) for tag, held in self.value(("phrases",)).items() if held]

    def teams_with(self, held: Any) -> list[str]:
        return sorted({*self.teams, *map(str, held or ())})

    def comparisons(self, what: str) -> tuple[str, str]:
        yes, no = labels.comparison(what)
        return self.words(yes), self.words(no)

    def one_row(self, text: Any) -> weeks.Row | None:
        """Of hours that are one row and nothing else."""
        week = weeks.week_of(text)
        simple = week is not None and week.holidays is None and not week.dates and len(week.rows) == 1
        return week.rows[0] if week is not None and simple else None

    def effect_path(self, n: int, name: str) -> Path:
        return ("rules", n, "then", *name.split("."))

    whats = labels.WHATS
    effect_names = tuple(effects.USUAL)
    effect_label = staticmethod(labels.EFFECTS.__getitem__)
    group_kind = staticmethod(place_of)
    typed_as = staticmethod(values.typed)
    unit_of_effect = staticmethod(effects.unit_of)
