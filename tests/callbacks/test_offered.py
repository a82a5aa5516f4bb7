"""What is offered: as soon as possible, the choices that are spoken, two times of a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from callbacks.slots import Booked, Quiet, Slot, day_choices, soonest, spoken_choices
from routing.agents import Agent, Availability
from routing.hours import read_hours
from tests.callbacks.ledgers import NOW, OFFLINE, ledger, rome, times
from tests.routing.people import agent, talking, wrapping_up

MINUTE = timedelta(minutes=1)
ANNA, LUCA, BEA = agent("Anna"), agent("Luca", seconds=90), agent("Bea", seconds=30)


def offers(*agents: Agent, own: str | None = None, **more: Any) -> list[tuple[str | None, str]]:
    """Who, and when or (~) by when at the latest."""
    found = spoken_choices(ledger(*agents, **more), own)
    said = [(one, times([one])[0]) for one in found if one.latest is None]
    said += [(one, "~" + times([Slot(one.latest, None)])[0]) for one in found if one.latest is not None]
    assert found == sorted(found, key=lambda one: one.due_at)
    return [(one.agent, text) for one, text in sorted(said, key=lambda pair: pair[0].due_at)]


def test_with_somebody_free_a_call_comes_within_the_window() -> None:
    assert soonest(ledger(ANNA), None) == Slot(NOW, None, NOW + 5 * MINUTE)
    assert soonest(ledger(ANNA), "anna") == Slot(NOW, "anna", NOW + 5 * MINUTE)


def test_with_nobody_free_it_is_by_when_somebody_will_surely_be() -> None:
    """Eight of ten such talks and the wrap-up are over within 372 s: twice that, up to the next five minutes."""
    assert soonest(ledger(talking("Anna")), None) == Slot(NOW, None, NOW + 15 * MINUTE)
    odd = NOW + timedelta(seconds=7)
    anna = replace(talking("Anna"), since_at=odd)
    assert soonest(ledger(anna, now=odd), None) == Slot(odd, None, NOW + 15 * MINUTE)
    assert soonest(ledger(wrapping_up("Anna", left=40)), None) == Slot(NOW, None, NOW + 5 * MINUTE)


def test_whoever_is_ahead_makes_it_later_until_it_is_no_more_soon() -> None:
    """Callers who wait, and promises whose time has come."""

    def latest(**more: Any) -> float | None:
        slot = soonest(ledger(ANNA, talking("Luca"), **more), None)
        assert slot is not None
        return slot.latest and (slot.latest - NOW) / MINUTE

    assert latest() == 5
    due = Booked(NOW - 20 * MINUTE, None), Booked(NOW + MINUTE, None)
    two, four = latest(waiting=2), latest(waiting=2, booked=due)
    assert two
    assert four
    assert 5 < two < four <= 60
    assert latest(waiting=40) is None
    assert latest(booked=(Booked(NOW - 20 * MINUTE, "bea"), Booked(NOW + 6 * MINUTE, None))) == 5


def test_what_is_not_soon_is_a_time() -> None:
    """Nobody is here, or too many wait, or it might be after closing: the first time on the grid."""
    assert soonest(ledger(agent("Anna", **OFFLINE)), None) == Slot(NOW + 15 * MINUTE, None)
    crowded = soonest(ledger(ANNA, waiting=40), None)
    assert crowded is not None
    assert crowded.latest is None
    assert crowded.due_at > NOW
    late = rome(3, 17, 50)
    busy = replace(talking("Anna"), since_at=late)
    assert soonest(ledger(busy, now=late), None) == Slot(rome(3, 17, 55), None)
    assert soonest(ledger(ANNA, now=rome(3, 20)), None) == Slot(rome(4, 9), None)
    assert soonest(ledger(), None) is None


def test_somebody_free_calls_even_shortly_before_closing() -> None:
    late = rome(3, 17, 58)
    assert soonest(ledger(replace(ANNA, since_at=late), now=late), None) == Slot(late, None, rome(3, 18))
    last = late + timedelta(seconds=110)
    assert soonest(ledger(replace(ANNA, since_at=late), now=last), None) == Slot(rome(4, 9), None)


def test_as_soon_as_possible_is_never_in_quiet_hours_nor_reaches_into_them() -> None:
    asleep = replace(ledger(ANNA), quiet=Quiet.read("22:00-11:00", "Europe/Rome"))
    assert soonest(asleep, None) == Slot(rome(3, 11), None)
    nap = replace(ledger(talking("Anna")), quiet=Quiet.read("10:10-11:00", "Europe/Rome"))
    assert soonest(nap, None) == Slot(NOW + 5 * MINUTE, None)  # on the minute, while a quarter of an hour is too long
    ours = replace(ledger(ANNA), call_hours=read_hours("12:00-21:00", "Europe/Rome"))
    assert soonest(ours, None) == Slot(rome(3, 12), None)


def test_as_soon_as_one_person_can_is_for_who_is_here_and_has_promised_nothing_else() -> None:
    team = (ANNA, agent("Luca", availability=Availability.AWAY))
    later = soonest(ledger(*team), "luca")
    assert later == Slot(NOW + 15 * MINUTE, "luca")
    taken = soonest(ledger(*team, booked=(Booked(NOW + MINUTE, "anna"),)), "anna")
    assert taken is not None
    assert taken.latest is not None
    assert taken.latest > NOW + 5 * MINUTE
    others = soonest(ledger(ANNA, LUCA, booked=(Booked(NOW + MINUTE, "anna"),), waiting=1), None)
    assert others is not None
    assert others.latest is not None
    assert others.latest > NOW + 5 * MINUTE  # Luca takes the caller who waits


def test_a_stranger_hears_as_soon_as_possible_and_a_time_after_it() -> None:
    assert offers(ANNA) == [(None, "~03 10:05"), (None, "03 10:20")]
    assert offers(talking("Anna"), waiting=2) == [(None, "~03 10:40"), (None, "03 10:50")]


def test_when_it_is_not_soon_two_times_are_offered() -> None:
    night = rome(3, 22)
    assert offers(ANNA, now=night) == [(None, "04 09:00"), (None, "04 09:20")]
    assert offers(agent("Anna", **OFFLINE)) == [(None, "03 10:15"), (None, "03 10:35")]
    assert offers(agent("Anna", **OFFLINE), now=rome(3, 17, 45)) == [(None, "04 09:00"), (None, "04 09:20")]
    assert offers() == []


def test_their_own_agents_times_come_first_if_nobody_is_much_sooner() -> None:
    """Three minutes are for hanging up."""
    assert offers(ANNA, LUCA, own="anna") == [("anna", "03 10:05"), ("anna", "03 10:25")]
    assert offers(ANNA, LUCA, own="anna", now=rome(3, 10, 3))[0] == ("anna", "03 10:10")
    short = replace(ANNA, hours="Tu 10:00-10:20")
    assert offers(short, LUCA, own="anna", now=rome(3, 10, 3)) == [("anna", "03 10:10"), ("anna", "10 10:00")]


def test_whoever_can_call_well_before_is_offered_too() -> None:
    """Anna comes at eleven; Luca is free now."""
    anna = agent("Anna", **OFFLINE, hours="Tu 11:00-18:00")
    assert offers(anna, LUCA, own="anna") == [(None, "~03 10:05"), ("anna", "03 11:00")]


def test_a_teammate_is_named_who_has_promised_least_and_is_idle_longest() -> None:
    """Many wait, so that nobody calls soon; before eleven a teammate does, by name."""
    anna = agent("Anna", **OFFLINE, hours="Tu 11:00-18:00")
    crowd: dict[str, Any] = {"waiting": 13, "own": "anna"}
    (first, mine) = offers(anna, LUCA, BEA, **crowd)
    assert mine == ("anna", "03 11:00")
    assert first[0] == "luca"
    assert first[1] < "03 10:51"
    booked = tuple(Booked(rome(3, 12, n), "luca") for n in (0, 30))
    assert offers(anna, LUCA, BEA, booked=booked, **crowd)[0][0] == "bea"


def test_somebody_a_little_sooner_is_not_worth_a_choice() -> None:
    """Anna is free in a quarter of an hour, somebody by name five minutes before her."""
    anna = agent("Anna", **OFFLINE, hours="Tu 10:15-18:00")
    assert offers(anna, agent("Luca", **OFFLINE), own="anna") == [("anna", "03 10:15"), ("anna", "03 10:35")]


def test_without_a_time_of_their_own_agents_anybody_is_offered() -> None:
    gone = agent("Anna", **OFFLINE, hours="Dec 01 10:00-11:00")
    assert offers(gone, LUCA, own="anna") == offers(gone, LUCA) == [(None, "~03 10:05"), (None, "03 10:20")]
    assert offers(LUCA, own="nobody") == offers(LUCA)


@pytest.mark.parametrize(
    ("day", "offered"),
    [
        (date(2026, 3, 4), ["04 09:00", "04 13:00"]),
        (date(2026, 3, 3), ["03 10:05", "03 13:00"]),  # today
        (date(2026, 3, 7), []),  # a Saturday
        (date(2026, 4, 6), []),  # Easter Monday
        (date(2026, 3, 2), []),  # yesterday
    ],
)
def test_of_a_day_one_time_is_of_the_morning_and_one_of_the_afternoon(day: date, offered: list[str]) -> None:
    assert times(day_choices(ledger(ANNA), day, None)) == offered


def test_of_half_a_day_two_times_are_offered_some_way_apart() -> None:
    afternoons = ledger(agent("Anna", hours="Mo-Fr 14:00-18:00"), agent("Luca"))
    assert times(day_choices(afternoons, date(2026, 3, 4), "anna")) == ["04 14:00", "04 14:20"]
    mornings = ledger(agent("Anna", hours="Mo-Fr 09:00-12:00"))
    assert times(day_choices(mornings, date(2026, 3, 4), None)) == ["04 09:00", "04 09:20"]
    assert times(day_choices(ledger(ANNA, now=rome(3, 17, 50)), date(2026, 3, 3), None)) == ["03 17:55"]


def test_a_day_is_a_day_on_their_wall() -> None:
    """Wednesday in Tokyo begins on Tuesday at four in the afternoon."""
    assert times(day_choices(ledger(ANNA), date(2026, 3, 4), None, "Asia/Tokyo")) == ["03 16:00", "04 09:00"]
