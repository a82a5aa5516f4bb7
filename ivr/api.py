"""`/calls` under `/api/v1`: live and past, each with why it went where it went."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Listing
from api.paging import Paging, by_id
from api.problems import NotFound
from api.tokens import Asking, Guard
from carrier.numbering import is_withheld
from crm import audit, people
from ivr import supervision, transfers
from ivr.lifecycle import CallState
from ivr.personal import FORGOTTEN
from ivr.schemas import CallShown, DecisionShown, Identity, LegShown, SupervisorShown, TransferShown
from ivr.tables import calls, legs
from routing.agents import Ended
from routing.tables import decisions, reservations
from store.clock import Clock
from store.sql import Database


def calls_router(database: Database, clock: Clock, guard: Guard) -> APIRouter:
    at = _Calls(database, clock)
    router = APIRouter(tags=["calls"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    router.add_api_route("/calls", at.find, methods=["GET"])
    router.add_api_route("/calls/{call_sid}", at.show, methods=["GET"])
    return router


class _Calls:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def find(
        self,
        page: Paging,
        asking: Asking,
        state: Literal["live"] | CallState | None = None,
        customer: Annotated[str | None, Query(max_length=200)] = None,
        agent: Annotated[str | None, Query(max_length=200)] = None,
        newest: Annotated[bool, Query(description="the latest first")] = False,
    ) -> Listing[CallShown]:
        """`state=live`: those that have not ended.  `agent`: who talks in it, or has."""
        statement = select(calls).where(calls.c.sid.is_not(None))
        if state == "live":
            statement = statement.where(calls.c.state != CallState.ENDED)
        elif state is not None:
            statement = statement.where(calls.c.state == state)
        if customer is not None:
            statement = statement.where(calls.c.customer_id == customer)
        if agent is not None:
            statement = statement.where(or_(calls.c.agent_id == agent, calls.c.id.in_(_talked_in(agent))))
        if newest:
            statement = page.newest_first(statement, calls.c.arrived_at, calls.c.id)
        else:
            statement = page.by_id(statement, calls.c.id)
        async with self._database.read() as conn:
            rows = (await conn.execute(statement)).all()
            rows, following = page.cut(rows, _by_arrival if newest else by_id)
            items = await shown(conn, rows, self._clock.now())
            whose = customer if customer is not None and await people.exists(conn, customer) else None
        await audit.part_seen(self._database, asking, whose, "calls", now=self._clock.now())
        return Listing[CallShown](items=items, next=following)

    async def show(self, call_sid: str, asking: Asking) -> CallShown:
        async with self._database.read() as conn:
            row = (
                await conn.execute(select(calls).where(or_(calls.c.sid == call_sid, calls.c.id == call_sid)))
            ).first()
            if row is None:
                raise NotFound("call")
            (call,) = await shown(conn, [row], self._clock.now())
        await audit.part_seen(self._database, asking, row.customer_id, "call", now=self._clock.now())
        return call


def _talked_in(agent_id: str) -> Select[Any]:
    """Also before a transfer, or before their line broke for good."""
    talked = reservations.c.state.in_((Ended.TALK_ENDED, Ended.BROKEN))
    return select(reservations.c.call_id).where(reservations.c.agent_id == agent_id, talked)


def _by_arrival(row: Row[Any]) -> tuple[str, str]:
    return row.arrived_at.isoformat(), row.id


async def shown(conn: AsyncConnection, rows: Sequence[Row[Any]], now: datetime) -> list[CallShown]:
    """Calls as the API shows them; an outbound one before its customer is dialled has an empty SID."""
    ids = [row.id for row in rows]
    made = await conn.execute(select(decisions).where(decisions.c.call_id.in_(ids)).order_by(decisions.c.id))
    parts = await conn.execute(select(legs).where(legs.c.call_id.in_(ids)).order_by(legs.c.id))
    decisions_of: dict[str, list[DecisionShown]] = {call_id: [] for call_id in ids}
    legs_of: dict[str, list[LegShown]] = {call_id: [] for call_id in ids}
    for row in made:
        decisions_of[row.call_id].append(decision_shown(row))
    for row in parts:
        role = "agent" if row.role == "consult" else row.role
        legs_of[row.call_id].append(LegShown(sid=row.sid, role=role, agent=row.agent_id, state=row.state))
    asked, on_it = await transfers.newest(conn, ids), await supervision.shown(conn, ids)
    views = [
        _shown(row, now)
        | {"decisions": decisions_of[row.id], "legs": legs_of[row.id]}
        | {"transfer": _transfer(asked.get(row.id)), "supervisors": _supervisors(on_it.get(row.id, ()))}
        for row in rows
    ]
    return [CallShown.model_validate(view) for view in views]


def decision_shown(row: Row[Any]) -> DecisionShown:
    return DecisionShown(at=row.at, action=row.action, agent=row.agent_id, sentence=row.sentence, reasons=row.reasons)


def _transfer(row: Row[Any] | None) -> TransferShown | None:
    if row is None:
        return None
    since = row.ended_at or row.introduced_at or row.answered_at or row.made_at
    return TransferShown(
        state=row.state,
        live=row.live,
        agent=row.to_agent,
        skill=row.skill,
        note=row.note,
        by=row.from_agent,
        since=since,
    )


def _supervisors(rows: Sequence[Row[Any]]) -> list[SupervisorShown]:
    return [SupervisorShown(by=row.by, name=row.name, mode=row.mode, since=row.joined_at) for row in rows]


def _shown(row: Row[Any], now: datetime) -> dict[str, Any]:
    return {
        "id": row.id,
        "sid": row.sid or "",
        "direction": row.direction,
        "from": row.from_number,
        "to": row.to_number,
        "customer": row.customer_id,
        "said": row.said,
        "language": row.language,
        "state": row.state,
        "outcome": row.outcome,
        "agent": row.agent_id,
        "familiar": row.familiar,
        "waited_seconds": _waited(row, now),
        "started_at": row.arrived_at,
        "ended_at": row.ended_at,
        "callback": row.callback_id,
        "recording_url": row.recording_url,
        "identity": identity(row),
        "attestation": row.attestation,
        "forwarded_from": row.forwarded_from,
        "case": row.case_id,
        "confirmed": row.confirmed,
        "consent": row.consent,
        "recordings": row.talk_recordings or [],
        "recording": row.recording_state,
        "name_recording_url": row.name_recording_url,
        "on_hold_since": row.on_hold_at,
        "broken_since": None if row.state == CallState.ENDED else row.dropped_at,
        "agent_ends": row.agent_ends_at is not None,
    }


def identity(row: Row[Any]) -> Identity:
    """How far we know who it is.  A record alone says that a number is theirs, or that somebody said a name."""
    if row.customer_id is None:
        hidden = row.direction == "inbound" and row.from_number != FORGOTTEN and is_withheld(row.from_number)
        return "withheld" if hidden else "unknown"
    if row.proved_at is not None:
        return "verified"
    return "name" if row.known_by == "name" else "number"


def _waited(row: Row[Any], now: datetime) -> float | None:
    """Until somebody talked with them, or they left, or now."""
    if row.waited_seconds is not None or row.direction == "outbound":
        return None if row.waited_seconds is None else float(row.waited_seconds)
    ended_at: datetime = row.ended_at or now
    return float(round((ended_at - row.arrived_at).total_seconds(), 1))
