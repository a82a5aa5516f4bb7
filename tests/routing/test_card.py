"""A caller's card: what the house knows of them, under the rules that hold for this call at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crm.matters import OpenMatter, Past
from crm.weariness import Reason, Weary
from routing.card import STRANGER, Card, Known, Moment, card
from routing.house import House
from routing.plan import Plan
from routing.weigh import Tie
from tests.routing.people import NOW

HOUSE = House("Officine Lume", "it-IT", "IT", "Europe/Rome")
LINE = "+390699990000"
MOMENT = Moment(LINE, "it-IT", NOW - timedelta(seconds=15), NOW)
MATTER = OpenMatter("carlo", "the lamp", NOW, None, None)
WEARY = Weary(3, (Reason("transferred", 1), Reason("repeated", 3, "the lamp"), Reason("open", 1)))


def talk(agent_id: str, days: int = 1, **more: Any) -> Past:
    usual = {"channel": "voice", "talk_seconds": 100, "outcome": "solved", "topic": None}
    return Past(id=f"{agent_id}{days}", agent_id=agent_id, started_at=NOW - timedelta(days=days), **usual | more)


def made(known: Known = STRANGER, moment: Moment = MOMENT, **plan: Any) -> Card:
    return card(known, moment, Plan.model_validate(plan), HOUSE)


def when(condition: dict[str, Any], **then: Any) -> dict[str, Any]:
    return {"rules": [{"name": "ours", "when": condition, "then": then}]}


def test_of_a_stranger_nothing_is_known_but_what_the_line_needs() -> None:
    lines = {LINE: {"skills": {"loans": 2}, "teams": ["north"]}}
    who = made(lines=lines).caller
    assert (who.language, who.arrived_at, who.known, who.urgency_seconds) == ("it-IT", MOMENT.arrived_at, set(), 0)
    assert (dict(who.skills), who.teams) == ({"loans": 2}, {"north"})
    elsewhere = made(moment=replace(MOMENT, line="+390699990001"), lines=lines).caller
    assert (dict(elsewhere.skills), elsewhere.teams) == ({}, set())


def test_who_knows_them_stands_on_it_with_how_well() -> None:
    known = Known(
        is_person=True,
        called="Maria",
        preferred="luca",
        talks=[talk("anna"), talk("anna", 30), talk("bea", outcome="abandoned")],
        owners=frozenset({"carlo"}),
        vetoed=frozenset({"dora"}),
    )
    who = made(known).caller
    assert who.ties.keys() == {"anna"}
    assert isinstance(who.ties["anna"], Tie)
    assert who.ties["anna"].times == 2
    assert 0.5 < who.ties["anna"].score < 0.75
    assert who.known == {"anna", "carlo", "luca"}
    assert (who.called, who.vetoed) == ("Maria", {"dora"})


@pytest.mark.parametrize(
    ("known", "urgent"),
    [
        (Known(weary=Weary(2, (Reason("repeated", 3, "the lamp"),))), {"repeated": 60}),
        (Known(weary=Weary(1, (Reason("transferred", 1),))), {"transferred": 60}),
        (Known(weary=Weary(1, (Reason("open", 1),))), {}),
        (Known(broken_promise=True), {"broken_promise": 120}),
        (Known(cut_off=True), {"cut_off": 120}),
        (
            Known(weary=WEARY, broken_promise=True, cut_off=True),
            {"repeated": 60, "transferred": 60, "broken_promise": 120, "cut_off": 120},
        ),
    ],
)
def test_each_reason_to_be_impatient_is_so_many_seconds_and_they_add_up(known: Known, urgent: dict[str, int]) -> None:
    who = made(known).caller
    assert dict(who.urgent) == urgent
    assert who.urgency_seconds == sum(urgent.values())


def test_a_figure_of_nought_is_no_reason() -> None:
    who = made(Known(weary=WEARY, cut_off=True), urgency={"repeated_seconds": 0, "cut_off_seconds": 7}).caller
    assert dict(who.urgent) == {"transferred": 60, "cut_off": 7}


@pytest.mark.parametrize(
    ("condition", "meets", "misses"),
    [
        ({"caller": {"tag": "vip"}}, Known(tags=frozenset({"vip"})), STRANGER),
        ({"caller": {"known": True}}, Known(is_person=True), STRANGER),
        ({"caller": {"weary_level_at_least": 3}}, Known(weary=WEARY), Known(weary=replace(WEARY, level=2))),
        ({"caller": {"open_matter": True}}, Known(matters=[MATTER]), STRANGER),
        ({"caller": {"preferred_agent": True}}, Known(preferred="anna"), STRANGER),
        (
            {"caller": {"calls_lately_at_least": 2}},
            Known(talks=[talk("anna", 1), talk("anna", 6)]),
            Known(talks=[talk("anna", 1), talk("anna", 8)]),
        ),
    ],
)
def test_rules_may_ask_what_is_known_of_the_caller(condition: dict[str, Any], meets: Known, misses: Known) -> None:
    plan = when(condition, urgency_seconds=45)
    met, missed = made(meets, **plan), made(misses, **plan)
    assert (met.rules, met.caller.urgent.get("rule")) == (("ours",), 45)
    assert (missed.rules, missed.caller.urgent.get("rule")) == ((), None)


@pytest.mark.parametrize(
    ("condition", "meets"),
    [
        ({"hours": "Tu 09:00-11:00"}, {"now": NOW}),
        ({"waited_at_least_seconds": 16}, {"arrived_at": NOW - timedelta(seconds=16)}),
        ({"waiting_at_least": 3}, {"waiting": 3}),
        ({"floor": {"ready_at_least": 2}}, {"ready": 2}),
        ({"line": "+390699990001"}, {"line": "+390699990001"}),
    ],
)
def test_rules_may_ask_what_the_moment_is(condition: dict[str, Any], meets: dict[str, Any]) -> None:
    plan = when(condition, skills={"loans": 3}, language="de-DE", wait_unasked_seconds=5)
    met = made(moment=replace(MOMENT, **meets), **plan)
    later = {"now": NOW + timedelta(hours=3), "arrived_at": NOW + timedelta(hours=3)} if "now" in meets else {}
    missed = made(moment=replace(MOMENT, **later), **plan)
    assert (dict(met.caller.skills), met.caller.language) == ({"loans": 3}, "de-DE")
    assert (dict(missed.caller.skills), missed.caller.language) == ({}, "it-IT")
    assert (met.plan.wait_unasked_seconds, missed.plan.wait_unasked_seconds) == (5, 30)


def test_the_language_an_agent_must_speak_is_the_lines_where_it_says_so() -> None:
    german = made(moment=replace(MOMENT, language="fr-FR"), lines={LINE: {"agent_language": "de-DE"}})
    assert german.caller.language == "de-DE"
    assert made(moment=replace(MOMENT, language="fr-FR")).caller.language == "fr-FR"


def test_who_is_ahead_is_as_it_was_counted() -> None:
    assert made(moment=replace(MOMENT, waiting=4)).caller.ahead == 4


def passed_on(agent_id: str, days: int, topic: str | None = "the lamp", **more: Any) -> Past:
    return talk(agent_id, days, outcome="transferred", topic=topic, **more)


def kept(talks: list[Past], matters: Sequence[OpenMatter] = (), **plan: Any) -> str | None:
    return made(Known(talks=talks, matters=matters), **plan).caller.kept


TWICE = [passed_on("anna", 5), passed_on("bea", 4)]


def test_who_was_transferred_twice_keeps_the_agent_who_last_talked_with_them() -> None:
    assert kept(TWICE) == "bea"
    assert kept([*TWICE, talk("dora", 3, outcome="open", topic="the lamp")]) == "dora"
    assert kept([*reversed(TWICE), talk("dora", 3, outcome="abandoned")]) == "bea"
    assert kept(TWICE[:1]) is None
    assert kept([replace(talk, warm=True) for talk in TWICE]) is None  # of warm ones every second counts
    assert kept([*TWICE[:1], passed_on("bea", 31)]) is None


def test_the_holder_of_what_is_still_open_keeps_them_first_of_the_topic_they_were_passed_on_about() -> None:
    ipad = OpenMatter("ugo", "ipad", NOW, None, None)
    assert kept(TWICE, [ipad]) == "ugo"
    assert kept(TWICE, [ipad, replace(MATTER, topic="The Lamp", since_at=NOW - timedelta(days=9))]) == "carlo"
    assert kept(TWICE, [replace(ipad, agent_id=None)]) == "bea"


def test_once_it_is_solved_nobody_keeps_them() -> None:
    assert kept([*TWICE, talk("dora", 3, topic="The lamp ")]) is None
    assert kept([*TWICE, talk("dora", 3, topic="ipad")]) == "dora"  # the lamp is not
    assert kept([*TWICE, talk("dora", 6, topic="the lamp")]) == "bea"  # that was before


def test_the_plan_says_after_how_many_transfers_and_none_is_never() -> None:
    assert kept(TWICE, keep_after_transfers=3) is None
    assert kept(TWICE[:1], keep_after_transfers=1) == "anna"
    assert kept(TWICE, keep_after_transfers=0) is None
