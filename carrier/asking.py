"""One effect from intent to result: claimed, asked once, its outcome written down and told.

Knows the order of steps and what each outcome means; the statements are ledger.py's, the requests twilio.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from carrier import ledger
from carrier.lookup import bare_address, find_call, find_text
from carrier.pacing import FIRST_LOOK_SECONDS, look_again_seconds, repeat_seconds
from carrier.port import (
    ABSENT,
    GONE,
    OPTED_OUT,
    TOO_LATE,
    TOO_MANY,
    AlreadyGone,
    CallChange,
    EffectResult,
    Network,
    NewCall,
    NewText,
    NotAsked,
    OnResult,
    OutcomeUnknown,
    ParticipantChange,
    RecordingChange,
    Refused,
    TooManyRequests,
)
from store.clock import Clock
from store.faults import told
from store.sql import Database

log = structlog.get_logger()

PROOF_SECONDS = 60.0  # not to be found this long after it was asked for: it did not happen
_OPT_OUT_CODE = 21610


class Asking:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        network: Network,
        *,
        owner: str,
        chance: Callable[[], float],
        kick: Callable[[str], None],
        freed: Callable[[], None],
    ) -> None:
        """`kick` asks an effect made here at once; `freed` is told when a number can be called again."""
        self._database, self._clock, self._network, self._owner = database, clock, network, owner
        self._chance, self._kick, self._freed = chance, kick, freed
        self.on_result: OnResult | None = None

    async def ask(self, effect_id: str, *, again: bool = False) -> None:
        """Anything but a call, which waits for its turn first."""
        now = self._clock.now()
        late: Row[Any] | None = None
        try:
            async with self._database.write() as conn:
                row = await ledger.claim(conn, effect_id, owner=self._owner, now=now, again=again)
                if row is None:
                    late = await ledger.give_up(conn, effect_id, error=TOO_LATE, now=now)
        except IntegrityError:  # another text to this number was claimed in the same instant: ours comes after it
            return
        if late is not None:
            await self._tell(late)
        if row is not None:
            await self.carry_out(row)

    async def carry_out(self, row: Row[Any]) -> None:
        """Asks what was claimed, and writes down what came of it."""
        try:
            sid = await self._request(row)
        except NotAsked as error:
            await self._repeat(row, error)
        except OutcomeUnknown as error:
            if row.kind in ledger.MAKES_SOMETHING:
                await self._doubt(row, str(error))
            else:
                await self._repeat(row, error)
        except AlreadyGone:
            changes = row.kind not in ledger.MAKES_SOMETHING
            await self._settle(row, "done" if changes else "failed", error=GONE)
        except Refused as error:
            await self._settle(row, "failed", error=OPTED_OUT if error.code == _OPT_OUT_CODE else str(error.code))
        else:
            await self._settle(row, "done", sid=sid)

    async def resume(self, row: Row[Any]) -> None:
        """A due row of which nobody knows more than its state: the one who was at it may have died in the middle."""
        if row.state == "intended":
            await self.ask(row.id)
        elif row.state == "unknown":
            await self._look(row)
        elif row.state == "asking" and row.kind in ledger.MAKES_SOMETHING:
            await self._doubt(row, "died")
        elif row.state == "asking":
            await self.ask(row.id, again=True)

    async def give_up(self, row: Row[Any]) -> None:
        async with self._database.write() as conn:
            late = await ledger.give_up(conn, row.id, error=TOO_LATE, now=self._clock.now())
        if late is not None:
            await self._tell(late)

    async def _request(self, row: Row[Any]) -> str | None:
        wish: dict[str, Any] = row.request
        match row.kind:
            case "create_call":
                return await self._network.create_call(NewCall(to=row.target, **wish))
            case "send_text":
                return await self._network.send_text(NewText(to=row.target, **wish))
            case "redirect_call" | "end_call":
                await self._network.update_call(CallChange(sid=row.target, **wish))
                return str(row.target)
            case "change_participant":
                await self._network.change_participant(ParticipantChange(call_sid=row.target, **wish))
                return str(row.target)
            case "announce":
                await self._network.announce(row.target, **wish)
                return None
            case "change_recording":
                await self._network.change_recording(RecordingChange(sid=row.target, **wish))
                return str(row.target)
            case "delete_recording":
                await self._network.delete_recording(row.target)
                return str(row.target)
            case "delete_transcription":
                await self._network.delete_transcription(row.target)
                return str(row.target)
            case _:
                raise ValueError(f"not an effect: {row.kind}")

    async def _repeat(self, row: Row[Any], error: NotAsked | OutcomeUnknown) -> None:
        pause = repeat_seconds(row.tries, row.priority, self._chance)
        due_at = self._clock.now() + timedelta(seconds=pause)
        reason = TOO_MANY if isinstance(error, TooManyRequests) else str(error)
        if due_at > row.not_after:
            await self._settle(row, "failed", error=reason)
            return
        log.info("effect_repeated", effect=row.id, kind=row.kind, tries=row.tries, error=reason, pause=round(pause, 2))
        async with self._database.write() as conn:
            await ledger.put_back(conn, row.id, due_at=due_at, error=reason)
        self._clock.spawn(self._kick_later(row.id, pause), "effect-again")

    async def _kick_later(self, effect_id: str, pause: float) -> None:
        await self._clock.sleep(pause)
        self._kick(effect_id)

    async def _doubt(self, row: Row[Any], error: str) -> None:
        look_at = self._clock.now() + timedelta(seconds=FIRST_LOOK_SECONDS)
        log.warning("effect_unknown", effect=row.id, kind=row.kind, error=error)
        async with self._database.write() as conn:
            doubted = await ledger.doubt(conn, row.id, look_at=look_at, error=error)
        if doubted is not None:
            await self._tell(doubted)

    async def _look(self, row: Row[Any]) -> None:
        """Found: it happened.  Not found by a look begun after the proof time: it did not."""
        age = (self._clock.now() - row.asked_at).total_seconds()
        try:
            sid = await self._find(row)
        except (NotAsked, OutcomeUnknown, Refused) as error:
            await self._look_again(row, age, f"not to be looked up: {error}")
            return
        if sid is not None:
            await self._settle(row, "done", sid=sid)
        elif age >= PROOF_SECONDS:
            await self._settle(row, "failed", error=ABSENT)
        else:
            await self._look_again(row, age, row.error)

    async def _look_again(self, row: Row[Any], age: float, error: str) -> None:
        look_at = self._clock.now() + timedelta(seconds=look_again_seconds(age, PROOF_SECONDS))
        async with self._database.write() as conn:
            await ledger.doubt(conn, row.id, look_at=look_at, error=error)

    async def _find(self, row: Row[Any]) -> str | None:
        address = bare_address(row.target)
        if row.kind == "create_call":
            calls = await self._network.list_calls(to=address)
            taken = await self._taken([call.sid for call in calls])
            call = find_call(calls, from_=row.request["from_"], asked_at=row.asked_at, taken=taken)
            return call.sid if call else None
        texts = await self._network.list_texts(to=address)
        taken = await self._taken([text.sid for text in texts])
        wish = row.request
        text = find_text(texts, from_=wish["from_"], body=wish["body"], asked_at=row.asked_at, taken=taken)
        return text.sid if text else None

    async def _taken(self, sids: list[str]) -> set[str]:
        async with self._database.read() as conn:
            return await ledger.known_sids(conn, sids)

    async def _settle(self, row: Row[Any], state: str, *, sid: str | None = None, error: str | None = None) -> None:
        """Also a call that nobody wants any more is ended here, in the step that tells its SID."""
        ending: str | None = None
        async with self._database.write() as conn:
            settled = await ledger.settle(conn, row.id, state=state, sid=sid, error=error)
            unwanted = settled is not None and row.kind == "create_call" and not settled.wanted
            if unwanted and sid is not None:
                ending = await intend_end(conn, sid, subject=row.subject, clock=self._clock)
            told = settled or await ledger.find(conn, row.id)
        if ending is not None:
            self._kick(ending)
        if told is not None and told.state in ("done", "failed"):
            await self._tell(told)
        await self._let_next(row)

    async def _let_next(self, row: Row[Any]) -> None:
        """What had to wait for this number's last attempt need not wait for a loop as well."""
        if row.kind == "create_call":
            self._freed()
        elif row.kind in ledger.IN_ORDER:
            async with self._database.read() as conn:
                waiting = await ledger.next_in_order(conn, row.kind, row.target, self._clock.now())
            if waiting is not None:
                self._kick(waiting)

    async def _tell(self, row: Row[Any]) -> None:
        if self.on_result is None:
            return
        result = EffectResult(
            id=row.id, kind=row.kind, subject=row.subject, state=row.state, sid=row.sid, error_code=row.error
        )
        try:
            await self.on_result(result)
        except Exception as error:
            log.error("effect_result_not_heard", effect=row.id, kind=row.kind, state=row.state, **told(error))


async def intend_end(conn: Any, sid: str, *, subject: str | None, clock: Clock) -> str:
    """Ends a call that has become unwanted, in whatever state it is by now."""
    now = clock.now()
    return await ledger.intend(
        conn,
        kind="end_call",
        target=sid,
        request={"status": "completed"},
        priority=0,
        subject=subject,
        now=now,
        not_after=now + timedelta(minutes=5),
    )
