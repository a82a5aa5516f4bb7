"""CSV as people bring it: comma or semicolon, with or without a BOM, any column order, a bad row here and there.

It knows cells and line numbers, not what they mean.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

LONGEST_CELL = 4 * 1024 * 1024
LOOKED_AT_BYTES = 64 * 1024  # to see how lines end
ERROR_COLUMNS = ("line", "reason")  # before a bad row's own, in the file of bad rows
_FORMULA = re.compile("['\\s]*[=+\\-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_IN_WORDS = {  # what the csv module says, by its beginning
    "',' expected": "inside a quoted cell a quote is written twice",
    "';' expected": "inside a quoted cell a quote is written twice",
    "unexpected end": "a quote is opened and not closed",
    "new-line": "a line ends inside a cell that is not quoted",
    "field larger": f"a cell is longer than {LONGEST_CELL} characters",
}


class UnusableFile(ValueError):
    """Nothing can be loaded from this file; the message says why."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """`cells` are trimmed, by lower-case column name; `line` is where the row begins, the header being line 1; `raw`
    is the whole row as it was."""

    line: int
    cells: dict[str, str]
    raw: Sequence[str] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str
    raw: Sequence[str] = field(default=(), compare=False)  # of one that is no CSV its first line, as one cell


class CsvFile:
    """Opened by `with`; `rows` reads on, `position` says how far it is."""

    unit = "line"

    def __init__(self, path: Path, columns: Sequence[str], required: Sequence[str]) -> None:
        self.path = path
        self._columns, self._required = columns, required
        self._file: BufferedReader | None = None
        self.unknown_columns: list[str] = []
        self.header: Sequence[str] = ()  # as it was
        self.delimiter = ","
        self.size_bytes = 0
        self.next_line = 2  # where the row begins that is read next; the header is line 1

    def __enter__(self) -> CsvFile:
        """Raises UnusableFile."""
        try:
            self._file = BufferedReader(self.path.open("rb", buffering=0), LOOKED_AT_BYTES)
            self.size_bytes = self.path.stat().st_size
            self._lines = _Lines(self._file)
            head = self._lines.read()
        except OSError as error:
            raise UnusableFile(error.strerror or str(error)) from None
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
        return self._lines.read_bytes

    @property
    def columns(self) -> list[str]:
        """Those of the header that are known."""
        return [name for name in self._header if name in self._columns]

    def rows(self) -> Iterator[CsvRow | BadRow]:
        """Blank lines are no rows; of a row that cannot be read only the first line is lost."""
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(self._lines, delimiter=self.delimiter, strict=True, skipinitialspace=True)
        while True:
            line, cells, bad = self.next_line, None, None
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                first = self._lines.first_of_row().rstrip("\r\n")
                bad = BadRow(line, f"not readable as CSV: {_in_words(error)}", (first,))
            self.next_line += self._lines.end_row(whole=bad is None)
            if bad is not None:
                yield bad
            elif cells and any(cell.strip() for cell in cells):
                yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> CsvRow | BadRow:
        width = len(self._header)
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            return BadRow(line, f"{len(cells)} cells where the header names {width} columns", cells)
        if any(_SURROGATE.search(cell) for cell in cells if not cell.isascii()):
            return BadRow(line, "not UTF-8", cells)
        return CsvRow(line, {name: cells[n].strip() for n, name in self._known}, cells)

    def _read_header(self, head: bytes) -> None:
        try:
            text = head.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        except UnicodeDecodeError:
            raise UnusableFile("line 1, the header, is not UTF-8") from None
        self.delimiter = ";" if text.count(";") > text.count(",") else ","
        try:
            cells = next(csv.reader([text], delimiter=self.delimiter, strict=True, skipinitialspace=True), [])
        except csv.Error as error:
            raise UnusableFile(f"the header is not readable as CSV: {_in_words(error)}") from None
        self.header = cells
        self._header = [cell.strip().lower() for cell in cells]
        self._known = [(n, name) for n, name in enumerate(self._header) if name in self._columns]
        twice = sorted({name for name in self._header if name and self._header.count(name) > 1})
        missing = [name for name in self._required if name not in self._header]
        if twice:
            raise UnusableFile(f"the header names a column twice: {', '.join(twice)}")
        if missing:
            raise UnusableFile(f"the header lacks {', '.join(missing)}")
        mended = 2 if tuple(self._header[:2]) == ERROR_COLUMNS else 0  # a file of bad rows, brought again
        self.unknown_columns = [name for name in self._header[mended:] if name and name not in self._columns]


class _Lines:
    """The lines of a file, for a reader that takes as many as a row has.

    A quote that is never closed takes all that follows: so a broken row gives back what it took after its first line.
    """

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        seen = file.peek(LOOKED_AT_BYTES)
        self._end = b"\r" if b"\r" in seen and b"\n" not in seen else b"\n"
        self._rest: list[bytes] = []  # of a file that ends its lines with a carriage return, the last one unfinished
        self._taken: list[str] = []
        self._again: deque[str] = deque()
        self.read_bytes = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        """What is not UTF-8 becomes surrogates, so that one row is bad and not the file."""
        line = self._again.popleft() if self._again else self.read().decode("utf-8", "surrogateescape")
        if not line:
            raise StopIteration
        self._taken.append(line)
        return line

    def first_of_row(self) -> str:
        return self._taken[0] if self._taken else ""

    def end_row(self, *, whole: bool) -> int:
        """How many lines the row has."""
        kept = len(self._taken) if whole else 1
        self._again.extendleft(reversed(self._taken[kept:]))
        self._taken.clear()
        return kept

    def read(self) -> bytes:
        """The next line with its end; nothing at the end of the file."""
        line = self._file.readline() if self._end == b"\n" else self._read_to_return()
        self.read_bytes += len(line)
        return line

    def _read_to_return(self) -> bytes:
        while len(self._rest) < 2 and (chunk := self._file.read(LOOKED_AT_BYTES)):
            self._rest = ((self._rest[0] if self._rest else b"") + chunk).split(b"\r")
        if len(self._rest) > 1:
            return self._rest.pop(0) + b"\r"
        return self._rest.pop() if self._rest else b""


def _in_words(error: csv.Error) -> str:
    said = str(error)
    return next((words for begin, words in _IN_WORDS.items() if said.startswith(begin)), said)


def quoted(cell: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula; `unquoted` takes it away again.

    Numbers begin with +, so most rows have such a cell.  A cell that begins with apostrophes and goes on like that gets
    another one, or it would not come back as it was.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def listed(cell: str) -> list[str]:
    """`a|b` is two."""
    return [part for piece in cell.split("|") if (part := piece.strip())]
