from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.familiarity import Why, acquainted, familiar_agents
from crm.matters import Past
from crm.memory_words import why_familiar, why_weary
from crm.weariness import Reason

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
MEETINGS = ["solved", "open", "transferred"]


def talk(days_ago: float, agent: str | None = "agt_1", outcome: str = "solved", seconds: int = 300) -> Past:
    return Past("int_1", agent, "voice", NOW - timedelta(days=days_ago), seconds, outcome, "ipad")


days = st.floats(0, 2000)
talks = st.builds(
    talk,
    days,
    st.sampled_from(["agt_1", "agt_2", None]),
    st.sampled_from([*MEETINGS, "abandoned"]),
    st.integers(0, 4000),
)


def score(*past: Past) -> float:
    found = [one.score for one in familiar_agents(past, NOW) if one.agent_id == "agt_1"]
    return found[0] if found else 0.0


def test_four_conversations_are_told_with_how_they_ended() -> None:
    past = [talk(1), talk(20, outcome="open"), talk(50), talk(3, "agt_2"), talk(2, None), talk(2, outcome="abandoned")]
    first, second = familiar_agents(past, NOW)
    assert (first.agent_id, first.times, first.reasons) == ("agt_1", 3, {"solved": 2, "open": 1})
    assert (first.last_at, first.last_topic) == (NOW - timedelta(days=1), "ipad")
    assert (second.agent_id, second.times) == ("agt_2", 1)


def test_a_talk_of_which_nobody_said_how_it_ended_is_not_told_as_solved() -> None:
    (known,) = familiar_agents([talk(1), replace(talk(2), judged=False)], NOW)
    assert (known.times, known.reasons) == (2, {"solved": 1})


def test_a_problem_solved_today_makes_half_a_friend_and_ninety_days_halve_its_weight() -> None:
    assert abs(score(talk(0)) - 0.5) < 1e-9
    assert abs(score(talk(90), talk(90)) - 0.5) < 1e-9


def test_a_solution_counts_more_than_an_open_end_and_that_more_than_a_transfer() -> None:
    assert score(talk(5)) > score(talk(5, outcome="open")) > score(talk(5, outcome="transferred")) > 0


def test_who_hung_up_or_spoke_for_a_moment_met_nobody() -> None:
    assert familiar_agents([talk(1, outcome="abandoned"), talk(1, seconds=0), talk(1, None)], NOW) == []
    assert familiar_agents([talk(1, seconds=1)], NOW) != []


def test_a_text_has_no_seconds_and_still_counts() -> None:
    assert familiar_agents([replace(talk(1, seconds=0), channel="text")], NOW) != []


def test_minutes_do_not_count() -> None:
    assert score(talk(5, seconds=60)) == score(talk(5, seconds=6000))


@given(st.lists(talks, max_size=30))
def test_scores_lie_between_nothing_and_one_and_the_best_is_first(past: list[Past]) -> None:
    scores = [one.score for one in familiar_agents(past, NOW)]
    assert all(0 <= one <= 1 for one in scores)
    assert scores == sorted(scores, reverse=True)


@given(st.lists(talks, max_size=10), days, st.floats(0, 500), st.sampled_from(MEETINGS))
def test_what_was_lately_never_counts_less(past: list[Past], ago: float, more: float, outcome: str) -> None:
    assert score(*past, talk(ago, outcome=outcome)) >= score(*past, talk(ago + more, outcome=outcome))


@given(st.lists(talks, max_size=3), st.floats(0, 300), st.floats(0.5, 100), st.sampled_from(MEETINGS))
def test_what_was_lately_counts_more(past: list[Past], ago: float, more: float, outcome: str) -> None:
    assert score(*past, talk(ago, outcome=outcome)) > score(*past, talk(ago + more, outcome=outcome))


@given(st.lists(talks, max_size=10), talks)
def test_one_more_conversation_never_makes_a_stranger(past: list[Past], another: Past) -> None:
    assert score(*past, another) >= score(*past)


@given(st.lists(talks, min_size=1, max_size=10), st.randoms())
def test_the_order_of_the_past_does_not_matter(past: list[Past], chance: object) -> None:
    shuffled = sorted(past, key=lambda _: chance.random())  # type: ignore[attr-defined]
    left = [(one.agent_id, round(one.score, 9), one.times) for one in familiar_agents(past, NOW)]
    right = [(one.agent_id, round(one.score, 9), one.times) for one in familiar_agents(shuffled, NOW)]
    assert sorted(left) == sorted(right)


@given(st.integers(1, 40))
def test_many_conversations_add_less_and_less(times: int) -> None:
    first, second, third = (score(*[talk(5)] * n) for n in (times, times + 1, times + 2))
    assert second - first >= third - second >= 0


def test_a_conversation_in_the_future_counts_as_one_of_today() -> None:
    assert score(talk(-30)) == score(talk(0))


def test_the_customers_own_word_counts_more_than_how_it_was_written_down() -> None:
    said = {word: score(replace(talk(5), confirmed=word)) for word in (True, None, False)}
    assert said[True] > said[None] > said[False] > 0


def test_a_talk_of_a_few_seconds_counts_little() -> None:
    assert 0 < score(talk(5, seconds=19)) < score(talk(5, seconds=20)) / 2
    assert score(replace(talk(5, seconds=0), channel="text")) == score(talk(5))


def test_who_was_chosen_comes_first_and_each_is_told_with_why() -> None:
    past = [
        talk(1, "agt_2"),
        replace(talk(2, "agt_2"), confirmed=True),
        talk(9, outcome="open", seconds=5),
        talk(1, "agt_4"),
    ]
    found = acquainted(past, NOW, chosen="agt_1", stand_ins=["agt_2", "agt_3", "agt_5"], vetoed={"agt_4", "agt_5"})
    assert [(one.agent_id, one.chosen, one.times) for one in found] == [
        ("agt_1", True, 1),
        ("agt_2", False, 2),
        ("agt_3", False, 0),
    ]
    assert [[why.kind for why in one.reasons] for one in found] == [
        ["chosen", "open", "short", "last"],
        ["stand_in", "confirmed", "solved", "last"],
        ["stand_in"],
    ]
    assert (found[2].score, found[2].last_at) == (0.0, None)


@pytest.mark.parametrize("language", ["it-IT", "en-GB", "de-DE"])
def test_every_reason_is_a_sentence(language: str) -> None:
    kinds = ["chosen", "stand_in", "confirmed", "solved", "open", "transferred", "unsolved", "short", "last"]
    told = [why_familiar(Why(kind, n, NOW), language, ZoneInfo("Europe/Rome")) for kind in kinds for n in (1, 2, 7)]
    weary = ["transferred", "repeated", "open", "unsolved", "broken_promise", "waited", "cut_off"]
    told += [why_weary(Reason(kind, n, "the lamp"), language) for kind in weary for n in (1, 2, 7)]
    assert [one for one in told if not (one[0].isupper() and one.endswith(".") and "{" not in one)] == []
    italian = language.startswith("it")
    assert told[8] == (
        "Ha risolto 7 volte, a detta del cliente." if italian else "Solved it 7 times, by the customer's own account."
    )
    assert told[26] == (
        "Si sono parlati l'ultima volta il 3 marzo 2026." if italian else "They last talked on 3 March 2026."
    )


def test_who_handed_somebody_on_warmly_is_nearer_than_who_passed_them_on() -> None:
    passed_on = talk(1, outcome="transferred")
    warmly, left_open = replace(passed_on, warm=True), replace(passed_on, outcome="open")
    assert score(passed_on) < score(warmly) < score(left_open)
