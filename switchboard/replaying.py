"""`centralino replay`: a plan tried on past calls, from the database or from a file, and told in words or as JSON."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_core import to_json
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from api.fields import parse_moment
from api.problems import field_errors
from crm.csvfile import UnusableFile
from routing.house import House
from routing.past import MOST_CONTACTS, contacts_in, read_span
from routing.plan import Plan
from routing.plans import BUILT_IN, Plans
from routing.replay_api import USUAL_SPAN
from routing.replay_file import for_a_file, read_calls, span_in
from routing.replay_report import report
from routing.replay_work import compared
from routing.span import Span
from store.clock import SystemClock
from store.sql import Database
from switchboard.settings import Settings

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
ROWS_SHOWN = 20  # of those that could not be read


class ReplayRefused(ValueError):
    """What was asked cannot be replayed; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`calls`: a file in place of the database."""

    plan: Path | None = None
    start: str | None = None
    end: str | None = None
    calls: Path | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    span: Span
    plan: Plan
    version: int | None
    start: datetime
    end: datetime


def run(settings: Settings, asked: Asked) -> None:
    """Raises ReplayRefused."""
    house = House(settings.company_name, settings.default_language, settings.default_region, settings.timezone)
    plan = None if asked.plan is None else _plan(asked.plan)
    given = (("--from", asked.start), ("--to", asked.end))
    start, end = (_moment(name, text, house.zone) for name, text in given)
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    columns = (TextColumn("replay"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        if asked.calls is None:
            found = asyncio.run(_from_database(settings, plan, start, end))
        else:
            found = _from_file(asked.calls, plan, house, start, end, bar.console.print)
        answer: dict[str, Any] = {"from": found.start, "to": found.end, "plan_version": found.version}
        answer |= compared(
            found.span,
            found.plan,
            house,
            lambda done, of: bar.update(task, completed=done, total=of),
            individual_clocks=settings.shows_clocks_of_persons,
        )
    if asked.as_json:
        print(to_json(answer, indent=2).decode(), file=sys.stdout)
    else:
        for line in report(answer, house):
            print(_harmless(line), file=sys.stdout)


def _plan(path: Path) -> Plan:
    try:
        return Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ReplayRefused(f"{path}: {error.strerror or error}") from None
    except ValidationError as error:
        field, message = field_errors(error.errors())[0]
        raise ReplayRefused(f"{path}: {field}: {message}" if field else f"{path}: {message}") from None


def _moment(name: str, given: str | None, zone: str) -> datetime | None:
    """A day by itself is its beginning, here."""
    try:
        if given is not None and _DAY.fullmatch(given):
            given = datetime.fromisoformat(given).replace(tzinfo=ZoneInfo(zone)).isoformat()
        return None if given is None else parse_moment(given)
    except ValueError as error:
        raise ReplayRefused(f"{name}: {error}") from None


async def _from_database(settings: Settings, plan: Plan | None, start: datetime | None, end: datetime | None) -> _Found:
    end = end or SystemClock().now()
    start = start or end - USUAL_SPAN
    if start >= end:
        raise ReplayRefused("--from: it lies before --to")
    database = Database(settings.database)
    try:
        async with database.read() as conn:
            many = await contacts_in(conn, start, end)
            if many > MOST_CONTACTS:
                raise ReplayRefused(f"--from: a replay takes at most {MOST_CONTACTS} calls, these are {many}")
            version, now = (None, plan) if plan is not None else await Plans().current(conn)
            return _Found(await read_span(conn, start, end), now, version, start, end)
    finally:
        await database.close()


def _from_file(
    path: Path,
    plan: Plan | None,
    house: House,
    start: datetime | None,
    end: datetime | None,
    tell: Callable[[str], None],
) -> _Found:
    try:
        file = read_calls(path)
    except UnusableFile as error:
        raise ReplayRefused(f"{path}: {error}") from None
    if file.unknown_columns:
        tell(f"columns that are not known and were ignored: {_harmless(', '.join(file.unknown_columns))}")
    for row in file.skipped[:ROWS_SHOWN]:
        tell(f"line {row.line}: {_harmless(row.reason)}")
    if len(file.skipped) > ROWS_SHOWN:
        tell(f"{len(file.skipped)} lines could not be read")
    version = 0 if plan is None else None
    plan = for_a_file(plan or BUILT_IN)
    span = span_in(file, plan, house, start, end)
    if not span.contacts:
        raise ReplayRefused(f"{path}: no call by voice is in it, or none from --from to --to")
    last = span.contacts[-1].arrived_at + timedelta(seconds=1)
    return _Found(span, plan, version, start or span.contacts[0].arrived_at, end or last)


def _harmless(text: str) -> str:
    """On one line, and without what a terminal would obey: it may quote a cell of the file."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
