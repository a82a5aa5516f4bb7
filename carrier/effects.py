"""What is asked of the phone network: written down first, asked once, its result told upward.

The one way by which the rooms above change anything at Twilio.  Knows neither agents nor customers: `subject` is
whatever the asker wants to be reminded of.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier import ledger
from carrier.asking import Asking, intend_end
from carrier.pacing import Pacer
from carrier.port import ABSENT, PROMISE, THE_REST, WAITING_CALLER, Kind, Loop, Network, OnResult
from carrier.tables import effects
from carrier.turns import Turns
from store.clock import Clock
from store.due import POLL_SECONDS, DueLoop
from store.ids import new_id
from store.sql import Database

log = structlog.get_logger()

# How long after its due time each kind may still be asked, where the asker does not say.
AT_ONCE = 10  # of those that wait for the loop: texts by the thousand must not keep callers from the database
_CALL_LIMITS = {WAITING_CALLER: timedelta(minutes=2), PROMISE: timedelta(hours=1)}
_OTHER_LIMITS: dict[Kind, timedelta] = {
    "redirect_call": timedelta(minutes=1),
    "end_call": timedelta(minutes=5),
    "send_text": timedelta(hours=6),
    "change_participant": timedelta(seconds=20),
    "announce": timedelta(seconds=10),
    "change_recording": timedelta(minutes=1),
    "delete_recording": timedelta(days=30),
    "delete_transcription": timedelta(days=30),
}


class Effects:
    """The ledger: `port.Carrier`.  Every method given a connection only writes rows in that transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        network: Network,
        *,
        calls_per_second: float = 1.0,
        on_result: OnResult | None = None,
        chance: Callable[[], float] = random.random,
        owner: str | None = None,
        poll: float = POLL_SECONDS,
    ) -> None:
        self._database, self._clock = database, clock
        owner = owner or new_id("own")
        self._asking = Asking(
            database, clock, network, owner=owner, chance=chance, kick=self.kick, freed=self._give_turns
        )
        self._turns = Turns(
            database,
            clock,
            Pacer(calls_per_second),
            owner=owner,
            carry_out=self._asking.carry_out,
            give_up=self._asking.give_up,
            poll=poll,
        )
        self._others = DueLoop(
            database,
            clock,
            effects,
            self._asking.resume,
            owner=owner,
            poll=poll,
            limit=AT_ONCE,
            only=ledger.not_a_waiting_call(),
        )
        self.on_result = on_result

    @property
    def on_result(self) -> OnResult | None:
        """Told every result after it is committed, perhaps more than once; settable after construction."""
        return self._asking.on_result

    @on_result.setter
    def on_result(self, hearer: OnResult | None) -> None:
        self._asking.on_result = hearer

    async def create_call(
        self,
        conn: AsyncConnection,
        *,
        to: str,
        from_: str,
        url: str,
        status_url: str,
        ring_seconds: int,
        subject: str,
        fallback_url: str | None = None,
        priority: int = WAITING_CALLER,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        effect_id: str | None = None,
    ) -> str:
        """The effect's id.  With an `effect_id` made beforehand it can ride in the URLs as the mark for `learn_sid`."""
        request: dict[str, Any] = {
            "from_": from_,
            "url": url,
            "status_url": status_url,
            "ring_seconds": ring_seconds,
        }
        if fallback_url is not None:
            request["fallback_url"] = fallback_url
        due_at = not_before or self._clock.now()
        return await self._intend(
            conn,
            "create_call",
            to,
            request,
            priority=priority,
            subject=subject,
            not_before=not_before,
            not_after=not_after or due_at + _CALL_LIMITS.get(priority, timedelta(hours=1)),
            effect_id=effect_id,
        )

    async def redirect_call(self, conn: AsyncConnection, sid: str, *, url: str, subject: str | None = None) -> str:
        return await self._intend(conn, "redirect_call", sid, {"url": url}, subject=subject)

    async def end_call(self, conn: AsyncConnection, sid: str, *, canceled: bool, subject: str | None = None) -> str:
        """`canceled` ends it only while it is queued or ringing.  That it is over already counts as done."""
        status = "canceled" if canceled else "completed"
        return await self._intend(conn, "end_call", sid, {"status": status}, subject=subject)

    async def send_text(
        self,
        conn: AsyncConnection,
        *,
        to: str,
        from_: str,
        body: str,
        status_url: str,
        subject: str | None = None,
        priority: int = THE_REST,
        not_after: datetime | None = None,
        effect_id: str | None = None,
    ) -> str:
        return await self._intend(
            conn,
            "send_text",
            to,
            {"from_": from_, "body": body, "status_url": status_url},
            priority=priority,
            subject=subject,
            not_after=not_after,
            effect_id=effect_id,
        )

    async def change_participant(
        self,
        conn: AsyncConnection,
        call_sid: str,
        *,
        room: str,
        subject: str,
        hold: bool | None = None,
        hold_url: str | None = None,
        muted: bool | None = None,
        coaches: str | None = None,
        not_before: datetime | None = None,
    ) -> str:
        """Of one who is in `room`: held, muted, or heard by one other alone.

        A later wish for the same call takes the place of those before it, also of one that would be repeated: nobody is
        put on hold again who has just been fetched back.
        """
        wish = {"room": room, "hold": hold, "hold_url": hold_url, "muted": muted, "coaches": coaches}
        request = {name: value for name, value in wish.items() if value is not None}
        await ledger.supersede(conn, "change_participant", call_sid)
        not_after = (not_before or self._clock.now()) + _OTHER_LIMITS["change_participant"]
        return await self._intend(
            conn,
            "change_participant",
            call_sid,
            request,
            subject=subject,
            not_before=not_before,
            not_after=not_after,
        )

    async def announce(self, conn: AsyncConnection, room: str, *, url: str, subject: str) -> str:
        """Said to everybody in `room`, whoever speaks meanwhile."""
        return await self._intend(conn, "announce", room, {"url": url}, subject=subject)

    async def change_recording(
        self, conn: AsyncConnection, sid: str, *, room_sid: str, status: str, subject: str | None = None
    ) -> str:
        """Of a room's recording: paused, in-progress again, or stopped.  Asked at once: somebody is about to speak."""
        request = {"room_sid": room_sid, "status": status}
        return await self._intend(conn, "change_recording", sid, request, subject=subject)

    async def delete_recording(self, conn: AsyncConnection, sid: str, *, subject: str | None = None) -> str:
        return await self._intend(conn, "delete_recording", sid, {}, priority=THE_REST, subject=subject)

    async def delete_transcription(self, conn: AsyncConnection, sid: str, *, subject: str | None = None) -> str:
        return await self._intend(conn, "delete_transcription", sid, {}, priority=THE_REST, subject=subject)

    async def withdraw(self, conn: AsyncConnection, subject: str) -> list[str | None]:
        """Takes back the calls wished for `subject`: those not asked never will be, and have no entry in the answer.

        For each one asked, its SID, which the asker should end; None where nobody knows it yet: that one is ended
        here as soon as its SID is known.
        """
        return await ledger.withdraw(conn, subject)

    async def learn_sid(self, conn: AsyncConnection, effect_id: str, sid: str) -> str | None:
        """A webhook with our mark says that it happened and under which SID; so an unknown outcome is known.

        Answers an effect to `kick` after the commit, if the call has meanwhile become unwanted and is to be ended.
        """
        row = await ledger.learn_sid(conn, effect_id, sid)
        if row is None or row.kind != "create_call" or (row.wanted and row.error != ABSENT):
            return None
        return await intend_end(conn, sid, subject=row.subject, clock=self._clock)

    async def arrived(self, conn: AsyncConnection, sid: str, *, url: str) -> None:
        """A webhook says that this call has come to `url`: a redirect there has happened, and is not asked again."""
        await ledger.arrived(conn, sid, url)

    async def forget(self, conn: AsyncConnection, numbers: Sequence[str]) -> None:
        """Erases what was asked for these numbers, also what is still to be asked."""
        await ledger.forget(conn, numbers)

    async def wait_seconds(self, priority: int = WAITING_CALLER) -> float:
        """How long a call intended now would wait for its turn: over a second or two, another way may be quicker."""
        return await self._turns.wait_seconds(priority)

    def kick(self, *effect_ids: str) -> None:
        """Asks at once what has been committed; without it a loop would find it within half a second."""
        for effect_id in effect_ids:
            self._clock.spawn(self._at_once(effect_id), "effect")

    def loops(self) -> list[Loop]:
        """For the keeper: finds what nobody was there to ask, or to hear the answer of."""
        return [self._turns, self._others]

    async def _at_once(self, effect_id: str) -> None:
        try:
            async with self._database.read() as conn:
                row = await ledger.find(conn, effect_id)
            if row is not None and row.kind == "create_call":
                await self._turns.hurry()
            elif row is not None:
                await self._asking.ask(effect_id)
        except Exception as error:
            # The row is there: the loop will find it.
            log.warning("effect_not_asked_at_once", effect=effect_id, error=type(error).__name__)

    def _give_turns(self) -> None:
        self._clock.spawn(self._turns.hurry(), "turns")

    async def _intend(
        self,
        conn: AsyncConnection,
        kind: Kind,
        target: str,
        request: dict[str, Any],
        *,
        priority: int = WAITING_CALLER,
        subject: str | None,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        effect_id: str | None = None,
    ) -> str:
        now = self._clock.now()
        return await ledger.intend(
            conn,
            kind=kind,
            target=target,
            request=request,
            priority=priority,
            subject=subject,
            now=now,
            not_before=not_before,
            not_after=not_after or now + _OTHER_LIMITS[kind],
            effect_id=effect_id,
        )
