"""A replay decides as a live call does: holding, ranking, widening, vetoes, even load, rules, who is away."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from routing.agents import Activity
from routing.choose import Waiting, next_caller
from routing.plan import Plan
from routing.replay import CHOICE_SECONDS, NOBODY_SECONDS, Replay
from routing.replay_duty import on_duty, on_duty_by_calls, without
from routing.replay_floor import LONGEST_IDLE, Floor
from routing.replay_queue import Queue
from routing.span import End, Person, Span
from tests.routing.people import NOW, agent, caller, knows
from tests.routing.test_replay import ANNA, BRUNO, HOUSE, PLAN, at, contact, replay, span, talk, whom

KNOWS_ANNA = Person(before=[talk("anna", -600 - n) for n in range(3)])


def kept(**more: object) -> Plan:
    """Waiting for somebody they know is worth a great deal."""
    usual = {"wrap_up_seconds": 30, "wait_unasked_seconds": 60, "worth": {"familiar_seconds": 300}}
    return Plan.model_validate(usual | more)


def test_who_is_kept_for_somebody_gets_them_and_others_leave_them_alone() -> None:
    """Anna talks for forty seconds with another caller; Bruno is free all the while, then Maria's turn is Anna's."""
    world = span(
        contact("one", customer="paolo", talk_seconds=40), contact("two", 0.5), paolo=KNOWS_ANNA, maria=KNOWS_ANNA
    )
    plan = kept(wait_unasked_chance=0, talk_seconds=30)
    assert whom(replay(world, plan)) == [("anna", True, 5), ("anna", True, 5 + 40 + 30 - 30 + 5)]


def test_who_was_kept_in_vain_is_given_to_somebody_free_at_once() -> None:
    """Anna's talk is longer than anybody could have known; the choice was spoken while they were kept."""
    world = span(
        contact("one", customer="paolo", talk_seconds=900), contact("two", 0.5), paolo=KNOWS_ANNA, maria=KNOWS_ANNA
    )
    fate = replay(world, kept(wait_unasked_chance=0, talk_seconds=30))[1]
    assert (fate.agent, fate.familiar) == ("bruno", False)
    assert fate.waited_seconds is not None
    assert 20 + 5 <= fate.waited_seconds <= 60 + 5
    assert not fate.offered


def test_who_becomes_free_leaves_alone_those_who_are_kept_for_another() -> None:
    """Bruno is free again while Maria is kept for Anna: looked at then, she would not be kept any longer."""
    world = span(
        contact("one", customer="paolo", talk_seconds=900),
        contact("two", 0.1, customer="rosa", talk_seconds=69),
        contact("three", 0.5),
        paolo=KNOWS_ANNA,
        maria=KNOWS_ANNA,
    )
    plan = kept(wait_unasked_chance=0.4, wrap_up_seconds=0, talk_seconds=60)
    assert whom(replay(world, plan)) == [("anna", True, 5), ("bruno", False, 5), ("bruno", False, 60 + 5)]
    assert whom(replay(world, kept(wait_unasked_seconds=0, wrap_up_seconds=0)))[2] == ("bruno", False, 50 + 5)


def test_who_lost_patience_while_a_choice_was_spoken_hangs_up_after_it() -> None:
    gone = contact("two", 1, outcome="abandoned", agent=None, talk_seconds=0, waited_seconds=10.0)
    world = span(contact("one", customer="paolo"), gone, agents=(ANNA,), paolo=KNOWS_ANNA, maria=KNOWS_ANNA)
    fate = replay(world)[1]
    assert (fate.end, fate.waited_seconds, fate.offered) == (End.ABANDONED, CHOICE_SECONDS, True)


def test_that_nobody_is_here_is_heard_to_its_end_whoever_goes_meanwhile() -> None:
    """Heidi, who may not take the call, goes home after five of the fifteen seconds."""
    heidi = agent("Heidi Frei", team="cards", hours="Mo-Fr 09:00-11:00")
    plan = Plan.model_validate({"lines": {"+3906": {"teams": ["loans"]}}})
    fate = replay(span(contact("one", 60 - 5 / 60, line="+3906"), agents=(heidi,)), plan)[0]
    assert (fate.end, fate.waited_seconds) == (End.NOBODY, NOBODY_SECONDS)


def test_a_free_agent_takes_who_is_more_urgent_before_who_has_waited_longer() -> None:
    """Both wait for the only agent; the second rings for the third time about the same."""
    again = Person(before=[talk("gone", -99 - n, topic="bill") for n in range(3)])
    ends = contact("first", talk_seconds=60), contact("second", 0.1, customer="paolo"), contact("third", 0.5)
    urgent = replace(ends[2], customer="rosa", topic="bill")
    world = span(*ends[:2], urgent, agents=(ANNA,), rosa=again)
    _, second, third = replay(world)
    assert (second.waited_seconds or 0) > 300 > (third.waited_seconds or 999)
    calm = Plan(wrap_up_seconds=30, urgency={"repeated_seconds": 0})
    _, second, third = replay(world, calm)
    assert (second.waited_seconds or 999) < 100 < 300 < (third.waited_seconds or 0)


