"""What is around the servers: the carrier's ways to them, the document Twilio keeps, telephones; and patience."""

from __future__ import annotations

import asyncio
import inspect
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from simulator.calls import Call
from simulator.http import Answer, AnswerFailed, ConnectFailed, OverSockets, Patience
from simulator.network import Network, NumberSettings
from simulator.phones import Phone
from simulator.run import SORRY
from switchboard.hosted_fallback import hosted_fallback

OURS = "http://centralino.test"  # PUBLIC_URL: what is signed; the carrier finds the servers behind it
HOSTED = "http://hosted.test/fallback"
NOBODY = "http://nobody.test"
LINE = "+390699990000"  # everybody's; `House.opens` makes others with agents of their own
PATIENCE_SECONDS = 60.0  # two cores may be busy with other tests
BACK_SECONDS = 60.0


async def until(condition: Callable[[], Any], limit: float = PATIENCE_SECONDS) -> Any:
    """Real seconds until `condition`, which may be a coroutine function, says something true; that is returned."""
    end = time.monotonic() + limit
    while True:
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"not so within {limit:g} seconds: {inspect.getsource(condition).strip()}")
        await asyncio.sleep(0.05)


class Roads:
    """The carrier's ways: requests to `OURS` go to the `servers` in turn, as a balancer before them would send them.

    At `HOSTED` is the document that Twilio keeps for when none of them answers, as `centralino twilio setup` prints it.
    """

    def __init__(self) -> None:
        self.servers: list[str] = []
        self.refused: list[str] = []  # the CallSid of each request that found nobody
        self.fallen_back: set[str] = set()  # of each call that is at the document at Twilio now
        self._template = hosted_fallback(company="Centralino", language="en-GB", public_url=OURS)
        self._sockets = OverSockets()
        self._turns: dict[str, int] = {}  # by request: one that is tried again goes to the next server

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, patience: Patience) -> Answer:
        form = dict(parse_qsl(body.decode()))
        sid = form.get("CallSid", "")
        if url.startswith(HOSTED):
            self.fallen_back.add(sid)
            text = from_mustache(self._template, form | dict(parse_qsl(urlsplit(url).query)))
            return Answer(200, {"content-type": "text/xml"}, [], text.encode())
        if url.startswith(NOBODY):
            raise ConnectFailed(url)
        token = headers["I-Twilio-Idempotency-Token"]
        self._turns[token] = self._turns.get(token, len(self._turns)) + 1
        server = self.servers[self._turns[token] % len(self.servers)]
        try:
            answer = await self._sockets.send(method, url.replace(OURS, server, 1), headers, body, patience)
            self.fallen_back.discard(sid)
            return answer
        except (ConnectFailed, AnswerFailed):
            self.refused.append(sid)
            raise

    async def close(self) -> None:
        await self._sockets.close()


def from_mustache(template: str, values: Mapping[str, str]) -> str:
    """As much of it as Twilio's documents use: sections that show with a value or without one, and values."""

    def section(found: re.Match[str]) -> str:
        kind, name, inside = found.groups()
        return inside if bool(values.get(name)) == (kind == "#") else ""

    sections = re.sub(r"\{\{([#^])(\w+)\}\}(.*?)\{\{/\2\}\}", section, template, flags=re.DOTALL)
    return re.sub(r"\{\{(\w+)\}\}", lambda found: escape(values.get(found[1], "")), sections)


@dataclass
class Carrier:
    network: Network
    roads: Roads
    url: str

    def number(self, number: str, *, at: str = OURS) -> None:
        """One of the account's numbers, set as `centralino twilio setup` sets it; `at`: where it looks for us."""
        self.network.add_number(
            number,
            NumberSettings(
                voice_url=f"{at}/twilio/voice",
                voice_fallback_url=HOSTED,
                status_callback=f"{at}/twilio/status",
                sms_url=f"{at}/twilio/sms",
            ),
        )

    def rung(self, address: str) -> list[Call]:
        """The calls that were made to this address, oldest first."""
        return [c for c in self.network.calls.values() if c.to == address and c.direction == "outbound-api"]

    def everybody_is_back(self) -> bool:
        """Nobody is held by the document at Twilio any more."""
        return all(self.network.calls[sid].over for sid in self.roads.fallen_back)

    def errors_heard(self) -> list[str]:
        """Who has heard Twilio's own sentence."""
        return [phone.address for phone in self.network.directory.phones if SORRY in phone.words]


async def talking(agent: Phone, caller: Phone) -> None:
    """The agent picks up, and the two hear each other."""
    await until(lambda: agent.state == "ringing")
    agent.answer()
    await until(lambda: caller.partners == [agent.address])


async def presses(phone: Phone, key: str) -> None:
    """As soon as somebody listens."""

    def listened_to() -> bool:
        telling = [frame["type"] for frame in phone.events if frame["type"] not in ("said", "playing", "quiet")]
        return telling[-1:] == ["listening"]

    await until(listened_to)
    phone.press(key)
