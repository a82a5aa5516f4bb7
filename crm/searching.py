"""Finding words in what was written, whatever the case of its letters, on both databases.

What the databases hold equal differs with their locale: SQLite knows the case of a to z only.  So SQL sieves coarsely,
by what is ASCII in the words looked for, and what remains is compared here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import ColumnElement, or_

LONGEST_QUERY = 200
_LIKE = re.compile(r"([\\%_])")


def folded(text: str) -> str:
    """Without case, in one spelling of accents, with one blank between words."""
    return unicodedata.normalize("NFC", " ".join(unicodedata.normalize("NFC", text).casefold().split()))


@dataclass(frozen=True)
class Search:
    words: str

    @cached_property
    def _folded(self) -> str:
        return folded(self.words)

    def sieve(self, columns: Sequence[ColumnElement[str]]) -> ColumnElement[bool]:
        """Every row in which the words may stand, and some more."""
        return or_(*(column.ilike(self._pattern, escape="\\") for column in columns))

    def finds(self, *texts: str | None) -> bool:
        return any(self._folded in folded(text) for text in texts if text)

    @cached_property
    def _pattern(self) -> str:
        escaped = _LIKE.sub(r"\\\1", self._folded)
        # A blank may be several; `ss` may be written ß; other scripts and accents have more than one spelling.
        return "%" + re.sub(r"(?:\s|ss|[^\x21-\x7e])+", "%", escaped) + "%"
