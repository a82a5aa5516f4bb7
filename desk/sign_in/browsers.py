"""What a browser calls itself, as a person would: "Firefox, Windows".  Pure; good enough to tell one's own apart."""

from __future__ import annotations

import re

_BROWSERS = (  # the first that is found: most of them also claim to be the ones below
    (r"Edg(?:e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|CriOS/|Chromium/", "Chrome"),
    (r"Safari/", "Safari"),
)
_SYSTEMS = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"CrOS", "ChromeOS"),
    (r"Mac OS X|Macintosh", "Mac"),
    (r"Linux", "Linux"),
)


def browser_name(agent: str | None) -> str:
    """Empty where nothing is known."""
    found = (_first(_BROWSERS, agent or ""), _first(_SYSTEMS, agent or ""))
    return ", ".join(name for name in found if name)


def _first(known: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for pattern, name in known if re.search(pattern, agent)), "")
