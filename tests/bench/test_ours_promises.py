"""Our own engine keeps promises in the invented world by the rule it has for live calls."""

from __future__ import annotations

import pytest

from bench.centre import AgentState, Call, Centre
from bench.measures import Estimate
from bench.ours import FAMILIAR_FIRST, Learnt, Ours
from bench.ours_promises import turns
from bench.world_goals import verdicts
from routing.forecast import Talk
from routing.plan import Plan
from tests.bench.test_world import AMIRA, BRUNO, agent, call

SLOT = 3600.0


def run(calls: list[Call], team: list[AgentState], plan: Plan = FAMILIAR_FIRST) -> list[tuple[int | None, float]]:
    """Who took each call, and how many seconds after the slot."""
    done = Centre(calls, team).run(Ours(plan, Learnt({}, Talk.of_mean(330.0))))
    return [(found.agent, found.started_at - SLOT) for found in done.calls]


def booked(number: int, own: int | None = AMIRA) -> Call:
    return call(number, SLOT, slot=SLOT, own=own, familiar={AMIRA: 2}, eligible=True)


@pytest.mark.parametrize(("before", "who"), [(120.0, BRUNO), (1800.0, AMIRA)])
def test_near_her_promise_a_stranger_goes_to_somebody_else(before: float, who: int) -> None:
    """Amira has been free for longer; well before her promise she is rung."""
    talk = call(1, 10.0, work=500.0)  # she is free from then on, Bruno a little later
    other = call(2, 20.0, work=600.0)
    done = run([talk, other, call(3, SLOT - before), booked(4)], [agent(AMIRA), agent(BRUNO)])
    assert done[2] == (who, -before)
    assert done[3] == (AMIRA, -60.0)


def test_she_who_promised_is_waited_for_almost_to_the_end_then_anybody_keeps_it() -> None:
    def at(work: float) -> tuple[int | None, float]:
        return run([call(1, SLOT - 2000.0, work=work), booked(2)], [agent(AMIRA), *others])[1]

    others = [agent(n) for n in range(BRUNO, 80)]
    assert at(2200.0) == (AMIRA, 200.0)
    who, late = at(2400.0)
    assert who != AMIRA
    assert 270.0 < late <= 280.0


def test_where_few_can_keep_it_her_promise_is_given_to_another_sooner() -> None:
    talks = [call(1, SLOT - 2000.0, work=2270.0), call(2, SLOT - 1000.0, work=1150.0)]
    done = run([*talks, booked(3)], [agent(AMIRA), agent(BRUNO)])
    assert done[2][0] == BRUNO
    assert done[2][1] == pytest.approx(150.0)


def test_of_many_promises_for_one_minute_the_first_goes_before_those_on_the_line() -> None:
    """Ten at once need twenty-two agents to come free for all to be kept: the last two minutes would not do."""
    assert turns(1) == pytest.approx(6.25)
    assert turns(10) == pytest.approx(21.7, abs=0.1)
    team = [agent(n) for n in range(10)]
    talks = [call(n, SLOT - 10.0, work=40.0 * (n + 1)) for n in range(10)]
    line = [call(20 + n, SLOT - 5.0) for n in range(20)]
    promises = [call(50 + n, SLOT, slot=SLOT) for n in range(10)]
    done = run([*talks, *line, *promises], team)
    assert max(late for _, late in done[-10:]) <= 300.0
    one = run([*talks, *line, promises[0]], team)
    assert one[-1][1] > done[-10][1] - 1e-6


def test_what_promises_are_held_to() -> None:
    def day(own: float, slots: float, wait: float) -> dict[str, Estimate | None]:
        return {"own": Estimate(own, 0, 1), "slots": Estimate(slots, 0, 1), "wait": Estimate(wait, 0, 1)}

    def met(agents: int, rho: float, **shown: dict[str, Estimate | None]) -> dict[str, bool]:
        figures = {name.replace("_", "-"): found for name, found in shown.items()}
        nothing: dict[str, Estimate | None] = {}
        judged = verdicts(agents, rho, figures, dict.fromkeys(figures, nothing))
        return {one.what: one.met for one in judged if one.what != "fam"}

    kept = {"own": True, "slots": True, "wait for promises": True}
    assert met(100, 0.97, ours=day(93.0, 99.5, 5.0), ours_unprotected=day(70.0, 99.0, 4.1)) == kept
    assert met(100, 0.92, ours=day(94.9, 99.4, 5.2), ours_unprotected=day(70.0, 99.0, 4.1)) == dict.fromkeys(
        kept, False
    )
    assert met(30, 0.97, ours=day(80.0, 99.0, 30.0)) == {"slots": True}
    assert met(30, 0.92, ours=day(80.0, 90.0, 30.0)) == {}
