"""How somebody fared on the telephone: what counts as a long wait, and what as being cut off."""

from datetime import UTC, datetime, timedelta

import pytest

from crm.troubles import Called, fared

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


def call(id: str, minutes_ago: float, outcome: str | None = "agent", *, lasts: float = 1, **more: object) -> Called:
    arrived_at = NOW - timedelta(minutes=minutes_ago)
    usual = {"inbound": True, "waited_seconds": 5.0, "ended_at": arrived_at + timedelta(minutes=lasts)}
    return Called(id, outcome=outcome, arrived_at=arrived_at, **usual | more)  # type: ignore[arg-type]


NEW = call("now", 0, None, ended_at=None, waited_seconds=None)


@pytest.mark.parametrize(
    ("before", "cut_off"),
    [
        (call("a", 6), True),
        (call("a", 6.1), False),
        (call("a", 6, "voicemail"), False),
        (call("a", 6, ended_at=None), False),
        (call("a", 6, parted=True), False),  # they heard the goodbye, or said whether it is solved
        (call("a", 6, inbound=False), True),  # we called them, and the line was cut
    ],
)
def test_who_rings_within_five_minutes_of_a_talk_was_cut_off(before: Called, cut_off: bool) -> None:
    found = fared([NEW, before], "now")
    assert (found.cut_off, found.cut_offs) == (cut_off, int(cut_off))


def test_an_earlier_cut_off_is_counted_and_is_not_this_calls() -> None:
    found = fared([NEW, call("b", 100), call("a", 103)], "now")
    assert (found.cut_off, found.cut_offs) == (False, 1)
    assert fared([call("b", 100), call("a", 103)]).cut_off is False


def test_long_waits_count_answered_or_in_vain_and_not_the_one_under_way() -> None:
    calls = [
        call("a", 900, waited_seconds=180.0),
        call("b", 800, waited_seconds=179.0),
        call("c", 700, "abandoned", waited_seconds=None),
        call("d", 600, "abandoned", lasts=0.9, waited_seconds=None),
        call("e", 500, inbound=False, waited_seconds=400.0),
        call("now", 0, None, ended_at=None, waited_seconds=500.0),
    ]
    assert fared(calls, "now").waits == 2
    assert fared(calls, "now").troubles(3).broken_promises == 3
