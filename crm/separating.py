"""Lines that came into a text with another person's, taken out of it again.  Pure.

Lines are the same where they read the same, blanks at their ends apart.  Who wrote a part of a line cannot be known:
one that was edited since is whole the work of whoever edited it.
"""

from __future__ import annotations


def new_lines(text: str, other: str) -> str:
    """Those of the other that the text has not: what comes into it.  A line that both have stays its own."""
    return _left(other, _lines(text))


def same_lines(text: str, other: str) -> str:
    """Those of the text that the other has too."""
    return _left(text, _lines(text) - _lines(other))


def without(text: str, came: str) -> str:
    """Without the lines that came, wherever they stand now."""
    return _left(text, _lines(came))


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.split("\n")} - {""}


def _left(text: str, gone: set[str]) -> str:
    """The text as it is where none of these lines is in it.  Where one was, there is no more than one blank line."""
    left: list[str] = []
    gap: list[str] = []  # blank lines and such as go, since the last one that stays
    for line in text.split("\n"):
        if not line.strip() or line.strip() in gone:
            gap.append(line)
            continue
        left += [*_closed(gap, first=not left), line]
        gap = []
    return "\n".join(left + (gap if not any(map(str.strip, gap)) else []))


def _closed(gap: list[str], *, first: bool) -> list[str]:
    if not any(map(str.strip, gap)):
        return gap
    return [""] if not first and not all(map(str.strip, gap)) else []
