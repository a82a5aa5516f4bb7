from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm.matters import OpenMatter, Past
from crm.weariness import Reason, Troubles, weariness

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
OPEN = OpenMatter("agt_1", "invoice", NOW, None, None)


def talk(days_ago: float, outcome: str = "solved", topic: str | None = "invoice") -> Past:
    return Past("int_1", "agt_1", "voice", NOW - timedelta(days=days_ago), 300, outcome, topic)


def test_who_never_rang_is_fresh() -> None:
    assert weariness([], [], NOW).level == 0
    assert weariness([talk(1), talk(2)], [], NOW).reasons == ()


def test_a_transfer_tires_and_a_second_one_more() -> None:
    once, twice = (
        weariness([talk(1, "transferred")], [], NOW),
        weariness([talk(n, "transferred", None) for n in (1, 9)], [], NOW),
    )
    assert (once.level, once.reasons) == (1, (Reason("transferred", 1),))
    assert (twice.level, twice.reasons) == (2, (Reason("transferred", 2),))
    assert weariness([talk(31, "transferred")], [], NOW).level == 0


def test_three_times_about_the_same_in_a_fortnight_tires() -> None:
    past = [talk(1, topic="Invoice"), talk(7, topic="invoice "), talk(13, topic="invoice")]
    assert weariness(past, [], NOW).reasons == (Reason("repeated", 3, "Invoice"),)
    assert weariness([*past[:2], talk(15)], [], NOW).level == 0
    assert weariness([talk(n, topic=None) for n in (1, 2, 3)], [], NOW).level == 0


def test_an_open_matter_tires() -> None:
    assert weariness([], [OPEN, OPEN], NOW).reasons == (Reason("open", 2, "invoice"),)


def test_nobody_is_wearier_than_three() -> None:
    past = [talk(n, "transferred") for n in range(10)]
    weary = weariness(past, [OPEN], NOW)
    assert weary.level == 3
    assert [reason.kind for reason in weary.reasons] == ["transferred", "repeated", "open"]


@given(
    st.lists(st.builds(talk, st.floats(-5, 60), st.sampled_from(["solved", "open", "transferred", "abandoned"]))),
    st.floats(0, 60),
)
def test_one_more_transfer_never_refreshes(past: list[Past], ago: float) -> None:
    assert weariness([*past, talk(ago, "transferred")], [], NOW).level >= weariness(past, [], NOW).level


def test_the_third_call_about_what_is_still_open_tires_and_two_that_were_solved_do_not() -> None:
    for latest, tired in (("open", [Reason("repeated", 2, "Invoice")]), ("solved", [])):
        past = [talk(5, "open", "invoice"), talk(1, latest, "Invoice")]
        assert [reason for reason in weariness(past, [], NOW).reasons if reason.kind == "repeated"] == tired


def test_broken_promises_waits_and_cut_offs_tire_each() -> None:
    weary = weariness([], [], NOW, Troubles(broken_promises=2, waits=4))
    assert (weary.level, weary.reasons) == (3, (Reason("broken_promise", 2), Reason("waited", 4)))
    assert weariness([], [], NOW, Troubles(broken_promises=1)).level == 1
    assert weariness([], [], NOW, Troubles(cut_offs=1)).reasons == (Reason("cut_off", 1),)


def test_who_said_that_it_was_not_solved_is_believed_until_it_is() -> None:
    unsolved = replace(talk(2, "open"), confirmed=False)
    assert weariness([unsolved], [], NOW).reasons == (Reason("unsolved", 1, "invoice"),)
    assert weariness([unsolved, talk(1, topic="Invoice ")], [], NOW).level == 0
    assert Reason("unsolved", 1, "invoice") in weariness([unsolved, talk(3)], [], NOW).reasons  # that was before
    assert weariness([replace(unsolved, started_at=NOW - timedelta(days=31))], [], NOW).level == 0


def test_a_warm_transfer_is_half_of_one_into_the_blue() -> None:
    """Who stayed until they were in good hands has not made them start again."""
    cold = talk(1, "transferred", None)
    warm = replace(cold, warm=True)
    assert weariness([warm], [], NOW).reasons == ()
    assert (weariness([warm, warm], [], NOW).level, weariness([warm, cold], [], NOW).level) == (1, 1)
    assert weariness([cold, cold], [], NOW).level == 2
    (reason,) = weariness([warm, warm], [], NOW).reasons
    assert (reason.kind, reason.times) == ("transferred", 2)
