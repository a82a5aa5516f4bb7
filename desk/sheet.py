"""A dialog that the server fills: it closes when what it asks for is done, and says so; else it shows what is wrong.

The page has `{% include "sheet.html" %}` and `static/sheet.js`; whatever opens it has `data-sheet` and an `hx-get`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from desk.asking import Refused
from desk.pages import Asked


def done(asked: Asked, told: str, *, changed: str | None = None, back: str = "/console/floor") -> Response:
    """The dialog closes, and `told` is said; `changed`: the topic whose parts look again, before the news comes.

    Without a script: to the page `back`.
    """
    if not asked.of_a_part:
        return asked.redirect(back)
    events: dict[str, Any] = {"sheet-done": {"told": told}}
    if changed is not None:
        events[f"{changed}-changed"] = {}
    return Response(status_code=204, headers={"HX-Trigger": json.dumps(events)})


def refused_in(asked: Asked, refused: Refused, template: str, shown: Mapping[str, Any]) -> Response:
    """The dialog again, with what was typed and what is wrong with it."""
    return asked.page(template, refused.status, **shown)
