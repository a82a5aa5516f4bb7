"""`docs/routing.md` holds: its morning is decided so, and said so, by the engine itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from crm.familiarity import familiar_agents
from crm.matters import Past
from routing.agents import Agent
from routing.choose import Waiting, choose, next_caller
from routing.explain import sentence
from routing.plan import Plan
from routing.weigh import Caller, Tie, weigh
from tests.routing.people import NOW, agent, caller, talking, wrapping_up

PLAN = Plan()
DORA = agent("Dora Sala", seconds=60, load=0.45)
LUCA = agent("Luca Verdi", seconds=360, load=0.45, wanted_an_hour=6.0)
BEA = agent("Bea Neri", seconds=240, load=0.45, promised_at=NOW + timedelta(minutes=6))
CARLO = agent("Carlo Riva", seconds=180, load=0.75)
FREE = [DORA, LUCA, BEA, CARLO]
ANNA = wrapping_up("Anna Bianchi", left=20)
ANNA_TALKS = talking("Anna Bianchi", seconds=120)


def helped(agent_id: str, *days_ago: int) -> dict[str, Tie]:
    talks = [Past(str(days), agent_id, "voice", NOW - timedelta(days=days), 300, "solved", None) for days in days_ago]
    return {one.agent_id: Tie(one.score, one.times) for one in familiar_agents(talks, NOW)}


STRANGER = caller(called=None)
MARIA = caller(called="Maria", ties=helped("anna", 7, 30, 80, 200))
PAOLO = caller(called="Paolo", ties=helped("luca", 20))


@pytest.fixture(scope="module")
def page(pytestconfig: pytest.Config) -> str:
    return " ".join((pytestconfig.rootpath / Path("docs/routing.md")).read_text().split())


def test_what_each_agent_costs_a_stranger(page: str) -> None:
    for one in weigh(STRANGER, [ANNA, *FREE], PLAN, NOW):
        row = page[page.index(f"| {one.agent.first_name} |") :]
        assert row.split("|")[3].split()[0] == str(round(one.cost_seconds))


@pytest.mark.parametrize(
    ("who", "anna", "rung"),
    [
        (STRANGER, ANNA, "dora"),
        (PAOLO, ANNA, "luca"),
        (MARIA, ANNA, None),
        (MARIA, ANNA_TALKS, None),
        (replace(MARIA, offered=True), ANNA_TALKS, "dora"),
    ],
)
def test_whom_they_get_and_why(page: str, who: Caller, anna: Agent, rung: str | None) -> None:
    decision = choose(who, [anna, *FREE], PLAN, NOW)
    assert (decision.who.agent.id if decision.action == "ring" and decision.who else None) == rung
    assert f"> {sentence(decision, who, 'en')}" in page


def test_maria_is_held_for_the_notes_and_asked_during_a_talk(page: str) -> None:
    held, asked = (choose(MARIA, [anna, *FREE], PLAN, NOW) for anna in (ANNA, ANNA_TALKS))
    assert (held.action, held.hold is not None, asked.action) == ("wait", True, "offer_callback")
    assert f"*{sentence(held, MARIA, 'it')}*" in page


def test_whom_a_free_agent_takes() -> None:
    def waits(who: Caller, seconds: float) -> Waiting:
        return Waiting(str(who.called), replace(who, arrived_at=NOW - timedelta(seconds=seconds)), PLAN)

    waiting = [waits(caller(called="Giulia"), 70), waits(MARIA, 40)]
    anna, paolo = agent("Anna Bianchi"), waits(replace(PAOLO, urgent={"cut_off": 120}), 30)
    for one, queue, first in (
        (anna, waiting, "Maria"),
        (DORA, waiting, "Giulia"),
        (anna, [*waiting, paolo], "Paolo"),
        (DORA, [*waiting, paolo], "Paolo"),
    ):
        match = next_caller(one, queue, NOW)
        assert match is not None
        assert match.waiting.id == first
