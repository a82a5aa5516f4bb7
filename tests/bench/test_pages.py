"""The console's pages are all measured, as they are when a browser has all of them; on a house of a few people."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from bench.pages import seen_in, table
from bench.pages_house import Size
from bench.pages_list import FRAME, chosen, pages
from bench.pages_seen import Took
from desk.pages import PLACES
from desk.plan.views import PAGES as RULES
from desk.report_pages.figures import REPORTS
from desk.settings.tabs import TABS

LOADS_LATER, LOOKED_FOR = "/console/customers/duplicates", "/console/customers"


def test_no_section_of_the_console_and_no_tab_of_one_is_left_out() -> None:
    measured = {seen.path.partition("?")[0] for seen in pages()}
    sections = {place.address for place in PLACES if "manager" in place.roles and not place.needs_agent}
    rules = {f"/console/plan/{name}" for name, _ in RULES if name != "lines"}
    settings = {f"/console/settings/{name}" for name, _ in TABS}
    reports = {f"/console/reports/{name}" for name in REPORTS}
    begun = {address for address in sections if any(path.startswith(address) for path in measured)}
    assert begun == sections
    assert rules | settings | reports <= measured


def test_a_smaller_house_has_a_past_in_proportion() -> None:
    assert Size.of(100_000) == Size()
    few = Size.of(1000)
    assert (few.customers, few.interactions, few.promises, few.calls) == (1000, 10_000, 200, 1000)
    assert (few.agents, few.live) == (Size().agents, Size().live)


def test_an_address_stands_for_what_is_looked_for_there_too() -> None:
    names = [seen.name for seen in chosen([LOOKED_FOR, "/console/somewhere?else"])]
    assert names[0] == "Customers"
    assert "Customers, looked for by a name" in names
    assert names[-1] == "`/console/somewhere?else`"


def test_the_table_sets_each_page_beside_the_floor() -> None:
    (page, *_) = pages()
    took = [(FRAME, Took([1.0], [20.0], [30.0])), (page, Took([10.0, 90.0], [], [60.0, 180.0]))]
    frame, floor = table(took).splitlines()[2:]
    assert frame == "| floor: the frame alone | 1 | 1 | 20 | 20 | 30 | 30 | 1.0 |"
    assert floor == "| Floor | 90 | 90 | – | – | 180 | 180 | 6.0 |"


@pytest.mark.parametrize("customers", [40])
def test_pages_are_opened_in_a_browser(customers: int, postgres_empty: URL, tmp_path: Path) -> None:
    """A page whose content comes after it is complete when that is there; a search has no first paint of its own."""
    took, browser = seen_in(postgres_empty, tmp_path, Size.of(customers), [LOADS_LATER, LOOKED_FOR], times=2)
    assert browser.startswith("Chromium ")
    (frame, bare), (later, loaded), *others = took
    assert (frame, later.path) == (FRAME, LOADS_LATER)
    assert len(bare.complete) == len(loaded.complete) == len(loaded.first) == 2
    assert all(complete >= first for _, of in took for first, complete in zip(of.first, of.complete, strict=False))
    assert min(loaded.server) > min(bare.server)
    searches = [of for seen, of in others if seen.search]
    assert searches
    assert all(len(of.complete) == 2 and of.first == [] for of in searches)