def test_a_pairing_that_was_declined_is_not_made() -> None:
    known = Person(before=[talk("anna", -600)], vetoed=frozenset({"anna"}))
    assert whom(replay(span(contact("one"), maria=known))) == [("bruno", False, 5)]
    assert replay(span(contact("one"), agents=(ANNA,), maria=known))[0].end is End.NOBODY


def test_the_agent_breathes_after_a_weary_caller() -> None:
    tired = Person(before=[talk("anna", -99, outcome="transferred"), talk("anna", -98, outcome="transferred")])
    world = span(contact("one"), contact("two", 1, customer="paolo"), agents=(ANNA,), maria=tired)
    waited = [replay(world, Plan(wrap_up_seconds=30, breather_seconds=n))[1].waited_seconds for n in (0, 60)]
    assert waited == [5 + 300 + 30 - 60 + 5, 5 + 300 + 90 - 60 + 5]


def test_strangers_go_to_who_has_had_less_to_do_where_the_plan_wants_it_even() -> None:
    """Bruno comes later, so that Anna has been idle longer; but she has had a long call, and he none."""
    agents = (ANNA, replace(BRUNO, hours="Mo-Fr 10:45-18:00"))
    world = span(contact("one", customer=None, talk_seconds=2400), contact("two", 50, customer=None), agents=agents)
    even, uneven = (Plan.model_validate({"load": {"spread_points": points}}) for points in (0, 100))
    assert [fate.agent for fate in replay(world, even)] == ["anna", "bruno"]
    assert [fate.agent for fate in replay(world, uneven)] == ["anna", "anna"]


def test_strangers_spare_whom_others_ask_for() -> None:
    """Five of her own ring in the day; the stranger before them gets Bruno though Anna stands first."""
    own = {f"c{n}": Person(before=[talk("anna", -600 - n)]) for n in range(5)}
    contacts = [contact(name, 60 + n, customer=name, agent="anna") for n, name in enumerate(own)]
    world = span(contact("stranger", customer=None), *contacts, **own)
    assert replay(world)[0].agent == "bruno"
    assert replay(world, Plan(load={"spare_wanted": False}))[0].agent == "anna"


def test_waiting_widens_who_may_help() -> None:
    """Nobody of the two who may is free; after forty seconds anybody of the house will do."""
    team = {"lines": {"+3906": {"teams": ["loans"], "skills": {"loans": 3}}}, "wrap_up_seconds": 30}
    wider = {"widen": [{"after_seconds": 40, "any_team": True, "lower_skills_by": 2}]}
    anna = replace(ANNA, team="loans", skills={"loans": 3})
    bruno = replace(BRUNO, team="cards", skills={"loans": 1})
    two = contact("one", line="+3906"), contact("two", 1, customer="paolo", line="+3906")
    world = span(*two, agents=(anna, bruno))
    assert whom(replay(world, Plan.model_validate(team)))[1] == ("anna", False, 5 + 300 + 30 - 60 + 5)
    assert whom(replay(world, Plan.model_validate(team | wider)))[1] == ("bruno", False, 40 + 5)


def test_rules_hold_in_a_replay_and_may_ask_how_long_somebody_waits() -> None:
    rule = {"name": "gold", "when": {"caller": {"tag": "gold"}}, "then": {"agent": "bruno", "agent_seconds": 100}}
    gold = Person(tags=frozenset({"gold"}))
    world = span(contact("one"), contact("two", 60, customer="paolo"), maria=gold)
    assert [fate.agent for fate in replay(world, Plan.model_validate({"rules": [rule]}))] == ["bruno", "anna"]
    late = {"name": "late", "when": {"waited_at_least_seconds": 30}, "then": {"teams": []}}
    lines = {"lines": {"+3906": {"teams": ["loans"]}}, "wrap_up_seconds": 30, "rules": [late]}
    both = span(
        contact("one", line="+3906"),
        contact("two", 1, customer="paolo", line="+3906"),
        agents=(replace(ANNA, team="loans"), BRUNO),
    )
    assert whom(replay(both, Plan.model_validate(lines)))[1] == ("bruno", False, 30 + 5)


def test_the_stand_in_is_found_for_whoever_is_away() -> None:
    anna = replace(ANNA, stand_in="clara", hours="Mo-Fr 14:00-18:00")
    clara = agent("Clara Dini")
    crowd = [agent(f"A{n}") for n in range(LONGEST_IDLE + 1)]  # who all go before Clara
    world = span(contact("one"), agents=(anna, clara, *crowd), maria=Person(preferred="anna"))
    assert replay(world)[0].agent == "clara"


