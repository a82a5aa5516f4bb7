"""`centralino replay`: read as a person reads it, from a file and from the database."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from routing.house import House
from routing.plan import Plan
from routing.replay_file import for_a_file, read_calls, span_in
from switchboard.replaying import Asked, ReplayRefused, run
from switchboard.serve import prepare_schema
from switchboard.settings import Settings

HOUSE = House("Casa", "en-GB", "IT", "Europe/Rome")
HEAD = "external_id,customer,agent,channel,started_at,talk_seconds,outcome,topic,summary,waited_seconds,line"
CALLS = f"""{HEAD}
1,Maria Rossi,Anna,voice,2026-03-02T09:00:00+01:00,300,solved,bill,,10,
2,Paolo Neri,Bruno,voice,2026-03-02T09:00:30+01:00,60,open,,,,+39069999
3,Maria Rossi,Anna,text,2026-03-02T12:00:00+01:00,0,solved,,,,
4,,Bruno,voice,2026-03-03T10:00:00+01:00,120,solved,,,0,
5,Maria Rossi,Anna,voice,2026-03-03T10:10:00+01:00,240,solved,,,5,
6,Rosa Blu,,,2026-03-03T10:11:00+01:00,,abandoned,,,90,
2,Paolo Neri,Bruno,voice,2026-03-02T09:00:30+01:00,60,open,,,,
7,Rosa Blu,Anna,voice,yesterday,60,solved,,,,
8,Rosa Blu,Anna,voice,2026-03-03T10:20:00+01:00,60,solved,,,soon,
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.csv").write_text(CALLS)
    return Settings(centralino_home=tmp_path / "home", default_language="en-GB")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_file_is_a_span(settings: Settings) -> None:
    """Who hung up rang when the row says, whoever talked as long before as they waited; twice is once."""
    file = read_calls(Path("calls.csv"))
    assert [(row.line, row.reason.split(":")[0]) for row in file.skipped] == [(9, "started_at"), (10, "waited_seconds")]
    span = span_in(file, Plan(), HOUSE, None, None)
    assert [(one.id, one.customer, one.waited_seconds, one.line) for one in span.contacts] == [
        ("1", "Maria Rossi", 10, None),
        ("2", "Paolo Neri", None, "+39069999"),
        ("4", None, 0, None),
        ("5", "Maria Rossi", 5, None),
        ("6", "Rosa Blu", 90, None),
    ]
    assert span.contacts[0].arrived_at == moment("2026-03-02T08:59:50+01:00")
    assert span.contacts[4].arrived_at == moment("2026-03-03T10:11:00+01:00")
    assert [talk.id for talk in span.people["Maria Rossi"].during] == ["1", "3", "5"]
    assert [talk.id for talk in span.people["Maria Rossi"].elsewhere] == ["3"]
    assert span.duty is not None
    assert span.duty["Anna"] == [
        (moment("2026-03-02T09:00:00+01:00"), moment("2026-03-02T09:05:00+01:00")),
        (moment("2026-03-03T10:10:00+01:00"), moment("2026-03-03T10:14:00+01:00")),
    ]


def test_of_a_file_a_part_is_replayed_and_what_was_before_is_remembered(settings: Settings) -> None:
    file = read_calls(Path("calls.csv"))
    span = span_in(file, Plan(), HOUSE, moment("2026-03-03T00:00:00+01:00"), moment("2026-03-03T10:11:00+01:00"))
    assert [one.id for one in span.contacts] == ["4", "5"]
    assert [talk.id for talk in span.people["Maria Rossi"].before] == ["1", "3"]
    assert [agent.id for agent in span.agents] == ["Anna", "Bruno"]


def test_agents_of_a_file_may_take_every_call_of_the_plan() -> None:
    lines = {"+39069999": {"teams": ["loans"], "skills": {"loans": 5}}}
    rule = {"name": "r", "when": {"waiting_at_least": 1}, "then": {"teams": ["cards"], "skills": {"cards": 2}}}
    plan = for_a_file(Plan.model_validate({"lines": lines, "rules": [rule]}))
    assert (plan.hours, plan.line("+39069999").teams, plan.rules[0].then.teams) == ("24/7", [], None)
    assert for_a_file(Plan(hours="Mo 09:00-10:00")).hours == "Mo 09:00-10:00"


