"""What the API says of promises."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.fields import WHOLE, Body, Moment, Name, Prose, Ref, Shown, Word
from callbacks.history import Way, What
from callbacks.states import State
from crm.schemas import Case, TimelineItem
from crm.texts import Told

Kind = Literal["asap", "scheduled", "follow_up", "voicemail"]
Channel = Literal["call", "text"]
KeptHow = Literal["call", "text", "mail", "in_person"]
Risk = Literal["owner_busy", "owner_away", "nobody_free", "rate", "quiet", "spend", "number_a_day"]
Window = Annotated[int, Field(ge=60, le=86_400), WHOLE]
Words = Annotated[Name, Field(max_length=480)]  # three segments of a text, which is as long as one may be


class CallbackFields(Body):
    """`due_at` absent: as soon as it can be kept.  `number` absent: the customer's first.

    With an agent's token `agent` absent is that agent, and null is whoever is free.
    """

    customer: Ref
    number: Word | None = None
    agent: Ref | None = None
    case: Ref | None = None
    due_at: Moment | None = None
    window_seconds: Window | None = None
    kind: Kind | None = None
    reason: Prose | None = None
    origin_call: Word | None = None
    channel: Channel = Field("call", description="`text`: of a follow-up only, which is then sent rather than spoken")
    words: Words | None = Field(None, description="of a text: what it will say, in the agent's own words")


class CallbackChanges(Body):
    """What is absent stays as it is."""

    number: Word | None = None
    agent: Ref | None = None
    due_at: Moment | None = None
    window_seconds: Window | None = None
    reason: Prose | None = None
    words: Words | None = Field(None, description="only of a follow-up by text")


class TakeFields(Body):
    agent: Ref | None = Field(None, description="who takes it; with an agent's token nobody but that agent")


class KeepFields(Body):
    how: KeptHow = Field(description="by which way it was kept, other than by the call that was promised")
    note: Prose | None = None


class CancelFields(Body):
    reason: Prose = Field(min_length=1, pattern=r"\S", description="why, for the ledger; the customer is not told it")


class Attempt(Shown):
    n: int
    at: Moment
    result: str | None


class Choice(Shown):
    at: Moment
    agent: str | None


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
    latest: Moment = Field(description="due_at and its window: kept if both are connected by then")
    arrived_at: Moment | None = Field(description="when they first turned to us: the place they keep")
    made_by: str | None = Field(description="customer | agent:ID | manager | service | us")
    made_with: Way | None
    channel: Channel
    words: str | None
    transcript: str | None = Field(description="of the recording, where speech recognition gave one")
    risk: Risk | None = Field(description="why it may not be kept as it stands; null: nothing speaks against it")
    choices: list[Choice] | None = Field(description="other times that the customer was offered by text")
    moves: int = Field(description="how often it was given another time")
    missed_at: Moment | None = Field(description="when its window had passed with nobody calling, the last time")
    told: Told = Field(description="what became of the last text that spoke of it")
    kept_how: KeptHow | None = Field(description="how it was kept, where not by the call that was promised")
    note: str | None


class HistoryItem(Shown):
    """One step of a promise's life."""

    n: int
    at: Moment
    what: What
    by: str = Field(description="customer | agent:ID | manager | service | us")
    by_way_of: Way
    before: dict[str, Any] | None = Field(description="what changed, as it was; what it was about is never told")
    after: dict[str, Any] | None


class StoryPerson(Shown):
    id: str
    name: str | None
    called: str | None
    title: str | None
    say: str | None
    formal: bool
    style: str | None
    language: str | None


class StoryReason(Shown):
    kind: str
    times: int
    topic: str | None


class StoryWeariness(Shown):
    level: int = Field(description="how tired of us they must be: 0 to 3")
    reasons: list[StoryReason]


class Story(Shown):
    """What whoever is about to call should know."""

    callback: str
    due_at: Moment
    kind: Kind
    person: StoryPerson
    reason: str | None
    words: str | None
    transcript: str | None
    recording_url: str | None
    lately: list[TimelineItem] = Field(description="the last three things that happened with them, this one apart")
    cases: list[Case] = Field(description="those that are open")
    weariness: StoryWeariness
    talks: int = Field(description="how often these two have talked")
    moves: int
    missed_at: Moment | None
    attempts: list[Attempt]


class SlotShown(Shown):
    due_at: Moment
    agent: str | None


class Question(Shown):
    """What the customer could be asked by text."""

    choices: list[Choice] = Field(description="the first holds if they do not answer; empty: there is an obstacle")
    obstacle: Literal["asked", "no_text", "no_time", "in_progress"] | None = Field(
        description="why nothing can be asked: it has been, they get no texts now, nobody else has time, too late"
    )


class Taker(Shown):
    """Somebody who could keep a promise in the place of its owner."""

    agent: str
    name: str
    photo_url: str | None
    team: str | None
    availability: Literal["ready", "away", "offline"]
    activity: Literal["idle", "reserved", "talking", "wrap_up"]
    at: Moment | None = Field(description="when they could call: its time, or their first after it; null: not that day")
    in_time: bool = Field(description="at the time that was promised")
    stand_in: bool = Field(description="of its owner")
    chosen: bool = Field(description="the customer has chosen this agent")
    talks: int = Field(description="how often the two have talked")
