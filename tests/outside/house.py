"""The house as its API shows it: setting the stage, and asking what became of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx2

from simulator.calls import Call
from simulator.phones import Phone
from tests.outside.around import LINE, PATIENCE_SECONDS, Carrier, until

API_TOKEN = "opensesame"
AGENTS = ("Anna", "Luca", "Sara", "Piero", "Nina", "Ugo")
CALLERS = ("Maria", "Paolo", "Carla", "Dino", "Elsa", "Furio")


class Api:
    """The JSON API of one server, with every right."""

    def __init__(self, url: str) -> None:
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        self.client = httpx2.AsyncClient(base_url=f"{url}/api/v1", headers=headers, timeout=PATIENCE_SECONDS)

    async def get(self, path: str) -> Any:
        return await self._asked("GET", path)

    async def items(self, path: str) -> list[Any]:
        """All pages."""
        joint = "&" if "?" in path else "?"
        page = await self.get(f"{path}{joint}limit=100")
        found: list[Any] = page["items"]
        while page["next"]:
            page = await self.get(f"{path}{joint}limit=100&cursor={page['next']}")
            found += page["items"]
        return found

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return await self._asked("POST", path, json=body)

    async def put(self, path: str, body: Mapping[str, Any], **headers: str) -> Any:
        return await self._asked("PUT", path, json=body, headers=headers)

    async def _asked(self, method: str, path: str, **more: Any) -> Any:
        """Asked again while the store is away, of which the answer says that nothing was changed."""
        end = time.monotonic() + PATIENCE_SECONDS
        while (answer := await self.client.request(method, path, **more)).status_code == 503 and time.monotonic() < end:
            await asyncio.sleep(0.2)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json()


@dataclass
class House:
    """Who works here and who rings, set up through the API."""

    carrier: Carrier
    api: Api
    ids: dict[str, str] = field(default_factory=dict)  # by address of an agent, number of a customer
    lines: dict[str, str] = field(default_factory=dict)  # number -> the skill that its agents have
    agents: defaultdict[str, list[Phone]] = field(default_factory=lambda: defaultdict(list))  # by line
    _people: int = 0
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)  # a herd at the API is not what is looked at here

    async def opens(self, lines: int, **plan: Any) -> list[str]:
        """Day and night; so many lines beside `LINE`, each served only by agents of its own."""
        for n in range(1, lines + 1):
            number = f"+39069999{n:04d}"
            self.carrier.number(number)
            self.lines[number] = f"line{n}"
        answer = await self.api.client.get("/plan")
        rules = {number: {"skills": {skill: 1}} for number, skill in self.lines.items()}
        brisk = {"hours": "24/7", "lines": rules, "wrap_up_seconds": 1, "talk_seconds": 30}
        await self.api.put("/plan", answer.json() | brisk | plan, **{"If-Match": answer.headers["ETag"]})
        return list(self.lines)

    async def agent(self, line: str = LINE, *, ready: bool = True, **more: Any) -> Phone:
        self._people += 1
        name = f"{AGENTS[self._people % len(AGENTS)]} {self._people}"
        skills = {self.lines[line]: 1} if line in self.lines else {}
        body = {"name": name, "address": f"client:agent{self._people}", "languages": ["en-GB"], "skills": skills}
        async with self._writing:
            made = await self.api.post("/agents", body | more)
        phone = self.carrier.network.plug_in(made["address"])
        self.ids[phone.address] = made["id"]
        self.agents[line].append(phone)
        if ready:
            await self.presence(phone, "ready")
        return phone

    async def presence(self, agent: Phone, availability: str) -> None:
        await self.api.put(f"/agents/{self.ids[agent.address]}/presence", {"availability": availability})

    async def state_of(self, agent: Phone) -> str:
        found = await self.api.get(f"/agents/{self.ids[agent.address]}")
        return f"{found['availability']} {found['activity']}"

    async def customer(self, **more: Any) -> Phone:
        self._people += 1
        number, called = f"+39333{1_000_000 + self._people}", CALLERS[self._people % len(CALLERS)]
        body = {"name": f"{called} Rossi", "called": called, "language": "en-GB", "phones": [number]}
        async with self._writing:
            made = await self.api.post("/customers", body | more)
        self.ids[number] = made["id"]
        return self.carrier.network.plug_in(number)

    async def promise(self, customer: Phone, seconds: float, **more: Any) -> str:
        """Its id."""
        due_at = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        made = await self.api.post("/callbacks", {"customer": self.ids[customer.address], "due_at": due_at} | more)
        return str(made["id"])

    async def call(self, sid: str) -> Any:
        return await self.api.get(f"/calls/{sid}")

    async def history(self, customer: Phone) -> list[Any]:
        return await self.api.items(f"/interactions?customer={self.ids[customer.address]}")

    async def promises(self, customer: Phone) -> list[Any]:
        return await self.api.items(f"/callbacks?customer={self.ids[customer.address]}")

    async def closes(self, limit: float = PATIENCE_SECONDS) -> None:
        """Everybody hangs up and what is promised is called off: then no call is live, and no agent is kept by one."""
        calls = self.carrier.network.calls

        async def quiet() -> bool:
            for phone in self.carrier.network.directory.phones:
                phone.hang_up()
            for state in ("promised", "due"):
                for promise in await self.api.items(f"/callbacks?state={state}"):
                    await self.api.client.delete(f"/callbacks/{promise['id']}")  # one that is being kept goes on
            if any(not call.over for call in calls.values()) or await self.api.items("/calls?state=live"):
                return False
            return {agent["activity"] for agent in await self.api.items("/agents")} <= {"idle"}

        await until(quiet, limit)

    async def nothing_was_lost_or_done_twice(self) -> None:
        """What must be so in the end, whatever happened: of every call that we answered, and of every leg we made."""
        assert self.carrier.errors_heard() == []
        calls = self.carrier.network.calls
        marks = Counter(c.subscription.url for c in calls.values() if c.direction == "outbound-api" and c.subscription)
        assert [mark for mark, times in marks.items() if times > 1] == []
        shown = await self.api.items("/calls")
        assert {call["state"] for call in shown} == {"ended"}
        assert [call for call in shown if call["direction"] == "inbound" and call["outcome"] is None] == []
        for call in shown:
            rings = [calls[leg["sid"]] for leg in call["legs"] if leg["role"] == "agent" and leg["sid"]]
            assert not overlapping(rings), f"{call['sid']} had two agents rung at once"
        for promise in await self.api.items("/callbacks"):
            dialled = [leg for leg in self.carrier.rung(promise["number"]) if leg.started_at is not None]
            assert len(dialled) == len(promise["attempts"])


def overlapping(rings: list[Call]) -> bool:
    """Did one of these begin before the one before it was over?"""
    in_order = sorted((ring for ring in rings if ring.started_at), key=lambda ring: ring.created_at)
    return any(
        later.started_at < (earlier.ended_at or datetime.now(UTC))
        for earlier, later in pairwise(in_order)
        if later.started_at
    )
