"""Files that were brought to be loaded, each in a folder of its own under the house's home, and how far each is.

The folder is the truth: every process of this machine sees it, and the work goes on whoever looks.  What was brought
goes as soon as it is loaded; what is left of a job goes after a day.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import time
from collections.abc import AsyncIterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from crm.intake import Skipped
from store.ids import new_id

MOST_BYTES = 200 * 1024 * 1024
KEPT_SECONDS = 24 * 3600.0
SILENT_SECONDS = 30.0  # after which whoever loads it is no more
WRITTEN_AT_ONCE = 1024 * 1024
_ID = re.compile(r"imp_[0-9A-Za-z]+")
Phase = Literal["brought", "loading", "done", "failed"]


class TooLarge(ValueError):
    """More than `MOST_BYTES`."""


@dataclass(frozen=True, slots=True)
class State:
    """`problem`: why it failed, in the words of whoever reads files; `known_whole`: all of it was here already."""

    phase: Phase = "brought"
    kind: str = ""
    name: str = ""
    size_bytes: int = 0
    read_bytes: int = 0
    loaded: int = 0
    skipped: int = 0
    known_whole: bool = False
    problem: str | None = None
    notices: Sequence[str] = field(default_factory=list)
    header: Sequence[str] = field(default_factory=list)
    delimiter: str = ","

    @property
    def share(self) -> float:
        return min(self.read_bytes / self.size_bytes, 1.0) if self.size_bytes else 0.0


class Job:
    """One file and what becomes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.id = folder, folder.name
        self.file, self.bad = folder / "brought", folder / "bad.jsonl"
        self._state, self._beat = folder / "state.json", folder / "beat"

    def state(self) -> State:
        try:
            return State(**json.loads(self._state.read_text("ascii")))
        except (OSError, ValueError, TypeError):
            return State("failed", problem="the file is not there any more")

    def write(self, state: State) -> None:
        """Whole or not at all, for somebody may be reading."""
        fresh = self._state.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(state)), "ascii")
        os.replace(fresh, self._state)

    def beat(self) -> None:
        """Whoever loads it is still there."""
        self._beat.touch()

    def silent(self) -> bool:
        """It is being loaded, and nobody does."""
        try:
            return time.time() - self._beat.stat().st_mtime > SILENT_SECONDS
        except OSError:
            return True

    def bad_rows(self) -> Iterator[Skipped]:
        """By line; one that was told twice, before and after an interruption, once."""
        found = {row.line: row for row in self._told()}
        yield from (found[line] for line in sorted(found))

    def first_bad_rows(self, most: int) -> list[Skipped]:
        """Those that were told first, by line: of a file with a million of them no more is read."""
        found: dict[int, Skipped] = {}
        for row in self._told():
            found[row.line] = row
            if len(found) == most:
                break
        return [found[line] for line in sorted(found)]

    def _told(self) -> Iterator[Skipped]:
        if not self.bad.exists():
            return
        with self.bad.open(encoding="ascii") as file:
            for line in file:
                if line.endswith("\n"):  # else torn by the end of its writer
                    told = json.loads(line)
                    yield Skipped(told["line"], told["reason"], told["raw"])

    def discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class Jobs:
    """Those of this house."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "imports"

    def find(self, job_id: str) -> Job | None:
        folder = self._folder / job_id
        return Job(folder) if _ID.fullmatch(job_id) and folder.is_dir() else None

    def all(self) -> list[Job]:
        """The latest first."""
        if not self._folder.is_dir():
            return []
        return [Job(one) for one in sorted(self._folder.iterdir(), reverse=True) if _ID.fullmatch(one.name)]

    def tidy(self) -> None:
        """What has been lying for a day goes, for it holds what people are called."""
        for job in self.all():
            try:
                age = time.time() - job.folder.stat().st_mtime
            except OSError:
                continue  # somebody was quicker
            if age > KEPT_SECONDS and (job.state().phase != "loading" or job.silent()):
                job.discard()

    async def bring(self, name: str, chunks: AsyncIterable[bytes]) -> Job:
        """As it comes in, onto the disk.  Raises TooLarge; what was written by then is gone."""
        job = Job(self._folder / new_id("imp"))
        job.folder.mkdir(parents=True, mode=0o700)
        try:
            size = await _written(job.file, chunks)
        except BaseException:
            job.discard()
            raise
        job.write(State(name=name[:200], size_bytes=size))
        return job


async def _written(path: Path, chunks: AsyncIterable[bytes]) -> int:
    size, waiting = 0, bytearray()
    with path.open("wb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                raise TooLarge
            waiting += chunk
            if len(waiting) >= WRITTEN_AT_ONCE:
                await asyncio.to_thread(file.write, bytes(waiting))
                waiting.clear()
        file.write(waiting)
    return size


def as_line(row: Skipped) -> str:
    """What stands in the file of bad rows; in ASCII, for a cell may hold what UTF-8 cannot."""
    told: dict[str, Any] = {"line": row.line, "reason": row.reason, "raw": list(row.raw)}
    return f"{json.dumps(told)}\n"


def begun(state: State, kind: str) -> State:
    return replace(state, phase="loading", kind=kind, problem=None, known_whole=False)
