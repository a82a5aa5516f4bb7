"""A carrier that answers at once and in process: what it is asked to create is answered, proved and talked on.

It plays every telephone, sends the webhooks, signed, and writes down when what was asked and how long each answer took.
"""

from __future__ import annotations

import asyncio
import html
import random
import re
import secrets
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from carrier.port import (
    AlreadyGone,
    CallChange,
    KnownCall,
    KnownRecording,
    KnownText,
    NewCall,
    NewText,
    OwnNumber,
    ParticipantChange,
    RecordingChange,
)
from simulator.http import InProcess, Patience
from simulator.signing import signature

ACCOUNT, TOKEN, LINE, OURS = "AC" + "0" * 32, "flood", "+390699990000", "https://centralino.test"
ANSWER_SECONDS = 1.0
PATIENT = Patience(30.0, 30.0, 30.0)
_ACTION = re.compile(rb'action="([^"]*)"')


@dataclass
class Measured:
    """`created`: monotonic instants; `inbound`: seconds of each of the callers' webhooks; `others`: of the rest."""

    created: list[float] = field(default_factory=list)
    inbound: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    texts: int = 0
    rang: int = 0
    joined: int = 0
    bad: int = 0  # answers that were no document


@dataclass
class _Leg:
    sid: str
    to: str
    status_url: str
    inbound: bool = False
    joined: asyncio.Event = field(default_factory=asyncio.Event)


class Exchange:
    """`carrier.port.Network`."""

    def __init__(self, talk_seconds: float, patience_seconds: float, seed: int) -> None:
        self.http, self.measured = InProcess({}), Measured()
        self._talk, self._patience, self._dice = talk_seconds, patience_seconds, random.Random(seed)
        self._legs: dict[str, _Leg] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    # What callers do

    async def ring_in(self, rate: float, until: float) -> None:
        """Callers at `rate` a second, at random, until that instant of the monotonic clock."""
        number = 0
        while rate and time.monotonic() < until:
            await asyncio.sleep(self._dice.expovariate(rate))
            number += 1
            self._spawn(self._caller(f"+39347{number:07d}"))

    async def _caller(self, number: str) -> None:
        leg = _Leg(f"CA{secrets.token_hex(16)}", LINE, f"{OURS}/twilio/status", inbound=True)
        self._legs[leg.sid] = leg
        self.measured.rang += 1
        await self._post(leg, f"{OURS}/twilio/voice", "ringing", {"From": number, "Direction": "inbound"})
        try:
            async with asyncio.timeout(self._patience):
                await leg.joined.wait()
            self.measured.joined += 1
            await asyncio.sleep(self._talk)
        except TimeoutError:
            pass
        await self._over(leg.sid, "completed")

    # What is asked of the carrier

    async def create_call(self, call: NewCall) -> str:
        self.measured.created.append(time.monotonic())
        leg = _Leg(f"CA{secrets.token_hex(16)}", call.to, call.status_url)
        self._legs[leg.sid] = leg
        self._spawn(self._answered(leg, call.url))
        return leg.sid

    async def _answered(self, leg: _Leg, url: str) -> None:
        """Agents come to the room; customers press a key, talk, and hang up."""
        await asyncio.sleep(ANSWER_SECONDS)
        document = await self._post(leg, url, "in-progress", {})
        action = _ACTION.search(document)
        if "/twilio/customer/" in url and action is not None:
            await self._post(leg, self._whole(action[1]), "in-progress", {"Digits": "1"})
            await asyncio.sleep(self._talk)
            await self._over(leg.sid, "completed")

    async def update_call(self, change: CallChange) -> None:
        leg = self._legs.get(change.sid)
        if leg is None:
            raise AlreadyGone(21220, 400)
        if change.status is not None:
            self._spawn(self._over(leg.sid, change.status))
        elif change.url is not None:
            self._spawn(self._sent_to(leg, change.url))

    async def _sent_to(self, leg: _Leg, url: str) -> None:
        document = await self._post(leg, url, "in-progress", {})
        if b"<Conference" in document:
            leg.joined.set()
        elif b"<Hangup" in document and not leg.inbound:
            await self._over(leg.sid, "completed")

    async def send_text(self, text: NewText) -> str:
        self.measured.texts += 1
        return f"SM{secrets.token_hex(16)}"

    async def fetch_call(self, sid: str) -> KnownCall:
        status = "in-progress" if sid in self._legs else "completed"
        return KnownCall(sid, "", LINE, status, "outbound-api", None)

    async def change_participant(self, change: ParticipantChange) -> None: ...

    async def announce(self, room: str, url: str) -> None: ...

    async def change_recording(self, change: RecordingChange) -> None: ...

    async def delete_recording(self, sid: str) -> None: ...

    async def delete_transcription(self, sid: str) -> None: ...

    async def list_calls(self, **asked: Any) -> Sequence[KnownCall]:
        return []

    async def list_texts(self, *, to: str, limit: int = 50) -> Sequence[KnownText]:
        return []

    async def list_recordings(self, *, created_after: datetime, limit: int = 200) -> Sequence[KnownRecording]:
        return []

    async def list_numbers(self) -> Sequence[OwnNumber]:
        return [OwnNumber(LINE, "PN" + "0" * 32)]

    async def open(self) -> None: ...

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    # Webhooks

    async def _over(self, sid: str, status: str) -> None:
        leg = self._legs.pop(sid, None)
        if leg is not None:
            await self._post(leg, leg.status_url, "completed" if status == "completed" else "canceled", {})

    async def _post(self, leg: _Leg, url: str, status: str, more: dict[str, str]) -> bytes:
        form = {"CallSid": leg.sid, "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallStatus": status}
        form |= {"To": leg.to, "From": LINE, "Direction": "outbound-api"} | more
        body = urlencode(form).encode()
        headers = {
            "X-Twilio-Signature": signature(TOKEN, url, form),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
        began = time.perf_counter()
        answer = await self.http.send("POST", url, headers, body, PATIENT)
        (self.measured.inbound if leg.inbound else self.measured.others).append(time.perf_counter() - began)
        self.measured.bad += answer.status != 200
        return answer.body

    def _whole(self, action: bytes) -> str:
        url = html.unescape(action.decode())
        return url if url.startswith("http") else OURS + url

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
