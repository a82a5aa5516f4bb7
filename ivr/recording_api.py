"""`/calls/{sid}/recording` under `/api/v1`: the recording of a talk that goes on is paused, goes on, or is given up."""

from __future__ import annotations

from typing import Literal, Self

from fastapi import APIRouter, Depends
from pydantic import Field, model_validator

from api.fields import Body, Shown
from api.problems import NotFound, Problem, responses
from api.tokens import Asking, Guard
from crm import audit, consents
from crm.audit import What
from ivr import calls, talk_recordings
from ivr.talk_recordings import NotRecorded
from ivr.turn import Rooms


class RecordingWish(Body):
    state: Literal["recording", "paused", "stopped"]
    refused: bool = Field(False, description="the customer does not want it: what there is of it is deleted as well")

    @model_validator(mode="after")
    def _refused_is_stopped(self) -> Self:
        if self.refused and self.state != "stopped":
            raise ValueError("A recording that is refused is stopped.")
        return self


class RecordingShown(Shown):
    """As it has been asked of the carrier; where that fails, `call.changed` tells it within seconds."""

    state: Literal["recording", "paused", "stopped"]
    recordings: list[str]


def recording_router(rooms: Rooms, guard: Guard) -> APIRouter:
    at = _Recordings(rooms)
    router = APIRouter(tags=["calls"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    router.add_api_route("/calls/{call_sid}/recording", at.change, methods=["POST"], responses=responses(403, 404, 409))
    return router


class _Recordings:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def change(self, call_sid: str, wish: RecordingWish, asking: Asking) -> RecordingShown:
        """Paused before a card's number is read out, and on again; or stopped for good.

        An agent does this in their own call only.
        """
        rooms, now = self._rooms, self._rooms.clock.now()
        async with rooms.database.write() as conn:
            call = await calls.lock_by_sid(conn, call_sid)
            if call is None:
                raise NotFound("call")
            if asking.role == "agent" and asking.agent_id != call.agent_id:
                raise Problem(403, None, "This is not your call.")
            try:
                if wish.refused:
                    effects = await talk_recordings.refuse(rooms.carrier, conn, call, now)
                else:
                    effects = await talk_recordings.set_state(rooms.carrier, conn, call, wish.state, now)
            except NotRecorded:
                raise Problem(409, None, "This talk is not being recorded.") from None
            if wish.refused and call.customer_id is not None:
                await consents.give(conn, call.customer_id, "recording", False, "agent", now, call.sid)
                await audit.record(conn, asking, What.CONSENT, call.customer_id, now=now, kind="recording", given=False)
            kept = [] if wish.refused else list(call.talk_recordings or [])
        rooms.carrier.kick(*effects)
        return RecordingShown(state=wish.state, recordings=kept)
