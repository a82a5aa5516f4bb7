"""A stream of calls, and a server that dies in the middle of it: in the end every call is accounted for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest

from simulator.phones import AutoAnswer, Phone
from tests.outside.around import BACK_SECONDS, LINE, until
from tests.outside.conftest import Starts
from tests.outside.house import House
from tests.outside.process import Process

pytestmark = pytest.mark.anyio

SEED = 20260303
CALLS, AGENTS, DEATHS = 30, 8, 2
SECONDS_BETWEEN_CALLS = 0.6
WISHES = ("talk", "talk", "talk", "message", "call back", "give up")


@dataclass
class Caller:
    """Somebody who knows what they want, and asks for it again where they are asked again."""

    phone: Phone
    wish: str
    patience_seconds: float
    sid: str = ""
    hung_up: bool = False
    talked: bool = False

    async def calls(self) -> None:
        self.sid = await self.phone.dial(LINE)
        try:
            async with asyncio.timeout(self.patience_seconds if self.wish == "give up" else None):
                while self.phone.state != "idle":
                    self._acts()
                    await asyncio.sleep(0.1)
        except TimeoutError:
            self.hung_up = True
            self.phone.hang_up()
        self.phone.auto = AutoAnswer(0.5, talk_seconds=1.0, press="1")  # should they be called back already

    def is_content_with(self, outcome: str | None) -> bool:
        """`outcome` None: the house has never heard of the call."""
        match outcome:
            case "agent":
                return self.talked or self.hung_up  # on their way into the room, perhaps
            case "callback" | "voicemail":
                return not self.talked
            case _:
                return self.hung_up

    def _acts(self) -> None:
        self.talked = self.talked or bool(self.phone.partners)
        latest = self.phone.events[-1]
        text = str(latest.get("text", ""))
        if self.phone.state != "in_call":
            return
        if self.talked:
            if "Thank you for calling" in text:
                self.phone.hang_up()
            return
        if self.wish == "call back" and "can call you back" in text:
            self.phone.press("5")
        elif self.wish == "call back" and "ress 2 for a call back" in text:
            self.phone.press("2")
        elif self.wish == "message" and "ress 3 to leave a message" in text:
            self.phone.press("3")
        elif latest["type"] == "recording" and "Please leave your message" in self.phone.words[-400:]:
            self.phone.record(0.5)
            self.phone.press("#")


@dataclass
class Agent:
    """Picks up, waits for whoever it is, talks, and hangs up."""

    phone: Phone
    picks_up_seconds: float
    talk_seconds: float

    async def works(self) -> None:
        while True:
            await until(lambda: self.phone.state == "ringing", 600)
            await asyncio.sleep(self.picks_up_seconds)
            if self.phone.state == "ringing":
                await self._takes(self.phone.call)

    async def _takes(self, call: str | None) -> None:
        self.phone.answer()
        with suppress(TimeoutError):
            await until(lambda: self.phone.partners or self.phone.call != call)
        await asyncio.sleep(self.talk_seconds)
        if self.phone.call == call:
            self.phone.hang_up()


@asynccontextmanager
async def at_work(agents: Sequence[Agent]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(agent.works()) for agent in agents]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def test_every_call_of_a_stream_is_accounted_for_although_the_server_dies_in_it(
    serve_process: Starts, house: Callable[[Process], House]
) -> None:
    """On embedded stores, whose Valkey outlives the server and is found again."""
    chance = random.Random(SEED)
    server = await serve_process()
    here = house(server)
    await here.opens(0)
    agents = [Agent(await here.agent(), chance.uniform(0.2, 2.5), chance.uniform(0.5, 2.5)) for _ in range(AGENTS)]
    callers = [
        Caller(await here.customer(), chance.choice(WISHES), patience_seconds=chance.uniform(0.0, 6.0))
        for _ in range(CALLS)
    ]

    pauses = [SECONDS_BETWEEN_CALLS * chance.uniform(0.2, 1.8) for _ in callers]

    async def ring_one_after_the_other(calls: asyncio.TaskGroup) -> None:
        for caller, pause in zip(callers, pauses, strict=True):
            calls.create_task(caller.calls())
            await asyncio.sleep(pause)

    async with at_work(agents), asyncio.timeout(150), asyncio.TaskGroup() as calls:
        calls.create_task(ring_one_after_the_other(calls))
        for _ in range(DEATHS):
            await until(here.carrier.everybody_is_back)
            await asyncio.sleep(chance.uniform(2.0, 5.0))
            server.kill()
            server.start()
            await server.ready(BACK_SECONDS)
    for recording in here.carrier.network.recordings.all.values():
        recording.created_at -= timedelta(minutes=3)  # what nobody has told us of for so long is looked for
    server.kill()
    server.start()
    await server.ready(BACK_SECONDS)

    async def accounted_for() -> bool:
        outcomes.update({call["sid"]: call["outcome"] for call in await here.api.items("/calls")})
        return all(caller.is_content_with(outcomes.get(caller.sid)) for caller in callers)

    outcomes: dict[str, str | None] = {}
    with suppress(TimeoutError):
        await until(accounted_for, 15)
    strange = [(outcomes.get(c.sid), c) for c in callers if not c.is_content_with(outcomes.get(c.sid))]
    assert strange == []
    await here.closes()
    await here.nothing_was_lost_or_done_twice()
    ends = set(outcomes.values()) - {None}  # which of the ways out are taken in time, the speed of the machine decides
    assert "agent" in ends
    assert len(ends) >= 3, ends
