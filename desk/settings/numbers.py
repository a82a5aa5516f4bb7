"""Our numbers, what the softphones need, and what `centralino twilio setup` would change, as text."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from carrier.tables import account_numbers
from desk.pages import Asked
from desk.settings.tabs import tab
from desk.site import SetupRefused, Site

COMMAND = "centralino twilio setup --apply"


class Numbers:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, asked: Asked) -> Response:
        async with asked.pages.database.read() as conn:
            _, plan = await self._site.plans.current(conn)
            query = select(account_numbers).order_by(account_numbers.c.number)
            numbers = [
                {"number": row.number, "listed": row.sid is not None, "line": plan.lines.get(row.number)}
                for row in await conn.execute(query)
            ]
        known = {row["number"] for row in numbers}
        context: dict[str, Any] = {
            "numbers": numbers,
            "strange": sorted(number for number in plan.lines if number not in known),
            "keys": self._keys(),
            "public_url": self._site.public_url,
        }
        return tab(asked, "numbers", "numbers", **context)

    def _keys(self) -> list[tuple[str, bool]]:
        """What a softphone needs, by the name of the setting, and whether it is there."""
        account = self._site.account
        return [
            ("TWILIO_ACCOUNT_SID", account.account_sid is not None),
            ("TWILIO_API_KEY_SID", account.api_key_sid is not None),
            ("TWILIO_API_KEY_SECRET", account.api_key_secret is not None),
            ("TWILIO_TWIML_APP_SID", account.twiml_app_sid is not None),
        ]

    async def setup(self, asked: Asked) -> Response:
        """Asked of the carrier at this moment, so it comes after the page."""
        try:
            targets = await self._site.setup()
        except SetupRefused as refused:
            told = asked.words.problem(str(refused))
            return asked.page("settings/setup.html", targets=None, told=told, command=COMMAND)
        return asked.page("settings/setup.html", targets=targets, told=None, command=COMMAND)
