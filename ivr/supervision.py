"""A manager on a talk: who listens, who speaks to its agent alone, who joins; and that the customer is told before they
hear a third voice.

Nothing is secret from the agent: the call shows who is there.  One who joins comes in muted; the room is told who it
is, and then they can be heard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr import calls, legs
from ivr.document import Document, Join, Say, spoken_text_seconds
from ivr.lifecycle import LEG_ENDS
from ivr.phrases import speakable
from ivr.tables import supervisions
from ivr.turn import Turn
from store.ids import new_id

Mode = Literal["listen", "whisper", "join"]
PATH = "/twilio/room/joins"
ROLE = "supervisor"
TO_US = timedelta(seconds=1.5)  # from asking for an announcement to its first word
LONGEST_NAME = 60


async def live(conn: AsyncConnection, call_id: str, by: str | None = None) -> Sequence[Row[Any]]:
    query = select(supervisions).where(supervisions.c.call_id == call_id, supervisions.c.ended_at.is_(None))
    if by is not None:
        query = query.where(supervisions.c.by == by)
    return (await conn.execute(query.order_by(supervisions.c.id))).all()


async def of_leg(conn: AsyncConnection, leg_id: str) -> Row[Any] | None:
    query = select(supervisions).where(supervisions.c.leg_id == leg_id, supervisions.c.ended_at.is_(None))
    return (await conn.execute(query)).one_or_none()


async def begin(turn: Turn, *, by: str, name: str | None, address: str, mode: Mode) -> None:
    leg_id, effects = await legs.ring_supervisor(turn, address)
    turn.effects += effects
    row = {"id": new_id("sup"), "call_id": turn.call.id, "by": by, "name": name or "", "address": address}
    await turn.conn.execute(insert(supervisions).values(row | {"leg_id": leg_id, "mode": mode, "made_at": turn.now}))
    await turn.news()


async def enter(turn: Turn, row: Row[Any], left: str, heard: Sequence[Say]) -> Document:
    """They have picked up: `heard`, then the room.  Asked again, the same."""
    join = Join(turn.call.id, left, ends_room=False, muted=row.mode != "whisper")
    if row.mode == "whisper" and (agent := await _agents_call(turn)) is not None:
        join = Join(turn.call.id, left, ends_room=False, coaches=agent)
    if row.joined_at is None:
        await turn.conn.execute(update(supervisions).where(supervisions.c.id == row.id).values(joined_at=turn.now))
        await turn.news()
        if row.mode == "join":
            await _heard_by_all(turn, row, timedelta(seconds=spoken_text_seconds(tuple(heard))))
    return (*heard, join)


async def become(turn: Turn, row: Row[Any], mode: Mode) -> None:
    """In the middle of it.  Before they have picked up, it is how they come in."""
    if row.mode == mode:
        return
    await turn.conn.execute(update(supervisions).where(supervisions.c.id == row.id).values(mode=mode))
    await turn.news()
    if row.joined_at is None:
        return
    if mode == "join":
        await _heard_by_all(turn, row, timedelta(0))
    elif mode == "listen":
        await _change(turn, row, muted=True, coaches="")
    elif (agent := await _agents_call(turn)) is not None:
        await _change(turn, row, muted=False, coaches=agent)


async def end(turn: Turn, row: Row[Any]) -> None:
    await turn.conn.execute(update(supervisions).where(supervisions.c.id == row.id).values(ended_at=turn.now))
    for leg in await calls.live_legs(turn.conn, turn.call.id, ROLE):
        if leg.id == row.leg_id:
            turn.effects += await legs.end(turn, leg)
    await turn.news()


async def release(turn: Turn) -> None:
    """The talk is over for everybody."""
    for row in await live(turn.conn, turn.call.id):
        await end(turn, row)


async def follow(turn: Turn) -> None:
    """Another agent talks with the caller now: who whispers, whispers to them."""
    agent = await _agents_call(turn)
    for row in await live(turn.conn, turn.call.id):
        if row.mode == "whisper" and row.joined_at is not None and agent is not None:
            await _change(turn, row, muted=False, coaches=agent)


async def leg_ended(turn: Turn, leg: Row[Any]) -> None:
    """They hung up, or did not pick up."""
    row = await of_leg(turn.conn, leg.id)
    if row is not None:
        await turn.conn.execute(update(supervisions).where(supervisions.c.id == row.id).values(ended_at=turn.now))
        await turn.news()


async def not_told(turn: Turn, supervision_id: str) -> None:
    """The room could not be told who joins: then they do not.  They listen, and may try again."""
    for row in await live(turn.conn, turn.call.id):
        if row.id == supervision_id and row.mode == "join":
            await become(turn, row, "listen")


async def joins(turn: Turn, supervision_id: str) -> Document:
    """What everybody in the room hears before a manager can be heard: who it is, and why."""
    row = (await turn.conn.execute(select(supervisions).where(supervisions.c.id == supervision_id))).one_or_none()
    return () if row is None or row.call_id != turn.call.id else (_told(turn, row),)


async def shown(conn: AsyncConnection, call_ids: Sequence[str]) -> Mapping[str, list[Row[Any]]]:
    """Who is on these calls now, by call."""
    query = select(supervisions).where(supervisions.c.call_id.in_(call_ids), supervisions.c.ended_at.is_(None))
    found: dict[str, list[Row[Any]]] = {}
    for row in await conn.execute(query.order_by(supervisions.c.id)):
        found.setdefault(row.call_id, []).append(row)
    return found


def _told(turn: Turn, row: Row[Any]) -> Say:
    name = speakable(row.name, LONGEST_NAME)
    return turn.stage.say("joins", who=name) if name else turn.stage.say("joins_plain")


async def _heard_by_all(turn: Turn, row: Row[Any], after: timedelta) -> None:
    url = turn.rooms.url(PATH, call=turn.call.id, who=row.id)
    subject = f"{turn.call.id} {row.id}"
    turn.effects.append(await turn.rooms.carrier.announce(turn.conn, turn.call.id, url=url, subject=subject))
    said = timedelta(seconds=spoken_text_seconds((_told(turn, row),)))
    await _change(turn, row, muted=False, coaches="", not_before=turn.now + max(after, said + TO_US))


async def _change(turn: Turn, row: Row[Any], **wish: Any) -> None:
    leg = next((leg for leg in await calls.live_legs(turn.conn, turn.call.id, ROLE) if leg.id == row.leg_id), None)
    if leg is not None and leg.sid is not None and leg.state not in LEG_ENDS:
        turn.effects.append(
            await turn.rooms.carrier.change_participant(
                turn.conn, leg.sid, room=turn.call.id, subject=f"supervise {turn.call.id}", **wish
            )
        )


async def _agents_call(turn: Turn) -> str | None:
    leg = await calls.live_leg(turn.conn, turn.call.id, "agent")
    return None if leg is None else leg.sid
