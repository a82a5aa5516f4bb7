"""The lines of a vCard: unfolded, with their parameters, in versions 2.1, 3.0 and 4.0.

Each character is looked at once: a card may come from anybody, and a parser of patterns can be kept busy for hours by a
single line.
"""

from __future__ import annotations

import quopri
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ContentLine:
    """`name` is in capitals and without its group; so are the names of `params`, which 2.1 also writes without one."""

    name: str
    value: str
    params: dict[str, list[str]] = field(default_factory=dict)

    @property
    def kinds(self) -> set[str]:
        """Of whatever sort: `TYPE=cell`, `TYPE="cell,voice"`, and the bare `CELL` of version 2.1."""
        return {value.upper() for name in ("TYPE", "") for value in self.params.get(name, ())}


def content_lines(text: str) -> Iterator[ContentLine]:
    """Raises ValueError for a line without a colon, UnicodeDecodeError and LookupError for its encoding."""
    lines = _unfolded(text.split("\n"))
    for line in lines:
        if not line.strip():
            continue
        head, value = _cut(line, ":", 1)[:2] if ":" in line else (None, "")
        if head is None:
            raise ValueError(f"{line[:20]!r} has no colon")
        name, *told = _cut(head, ";")
        params: dict[str, list[str]] = {}
        for one in told:
            key, separator, values = one.partition("=")
            found = [part.strip().strip('"') for part in (values if separator else key).replace('"', "").split(",")]
            params.setdefault(key.strip().upper() if separator else "", []).extend(found)
        if "QUOTED-PRINTABLE" in {part.upper() for part in [*params.get("ENCODING", ()), *params.get("", ())]}:
            value = _printable(value, lines, (params.get("CHARSET") or ["utf-8"])[0])
        yield ContentLine(name.rpartition(".")[2].strip().upper(), value, params)


def _unfolded(lines: Sequence[str]) -> Iterator[str]:
    """A line that begins with a blank goes on with the one before it."""
    parts: list[str] = []
    for line in lines:
        if parts and line[:1] in (" ", "\t"):
            parts.append(line[1:])
        else:
            if parts:
                yield "".join(parts)
            parts = [line]
    if parts:
        yield "".join(parts)


def _cut(text: str, separator: str, most: int = -1) -> list[str]:
    """At separators that do not stand in quotes, at most so many times."""
    parts, start, quoted = [], 0, False
    for n, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == separator and not quoted and most:
            parts.append(text[start:n])
            start, most = n + 1, most - 1
            if not most:
                break
    return [*parts, text[start:]] if parts or separator != ":" else [text, ""]


def _printable(value: str, following: Iterator[str], charset: str) -> str:
    """A line that ends in `=` goes on with the next one."""
    parts = [value]
    while parts[-1].endswith("="):
        parts[-1] = parts[-1][:-1]
        parts.append(next(following, ""))
    return quopri.decodestring("".join(parts).encode()).decode(charset)


def parts_of(value: str, separator: str) -> list[str]:
    """What stands between separators that are not escaped, each as text."""
    parts, start, n = [], 0, 0
    while n < len(value):
        if value[n] == "\\":
            n += 1
        elif value[n] == separator:
            parts.append(text_of(value[start:n]))
            start = n + 1
        n += 1
    return [*parts, text_of(value[start:])]


def text_of(value: str) -> str:
    if "\\" not in value:
        return value.strip()
    found, escaped = [], False
    for character in value:
        if escaped:
            found.append("\n" if character in "nN" else character)
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            found.append(character)
    return "".join(found).strip()
