"""Cursor pagination: `?limit=&cursor=` in, `{"items", "next"}` out.  A cursor is the key of the last item seen."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query
from sqlalchemy import ColumnElement, Row, Select, and_, or_

from api.fields import check_storable, parse_moment
from api.problems import FieldRefused

LARGEST_PAGE = 200
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    after: tuple[str, ...] | None  # null on the first page

    def by_id(self, statement: Select[Any], key: ColumnElement[Any]) -> Select[Any]:
        """Oldest first, one row more than the page holds, so that `cut` knows whether there is a next one."""
        if self.after is not None:
            statement = statement.where(key > self._after(1)[0])
        return statement.order_by(key).limit(self.limit + 1)

    def newest_first(self, statement: Select[Any], at: ColumnElement[Any], key: ColumnElement[Any]) -> Select[Any]:
        """As `by_id`, by instant and then by id."""
        if self.after is not None:
            last_at, last_key = self.after_moment()
            statement = statement.where(or_(at < last_at, and_(at == last_at, key < last_key)))
        return statement.order_by(at.desc(), key.desc()).limit(self.limit + 1)

    def cut(self, rows: Sequence[Item], key: Callable[[Item], tuple[str, ...]]) -> tuple[Sequence[Item], str | None]:
        """The page's rows and the cursor of the next page."""
        if len(rows) <= self.limit:
            return rows, None
        rows = rows[: self.limit]
        return rows, encode_cursor(key(rows[-1]))

    def after_moment(self) -> tuple[datetime, str]:
        """The cursor of a list that is ordered by instant."""
        at, key = self._after(2)
        try:
            return parse_moment(at), key
        except ValueError:
            raise _bad_cursor() from None

    def after_number(self) -> int:
        """The cursor of a list that is ordered by a number of ours."""
        (number,) = self._after(1)
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise _bad_cursor()
        return int(number)

    def _after(self, parts: int) -> tuple[str, ...]:
        if self.after is None or len(self.after) != parts:
            raise _bad_cursor()
        return self.after


def encode_cursor(key: Sequence[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(key), separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str, ...]:
    """Raises FieldRefused for anything that no page has handed out."""
    try:
        key = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        check_storable(key)
    except (ValueError, binascii.Error, RecursionError):
        raise _bad_cursor() from None
    if not isinstance(key, list) or not key or not all(isinstance(part, str) for part in key):
        raise _bad_cursor()
    return tuple(key)


def by_id(row: Row[Any]) -> tuple[str]:
    return (row.id,)


def _bad_cursor() -> FieldRefused:
    return FieldRefused("cursor", "This is not a cursor of this list.")


def _page(
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Page:
    return Page(limit, decode_cursor(cursor) if cursor else None)


Paging = Annotated[Page, Depends(_page)]
