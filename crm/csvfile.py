"""CSV as people bring it: comma or semicolon, with or without a BOM, any column order, a bad row here and there.

It knows cells and line numbers, not what they mean.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LONGEST_CELL = 4 * 1024 * 1024


class UnusableFile(ValueError):
    """Nothing can be loaded from this file; the message says why."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """`cells` are trimmed, by lower-case column name; `line` is where the row begins, the header being line 1."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str


class CsvFile:
    """Opened by `with`; `rows` reads on, `position` says how far it is."""

    def __init__(self, path: Path, columns: Sequence[str], required: Sequence[str]) -> None:
        self.path = path
        self._columns, self._required = columns, required
        self._file: IO[bytes] | None = None
        self.unknown_columns: list[str] = []
        self.size_bytes = 0

    def __enter__(self) -> CsvFile:
        """Raises UnusableFile."""
        try:
            self._file = self.path.open("rb")
            self.size_bytes = self.path.stat().st_size
            head = self._file.readline()
        except OSError as error:
            raise UnusableFile(f"{self.path}: {error.strerror or error}") from None
        try:
            self._read_header(head)
        except UnusableFile:
            self._file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._file is not None
        self._file.close()

    @property
    def position_bytes(self) -> int:
        assert self._file is not None
        return self._file.tell()

    @property
    def columns(self) -> list[str]:
        """Those of the header that are known."""
        return [name for name in self._header if name in self._columns]

    def rows(self) -> Iterator[CsvRow | BadRow]:
        """Blank lines are no rows."""
        assert self._file is not None
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(_decoded(self._file), delimiter=self._delimiter)
        before = 0
        while True:
            line = before + 2  # the header is line 1, and the row begins after what was read
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadRow(line, f"not readable as CSV: {error}")
                continue
            finally:
                before = reader.line_num
            if any(cell.strip() for cell in cells):
                yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> CsvRow | BadRow:
        width = len(self._header)
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            return BadRow(line, f"{len(cells)} cells where the header names {width} columns")
        if any("\ud800" <= character <= "\udfff" for cell in cells for character in cell):
            return BadRow(line, "not UTF-8")
        named = {name: cell.strip() for name, cell in zip(self._header, cells, strict=False)}
        return CsvRow(line, {name: cell for name, cell in named.items() if name in self._columns})

    def _read_header(self, head: bytes) -> None:
        try:
            text = head.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        except UnicodeDecodeError:
            raise UnusableFile(f"{self.path}: the file is not UTF-8") from None
        self._delimiter = ";" if text.count(";") > text.count(",") else ","
        try:
            cells = next(csv.reader([text], delimiter=self._delimiter), [])
        except csv.Error as error:
            raise UnusableFile(f"{self.path}: the header is not readable as CSV: {error}") from None
        self._header = [cell.strip().lower() for cell in cells]
        twice = sorted({name for name in self._header if name and self._header.count(name) > 1})
        missing = [name for name in self._required if name not in self._header]
        if twice:
            raise UnusableFile(f"{self.path}: the header names a column twice: {', '.join(twice)}")
        if missing:
            raise UnusableFile(f"{self.path}: the header lacks {', '.join(missing)}")
        self.unknown_columns = [name for name in self._header if name and name not in self._columns]


def _decoded(file: IO[bytes]) -> Iterator[str]:
    """Lines; what is not UTF-8 becomes surrogates, so that one row is bad and not the file."""
    while line := file.readline():
        yield line.decode("utf-8", "surrogateescape")


def listed(cell: str) -> list[str]:
    """`a|b` is two."""
    return [part for piece in cell.split("|") if (part := piece.strip())]
