"""Which times can be promised beside the callers who will ring."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from callbacks.slots import GRID, Booked, Ledger, keepable, next_slots, soonest, spoken_choices
from routing.agents import Agent
from routing.inflow import HOURS_OF_WEEK, Inflow
from routing.plan import Plan, Service
from tests.callbacks.ledgers import NOW, ledger, rome, times
from tests.routing.people import agent, talking

LATER = rome(3, 15)


def team(many: int) -> list[Agent]:
    return [agent(f"agent{n}") for n in range(many)]


def busy(many: int, share: float, *booked: Booked, **more: object) -> Ledger:
    """So many agents, whom callers take such a share of the time; a call is 270 s with its wrap-up."""
    return ledger(*team(many), booked=booked, inflow=Inflow([share * many * 3600 / 270] * HOURS_OF_WEEK), **more)


@pytest.mark.parametrize(
    ("agents", "can", "cannot"), [(1, 0.25, 0.3), (2, 0.55, 0.65), (3, 0.75, 0.82), (5, 0.95, 1.0), (10, 1.0, None)]
)
def test_the_fewer_they_are_the_sooner_they_are_too_busy_to_promise(
    agents: int, can: float, cannot: float | None
) -> None:
    assert keepable(busy(agents, can), LATER, None)
    assert cannot is None or not keepable(busy(agents, cannot), LATER, None)


def test_what_is_not_known_to_come_takes_no_time() -> None:
    assert keepable(busy(1, 0.0), LATER, None)
    assert keepable(ledger(agent("Anna")), LATER, None)


def test_the_plan_says_how_sure_it_has_to_be_and_how_much_time_there_is() -> None:
    sure = Plan(service=Service(callback_confidence=0.97))
    assert not keepable(busy(2, 0.5, plan=sure), LATER, None)
    assert keepable(busy(2, 0.3, plan=sure), LATER, None)
    assert keepable(busy(2, 0.5, plan=sure), LATER, None, 900)


def test_a_busy_hour_is_passed_over() -> None:
    """On Tuesdays from three to four twice as many ring."""
    calls = [5.0] * HOURS_OF_WEEK
    calls[24 + 15] = 40.0
    here = ledger(*team(2), inflow=Inflow(calls))
    assert times(next_slots(here, rome(3, 14, 55), None, 2)) == ["03 14:55", "03 16:00"]


@pytest.mark.parametrize(
    ("agents", "can", "cannot"), [(1, 0.2, 0.25), (2, 0.35, 0.45), (10, 0.9, 1.0), (100, 1.0, None)]
)
def test_somebody_is_named_only_where_it_is_likely_enough_that_they_will_call(
    agents: int, can: float, cannot: float | None
) -> None:
    assert keepable(busy(agents, can), LATER, "agent0")
    assert cannot is None or not keepable(busy(agents, cannot), LATER, "agent0")


def test_in_a_minute_whoever_is_free_now_still_is() -> None:
    """However busy it is otherwise; a little later that is no longer sure."""
    here = busy(1, 0.95)
    for seconds in (0, 20, 60):
        assert keepable(here, NOW + timedelta(seconds=seconds), None)
        assert keepable(here, NOW + timedelta(seconds=seconds), "agent0")
    assert not keepable(here, NOW + timedelta(seconds=300), None)
    assert soonest(here, None) is not None


def test_promises_fit_into_what_the_callers_leave() -> None:
    """A hundred agents, of whom ninety are busy: the ten have time for some forty calls in twenty minutes."""
    here = busy(100, 0.9)
    while keepable(here, LATER, None):
        here.book(LATER, None)
    assert 40 <= len(here.bookings) <= 46
    assert not keepable(here, LATER + GRID, None)
    assert keepable(here, LATER + 3 * GRID, None)
    idle = busy(100, 0.0)
    while keepable(idle, LATER, None):
        idle.book(LATER, None)
    assert len(idle.bookings) == 100


def test_of_several_at_once_each_needs_somebody_to_come_free() -> None:
    beside = [Booked(LATER, None)] * 4
    assert keepable(busy(7, 0.3, *beside), LATER, None)
    assert not keepable(busy(5, 0.1, *beside), LATER, None)
    mine = [Booked(LATER, f"agent{n}") for n in (1, 2, 3)]
    assert keepable(busy(5, 0.15, *mine), LATER, None)


def test_several_at_once_in_a_few_minutes_are_as_unsure_as_the_callers_make_them() -> None:
    """Ten agents, all of them free now, and callers for five: in eight minutes hardly nine will come free in time."""
    soon = NOW + timedelta(minutes=8)
    beside = [Booked(soon, None)] * 8
    assert keepable(busy(10, 0.0, *beside), soon, None)
    assert not keepable(busy(10, 0.5, *beside), soon, None)
    assert keepable(busy(10, 0.5, *beside[:4]), soon, None)


def test_a_promise_by_name_leaves_enough_for_those_beside_it() -> None:
    team_of_two = ledger(agent("Anna"), agent("Luca"), booked=(Booked(LATER, None),))
    assert keepable(team_of_two, LATER, "anna")
    assert not keepable(replace(team_of_two, booked=[Booked(LATER, None)] * 2), LATER, "anna")


def test_colleagues_who_speak_other_languages_take_their_share_of_the_callers() -> None:
    anna, others = agent("Anna"), team(9)
    calls = Inflow([10 * 0.2 * 3600 / 270] * HOURS_OF_WEEK)
    alone = ledger(anna, inflow=calls)
    assert not keepable(alone, LATER, None)
    assert keepable(replace(alone, floor=[anna, *others]), LATER, None)


def test_whoever_waits_already_is_served_before() -> None:
    """Eight callers, two agents: nobody is promised to anybody in the next minutes."""
    crowded = ledger(agent("Anna"), talking("Luca"), waiting=8)
    assert not keepable(crowded, NOW + GRID, None)
    assert keepable(crowded, NOW + 12 * GRID, None)
    overdue = tuple(Booked(NOW - GRID, None) for _ in range(8))
    assert not keepable(ledger(agent("Anna"), talking("Luca"), booked=overdue), NOW + GRID, None)


def test_a_talk_is_as_long_as_was_learnt() -> None:
    """Ten minutes, so that a promise takes an agent for more than the plan says."""
    inflow = Inflow([0.0] * HOURS_OF_WEEK, 600.0)
    here = ledger(agent("Anna"), booked=(Booked(LATER, None),), inflow=inflow)
    assert not keepable(here, LATER + 2 * GRID, None)
    assert keepable(here, LATER + timedelta(seconds=630), None)


def test_where_no_time_is_sure_there_is_still_as_soon_as_possible() -> None:
    assert [slot.latest is not None for slot in spoken_choices(busy(1, 0.5), None)] == [True]
    assert next_slots(busy(1, 0.5), LATER, None, 1) == []
