"""What the OpenAPI document cannot say: who exists, which text is a phone number, that some values come once only.

Loaded by Schemathesis, in its own environment.
"""

import itertools
import json
import os
import urllib.request
from typing import Any

import schemathesis
from hypothesis import strategies as st

SEEDS: dict[str, Any] = json.loads(os.environ["CONTRACT_SEEDS"])
NUMBERS = ["+390612345678", "06 1234 5678", "333 1234567", "+44 20 7946 0958"]
HOURS = [
    "08:00-21:00",
    "Mo-Fr 09:00-18:00; PH off",
    "24/7",
    "Mo-Fr 09:00-17:00",
    "Mo-Sa 08:00-12:00,14:00-18:00; PH off",
]
OF_A_BODY = {
    "preferred_agent": SEEDS["agents"],
    "agent": SEEDS["agents"],
    "owner": SEEDS["agents"],
    "stand_in": SEEDS["agents"],
    "successor": SEEDS["agents"],
    "stand_ins": SEEDS["agents"],
    "addresses": ["client:maria", "sip:maria@office.example"],
    "situation": ["greet", "ring"],
    "customer": [SEEDS["customer"]],
    "case": [SEEDS["case"]],
    "busy": SEEDS["agents"],
    "due_at": SEEDS["due_at"],
    "from": SEEDS["from"],
    "to": SEEDS["to"],
    "starts_at": SEEDS["from"],
    "ends_at": SEEDS["due_at"],
    "number": NUMBERS,
    "phones": NUMBERS,
    "hours": HOURS,
    "call_hours": HOURS,
    "time_zone": ["Europe/Rome", "Asia/Kolkata", "America/St_Johns"],
}
BODIES = (
    *("CustomerFields", "AgentFields", "AgentChanges", "InteractionFields", "CaseFields", "CaseChanges"),
    *("CallbackFields", "CallbackChanges", "Plan", "Line", "ByHours", "Then", "Asked", "AbsenceFields", "TokenOfAgent"),
    *("Service", "NumberGivenUp", "Tried", "CallerTried"),
    *("TransferWish", "SupervisionWish", "StandIn", "HandOver", "WrapUp", "CallChanges"),
)
# What holds between two fields no document can say: a text is a follow-up with words, a follow-up is of what is solved.
LEFT_OUT = {
    "CallbackFields": ("channel", "words"),
    "CallbackChanges": ("words",),
    "CaseChanges": ("follow_up",),
    "RecordingWish": ("refused",),
    "Presence": ("back_at",),  # only who is away is back at some time, and that lies ahead
    "TransferWish": ("skill",),  # either a colleague or a skill
    "CallerTried": ("case",),  # which is to be of the customer who is named
}
BY_INSTANT = "WyIyMDI2LTAxLTAxVDAwOjAwOjAwWiIsIngiXQ"  # ["2026-01-01T00:00:00Z", "x"]
BY_NUMBER = "WyIzIl0"  # ["3"]
BY_ID = "WyJ4Il0"  # ["x"]
BY_TWO = "WyJ4IiwieSJd"  # ["x", "y"]
CURSORS = {
    "/interactions": BY_INSTANT,
    "/customers/{customer_id}/timeline": BY_INSTANT,
    "/customers/{customer_id}/notes": BY_INSTANT,
    "/stories": BY_INSTANT,
    "/customers/{customer_id}/consents": BY_INSTANT,
    "/customers/{customer_id}/vcon": BY_INSTANT,
    "/duplicates": BY_TWO,
    "/audit": BY_INSTANT,
    "/tokens": BY_INSTANT,
    "/cases/{case_id}/history": BY_NUMBER,
    "/callbacks/slots": BY_INSTANT,
    "/agents/{agent_id}/absences": BY_INSTANT,
    "/plan/versions": BY_NUMBER,
    "/callbacks/{callback_id}/history": BY_NUMBER,
}
KEPT = (*SEEDS["agents"], SEEDS["customer"], SEEDS["case"])
counter = itertools.count()

schemathesis.openapi.format(
    "date-time", st.datetimes().map(lambda at: at.replace(year=1901 + at.year % 299).isoformat() + "Z")
)
schemathesis.openapi.format("agent-address", st.from_regex(r"\Aclient:[a-z0-9]{10,20}\Z"))


@schemathesis.hook
def before_load_schema(context: Any, document: dict[str, Any]) -> None:
    """Narrows what is generated; what is answered is held to the document as it was."""
    schemas = document["components"]["schemas"]
    for name in BODIES:
        for field, schema in schemas[name]["properties"].items():
            if field in OF_A_BODY and (name, field) != ("Tried", "agent"):  # a name, of whoever is invented there
                _narrow(schema, {"type": "string", "enum": OF_A_BODY[field]})
            if field == "address":
                _narrow(schema, {"type": "string", "format": "agent-address"})
    for name, fields in LEFT_OUT.items():
        for field in fields:
            del schemas[name]["properties"][field]
    schemas["TakeFields"]["required"] = ["agent"]  # which only an agent's own token may leave out
    schemas["TakeFields"]["properties"]["agent"] = {"type": "string", "enum": SEEDS["agents"]}
    schemas["TransferWish"]["required"] = ["agent"]
    schemas["TransferWish"]["properties"]["agent"] = {"type": "string", "enum": SEEDS["agents"]}
    schemas["CallChanges"]["properties"]["case"] = {"type": "null"}  # which is to be of the call's own customer
    schemas["NoteFields"]["required"] = ["words"]  # which only a story with a call may leave out
    schemas["NoteFields"]["properties"]["words"] = schemas["NoteFields"]["properties"]["words"]["anyOf"][0]
    schemas["Tried"]["properties"]["language"] = {"type": "string", "enum": ["it", "en", "de", "fr", "es"]}
    for name, field in (("All", "all"), ("AnyOf", "any"), ("Not", "not")):
        _of_simple_ones(schemas[name]["properties"][field])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", []):
                _narrow_parameter(path, method, parameter)


