"""What the API says of calls."""

from typing import Any, Literal

from pydantic import Field

from api.fields import Moment, Shown
from ivr.lifecycle import CallState, Outcome

Identity = Literal["unknown", "withheld", "number", "name", "verified"]


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
    identity: Identity = Field(
        description="how far we know who it is: a number or a said name are hints; `verified`: a code of ours came back"
    )
    attestation: str | None = Field(description="what the carrier says of the number: A, B, C, failed; no proof either")
    forwarded_from: str | None
    case: str | None
    confirmed: bool | None = Field(description="is it solved, in the customer's own word; null: they have not said")
    consent: bool | None = Field(description="to being recorded, as they said in this call; null: they were not asked")
    recordings: list[str] = Field(description="of the talk: the carrier's SIDs")
    recording: Literal["recording", "paused", "stopped"] | None
    name_recording_url: str | None = Field(description="their name, said by themselves, which nobody has written down")
    decisions: list[DecisionShown]
    legs: list[LegShown]
