"""Nights on which clocks are changed: every minute of them, and the days that are not in every year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.wall import as_spoken, instant_of, wall_of

YEARS = range(2026, 2031)
ROME, LORD_HOWE = "Europe/Rome", "Australia/Lord_Howe"  # clocks change by an hour here, by half an hour there
MINUTE = timedelta(minutes=1)


def changes(zone: str) -> Iterator[datetime]:
    """The instants of those years at which the clock jumps."""
    tz = ZoneInfo(zone)
    at, end = datetime(YEARS.start, 1, 1, tzinfo=UTC), datetime(YEARS.stop, 1, 1, tzinfo=UTC)
    while at < end:
        following = at + timedelta(minutes=30)
        if at.astimezone(tz).utcoffset() != following.astimezone(tz).utcoffset():
            yield following
        at = following


def night(change: datetime, zone: str) -> tuple[dict[str, list[datetime]], list[str]]:
    """For each wall time the instants at which it is shown, found by looking at the clock each minute; and all the
    wall times from the first shown to the last, shown or not."""
    shown: dict[str, list[datetime]] = {}
    for minute in range(-300, 301):
        at = change + minute * MINUTE
        shown.setdefault(f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}", []).append(at)
    first, last = (datetime.fromisoformat(wall) for wall in (min(shown), max(shown)))
    count = (last - first) // MINUTE + 1
    return shown, [f"{first + n * MINUTE:%Y-%m-%dT%H:%M}" for n in range(count)]


@pytest.mark.parametrize("zone", [ROME, LORD_HOWE])
def test_each_minute_of_every_night_of_change(zone: str) -> None:
    nights = list(changes(zone))
    assert len(nights) == 2 * len(YEARS)
    gaps, doubled = 0, 0
    for change in nights:
        shown, walls = night(change, zone)
        for wall in walls:
            if wall in shown:
                assert instant_of(wall, zone) == shown[wall][0]  # the first time it is shown
                doubled += len(shown[wall]) == 2
            else:
                assert instant_of(wall, zone) == change  # the first minute after the gap
                gaps += 1
    minutes = {ROME: 60, LORD_HOWE: 30}[zone] * len(YEARS)
    assert (gaps, doubled) == (minutes, minutes)


@given(
    day=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    at=st.times(),
    zone=st.sampled_from([ROME, LORD_HOWE, "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]),
)
def test_what_is_shown_leads_back_to_the_minute_that_shows_it(day: date, at: time, zone: str) -> None:
    instant = datetime.combine(day, at, tzinfo=UTC)
    wall = wall_of(instant, zone)
    assert wall_of(instant_of(wall, zone), zone) == wall
    assert instant_of(wall, zone) <= instant
    assert as_spoken(instant, wall, zone) == instant


def test_half_past_two_in_rome_on_the_night_without_it_is_three() -> None:
    assert instant_of("2026-03-29T02:30", ROME).isoformat() == "2026-03-29T01:00:00+00:00"
    assert wall_of(instant_of("2026-03-29T02:30", ROME), ROME) == "2026-03-29T03:00"


def test_half_past_two_in_rome_on_the_night_that_has_it_twice_is_the_first() -> None:
    assert instant_of("2026-10-25T02:30", ROME).isoformat() == "2026-10-25T00:30:00+00:00"


def test_who_was_promised_the_second_half_past_two_is_called_then() -> None:
    second = datetime.fromisoformat("2026-10-25T02:30:20+01:00")
    assert as_spoken(second, "2026-10-25T02:30", ROME) == second


def test_a_country_that_changes_its_clocks_moves_the_instant_and_not_the_wall() -> None:
    believed = datetime.fromisoformat("2026-07-01T10:00+01:00")  # summer time was to be given up, and was not
    assert as_spoken(believed, "2026-07-01T10:00", ROME) == datetime.fromisoformat("2026-07-01T10:00+02:00")


def test_the_leap_day_is_a_day_and_other_years_have_none() -> None:
    assert instant_of("2028-02-29T09:00", ROME).isoformat() == "2028-02-29T08:00:00+00:00"
    with pytest.raises(ValueError, match="day"):
        instant_of("2027-02-29T09:00", ROME)


def test_a_day_that_a_zone_has_left_out_is_the_next_one() -> None:
    assert wall_of(instant_of("2011-12-30T10:00", "Pacific/Apia"), "Pacific/Apia") == "2011-12-31T00:00"


def test_what_is_no_wall_time_is_refused() -> None:
    with pytest.raises(ValueError, match="not the time on a wall"):
        instant_of("2026-03-03T10:00+01:00", ROME)
    with pytest.raises(ZoneInfoNotFoundError):
        instant_of("2026-03-03T10:00", "Europe/Atlantis")