def _of_simple_ones(conditions: dict[str, Any]) -> None:
    """How deep conditions may lie inside one another, and how many there may be in all, no document can say."""
    inner = conditions.get("items", conditions)
    compound = ("/All", "/AnyOf", "/Not")
    inner["oneOf"] = [one for one in inner["oneOf"] if not one["$ref"].endswith(compound)]


def _narrow_parameter(path: str, method: str, parameter: dict[str, Any]) -> None:
    known = SEEDS["path"].get(parameter["name"])
    if parameter["in"] == "path" and known and method != "delete":
        parameter["schema"] = {"anyOf": [{"type": "string", "enum": [known]}, {"type": "string", "minLength": 1}]}
    if parameter["name"] == "cursor":
        parameter["schema"] = {"type": "string", "enum": [CURSORS.get(path, BY_ID)]}
    if parameter["name"] == "phone":
        parameter["schema"] = {"type": "string", "enum": NUMBERS}
    if path == "/calls" and parameter["name"] == "newest":
        parameter["schema"] = {"type": "boolean", "enum": [False]}  # the other order has a cursor of its own
    if path == "/callbacks" and parameter["name"] == "order":
        parameter["schema"] = {"type": "string", "enum": ["made"]}  # each order has a cursor of its own
    if path.startswith("/reports/") and parameter["name"] in ("from", "to"):
        parameter["schema"] = {"type": "string", "enum": SEEDS[parameter["name"]]}
    if path == "/callbacks/slots" and parameter["name"] in ("customer", "agent"):
        known = SEEDS["agents"] if parameter["name"] == "agent" else [SEEDS["customer"]]
        parameter["schema"] = {"type": "string", "enum": known}


def _narrow(schema: dict[str, Any], narrower: dict[str, Any]) -> None:
    """In place, wherever the field's text may stand: itself, an alternative to null, an item of a list."""
    if schema.get("type") == "string":
        schema.clear()
        schema.update(narrower)
    for inner in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])):
        _narrow(inner, narrower)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A key or an external id that has been used is refused with good reason, and so is an old version of the plan."""
    for name, value in (case.path_parameters or {}).items():
        if case.method in ("PATCH", "DELETE") and value in KEPT:
            case.path_parameters[name] = "somebody-else"  # others are still to refer to them
    _of_two_people(case)
    case.body = _whole(case.body)
    _without_phrases(case.body)
    q = (case.query or {}).get("q")
    if isinstance(q, str) and q:
        case.query["q"] = f"{q[:50]}ab"  # that of two signs two must be letters or digits, no document can say
    headers = case.headers or {}
    key = headers.get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) <= 255:
        headers["Idempotency-Key"] = f"{next(counter)}-{key}"[:255]
    if "If-Match" in headers:
        headers["If-Match"] = _etag()
    external_id = case.body.get("external_id") if isinstance(case.body, dict) else None
    if isinstance(external_id, str) and 0 < len(external_id) <= 200:
        case.body["external_id"] = f"{next(counter)}-{external_id}"[:200]


def _of_two_people(case: Any) -> None:
    """The same two are merged, again and again, and nobody gives up a number that others are to be known by."""
    path, one, other = str(case.path), SEEDS["path"]["customer_id"], SEEDS["other"]
    if path.endswith("/given-up") or (case.method == "DELETE" and case.path_parameters.get("customer_id") == one):
        case.path_parameters["customer_id"] = "somebody-else"
    if path.endswith(("/merge", "/not-the-same")) and isinstance(case.body, dict):
        case.path_parameters["customer_id"] = one
        case.body |= {"other": other} if isinstance(case.body.get("other"), str) and case.body["other"] else {}
    if path.endswith("/stand-in") and isinstance(case.body, dict) and case.body.get("agent") in SEEDS["agents"]:
        whose = case.path_parameters.get("agent_id")  # nobody stands in for themselves
        case.body["agent"] = next(agent for agent in SEEDS["agents"] if agent != whose)


def _whole(value: Any) -> Any:
    """An integer is written as one: 3.0 is one by JSON schema, and not to us."""
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_phrases(plan: Any) -> None:
    """Which situations there are, and what may stand in each, is told by GET /phrases; what is no phrases stays."""
    plan = plan.get("plan", plan) if isinstance(plan, dict) else None
    phrases = plan.get("phrases") if isinstance(plan, dict) else None
    situations = list(phrases.values()) if isinstance(phrases, dict) else [None]
    wordings = [one for told in situations for one in (told.values() if isinstance(told, dict) else [None])]
    if all(isinstance(many, list) and all(isinstance(one, str) and one for one in many) for many in wordings):
        plan["phrases"] = {}


def _etag() -> str:
    headers = {"Authorization": f"Bearer {os.environ['CONTRACT_KEY']}"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{os.environ['CONTRACT_URL']}/plan", headers=headers)
    ) as answer:
        return str(answer.headers["ETag"])
