"""A list that does not fit on one page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from carrier.port import OutcomeUnknown
from carrier.twilio import MOST_ON_A_PAGE, TwilioNetwork
from switchboard.stage import served

pytestmark = pytest.mark.anyio

ACCOUNT = "AC" + "0" * 32
SINCE = datetime(2026, 3, 3, tzinfo=UTC)


class Pages:
    """So many pages with one call each; the one that is `broken` cannot be had."""

    def __init__(self, count: int, *, broken: int | None = None) -> None:
        self._count, self._broken = count, broken
        self.asked: list[dict[str, str]] = []
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
        self.app = Starlette(routes=[Route(path, self._page)])

    async def _page(self, request: Request) -> JSONResponse:
        self.asked.append(dict(request.query_params))
        number = int(request.query_params.get("Page", 0))
        if number == self._broken:
            return JSONResponse({"code": 20500, "message": "broken", "status": 500}, 500)
        call = {"sid": f"CA{number:032}", "to": "+393331234567", "from": "+390612345678", "status": "completed"}
        following = f"{request.url.path}?{request.url.query.partition('&Page=')[0]}&Page={number + 1}"
        more = following if number + 1 < self._count else None
        page = {"calls": [call | {"direction": "outbound-api", "duration": str(number)}], "next_page_uri": more}
        return JSONResponse(page | {"page": number, "page_size": 1})


async def test_all_pages_are_read_each_in_a_request_of_its_own() -> None:
    pages = Pages(3)
    async with served(pages.app) as url:
        network = TwilioNetwork(ACCOUNT, "token", api_url=url)
        found = await network.list_calls(started_after=SINCE, limit=None)
        await network.close()
    assert [call.seconds for call in found] == [0, 1, 2]
    size = str(MOST_ON_A_PAGE)
    assert [(one["StartTime>"], one["PageSize"]) for one in pages.asked] == [("2026-03-03T00:00:00Z", size)] * 3


async def test_a_list_of_which_a_page_is_missing_is_no_list() -> None:
    async with served(Pages(3, broken=1).app) as url:
        network = TwilioNetwork(ACCOUNT, "token", api_url=url)
        with pytest.raises(OutcomeUnknown):
            await network.list_calls(started_after=SINCE, limit=None)
        await network.close()
