"""A connector that writes down what it is asked, and does what it is told to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from crm.connectors.port import ConnectorError, Conversation, Found


@dataclass
class Friend:
    """`port.Connector`."""

    name: str = "friend"
    people: dict[str, Found] = field(default_factory=dict)
    trouble: ConnectorError | Exception | None = None
    meanwhile: Callable[[], Awaitable[None]] | None = None
    asked: list[str] = field(default_factory=list)
    told: list[tuple[Conversation, bool]] = field(default_factory=list)
    closed: bool = False

    async def find(self, number: str) -> Found | None:
        self.asked.append(number)
        await self._goes()
        return self.people.get(number)

    async def tell(self, news: Conversation, *, again: bool) -> None:
        self.told.append((news, again))
        await self._goes()

    async def check(self) -> None:
        await self._goes()

    async def close(self) -> None:
        self.closed = True

    async def _goes(self) -> None:
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.trouble is not None:
            raise self.trouble
