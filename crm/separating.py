"""Words that came into a text with another person's, taken out of it again; what was written since stays.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

_ALIKE = 0.5  # of a line's words: that many stand in another line, and it is the same line, written on
_BLANKS = re.compile(r"\n\s*\n(?:\s*\n)*")
LONGEST_COMPARED = 2000  # lines that were rewritten are looked for in so many only


def without(text: str, came: str) -> str:
    """Wherever it stands now, and in one piece or not: whole, else line by line, else word by word in the line that is
    most like it.  Words of ours that somebody wrote between theirs are all that is left of such a line."""
    whole = came.strip()
    if not whole:
        return text
    place = _found(text, whole)
    if place is not None:
        before, after = text[: place[0]], text[place[1] :]
        by_itself = before.endswith("\n") or after.startswith("\n")
        return _tidy(f"{before.rstrip()}\n\n{after.lstrip()}" if by_itself else before + after)
    lines = text.split("\n")
    for line in filter(None, (line.strip() for line in came.split("\n"))):
        _take_line(lines, line)
    return _tidy("\n".join(lines))


def _found(text: str, words: str) -> tuple[int, int] | None:
    """Where they stand by themselves, else among others; the last place, since they were added at the end."""
    exactly = re.escape(words)
    for pattern in (rf"^{exactly}$", rf"(?<!\w){exactly}(?!\w)"):
        places = [found.span() for found in re.finditer(pattern, text, re.MULTILINE)]
        if places:
            return places[-1]
    return None


def _take_line(lines: list[str], line: str) -> None:
    for n in reversed(range(len(lines))):
        place = _found(lines[n], line)
        if place is not None:
            lines[n] = (lines[n][: place[0]] + lines[n][place[1] :]).strip()
            return
    words = line.split()
    shared, n = max((_shared(words, other.split()), n) for n, other in enumerate(lines[:LONGEST_COMPARED]))
    if shared >= len(words) * _ALIKE:
        lines[n] = " ".join(_left(words, lines[n].split()))


def _shared(words: Sequence[str], others: Sequence[str]) -> int:
    if not set(words) & set(others):
        return 0
    return sum(block.size for block in SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks())


def _left(words: Sequence[str], others: Sequence[str]) -> list[str]:
    """Of the others those that are not these words."""
    left = list(others)
    for block in SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks():
        left[block.b : block.b + block.size] = [""] * block.size
    return [word for word in left if word]


def _tidy(text: str) -> str:
    return _BLANKS.sub("\n\n", text).strip()