def test_a_plan_is_tried_on_a_file_without_a_database(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    run(settings, Asked(calls=Path("calls.csv")))
    told = capsys.readouterr()
    assert told.err.splitlines()[1] == "line 10: waited_seconds: 'soon' is not a number of seconds"
    said = told.out.splitlines()
    assert said[0].startswith("5 calls from 2026-03-02 08:59 to 2026-03-03 10:11, under the plan that is there")
    figures = {line[:43].strip(): line[43:].split() for line in said[3:12]}
    assert figures["answered"] == ["4", "(80.0%)", "4", "(80.0%)"]
    assert figures["who knows somebody reached one they know"] == ["100.0%", "100.0%"]
    assert [line.split() for line in said if line.startswith(("Anna", "Bruno"))] == [
        ["Anna", "2", "2"],
        ["Bruno", "2", "2"],
    ]
    assert "hours on the phone" not in told.out
    assert any("those of the file with every skill" in line for line in said)
    assert not (settings.home / "centralino.db").exists()


def test_how_long_each_agent_talks_is_told_where_the_house_says_so(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    run(settings.model_copy(update={"individual_clocks": "on"}), Asked(calls=Path("calls.csv")))
    said = capsys.readouterr().out.splitlines()
    assert [line.split() for line in said if line.startswith(("Anna", "Bruno"))] == [
        ["Anna", "2", "2", "0.1", "0.1"],
        ["Bruno", "2", "2", "0.1", "0.1"],
    ]
    assert any(line.count("hours on the phone") == 2 for line in said)


def test_people_who_fare_worse_are_named_with_the_reason(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rule sends whoever is known to Bruno, so that Maria gets him rather than whom she knows."""
    rows = [f"x{n},,Bruno,voice,2026-03-03T10:{n:02}:00+01:00,30,solved,,,0," for n in (5, 20)]
    rows += [
        "y,,Anna,voice,2026-03-03T10:04:00+01:00,30,solved,,,0,",
        "z,,Anna,voice,2026-03-03T10:25:00+01:00,9,solved,,,0,",
    ]
    Path("calls.csv").write_text("\n".join([*CALLS.splitlines()[:7], *rows]))
    rule = {
        "name": "all to Bruno",
        "when": {"caller": {"known": True}},
        "then": {"agent": "Bruno", "agent_seconds": 600},
    }
    plan = {"worth": {"familiar_seconds": 0, "case_owner_seconds": 0}, "rules": [rule]}
    Path("plan.json").write_text(json.dumps(plan))
    run(settings, Asked(plan=Path("plan.json"), calls=Path("calls.csv"), as_json=True))
    answer = json.loads(capsys.readouterr().out)
    assert answer["plan_version"] is None
    (maria,) = [one for one in answer["worse_off"] if one["name"] == "Maria Rossi"]
    assert maria["sentence"] == "Spoke with Anna, whom they know; would have spoken with Bruno, whom they do not know."
    assert maria["why"].startswith("Bruno ")


def test_the_plan_in_force_is_tried_on_the_database(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    prepare_schema(settings, migrate=True)
    run(settings, Asked(start="2026-03-02", end="2026-03-04T00:00:00+01:00", as_json=True))
    answer = json.loads(capsys.readouterr().out)
    assert (answer["calls"], answer["plan_version"], answer["from"]) == (0, 0, "2026-03-01T23:00:00Z")
    run(settings.model_copy(update={"default_language": "it-IT"}), Asked())
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("0 chiamate dal ")
    assert "A nessuno sarebbe andata peggio." in said


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (Asked(plan=Path("none.json")), "none.json: No such file"),
        (Asked(plan=Path("calls.csv")), "calls.csv: "),
        (Asked(plan=Path("bad.json")), "bad.json: ring_seconds: "),
        (Asked(start="2026-02-30"), "--from: "),
        (Asked(end="yesterday"), "--to: An instant is written"),
        (Asked(start="2026-03-02", end="2026-03-01"), "--from: it lies before --to"),
        (Asked(calls=Path("none.csv")), "none.csv: No such file"),
        (Asked(calls=Path("bad.json")), "bad.json: "),
        (Asked(calls=Path("calls.csv"), start="2027-01-01"), "calls.csv: no call by voice"),
    ],
)
def test_what_cannot_be_replayed_is_told_in_one_line(settings: Settings, asked: Asked, word: str) -> None:
    Path("bad.json").write_text('{"ring_seconds": 1}')
    with pytest.raises(ReplayRefused) as refused:
        run(settings, asked)
    assert str(refused.value).startswith(word)
    assert "\n" not in str(refused.value)
