from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.hours import BadHours, Hours, read_hours

ROME = ZoneInfo("Europe/Rome")
USUAL = "Mo-Fr 09:00-18:00; PH off"


def rome(month: int, day: int, hour: int = 0, minute: int = 0, *, year: int = 2026, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ROME, fold=fold)


@pytest.fixture
def usual() -> Hours:
    return Hours(USUAL, "Europe/Rome", "IT")


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (rome(3, 3, 8, 59), False),
        (rome(3, 3, 9), True),
        (rome(3, 3, 17, 59), True),
        (rome(3, 3, 18), False),
        (rome(3, 7, 12), False),  # a Saturday
        (rome(1, 1, 12), False),  # New Year
        (rome(4, 6, 12), False),  # Easter Monday
        (rome(6, 2, 12), False),  # the Republic
        (rome(12, 7, 12), True),  # Saint Ambrose is Milan's alone
    ],
)
def test_the_usual_hours_in_italy(usual: Hours, at: datetime, is_open: bool) -> None:
    assert usual.is_open(at) == is_open
    assert usual.is_open(at.astimezone(UTC)) == is_open
    assert usual.is_open(at.astimezone(ZoneInfo("America/New_York"))) == is_open


def test_holidays_are_those_of_the_country() -> None:
    second_of_june = rome(6, 2, 12)
    assert not Hours(USUAL, "Europe/Rome", "IT").is_open(second_of_june)
    assert Hours(USUAL, "Europe/Rome", "DE").is_open(second_of_june)
    assert Hours(USUAL, "Europe/Rome").is_open(second_of_june)


def test_the_next_opening_is_now_while_open(usual: Hours) -> None:
    assert usual.next_open(rome(3, 3, 10, 1)) == rome(3, 3, 10, 1)


@pytest.mark.parametrize(
    ("after", "opening"),
    [
        (rome(3, 3, 7), rome(3, 3, 9)),
        (rome(3, 3, 18), rome(3, 4, 9)),
        (rome(3, 6, 20), rome(3, 9, 9)),  # over a weekend
        (rome(4, 2, 18), rome(4, 3, 9)),  # Good Friday is a working day in Italy
        (rome(4, 3, 18), rome(4, 7, 9)),  # Easter, its Monday included
        (rome(12, 24, 18), rome(12, 28, 9)),  # Christmas on a Friday
    ],
)
def test_the_next_opening_lies_beyond_nights_weekends_and_holidays(
    usual: Hours, after: datetime, opening: datetime
) -> None:
    assert usual.next_open(after) == opening


def test_the_end_of_the_opening(usual: Hours) -> None:
    assert usual.closes_at(rome(3, 3, 10)) == rome(3, 3, 18)
    assert Hours("24/7", "Europe/Rome").closes_at(rome(3, 3, 10)) is None


def test_what_never_opens_has_no_next_opening() -> None:
    never = Hours("off", "Europe/Rome")
    assert not never.is_open(rome(3, 3, 10))
    assert never.next_open(rome(3, 3, 10)) is None
    past = Hours("2020 Mo-Fr 09:00-18:00", "Europe/Rome")
    assert past.next_open(rome(3, 3, 10)) is None


@pytest.mark.parametrize(
    "text",
    [
        'Mo-Fr 09:00-18:00; Mar 04 off "the staff outing"',
        'Mo-Fr 09:00-13:00 "morning", 13:00-18:00 "afternoon"',
        'Mo-Fr 09:00-18:00; Sa 10:00-12:00 unknown "perhaps"',
        'Mo-Su,PH off "moved"; Mo-Fr 09:00-18:00',
    ],
)
def test_a_remark_in_the_hours_opens_and_closes_nothing(text: str) -> None:
    """The hours change their remark at midnight too, and that is no opening."""
    hours = Hours(text, "Europe/Rome")
    at = rome(3, 2)
    for _ in range(24 * 7):
        opening = hours.next_open(at)
        assert opening is not None
        assert hours.is_open(opening), f"{at}: would open at {opening.astimezone(ROME)}"
        at += timedelta(hours=1)


