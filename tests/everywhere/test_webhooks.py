"""Anything at all at Twilio's addresses: who has not signed changes nothing, who has is answered with a document."""

from __future__ import annotations

import asyncio
import hmac
import sqlite3
import xml.etree.ElementTree as ET
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import URL
from starlette.applications import Starlette

from store.clock import VirtualClock
from store.sql import Database
from tests.ivr.door import ACCOUNT, LINE, MARIA, OURS, TOKEN, Door, sid
from tests.ivr.test_webhooks import EVERY

EXAMPLES = 150
VERBS = {"Say", "Play", "Pause", "Gather", "Record", "Dial", "Redirect", "Hangup", "Response", "Conference"}


@dataclass(frozen=True)
class Asked:
    """A request as bytes; `signature` is null where it is to be Twilio's own."""

    method: str
    path: str
    query: str
    pairs: tuple[tuple[str, str], ...]
    content_type: str | None
    signature: bytes | None
    raw: bytes | None  # a body that is no form
    chunks: int

    @property
    def target(self) -> str:
        return self.path + (f"?{self.query}" if self.query else "")

    @property
    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in self.pairs).encode()

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        headers = [(b"host", b"evil.example"), (b"x-forwarded-proto", b"http")]
        if self.content_type is not None:
            headers.append((b"content-type", self.content_type.encode("latin-1")))
        signature = _signed(self) if self.signature is None else self.signature
        return [*headers, (b"x-twilio-signature", signature)]


def _escaped(text: str) -> str:
    return quote_plus(text, errors="surrogateescape")


def _signed(asked: Asked) -> bytes:
    pairs = asked.pairs if asked.method == "POST" and asked.raw is None else ()
    text = OURS + asked.target + "".join(name + value for name, value in sorted(set(pairs)))
    return b64encode(hmac.digest(TOKEN.encode(), text.encode("utf-8", "surrogateescape"), "sha1"))


odd_text = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(codec=None, categories=["Cs"], min_codepoint=0xDC80, max_codepoint=0xDCFF), max_size=3),
    st.sampled_from(
        [
            *(
                "",
                "\x00",
                "x" * 9000,
                "🙂" * 400,
                "</Say><Dial>+390899</Dial>",
                "{name} %s [a|b]",
                "\r\n\r\nX: y",
                "-1",
            ),
            *(
                "2",
                "5",
                "9",
                "0",
                "1w2*#",
                "hangup",
                "completed",
                "ringing",
                "busy",
                "teleported",
                "true",
                "99999999999",
            ),
            *(
                MARIA,
                LINE,
                "anonymous",
                "+266696687",
                "client:anna",
                "sip:a@b",
                "+39" + "9" * 40,
                "la lampada lampeggia",
            ),
            *(ACCOUNT, "AC" + "f" * 32, sid(1), sid(2, "RE"), sid(3, "SM"), "https://api.test/RE1", "javascript:x"),
        ]
    ),
)
NAMES = (
    *("AccountSid", "CallSid", "From", "To", "CallStatus", "Digits", "SpeechResult", "Confidence", "Direction", "Body"),
    *("MessageSid", "SmsSid", "MessageStatus", "RecordingSid", "RecordingUrl", "RecordingStatus", "RecordingDuration"),
    *("ConferenceSid", "StatusCallbackEvent", "CallDuration", "ErrorCode", "FromCity", "CallerName", "AnsweredBy"),
    *(
        "DialCallStatus",
        "QueueResult",
        "TranscriptionText",
        "TranscriptionSid",
        "TranscriptionStatus",
        "NumMedia",
        "Timestamp",
        "SequenceNumber",
        "SomethingNew",
    ),
)
calls = st.sampled_from([sid(1), sid(2), sid(3)])


@st.composite
def forms(draw: st.DrawFn) -> tuple[tuple[str, str], ...]:
    """A form as Twilio sends it, with something wrong here and there."""
    usual = {"AccountSid": ACCOUNT, "CallSid": draw(calls), "From": MARIA, "To": LINE}
    usual["CallStatus"] = draw(st.sampled_from(["ringing", "in-progress", "completed"]))
    if draw(st.booleans()):
        usual |= {"MessageSid": draw(st.sampled_from([sid(1, "SM"), sid(2, "SM")])), "Body": draw(odd_text)}
    pairs = list((usual | draw(st.dictionaries(st.sampled_from(NAMES), odd_text, max_size=2))).items())
    match draw(st.sampled_from(["whole"] * 12 + ["without", "twice", "many", "unnamed"])):
        case "without":
            missing = draw(st.sampled_from(NAMES[:5]))
            pairs = [pair for pair in pairs if pair[0] != missing]
        case "twice":
            pairs.insert(0, (draw(st.sampled_from(NAMES)), draw(odd_text)))
        case "many":
            pairs += [(f"Extra{n}", "x") for n in range(1200)]
        case "unnamed":
            pairs.append((draw(odd_text), draw(odd_text)))
    return tuple(pairs)


