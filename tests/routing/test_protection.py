"""Who has promised a call is free when it comes due: whom they are kept from, whom not, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.agents import Agent
from routing.choose import TEAMMATE, WAIT, choose, hope_seconds
from routing.forecast import Talk
from routing.plan import Plan, Service, Worth
from routing.weigh import Caller, weigh
from tests.routing.people import NOW, agent, caller, knows, talking, wrapping_up

PLAN = Plan()
BUSY = 60  # agents like those who talk, beside those on the floor


def promised(one: Agent, seconds: float) -> Agent:
    return replace(one, promised_at=NOW + timedelta(seconds=seconds))


ANNA, LUCA = agent("Anna Bianchi", seconds=600), agent("Luca Verdi")
BEA_TALKS = talking("Bea Neri", seconds=20)
SOON = promised(ANNA, 120)


def got(who: Caller, *floor: Agent, plan: Plan = PLAN, busy: int = BUSY) -> tuple[str, str | None]:
    decision = choose(who, floor, plan, NOW, busy)
    return decision.action, decision.who.agent.id if decision.who else None


def keeps(one: Agent, plan: Plan = PLAN) -> float:
    (weighed,) = weigh(caller(), [one], plan, NOW)
    return weighed.spare.get("promise", 0.0)


@pytest.mark.parametrize(
    ("seconds", "action"), [(20, "wait"), (120, "wait"), (300, "wait"), (900, "ring"), (9000, "ring")]
)
def test_the_only_one_free_is_kept_from_strangers_when_the_promise_is_near(seconds: float, action: str) -> None:
    assert got(caller(), promised(ANNA, seconds), BEA_TALKS)[0] == action


@pytest.mark.parametrize(("busy", "action"), [(0, "ring"), (1, "ring"), (3, "wait"), (60, "wait")])
def test_how_long_others_would_wait_instead_counts_as_well(busy: int, action: str) -> None:
    """Of many who are busy one is free soon; one or two may keep a caller waiting for minutes."""
    assert got(caller(), SOON, busy=busy)[0] == action


def test_who_waits_for_the_line_is_told_of_the_line() -> None:
    """Of those who talk only their number is known: what is told is how long such talks last, not how near she is."""
    decision = choose(caller(), [SOON], PLAN, NOW, 3)
    assert (decision.action, decision.who) == ("wait", None)
    assert decision.estimate_seconds is not None
    assert decision.estimate_seconds > 120


def test_she_is_kept_from_a_caller_who_knows_somebody_busy_just_as_well() -> None:
    """Such a caller is asked, or waits; nobody is put through to her for want of the one they know."""
    knows_bea = caller(ties=knows("bea"), offered=True)
    assert got(knows_bea, ANNA, BEA_TALKS) == ("ring", "anna")
    assert got(knows_bea, SOON, BEA_TALKS) == ("wait", "bea")
    assert got(replace(knows_bea, choice=TEAMMATE), SOON, BEA_TALKS) == ("wait", "bea")
    asked = choose(replace(knows_bea, offered=False), [SOON, BEA_TALKS], PLAN, NOW, BUSY)
    assert (asked.action, asked.teammate) == ("offer_callback", None)


def test_who_knows_her_best_waits_for_the_next_best_they_know() -> None:
    both = caller(ties=knows("anna") | knows("bea", score=0.5), offered=True)
    assert got(both, ANNA, BEA_TALKS) == ("ring", "anna")
    assert got(both, promised(ANNA, 30), BEA_TALKS) == ("wait", "bea")


def test_another_who_is_free_is_rung_however_much_they_have_done() -> None:
    """Carlo costs a stranger more than Anna's promise does; but he is free, and nobody is waiting for his call."""
    carlo = replace(agent("Carlo Riva"), load=0.9)
    costs = {one.agent.id: one.cost_seconds for one in weigh(caller(), [SOON, carlo], PLAN, NOW)}
    assert costs["anna"] < costs["carlo"]
    assert got(caller(), SOON, carlo) == ("ring", "carlo")


def test_who_knows_her_is_put_through_until_a_little_before() -> None:
    plan = Plan(worth=Worth(familiar_seconds=120))
    who = caller(ties=knows("anna"))
    assert got(who, promised(ANNA, 240), plan=plan) == ("ring", "anna")
    assert got(who, promised(ANNA, 30), plan=plan) == ("wait", None)


def test_whoever_was_told_that_they_would_have_her_has_her() -> None:
    """By the key they pressed, or because this call is a promise of hers that is due."""
    waits = caller(preferred="anna", choice=WAIT, offered=True)
    assert got(waits, promised(ANNA, 20)) == ("ring", "anna")
    assert got(replace(waits, choice=None), promised(ANNA, 20)) == ("wait", None)


def test_a_promise_that_is_due_keeps_her_as_long_as_it_waits_for_her() -> None:
    plan = Plan(service=Service(owner_wait_seconds=120), wrap_up_seconds=0)
    kept = [keeps(promised(ANNA, seconds), plan) for seconds in (0, -60, -119, -120, -200)]
    assert kept == sorted(kept)
    assert kept[0] > plan.protect_promise_seconds / 2
    assert kept[-2:] == [plan.protect_promise_seconds] * 2


def test_the_longer_a_promise_waits_for_her_the_sooner_before_it_she_may_take_a_call() -> None:
    patient, strict = (Plan(service=Service(owner_wait_seconds=seconds)) for seconds in (240, 0))
    assert keeps(SOON, patient) < keeps(SOON, strict)
    assert got(caller(), promised(ANNA, 420), plan=strict)[0] == "wait"
    assert got(caller(), promised(ANNA, 420), plan=patient)[0] == "ring"


def test_a_short_talk_keeps_nobody() -> None:
    """By the forecast: what this agent's talks are like, not what talks are like in general."""
    brief = replace(promised(ANNA, 420), talk=Talk(40.0, 0.6))
    assert keeps(brief) <= 1
    assert got(caller(), brief)[0] == "ring"


def test_nobody_is_held_for_somebody_who_will_then_be_kept_for_a_promise() -> None:
    """Anna's notes take ten more seconds; then her promise is near, and the wait would have been for nothing."""
    who, notes = caller(ties=knows("anna")), wrapping_up("Anna Bianchi", left=10)
    assert choose(who, [notes, LUCA], PLAN, NOW).hold is not None
    assert choose(who, [promised(notes, 60), LUCA], PLAN, NOW).hold is None
    hopes = [hope_seconds(who, weigh(who, [one], PLAN, NOW), PLAN, NOW) for one in (notes, promised(notes, 60))]
    assert hopes[0] > hopes[1] == 0.0


def test_of_who_is_busy_it_counts_when_the_call_could_begin() -> None:
    notes = wrapping_up("Anna Bianchi", left=100)
    assert keeps(promised(notes, 400)) == keeps(promised(ANNA, 300)) > keeps(promised(ANNA, 400))
