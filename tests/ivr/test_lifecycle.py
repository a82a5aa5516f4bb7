import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.lifecycle import LEG_ENDS, LEG_ORDER, NEXT, CallState, later_leg_state, may_become

STATUSES = (*LEG_ORDER, *sorted(LEG_ENDS))


def test_every_state_can_end_and_an_end_is_an_end() -> None:
    assert set(NEXT) == set(CallState)
    assert not NEXT[CallState.ENDED]
    for state in set(CallState) - {CallState.ENDED}:
        assert CallState.ENDED in NEXT[state]


def test_nothing_leads_back_to_the_greeting() -> None:
    assert all(CallState.GREETING not in following for following in NEXT.values())


def test_a_talk_comes_only_from_a_ringing_phone_and_leads_to_the_end_or_to_another_talk() -> None:
    assert {state for state in CallState if CallState.TALKING in NEXT[state]} == {CallState.RINGING}
    # Ringing: for the agent whose line broke, or the colleague to whom the last one has left the caller.
    assert NEXT[CallState.TALKING] == {CallState.WAITING, CallState.RINGING, CallState.ENDED}


@pytest.mark.parametrize("state", CallState)
def test_staying_is_always_allowed(state: CallState) -> None:
    assert may_become(state, state)


def test_states_are_asked_for_by_their_words() -> None:
    assert may_become("waiting", "ringing")
    assert not may_become("ended", "ringing")
    with pytest.raises(ValueError, match="nonsense"):
        may_become("waiting", "nonsense")


def test_a_leg_goes_forward() -> None:
    for known, told in pairwise(LEG_ORDER):
        assert later_leg_state(known, told) == told
        assert later_leg_state(told, known) == told


def test_a_word_we_do_not_know_changes_nothing() -> None:
    for known in STATUSES:
        assert later_leg_state(known, "teleported") == later_leg_state(known, "") == known


@given(st.lists(st.sampled_from(STATUSES), min_size=1), st.randoms(use_true_random=False))
def test_a_leg_that_has_ended_stays_as_it_ended(told: list[str], chance: random.Random) -> None:
    """Whatever comes after, in whatever order and however often."""
    state = LEG_ORDER[0]
    for status in told:
        was, state = state, later_leg_state(state, status)
        if was in LEG_ENDS:
            assert state == was
        elif state not in LEG_ENDS:
            assert LEG_ORDER.index(state) >= LEG_ORDER.index(was)
    ends = [status for status in told if status in LEG_ENDS]
    assert state == (ends[0] if ends else max([*told, LEG_ORDER[0]], key=LEG_ORDER.index))


@given(st.lists(st.sampled_from(STATUSES)), st.sampled_from(sorted(LEG_ENDS)), st.randoms(use_true_random=False))
def test_the_order_of_the_news_changes_nothing_but_which_end_was_first(
    told: list[str], end: str, chance: random.Random
) -> None:
    news = [status for status in told if status in LEG_ORDER] + [end, end]
    chance.shuffle(news)
    state = LEG_ORDER[0]
    for status in news:
        state = later_leg_state(state, status)
    assert state == end


@given(st.lists(st.sampled_from(CallState), max_size=30))
def test_a_call_that_has_ended_never_lives_again(wished: list[CallState]) -> None:
    state = CallState.GREETING
    for following in wished:
        if may_become(state, following):
            assert state != CallState.ENDED or following == CallState.ENDED
            state = following
