"""A floor to look at: agents, callers who talk and wait, and promises, written straight into the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from callbacks.tables import callbacks
from ivr.tables import calls, legs, supervisions, transfers
from routing.tables import agents, decisions, reservations
from store.ids import new_id
from tests.desk.browsing import Premises

LINE = "+390699990000"


@dataclass
class Scene:
    premises: Premises
    agents: dict[str, str] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.premises.clock.now()

    def ago(self, seconds: float) -> datetime:
        return self.now - timedelta(seconds=seconds)

    async def write(self, table: Any, **values: Any) -> None:
        async with self.premises.database.write() as conn:
            await conn.execute(insert(table).values(**values))

    async def agent(self, name: str, availability: str = "ready", activity: str = "idle", **more: Any) -> str:
        self.agents[name] = new_id("agt")
        usual: dict[str, Any] = {"id": self.agents[name], "name": name, "address": f"client:{name.split()[0].lower()}"}
        usual |= {"languages": ["it-IT"], "skills": {}, "since_at": self.ago(600), "made_at": self.ago(9000)}
        await self.write(agents, **usual | {"availability": availability, "activity": activity} | more)
        return self.agents[name]

    async def customer(self, name: str, number: str) -> str:
        if name not in self.customers:
            self.customers[name] = await self.premises.customer(name, number)
        return self.customers[name]

    async def call(self, who: str | None, number: str = "+393331234567", state: str = "waiting", **more: Any) -> str:
        call_id = new_id("call")
        customer = None if who is None else await self.customer(who, number)
        usual: dict[str, Any] = {
            "id": call_id,
            "sid": f"CA{call_id[-26:]:>32}".replace(" ", "0"),
            "direction": "inbound",
        }
        usual |= {"from_number": number, "to_number": LINE, "customer_id": customer, "language": "it-IT"}
        await self.write(calls, **usual | {"state": state, "arrived_at": self.ago(90)} | more)
        if usual["direction"] == "inbound":
            await self.leg(call_id, "caller")
        return call_id

    async def leg(self, call_id: str, role: str, agent_id: str | None = None, state: str = "in-progress") -> str:
        leg_id = new_id("leg")
        row: dict[str, Any] = {"id": leg_id, "sid": None, "call_id": call_id, "role": role, "agent_id": agent_id}
        await self.write(legs, **row, state=state, made_at=self.ago(60))
        return leg_id

    async def talk(self, who: str | None, agent: str, number: str = "+393331234567", **more: Any) -> str:
        """Between somebody and an agent who is made for it."""
        agent_id = await self.agent(agent, activity="talking")
        at = {"joined_at": self.ago(70), "talking_at": self.ago(72)}
        call_id = await self.call(who, number, "talking", agent_id=agent_id, **at | more)
        row = {"id": new_id("rsv"), "call_id": call_id, "agent_id": agent_id, "state": "accepted", "live": True}
        await self.write(reservations, **row, made_at=self.ago(80), accepted_at=self.ago(72))
        await self.leg(call_id, "agent", agent_id)
        return call_id

    async def decision(
        self, call_id: str, sentence: str, action: str = "wait", agent_id: str | None = None, **reasons: Any
    ) -> None:
        row = {"id": new_id("dec"), "call_id": call_id, "at": self.ago(80), "action": action, "agent_id": agent_id}
        await self.write(decisions, **row, sentence=sentence, reasons={"weighed": []} | reasons)

    async def promise(self, who: str, number: str, minutes: float, agent: str | None = None, **more: Any) -> str:
        promise_id = new_id("cb")
        row: dict[str, Any] = {"id": promise_id, "customer_id": await self.customer(who, number), "number": number}
        row |= {"agent_id": self.agents[agent] if agent else None, "zone": "Europe/Rome", "window_seconds": 300}
        row |= {"promised_at": self.now + timedelta(minutes=minutes), "kind": "scheduled", "state": "promised"}
        row |= {"made_at": self.ago(4000), "made_by": "customer", "made_with": "phone", "from_number": LINE}
        await self.write(callbacks, **row | more)
        return promise_id

    async def transfer(self, call_id: str, from_agent: str, to_agent: str, **more: Any) -> None:
        row = {"id": new_id("trf"), "call_id": call_id, "from_agent": from_agent, "to_agent": to_agent}
        await self.write(transfers, **row | {"state": "consulting", "live": True, "made_at": self.ago(20)} | more)

    async def supervision(self, call_id: str, by: str, name: str, mode: str = "listen", **more: Any) -> None:
        row: dict[str, Any] = {"id": new_id("sup"), "call_id": call_id, "by": by, "name": name, "mode": mode}
        row |= {"address": "client:user_x", "made_at": self.ago(10), "joined_at": self.ago(8)}
        await self.write(supervisions, **row | more)
