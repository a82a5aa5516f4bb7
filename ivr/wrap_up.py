"""After the talk: how it ended, in its agent's word, and whether the customer wants this agent from now on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import FieldRefused
from crm import cases, history, people
from crm.tables import cases as cases_table
from ivr.lifecycle import CallState, NotNow
from ivr.schemas import WrapUp, WrapUpShown
from ivr.turn import Turn
from routing.reservations import live_of_call, talks


async def wrap_up(turn: Turn, agent_id: str, given: WrapUp, by: str) -> WrapUpShown:
    """Of this agent's last talk in the call.  Raises NotNow, FieldRefused."""
    call, conn = turn.call, turn.conn
    reservation = await live_of_call(conn, call.id)
    if call.state == CallState.TALKING and reservation is not None and reservation.agent_id == agent_id:
        raise NotNow("not_over", "The talk goes on.")
    names = [call.sid or "", *(f"{call.sid}/{n}" for n in range(2, await talks(conn, call.id) + 1))]
    talk = await history.talk_of(conn, names, agent_id)
    if talk is None or call.customer_id is None:
        raise NotNow("no_talk", "This agent has talked with nobody we know in this call.")
    values: dict[str, Any] = given.model_dump(exclude_unset=True, include={"outcome", "topic", "summary"})
    if "case" in given.model_fields_set:
        values["case_id"] = await case_of(conn, call.customer_id, given.case)
    row = await cases.wrap_up(conn, talk, values, agent_id=agent_id, by=by, now=turn.now)
    if row.case_id is not None and row.case_id != call.case_id:
        await turn.change(case_id=row.case_id)
    return WrapUpShown(
        interaction=row.id,
        outcome=row.outcome,
        topic=row.topic,
        summary=row.summary,
        case=row.case_id,
        mine=await _is_theirs(turn, agent_id, given.mine),
    )


async def about(turn: Turn, case_id: str | None) -> None:
    """What the talk is about.  Raises FieldRefused."""
    await turn.change(case_id=await case_of(turn.conn, turn.call.customer_id, case_id))


async def case_of(conn: AsyncConnection, customer_id: str | None, case_id: str | None) -> str | None:
    """Raises FieldRefused for a case of somebody else's."""
    if case_id is None:
        return None
    whose = await conn.scalar(select(cases_table.c.customer_id).where(cases_table.c.id == case_id))
    if whose is None or whose != customer_id:
        raise FieldRefused("case", "This is not a case of the customer of this call.")
    return case_id


async def _is_theirs(turn: Turn, agent_id: str, mine: bool | None) -> bool:
    """Are they the one whom the customer has chosen, with the customer's wish of now?"""
    person = turn.person
    if person is None:
        return False
    chosen = person.preferred_agent == agent_id
    if mine is None or mine == chosen:
        return chosen
    await people.change(turn.conn, person.id, {"preferred_agent": agent_id if mine else None}, turn.now)
    return mine
