"""`centralino import`: shows how far a file is, and keeps each row that had to be skipped in a file beside it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from crm import audit, imports, intake
from crm.audit import What
from routing.imports import import_agents
from store.clock import Clock, SystemClock
from store.sql import Database
from switchboard.bad_rows import BadCards, BadRows, beside
from switchboard.settings import Settings

Kind = Literal["customers", "agents", "history", "vcard"]
SHOWN = 20  # bad rows on the terminal; all of them stand in the file


@dataclass(frozen=True, slots=True)
class Asked:
    """`errors`: where bad rows go; else beside the file.  `again`: also what is known to have been loaded."""

    kind: Kind
    path: Path
    errors: Path | None = None
    again: bool = False


async def load_file(settings: Settings, asked: Asked) -> int:
    """How many rows were skipped.  Raises UnusableFile."""
    database, clock = Database(settings.database), SystemClock()
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    columns = (TextColumn(asked.kind), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal)
    kept = BadCards if asked.kind == "vcard" else BadRows
    show = _Show(bar, kept(asked.errors or beside(asked.path)), "card" if asked.kind == "vcard" else "line")
    try:
        with bar:
            result = await show.all(_events(database, clock, settings, asked))
        if not show.known_whole:
            async with database.write() as conn:
                counts: dict[str, Any] = {"loaded": result.loaded, "skipped": result.skipped}
                await audit.record(conn, "import", What.IMPORTED, now=clock.now(), kind=asked.kind, **counts)
    finally:
        await database.close()
    print(f"{result.loaded} loaded, {result.skipped} skipped", file=sys.stdout)
    return result.skipped


def _events(database: Database, clock: Clock, settings: Settings, asked: Asked) -> AsyncIterator[intake.Event]:
    path, region, again = asked.path, settings.default_region, asked.again
    if asked.kind == "customers":
        return imports.import_customers(database, clock, path, region, again=again)
    if asked.kind == "vcard":
        return imports.import_cards(database, clock, path, region, again=again)
    if asked.kind == "agents":
        return import_agents(database, clock, path, region, settings.default_language)
    return imports.import_history(database, clock, path, again=again)


class _Show:
    def __init__(self, bar: Progress, bad: BadRows, unit: str) -> None:
        self._bar, self._bad, self._unit = bar, bad, unit
        self._stored = False
        self.known_whole = True  # nothing was written, for all of it is there already

    async def all(self, events: AsyncIterator[intake.Event]) -> intake.Result:
        """Whatever ends it early: what was stored is stored, and the same command goes on from there."""
        task, result = self._bar.add_task("", total=None), None
        try:
            async for event in events:
                match event:
                    case intake.Begun(header, delimiter, from_line):
                        self._bad.begin(header, delimiter, goes_on=from_line > 0)
                    case intake.Notice(text):
                        self._tell(text)
                    case intake.Skipped(line, reason, raw):
                        self._skipped(line, reason, raw)
                    case intake.Progress(read_bytes, of_bytes):
                        self._stored, self.known_whole = True, False
                        self._bad.flush()
                        self._bar.update(task, completed=read_bytes, total=of_bytes)
                    case intake.Result():
                        result = event
        finally:
            self._bad.close()
            self._tell_of_bad_rows()
            if result is None and self._stored:
                self._tell("interrupted: what was loaded stays, and the same command goes on from there")
        assert result is not None
        return result

    def _skipped(self, line: int, reason: str, raw: Sequence[str]) -> None:
        self._bad.add(line, reason, raw)
        if self._bad.count <= SHOWN:
            self._tell(f"{self._unit} {line}: {reason}")

    def _tell_of_bad_rows(self) -> None:
        if self._bad.problem is not None:
            self._tell(self._bad.problem)
        elif self._bad.count > SHOWN:
            self._tell(f"… and {self._bad.count - SHOWN} more in {self._bad.path}")
        elif self._bad.count:
            self._tell(f"what was skipped stands in {self._bad.path}, to be mended and loaded")

    def _tell(self, text: str) -> None:
        self._bar.console.print(_harmless(text))


def _harmless(text: str) -> str:
    """On one line, and without what a terminal would obey: it may quote a cell of the file."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
