"""What the API says of calls."""

from typing import Any, Literal

from pydantic import Field

from api.fields import Moment, Shown
from ivr.lifecycle import CallState, Outcome


class DecisionShown(Shown):
    at: Moment
    action: Literal["ring", "wait", "offer_callback", "widen", "voicemail"]
    agent: str | None
    sentence: str
    reasons: dict[str, Any]


class LegShown(Shown):
    sid: str | None
    role: Literal["caller", "agent", "supervisor"]
    agent: str | None
    state: str


class CallShown(Shown):
    sid: str
    direction: Literal["inbound", "outbound"]
    from_: str = Field(alias="from")
    to: str
    customer: str | None
    said: str | None
    language: str
    state: CallState
    outcome: Outcome | None
    agent: str | None
    familiar: bool
    waited_seconds: float | None
    started_at: Moment
    ended_at: Moment | None
    callback: str | None
    recording_url: str | None
    decisions: list[DecisionShown]
    legs: list[LegShown]
