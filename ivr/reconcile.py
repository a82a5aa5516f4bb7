"""Messages that reached Twilio while we could not hear of them: found there, they become promises like any other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.port import KnownCall, KnownRecording, Network, NotAsked, OutcomeUnknown, Refused
from crm.identify import Known, identify
from ivr import calls
from ivr.lifecycle import CallState, Outcome
from ivr.offers import take_message
from ivr.tables import calls as calls_table
from ivr.turn import Rooms, Turn

log = structlog.get_logger()

PAUSE_SECONDS = 60.0
LOOK_BACK = timedelta(days=7)  # an outage over a long weekend
# Younger ones may still be told to us by the carrier itself.
SETTLED = timedelta(minutes=2)


class Reconcile:
    """A keeper's loop: at its start and once a minute, all recordings since the last look that was answered."""

    def __init__(self, rooms: Rooms, network: Network) -> None:
        self._rooms, self._network = rooms, network
        self._looked_at: datetime | None = None

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except (NotAsked, OutcomeUnknown, Refused) as error:
                log.info("recordings_not_seen", error=type(error).__name__)
            except Exception as error:
                log.warning("recordings_not_kept", error=type(error).__name__)
            await self._rooms.clock.sleep(PAUSE_SECONDS)

    async def look(self) -> int:
        """How many messages were found that nobody knew of.  Raises what the port raises."""
        now = self._rooms.clock.now()
        since = (self._looked_at or now - LOOK_BACK) - SETTLED * 2
        found = 0
        for recording in await self._network.list_recordings(created_after=since):
            old_enough = recording.created_at is not None and recording.created_at <= now - SETTLED
            if recording.source == "RecordVerb" and recording.seconds > 0 and old_enough:
                found += await self._keep(recording)
        self._looked_at = now
        return found

    async def _keep(self, recording: KnownRecording) -> bool:
        async with self._rooms.database.read() as conn:
            query = select(calls_table.c.outcome).where(calls_table.c.sid == recording.call_sid)
            known = (await conn.execute(query)).one_or_none()
        if known is not None and known.outcome not in (None, Outcome.ABANDONED):
            return False
        call = await self._network.fetch_call(recording.call_sid)
        async with self._rooms.database.write() as conn:
            row = await calls.lock_by_sid(conn, recording.call_sid)
            if row is None and call.direction == "inbound":
                row = await self._unheard_of(conn, call)
            if row is None or row.state != CallState.ENDED or row.outcome not in (None, Outcome.ABANDONED):
                return False
            turn = await Turn.of(self._rooms, conn, row)
            await take_message(turn, {"RecordingUrl": recording.url, "RecordingSid": recording.sid})
        turn.finish()
        log.info("message_found", call=recording.call_sid)
        return True

    async def _unheard_of(self, conn: AsyncConnection, call: KnownCall) -> Row[Any]:
        """A call that came and went while the store was away."""
        rooms = self._rooms
        found = await identify(conn, call.from_, rooms.house.country)
        person = found.person if isinstance(found, Known) else None
        return await calls.open_call(
            conn,
            now=rooms.clock.now(),
            sid=call.sid,
            direction="inbound",
            from_number=call.from_,
            to_number=call.to,
            customer_id=person.id if person else None,
            language=(person.language if person else None) or rooms.house.language,
            state=CallState.ENDED,
            ended_at=rooms.clock.now(),
        )
