"""`centralino import`: shows how far a file is, and each row that had to be skipped."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from crm import imports
from routing.imports import import_agents
from store.clock import Clock, SystemClock
from store.sql import Database
from switchboard.settings import Settings

Kind = Literal["customers", "agents", "history"]


async def load_file(settings: Settings, kind: Kind, path: Path) -> int:
    """How many rows were skipped.  Raises UnusableFile."""
    database = Database(settings.database)
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    columns = (TextColumn(kind), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal)
    try:
        with bar:
            result = await _show(_events(database, SystemClock(), settings, kind, path), bar)
    finally:
        await database.close()
    print(f"{result.loaded} loaded, {result.skipped} skipped", file=sys.stdout)
    return result.skipped


def _events(
    database: Database, clock: Clock, settings: Settings, kind: Kind, path: Path
) -> AsyncIterator[imports.Event]:
    if kind == "customers":
        return imports.import_customers(database, clock, path, settings.default_region)
    if kind == "agents":
        return import_agents(database, clock, path, settings.default_region, settings.default_language)
    return imports.import_history(database, path)


async def _show(events: AsyncIterator[imports.Event], bar: Progress) -> imports.Result:
    task = bar.add_task("", total=None)
    result = imports.Result(0, 0)
    async for event in events:
        match event:
            case imports.Notice(text):
                bar.console.print(_harmless(text))
            case imports.Skipped(line, reason):
                bar.console.print(f"line {line}: {_harmless(reason)}")
            case imports.Progress(read_bytes, of_bytes):
                bar.update(task, completed=read_bytes, total=of_bytes)
            case imports.Result():
                result = event
    return result


def _harmless(text: str) -> str:
    """On one line, and without what a terminal would obey: it may quote a cell of the file."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
