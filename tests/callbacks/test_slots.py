"""Which times can honestly be promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbacks.slots import (
    GRID,
    HORIZON,
    Booked,
    Ledger,
    Quiet,
    keepable,
    nearest_slots,
    next_slots,
    spoken_choices,
)
from routing.agents import Activity, Agent, Availability
from routing.hours import read_hours
from routing.plan import Plan
from tests.routing.people import agent, talking, wrapping_up

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)  # a Tuesday, ten o'clock in Rome
OFFLINE = {"availability": Availability.OFFLINE}


def ledger(*agents: Agent, booked: tuple[Booked, ...] = (), now: datetime = NOW, **more: Any) -> Ledger:
    hours = more.pop("hours", "Mo-Fr 09:00-18:00; PH off")
    zone = more.pop("zone", "Europe/Rome")
    return Ledger(agents, booked, read_hours(hours, zone, "IT"), zone, "IT", more.pop("plan", Plan()), now)


def rome(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime:
    """An instant by the wall clock; in UTC, as all instants are here."""
    return datetime(2026, month, day, hour, minute, tzinfo=ROME).astimezone(UTC)


def times(slots: list[Any]) -> list[str]:
    return [f"{slot.due_at.astimezone(ROME):%d %H:%M}" for slot in slots]


def test_now_can_be_kept_while_somebody_is_ready() -> None:
    assert keepable(ledger(agent("Anna")), NOW, None)
    assert keepable(ledger(agent("Anna")), NOW, "anna")
    assert not keepable(ledger(), NOW, None)


def test_the_past_cannot_be_kept() -> None:
    assert not keepable(ledger(agent("Anna")), NOW - timedelta(seconds=1), None)


@pytest.mark.parametrize("at", [rome(3, 18), rome(3, 20), rome(4, 8, 59), rome(7, 12), rome(6, 12, month=4)])
def test_no_time_is_promised_while_the_house_is_closed(at: datetime) -> None:
    assert not keepable(ledger(agent("Anna")), at, None)


def test_a_named_agent_must_be_one_who_could_call() -> None:
    assert not keepable(ledger(agent("Anna")), rome(3, 15), "luca")


def test_far_ahead_a_shift_tells_more_than_what_an_agent_does_now() -> None:
    here = ledger(agent("Anna", **OFFLINE, hours="Mo-Fr 14:00-18:00"))
    assert keepable(here, rome(3, 15), "anna")
    assert not keepable(here, rome(3, 13), "anna")
    assert not keepable(here, rome(3, 13), None)


@pytest.mark.parametrize("away", [Availability.AWAY, Availability.OFFLINE])
def test_in_the_next_ten_minutes_only_who_is_there_counts(away: Availability) -> None:
    here = ledger(agent("Anna", availability=away))
    assert not keepable(here, NOW + timedelta(minutes=10), None)
    assert keepable(here, NOW + timedelta(minutes=10, seconds=1), None)


def test_who_is_talking_now_can_call_once_the_talk_is_likely_over() -> None:
    """Eight of ten such talks, and the wrap-up, are over within 372 s; half of the window of 300 s is the slack."""
    here = ledger(talking("Anna"))
    assert not keepable(here, NOW + timedelta(seconds=221), None)
    assert keepable(here, NOW + timedelta(seconds=223), None)


def test_a_wrap_up_that_ends_in_time_is_no_obstacle() -> None:
    assert keepable(ledger(wrapping_up("Anna", left=30)), NOW + timedelta(seconds=20), "anna")


def test_one_agent_keeps_one_promise_at_a_time() -> None:
    booked = (Booked(rome(3, 15), None),)
    here = ledger(agent("Anna"), booked=booked)
    assert not keepable(here, rome(3, 15), None)
    assert not keepable(here, rome(3, 15, 4), None)
    assert not keepable(here, rome(3, 14, 56), None)
    assert keepable(here, rome(3, 15, 5), None)
    assert keepable(here, rome(3, 14, 55), None)


def test_two_agents_keep_two_promises_at_a_time() -> None:
    team = (agent("Anna"), agent("Luca"))
    assert keepable(ledger(*team, booked=(Booked(rome(3, 15), None),)), rome(3, 15), None)
    assert not keepable(ledger(*team, booked=(Booked(rome(3, 15), None),) * 2), rome(3, 15), None)


def test_a_promise_of_one_agent_takes_that_agent_and_nobody_else() -> None:
    here = ledger(agent("Anna"), agent("Luca"), booked=(Booked(rome(3, 15), "anna"),))
    assert not keepable(here, rome(3, 15), "anna")
    assert keepable(here, rome(3, 15), "luca")
    assert keepable(here, rome(3, 15), None)


def test_the_length_of_a_talk_is_the_plans() -> None:
    plan = Plan(talk_seconds=1200, wrap_up_seconds=0)
    here = ledger(agent("Anna"), booked=(Booked(rome(3, 15), None),), plan=plan)
    assert not keepable(here, rome(3, 15, 19), None)
    assert keepable(here, rome(3, 15, 20), None)


def test_slots_lie_on_the_wall_clocks_grid() -> None:
    odd = NOW + timedelta(minutes=2, seconds=7, microseconds=1)
    assert times(next_slots(ledger(agent("Anna"), now=odd), odd, None, 3)) == ["03 10:05", "03 10:10", "03 10:15"]
    assert times(next_slots(ledger(agent("Anna")), NOW, None, 1)) == ["03 10:00"]


def test_the_grid_of_a_zone_that_is_off_by_quarters_is_its_own() -> None:
    here = ledger(agent("Anna"), hours="24/7", zone="Asia/Kathmandu")
    for slot in next_slots(here, NOW, None, 20):
        assert slot.due_at.astimezone(ZoneInfo("Asia/Kathmandu")).minute % 5 == 0


def test_slots_go_on_at_the_next_opening() -> None:
    late = rome(6, 17, 50)  # a Friday
    found = next_slots(ledger(agent("Anna"), now=late), late, None, 4)
    assert times(found) == ["06 17:50", "06 17:55", "09 09:00", "09 09:05"]


def test_slots_leave_out_holidays() -> None:
    late = rome(24, 17, 55, month=12)
    assert times(next_slots(ledger(agent("Anna"), now=late), late, None, 2)) == ["24 17:55", "28 09:00"]


def test_slots_leave_out_what_is_taken() -> None:
    here = ledger(agent("Anna"), booked=(Booked(rome(3, 10, 5), None),))
    assert times(next_slots(here, NOW, None, 3)) == ["03 10:00", "03 10:10", "03 10:15"]


def test_slots_of_an_agent_are_those_of_their_shift() -> None:
    here = ledger(agent("Anna", hours="Tu 09:00-10:10"), agent("Luca"))
    assert times(next_slots(here, NOW, "anna", 3)) == ["03 10:00", "03 10:05", "10 09:00"]
    assert {slot.agent for slot in next_slots(here, NOW, "anna", 3)} == {"anna"}
    assert {slot.agent for slot in next_slots(here, NOW, None, 3)} == {None}


def test_slots_never_lie_in_the_past() -> None:
    assert times(next_slots(ledger(agent("Anna")), NOW - timedelta(days=3), None, 1)) == ["03 10:00"]


def test_without_anybody_or_any_opening_there_are_no_slots() -> None:
    assert next_slots(ledger(), NOW, None, 3) == []
    assert next_slots(ledger(agent("Anna"), hours="off"), NOW, None, 3) == []
    assert spoken_choices(ledger(), None) == []
    assert nearest_slots(ledger(), rome(3, 15), None) == []


def test_no_more_slots_are_found_than_were_asked_for() -> None:
    assert next_slots(ledger(agent("Anna")), NOW, None, 0) == []
    assert len(next_slots(ledger(agent("Anna")), NOW, None, 7)) == 7


def test_the_grid_ends_after_a_fortnight() -> None:
    only_later = ledger(agent("Anna", hours="Mar 30 09:00-18:00"))
    assert next_slots(only_later, NOW, "anna", 1) == []
    assert times(next_slots(only_later, rome(20, 9), "anna", 1)) == ["30 09:00"]


def test_the_nearest_slots_lie_around_the_wish_in_order_of_time() -> None:
    here = ledger(agent("Anna"), booked=(Booked(rome(3, 15), None),))
    assert times(nearest_slots(here, rome(3, 15), None)) == ["03 14:50", "03 14:55", "03 15:05"]


def test_the_nearest_to_a_closed_day_are_of_the_next_opening() -> None:
    assert times(nearest_slots(ledger(agent("Anna")), rome(8, 12), None)) == ["09 09:00", "09 09:05", "09 09:10"]


def test_the_nearest_to_an_evening_are_before_the_closing() -> None:
    assert times(nearest_slots(ledger(agent("Anna")), rome(3, 18, 20), None)) == ["03 17:45", "03 17:50", "03 17:55"]


def test_the_nearest_to_now_are_not_in_the_past() -> None:
    here = ledger(agent("Anna"), booked=(Booked(NOW, None),))
    assert times(nearest_slots(here, NOW, None)) == ["03 10:05", "03 10:10", "03 10:15"]


def test_what_is_offered_by_voice_is_soon_a_little_later_and_the_next_opening() -> None:
    """Three minutes are for hanging up and putting the phone down."""
    assert times(spoken_choices(ledger(agent("Anna")), None)) == ["03 10:05", "03 10:25", "04 09:00"]
    assert times(spoken_choices(ledger(agent("Anna"), now=rome(3, 10, 3)), None))[0] == "03 10:10"


def test_before_the_closing_the_choices_are_of_the_next_opening() -> None:
    late = rome(3, 17, 50)
    assert times(spoken_choices(ledger(agent("Anna"), now=late), None)) == ["03 17:55", "04 09:00"]


def test_while_closed_the_choices_are_of_the_next_two_openings() -> None:
    night = rome(3, 22)
    assert times(spoken_choices(ledger(agent("Anna"), now=night), None)) == ["04 09:00", "04 09:20", "05 09:00"]


def test_a_house_that_never_closes_offers_the_same_time_of_the_next_day() -> None:
    assert times(spoken_choices(ledger(agent("Anna"), hours="24/7"), None)) == ["03 10:05", "03 10:25", "04 10:05"]


@pytest.mark.parametrize(("day", "month", "hours_of_night"), [(29, 3, 23), (25, 10, 25)])
def test_the_night_the_clock_changes_has_each_slot_once(day: int, month: int, hours_of_night: int) -> None:
    midnight = rome(day, 0, month=month)
    here = ledger(agent("Anna"), hours="24/7", now=midnight)
    slots = [slot.due_at for slot in next_slots(here, midnight, None, 400)]
    of_the_day = [at for at in slots if at < rome(day + 1, 0, month=month)]
    assert len(of_the_day) == hours_of_night * 12
    assert len(set(of_the_day)) == len(of_the_day)
    apart = {later - earlier for earlier, later in pairwise(of_the_day)}
    assert apart == {GRID}


@pytest.mark.parametrize(("day", "month"), [(29, 3), (25, 10)])
def test_after_the_night_the_clock_changes_the_house_opens_at_nine(day: int, month: int) -> None:
    evening = rome(day - 1, 19, month=month)
    here = ledger(agent("Anna"), hours="09:00-18:00", now=evening)
    assert times(next_slots(here, evening, None, 1)) == [f"{day:02} 09:00"]


AGENTS = (
    agent("Anna"),
    agent("Luca", hours="Mo-Fr 14:00-18:00"),
    agent("Bea", availability=Availability.AWAY),
    agent("Carlo", activity=Activity.TALKING, seconds=30),
)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    now = NOW + timedelta(minutes=draw(st.integers(0, 60 * 24 * 7)), seconds=draw(st.integers(0, 59)))
    instants = st.integers(0, 120).map(lambda minutes: now + timedelta(minutes=minutes))
    booked = st.builds(Booked, instants, st.sampled_from([None, "anna", "luca"]))
    agents = draw(st.lists(st.sampled_from(AGENTS), unique_by=lambda one: one.id))
    agents = [replace(one, since_at=now - (NOW - one.since_at)) for one in agents]
    return ledger(*agents, booked=tuple(draw(st.lists(booked, max_size=6))), now=now)


@settings(max_examples=40, deadline=None)
@given(ledgers(), st.integers(-60, 300), st.sampled_from([None, "anna", "luca"]))
def test_whatever_is_offered_can_be_kept(here: Ledger, minutes: int, who: str | None) -> None:
    wanted = here.now + timedelta(minutes=minutes)
    offered = (
        nearest_slots(here, max(wanted, here.now), who),
        next_slots(here, wanted, who, 4),
        spoken_choices(here, who),
    )
    for slots in offered:
        at = [slot.due_at for slot in slots]
        assert at == sorted(set(at))
        for slot in slots:
            assert keepable(here, slot.due_at, slot.agent)
            assert slot.due_at >= here.now
            assert slot.due_at.minute % 5 == slot.due_at.second == slot.due_at.microsecond == 0


@settings(max_examples=40, deadline=None)
@given(ledgers(), st.integers(0, 300))
def test_one_promise_more_never_makes_a_time_keepable(here: Ledger, minutes: int) -> None:
    at = here.now + timedelta(minutes=minutes)
    fuller = replace(here, booked=[*here.booked, Booked(at, None)])
    assert keepable(here, at, None) or not keepable(fuller, at, None)


def test_the_horizon_is_a_whole_number_of_weeks() -> None:
    assert HORIZON % timedelta(weeks=1) == timedelta(0)


@pytest.mark.parametrize(
    ("hours", "zone", "kept"),
    [
        (None, "Europe/Rome", ["03 10:05", "03 10:10"]),
        ("09:00-12:30", "Europe/Rome", ["03 12:30", "03 12:35"]),
        ("21:00-09:30", "America/New_York", ["03 15:30", "03 15:35"]),  # over midnight, by their own clock
        ("08:00-08:00", "Europe/Rome", ["03 10:05", "03 10:10"]),  # from then to then is never
    ],
)
def test_nothing_is_promised_in_somebodys_quiet_hours(hours: str | None, zone: str, kept: list[str]) -> None:
    here = replace(ledger(agent("Anna")), quiet=Quiet.read(hours, zone))
    assert times(next_slots(here, NOW + timedelta(minutes=3), None, 2)) == kept
    assert keepable(here, NOW, None) is (kept[0] == "03 10:05")


def test_nobody_calls_while_they_are_away() -> None:
    """Anna from three to four; whoever else is there goes on."""
    away = {"anna": [(rome(3, 15), rome(3, 16))]}
    alone = replace(ledger(agent("Anna")), absences=away)
    team = replace(ledger(agent("Anna"), agent("Luca")), absences=away)
    assert times(next_slots(alone, rome(3, 14, 55), "anna", 2)) == ["03 14:55", "03 16:00"]
    assert not keepable(alone, rome(3, 15), None)
    assert not keepable(team, rome(3, 15), "anna")
    assert keepable(team, rome(3, 15), "luca")
    assert times(next_slots(team, rome(3, 15), None, 1)) == ["03 15:00"]
    two_at_once = replace(team, booked=(Booked(rome(3, 15), None),))
    assert not keepable(two_at_once, rome(3, 15), None)
    assert keepable(two_at_once, rome(3, 16), None)


def test_who_is_away_now_calls_nobody_in_the_next_minutes_though_they_are_ready() -> None:
    here = replace(ledger(agent("Anna")), absences={"anna": [(NOW - GRID, NOW + GRID)]})
    assert not keepable(here, NOW, "anna")
    assert keepable(here, NOW + GRID, "anna")
    assert spoken_choices(replace(here, absences={"anna": [(NOW - GRID, NOW + 2 * HORIZON)]}), "anna") == []
