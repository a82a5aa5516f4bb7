"""The invented world and the centre it runs in: one seed is one day, nobody is lost, nobody is in two places."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from random import Random

import pytest

from bench.baselines import Fifo, Greedy, LeastWaitSkills, Preferred
from bench.centre import ABANDONED, SERVED, AgentState, Base, Call, Centre, IllegalAssignment, Policy, QueueOffer
from bench.clairvoyant import Clairvoyant, Pair, Plan, overlaps
from bench.erlang import erlang_a, simulated
from bench.index import Index
from bench.measures import against, as_day, estimate, measure, percentile, waited
from bench.routing_world import Setting, Task, chosen, run_day, spans
from bench.world import World, draw_world, staff_planned
from bench.world_goals import verdicts
from bench.world_report import Report, Table, text

HOUR = 3600.0
ALL_DAY = ((0.0, 24 * HOUR),)
AMIRA, BRUNO = 1, 2


@pytest.fixture(scope="module")
def world() -> World:
    return draw_world(7, 0.92, 16)


def policies(world: World) -> list[Policy]:
    return [
        Fifo(),
        LeastWaitSkills(),
        Preferred(30.0),
        Greedy(),
        Index(world, 30.0, 60.0),
        Index(world, 30.0, 60.0, fair=True, callback=True),
        Clairvoyant(world, Plan({}, 0.0)),
    ]


def agent(number: int, *skills: int, **planned: tuple[tuple[float, float], ...]) -> AgentState:
    return AgentState(number, frozenset(skills or (0,)), planned.get("shifts", ALL_DAY), planned.get("breaks", ()))


def call(number: int, at: float, **drawn: object) -> Call:
    plain = Call(number, at, 0, work=100.0, patience=1e6)
    return dataclasses.replace(plain, **drawn)  # type: ignore[arg-type]


def test_the_same_seed_is_the_same_day_and_another_is_another(world: World) -> None:
    again = draw_world(7, 0.92, 16)
    assert again.calls == world.calls
    assert again.agents == world.agents
    assert again.past == world.past
    assert draw_world(8, 0.92, 16).calls != world.calls
    assert as_day(measure(world.run(Greedy()))) == as_day(measure(again.run(Greedy())))


def test_without_the_discount_it_is_still_the_same_day(world: World) -> None:
    assert draw_world(7, 0.92, 16, discount=0.0).calls == world.calls


def test_every_call_ends_served_or_abandoned_under_every_policy(world: World) -> None:
    for policy in policies(world):
        centre = world.run(policy)
        assert {found.state for found in centre.calls} <= {SERVED, ABANDONED}, type(policy).__name__
        assert not centre.waiting
        assert not centre.promised
        assert not centre.bookings
        assert sum(agent.served for agent in centre.agents.values()) == sum(c.state == SERVED for c in centre.calls)


def test_no_agent_talks_with_two_at_once_or_without_the_skill_or_off_shift(world: World) -> None:
    for policy in policies(world):
        centre = world.run(policy)
        for agent in centre.agents.values():
            talks = sorted((c for c in centre.calls if c.agent == agent.id), key=lambda found: found.started_at)
            assert all(before.left_at <= after.started_at for before, after in pairwise(talks))
            assert all(talk.skill in agent.skills and agent.covers(talk.started_at) for talk in talks)
            assert agent.busy_seconds == pytest.approx(sum(talk.left_at - talk.started_at for talk in talks))


def test_nobody_hangs_up_before_their_patience_or_waits_beyond_it(world: World) -> None:
    centre = world.run(Fifo())
    for found in centre.calls:
        if found.state == ABANDONED:
            assert waited(found) == pytest.approx(found.patience)
        elif found.live:
            assert waited(found) <= found.patience + 1e-6


def test_the_world_is_drawn_as_it_is_described() -> None:
    world = draw_world(3, 0.92, 100)
    calls, team = world.calls, world.agents
    assert sum(len(agent.skills) >= 2 for agent in team) == 60
    assert sum(len(agent.skills) == 3 for agent in team) == 20
    assert staff_planned(team, 8 * HOUR, 8.5 * HOUR) == 39  # three of each eight begin at eight
    assert sum(c.eligible for c in calls) / len(calls) == pytest.approx(0.415, abs=0.03)
    assert sum(c.slot is not None for c in calls) / len(calls) == pytest.approx(0.06, abs=0.01)
    assert sum(c.work for c in calls) / len(calls) == pytest.approx(330, rel=0.05)
    assert {c.slot % 900 for c in calls if c.slot is not None} == {0.0}
    assert all(c.own in c.familiar for c in calls if c.own is not None)


def test_a_policy_cannot_give_a_call_to_who_is_busy_or_lacks_the_skill() -> None:
    class Wrong(Base):
        def arrive(self, call: Call) -> None:
            self.centre.assign(call, self.centre.agents[AMIRA])

    Centre([call(1, 10.0), call(2, 200.0)], [agent(AMIRA)]).run(Wrong())
    with pytest.raises(IllegalAssignment, match="call 2"):
        Centre([call(1, 10.0), call(2, 50.0)], [agent(AMIRA)]).run(Wrong())
    with pytest.raises(IllegalAssignment, match="skill 0"):
        Centre([call(1, 10.0)], [agent(AMIRA, 1)]).run(Wrong())


def test_a_break_begins_when_the_talk_is_over_and_ends_when_planned() -> None:
    amira = agent(AMIRA, breaks=((50.0, 400.0),))
    done = Centre([call(1, 0.0), call(2, 120.0)], [amira]).run(Fifo())
    assert [found.started_at for found in done.calls] == [0.0, 450.0]


def test_who_goes_home_finishes_the_talk_and_takes_no_other() -> None:
    amira, bruno = agent(AMIRA, shifts=((0.0, 50.0),)), agent(BRUNO, shifts=((300.0, 900.0),))
    done = Centre([call(1, 0.0), call(2, 60.0)], [amira, bruno]).run(Fifo())
    assert [(found.agent, found.started_at) for found in done.calls] == [(AMIRA, 0.0), (BRUNO, 300.0)]


def test_the_named_agent_is_waited_for_thirty_seconds_then_anybody_answers() -> None:
    team = [agent(AMIRA), agent(BRUNO)]
    calls = [call(1, 0.0, preferred=AMIRA), call(2, 1.0, work=19.0), call(3, 10.0, preferred=AMIRA)]
    done = Centre(calls, team).run(Preferred(30.0))
    assert [(found.agent, found.started_at) for found in done.calls] == [(AMIRA, 0.0), (BRUNO, 1.0), (BRUNO, 40.0)]


def test_who_accepts_a_callback_by_their_agent_is_called_when_that_agent_is_free(world: World) -> None:
    class OwnOnly(Fifo):
        def arrive(self, call: Call) -> None:
            if not (call.familiar and self.centre.offer_callback(call)):
                super().arrive(call)

        def call_for(self, agent: AgentState) -> Call | None:
            return next((c for c in self.centre.promised.values() if agent.id in c.familiar), super().call_for(agent))

    busy, known = call(1, 0.0), call(2, 10.0, familiar={AMIRA: 2}, accepts=True, eligible=True)
    done = Centre([busy, known], [agent(AMIRA)], discount=0.1).run(OwnOnly())
    assert (done.calls[1].started_at, done.calls[1].left_at) == (100.0, 190.0)
    figures = measure(done)
    assert (figures.within15, figures.within15_own, figures.fam, figures.taken15) == (100.0, 100.0, 100.0, 50.0)
    assert figures.wait == 0.0


def test_in_a_long_queue_who_accepts_keeps_the_place_without_holding_the_line() -> None:
    offer = QueueOffer(above_seconds=90.0, mean_work=100.0)
    calls = [call(1, 0.0), call(2, 1.0), call(3, 2.0, patience=20.0, accepts=True)]
    done = Centre(calls, [agent(AMIRA)], offer=offer).run(Fifo())
    assert [found.state for found in done.calls] == [SERVED, SERVED, SERVED]
    assert not done.calls[2].live
    assert measure(done).held == 100.0


def test_figures_of_a_day_made_by_hand() -> None:
    """Amira knows the first and the last caller; Bruno answers one in time; somebody hangs up after 15 s."""
    calls = [
        call(1, 0.0, familiar={AMIRA: 1}, eligible=True),  # Amira at once, 90 s with the discount
        call(2, 10.0),  # Bruno at once, 100 s
        call(3, 20.0, patience=15.0),  # hangs up
        call(4, 60.0, familiar={BRUNO: 1}, eligible=True),  # Amira at 90 s: waited 30 s for a stranger
        call(5, 500.0, slot=500.0, own=BRUNO, familiar={BRUNO: 3}, eligible=True),
    ]
    centre = Centre(calls, [agent(AMIRA), agent(BRUNO)], closes_at=1000.0).run(Fifo())
    figures = measure(centre)
    assert figures.fam == pytest.approx(100 * 2 / 3)
    assert figures.wait == pytest.approx((0 + 0 + 15 + 30) / 4)
    assert figures.strangers == pytest.approx(15 / 2)
    assert figures.knowing == pytest.approx(15)
    assert figures.sl20 == 50.0
    assert figures.aban == 20.0
    assert (figures.own, figures.slots) == (100.0, 100.0)
    assert figures.p95 == pytest.approx(15 + 0.85 * 15)
    busy = {AMIRA: 90 + 100, BRUNO: 100 + 90}
    assert {number: found.busy_seconds for number, found in centre.agents.items()} == pytest.approx(busy)


def test_the_simulated_queue_agrees_with_the_exact_one() -> None:
    exact = erlang_a(10, 0.9)
    chance = Random(4)
    found = [simulated(10, 0.9, chance, hours=24.0) for _ in range(40)]
    assert sum(day.abandoned for day in found) / 40 == pytest.approx(exact.abandoned, rel=0.06)
    assert sum(day.mean_wait for day in found) / 40 == pytest.approx(exact.mean_wait, rel=0.06)
    assert sum(day.occupancy for day in found) / 40 == pytest.approx(exact.occupancy, rel=0.02)


def test_the_exact_queue_is_known_where_it_is_simple() -> None:
    """Patience as long as the work: as many present as in a queue that never waits, Poisson."""
    found = erlang_a(1, 1.0, mean_work=100.0, mean_patience=100.0)
    assert found.occupancy == pytest.approx(1 - 2.718281828**-1)
    assert found.abandoned == pytest.approx(2.718281828**-1)


def test_differences_are_paired_by_day() -> None:
    base = dict.fromkeys(as_day(measure(Centre([], []).run(Fifo()))))
    one, other = ([{**base, "wait": w} for w in waits] for waits in ((1.0, 11.0), (2.0, 12.0)))
    found = against(other, one)["wait"]
    assert found is not None
    assert (found.mean, found.error, found.days) == (1.0, 0.0, 2)
    assert estimate([None, None]) is None
    assert percentile([1.0, 2.0, 3.0], 0.5) == 2.0


def test_the_command_reports_every_policy_and_judges_ours() -> None:
    done = run_day(Task(Setting(8, 0.1, 0.06), 0.85, 3, ("fifo", "greedy")))
    days = {"fifo": [done.days["fifo"]] * 2, "ours": [done.days["greedy"]] * 2}
    table = Table(100, 0.1, 0.85, days, {"fifo": 0.1, "ours": 0.1})
    said = text(Report([3, 4], 0.06, [table], 1.0))
    assert "| ours | fam |" in said
    judged = {v.what: v.met for v in verdicts(100, 0.85, table.shown(), table.paired())}
    assert set(judged) == {"fam", "wait above FIFO", "aban above FIFO", "strangers above FIFO", "own", "slots"}
    assert not judged["own"]
    assert spans("3-5,9") == [3, 4, 5, 9]
    assert chosen("greedy") == ("fifo", "greedy")
    with pytest.raises(SystemExit, match="no policy 'nobody'"):
        chosen("nobody")


def test_the_plan_knows_which_talks_of_an_agent_exclude_each_other() -> None:
    talks = [Pair(1, AMIRA, 0.0, 100.0), Pair(2, AMIRA, 50.0, 150.0), Pair(3, AMIRA, 120.0, 200.0)]
    alone = Pair(4, BRUNO, 0.0, 500.0)
    assert list(overlaps([*talks, alone])) == [[0, 1], [1, 2], [3]]


def test_who_sees_the_future_keeps_an_agent_for_the_caller_who_will_know_them(world: World) -> None:
    stranger, known = call(1, 0.0), call(2, 50.0, familiar={AMIRA: 1}, eligible=True)
    day = dataclasses.replace(world, calls=(stranger, known), agents=(agent(AMIRA), agent(BRUNO)))
    assert [found.agent for found in day.run(Clairvoyant(day, Plan({2: AMIRA}, 100.0))).calls] == [BRUNO, AMIRA]
    assert [found.agent for found in day.run(Fifo()).calls] == [AMIRA, BRUNO]


def test_the_index_keeps_an_agent_ready_for_the_caller_promised_them(world: World) -> None:
    promised = call(2, 1000.0, slot=1000.0, own=AMIRA, familiar={AMIRA: 1}, eligible=True)
    day = dataclasses.replace(world, calls=(call(1, 900.0), promised), agents=(agent(AMIRA),))
    served = day.run(Index(world_of(day), 30.0, 60.0)).calls
    assert [found.started_at for found in served] == [1030.0, 940.0]


def world_of(day: World) -> World:
    """The same day with nobody in its past: nobody is wanted more than another."""
    return dataclasses.replace(day, past=dataclasses.replace(day.past, customers=()))
