"""The bank's month replayed: relationships grow by who was given whom, rules do what they say, figures add up."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from bench import bank, bank_month, bank_report
from bench.bank_policies import AnyFamiliar, Clairvoyant, LongestIdle, NamedAgent
from bench.bank_replay import WRAP_UP_SECONDS, Month, Run, draw_month, measure
from bench.centre import ABANDONED, SERVED, Policy

RULES: dict[str, Callable[[], Policy]] = {
    "fifo": LongestIdle,
    "named": NamedAgent,
    "any": AnyFamiliar,
    "clairvoyant": lambda: Clairvoyant(60),
    "clairvoyant-short": lambda: Clairvoyant(60, short_first=0.3),
}
AMIRA, BRUNO = "AGENT01", "AGENT02"
rows = itertools.count(2)


def call(
    at: float, agent: str | None = None, customer: str | None = None, service: float = 100, waited: float = 0
) -> bank.BankCall:
    served = service > 0
    return bank.BankCall(
        next(rows), at, "PS", customer, waited, served, at + waited if served else 0, service, agent if served else None
    )


def both_there(until: float = 20_000) -> list[bank.BankCall]:
    """Amira's first and Bruno's last talk by the file, so that both are there from 0 to `until`: idle from 106 s on."""
    spans = [call(at, agent, service=1) for agent in (AMIRA, BRUNO) for at in range(0, int(until), 2000)]
    return [*spans, call(until, AMIRA, service=1), call(until, BRUNO, service=1)]


def month(*calls: bank.BankCall, before: tuple[bank.BankCall, ...] = ()) -> Month:
    return draw_month(sorted([*both_there(), *calls], key=lambda one: one.at), 1, before=before)


def agent_of(run: Run, at: float) -> tuple[str | None, float]:
    """Who took the caller of that instant, and after how long."""
    found = next(one for one in run.centre.calls if one.at == at)
    names = {0: AMIRA, 1: BRUNO, None: None}
    return names[found.agent], found.started_at - found.at


def busy_month(seed: int) -> Month:
    """Three agents, six hundred calls, forty customers, more work than they can do at times."""
    chance = random.Random(seed)
    at, calls = 0.0, []
    for _ in range(600):
        at += chance.expovariate(1 / 45)
        gave_up, waited = chance.random() < 0.2, float(chance.randrange(1, 90))
        customer = str(chance.randrange(40)) if chance.random() < 0.6 else None
        kind = chance.choice(("PS", "NE"))
        agent = chance.choice((AMIRA, BRUNO, "AGENT03"))
        one = call(at, agent, customer, service=0 if gave_up else chance.expovariate(1 / 120), waited=waited)
        calls.append(replace(one, kind=kind))
    return draw_month(calls, seed)


def test_who_served_a_customer_in_the_replay_is_familiar_whatever_the_file_says() -> None:
    calls = (call(3100, BRUNO, "7"), call(3500, BRUNO, "7"), call(4500, AMIRA, "7"))
    run = month(*calls).run(AnyFamiliar())
    first, _ = agent_of(run, 3100)
    assert {agent_of(run, at)[0] for at in (3500, 4500)} == {first}
    figures = measure(run)
    assert figures.familiar == 100
    assert figures.band_calls == (1, 1, 0, 0)


def test_a_talk_under_ten_seconds_makes_no_relationship() -> None:
    run = month(call(3100, BRUNO, "7", service=9), call(3500, BRUNO, "7", service=10), call(4500, AMIRA, "7")).run(
        LongestIdle()
    )
    assert measure(run).band_calls == (1, 0, 0, 0)
    assert [one.work for one in run.centre.calls if one.at == 3500] == [10 + WRAP_UP_SECONDS]


def test_relationships_of_the_month_before_exist_at_the_beginning() -> None:
    before = (call(50, AMIRA, "7"), call(90, BRUNO, "7"), call(95, AMIRA, "8"))
    asked = month(call(3100, AMIRA, "7"), before=before)
    run = asked.run(AnyFamiliar())
    assert measure(run).band_calls == (0, 1, 0, 0)
    assert [dict(person.familiar) for person in asked.past.customers] == [{0: 1, 1: 1}, {0: 1}]
    assert [person.preferred for person in asked.past.customers] == [1, 0]


def test_a_month_is_its_file_and_its_seed() -> None:
    assert busy_month(3) == busy_month(3)
    calls = [call(at, AMIRA, waited=30 if at % 2 else 0, service=0 if at % 3 == 0 else 60) for at in range(100)]
    drawn = [draw_month(calls, seed) for seed in (1, 2)]
    assert [one.patience for one in drawn[0].calls] != [one.patience for one in drawn[1].calls]
    assert all(one.patience == seen.waited for one, seen in zip(drawn[0].calls, calls, strict=True) if not seen.served)


@pytest.mark.parametrize("rule", RULES)
def test_each_caller_is_served_or_gives_up_and_no_agent_talks_with_two(rule: str) -> None:
    drawn = busy_month(5)
    run = drawn.run(RULES[rule]())
    assert {one.state for one in run.centre.calls} == {SERVED, ABANDONED}
    assert all(
        one.left_at - one.at == pytest.approx(one.patience) for one in run.centre.calls if one.state == ABANDONED
    )
    for agent in drawn.agents:
        talks = sorted((one.started_at, one.left_at) for one in run.centre.calls if one.agent == agent.id)
        assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(talks))
        assert all(agent.covers(begin) for begin, _ in talks)


def while_theirs_talks(policy: Policy, more: float) -> tuple[str | None, float]:
    """Customer 7 knows Amira, who has `more` seconds to talk when 7 calls; Bruno is idle.  Who took 7, how soon?"""
    before = (call(50, AMIRA, "7"), call(90, AMIRA, "9"))
    talk = call(3200, BRUNO, "9", service=10 + more - WRAP_UP_SECONDS)
    run = month(talk, call(3210, BRUNO, "7"), before=before).run(policy)
    assert agent_of(run, 3200) == (AMIRA, 0)
    return agent_of(run, 3210)


def test_a_named_agent_is_waited_for_thirty_seconds_then_anybody_takes_the_call() -> None:
    assert while_theirs_talks(NamedAgent(), 29) == (AMIRA, 29)
    assert while_theirs_talks(NamedAgent(), 31) == (BRUNO, 30)


def test_any_idle_familiar_agent_holds_nobody() -> None:
    assert while_theirs_talks(AnyFamiliar(), 1) == (BRUNO, 0)


def test_the_clairvoyant_holds_for_a_talk_that_ends_in_time_and_not_for_another() -> None:
    assert while_theirs_talks(Clairvoyant(60), 59) == (AMIRA, 59)
    assert while_theirs_talks(Clairvoyant(60), 61) == (BRUNO, 0)


def test_figures_of_a_month_counted_by_hand() -> None:
    """Amira alone: two talks, one caller who waits and one who gives up."""
    calls = [call(0, AMIRA, service=5), call(1000, AMIRA, service=95), call(1010, AMIRA, "7", service=10)]
    calls += [call(1020, None, "8", service=0, waited=40), call(2110, AMIRA, service=0.5)]
    figures = measure(draw_month(calls, 1).run(LongestIdle()))
    waits = [0, 0, 90, 40, 0]
    assert figures.mean_wait == pytest.approx(sum(waits) / 5)
    assert figures.p95_wait == pytest.approx(40 + 0.8 * 50)
    assert figures.abandoned == pytest.approx(20)
    assert figures.strangers_wait == 0
    assert figures.occupancy == pytest.approx(100 * (10 + 100 + 15 + 5.5) / (2110.5 + 5), rel=0.001)
    assert figures.band_calls == (0, 0, 0, 0)


def test_limits_compare_with_fifo_on_the_same_draws() -> None:
    plain = measure(month(call(3000, AMIRA)).run(LongestIdle()))
    fifo = [replace(plain, mean_wait=10), replace(plain, mean_wait=30)]
    above = [replace(plain, mean_wait=10.8), replace(plain, mean_wait=31.4)]
    (wait,) = (limit for limit in bank_report.limits(above, fifo) if limit.name == "mean_wait")
    assert wait.above == pytest.approx(1.1)
    assert wait.error == pytest.approx(0.3)
    assert not wait.met
    assert all(limit.met for limit in bank_report.limits(fifo, fifo))


def test_the_share_of_the_gain_is_measured_from_fifo() -> None:
    plain = measure(month(call(3000, AMIRA)).run(LongestIdle()))
    fifo, seer, ours = ([replace(plain, familiar=share)] for share in (30, 50, 47))
    assert bank_report.share_of_gain(ours, seer, fifo) == pytest.approx(85)


def test_the_best_clairvoyant_is_one_inside_the_limits() -> None:
    plain = measure(month(call(3000, AMIRA)).run(LongestIdle()))
    runs = {
        "clairvoyant holding 15 s": [replace(plain, familiar=40)],
        "clairvoyant holding 30 s": [replace(plain, familiar=45, mean_wait=plain.mean_wait + 0.9)],
        "clairvoyant holding 60 s": [replace(plain, familiar=60, mean_wait=plain.mean_wait + 1.1)],
        "clairvoyant-short holding 60 s": [replace(plain, familiar=70)],
    }
    assert bank_month.best_inside_limits(runs, "clairvoyant", [plain])[0] == "clairvoyant holding 30 s"
    del runs["clairvoyant holding 15 s"], runs["clairvoyant holding 30 s"]
    assert bank_month.best_inside_limits(runs, "clairvoyant", [plain])[0] == "clairvoyant holding 60 s"


def test_seeds_are_read_as_spans_and_lists() -> None:
    assert bank_month.seeds("1-3,7") == [1, 2, 3, 7]
