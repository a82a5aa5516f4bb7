from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm.matters import Past, still_open

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
outcomes = st.sampled_from(["solved", "open", "transferred", "abandoned"])
topics = st.sampled_from(["invoice", " Invoice ", "ipad", None])
pasts = st.lists(
    st.builds(
        lambda day, agent, outcome, topic: talk(day, agent, outcome, topic),
        st.integers(0, 400),
        st.sampled_from(["agt_1", "agt_2", None]),
        outcomes,
        topics,
    ),
    max_size=12,
)


def talk(day: int, agent: str | None, outcome: str, topic: str | None) -> Past:
    return Past(f"int_{day:03}", agent, "voice", MONDAY + timedelta(days=day), 300, outcome, topic, f"day {day}")


def test_what_was_left_open_is_open_and_held_by_who_left_it() -> None:
    (matter,) = still_open([talk(1, "agt_1", "open", "invoice")])
    assert (matter.agent_id, matter.topic, matter.case_id) == ("agt_1", "invoice", None)


def test_a_later_solution_of_the_same_topic_closes_it() -> None:
    assert still_open([talk(1, "agt_1", "open", "invoice"), talk(2, "agt_2", "solved", "INVOICE ")]) == []


def test_an_earlier_solution_or_another_topic_does_not() -> None:
    past = [
        talk(1, "agt_1", "solved", "invoice"),
        talk(2, "agt_1", "open", "invoice"),
        talk(3, "agt_1", "solved", "ipad"),
    ]
    assert [matter.topic for matter in still_open(past)] == ["invoice"]
    assert len(still_open([talk(1, "agt_1", "open", "invoice"), talk(2, "agt_1", "solved", None)])) == 1


def test_two_who_left_it_open_hold_it_both_the_latest_first() -> None:
    past = [
        talk(1, "agt_1", "open", "invoice"),
        talk(2, "agt_2", "open", "invoice"),
        talk(3, "agt_1", "open", "invoice"),
    ]
    matters = still_open(past)
    assert [matter.agent_id for matter in matters] == ["agt_1", "agt_2"]
    assert (matters[0].since_at, matters[0].summary) == (MONDAY + timedelta(days=1), "day 3")


@given(pasts)
def test_the_order_in_which_the_past_is_read_does_not_matter(past: list[Past]) -> None:
    distinct = list({one.id: one for one in past}.values())
    assert still_open(distinct) == still_open(reversed(distinct))


@given(pasts)
def test_solving_every_topic_leaves_nothing_open(past: list[Past]) -> None:
    last = [talk(401 + n, None, "solved", topic) for n, topic in enumerate(["invoice", "ipad", None])]
    assert still_open([*past, *last]) == []
