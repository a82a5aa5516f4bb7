"""Every part that the house leans on: does it work, and what to do where it does not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup, escape
from starlette.responses import Response

from desk.pages import Asked
from desk.settings.tabs import tab
from desk.site import Site

LABELS = {  # in English, for the catalogue
    "database": "Database",
    "keeper": "Background work",
    "due work": "Work that is due",
    "redis": "Redis",
    "settings": "Settings",
    "home": "Folder for stores and keys",
    "database and schema": "Schema of the database",
    "REST credentials": "Twilio: credentials",
    "public URL": "Twilio: our address",
    "signatures": "Twilio: signatures",
    "clock": "Clock",
    "sign-in": "Signing in",
    "connector": "The other CRM",
}
HELP = {
    "database": "Check DATABASE_URL and whether the database runs.",
    "keeper": "Start `centralino keeper`, or `centralino serve` without --no-keeper: without it no promise is dialled.",
    "due work": "Start one more `centralino keeper`; if it stays so, look for due_work_failed in the log.",
    "redis": "Check REDIS_URL. Without it everything goes on, only less quickly.",
    "settings": "Write what is missing into .env, and start the server again.",
    "home": "Let the server's user write in this folder.",
    "database and schema": "Run `centralino migrate`.",
    "REST credentials": "Check TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and the API key; which number leads where stands "
    "under Numbers and Twilio.",
    "public URL": "Twilio must reach PUBLIC_URL over https; see how the proxy passes it on.",
    "signatures": "Check TWILIO_AUTH_TOKEN and PUBLIC_URL: callers hear an apology until they are right.",
    "clock": "Keep this machine's clock on NTP.",
    "sign-in": "Check OIDC_ISSUER; until it is right, a password opens the door.",
    "connector": "Check CONNECTOR_URL and what it is let in with.",
}
ORDER = {"failed": 0, "note": 1, "ok": 2}


class Health:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, asked: Asked) -> Response:
        return tab(asked, "health", "health")

    async def findings(self, asked: Asked) -> Response:
        """Some of it is asked of others, so it comes after the page."""
        found = sorted(await self._site.examine(), key=lambda item: ORDER[item["state"]])
        items = [
            {
                **item,
                "label": asked.words(LABELS.get(item["name"], item["name"])),
                "told": with_commands(asked.words.problem(item["told"])),
                "help": with_commands(asked.words(HELP[item["name"]])) if _needs_help(item) else None,
            }
            for item in found
        ]
        failed = sum(1 for item in items if item["state"] == "failed")
        noted = sum(1 for item in items if item["state"] == "note")
        return asked.page("settings/findings.html", items=items, failed=failed, noted=noted)


def _needs_help(item: Mapping[str, str]) -> bool:
    """A note about signing in says by itself what to do; its help is for a provider that does not answer."""
    if item["name"] == "sign-in":
        return item["state"] == "failed"
    return item["state"] != "ok" and item["name"] in HELP


def with_commands(text: str) -> Markup:
    """What stands between two backticks is to be typed."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))
