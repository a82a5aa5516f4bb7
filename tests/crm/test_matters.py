from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm.matters import CaseKept, Past, latest_matter, open_matters, still_open

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


def case(
    id: str = "cas_1", owner: str = "agt_1", topic: str | None = "invoice", made: int = 0, **more: Any
) -> CaseKept:
    usual: dict[str, Any] = {"title": "The invoice", "solved_at": None}
    return CaseKept(id, "cus_1", owner, topic, made_at=MONDAY + timedelta(days=made), **usual | more)


def meant(cases: list[CaseKept], past: list[Past], day: int) -> str | None:
    found = latest_matter("cus_1", cases, past, MONDAY + timedelta(days=day))
    return None if found is None else found.case_id or found.interaction_id


def test_a_conversation_about_a_case_stands_by_it() -> None:
    about = replace(talk(1, "agt_1", "open", "invoice"), case_id="cas_1")
    elsewhere = replace(talk(2, "agt_2", "open", "invoice"), case_id="cas_1")
    assert [(one.agent_id, one.case_id) for one in open_matters([case()], [about, elsewhere])] == [
        ("agt_1", "cas_1"),
        ("agt_2", "cas_1"),
    ]
    solved = case(solved_at=MONDAY + timedelta(days=3))
    assert open_matters([solved], [about, elsewhere]) == []
    again = replace(talk(4, "agt_2", "open", "invoice"), case_id="cas_1")
    assert [one.agent_id for one in open_matters([solved], [about, again])] == ["agt_2"]


def test_the_same_again_is_the_matter_spoken_of_last() -> None:
    invoice, ipad = talk(1, "agt_1", "open", "invoice"), talk(5, "agt_2", "solved", "ipad")
    assert meant([], [invoice, ipad], 6) == ipad.id
    assert meant([], [invoice, ipad], 40) == invoice.id  # what was solved long ago is over, what is open is not
    assert meant([case(made=3)], [invoice], 6) == "cas_1"  # of its topic: the case is that matter
    assert meant([case(solved_at=MONDAY + timedelta(days=5))], [], 6) == "cas_1"
    assert meant([case(solved_at=MONDAY + timedelta(days=5))], [], 20) is None


def test_where_two_may_be_meant_or_none_nothing_is_asked() -> None:
    invoice, ipad = talk(5, "agt_1", "open", "invoice"), talk(5, "agt_2", "open", "ipad")
    assert meant([], [], 6) is None
    assert meant([], [invoice, ipad], 6) is None
    assert meant([], [replace(invoice, started_at=MONDAY), ipad], 6) == ipad.id
    assert meant([], [invoice, replace(ipad, outcome="solved")], 6) == invoice.id  # as late, and still open
    assert meant([], [replace(talk(5, "agt_1", "solved", None), summary=None)], 6) is None  # the same as what?
