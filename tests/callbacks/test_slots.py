"""Which times can honestly be promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
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
    Slot,
    keepable,
    nearest_slots,
    next_slots,
    soonest,
    spoken_choices,
)
from routing.agents import Activity, Availability
from routing.hours import read_hours
from routing.inflow import Inflow
from routing.plan import Plan, Service
from tests.callbacks.ledgers import NOW, OFFLINE, ROME, ledger, rome, times
from tests.routing.people import agent, talking, wrapping_up


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
    """Nine of ten such talks, with the wrap-up, are over within 523 s; the window is 300 s, less 20 s of ringing."""
    here = ledger(talking("Anna"))
    assert not keepable(here, NOW + timedelta(seconds=242), None)
    assert keepable(here, NOW + timedelta(seconds=245), None)


def test_by_name_who_is_talking_can_call_once_they_are_likely_done_in_their_own_part_of_the_window() -> None:
    """Eight of ten are done within 372 s; the call waits 45 s for them before somebody else makes it."""
    here = ledger(talking("Anna"), agent("Luca"))
    assert not keepable(here, NOW + timedelta(seconds=325), "anna")
    assert keepable(here, NOW + timedelta(seconds=329), "anna")
    patient = Plan(service=Service(owner_wait_seconds=120))
    assert keepable(ledger(talking("Anna"), agent("Luca"), plan=patient), NOW + timedelta(seconds=255), "anna")


def test_the_plan_says_how_sure_it_has_to_be() -> None:
    def first(confidence: float) -> int:
        here = ledger(talking("Anna"), plan=Plan(service=Service(callback_confidence=confidence)))
        return next(n for n in range(0, 601, 5) if keepable(here, NOW + timedelta(seconds=n), None))

    assert first(0.5) < first(0.8) < first(0.9) < first(0.92)


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
            if slot.latest is not None:  # as soon as possible
                assert slot.due_at == here.now < slot.latest <= here.now + timedelta(hours=1)
                continue
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


def test_a_break_is_an_absence_and_breaks_may_touch_and_overlap() -> None:
    breaks = [(rome(3, 15, 10), rome(3, 15, 30)), (rome(3, 15), rome(3, 15, 10)), (rome(3, 15, 20), rome(3, 15, 40))]
    here = replace(ledger(agent("Anna")), absences={"anna": breaks})
    assert times(next_slots(here, rome(3, 14, 55), "anna", 2)) == ["03 14:55", "03 15:40"]


@pytest.mark.parametrize(("minute", "second", "can"), [(55, 0, True), (59, 39, True), (59, 41, False)])
def test_nothing_is_promised_that_would_begin_after_closing(minute: int, second: int, can: bool) -> None:
    """Twenty seconds are until both telephones are answered."""
    late = rome(3, 17, minute) + timedelta(seconds=second)
    assert keepable(ledger(agent("Anna"), now=late), late, "anna") is can
    assert keepable(ledger(agent("Anna"), now=late), late, None) is can
    assert keepable(ledger(agent("Anna", hours="09:00-18:00"), hours="24/7", now=late), late, "anna") is can


def test_the_closing_cuts_the_window_short() -> None:
    """Whoever may be in a talk until six cannot keep a promise of a house that closes then."""
    now = rome(3, 17, 52)
    busy = replace(talking("Anna"), since_at=now)
    assert keepable(ledger(busy, now=now, hours="Tu 09:00-20:00"), now + timedelta(minutes=5), None)
    assert not keepable(ledger(busy, now=now), now + timedelta(minutes=5), None)


def test_the_window_may_be_another_than_the_plans() -> None:
    here = ledger(talking("Anna"))
    assert keepable(here, NOW, None, 600)
    assert not keepable(here, NOW + timedelta(seconds=245), None, 120)


def test_a_leap_day_is_a_day_like_any_other() -> None:
    late = datetime(2028, 2, 28, 17, 55, tzinfo=ROME).astimezone(UTC)  # a Monday
    found = next_slots(ledger(agent("Anna"), now=late), late, None, 2)
    assert times(found) == ["28 17:55", "29 09:00"]


@pytest.mark.parametrize(("day", "month", "first"), [(29, 3, "29 01:00"), (25, 10, "25 01:00")])
def test_a_shift_in_the_night_the_clock_changes_lasts_as_long_as_it_does(day: int, month: int, first: str) -> None:
    """From one to five: an hour less in March, an hour more in October."""
    midnight = rome(day, 0, month=month)
    here = ledger(agent("Anna", hours="01:00-05:00"), hours="24/7", now=midnight)
    that_night = next_slots(here, midnight, "anna", 100, before=rome(day, 12, month=month))
    assert times(that_night)[0] == first
    assert times(that_night)[-1].endswith("04:55")
    assert len(that_night) == 12 * (3 if month == 3 else 5)


def test_each_slot_is_found_once_whatever_is_looked_up_together() -> None:
    """From Wednesday night into Thursday, when a week of instants begins."""
    evening = rome(4, 23)
    here = ledger(agent("Anna", hours="22:00-06:00"), hours="24/7", now=evening)
    found = [slot.due_at for slot in next_slots(here, evening, "anna", 100)]
    assert found[:84] == [evening + n * GRID for n in range(84)]
    assert found[84:] == [rome(5, 22) + n * GRID for n in range(16)]


def test_what_we_choose_ourselves_lies_in_the_hours_in_which_people_may_be_rung() -> None:
    """By their clock: in New York it is four in the morning."""
    here = replace(ledger(agent("Anna")), call_hours=read_hours("08:00-21:00", "America/New_York"))
    assert times(next_slots(here, NOW, None, 1)) == ["03 14:00"]
    assert not keepable(here, NOW, "anna")
    assert soonest(here, None) == Slot(rome(3, 14), None)


def test_a_promise_that_is_booked_takes_its_place_at_once_for_whoever_comes_next() -> None:
    here = ledger(agent("Anna"))
    for quiet in (None, Quiet.read("12:00-13:00", "Europe/Rome"), None):
        (slot,) = next_slots(replace(here, quiet=quiet), NOW, None, 1)
        here.book(slot.due_at, slot.agent)
    assert [f"{one.due_at:%H:%M}" for one in here.bookings] == ["09:00", "09:05", "09:10"]
    assert not keepable(here, NOW, None)
    assert keepable(replace(here, booked=[]), NOW, None)


def test_a_whole_lot_is_placed_quickly_beside_ten_thousand() -> None:
    """Instants that are full are not looked at again."""
    team = [agent(f"agent{n}", hours="Mo-Fr 09:00-18:00") for n in range(60)]
    booked = tuple(Booked(NOW + n * timedelta(seconds=20), f"agent{n % 60}") for n in range(10_000))
    here = ledger(*team, booked=booked, inflow=Inflow([200.0] * 168))
    placed = []
    for _ in range(500):
        (slot,) = next_slots(here, NOW, None, 1)
        here.book(slot.due_at, slot.agent)
        placed.append(slot.due_at)
    assert placed == sorted(placed)
    assert len(here.full) == (placed[-1] - NOW) / GRID
