"""Twilio's side of the door: signed webhooks into the real rooms, and a carrier that only writes down its wishes."""

from __future__ import annotations

import hmac
import xml.etree.ElementTree as ET
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.applications import Starlette

from callbacks.promises import Promises
from callbacks.tables import callbacks
from carrier.numbers import Numbers
from carrier.port import AlreadyGone, EffectResult, KnownCall, KnownRecording, OnResult, OutcomeUnknown
from carrier.signatures import Signatures
from crm import people
from ivr.dialogue import speech_seconds
from ivr.document import Say, spoken_text_seconds
from ivr.links import Links
from ivr.tables import calls, legs
from ivr.turn import Rooms
from ivr.watch import Watch
from ivr.webhooks import Webhooks
from routing.choose import on_shift
from routing.house import House
from routing.learning import Learning
from routing.live_floor import Floor
from routing.plans import Plans
from routing.tables import reservations
from store.clock import VirtualClock
from store.sql import Database
from tests.routing.rows import add_agent

ACCOUNT, TOKEN = "AC" + "0" * 32, "12345"
OURS = "https://centralino.test"
LINE, MARIA, PAOLO, SOMEBODY = "+390699990000", "+393331234567", "+393337654321", "+393339990001"
HOUSE = House("Officine Lume", "it-IT", "IT", "Europe/Rome")
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


def sid(n: int, prefix: str = "CA") -> str:
    return f"{prefix}{n:032x}"


