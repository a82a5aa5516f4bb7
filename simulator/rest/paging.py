"""Twilio's lists: newest first, walked by `next_page_uri`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from simulator.rest.asked import Asked
from simulator.rest.errors import bad_request

MOST = 1000


def page(asked: Asked, plural: str, items: Sequence[dict[str, Any]], key: str = "sid") -> dict[str, Any]:
    """`PageToken` names the last item seen, so that a page holds still while new items come in front."""
    size, number = _whole(asked, "PageSize", 50), _whole(asked, "Page", 0)
    if not 1 <= size <= MOST:
        size = min(max(size, 1), MOST)
    start = number * size
    token = asked.filter("PageToken")
    if token is not None:
        keys = [item[key] for item in items]
        start = keys.index(token[2:]) + 1 if token[2:] in keys else len(items)
    shown = list(items[start : start + size])
    more = start + size < len(items)
    return {
        plural: shown,
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(len(shown) - 1, 0),
        "uri": _uri(asked, size, number),
        "first_page_uri": _uri(asked, size, 0),
        "next_page_uri": _uri(asked, size, number + 1, f"PA{shown[-1][key]}") if more else None,
        "previous_page_uri": _uri(asked, size, number - 1) if number else None,
    }


def within(asked: Asked, name: str, at: datetime | None) -> bool:
    """Whether an instant passes `name`, `name<` and `name>`; a bare date means that whole day, in UTC."""
    for suffix in ("", "<", ">"):
        text = asked.filter(name + suffix)
        if text is None:
            continue
        if at is None:
            return False
        first, last = _span(text)
        if suffix == "" and not first <= at < last:
            return False
        if suffix == "<" and at >= first:
            return False
        if suffix == ">" and at < first:
            return False
    return True


def _span(text: str) -> tuple[datetime, datetime]:
    try:
        first = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise bad_request(20001, f"Invalid date {text}") from error
    if first.tzinfo is None:
        first = first.replace(tzinfo=UTC)
    whole_day = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)
    return first, first + (timedelta(days=1) if whole_day else timedelta(seconds=1))


def _whole(asked: Asked, name: str, default: int) -> int:
    text = asked.filter(name)
    return int(text) if text is not None and text.isdigit() else default


def _uri(asked: Asked, size: int, number: int, token: str | None = None) -> str:
    kept = [(n, v) for n, values in asked.query.items() for v in values if n not in ("PageSize", "Page", "PageToken")]
    pairs = [*kept, ("PageSize", str(size)), ("Page", str(number))]
    if token is not None:
        pairs.append(("PageToken", token))
    return f"{asked.path}?{urlencode(pairs)}"