@st.composite
def requests(draw: st.DrawFn, *, signed: bool) -> Asked:
    names = st.sampled_from(["n", "leg", "at", "agent", "asked", "number", "text", "told", "told", "bodySHA256", "x"])
    query = draw(st.lists(st.tuples(names, odd_text.filter(lambda text: len(text) < 2000)), max_size=2))
    forged = st.one_of(
        st.sampled_from([b"", b"=", b"a, b", b"a\r\n b", b"\xff\xfe", b64encode(b"x" * 20)]), st.binary(max_size=40)
    )
    return Asked(
        method=draw(st.sampled_from(["POST"] * 20 + ["GET", "PUT", "HEAD"])),
        path=draw(st.sampled_from(EVERY)),
        query="&".join(f"{name}={quote(value, errors='surrogateescape')}" for name, value in query),
        pairs=draw(forms()),
        content_type=draw(
            st.sampled_from(
                ["application/x-www-form-urlencoded; charset=UTF-8"] * 8
                + ["application/json", "text/xml", "\xff", None]
            )
        ),
        signature=None if signed else draw(forged),
        raw=draw(st.sampled_from([None] * 30 + [b"", b"\xff\x00%%%=&&=", b"{}", b"a" * 70_000])),
        chunks=draw(st.integers(1, 3)),
    )


class Knocking:
    """A house in a loop of its own, and a second look at its database that sees whether anything was changed."""

    def __init__(self, url: URL, clock: VirtualClock) -> None:
        self.runner = asyncio.Runner()
        self.database = Database(url)
        self.door = Door(self.database, clock)
        self.app = Starlette(routes=self.door.webhooks.routes)
        self.aside = sqlite3.connect(str(url.database))

    def people(self) -> None:
        async def come() -> None:
            await self.door.customer("Maria", MARIA)
            await self.door.agent()

        self.runner.run(come())

    def close(self) -> None:
        self.aside.close()
        self.runner.run(self.door.client.aclose())
        self.runner.run(self.database.close())
        self.runner.close()

    def changes(self) -> int:
        """Another figure whenever another connection has committed a change."""
        return int(self.aside.execute("PRAGMA data_version").fetchone()[0])

    def ask(self, asked: Asked) -> tuple[int, bytes]:
        return self.runner.run(self._ask(asked))

    async def _ask(self, asked: Asked) -> tuple[int, bytes]:
        size = max(len(asked.body) // asked.chunks, 1)
        parts = [asked.body[at : at + size] for at in range(0, len(asked.body), size)] or [b""]
        messages: list[dict[str, Any]] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        messages[-1]["more_body"] = False
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        path, query = asked.path.encode(), asked.query.encode()
        scope = {"type": "http", "method": asked.method, "path": asked.path, "raw_path": path, "query_string": query}
        async with asyncio.timeout(5):
            await self.app(scope | {"headers": asked.headers, "http_version": "1.1", "scheme": "http"}, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def knocking(sqlite_url: URL, clock: VirtualClock) -> Iterator[Knocking]:
    with closing(Knocking(sqlite_url, clock)) as knocking:
        before = knocking.changes()
        knocking.people()
        assert knocking.changes() != before
        yield knocking


checked = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large, HealthCheck.too_slow],
)


BODY_HASH = Asked("POST", "/twilio/voice", "bodySHA256=%C2%B2", (), "application/json", b"x", b"{}", 1)


@given(asked=requests(signed=False))
@example(asked=BODY_HASH)
@checked
def test_whoever_has_not_signed_is_sent_away_and_changes_nothing(knocking: Knocking, asked: Asked) -> None:
    before = knocking.changes()
    status, body = knocking.ask(asked)
    assert status in (403, 405)
    assert body in (b"", b"Forbidden\n", b"Method Not Allowed")
    assert knocking.changes() == before


@given(asked=requests(signed=True))
@checked
def test_whatever_is_signed_is_answered_with_a_document_or_sent_away(knocking: Knocking, asked: Asked) -> None:
    """Never an error; what is not of the shape that Twilio sends changes nothing either."""
    before = knocking.changes()
    status, body = knocking.ask(asked)
    assert status in (200, 403, 405)
    if status == 200:
        document = ET.fromstring(body)
        assert {element.tag for element in document.iter()} <= VERBS
    else:
        assert knocking.changes() == before
