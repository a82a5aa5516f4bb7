"""Every page of the console, as a manager finds it: sections, their tabs, one of each record, and what is looked for.

What a section has many of is read from where the section says so: a new tab is measured once it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.pages_house import LINE, Full
from desk.pages import PLACES
from desk.plan.views import PAGES as RULES
from desk.report_pages.figures import REPORTS
from desk.settings.tabs import TABS as SETTINGS


@dataclass(frozen=True, slots=True)
class Search:
    form: str  # CSS
    field: str
    words: str


@dataclass(frozen=True, slots=True)
class Seen:
    """In a path `{customer}`, `{agent}`, `{call}`, `{promise}` and `{line}` stand for one of each; in the words that
    are looked for `{name}`, `{number}` and `{agent_name}` stand for somebody's."""

    name: str
    path: str
    search: Search | None = None


FRAME = Seen("floor: the frame alone", "/")
_CUSTOMERS, _LEDGER, _AGENTS = (("#customers-search", "q"), ("#filters", "q"), ("#agents-sieve", "q"))
_SECTIONS = (
    Seen("Floor", "/console/floor"),
    Seen("A call on the line", "/console/calls/{call}"),
    Seen("Promises", "/console/promises"),
    Seen("Promises, all", "/console/promises?show=all"),
    Seen("Promises, broken", "/console/promises?show=broken"),
    Seen("Promises, looked for by a name", "/console/promises", Search(*_LEDGER, "{name}")),
    Seen("A promise", "/console/promises/{promise}"),
    Seen("A promise, to whom it is given", "/console/promises/{promise}/give"),
    Seen("Promises, handed over", "/console/promises/hand-over"),
    Seen("Customers", "/console/customers"),
    Seen("Customers, looked for by a name", "/console/customers", Search(*_CUSTOMERS, "{name}")),
    Seen("Customers, by two letters", "/console/customers", Search(*_CUSTOMERS, "ro")),
    Seen("Customers, by a number", "/console/customers", Search(*_CUSTOMERS, "{number}")),
    Seen("A customer", "/console/customers/{customer}"),
    Seen("A customer's story", "/console/customers/{customer}/story"),
    Seen("A customer's rights", "/console/customers/{customer}/rights"),
    Seen("A customer and an agent", "/console/customers/{customer}/with/{agent}"),
    Seen("A new customer", "/console/customers/new"),
    Seen("Duplicates", "/console/customers/duplicates"),
    Seen("Duplicates of one customer", "/console/customers/duplicates?of={customer}"),
    Seen("Import", "/console/customers/import"),
    Seen("Agents", "/console/agents"),
    Seen("Agents, looked for by a name", "/console/agents", Search(*_AGENTS, "{agent_name}")),
    Seen("An agent", "/console/agents/{agent}"),
    Seen("An agent who leaves", "/console/agents/{agent}/leave"),
    Seen("A new agent", "/console/agents/new"),
    *(Seen(f"Rules: {label}", f"/console/plan/{name}".removesuffix("/lines")) for name, label in RULES),
    Seen("Rules: a line", "/console/plan/lines/{line}"),
    Seen("Rules: a rule", "/console/plan/rules?open=0"),
    Seen("Phrases", "/console/phrases"),
    Seen("A situation's phrases", "/console/phrases/greet"),
    *(Seen(f"Reports: {one.label}, 28 days", f"/console/reports/{one.name}?days=28") for one in REPORTS.values()),
    *(Seen(f"Settings: {label}", f"/console/settings/{name}") for name, label in SETTINGS),
)


def pages() -> Iterator[Seen]:
    """Those above, and whatever a manager's navigation has besides."""
    yield from _SECTIONS
    for place in PLACES:
        known = any(seen.path.startswith(place.address) for seen in _SECTIONS)
        if "manager" in place.roles and not place.needs_agent and not known:
            yield Seen(place.label, place.address)


def chosen(paths: Sequence[str]) -> list[Seen]:
    """The pages at these addresses, or all."""
    every = list(pages())
    named = [[seen for seen in every if seen.path == path] or [Seen(f"`{path}`", path)] for path in paths]
    return [seen for those in named for seen in those] if paths else every


def placed(seen: Seen, full: Full) -> Seen:
    """With somebody's id, name or number in place of what stands for it."""
    known: dict[str, Any] = {
        "customer": full.id(11),
        "agent": full.agent(3),
        "call": full.call(full.size.calls),
        "promise": full.promise(7),
        "line": LINE,
        "name": " ".join(full.name(11)),
        "agent_name": full.given[3],
        "number": full.mobile(11),
    }
    search = seen.search and Search(seen.search.form, seen.search.field, seen.search.words.format(**known))
    return Seen(seen.name, seen.path.format(**known), search)
