"""A wording in pieces, to be shown: what is said, what stands for something else, and what depends on the person.

Pure.  Of what depends on the person, a reader sees what a stranger who is addressed formally would hear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_CHOICES = re.compile(r"\[([^|\]]*)\|[^|\]]*\]")
_GENDERED = re.compile(r"<[^|<>]*\|[^|<>]*\|([^|<>]*)>")
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Piece:
    """`slot`: `text` is the name of something that is filled in."""

    text: str
    slot: bool = False


def pieces(wording: str, known: Mapping[str, str]) -> Iterator[Piece]:
    """In their order; a slot that is `known` is what it becomes.  Marks that do not close are shown as they stand."""
    plain = _GENDERED.sub(r"\1", _CHOICES.sub(r"\1", wording))
    for n, part in enumerate(_SLOT.split(plain)):
        if n % 2 and part not in known:
            yield Piece(part, slot=True)
        elif text := known[part] if n % 2 else part:
            yield Piece(text)
