"""Of a form about a record: what was changed in it.  Two who have the same record open undo nothing of each other.

A form carries what stood there when it was made, in a hidden field `was`; only what differs from that is sent on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData


def before(form: FormData) -> dict[str, Any] | None:
    """What the form was made with; null: it does not say, so all of it counts."""
    try:
        was = json.loads(str(form.get("was", "")))
    except ValueError:
        return None
    return was if isinstance(was, dict) else None


def only(body: Mapping[str, Any], given: Mapping[str, Any], was: Mapping[str, Any] | None) -> dict[str, Any]:
    """Of `body`, the fields whose typed value (`given`) is another than it `was`."""
    if was is None:
        return dict(body)
    return {
        name: value for name, value in body.items() if name not in given or _plain(given[name]) != _plain(was.get(name))
    }


def _plain(value: Any) -> Any:
    """A text area sends its line ends in its own way."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    return [_plain(one) for one in value] if isinstance(value, list) else value
