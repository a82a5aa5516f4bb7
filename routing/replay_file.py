"""A file of past calls as a span: who tries a plan on an exported file needs no database.

The columns are those of the history that `centralino import` takes, and two more: `waited_seconds`, how long the
caller had waited when the talk began (of who hung up: from `started_at` on), and `line`, our number that they dialled.
A row without a customer is somebody without a record.  People and agents are those named in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crm.csvfile import BadRow, CsvFile, CsvRow
from crm.imports import HISTORY_COLUMNS, checked, filled
from crm.intake import BadCell, Skipped
from crm.matters import Past
from crm.schemas import InteractionFields
from routing.agents import Activity, Agent, Availability
from routing.house import House
from routing.plan import Plan
from routing.replay_duty import on_duty_by_calls
from routing.span import REMEMBERED, Contact, Person, Span

REQUIRED = ("external_id", "customer", "agent", "started_at", "outcome")
MORE_COLUMNS = ("waited_seconds", "line")
HIGHEST_LEVEL = 100
ALWAYS = "24/7"
_SOMEBODY = "-"  # in place of an empty customer, so that the other cells obey the same rules


@dataclass(frozen=True, slots=True)
class Row:
    contact: Contact
    past: Past
    voice: bool


@dataclass(frozen=True, slots=True)
class CallFile:
    """`rows` by their coming; `skipped` could not be understood."""

    rows: Sequence[Row]
    skipped: Sequence[Skipped]
    unknown_columns: Sequence[str]


def read_calls(path: Path) -> CallFile:
    """Raises UnusableFile."""
    rows: dict[str, Row] = {}
    skipped: list[Skipped] = []
    with CsvFile(path, (*HISTORY_COLUMNS, *MORE_COLUMNS), REQUIRED) as file:
        for found in file.rows():
            try:
                row = _row(found)
            except BadCell as error:
                skipped.append(Skipped(found.line, str(error)))
                continue
            rows.setdefault(row.contact.id, row)  # the same conversation twice is one
        in_order = sorted(rows.values(), key=lambda row: (row.contact.arrived_at, row.contact.id))
        return CallFile(in_order, skipped, file.unknown_columns)


def _row(row: CsvRow | BadRow) -> Row:
    """Raises BadCell."""
    if isinstance(row, BadRow):
        raise BadCell(row.reason)
    if not row.cells["external_id"]:
        raise BadCell("external_id: is missing")
    values = filled(row, "external_id", "agent", "started_at", "topic")
    values["customer"] = row.cells["customer"] or _SOMEBODY
    values["outcome"] = row.cells["outcome"].lower()
    values["channel"] = (row.cells.get("channel") or "voice").lower()
    values["talk_seconds"] = round(_seconds(row, "talk_seconds") or 0)
    talk, waited = checked(InteractionFields, values), _seconds(row, "waited_seconds")
    started_at = talk.started_at.astimezone(UTC)
    gave_up = talk.outcome == "abandoned"
    arrived_at = started_at if gave_up else started_at - timedelta(seconds=waited or 0.0)
    customer = row.cells["customer"] or None
    agent = None if gave_up else talk.agent
    name = row.cells["external_id"]
    contact = Contact(
        id=name,
        customer=customer,
        arrived_at=arrived_at,
        waited_seconds=waited,
        talk_seconds=talk.talk_seconds,
        agent=agent,
        outcome=talk.outcome,
        topic=talk.topic,
        line=row.cells.get("line") or None,
    )
    past = Past(name, talk.agent, talk.channel, started_at, talk.talk_seconds, talk.outcome, talk.topic)
    return Row(contact, past, talk.channel == "voice")


def _seconds(row: CsvRow, column: str) -> float | None:
    cell = row.cells.get(column)
    if not cell:
        return None
    try:
        seconds = float(cell)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise BadCell(f"{column}: {cell!r} is not a number of seconds")
    return seconds


def span_in(file: CallFile, plan: Plan, house: House, start: datetime | None, end: datetime | None) -> Span:
    """What came from `start` to before `end`; what was before is remembered."""
    people: dict[str, Person] = {}
    contacts = []
    for row in file.rows:
        contact = row.contact
        if end is not None and contact.arrived_at >= end:
            continue
        before = start is not None and contact.arrived_at < start
        if row.voice and not before:
            contacts.append(contact)
        if contact.customer is None:
            continue
        person = people.setdefault(contact.customer, Person(name=contact.customer, called=contact.customer))
        (person.before if before else person.during).append(row.past)
        if not before and not row.voice:
            person.elsewhere.append(row.past)
    for person in people.values():
        for talks in (person.before, person.during, person.elsewhere):
            talks.sort(key=lambda talk: talk.started_at)
        del person.before[:-REMEMBERED]
    duty = on_duty_by_calls(contacts, house.zone)
    skills = dict.fromkeys(_skills(plan), HIGHEST_LEVEL)
    agents = [_agent(name, skills, house.language, contacts[0].arrived_at) for name in sorted(duty)]
    return Span(contacts, people, agents, duty=duty)


def for_a_file(plan: Plan) -> Plan:
    """A file knows of no teams, and calls tell when the house was open where the plan does not."""
    lines = {number: line.model_copy(update={"teams": []}) for number, line in plan.lines.items()}
    rules = [
        rule.model_copy(update={"then": rule.then.model_copy(update={"teams": None})}) if rule.then.teams else rule
        for rule in plan.rules
    ]
    hours = plan.hours if "hours" in plan.model_fields_set else ALWAYS
    return plan.model_copy(update={"hours": hours, "lines": lines, "rules": rules})


def _skills(plan: Plan) -> Iterator[str]:
    for line in plan.lines.values():
        yield from line.skills
    for rule in plan.rules:
        yield from rule.then.skills or ()


def _agent(name: str, skills: Mapping[str, int], language: str, at: datetime) -> Agent:
    return Agent(
        id=name,
        name=name,
        address="",
        languages=(language,),
        skills=skills,
        stand_in=None,
        hours=None,
        availability=Availability.READY,
        activity=Activity.IDLE,
        since_at=at,
        wrap_up_until=None,
        misses=0,
    )