def signed(url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature, also of bytes that are no UTF-8, which Twilio's own library cannot sign."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return b64encode(hmac.digest(TOKEN.encode(), text.encode("utf-8", "surrogateescape"), "sha1")).decode()


@dataclass
class WishList:
    """`port.Carrier`: what was asked, in order, and which wishes were kicked after their commit."""

    wishes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    kicked: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    on_result: OnResult | None = None

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [wish for what, wish in self.wishes if what == kind]

    async def create_call(self, conn: AsyncConnection, **wish: Any) -> str:
        return self._wish("create_call", wish)

    async def redirect_call(self, conn: AsyncConnection, sid: str, *, url: str, subject: str | None = None) -> str:
        return self._wish("redirect_call", {"sid": sid, "url": url, "subject": subject})

    async def end_call(self, conn: AsyncConnection, sid: str, *, canceled: bool, subject: str | None = None) -> str:
        return self._wish("end_call", {"sid": sid, "canceled": canceled, "subject": subject})

    async def send_text(self, conn: AsyncConnection, **wish: Any) -> str:
        return self._wish("send_text", wish)

    async def change_participant(self, conn: AsyncConnection, call_sid: str, **wish: Any) -> str:
        return self._wish("change_participant", {"sid": call_sid} | wish)

    async def announce(self, conn: AsyncConnection, room: str, **wish: Any) -> str:
        return self._wish("announce", {"room": room} | wish)

    async def change_recording(
        self, conn: AsyncConnection, sid: str, *, room_sid: str, status: str, subject: str | None = None
    ) -> str:
        return self._wish("change_recording", {"sid": sid, "room_sid": room_sid, "status": status, "subject": subject})

    async def delete_recording(self, conn: AsyncConnection, sid: str, *, subject: str | None = None) -> str:
        return self._wish("delete_recording", {"sid": sid, "subject": subject})

    async def delete_transcription(self, conn: AsyncConnection, sid: str, *, subject: str | None = None) -> str:
        return self._wish("delete_transcription", {"sid": sid, "subject": subject})

    async def withdraw(self, conn: AsyncConnection, subject: str) -> list[str | None]:
        self.withdrawn.append(subject)
        return []

    async def learn_sid(self, conn: AsyncConnection, effect_id: str, sid: str) -> str | None:
        return None

    async def arrived(self, conn: AsyncConnection, sid: str, *, url: str) -> None:
        self._wish("arrived", {"sid": sid, "url": url})

    async def wait_seconds(self, priority: int = 0) -> float:
        return 0.0

    async def forget(self, conn: AsyncConnection, numbers: Sequence[str]) -> None:
        self._wish("forget", {"numbers": numbers})

    def kick(self, *effect_ids: str) -> None:
        self.kicked += effect_ids

    def _wish(self, kind: str, wish: dict[str, Any]) -> str:
        self.wishes.append((kind, wish))
        return f"eff_{len(self.wishes)}"


@dataclass
class Quiet:
    """`port.Network` as far as it is looked at here: calls and recordings that are known there."""

    calls: dict[str, KnownCall] = field(default_factory=dict)
    recordings: list[KnownRecording] = field(default_factory=list)
    asked_since: list[datetime] = field(default_factory=list)
    trouble: Exception | None = None
    forgotten: set[str] = field(default_factory=set)  # calls that the carrier knows nothing of

    async def fetch_call(self, sid: str) -> KnownCall:
        if self.trouble:
            raise self.trouble
        if sid in self.forgotten:
            raise AlreadyGone(20404, 404)
        if sid not in self.calls:
            raise OutcomeUnknown("nothing is said of it here")
        return self.calls[sid]

    async def list_recordings(self, *, created_after: datetime, limit: int = 200) -> Sequence[KnownRecording]:
        if self.trouble:
            raise self.trouble
        self.asked_since.append(created_after)
        return self.recordings

    def has(self, call_sid: str, status: str, from_: str = MARIA, direction: str = "inbound") -> None:
        self.calls[call_sid] = KnownCall(call_sid, LINE, from_, status, direction, None)


class Answer:
    """A reply, read as TwiML by a parser that forgives nothing."""

    def __init__(self, reply: httpx2.Response) -> None:
        self.status, self.text, self.kind = reply.status_code, reply.text, reply.headers.get("content-type", "")
        self.response = ET.fromstring(reply.content) if self.kind.startswith("text/xml") else ET.Element("None")

    @property
    def verbs(self) -> list[str]:
        return [verb.tag for verb in self.response]

    @property
    def words(self) -> str:
        return " ".join(say.text or "" for say in self.response.iter("Say"))

    @property
    def seconds(self) -> float:
        """Until the last word has been said."""
        return spoken_text_seconds((Say(self.words, ""),))

    @property
    def listens_at(self) -> str:
        return next(self.response.iter("Gather")).attrib["action"]

    @property
    def goes_to(self) -> str:
        return next(self.response.iter("Redirect")).text or ""

    @property
    def records_to(self) -> str:
        return next(self.response.iter("Record")).attrib["action"]


class Door:
    def __init__(self, database: Database, clock: VirtualClock) -> None:
        self.database, self.clock = database, clock
        self.carrier, self.network = WishList(), Quiet()
        self.floor_told = 0
        self.ids: dict[str, str] = {}
        network: Any = self.network
        self.rooms = Rooms(
            database=database,
            clock=clock,
            carrier=self.carrier,
            numbers=Numbers(database, clock, network),
            promises=Promises(HOUSE),
            plans=Plans(),
            house=HOUSE,
            links=Links("secret", OURS),
            learning=Learning(database, clock, HOUSE),
            floor=Floor(present=lambda agent, now: on_shift(agent, HOUSE.zone, HOUSE.country, now)),
            public_url=OURS,
            floor_changed=self._floor_changed,
        )
        self.watch = Watch(self.rooms, network, owner="w1")
        self.webhooks = Webhooks(self.rooms, Signatures([TOKEN], OURS, account_sid=ACCOUNT), deadline=30.0)
        transport = httpx2.ASGITransport(app=Starlette(routes=self.webhooks.routes))
        self.client = httpx2.AsyncClient(transport=transport)

    def _floor_changed(self) -> None:
        self.floor_told += 1

    async def agent(self, agent_id: str = "anna", **more: Any) -> None:
        async with self.database.write() as conn:
            await add_agent(conn, agent_id, self.clock.now() - timedelta(seconds=60), **more)

    async def customer(self, who: str, *numbers: str, **more: Any) -> str:
        usual = {"called": who, "name": f"{who} Rossi", "language": "it-IT", "phones": list(numbers)}
        async with self.database.write() as conn:
            self.ids[who] = await people.add(conn, usual | more, self.clock.now())
        return self.ids[who]

    def form(self, call: int = 1, **more: str) -> dict[str, str]:
        usual = {"AccountSid": ACCOUNT, "CallSid": sid(call), "From": MARIA, "To": LINE, "CallStatus": "in-progress"}
        return usual | more

    async def send(self, url: str, form: Mapping[str, str], *, signature: str | None = None) -> Answer:
        """A signed POST; `url` a path of ours or an address out of a document."""
        target = url if url.startswith("http") else OURS + url
        signature = signed(target, form) if signature is None else signature
        headers = {"X-Twilio-Signature": signature, "Content-Type": FORM}
        body = urlencode(list(form.items()), errors="surrogateescape").encode()
        return Answer(await self.client.post(target, content=body, headers=headers))

    async def fetch(self, path: str, form: Mapping[str, str]) -> Answer:
        """The same by GET: the form in the query."""
        target = f"{OURS}{path}?{urlencode(form)}"
        return Answer(await self.client.get(target, headers={"X-Twilio-Signature": signed(target, {})}))

    async def ring(self, call: int = 1, **more: str) -> Answer:
        """An inbound call."""
        return await self.send("/twilio/voice", self.form(call, **{"CallStatus": "ringing"} | more))

    async def press(self, answer: Answer, digits: str, call: int = 1, **more: str) -> Answer:
        """As soon as they have heard all that was said."""
        await self.clock.advance(answer.seconds)
        return await self.send(answer.listens_at, self.form(call, Digits=digits, **more))

    async def speak(self, answer: Answer, words: str, call: int = 1, **more: str) -> Answer:
        """The same with words, which take their time."""
        await self.clock.advance(answer.seconds + speech_seconds(words))
        said = {"SpeechResult": words, "Confidence": "0.9"} | more
        return await self.send(answer.listens_at, self.form(call, **said))

    async def wait(self, answer: Answer, call: int = 1, **more: str) -> Answer:
        """The document ran out."""
        return await self.send(answer.goes_to, self.form(call, **more))

    async def leg_news(self, url: str, status: str, leg: int = 900, **more: str) -> Answer:
        return await self.send(url, self.form(leg, CallStatus=status, **more))

    @property
    def rings(self) -> list[dict[str, Any]]:
        return self.carrier.of("create_call")

    async def all_calls(self) -> list[Row[Any]]:
        async with self.database.read() as conn:
            return list((await conn.execute(select(calls).order_by(calls.c.id))).all())

    async def call(self, n: int = 1) -> Row[Any]:
        async with self.database.read() as conn:
            return (await conn.execute(select(calls).where(calls.c.sid == sid(n)))).one()

    async def all_legs(self) -> list[Row[Any]]:
        async with self.database.read() as conn:
            return list((await conn.execute(select(legs).order_by(legs.c.id))).all())

    async def all_promises(self) -> list[Row[Any]]:
        async with self.database.read() as conn:
            return list((await conn.execute(select(callbacks).order_by(callbacks.c.id))).all())

    async def reservation_states(self) -> list[str]:
        async with self.database.read() as conn:
            return list(await conn.scalars(select(reservations.c.state).order_by(reservations.c.id)))

    async def change_call(self, n: int = 1, **values: Any) -> None:
        async with self.database.write() as conn:
            await conn.execute(update(calls).where(calls.c.sid == sid(n)).values(**values))

    async def hears(self, result: EffectResult) -> None:
        await self.watch.heard(result)


def path_of(url: str) -> str:
    return urlsplit(url).path
