"""What the floor makes of its rows: what is stuck, what to look at, teams, quarters of an hour, one call as a story."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from desk.floor import view
from desk.floor.alerts import Line, alerts, read_lines
from desk.floor.story import Parts, story
from desk.floor.stuck import Stuck, stuck
from desk.floor.supervised import joining
from desk.floor.teams import teams
from desk.formats import Formats
from desk.promises.words import RISKS
from desk.words import LOCALES, words_in
from routing.house import House
from routing.plan import Plan
from switchboard.settings import Settings

NOW = datetime(2026, 3, 3, 9, 7, 30, tzinfo=UTC)  # a Tuesday, 10:07 in Rome
F = Formats(words_in("en"), "Europe/Rome", "IT")
HOUSE = House("Officine Lume", "it-IT", "IT", "Europe/Rome")


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def agent(**more: Any) -> Any:
    usual: dict[str, Any] = {"id": "anna", "name": "Anna Bianchi", "availability": "ready", "activity": "idle"}
    usual |= {"team": None, "reason": None, "back_at": None, "photo_url": None, "since_at": ago(600), "due_at": None}
    usual |= {"languages": ["it-IT"], "skills": {}, "call_id": None, "address": "client:anna", "stand_in": None}
    usual |= {"hours": None, "misses": 0, "load": 0.0, "wanted_an_hour": 0.0}
    return SimpleNamespace(**usual | more)


def call(**more: Any) -> Any:
    usual: dict[str, Any] = {"id": "c1", "direction": "inbound", "state": "talking", "arrived_at": ago(100)}
    usual |= {
        "person": "Maria Rossi",
        "called": "Maria",
        "sentence": "Why.",
        "in_words": None,
        "dropped_at": None,
        "photo_url": None,
    }
    usual |= {"from_number": "+393331234567", "to_number": "+390699990000", "familiar": False, "said": None}
    usual |= {
        "title": None,
        "topic": None,
        "agent": "Anna Bianchi",
        "agent_photo": None,
        "rung": None,
        "reserved": None,
    }
    usual |= {"transfer": None, "skill": None, "asked": None, "on_hold_at": None, "recording_state": None}
    usual |= {
        "action": None,
        "promised_at": None,
        "joined_at": ago(60),
        "talking_at": ago(62),
        "ranked_at": None,
        "choice": None,
    }
    return SimpleNamespace(**usual | {"held_until": None, "told_seconds": None} | more)


def leg(role: str, call_id: str = "c1", agent_id: str | None = None) -> Any:
    return SimpleNamespace(call_id=call_id, role=role, agent_id=agent_id)


TALK = [leg("caller"), leg("agent", agent_id="anna")]


def found(agents: list[Any], calls: list[Any], legs: list[Any]) -> list[tuple[str, str | None, str | None]]:
    return [(one.kind, one.agent, one.call) for one in stuck(agents, calls, legs, 20, NOW)]


def test_what_goes_on_by_itself_is_not_stuck() -> None:
    talks = agent(activity="talking", call_id="c1")
    waits = call(id="c2", state="waiting", sentence=None, arrived_at=ago(20))
    assert found([talks], [call(), waits], [*TALK, leg("caller", "c2")]) == []
    rings = agent(activity="reserved", call_id="c1", since_at=ago(30))
    assert found([rings], [call(state="ringing")], [leg("caller")]) == []
    consulted = agent(activity="talking", call_id="c1")
    assert found([consulted], [call()], [leg("caller"), leg("consult", agent_id="anna")]) == []
    notes = agent(activity="wrap_up", due_at=ago(10))
    assert found([notes], [], []) == []


@pytest.mark.parametrize(
    ("who", "calls", "legs", "kind"),
    [
        (agent(activity="reserved", call_id="c1", since_at=ago(40)), [call(state="ringing")], TALK, "rings_on"),
        (agent(activity="talking", call_id="c1"), [call()], [leg("caller")], "no_line"),
        (agent(activity="talking"), [], [], "held"),
        (agent(activity="wrap_up", due_at=ago(31)), [], [], "notes_on"),
        (agent(), [call(state="waiting", sentence=None)], [leg("caller")], "unsought"),
        (agent(), [call(state="waiting")], [], "caller_gone"),
        (agent(), [call(state="greeting", arrived_at=ago(301))], [leg("caller")], "greets_on"),
        (agent(activity="reserved", call_id="c1"), [call(dropped_at=ago(61))], [leg("caller")], "broken_on"),
    ],
)
def test_what_cannot_go_on_is_found_once_with_whom_to_set_free_or_what_to_end(
    who: Any, calls: list[Any], legs: list[Any], kind: str
) -> None:
    ((what, agent_id, call_id),) = found([who], calls, legs)
    assert what == kind
    assert (agent_id, call_id) == (
        ("anna", None) if kind in ("rings_on", "no_line", "held", "notes_on") else (None, "c1")
    )


def test_an_agent_whose_line_broke_a_moment_ago_is_not_stuck() -> None:
    """They ring once more, and for how long is not told by their row."""
    assert found([agent(activity="reserved", call_id="c1")], [call(dropped_at=ago(20))], [leg("caller")]) == []


def told(stuck_ones: list[Stuck] | None = None, lines: list[Line] | None = None, **more: Any) -> list[tuple[str, str]]:
    usual: dict[str, Any] = {"waiting": 0, "at_risk": 0, "spent": None}
    shown = alerts(stuck_ones or [], lines or [Line(("Sales",), 2, 1)], **usual | more, f=F)
    return [(one.kind, one.text) for one in shown]


def test_the_worst_comes_first_and_each_says_what_to_do() -> None:
    assert told() == []
    assert told([Stuck("held", "Anna", agent="anna")], at_risk=3, spent=0.62) == [
        ("bad", "Anna is held for a call that is over."),
        ("warn", "3 promises might not be kept."),
        ("warn", "62% of the day's money for calls is spent."),
    ]
    assert told(spent=1.0) == [("bad", "The day's money for calls is spent.")]


def test_a_line_with_nobody_is_named_and_a_busy_one_only_while_somebody_waits() -> None:
    sales, help_ = Line(("Sales",), 0, 0), Line(("Help",), 3, 0)
    assert told(lines=[sales, help_]) == [("bad", "Nobody is ready for Sales.")]
    assert told(lines=[sales]) == [("bad", "Nobody is ready.")]
    assert told(lines=[help_]) == []
    assert told(lines=[help_], waiting=2) == [("calm", "All are with callers; 2 wait.")]


def test_lines_that_need_the_same_are_one_and_closed_ones_none() -> None:
    plan = Plan.model_validate(
        {
            "hours": "24/7",
            "lines": {
                "+390611": {"name": "Sales", "skills": {"offers": 2}},
                "+390622": {"name": "Help"},
                "+390633": {"name": "Night", "hours": "22:00-23:00"},
            },
        }
    )
    rows = [agent(skills={"offers": 3}), agent(id="bruno", activity="talking"), agent(id="ida", availability="away")]
    lines = read_lines(plan, ["+390622", "+390644"], rows, frozenset(), HOUSE, F, NOW)
    assert [(line.names, line.here, line.free) for line in lines] == [
        (("Sales",), 1, 1),
        (("Help", "+39 0644"), 2, 1),
    ]
    absent = read_lines(plan, [], rows, frozenset(("anna", "bruno")), HOUSE, F, NOW)
    assert [line.here for line in absent] == [0, 0]


def test_teams_count_by_what_people_do_and_name_who_is_here() -> None:
    rows = [
        agent(team="Sales"),
        agent(id="b", name="Bruno", team="Sales", activity="reserved"),
        agent(
            id="c", name="Carla", team="Sales", availability="away", reason="lunch", back_at=NOW + timedelta(minutes=20)
        ),
        agent(id="d", name="Dario", team="Sales", availability="offline", activity="talking"),
        agent(id="e", name="Elena", availability="offline"),
    ]
    sales, none = teams(rows, F, NOW, clocks=False)
    assert [(one.n, one.label) for one in sales.figures] == [(1, "is ready"), (2, "are with callers"), (1, "is away")]
    assert [(face.name, face.told) for face in sales.faces] == [
        ("Dario", "With a caller"),
        ("Bruno", "Their phone rings"),
        ("Anna Bianchi", "Ready"),
        ("Carla", "Away: Lunch (back at 10:27)"),
    ]
    assert (none.name, list(none.faces)) == ("No team", [])
    timed, _ = teams(rows, F, NOW, clocks=True)
    assert timed.faces[0].told == "With a caller, 10 min"


def test_nobody_is_timed_unless_the_house_says_so_and_in_italy_not_by_default() -> None:
    (talk,) = view.talks([call()], {}, F, NOW, clocks=False)
    assert talk.since is None
    (talk,) = view.talks([call()], {}, F, NOW, clocks=True)
    assert talk.since == ago(60)
    usual: dict[str, Any] = {"_env_file": None}
    assert not Settings(**usual).shows_clocks_of_persons
    assert Settings(**usual, default_region="DE").shows_clocks_of_persons
    assert Settings(**usual, individual_clocks="on").shows_clocks_of_persons
    assert not Settings(**usual, default_region="DE", individual_clocks="off").shows_clocks_of_persons


def test_who_waits_stands_by_place_and_an_unknown_number_is_written_as_people_read_it() -> None:
    first = call(id="c2", state="waiting", person=None, called=None, ranked_at=ago(900), told_seconds=100.0)
    hidden = call(id="c3", state="greeting", person=None, called=None, from_number="anonymous", arrived_at=ago(9))
    kept = call(id="c4", state="waiting", held_until=NOW + timedelta(minutes=1))
    promised = call(id="c5", state="choosing", direction="outbound", promised_at=NOW, arrived_at=ago(1))
    shown = view.waits([promised, hidden, kept, first, call()], F, NOW)
    assert [(one.call, one.who, one.state) for one in shown] == [
        ("c2", "333 123 4567", None),
        ("c4", "Maria Rossi", None),
        ("c3", "Number withheld", "Being greeted"),
        ("c5", "Maria Rossi", "Waits for an agent to call"),
    ]
    assert (shown[0].told, shown[1].wish) == ("Was told about 2 min", "Kept for somebody they know until 10:08")


def test_who_leaves_a_message_is_not_said_to_choose() -> None:
    talking_to_the_tape = [call(state="choosing"), call(state="choosing", action="voicemail")]
    assert [one.state for one in view.waits(talking_to_the_tape, F, NOW)] == ["Choosing", "Leaves a message"]


def test_marks_say_what_is_out_of_the_ordinary() -> None:
    by = SimpleNamespace(name="Paola", mode="whisper")
    row = call(on_hold_at=ago(5), recording_state="recording", dropped_at=ago(2))
    (talk,) = view.talks([row], {"c1": [by]}, F, NOW, clocks=False)
    assert [text for text, _ in talk.marks] == ["The line broke: reconnecting", "On hold", "Paola whispers", "Recorded"]
    assert not talk.talking  # nobody can listen to a broken line
    calling = call(state="ringing", direction="outbound", reserved="accepted", promised_at=ago(30))
    (talk,) = view.talks([calling], {}, F, NOW, clocks=False)
    assert (talk.calling, [text for text, _ in talk.marks]) == (True, ["Ringing the customer", "Promised for 10:07"])
    (talk,) = view.talks([call(promised_at=NOW + timedelta(days=4))], {}, F, NOW, clocks=False)
    assert [text for text, _ in talk.marks] == ["Promised for Sat 7 Mar, 10:07"]  # they rang first


def test_promises_are_counted_by_the_quarter_and_what_is_late_stands_in_the_first() -> None:
    def at(minutes: float, n: int, risky: int = 0) -> Any:
        return SimpleNamespace(promised_at=NOW + timedelta(minutes=minutes), n=n, risky=risky)

    shown = view.quarters([at(-40, 1, 1), at(3, 2), at(8, 12), at(119, 1)], NOW)
    assert [(one.at.minute, one.n, one.risky, one.step) for one in shown][:2] == [(0, 3, 1, 2), (15, 12, 0, 6)]
    assert len(shown) == 8
    for minutes, words in ((12, "in 12 min"), (0.2, "now"), (-3, "3 min late"), (85, "in 1 h 25 min")):
        assert view.until(NOW + timedelta(minutes=minutes), F, NOW) == words


def test_a_risk_names_whose_it_is() -> None:
    row = SimpleNamespace(id="cb", person="Gina", called=None, photo_url=None, agent="Anna", risk="owner_away")
    row.promised_at = NOW + timedelta(minutes=5)
    (shown,) = view.coming([row], F, NOW, RISKS)
    assert shown.risk == "Anna is not there."


def _rows(*rows: dict[str, Any]) -> list[Any]:
    return [SimpleNamespace(**row) for row in rows]


def test_a_call_is_told_in_order_and_a_ring_that_was_decided_once() -> None:
    times = ("told_at", "offered_at", "proved_at", "recording_said_at", "ended_at")
    row = call(**dict.fromkeys(times), outcome=None, arrived_at=ago(100), joined_at=ago(50))
    rang = {"agent_id": "b", "consult": False, "made_at": ago(89), "accepted_at": None, "ended_at": ago(70)}
    took = {"agent_id": "a", "consult": False, "made_at": ago(60), "accepted_at": ago(52), "ended_at": None}
    moved = {"from_agent": "a", "to_agent": "b", "note": "Lamp", "made_at": ago(40), "answered_at": ago(30)}
    decided = {
        "at": ago(90).isoformat(),
        "action": "ring",
        "agent": "b",
        "sentence": "Bruno knows Maria.",
        "reasons": {},
    }
    parts = Parts(
        call=row,
        decisions=[decided],
        reservations=_rows(rang | {"state": "declined"}, took | {"state": "accepted"}),
        transfers=_rows(moved | {"introduced_at": ago(20), "ended_at": ago(10), "state": "completed"}),
        interventions=_rows({"at": ago(5), "what": "call_ended", "reason": "Silence on the line"}),
        names={"a": "Anna", "b": "Bruno"},
    )
    steps = story(parts, F)
    assert [step.text for step in steps] == [
        "Rang 06 9999 0000",
        "Bruno knows Maria.",
        "Bruno declines",
        "Anna's phone rings",
        "Anna answers",
        "The two talk",
        "Anna asks Bruno to take over",
        "Anna and Bruno talk first",
        "Anna introduces Bruno",
        "Anna leaves; Bruno takes over",
        "A manager ended the call",
    ]
    assert (steps[6].quote, steps[10].quote) == ("Lamp", "Silence on the line")


def test_what_the_customer_is_told_has_the_managers_name_and_is_formal() -> None:
    assert (
        joining(["{who} si unisce a noi per aiutar[la|ti]."], "Paola Neri")
        == "Paola Neri si unisce a noi per aiutarla."
    )
    assert joining([], "Paola Neri") is None


def _sentences(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _sentences(one)
    elif isinstance(value, tuple):
        for one in value:
            yield from _sentences(one)


def test_every_sentence_that_stands_in_a_table_is_there_in_italian() -> None:
    from desk.floor import alerts as alerts_
    from desk.floor import call_pages
    from desk.floor import story as story_
    from desk.floor import teams as teams_
    from desk.promises import pages, words

    tables = [
        *(getattr(words, name) for name in ("RISKS", "KINDS", "KEPT_HOW", "BY", "WAYS", "STEPS", "ATTEMPTS")),
        *(
            {key: value[0] for key, value in words.STATES.items()},
            {key: (one or ("",))[0] for key, one in words.TOLD.items()},
        ),
        *(alerts_._STUCK, story_._ENDS, story_._ENDED_BY_HAND, story_._BECAUSE, story_._SPARE, story_._URGENT),
        *({key: one[1] for key, one in table.items()} for table in (story_._RESERVED, story_._TRANSFERRED)),
        *(teams_._TOLD, {key: one[0] for key, one in call_pages.STATES.items()}, call_pages.IDENTITIES),
        *(call_pages.LEG_STATES, call_pages.RECORDING, {key: label for key, (label, _) in pages.TABS.items()}),
    ]
    assert (LOCALES / "it").is_dir()
    italian = words_in("it")
    missing = [one for table in tables for one in _sentences(table) if one and italian.gettext(one) == one]
    assert missing == []
