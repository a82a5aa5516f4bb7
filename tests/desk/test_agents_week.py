"""A week of hours: what is written in rows is what opening-hours text says, and the other way round."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.agents.week import DAYS, Week, from_form, read_week, write_week
from routing.hours import read_hours

ROME = ZoneInfo("Europe/Rome")
MONDAY = datetime(2026, 3, 2, tzinfo=ROME)


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    days = {}
    for day in draw(st.sets(st.sampled_from(DAYS), min_size=1)):
        minutes = sorted(draw(st.lists(st.integers(0, 96), min_size=2, max_size=4, unique=True)))
        clock = [f"{n // 4:02d}:{n % 4 * 15:02d}" for n in minutes[: len(minutes) // 2 * 2]]
        days[day] = tuple(zip(clock[::2], clock[1::2], strict=True))
    return Week(days, draw(st.booleans()))


@given(weeks())
def test_a_week_is_read_back_as_it_was_written(week: Week) -> None:
    read = read_week(write_week(week))
    assert read is not None
    assert {day: tuple(spans) for day, spans in read.days.items() if spans} == dict(week.days)
    assert read.holidays_off == week.holidays_off


@given(weeks(), st.integers(0, 7 * 24 * 4 - 1))
def test_its_text_is_open_when_the_week_is(week: Week, quarter: int) -> None:
    at = MONDAY + timedelta(minutes=15 * quarter)
    spans = week.days.get(DAYS[at.weekday()], ())
    expected = any(start <= f"{at:%H:%M}" < end for start, end in spans)
    assert read_hours(write_week(Week(week.days, holidays_off=False)), "Europe/Rome", "IT").is_open(at) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Mo-Fr sunrise-sunset",
        "Dec 24 off",
        "Mo-Fr 22:00-06:00",
        "Mo 09:00-10:00,11:00-12:00,13:00-14:00",
        "Fr-Mo 09:00-17:00",
    ],
)
def test_what_says_more_than_a_week_is_none(text: str) -> None:
    assert read_week(text) is None


def test_a_later_rule_of_a_day_counts() -> None:
    read = read_week("Mo-Fr 09:00-17:00; We off; PH off")
    assert read is not None
    assert list(read.days["We"]) == []
    assert write_week(read) == "Mo-Tu 09:00-17:00; Th-Fr 09:00-17:00; PH off"


def test_around_the_clock_is_a_week_too() -> None:
    read = read_week("24/7")
    assert read is not None
    assert write_week(read) == "Mo-Su 00:00-24:00"


def test_a_row_that_is_half_filled_or_backwards_is_told() -> None:
    week, wrong = from_form(
        {"Mo-0-from": "09:00", "Tu-0-from": "17:00", "Tu-0-to": "09:00", "We-0-from": "20:00", "We-0-to": "00:00"}
    )
    assert wrong == {"Mo": "half", "Tu": "backwards"}
    assert week.days["We"] == (("20:00", "24:00"),)
