"""Programs that watch the floor hear what happens, as it happens, in order, and again from where they stopped."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.story.conftest import MARIA, World

pytestmark = pytest.mark.anyio


async def test_a_call_is_heard_of_from_the_first_ring_to_the_last_word(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await world.talk(maria, anna)
    seen = await events(world, "bootstrap")
    numbers = [number for number, _, _ in seen]
    assert numbers == sorted(set(numbers))
    assert {"call.changed", "agent.changed", "decision.made"} <= {kind for _, kind, _ in seen}


async def test_an_agent_hears_of_calls_and_of_no_other_agent(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA)
    await world.talk(maria, anna)
    seen = await events(world, await world.token("Luca", "agent", world.ids["luca"]))
    assert "decision.made" in {kind for _, kind, _ in seen}
    assert {body["id"] for _, kind, body in seen if kind == "agent.changed"} == {world.ids["luca"]}


async def events(world: World, token: str) -> list[tuple[int, str, Any]]:
    """From the first one to the talk."""
    seen = []
    headers = {"Last-Event-ID": "0", "Authorization": f"Bearer {token}"}
    async with (
        world.address() as url,
        httpx2.AsyncClient() as client,
        client.stream("GET", f"{url}/api/v1/events", headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        event: dict[str, str] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            event[name] = value
            if line == "" and "data" in event:
                seen.append((int(event["id"]), event["event"], json.loads(event["data"])))
                event = {}
                if seen[-1][1] == "call.changed" and seen[-1][2]["state"] == "talking":
                    break
    return seen
