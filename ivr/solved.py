"""Is it solved: asked of the customer after a talk, by key while they are there, or by a text when they have gone.

Their answer moves the matter and how well the two know each other, never a figure about the agent.  No answer is none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.mobiles import is_mobile
from carrier.numbering import callable_back
from crm import cases
from crm.case_history import CUSTOMER
from crm.history import known_ids
from crm.identify import Person
from crm.tables import cases as cases_table
from ivr import calls, parting
from ivr.document import Document
from ivr.letters import CALL_ME_KEY, NOT_SOLVED_KEY, SOLVED_KEY
from ivr.lifecycle import Outcome
from ivr.segments import fitted
from ivr.tables import calls as calls_table
from ivr.texts import at_rest, first_names, send_text
from ivr.turn import Rooms, Turn, own_number
from routing.agents import Agent
from routing.floor import agent
from routing.reservations import talks

TALKED = timedelta(seconds=20)  # less is no conversation about which this could be asked
ONCE_IN = timedelta(days=1)
ANSWERED_WITHIN = timedelta(days=3)


async def talk_over(turn: Turn) -> Document:
    """What a caller who is still there after the talk hears."""
    if asks_by_key(turn):
        return parting.is_it_solved(turn.stage, turn.stage.named("thanks"), topic=await _may_be_named(turn))
    return parting.talk_over(turn.stage, await could_be_theirs(turn))


async def _may_be_named(turn: Turn) -> str | None:
    """What it is about, said aloud only to somebody who has proved who they are."""
    if turn.call.proved_at is None:
        return None
    return await case_topic(turn.conn, turn.call.case_id)


async def could_be_theirs(turn: Turn) -> Agent | None:
    """Whom they talked with, if they can still choose them as their person."""
    person, agent_id = turn.person, turn.call.agent_id
    if person is None or agent_id is None or person.preferred_agent == agent_id:
        return None
    return await agent(turn.conn, agent_id)


def asks_by_key(turn: Turn) -> bool:
    return turn.plan.ask_solved in ("key", "both") and _can_be_asked(turn)


async def case_topic(conn: AsyncConnection, case_id: str | None) -> str | None:
    """What a call is about, where it is about a case."""
    if case_id is None:
        return None
    topic: str | None = await conn.scalar(select(cases_table.c.topic).where(cases_table.c.id == case_id))
    return topic


async def answered(turn: Turn, *, solved: bool) -> None:
    """By the caller, after the talk."""
    await turn.change(confirmed=solved)
    case_id = await _confirm(turn.conn, turn.call, solved, turn.now)
    if case_id != turn.call.case_id:
        await turn.change(case_id=case_id)


async def holder(turn: Turn) -> str | None:
    """Who holds their matter now, by first name."""
    return await _holder(turn.conn, turn.call)


async def ask_by_text(turn: Turn) -> None:
    """They hung up without having been asked, or having said: one text, where one can be read and is welcome."""
    call, person = turn.call, turn.person
    if turn.plan.ask_solved not in ("text", "both") or not _can_be_asked(turn) or person is None:
        return
    to, from_ = (
        (own_number(turn), call.to_number) if call.direction == "inbound" else (call.to_number, call.from_number)
    )
    zone = person.time_zone or turn.rooms.house.zone
    if to is None or not is_mobile(to) or at_rest(person, turn.plan, zone, turn.now):
        return
    if await _asked_lately(turn.conn, person.id, turn.now):
        return
    speaker = turn.stage.speaker
    body = fitted(speaker.say("text_is_it_solved", yes=SOLVED_KEY, no=NOT_SOLVED_KEY))
    late = turn.now + timedelta(hours=1)
    sent = await send_text(turn.rooms, turn.conn, to=to, from_=from_, body=body, customer_id=person.id, not_after=late)
    if sent:
        turn.effects += sent
        await turn.change(solved_asked_at=turn.now)


async def answered_by_text(
    rooms: Rooms, conn: AsyncConnection, person: Person | None, number: str, said: str, from_: str
) -> list[str] | None:
    """8 or 9 to the last such text; the effects to kick.  None: they were not asked."""
    now = rooms.clock.now()
    theirs = or_(calls_table.c.from_number == number, calls_table.c.to_number == number)
    if person is not None:
        theirs = or_(calls_table.c.customer_id == person.id, theirs)
    query = select(calls_table.c.id).where(theirs, calls_table.c.solved_asked_at > now - ANSWERED_WITHIN)
    call_id = await conn.scalar(query.order_by(calls_table.c.solved_asked_at.desc()).limit(1))
    call = None if call_id is None else await calls.lock(conn, call_id)
    if call is None or call.customer_id is None:
        return None
    solved = said == SOLVED_KEY
    if call.confirmed is solved:
        return []  # the same again
    case_id = await _confirm(conn, call, solved, now)
    call = await calls.change(conn, call, now=now, confirmed=solved, case_id=case_id)
    body = await _thanks(rooms, conn, call, person, number, now)
    return await send_text(rooms, conn, to=number, from_=from_, body=fitted(body), customer_id=call.customer_id)


async def _thanks(
    rooms: Rooms, conn: AsyncConnection, call: Row[Any], person: Person | None, number: str, now: datetime
) -> str:
    speaker = rooms.speaker(person, call.language, 0, now)
    if call.confirmed:
        return speaker.say("text_solved")
    who = await _holder(conn, call)
    body = speaker.say("text_still_open", agent=who) if who else speaker.say("text_still_open_anyone")
    if person is None or callable_back(number, rooms.house.country) is not None:
        return body
    return f"{body} {speaker.say('text_call_me', key=CALL_ME_KEY)}"


def _can_be_asked(turn: Turn) -> bool:
    """Somebody whom we know has talked with somebody, and has not said yet."""
    call = turn.call
    if call.customer_id is None or call.confirmed is not None or call.joined_at is None:
        return False
    return bool(call.outcome == Outcome.AGENT and turn.now - call.joined_at >= TALKED)


async def _confirm(conn: AsyncConnection, call: Row[Any], solved: bool, now: datetime) -> str | None:
    return await cases.confirm(
        conn,
        customer_id=call.customer_id,
        interaction_ids=await _talks_of(conn, call),
        case_id=call.case_id,
        solved=solved,
        agent_id=call.agent_id,
        by=CUSTOMER,
        now=now,
    )


async def _talks_of(conn: AsyncConnection, call: Row[Any]) -> list[str]:
    """The call's conversations in the person's history (see talk.py for how they are named)."""
    names = [call.sid, *(f"{call.sid}/{n}" for n in range(2, await talks(conn, call.id) + 1))]
    return list((await known_ids(conn, names)).values())


async def _holder(conn: AsyncConnection, call: Row[Any]) -> str | None:
    owner: str | None = await conn.scalar(select(cases_table.c.owner).where(cases_table.c.id == call.case_id))
    return None if owner is None else (await first_names(conn, [owner])).get(owner)


async def _asked_lately(conn: AsyncConnection, customer_id: str, now: datetime) -> bool:
    query = select(calls_table.c.id).where(
        calls_table.c.customer_id == customer_id, calls_table.c.solved_asked_at > now - ONCE_IN
    )
    return (await conn.execute(query.limit(1))).first() is not None
