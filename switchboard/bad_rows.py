"""The file of bad rows: each as it was, with its line and the reason before it, to be mended and loaded by itself.

It holds what stood in the file that was brought, byte for byte, so whoever keeps that one safe keeps this one too.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from crm.csvfile import ERROR_COLUMNS, LONGEST_CELL
from crm.vcards import mark_bad_card, reasons_of


def beside(path: Path) -> Path:
    """`customers.csv` -> `customers.errors.csv`."""
    return path.with_name(f"{path.stem}.errors{path.suffix}")


class BadRows:
    """Written from the first bad row on; whatever hinders it stands in `problem`, and the load goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None
        self.count = 0
        self._told = set[int]()
        self._file: TextIO | None = None
        self._header: Sequence[str] = ()
        self._delimiter = ","
        self._goes_on = False

    def begin(self, header: Sequence[str], delimiter: str, *, goes_on: bool) -> None:
        """`goes_on`: the rows of the load that was interrupted stay."""
        self._header, self._delimiter, self._goes_on = header, delimiter, goes_on

    def add(self, line: int, reason: str, raw: Sequence[str]) -> None:
        self.count += 1
        if self.problem is not None:
            return
        try:
            if self._file is None:
                self._file = self._opened()
            if line not in self._told:
                self._write(self._file, line, reason, raw)
                self._told.add(line)
        except OSError as error:
            self.problem = f"the bad rows cannot be written into {self.path}: {error.strerror or error}"

    def flush(self) -> None:
        try:
            if self._file is not None:
                self._file.flush()
        except OSError as error:
            self.problem = f"the bad rows cannot be written into {self.path}: {error.strerror or error}"

    def close(self) -> None:
        self.flush()
        if self._file is not None:
            self._file.close()

    def _opened(self) -> TextIO:
        """Raises OSError."""
        earlier = self._earlier() if self.path.exists() else []
        file = self.path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        self._head(file)
        for line, reason, raw in earlier if self._goes_on else []:
            self._write(file, line, reason, raw)
            self._told.add(line)
        return file

    def _head(self, file: TextIO) -> None:
        csv.writer(file, delimiter=self._delimiter).writerow([*ERROR_COLUMNS, *self._header])

    def _write(self, file: TextIO, line: int, reason: str, raw: Sequence[str]) -> None:
        csv.writer(file, delimiter=self._delimiter).writerow([line, reason, *raw])

    def _earlier(self) -> list[tuple[int, str, Sequence[str]]]:
        """What stands there already; a row that was torn by the end of its writer is left out.  Raises OSError."""
        csv.field_size_limit(LONGEST_CELL)
        with self.path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            whole = file.read()
        rows = list(csv.reader(whole.splitlines(keepends=True), delimiter=self._delimiter))
        if not rows or tuple(rows[0][:2]) != ERROR_COLUMNS:
            raise OSError("it is there already, and is no file of bad rows")
        torn = not whole.endswith("\n")
        return [
            (int(row[0]), row[1], row[2:]) for row in rows[1 : len(rows) - torn] if len(row) > 1 and row[0].isdigit()
        ]


class BadCards(BadRows):
    """The same for vCards: the reason stands in the card itself, where programs that read cards look past it."""

    def _head(self, file: TextIO) -> None:
        return None

    def _write(self, file: TextIO, line: int, reason: str, raw: Sequence[str]) -> None:
        file.write(mark_bad_card(raw[0] if raw else "", line, reason))

    def _earlier(self) -> list[tuple[int, str, Sequence[str]]]:
        with self.path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            whole = file.read()
        found = reasons_of(whole)
        if not found:
            raise OSError("it is there already, and is no file of bad cards")
        return found
