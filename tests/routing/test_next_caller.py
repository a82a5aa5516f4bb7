"""An agent becomes free: of those who wait, the one for whom most seconds speak."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.agents import Agent
from routing.choose import TEAMMATE, Waiting, hope_seconds, next_caller
from routing.plan import Plan, Widening, Worth
from routing.weigh import Caller, weigh, worth_seconds
from tests.routing.people import NOW, agent, caller, knows, talking, wrapping_up
from tests.routing.test_weigh import any_caller, any_floor, few

PLAN = Plan()
ANNA = agent("Anna Bianchi")


def waiting(name: str, seconds: float = 0, *, plan: Plan = PLAN, held: float | None = None, **more: Any) -> Waiting:
    """Has waited so long; `held`: for so many seconds more."""
    until = None if held is None else NOW + timedelta(seconds=held)
    return Waiting(name, caller(arrived_at=NOW - timedelta(seconds=seconds), **more), plan, until)


def taken(*queue: Waiting, by: Agent = ANNA) -> str | None:
    match = next_caller(by, queue, NOW)
    return match and match.waiting.id


def test_who_came_first_goes_first() -> None:
    assert taken(waiting("late", 10), waiting("early", 11)) == "early"


def test_of_two_who_came_together_the_id_decides() -> None:
    assert taken(waiting("b", 10), waiting("a", 10)) == taken(waiting("a", 10), waiting("b", 10)) == "a"


@pytest.mark.parametrize(("longer", "first"), [(59, "own"), (61, "stranger")])
def test_an_agents_own_caller_goes_before_who_has_waited_longer_but_not_however_long(longer: int, first: str) -> None:
    assert taken(waiting("stranger", 20 + longer), waiting("own", 20, ties=knows("anna"))) == first


def test_a_reason_to_be_impatient_is_so_many_seconds_ahead() -> None:
    again = waiting("again", 20, urgent={"repeated": 60, "cut_off": 120})
    assert taken(waiting("early", 199), again) == "again"
    assert taken(waiting("early", 201), again) == "early"


def test_who_comes_ahead_is_told_in_seconds() -> None:
    queue = [waiting("own", 20, ties=knows("anna", score=0.5), urgent={"repeated": 60})]
    match = next_caller(ANNA, queue, NOW)
    assert match is not None
    assert (match.waited_seconds, match.urgency_seconds, match.worth_seconds) == (20, 60, 30)
    assert match.rank_seconds == 110


def test_each_call_is_weighed_by_the_plan_it_came_under() -> None:
    old, new = Plan(worth=Worth(preferred_seconds=0)), Plan(worth=Worth(preferred_seconds=500))
    assert taken(waiting("stranger", 60), waiting("own", plan=old, preferred="anna")) == "stranger"
    assert taken(waiting("stranger", 60), waiting("own", plan=new, preferred="anna")) == "own"


def test_who_is_held_for_somebody_they_know_is_left_alone_until_then() -> None:
    held = {"ties": knows("luca")}
    assert taken(waiting("held", 60, held=5, **held)) is None
    assert taken(waiting("held", 60, held=0, **held)) == "held"
    assert taken(waiting("held", 60, held=5, **held), by=agent("Luca")) == "held"


def test_hope_for_somebody_they_know_lets_strangers_go_first_to_others() -> None:
    """Luca is about to be free: Anna is of less use to who knows Luca than to a stranger, and Luca is not."""
    who = caller(ties=knows("luca"))
    hope = hope_seconds(who, weigh(who, [wrapping_up("Luca", left=10)], PLAN, NOW), PLAN, NOW)
    assert 45 < hope < 60
    hopeful = replace(waiting("hopeful", 40), caller=replace(who, arrived_at=NOW - timedelta(seconds=40)))
    hopeful = replace(hopeful, caller=replace(hopeful.caller, hope_seconds=hope))
    assert taken(waiting("stranger", 20), hopeful) == "stranger"
    assert taken(waiting("stranger", 20), hopeful, by=agent("Luca")) == "hopeful"
    assert taken(hopeful) == "hopeful"


def test_who_asked_for_a_teammate_hopes_for_nobody() -> None:
    who = caller(ties=knows("luca"), choice=TEAMMATE, offered=True)
    assert hope_seconds(who, weigh(who, [wrapping_up("Luca", left=10)], PLAN, NOW), PLAN, NOW) == 0


def test_nobody_is_given_to_who_declined_was_rung_already_or_cannot_help() -> None:
    assert taken(waiting("declined", 60, vetoed=frozenset({"anna"}), ties=knows("anna"))) is None
    assert taken(waiting("tried", 60, tried=frozenset({"anna"}))) is None
    assert taken(waiting("loans", 60, skills={"loans": 2}), waiting("any")) == "any"
    assert taken(waiting("team", 60, teams=frozenset({"north"})), waiting("any")) == "any"


def test_a_longer_wait_widens_who_may_be_given_to_whom() -> None:
    plan = Plan(widen=[Widening(after_seconds=30, any_team=True)])
    assert taken(waiting("team", 29, plan=plan, teams=frozenset({"north"}))) is None
    assert taken(waiting("team", 30, plan=plan, teams=frozenset({"north"}))) == "team"


def test_who_is_not_free_takes_nobody() -> None:
    queue = [waiting("early", 60)]
    assert taken(*queue, by=talking("Anna")) is None
    assert taken(*queue, by=replace(ANNA, present=False)) is None


QUEUES = st.lists(any_caller(), max_size=5)


def as_queue(callers: list[Caller]) -> list[Waiting]:
    holds = [None, -5, 20]
    return [
        Waiting(f"c{n}", one, PLAN, None if (held := holds[n % 3]) is None else NOW + timedelta(seconds=held))
        for n, one in enumerate(callers)
    ]


@few
@given(QUEUES, any_floor(), st.randoms(use_true_random=False))
def test_the_order_in_which_the_queue_is_read_decides_nothing(
    callers: list[Caller], floor: list[Agent], chance: random.Random
) -> None:
    queue = as_queue(callers)
    shuffled = list(queue)
    chance.shuffle(shuffled)
    for one in floor:
        assert next_caller(one, queue, NOW) == next_caller(one, shuffled, NOW)


@few
@given(QUEUES, any_floor())
def test_who_is_taken_has_the_most_seconds_of_those_who_may_be(callers: list[Caller], floor: list[Agent]) -> None:
    queue = as_queue(callers)
    for one in floor:
        match = next_caller(one, queue, NOW)
        may = [
            each
            for each in queue
            if one.ready
            and one.id not in each.caller.tried | each.caller.vetoed
            and (each.held_until is None or each.held_until <= NOW or one.id in each.caller.known)
            and weigh(each.caller, [one], PLAN, NOW)
        ]
        assert (match is None) == (not may)
        if match is not None:
            assert match.waiting in may
            seconds = [_seconds(each.caller, one) for each in may]
            assert match.rank_seconds == pytest.approx(max(seconds))


def _seconds(who: Caller, one: Agent) -> float:
    return who.waited_seconds(NOW) + sum(who.urgent.values()) + worth_seconds(who, one, PLAN)


@few
@given(QUEUES, any_floor(), st.sampled_from(["urgent", "preferred", "longer"]))
def test_who_is_taken_is_still_taken_with_more_speaking_for_them(
    callers: list[Caller], floor: list[Agent], why: str
) -> None:
    queue = as_queue(callers)
    for one in floor:
        match = next_caller(one, queue, NOW)
        if match is None:
            continue
        was = match.waiting.caller
        more = {
            "urgent": replace(was, urgent={**was.urgent, "broken_promise": 30}),
            "preferred": replace(was, preferred=one.id),
            "longer": replace(was, arrived_at=was.arrived_at - timedelta(seconds=30)),
        }[why]
        changed = [replace(each, caller=more) if each is match.waiting else each for each in queue]
        again = next_caller(one, changed, NOW)
        assert again is not None
        assert again.waiting.id == match.waiting.id
