"""A case that was solved is asked about again, on a date that the customer accepted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.app import build_api
from api.tokens import Guard
from callbacks.api import callbacks_router
from callbacks.making import Making
from callbacks.promises import Promises
from carrier.numbers import Numbers
from crm.api import customers_router
from crm.past_api import cases_router
from routing.plans import Plans
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, Asking
from tests.callbacks.conftest import HOUSE, Ground

pytestmark = pytest.mark.anyio
ON_FRIDAY, ON_SUNDAY = "2026-03-06T15:00:00+01:00", "2026-03-08T15:00:00+01:00"


@pytest.fixture
async def ask(database: Database, clock: VirtualClock, promises: Promises) -> AsyncIterator[Asking]:
    """Cases and promises, as they are wired together."""
    guard, plans, network = Guard(database, KEY_OF_THE_HOUSE), Plans(), None
    numbers = Numbers(database, clock, network)  # type: ignore[arg-type]  # nothing is asked of it here
    making = Making(clock, promises, plans, HOUSE, numbers)
    routers = [
        customers_router(database, clock, guard, "IT"),
        cases_router(database, clock, guard, making.follow_up),
        callbacks_router(database, clock, guard, promises, plans, HOUSE, lambda: None, numbers),
    ]
    client = Asking(database, clock, build_api(routers, guard, database, clock))
    yield client
    await client.close()


@pytest.fixture
async def case(ask: Asking, ground: Ground) -> dict[str, Any]:
    await ground.agents("anna", "luca")
    return await ask.made("/cases", {"customer": ground.ids["Maria"], "owner": "anna", "title": "The lamp"})


async def test_a_case_is_solved_and_followed_up_in_one(ask: Asking, ground: Ground, case: dict[str, Any]) -> None:
    path = f"/cases/{case['id']}"
    follow_up = {"due_at": ON_FRIDAY, "reason": "does it still shine?"}
    solved = (await ask("PATCH", path, {"state": "solved", "follow_up": follow_up})).json()
    assert solved == case | {"state": "solved", "solved_at": "2026-03-03T09:00:00Z"}
    (promise,) = (await ask.get(f"/callbacks?case={case['id']}")).json()["items"]
    assert (promise["kind"], promise["agent"], promise["due_at"]) == ("follow_up", "anna", "2026-03-06T14:00:00Z")
    assert (promise["reason"], promise["made_by"]) == ("does it still shine?", "manager")
    await ask("PATCH", path, {"state": "open"})  # what comes of the case is another matter
    luca = await ask.token("agent", "luca")
    again = {"state": "solved", "follow_up": {"due_at": ON_FRIDAY, "window_seconds": 3600}}
    assert (await ask("PATCH", path, again, token=luca)).status_code == 200
    (moved,) = (await ask.get(f"/callbacks?case={case['id']}&state=open")).json()["items"]
    assert (moved["id"], moved["agent"], moved["window_seconds"]) == (promise["id"], "luca", 3600)
    assert len(await ground.all()) == 1


async def test_what_cannot_be_promised_solves_nothing(ask: Asking, ground: Ground, case: dict[str, Any]) -> None:
    path = f"/cases/{case['id']}"
    for body, status, field in (
        ({"state": "solved", "follow_up": {"due_at": ON_SUNDAY}}, 409, "follow_up.due_at"),
        ({"state": "solved", "follow_up": {"due_at": ON_FRIDAY, "agent": "agt_nobody"}}, 422, "follow_up.agent"),
        ({"state": "solved", "follow_up": {"due_at": ON_FRIDAY, "channel": "text"}}, 422, "follow_up.words"),
        ({"state": "solved", "follow_up": {}}, 422, "follow_up.due_at"),
        ({"state": "open", "follow_up": {"due_at": ON_FRIDAY}}, 422, "follow_up"),
        ({"follow_up": {"due_at": ON_FRIDAY}}, 422, "follow_up"),
    ):
        answer = await ask("PATCH", path, body)
        assert (answer.status_code, answer.json()["field"]) == (status, field), body
        assert (len(answer.json().get("slots", [])), (await ask.get(path)).json()) == (3 * (status == 409), case)
    assert await ground.all() == []
