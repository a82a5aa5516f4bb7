"""Which step each address of ours is: the table of contents of webhooks.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import Row

from ivr import agent_leg, answers, customer_leg, held, journey, supervision, supervisor_leg
from ivr.document import Document
from ivr.turn import Turn

Form = Mapping[str, str]
CallerStep = Callable[[Turn, Form, Mapping[str, str]], Awaitable[Document]]
LegStep = Callable[[Turn, Row[Any], Form], Awaitable[Document]]
LegNews = Callable[[Turn, Row[Any], Form], Awaitable[None]]
RoomStep = Callable[[Turn, Mapping[str, str]], Awaitable[Document]]

CALLER: Mapping[str, CallerStep] = {
    "wait": answers.go_on,
    "key": lambda turn, form, query: answers.key(turn, form),
    "who": lambda turn, form, query: answers.who(turn, form),
    "slot": answers.slot,
    "message": answers.message,
    "name": lambda turn, form, query: answers.name(turn, form),
    "callback": lambda turn, form, query: answers.call_back(turn, form),
    "join": lambda turn, form, query: journey.fetched(turn, form),
    "after": lambda turn, form, query: answers.after(turn, form),
    "more": answers.more,
}
LEGS: Mapping[str, LegStep] = {
    "/twilio/agent/answer": lambda turn, leg, form: agent_leg.answered(turn, leg),
    "/twilio/agent/key": agent_leg.pressed,
    "/twilio/agent/left": agent_leg.left,
    "/twilio/agent/gone": lambda turn, leg, form: agent_leg.told(turn, leg, "agent_gone"),
    "/twilio/agent/rings-us": lambda turn, leg, form: agent_leg.told(turn, leg, "agent_rings_us"),
    "/twilio/agent/not-reached": lambda turn, leg, form: agent_leg.told(turn, leg, "agent_not_reached"),
    "/twilio/customer/answer": customer_leg.answered,
    "/twilio/customer/again": customer_leg.again,
    "/twilio/customer/key": customer_leg.pressed,
    "/twilio/customer/last": customer_leg.pressed_at_last,
    "/twilio/supervisor/answer": supervisor_leg.answered,
    "/twilio/supervisor/key": supervisor_leg.pressed,
    "/twilio/supervisor/left": supervisor_leg.left,
}
LEG_NEWS: Mapping[str, LegNews] = {
    "/twilio/agent/status": agent_leg.status,
    "/twilio/customer/status": customer_leg.status,
    "/twilio/supervisor/status": supervisor_leg.status,
}
# What is played into a room, to one who is held or to everybody: whatever a call is told beside its own documents.
ROOM: Mapping[str, RoomStep] = {
    held.PATH: lambda turn, query: held.document(turn, int(query.get("n", "0"))),
    supervision.PATH: lambda turn, query: supervision.joins(turn, query.get("who", "")),
}
