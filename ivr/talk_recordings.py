"""Recordings of talks: what the carrier tells of them, and what is asked of it meanwhile.

Nothing here can end or delay a talk: a recording that fails is one that is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.port import Carrier, EffectResult
from ivr import calls
from ivr.personal import FORGOTTEN
from ivr.turn import Rooms

State = Literal["recording", "paused", "stopped"]
_ASKED: Mapping[State, str] = {"recording": "in-progress", "paused": "paused", "stopped": "stopped"}


class NotRecorded(Exception):
    """There is nothing to pause or to stop: the talk is not recorded, or the recording has ended."""


async def told(rooms: Rooms, conn: AsyncConnection, call_id: str, form: Mapping[str, str]) -> list[str]:
    """News of a room's recording, in any order and any number of times; the effects to kick.

    What nobody wants to be kept goes: of a call that is not here any more, of somebody who has been forgotten, and of
    whoever has said no meanwhile.
    """
    sid, status = form.get("RecordingSid", ""), form.get("RecordingStatus", "")
    if not sid or status not in ("in-progress", "completed", "absent"):
        return []
    call, now = await calls.lock(conn, call_id), rooms.clock.now()
    if call is None or _unwanted(call):
        return await _away_with(rooms.carrier, conn, sid, form)
    known = list(call.talk_recordings or [])
    kept = [one for one in (known if sid in known else [*known, sid]) if one != sid or status != "absent"]
    values: dict[str, Any] = {"talk_recordings": kept or None}
    if status == "in-progress" and sid not in known:
        values |= {"recording_state": "recording", "room_sid": form.get("ConferenceSid")}
    elif status != "in-progress" and sid in (known or [sid])[-1:]:  # of an earlier talk of this call: no news
        values["recording_state"] = "stopped"
    if any(getattr(call, name) != value for name, value in values.items()):
        await calls.change(conn, call, now=now, **values)
    return []


async def set_state(carrier: Carrier, conn: AsyncConnection, call: Row[Any], state: State, now: datetime) -> list[str]:
    """Paused for a card's number, going on, stopped for good.  The call's row is locked.  Raises NotRecorded."""
    if call.room_sid is None or not call.talk_recordings or call.recording_state in (None, "stopped"):
        raise NotRecorded
    if call.recording_state == state:
        return []
    await calls.change(conn, call, now=now, recording_state=state)
    effect = await carrier.change_recording(
        conn, call.talk_recordings[-1], room_sid=call.room_sid, status=_ASKED[state], subject=call.id
    )
    return [effect]


async def refuse(carrier: Carrier, conn: AsyncConnection, call: Row[Any], now: datetime) -> list[str]:
    """They want none of it: what runs is stopped, and goes when the carrier has the file; what is there goes now."""
    sids, effects = list(call.talk_recordings or []), []
    runs = call.room_sid is not None and call.recording_state in ("recording", "paused")
    if runs:
        running = sids.pop()
        effects.append(
            await carrier.change_recording(conn, running, room_sid=call.room_sid, status="stopped", subject=call.id)
        )
    effects += [await carrier.delete_recording(conn, sid) for sid in sids]
    state = "stopped" if call.recording_state else None
    await calls.change(conn, call, now=now, consent=False, talk_recordings=None, recording_state=state)
    return effects


async def not_changed(conn: AsyncConnection, result: EffectResult, now: datetime) -> None:
    """The carrier would not pause: whoever is about to read out a number must see that it is still recorded."""
    if result.kind != "change_recording" or result.state != "failed":
        return
    call = await calls.lock(conn, result.subject or "")
    if call is not None and call.recording_state == "paused":
        await calls.change(conn, call, now=now, recording_state="recording")


def _unwanted(call: Row[Any]) -> bool:
    return call.consent is False or FORGOTTEN in (call.from_number, call.to_number)


async def _away_with(carrier: Carrier, conn: AsyncConnection, sid: str, form: Mapping[str, str]) -> list[str]:
    """One that runs must be stopped first; the news of its end brings us here again."""
    if form["RecordingStatus"] == "completed":
        return [await carrier.delete_recording(conn, sid)]
    room_sid = form.get("ConferenceSid")
    if form["RecordingStatus"] != "in-progress" or not room_sid:
        return []
    return [await carrier.change_recording(conn, sid, room_sid=room_sid, status="stopped")]
