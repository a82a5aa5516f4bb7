"""The frame that the settings share."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from desk.pages import Asked

AT = "/console/settings"
PLACE = "settings"
TABS = (  # name, which is also the end of the address, and label in English
    ("users", "People who sign in"),
    ("tokens", "Tokens"),
    ("numbers", "Numbers and Twilio"),
    ("health", "Health"),
    ("retention", "Retention and privacy"),
    ("audit", "Who did what"),
)


def tab(asked: Asked, name: str, template: str, status: int = 200, **context: Any) -> Response:
    """A whole page under one of the tabs."""
    return asked.page(f"settings/{template}.html", status, place=PLACE, tabs=TABS, tab=name, **context)
