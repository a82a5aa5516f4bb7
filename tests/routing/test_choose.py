"""Who rings, who is waited for, who is asked: every branch of the default, and what holds on any floor."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.agents import Activity, Agent, Availability
from routing.choose import TEAMMATE, WAIT, choose, on_shift
from routing.forecast import HONEST_SHARE, free, told_seconds
from routing.plan import Plan, Worth
from routing.weigh import Caller, Tie, fitting, weigh
from tests.routing.people import NOW, agent, caller, knows, talking, wrapping_up

PLAN = Plan()
ANNA, LUCA = agent("Anna Bianchi"), agent("Luca Verdi")
BUSY_ANNA = talking("Anna Bianchi")  # 240 s of talk and 30 of wrap-up ahead of her


def chosen(who: Caller, *floor: Agent, plan: Plan = PLAN) -> tuple[str, str | None, str | None]:
    """The action, whom it is about, and the teammate beside."""
    decision = choose(who, floor, plan, NOW)
    about = decision.who.agent.id if decision.who else None
    return decision.action, about, decision.teammate.agent.id if decision.teammate else None


def test_a_stranger_gets_the_agent_who_has_been_idle_longest() -> None:
    assert chosen(caller(), agent("Anna", seconds=60), agent("Luca", seconds=61)) == ("ring", "luca", None)


def test_equals_are_told_apart_by_id_whatever_their_order() -> None:
    floor = [agent("Luca"), agent("Anna"), agent("Bea")]
    assert chosen(caller(), *floor) == chosen(caller(), *reversed(floor)) == ("ring", "anna", None)


def test_a_familiar_agent_rings_before_one_who_has_been_idle_longer() -> None:
    assert chosen(caller(ties=knows("anna")), agent("Anna", seconds=1), agent("Luca", seconds=900)) == (
        "ring",
        "anna",
        None,
    )


def test_the_one_they_know_better_rings_first() -> None:
    ties = {"anna": Tie(0.4, 2), "luca": Tie(0.9, 7)}
    assert chosen(caller(ties=ties), agent("Anna", seconds=900), agent("Luca")) == ("ring", "luca", None)


def test_who_holds_the_open_matter_rings_before_who_is_merely_familiar() -> None:
    both = caller(ties=knows("anna"), owners=frozenset({"luca"}))
    assert chosen(both, ANNA, LUCA) == ("ring", "luca", None)


def test_the_one_they_chose_rings_before_who_holds_the_matter() -> None:
    both = caller(preferred="anna", owners=frozenset({"luca"}), ties=knows("luca", score=0.1))
    assert chosen(both, ANNA, LUCA) == ("ring", "anna", None)


def test_worths_add_up() -> None:
    """A matter held by somebody familiar outweighs a mere choice: 90 + 60 seconds against 120."""
    both = caller(preferred="anna", owners=frozenset({"luca"}), ties=knows("luca"))
    assert chosen(both, ANNA, LUCA) == ("ring", "luca", None)


def test_a_tie_without_weight_is_none() -> None:
    """Forgotten long ago: they are as any other, and nobody is asked whether to wait for them."""
    forgotten = caller(ties=knows("anna", score=0.0))
    assert chosen(forgotten, BUSY_ANNA, LUCA) == ("ring", "luca", None)
    assert chosen(forgotten, BUSY_ANNA, talking("Luca")) == ("wait", None, None)


@pytest.mark.parametrize(("left", "action"), [(29.0, "wait"), (30.0, "wait"), (30.1, "offer_callback")])
def test_a_familiar_agent_is_waited_for_unasked_only_within_thirty_seconds(left: float, action: str) -> None:
    anna = wrapping_up("Anna", left=left)
    assert chosen(caller(ties=knows("anna")), anna, LUCA) == (action, "anna", "luca")
    assert choose(caller(ties=knows("anna")), [anna, LUCA], PLAN, NOW).estimate_seconds == pytest.approx(left)


@pytest.mark.parametrize("why", [{"preferred": "anna"}, {"owners": frozenset({"anna"})}, {"ties": knows("anna")}])
def test_who_knows_a_busy_agent_is_asked(why: dict[str, Any]) -> None:
    assert chosen(caller(**why), BUSY_ANNA, LUCA) == ("offer_callback", "anna", "luca")


def test_asked_once_and_silent_they_get_the_teammate() -> None:
    assert chosen(caller(preferred="anna", offered=True), BUSY_ANNA, LUCA) == ("ring", "luca", None)


def test_asked_once_and_silent_with_nobody_else_free_they_wait_for_the_one_they_know() -> None:
    everybody_busy = [BUSY_ANNA, talking("Luca", seconds=200)]
    assert chosen(caller(preferred="anna"), *everybody_busy) == ("offer_callback", "anna", None)
    assert chosen(caller(preferred="anna", offered=True), *everybody_busy) == ("wait", "anna", None)


def test_whoever_chose_to_wait_waits_beside_free_teammates() -> None:
    assert chosen(caller(preferred="anna", choice=WAIT, offered=True), BUSY_ANNA, LUCA) == ("wait", "anna", "luca")


def test_whoever_chose_to_wait_gets_them_as_soon_as_they_are_ready() -> None:
    assert chosen(caller(preferred="anna", choice=WAIT, offered=True), ANNA, LUCA) == ("ring", "anna", None)


def test_whoever_waits_for_an_agent_who_went_home_gets_another_one() -> None:
    gone = replace(ANNA, availability=Availability.OFFLINE)
    assert chosen(caller(preferred="anna", choice=WAIT, offered=True), gone, LUCA) == ("ring", "luca", None)


def test_whoever_asked_for_a_teammate_gets_one() -> None:
    asked = caller(preferred="anna", choice=TEAMMATE, offered=True)
    assert chosen(asked, BUSY_ANNA, LUCA) == ("ring", "luca", None)
    nearly = wrapping_up("Anna", left=5)
    assert chosen(asked, nearly, LUCA) == ("ring", "luca", None)


def test_whoever_asked_for_a_teammate_while_there_is_none_waits() -> None:
    asked = caller(preferred="anna", choice=TEAMMATE, offered=True)
    assert chosen(asked, BUSY_ANNA, talking("Luca")) == ("wait", "anna", None)


def test_whoever_asked_for_a_teammate_still_gets_the_one_they_know_if_they_are_free() -> None:
    assert chosen(caller(preferred="anna", choice=TEAMMATE, offered=True), ANNA, LUCA) == ("ring", "anna", None)


def test_mere_familiarity_is_not_missed_while_somebody_else_familiar_is_ready() -> None:
    ties = {"anna": Tie(1.0, 9), "luca": Tie(0.2, 1)}
    assert chosen(caller(ties=ties), BUSY_ANNA, LUCA) == ("ring", "luca", None)


def test_the_chosen_one_is_missed_even_while_somebody_familiar_is_ready() -> None:
    both = caller(preferred="anna", ties=knows("luca"))
    assert chosen(both, BUSY_ANNA, LUCA) == ("offer_callback", "anna", "luca")


def test_the_teammate_offered_is_the_one_they_know_best() -> None:
    both = caller(preferred="anna", ties=knows("luca", score=0.3))
    assert chosen(both, BUSY_ANNA, agent("Bea", seconds=3600), LUCA) == ("offer_callback", "anna", "luca")


def test_a_second_familiar_agent_who_is_busy_too_is_not_asked_about() -> None:
    """Of two who are busy it is the one worth more."""
    ties = {"anna": Tie(0.9, 5), "luca": Tie(0.5, 2)}
    assert chosen(caller(ties=ties), BUSY_ANNA, talking("Luca", seconds=230)) == ("offer_callback", "anna", None)


def test_a_stranger_waits_when_everybody_is_busy() -> None:
    decision = choose(caller(), [BUSY_ANNA, talking("Luca", seconds=140)], PLAN, NOW)
    assert (decision.action, decision.who) == ("wait", None)
    first = told_seconds(
        [found for a in (BUSY_ANNA, talking("Luca", seconds=140)) if (found := free(a, PLAN, NOW))], 0, PLAN
    )
    assert decision.estimate_seconds == first


def test_the_estimate_of_a_stranger_counts_who_waits_before_them() -> None:
    floor = [BUSY_ANNA, talking("Luca", seconds=140)]
    estimates = [choose(caller(ahead=ahead), floor, PLAN, NOW).estimate_seconds for ahead in range(4)]
    assert all(a is not None for a in estimates)
    assert estimates == sorted(set(estimates))


def test_of_a_long_line_some_are_known_to_give_up() -> None:
    def told(patience: float | None) -> float:
        estimate = choose(caller(ahead=12, patience_seconds=patience), [BUSY_ANNA, talking("Luca")], PLAN, NOW)
        assert estimate.estimate_seconds is not None
        return estimate.estimate_seconds

    assert told(60.0) < told(600.0) < told(None)


@pytest.mark.parametrize("away", [Availability.AWAY, Availability.OFFLINE])
def test_with_nobody_here_a_call_back_is_offered(away: Availability) -> None:
    assert chosen(caller(preferred="anna"), replace(ANNA, availability=away)) == ("offer_callback", None, None)
    assert chosen(caller()) == ("offer_callback", None, None)


def test_an_absent_favourite_is_nobody_to_ask_about() -> None:
    gone = replace(ANNA, availability=Availability.AWAY)
    assert chosen(caller(preferred="anna", ties=knows("anna")), gone, LUCA) == ("ring", "luca", None)


def test_who_was_rung_for_this_call_is_not_rung_again() -> None:
    assert chosen(caller(preferred="anna", tried=frozenset({"anna"})), ANNA, LUCA) == ("ring", "luca", None)
    assert chosen(caller(tried=frozenset({"anna", "luca"})), ANNA, LUCA) == ("offer_callback", None, None)


def test_who_was_rung_for_this_call_is_not_waited_for_either() -> None:
    assert chosen(caller(preferred="anna", tried=frozenset({"anna"})), BUSY_ANNA, LUCA) == ("ring", "luca", None)


def test_the_language_is_needed() -> None:
    german = agent("Heidi", seconds=1, languages=("en-GB", "de-AT"))
    assert chosen(caller(language="de-CH"), ANNA, german) == ("ring", "heidi", None)


def test_the_favourite_who_does_not_speak_the_language_does_not_ring() -> None:
    german = agent("Heidi", languages=("de-DE",))
    assert chosen(caller(language="de-DE", preferred="anna"), ANNA, german) == ("ring", "heidi", None)


def test_a_speaker_who_is_busy_is_waited_for_beside_others_who_are_free() -> None:
    german = talking("Heidi", languages=("de-DE",))
    assert chosen(caller(language="de-DE"), ANNA, german) == ("wait", None, None)


def test_a_language_nobody_speaks_does_not_leave_the_caller_with_nobody() -> None:
    assert chosen(caller(language="ja-JP"), ANNA) == ("ring", "anna", None)


@pytest.mark.parametrize("absent", [Availability.AWAY, Availability.OFFLINE])
def test_a_speaker_who_is_not_here_does_not_leave_the_caller_with_nobody(absent: Availability) -> None:
    """The floor holds the agents who know the caller wherever they are: one at home helps nobody now."""
    german = agent("Heidi", languages=("de-DE",), availability=absent)
    assert chosen(caller(language="de-DE", ties=knows("heidi")), ANNA, german) == ("ring", "anna", None)


def test_a_skill_is_needed_even_of_the_favourite() -> None:
    skilled = agent("Luca", skills={"loans": 3})
    who = caller(preferred="anna", skills={"loans": 2})
    assert chosen(who, ANNA, skilled) == ("ring", "luca", None)
    assert chosen(who, ANNA) == ("offer_callback", None, None)


def test_a_skill_nobody_has_is_not_forgotten_for_want_of_a_language() -> None:
    assert fitting(caller(language="ja-JP", skills={"loans": 1}), [ANNA, LUCA], PLAN, NOW) == []


def test_a_stand_in_has_no_claim_of_their_own_yet() -> None:
    """Whoever stands in for the favourite is chosen like anybody else."""
    anna = replace(BUSY_ANNA, stand_in="luca")
    bea = agent("Bea", seconds=3600)
    assert chosen(caller(preferred="anna"), anna, LUCA, bea) == ("offer_callback", "anna", "bea")


def test_the_plan_says_what_is_worth_what() -> None:
    plan = Plan(worth=Worth(preferred_seconds=0, case_owner_seconds=10, familiar_seconds=600))
    both = caller(preferred="anna", owners=frozenset({"anna"}), ties=knows("luca", score=0.5))
    assert chosen(both, ANNA, LUCA, plan=plan) == ("ring", "luca", None)


def test_the_plan_says_how_long_is_waited_unasked() -> None:
    anna = wrapping_up("Anna", left=45)
    who = caller(ties=knows("anna"))
    assert chosen(who, anna, LUCA, plan=Plan(wait_unasked_seconds=60)) == ("wait", "anna", "luca")
    assert chosen(who, wrapping_up("Anna", left=5), LUCA, plan=Plan(wait_unasked_seconds=0))[0] == "offer_callback"


def test_a_decision_keeps_its_reasons() -> None:
    who = caller(preferred="anna", ties=knows("anna", score=0.5))
    reasons = choose(who, [BUSY_ANNA, LUCA], PLAN, NOW).reasons()
    busy = free(BUSY_ANNA, PLAN, NOW)
    assert busy is not None
    assert reasons["estimate_seconds"] == round(busy.seconds(HONEST_SHARE), 1)
    weighed = {one["agent"]: one for one in reasons["weighed"]}
    assert weighed["anna"] == {
        "agent": "anna",
        "name": "Anna Bianchi",
        "wait_seconds": round(busy.seconds(), 1),
        "worth_seconds": 150,
        "because": ["preferred", "familiar"],
        "spare": {},
    }
    assert (weighed["luca"]["worth_seconds"], weighed["luca"]["because"]) == (0, [])


def test_the_reasons_of_a_crowd_stay_short() -> None:
    floor = [agent(f"Agent{n}") for n in range(50)]
    assert len(choose(caller(), floor, PLAN, NOW).reasons()["weighed"]) == 8


def test_nobody_is_on_shift_outside_their_hours() -> None:
    mornings = agent(hours="Mo-Fr 09:00-13:00")
    assert on_shift(mornings, "Europe/Rome", "IT", NOW)
    assert not on_shift(mornings, "Europe/Rome", "IT", NOW + timedelta(hours=4))
    assert not on_shift(mornings, "America/New_York", "US", NOW)
    assert on_shift(agent(), "Europe/Rome", "IT", NOW + timedelta(hours=14))


def test_the_wait_is_counted_from_the_arrival_and_never_negative() -> None:
    assert caller(arrived_at=NOW - timedelta(seconds=12)).waited_seconds(NOW) == 12
    assert caller(arrived_at=NOW + timedelta(seconds=5)).waited_seconds(NOW) == 0


NAMES = ("Anna", "Bea", "Carlo", "Dora", "Enzo")
IDS = tuple(name.lower() for name in NAMES)
LANGUAGES = ("it-IT", "en-GB", "de-DE")


@st.composite
def floors(draw: st.DrawFn) -> list[Agent]:
    floor = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5)):
        activity = draw(st.sampled_from(Activity))
        until = NOW + timedelta(seconds=draw(st.integers(-20, 90))) if activity is Activity.WRAP_UP else None
        floor.append(
            agent(
                name,
                seconds=draw(st.integers(0, 900)),
                languages=tuple(draw(st.lists(st.sampled_from(LANGUAGES), min_size=1, unique=True))),
                skills=draw(st.sampled_from([{}, {"loans": 1}, {"loans": 3}])),
                availability=draw(st.sampled_from(Availability)),
                activity=activity,
                wrap_up_until=until,
            )
        )
    return floor


@st.composite
def callers(draw: st.DrawFn) -> Caller:
    some = st.frozensets(st.sampled_from(IDS), max_size=3)
    return caller(
        language=draw(st.sampled_from((*LANGUAGES, "ja-JP"))),
        preferred=draw(st.none() | st.sampled_from(IDS)),
        owners=draw(some),
        ties={known: Tie(draw(st.floats(0, 1)), draw(st.integers(1, 20))) for known in draw(some)},
        skills=draw(st.sampled_from([{}, {"loans": 2}])),
        tried=draw(some),
        ahead=draw(st.integers(0, 40)),
        choice=draw(st.sampled_from([None, TEAMMATE, WAIT])),
        offered=draw(st.booleans()),
    )


@settings(max_examples=100)
@given(callers(), floors(), st.randoms(use_true_random=False))
def test_the_order_in_which_the_floor_is_read_decides_nothing(
    who: Caller, floor: list[Agent], chance: random.Random
) -> None:
    shuffled = list(floor)
    chance.shuffle(shuffled)
    assert choose(who, floor, PLAN, NOW) == choose(who, shuffled, PLAN, NOW)


@settings(max_examples=100)
@given(callers(), floors())
def test_whoever_is_rung_is_ready_able_and_new_to_this_call(who: Caller, floor: list[Agent]) -> None:
    decision = choose(who, floor, PLAN, NOW)
    for named in (decision.who if decision.action == "ring" else None, decision.teammate):
        if named is not None:
            assert named.agent.ready
            assert named.agent.id not in who.tried
            assert named.agent.able(who.skills)
    for weighed in decision.weighed:
        assert weighed.agent.availability is Availability.READY
        assert weighed.agent.id not in who.tried


@settings(max_examples=100)
@given(callers(), floors())
def test_every_caller_ends_somewhere(who: Caller, floor: list[Agent]) -> None:
    """Rung, or waiting with an estimate, or asked: and asked about an agent only once."""
    decision = choose(who, floor, PLAN, NOW)
    assert decision.action in ("ring", "wait", "offer_callback")
    if decision.action == "ring":
        assert decision.who is not None
    if decision.action == "wait":
        assert decision.estimate_seconds is not None
        assert decision.estimate_seconds > 0
    if decision.action == "offer_callback" and decision.who is not None:
        assert not who.offered
        assert decision.estimate_seconds is not None
        assert decision.estimate_seconds > PLAN.wait_unasked_seconds
    if decision.action == "offer_callback" and decision.who is None:
        assert not weigh(who, floor, PLAN, NOW)


@settings(max_examples=100)
@given(callers(), floors())
def test_nobody_is_left_waiting_beside_a_free_agent_unless_for_somebody_they_know(
    who: Caller, floor: list[Agent]
) -> None:
    decision = choose(who, floor, PLAN, NOW)
    if decision.action == "wait" and any(weighed.agent.ready for weighed in decision.weighed):
        assert decision.who is not None
        assert decision.who.familiar
        assert who.choice == WAIT or decision.who.wait_seconds <= PLAN.wait_unasked_seconds


@settings(max_examples=100)
@given(callers(), floors())
def test_the_best_is_first_among_the_weighed(who: Caller, floor: list[Agent]) -> None:
    costs = [weighed.cost_seconds for weighed in weigh(who, floor, PLAN, NOW)]
    assert costs == sorted(costs)
