"""Conversations as vCons, held to what draft-ietf-vcon-vcon-core-04 demands of each object."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator

from ivr.vcon import Conversation, Message, Party, Talk, uuid_of, vcon

AT = datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC)
MARIA = Party("customer", "+393331234567", "Maria Rossi", "cus_1", "caller's number")
HOUSE = Party("house", "+390612345678", "Lumen")
ANNA, UGO = Party("agent", name="Anna", id="agt_1"), Party("agent", name="Ugo", id="agt_2")
SOUND = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1"

TIME = {"type": "string", "format": "date-time", "pattern": "Z$"}
INDEX = {"type": "integer", "minimum": 0}
INLINE = {"dependentRequired": {"body": ["encoding"]}, "properties": {"encoding": {"enum": ["none", "json"]}}}
SCHEMA: dict[str, Any] = {  # written from the draft: what it names, and no more
    "type": "object",
    "additionalProperties": False,
    "required": ["vcon", "uuid", "created_at", "parties", "dialog"],
    "properties": {
        "vcon": {"const": "0.4.0"},
        "uuid": {"type": "string", "format": "uuid"},
        "extensions": {"const": ["CC"]},
        "created_at": TIME,
        "subject": {"type": "string"},
        "parties": {
            "type": "array",
            "items": {
                "additionalProperties": False,
                "required": ["type", "role"],
                "properties": {
                    "tel": {"type": "string", "pattern": r"^tel:\+\d+$"},
                    **{name: {"type": "string"} for name in ("sip", "name", "validation", "uuid", "role")},
                    "type": {"enum": ["person", "organization"]},
                },
            },
        },
        "dialog": {
            "type": "array",
            "minItems": 1,
            "items": {
                **INLINE,
                "additionalProperties": False,
                "required": ["type", "start", "parties"],
                "properties": {
                    "type": {"enum": ["recording", "text", "incomplete"]},
                    "start": TIME,
                    "duration": {"type": "number", "minimum": 0},
                    "parties": {"type": "array", "items": INDEX},
                    "originator": INDEX,
                    "party_history": {"type": "array", "items": {"required": ["party", "time", "event"]}},
                    "url": {"type": "string", "pattern": "^https://"},
                    "disposition": {"enum": ["no-answer", "failed", "hung-up"]},
                    **{name: {"type": "string"} for name in ("application", "message_id", "mediatype")},
                    "body": {"type": "string"},
                    "encoding": {"const": "none"},
                },
                "if": {"properties": {"type": {"const": "incomplete"}}},
                "then": {"required": ["disposition"]},
                "else": {"not": {"required": ["disposition"]}},
            },
        },
        "analysis": {
            "type": "array",
            "items": {**INLINE, "required": ["type", "vendor", "dialog", "body", "encoding"]},
        },
    },
}
VALID = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def made(**values: Any) -> dict[str, Any]:
    talk = {"id": "call_1", "begun_at": AT, "customer": MARIA, "house": HOUSE} | values
    shown = vcon(Conversation(**talk), "calls.example")
    VALID.validate(shown)
    for dialog in shown["dialog"]:
        assert all(party < len(shown["parties"]) for party in dialog["parties"])
    assert all(one["dialog"] < len(shown["dialog"]) for one in shown.get("analysis", ()))
    return shown


def test_a_call_with_two_agents_is_two_dialogs_with_what_each_wrote_down() -> None:
    first = Talk(AT + timedelta(seconds=20), 60, ANNA, (SOUND,), "transferred", None, "to billing")
    second = Talk(AT + timedelta(seconds=90), 30.5, UGO, (), "solved", "bill")
    shown = made(talks=[first, second], said="my bill", subject="bill")
    assert shown["parties"] == [
        {
            "type": "person",
            "role": "customer",
            "tel": "tel:+393331234567",
            "name": "Maria Rossi",
            "validation": "caller's number",
            "uuid": "cus_1",
        },
        {"type": "organization", "role": "house", "tel": "tel:+390612345678", "name": "Lumen"},
        {"type": "person", "role": "agent", "name": "Anna", "uuid": "agt_1"},
        {"type": "person", "role": "agent", "name": "Ugo", "uuid": "agt_2"},
    ]
    one, two = shown["dialog"]
    assert (one["type"], one["start"], one["duration"]) == ("recording", "2026-03-02T09:00:20.250Z", 60)
    assert (one["parties"], one["url"], "originator" in one) == ([0, 2], SOUND, False)
    assert (two["parties"], two["duration"], "url" in two) == ([0, 3], 30.5, False)
    assert two["party_history"][1] == {"party": 3, "time": "2026-03-02T09:02:00.750Z", "event": "drop"}
    told = [(one["type"], one["dialog"], one["body"]) for one in shown["analysis"]]
    assert told == [
        ("transcript", 0, "my bill"),
        ("summary", 0, "to billing"),
        ("report", 0, {"outcome": "transferred"}),
        ("report", 1, {"outcome": "solved", "topic": "bill"}),
    ]


def test_a_call_that_reached_nobody_says_why() -> None:
    (lost,) = made(outcome="abandoned")["dialog"]
    assert (lost["type"], lost["disposition"], lost["parties"]) == ("incomplete", "hung-up", [0, 1])
    (ours,) = made(inbound=False)["dialog"]
    assert (ours["disposition"], ours["parties"]) == ("no-answer", [1, 0])


def test_a_message_that_was_left_is_for_the_house() -> None:
    (left,) = made(talks=[Talk(AT, recordings=[SOUND])], outcome="voicemail")["dialog"]
    assert (left["type"], left["parties"], left["url"]) == ("recording", [0, 1], SOUND)


def test_who_called_is_named_where_it_was_us() -> None:
    (talk,) = made(talks=[Talk(AT, 5, ANNA)], inbound=False)["dialog"]
    assert talk["originator"] == 2


def test_texts_are_a_dialog_each_and_who_wrote_comes_first() -> None:
    shown = made(messages=[Message(AT, True, "hello", "SM1"), Message(AT + timedelta(minutes=1), False, "dear Maria")])
    assert [(one["type"], one["parties"], one["body"]) for one in shown["dialog"]] == [
        ("text", [0, 1], "hello"),
        ("text", [1, 0], "dear Maria"),
    ]
    assert shown["dialog"][0]["message_id"] == "SM1"


def test_somebody_whom_nobody_knows_has_no_name_and_no_number() -> None:
    shown = made(customer=Party("customer", known_by="caller's number"))
    assert shown["parties"][0] == {"type": "person", "role": "customer", "name": "anonymous"}
    assert made(customer=Party("customer", "sip:a@b.example"))["parties"][0]["sip"] == "sip:a@b.example"


def test_the_uuid_is_always_the_same_and_of_version_eight() -> None:
    first = uuid_of("call_1", AT, "calls.example")
    assert first == UUID(made()["uuid"]) == uuid_of("call_1", AT, "calls.example")
    assert (first.version, first.variant) == (8, "specified in RFC 4122")
    assert first.int >> 80 == int(AT.timestamp() * 1000)
    others = {uuid_of("call_2", AT, "calls.example"), uuid_of("call_1", AT, "other.example")}
    assert len(others - {first}) == 2
