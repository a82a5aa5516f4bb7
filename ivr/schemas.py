"""What the API says of calls."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from api.fields import Body, Moment, Prose, Ref, Shown, Word
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


class TransferShown(Shown):
    state: str = Field(
        description="ringing, consulting, introduced, completed; or handed_on, declined, rang_out, failed, nobody,"
        " left, returned, caller_left"
    )
    live: bool
    agent: str | None = Field(description="the colleague")
    skill: str | None
    note: str | None
    by: str = Field(description="the agent who asks them")
    since: Moment


class SupervisorShown(Shown):
    by: str
    name: str
    mode: Literal["listen", "whisper", "join"]
    since: Moment | None = Field(description="null: their phone is still ringing")


class CallShown(Shown):
    id: str = Field(description="taken wherever a SID is: a call of ours has none before its customer is dialled")
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
    on_hold_since: Moment | None
    broken_since: Moment | None = Field(description="their agent's line broke; they are being reconnected")
    agent_ends: bool = Field(description="the agent has said that they hang up")
    transfer: TransferShown | None = Field(description="the last one, also when it is over")
    supervisors: list[SupervisorShown] = Field(description="who of ours listens, whispers or has joined")
    decisions: list[DecisionShown]
    legs: list[LegShown]


Note = Annotated[str, StringConstraints(max_length=2000)]
Why = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"\S")]
Supervising = Literal["listen", "whisper", "join"]


class HoldWish(Body):
    on: bool


class TransferWish(Body):
    """To a colleague, or to the best who is free and has a skill."""

    agent: Ref | None = None
    skill: Word | None = None
    note: Note | None = Field(None, description="what they should know; read out to who has no screen")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.agent is None) == (self.skill is None):
            raise ValueError("Either a colleague or a skill is wanted.")
        return self


class CallChanges(Body):
    """What is absent stays as it is."""

    customer: Ref = Field("", description="who it is, as the agent has learnt: the call is theirs from now on")
    case: Ref | None = Field(None, description="what the talk is about: a case of this customer's; null: none of them")


class SupervisionWish(Body):
    mode: Supervising
    address: Annotated[str, StringConstraints(min_length=1, max_length=300)] = Field(
        description="whom to ring: client:NAME, sip:USER@HOST or a phone number"
    )
    name: Annotated[str, StringConstraints(max_length=200)] | None = Field(None, description="as the customer is told")


class ModeWish(Body):
    mode: Supervising


class Intervention(Body):
    reason: Why


class WrapUp(Body):
    """How the talk ended, in its agent's word.  What is absent stays as it is."""

    outcome: Literal["solved", "open"]
    topic: Annotated[str, StringConstraints(max_length=500)] | None = None
    summary: Prose | None = None
    case: Ref | None = None
    mine: bool | None = Field(None, description="the customer wishes to have this agent from now on; false: no more")


class WrapUpShown(Shown):
    interaction: str
    outcome: str = Field(description="the customer's own word goes before the agent's")
    topic: str | None
    summary: str | None
    case: str | None
    mine: bool


class ColleagueShown(Shown):
    agent: str
    name: str
    photo_url: str | None
    team: str | None
    availability: Literal["ready", "away", "offline"]
    activity: Literal["idle", "reserved", "talking", "wrap_up"]
    reason: str | None
    back_at: Moment | None
    languages: list[str]
    skills: dict[str, int]
    familiar: str | None = Field(description="what binds them to this customer, in a sentence")
    chosen: bool = Field(description="the customer chose them")
    free: bool = Field(description="could be rung now")
    free_in_seconds: float | None
