"""Little plays side by side, each on a line with agents of its own, and the moment at which their server is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from simulator.phones import Phone
from tests.outside.around import talking, until
from tests.outside.house import House


class Moment:
    """When all situations have come to it, the server is killed; when all have done what they do then, it is back."""

    def __init__(self, situations: int) -> None:
        self.situations = situations
        self.killed, self.back = asyncio.Event(), asyncio.Event()
        self.there: set[object] = set()
        self.done: set[object] = set()


class Scene:
    """One situation's view of the house."""

    def __init__(self, house: House, line: str, moment: Moment) -> None:
        self.house, self.line, self._moment = house, line, moment
        self.roads = house.carrier.roads
        self.phones: list[Phone] = []

    def account(self) -> str:
        """Where everybody of this play is, for when it ends badly."""
        return "".join(f"\n    {p.address} {p.state} {p.call} ...{p.words[-160:]}" for p in self.phones)

    async def the_others_are_there(self) -> None:
        """For who has only some seconds at that moment: they come to it last."""
        await until(lambda: len(self._moment.there) >= self._moment.situations - 1)

    async def the_server_dies(self) -> None:
        self._moment.there.add(self)
        await self._moment.killed.wait()

    async def the_server_is_back(self) -> None:
        self.ends()
        await self._moment.back.wait()

    async def the_server_dies_and_comes_back(self) -> None:
        await self.the_server_dies()
        await self.the_server_is_back()

    def ends(self) -> None:
        self._moment.there.add(self)
        self._moment.done.add(self)

    async def in_vain(self, sid: str | None) -> None:
        """The carrier has asked for this call's next document, and nobody answered."""
        await until(lambda: sid in self.roads.refused)

    def some_minutes_pass(self, sid: str) -> None:
        """For a recording: only one that nobody has told us of for so long is looked for."""
        for recording in self.house.carrier.network.recordings.all.values():
            if recording.call_sid == sid:
                recording.created_at -= timedelta(minutes=3)

    async def agent(self, line: str | None = None, **more: Any) -> Phone:
        self.phones.append(await self.house.agent(line or self.line, **more))
        return self.phones[-1]

    async def caller(self, **more: Any) -> Phone:
        self.phones.append(await self.house.customer(**more))
        return self.phones[-1]

    async def hears(self, phone: Phone, words: str) -> None:
        try:
            await until(lambda: words in phone.words)
        except TimeoutError:
            raise AssertionError(f"never said: {words!r}; heard: {phone.words}") from None

    async def dials(self) -> tuple[Phone, str]:
        caller = await self.caller()
        return caller, await caller.dial(self.line)

    async def joined(self, agent: Phone) -> tuple[Phone, str]:
        """Somebody who is talking with this agent."""
        caller, sid = await self.dials()
        await talking(agent, caller)
        return caller, sid

    async def is_free_again(self, agent: Phone) -> None:
        async def free() -> bool:
            return await self.house.state_of(agent) == "ready idle"

        await until(free)

    async def ended(self, sid: str) -> Any:
        async def over() -> Any:
            call = await self.house.call(sid)
            return call if call["state"] == "ended" else None

        return await until(over)

    async def one_conversation(self, caller: Phone) -> None:
        assert [i["outcome"] for i in await self.house.history(caller)] == ["solved"]


Situation = Callable[[Scene], Awaitable[None]]
