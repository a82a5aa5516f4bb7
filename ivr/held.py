"""A caller whom their agent has put on hold: what they hear meanwhile, never music, and how they come back.

The carrier plays our document to them alone, again and again; everybody else in the room talks on.
"""

from __future__ import annotations

from dataclasses import replace

from ivr import legs, transfers
from ivr.document import Document, Go, Quiet
from ivr.lifecycle import CallState
from ivr.turn import Turn
from routing.floor import name_of
from routing.reservations import live_of_call

QUIET_SECONDS = 22  # with the words before and after it, less than half a minute from one word to the next
PATH = "/twilio/room/held"
ON, OFF = "hold", "unhold"  # what the carrier was asked, before the call's id in an effect's subject


async def hold(turn: Turn) -> None:
    """Saying it twice changes nothing."""
    if turn.call.on_hold_at is not None or turn.call.sid is None:
        return
    await turn.change(on_hold_at=turn.now)
    turn.effects.append(await _ask(turn, on=True))


async def fetch_back(turn: Turn) -> None:
    if turn.call.on_hold_at is None or turn.call.sid is None:
        return
    await turn.change(on_hold_at=None)
    turn.effects.append(await _ask(turn, on=False))


async def not_changed(turn: Turn, wished: str, *, refused: bool) -> None:
    """The carrier would not: whoever believes that the caller cannot hear them must see that they can.  If the agent's
    line has broken meanwhile, the caller is in an empty room, and is fetched out of it.

    Who should be back is in silence still: asked again while the talk goes on, for the carrier may have been away; if
    it was `refused`, whoever talks with them sees that they are held.
    """
    call = turn.call
    if wished == ON and call.on_hold_at is not None:
        await turn.change(on_hold_at=None)
        if _is_kept(turn):
            turn.effects += await legs.send_caller(turn, "/twilio/voice/wait")
    if wished != OFF or call.on_hold_at is not None or call.state != CallState.TALKING:
        return
    if await live_of_call(turn.conn, call.id) is None:
        return
    if refused:
        await turn.change(on_hold_at=turn.now)
    else:
        turn.effects.append(await _ask(turn, on=False))


async def document(turn: Turn, n: int) -> Document:
    """The `n`th round, from 0 on.  Whoever is not held any more hears nothing of us."""
    call = turn.call
    if call.on_hold_at is None or not (call.state == CallState.TALKING or _is_kept(turn)):
        return (Quiet(1),)
    stage = turn.stage
    stage = replace(stage, speaker=replace(stage.speaker, heard={}, turn=n))  # another wording each time
    who, colleague = await _name(turn, call.agent_id), await _asked(turn)
    if colleague is None:
        said = stage.say("hold_still" if n else "hold", agent=who)
    else:
        said = stage.say("hold_colleague_still" if n else "hold_colleague", agent=who, colleague=colleague)
    return (said, Quiet(QUIET_SECONDS), Go(turn.rooms.url(PATH, call=call.id, n=str(n + 1))))


def _is_kept(turn: Turn) -> bool:
    """For their agent, whose line broke."""
    return turn.call.state == CallState.RINGING and turn.call.dropped_at is not None


async def _asked(turn: Turn) -> str | None:
    """The colleague whom their agent speaks with meanwhile, or rings."""
    asked = await transfers.live(turn.conn, turn.call.id)
    if asked is None or asked.to_agent is None or asked.state == transfers.INTRODUCED:
        return None
    return await _name(turn, asked.to_agent)


async def _name(turn: Turn, agent_id: str | None) -> str:
    return await name_of(turn.conn, agent_id, turn.rooms.house.company)


async def _ask(turn: Turn, *, on: bool) -> str:
    url = turn.rooms.url(PATH, call=turn.call.id, n="0") if on else None
    return await turn.rooms.carrier.change_participant(
        turn.conn,
        turn.call.sid,
        room=turn.call.id,
        subject=f"{ON if on else OFF} {turn.call.id}",
        hold=on,
        hold_url=url,
    )
