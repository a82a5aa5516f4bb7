"""A conversation as a vCon, the container that other programs read conversations from.  Pure.

Source: draft-ietf-vcon-vcon-core-04 (September 2026), syntax 0.4.0, with the role of a party from the contact centre's
extension (draft-ietf-vcon-cc-extension).  A recording stands there by its address at the carrier; its `content_hash`
is left out, against the draft, for we never hold the sound itself: whoever fetches it can tell.  Notes that we wrote
about people are no part of a conversation and stay here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

SYNTAX = "0.4.0"
MEDIA_TYPE = "application/vcon+json"
US = "Centralino"
_NOBODY_CAME = {"abandoned": "hung-up", "callback": "hung-up", "backup": "failed"}  # by the outcome of a call


@dataclass(frozen=True, slots=True)
class Party:
    """`number` in E.164, or a SIP address; None of who withheld theirs.  `known_by`: how we know that it is they."""

    role: str  # customer | agent | house
    number: str | None = None
    name: str | None = None
    id: str | None = None
    known_by: str | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """One agent's part, or a message that was left (no agent); `recordings` are addresses."""

    started_at: datetime
    seconds: float | None = None
    agent: Party | None = None
    recordings: Sequence[str] = ()
    outcome: str | None = None
    topic: str | None = None
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A text."""

    at: datetime
    theirs: bool  # the customer wrote it
    words: str
    sid: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """`id` is ours and never changes; `outcome` is the call's, `said` what they spoke before anybody answered."""

    id: str
    begun_at: datetime
    customer: Party
    house: Party
    inbound: bool = True
    subject: str | None = None
    outcome: str | None = None
    said: str | None = None
    talks: Sequence[Talk] = ()
    messages: Sequence[Message] = field(default=())


def vcon(conversation: Conversation, host: str) -> dict[str, Any]:
    """`host` is ours: ids of two houses are never the same."""
    parties = _Parties(conversation.customer, conversation.house)
    dialog: list[dict[str, Any]] = []
    analysis: list[dict[str, Any]] = []
    for talk in conversation.talks:
        first = len(dialog)
        dialog += _dialogs(talk, parties, inbound=conversation.inbound)
        analysis += _told(talk, first)
    for message in conversation.messages:
        dialog.append(_text(message))
    if not dialog:
        dialog.append(_nobody_came(conversation))
    if conversation.said:
        analysis.insert(0, _heard(conversation.said))
    return {
        "vcon": SYNTAX,
        "uuid": str(uuid_of(conversation.id, conversation.begun_at, host)),
        "extensions": ["CC"],
        "created_at": _instant(conversation.begun_at),
        **({"subject": conversation.subject} if conversation.subject else {}),
        "parties": parties.shown,
        "dialog": dialog,
        **({"analysis": analysis} if analysis else {}),
    }


def uuid_of(ours: str, at: datetime, host: str) -> UUID:
    """Version 8, always the same for the same conversation: its instant, as in version 7, then what tells it apart."""
    told_apart = int.from_bytes(hashlib.sha1(f"{host}/{ours}".encode(), usedforsecurity=False).digest()[:10], "big")
    milliseconds = int(at.timestamp() * 1000) & (2**48 - 1)
    bits = milliseconds << 80 | 0x8 << 76 | (told_apart & 0xFFF) << 64 | 0b10 << 62 | told_apart >> 12 & (2**62 - 1)
    return UUID(int=bits)


class _Parties:
    """The customer is the first, the house the second, then each agent once."""

    def __init__(self, customer: Party, house: Party) -> None:
        self.shown = [_party(customer), _party(house)]
        self._agents: dict[str | None, int] = {}

    def index_of(self, agent: Party) -> int:
        if agent.id not in self._agents:
            self._agents[agent.id] = len(self.shown)
            self.shown.append(_party(agent))
        return self._agents[agent.id]


def _party(party: Party) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": "organization" if party.role == "house" else "person", "role": party.role}
    if party.number and party.number.startswith("+"):
        shown["tel"] = f"tel:{party.number}"
    elif party.number and party.number.startswith("sip:"):
        shown["sip"] = party.number
    if party.name:
        shown["name"] = party.name
    elif party.role == "customer" and not party.number:
        shown["name"] = "anonymous"
    if party.name and party.known_by:
        shown["validation"] = party.known_by
    if party.id:
        shown["uuid"] = party.id
    return shown


def _dialogs(talk: Talk, parties: _Parties, *, inbound: bool) -> list[dict[str, Any]]:
    """One, or as many as there are recordings.  Who called is named where it was not the customer."""
    with_whom = parties.index_of(talk.agent) if talk.agent is not None else 1
    shown: dict[str, Any] = {"type": "recording", "start": _instant(talk.started_at), "parties": [0, with_whom]}
    if talk.seconds is not None:
        shown["duration"] = talk.seconds
    if not inbound:
        shown["originator"] = with_whom
    if talk.agent is not None and talk.seconds is not None:
        left_at = talk.started_at + timedelta(seconds=talk.seconds)
        shown["party_history"] = [
            {"party": with_whom, "time": _instant(talk.started_at), "event": "join"},
            {"party": with_whom, "time": _instant(left_at), "event": "drop"},
        ]
    shown["application"] = "telephone"
    heard = [{"url": url, "mediatype": "audio/x-wav"} for url in talk.recordings]
    return [shown | one for one in heard] or [shown]


def _told(talk: Talk, dialog: int) -> list[dict[str, Any]]:
    """What its agent wrote down."""
    found: list[dict[str, Any]] = []
    if talk.summary:
        found.append(_analysis("summary", dialog, US, talk.summary))
    told = {name: value for name, value in (("outcome", talk.outcome), ("topic", talk.topic)) if value}
    if told:
        found.append({"type": "report", "dialog": dialog, "vendor": US, "encoding": "json", "body": told})
    return found


def _heard(said: str) -> dict[str, Any]:
    return _analysis("transcript", 0, "Twilio", said)


def _analysis(kind: str, dialog: int, vendor: str, words: str) -> dict[str, Any]:
    plain = {"mediatype": "text/plain", "encoding": "none", "body": words}
    return {"type": kind, "dialog": dialog, "vendor": vendor} | plain


def _text(message: Message) -> dict[str, Any]:
    sides = [0, 1] if message.theirs else [1, 0]
    shown = {"type": "text", "start": _instant(message.at), "parties": sides, "application": "SMS"}
    shown |= {"mediatype": "text/plain", "encoding": "none", "body": message.words}
    return shown | ({"message_id": message.sid} if message.sid else {})


def _nobody_came(conversation: Conversation) -> dict[str, Any]:
    sides = [0, 1] if conversation.inbound else [1, 0]
    otherwise = "hung-up" if conversation.inbound else "no-answer"
    why = _NOBODY_CAME.get(conversation.outcome or "", otherwise)
    start = _instant(conversation.begun_at)
    return {"type": "incomplete", "start": start, "parties": sides, "disposition": why, "application": "telephone"}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