def test_an_opening_with_a_remark_ends_where_it_ends() -> None:
    hours = Hours('Mo-Fr 09:00-13:00 "morning", 13:00-18:00 "afternoon"', "Europe/Rome")
    assert hours.closes_at(rome(3, 3, 10)) == rome(3, 3, 18)


def test_the_night_that_lacks_an_hour_opens_at_the_wall_clocks_nine(usual: Hours) -> None:
    everyday = Hours("09:00-18:00", "Europe/Rome")
    assert everyday.next_open(rome(3, 28, 19)) == rome(3, 29, 9) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert everyday.next_open(rome(3, 27, 19)) == rome(3, 28, 9) == datetime(2026, 3, 28, 8, tzinfo=UTC)


def test_the_night_that_has_an_hour_twice_opens_at_the_wall_clocks_nine() -> None:
    everyday = Hours("09:00-18:00", "Europe/Rome")
    assert everyday.next_open(rome(10, 24, 19)) == rome(10, 25, 9) == datetime(2026, 10, 25, 8, tzinfo=UTC)


@pytest.mark.parametrize("day", [rome(3, 28), rome(10, 24)])
def test_hours_over_the_changed_night_are_open_throughout_and_end(day: datetime) -> None:
    """A night shift from 22 to 6: every minute of it, and not a minute more."""
    night = Hours("22:00-06:00", "Europe/Rome")
    start = day.replace(hour=22).astimezone(UTC)
    end = (day + timedelta(days=1)).replace(hour=6).astimezone(UTC)
    at = start
    while at < end:
        assert night.is_open(at), at
        at += timedelta(minutes=5)
    assert not night.is_open(end)
    assert not night.is_open(start - timedelta(minutes=1))
    assert night.closes_at(start) == end


@pytest.mark.parametrize("text", ["", "9-17", "Mo-Fr 09:00-25:99", "whenever", "Mo-Fr 09:00-18:00 PH", "\x00", "🙂"])
def test_what_is_no_opening_hours_is_refused(text: str) -> None:
    with pytest.raises(BadHours):
        Hours(text, "Europe/Rome")


def test_the_refusal_says_where_the_text_stops_making_sense() -> None:
    with pytest.raises(BadHours, match="1:4"):
        Hours("Mo 9", "Europe/Rome")


def test_a_text_is_read_once() -> None:
    assert read_hours(USUAL, "Europe/Rome", "IT") is read_hours(USUAL, "Europe/Rome", "IT")
    assert read_hours(USUAL, "Europe/Rome", "IT") is not read_hours(USUAL, "Europe/Rome", "DE")


TEXTS = st.sampled_from([USUAL, "24/7", "Mo-Sa 08:30-12:30,14:00-19:00", "22:00-06:00", "Dec 24 09:00-12:00"])


@settings(max_examples=150)
@given(TEXTS, st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31)))
def test_an_opening_is_open_and_nothing_before_it_is(text: str, naive: datetime) -> None:
    hours, at = read_hours(text, "Europe/Rome", "IT"), naive.replace(tzinfo=UTC)
    opening = hours.next_open(at)
    assert opening is not None
    assert opening >= at
    assert hours.is_open(opening)
    if opening > at:
        assert not hours.is_open(opening - timedelta(minutes=1))
        assert not hours.is_open(at + (opening - at) / 2)


@pytest.mark.parametrize("text", ["24/7", "Mo-Su 00:00-24:00", "00:00-24:00"])
def test_a_house_that_is_always_open_does_not_close_at_midnight(text: str) -> None:
    always = Hours(text, "Europe/Rome", "IT")
    assert always.closes_at(rome(3, 3, 10)) is None
    assert always.closes_at(rome(3, 3, 10), within=timedelta(days=1)) is None


def test_a_closing_beyond_the_time_asked_for_is_none(usual: Hours) -> None:
    assert usual.closes_at(rome(3, 3, 10), within=timedelta(hours=9)) == rome(3, 3, 18)
    assert usual.closes_at(rome(3, 3, 10), within=timedelta(hours=7)) is None