def test_nobody_is_put_through_to_who_is_absent() -> None:
    world = Span(
        [contact("one"), contact("two", 61)], {"maria": KNOWS_ANNA}, (ANNA, BRUNO), {"anna": [(at(-5), at(60))]}
    )
    assert [fate.agent for fate in Replay(world, PLAN, HOUSE).run()] == ["bruno", "anna"]


def test_the_sentence_is_kept_where_another_agent_would_have_answered() -> None:
    world = span(contact("one", agent="anna"), contact("two", 60, agent="bruno"), maria=KNOWS_ANNA)
    same, other = replay(world)
    assert same.why is None
    assert other.why == "Anna è disponibile e ha già aiutato chi chiama quattro volte."


def test_progress_is_told_up_to_the_last_caller() -> None:
    told: list[tuple[int, int]] = []
    world = span(*(contact(f"c{n:03}", n) for n in range(450)))
    Replay(world, Plan(hours="24/7"), HOUSE).run(lambda done, of: told.append((done, of)))
    assert told == sorted(told)
    assert (len(told), told[-1]) == (225, (450, 450))


def test_of_all_who_wait_the_few_who_are_looked_at_lead_to_the_same_caller() -> None:
    dice = random.Random(11)
    plans = [Plan(), Plan.model_validate({"widen": [{"after_seconds": 60, "lower_skills_by": 3}]})]
    for _ in range(300):
        queue, waiting = Queue(), []
        for order in range(dice.randint(0, 40)):
            who = caller(
                arrived_at=NOW - timedelta(seconds=100 - order),
                ties=knows(*dice.sample("abc", dice.randint(0, 2)), score=dice.random()) if dice.random() < 0.4 else {},
                skills=dice.choice(({}, {"loans": 2})),
                urgent=dice.choice(({}, {"repeated": 60})),
                vetoed=frozenset(dice.sample("abc", 1)) if dice.random() < 0.1 else frozenset(),
            )
            held = NOW + timedelta(seconds=dice.uniform(-5, 5)) if dice.random() < 0.3 else None
            plan = dice.choice(plans)
            waiting.append(Waiting(f"{order:08}", who, plan, held))
            queue.join(order, who, plan, held)
        for order in dice.sample(range(len(waiting)), len(waiting) // 4):
            queue.leave(order)
            waiting[order] = None
        still = [one for one in waiting if one is not None]
        free = agent(dice.choice("abc"), skills={"loans": dice.randint(0, 2)})
        few = list(queue.for_agent(free.id, NOW, ()))
        found, expected = (next_caller(free, those, NOW) for those in (few, still))
        assert (found and found.waiting.id) == (expected and expected.waiting.id)
        assert [f"{order:08}" for order in queue.everybody()] == [one.id for one in still]


def test_load_grows_with_work_and_is_kept_over_a_pause() -> None:
    floor = Floor([ANNA])
    floor.come("anna", NOW)
    floor.become("anna", Activity.TALKING, NOW)
    floor.become("anna", Activity.IDLE, at(30))
    worked = floor["anna"].load
    assert 0.2 < worked < 0.3
    floor.go("anna")
    floor.come("anna", at(60))
    assert 0 < floor["anna"].load < worked


def test_presence_is_by_hours_less_absences_or_as_told() -> None:
    early, late = contact("one"), contact("two", 24 * 60)
    hours = "Mo-Fr 09:00-13:00,14:00-18:00"
    world = Span([early, late], {}, (replace(ANNA, hours=hours), BRUNO), {"anna": [(at(60), at(300))]})
    duty = on_duty(world, HOUSE)
    assert duty["bruno"] == [(at(0), at(48 * 60))]
    assert duty["anna"][:3] == [(at(0), at(60)), (at(300), at(480)), (at(23 * 60), at(27 * 60))]
    told = replace(world, duty={"anna": [(at(1), at(2))]}, absences={})
    assert on_duty(told, HOUSE) == {"anna": [(at(1), at(2))], "bruno": []}
    gaps = [(at(1), at(3)), (at(2), at(4)), (at(9), at(12))]
    assert list(without([(at(0), at(10)), (at(11), at(13))], gaps)) == [
        (at(0), at(1)),
        (at(4), at(9)),
        (at(12), at(13)),
    ]


def test_calls_tell_when_somebody_was_there() -> None:
    """From the first talk to the last of the day; who takes nothing for an hour is not there."""
    calls = [
        contact(f"c{n}", n, agent="anna", waited_seconds=60.0, talk_seconds=60) for n in (0, 30, 120, 121, 24 * 60)
    ]
    assert on_duty_by_calls(calls, HOUSE.zone)["anna"] == [
        (at(1), at(32)),
        (at(121), at(123)),
        (at(24 * 60 + 1), at(24 * 60 + 2)),
    ]
