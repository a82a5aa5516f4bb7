"""What the API says of promises."""

from typing import Annotated, Literal

from pydantic import Field

from api.fields import WHOLE, Body, Moment, Prose, Ref, Shown, Word
from callbacks.states import State

Kind = Literal["asap", "scheduled", "follow_up", "voicemail"]
Window = Annotated[int, Field(ge=60, le=86_400), WHOLE]


class CallbackFields(Body):
    """`due_at` absent: as soon as it can be kept.  `number` absent: the customer's first."""

    customer: Ref
    number: Word | None = None
    agent: Ref | None = None
    case: Ref | None = None
    due_at: Moment | None = None
    window_seconds: Window | None = None
    kind: Kind | None = None
    reason: Prose | None = None
    origin_call: Word | None = None


class CallbackChanges(Body):
    """What is absent stays as it is."""

    number: Word | None = None
    agent: Ref | None = None
    due_at: Moment | None = None
    window_seconds: Window | None = None
    reason: Prose | None = None


class Attempt(Shown):
    n: int
    at: Moment
    result: str | None


class Callback(Shown):
    id: str
    customer: str
    number: str
    agent: str | None
    case: str | None
    due_at: Moment
    window_seconds: int
    kind: Kind
    reason: str | None
    origin_call: str | None
    recording_url: str | None
    state: State
    attempts: list[Attempt]
    kept_at: Moment | None
    late_seconds: float | None
    made_at: Moment


class SlotShown(Shown):
    due_at: Moment
    agent: str | None
