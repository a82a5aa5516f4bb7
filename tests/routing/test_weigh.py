"""What agents are to a caller, in seconds: worth, what is spared for others, and what holds on any floor."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.agents import LOAD_MEMORY_SECONDS, Activity, Agent, Availability, load_after
from routing.choose import TEAMMATE, WAIT, choose
from routing.plan import Load, Plan, Service, Widening, Worth
from routing.weigh import Caller, Tie, fitting, weigh, worth_of, worth_seconds
from tests.routing.people import NOW, agent, caller, knows, talking, wrapping_up

PLAN = Plan()
ANNA, LUCA = agent("Anna Bianchi", seconds=120), agent("Luca Verdi", seconds=60)
SOON = NOW + timedelta(minutes=2)
HOUR = timedelta(hours=1)
NAMES = ("Anna", "Bea", "Carlo", "Dora", "Enzo")
IDS = tuple(name.lower() for name in NAMES)


def order(who: Caller, *floor: Agent, plan: Plan = PLAN) -> list[str]:
    return [one.agent.id for one in weigh(who, floor, plan, NOW)]


def spared(who: Caller, *floor: Agent, plan: Plan = PLAN) -> dict[str, dict[str, float]]:
    return {one.agent.id: dict(one.spare) for one in weigh(who, floor, plan, NOW)}


def test_being_busy_and_resting_are_a_mean_that_forgets() -> None:
    """Halves of an hour add up to the hour; what was long ago counts for nothing."""
    half = load_after(0.0, HOUR / 2, busy=True)
    assert load_after(half, HOUR / 2, busy=True) == pytest.approx(load_after(0.0, HOUR, busy=True))
    assert load_after(0.8, timedelta(0), busy=False) == load_after(0.8, -HOUR, busy=True) == 0.8
    assert load_after(0.0, HOUR * 100, busy=True) == pytest.approx(1.0)
    assert load_after(1.0, timedelta(seconds=LOAD_MEMORY_SECONDS), busy=False) == pytest.approx(0.3679, abs=1e-4)


@pytest.mark.parametrize(("activity", "load"), [(Activity.IDLE, 0.3032), (Activity.TALKING, 0.6967)])
def test_an_agents_load_goes_on_from_where_it_was(activity: Activity, load: float) -> None:
    busy = replace(ANNA, load=0.5, activity=activity, since_at=NOW - timedelta(hours=1))
    assert busy.load_at(NOW) == pytest.approx(load, abs=1e-4)
    assert busy.load_at(busy.since_at) == 0.5


def test_a_stranger_goes_first_to_who_is_less_asked_for() -> None:
    wanted = replace(ANNA, wanted_an_hour=5.0)
    assert order(caller(), wanted, LUCA) == ["luca", "anna"]
    assert order(caller(), wanted, LUCA, plan=Plan(load=Load(spare_wanted=False))) == ["anna", "luca"]
    assert spared(caller(), wanted, LUCA) == {"anna": {"wanted": 14}, "luca": {}}


def test_less_than_a_second_is_no_reason_to_pass_anybody_over() -> None:
    assert order(caller(), replace(ANNA, wanted_an_hour=0.1), LUCA) == ["anna", "luca"]


def test_who_knows_a_much_wanted_agent_a_little_is_not_passed_on_for_that() -> None:
    """Neither by a rounded second nor because somebody else has been free for longer."""
    wanted = replace(LUCA, wanted_an_hour=20.0)
    for score in (0.01, 0.1, 0.1766, 0.5, 1.0):
        who = caller(ties=knows("luca", score=score))
        assert order(who, ANNA, wanted) == ["luca", "anna"], score


@pytest.mark.parametrize(("load", "first"), [(0.25, "anna"), (0.45, "luca")])
def test_loads_may_drift_apart_by_so_many_points_and_no_more(load: float, first: str) -> None:
    """Twenty by default: then the less busy go first, for strangers."""
    busier, rested = replace(ANNA, load=load), replace(LUCA, load=0.1)
    assert order(caller(), busier, rested)[0] == first
    assert order(caller(), busier, rested, plan=Plan(load=Load(spread_points=50)))[0] == "anna"
    assert order(caller(ties=knows("anna")), busier, rested)[0] == "anna"


def test_load_is_measured_against_those_who_are_free_and_fit() -> None:
    """That a colleague who cannot take this call, or is not free, is rested is no reason."""
    busier, rested = replace(ANNA, load=0.6), replace(LUCA, load=0.0)
    german = replace(rested, languages=("de-DE",))
    away = replace(rested, activity=Activity.RESERVED)
    assert spared(caller(), busier, german) == {"anna": {}}
    assert spared(caller(), busier, away)["anna"] == {}
    assert spared(caller(), busier, rested)["anna"].keys() == {"load"}


def test_who_has_promised_a_call_soon_is_kept_for_it() -> None:
    """More, the likelier this call would last until then; the plan says how much at most."""
    plan = Plan(service=Service(owner_wait_seconds=30), wrap_up_seconds=30)
    keeps = [
        spared(caller(), replace(ANNA, promised_at=NOW + timedelta(minutes=minutes)), LUCA, plan=plan)["anna"].get(
            "promise", 0
        )
        for minutes in (0, 2, 6, 60)
    ]
    assert keeps == sorted(keeps, reverse=True)
    assert keeps[0] == plan.protect_promise_seconds
    assert keeps[-1] < 20
    assert order(caller(), replace(ANNA, promised_at=SOON), LUCA) == ["luca", "anna"]
    assert order(caller(), replace(ANNA, promised_at=SOON), LUCA, plan=Plan(protect_promise_seconds=0))[0] == "anna"


def test_a_promise_is_kept_from_those_who_know_the_agent_too_but_not_at_any_price() -> None:
    promised = replace(ANNA, promised_at=SOON)
    assert order(caller(ties=knows("anna")), promised, LUCA)[0] == "luca"
    assert order(caller(preferred="anna", ties=knows("anna")), promised, talking("Luca", seconds=20))[0] == "anna"


def test_the_stand_in_of_whom_they_would_have_had_counts_only_while_those_are_absent() -> None:
    anna = replace(ANNA, stand_in="luca", present=False)
    (luca, bea) = weigh(caller(preferred="anna"), [anna, LUCA, agent("Bea", seconds=900)], PLAN, NOW)
    assert (luca.agent.id, luca.because, luca.worth_seconds) == ("luca", ("stand_in",), 30)
    assert bea.because == ()
    here = replace(anna, present=True)
    assert all("stand_in" not in one.because for one in weigh(caller(preferred="anna"), [here, LUCA], PLAN, NOW))
    familiar = weigh(caller(ties=knows("anna")), [anna, LUCA], PLAN, NOW)
    assert [one.because for one in familiar] == [()]  # nobody stands in for everybody whom one has met


def test_who_stands_in_for_one_person_counts_always_since_they_know_them_too() -> None:
    who = caller(preferred="anna", stand_ins=frozenset({"luca", "dora"}))
    luca, anna = weigh(who, [talking("Anna Bianchi", seconds=20), LUCA], PLAN, NOW)
    assert (luca.because, luca.worth_seconds, anna.because) == (("stand_in",), 30, ("preferred",))
    assert worth_of(who, "luca", PLAN) == worth_seconds(who, LUCA, PLAN) == 30
    assert who.known == {"anna", "luca", "dora"}
    (gone, _) = weigh(who, [replace(ANNA, stand_in="luca", present=False), LUCA, agent("Dora", seconds=900)], PLAN, NOW)
    assert gone.worth_seconds == 30  # once, whoever names them


def test_who_keeps_them_is_worth_ten_minutes_and_is_missed_while_busy() -> None:
    who = caller(kept="anna", owners=frozenset({"luca"}))
    kept, owner = weigh(who, [ANNA, LUCA], PLAN, NOW)
    assert (kept.because, kept.worth_seconds, kept.bound, kept.familiar) == (("kept",), 600, True, True)
    assert (owner.because, who.known) == (("case_owner",), {"anna", "luca"})
    busy = talking("Anna Bianchi", seconds=20)
    assert choose(who, [busy, LUCA], PLAN, NOW).action == "offer_callback"
    assert choose(replace(who, vetoed=frozenset({"anna"})), [ANNA, LUCA], PLAN, NOW).who == owner
    away = [replace(ANNA, stand_in="dora", present=False), agent("Dora", seconds=900)]
    assert [one.because for one in weigh(who, away, PLAN, NOW)] == [("stand_in",)]


def test_what_is_worth_what_adds_up() -> None:
    who = caller(preferred="anna", owners=frozenset({"anna"}), ties=knows("anna", score=0.5), skills={"loans": 1})
    skilled = replace(ANNA, skills={"loans": 4})
    plan = Plan(worth=Worth(agents={"anna": 7}))
    assert worth_of(who, "anna", plan) == 120 + 90 + 30 + 7
    assert worth_seconds(who, skilled, plan) == worth_of(who, "anna", plan) + 3 * plan.worth.skill_level_seconds
    assert worth_of(who, "luca", plan) == 0


def test_steps_let_lower_skills_teams_and_languages_do_as_time_passes() -> None:
    steps = [
        Widening(after_seconds=90, any_language=True),
        Widening(after_seconds=30, lower_skills_by=2),
        Widening(after_seconds=60, any_team=True),
    ]
    plan = Plan(widen=steps)
    who = caller(skills={"loans": 4, "tax": 1}, teams=frozenset({"north"}))
    skills = {"loans": 2, "tax": 1}
    low = agent("Low", skills=skills, team="north")
    far = agent("Far", skills=skills, team="south")
    german = agent("German", skills=skills, team="north", languages=("de-DE",))
    unable = agent("Unable", skills={"loans": 9}, team="north")  # a needed skill never vanishes
    best = agent("Best", skills={"loans": 4, "tax": 2}, team="north")
    floor = [low, far, german, unable, best]
    after = {0: {"best"}, 30: {"best", "low"}, 60: {"best", "low", "far"}, 90: {"best", "low", "far", "german"}}
    for seconds, ids in after.items():
        at = NOW + timedelta(seconds=seconds)
        assert {one.id for one in fitting(who, floor, plan, at)} == ids
        assert {one.id for one in fitting(who, floor, plan, at + timedelta(seconds=29))} == ids


@pytest.mark.parametrize(("left", "held", "longest"), [(12, 0, 30), (12, 15, 15), (12, 20, None), (12, 40, None)])
def test_what_somebody_was_held_already_counts_against_the_longest_hold(
    left: float, held: float, longest: float | None
) -> None:
    """Thirty seconds unasked, in sum: who cannot be free within the rest is not waited for."""
    who = caller(preferred="anna", held_seconds=held)
    hold = choose(who, [wrapping_up("Anna", left=left), LUCA], PLAN, NOW).hold
    assert (hold is None) == (longest is None)
    if hold is not None and longest is not None:
        assert left <= hold.seconds <= longest


# -- What holds on any floor


@st.composite
def any_floor(draw: st.DrawFn) -> list[Agent]:
    floor = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5)):
        activity = draw(st.sampled_from([Activity.IDLE, Activity.IDLE, Activity.TALKING, Activity.WRAP_UP]))
        until = NOW + timedelta(seconds=draw(st.integers(-20, 90))) if activity is Activity.WRAP_UP else None
        more: dict[str, Any] = {
            "availability": draw(st.sampled_from([Availability.READY] * 3 + [Availability.AWAY])),
            "load": draw(st.floats(0, 1)),
            "wanted_an_hour": draw(st.sampled_from([0.0, 0.4, 3.0, 40.0])),
            "promised_at": draw(st.none() | st.integers(0, 600).map(lambda s: NOW + timedelta(seconds=s))),
            "stand_in": draw(st.none() | st.sampled_from(IDS)),
            "present": draw(st.sampled_from([True, True, True, False])),
            "skills": draw(st.sampled_from([{}, {"loans": 1}, {"loans": 3}])),
            "languages": draw(st.sampled_from([("it-IT",), ("de-DE",), ("it-IT", "de-DE")])),
        }
        seconds = draw(st.integers(0, 900))
        floor.append(agent(name, seconds=seconds, activity=activity, wrap_up_until=until, **more))
    return floor


@st.composite
def any_caller(draw: st.DrawFn) -> Caller:
    some = st.frozensets(st.sampled_from(IDS), max_size=3)
    return caller(
        arrived_at=NOW - timedelta(seconds=draw(st.integers(0, 300))),
        language=draw(st.sampled_from(("it-IT", "de-DE", "ja-JP"))),
        preferred=draw(st.none() | st.sampled_from(IDS)),
        owners=draw(some),
        ties={known: Tie(draw(st.floats(0, 1)), draw(st.integers(1, 20))) for known in draw(some)},
        skills=draw(st.sampled_from([{}, {"loans": 2}])),
        tried=draw(some),
        vetoed=draw(some),
        urgent=draw(st.sampled_from([{}, {"repeated": 60}, {"cut_off": 120, "rule": 30}])),
        choice=draw(st.sampled_from([None, TEAMMATE, WAIT])),
        offered=draw(st.booleans()),
        held_seconds=draw(st.floats(0, 90)),
    )


PLANS = st.builds(
    Plan,
    wait_unasked_seconds=st.integers(0, 120),
    wait_unasked_chance=st.sampled_from([0.0, 0.3, 0.5]),
    worth=st.builds(
        Worth,
        familiar_seconds=st.integers(0, 600),
        skill_level_seconds=st.just(0),
        agents=st.sampled_from([{}, {"bea": 50}]),
    ),
    load=st.builds(Load, spread_points=st.integers(0, 40), spare_wanted=st.booleans()),
    widen=st.sampled_from([[], [Widening(after_seconds=60, lower_skills_by=1, any_language=True)]]),
)
few = settings(max_examples=60, deadline=None, derandomize=True)


@few
@given(any_caller(), any_floor(), PLANS, st.randoms(use_true_random=False))
def test_the_order_in_which_the_floor_is_read_decides_nothing(
    who: Caller, floor: list[Agent], plan: Plan, chance: random.Random
) -> None:
    shuffled = list(floor)
    chance.shuffle(shuffled)
    assert weigh(who, floor, plan, NOW) == weigh(who, shuffled, plan, NOW)
    assert choose(who, floor, plan, NOW) == choose(who, shuffled, plan, NOW)


@few
@given(any_caller(), any_floor(), PLANS)
def test_nobody_is_weighed_who_declined_was_tried_cannot_or_is_not_here(
    who: Caller, floor: list[Agent], plan: Plan
) -> None:
    for one in weigh(who, floor, plan, NOW):
        assert one.agent.id not in who.tried | who.vetoed
        assert one.agent.present
        assert one.agent.availability is Availability.READY
        assert one.agent in fitting(who, floor, plan, NOW) or not one.agent.speaks(who.language)
        assert one.wait_seconds >= 0
        assert one.worth_seconds >= 0
        assert all(seconds >= 0 for seconds in one.spare.values())


@few
@given(any_caller(), any_floor(), PLANS)
def test_every_caller_ends_somewhere_and_is_not_held_longer_than_the_plan_allows(
    who: Caller, floor: list[Agent], plan: Plan
) -> None:
    """Whatever the plan: rung, waiting with an estimate, or asked; of holds the sum is bounded."""
    decision = choose(who, floor, plan, NOW)
    assert decision.action in ("ring", "wait", "offer_callback")
    if decision.action == "ring":
        assert decision.who is not None
        assert decision.who.agent.ready
    if decision.action == "wait":
        assert decision.estimate_seconds is not None
    if decision.action == "offer_callback":
        assert not decision.weighed or (decision.who is not None and not who.offered)
    if decision.hold is not None:
        assert decision.action == "wait"
        assert who.choice is None  # whoever asked for a teammate is kept from none
        assert 0 < decision.hold.seconds <= plan.wait_unasked_seconds - who.held_seconds
        assert decision.hold.chance >= plan.wait_unasked_chance
        assert decision.hold.gain_seconds > 0


@few
@given(any_caller(), any_floor(), PLANS)
def test_no_idle_agent_they_know_is_passed_over_for_a_stranger_because_of_load_or_being_wanted(
    who: Caller, floor: list[Agent], plan: Plan
) -> None:
    floor = [replace(one, promised_at=None) for one in floor]
    decision = choose(who, floor, plan, NOW)
    if decision.action == "ring" and any(one.familiar and one.agent.ready for one in decision.weighed):
        assert decision.who is not None
        assert decision.who.known


@few
@given(any_caller(), any_floor(), PLANS, st.sampled_from(IDS))
def test_who_is_worth_more_is_never_further_behind(who: Caller, floor: list[Agent], plan: Plan, one: str) -> None:
    better = replace(who, ties={**who.ties, one: Tie(1.0, 5)}, preferred=one)
    before, after = (order(each, *floor, plan=plan) for each in (replace(who, preferred=None), better))
    if one in before:
        assert after.index(one) <= before.index(one)
