"""What the API says of people, of what happened with them and of their open matters."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from api.fields import (
    WHOLE,
    Body,
    Count,
    Email,
    ExternalId,
    Language,
    Line,
    Moment,
    Name,
    Prose,
    QuietHours,
    Ref,
    Shown,
    WebAddress,
    Word,
    Zone,
)

Outcome = Literal["solved", "open", "transferred", "abandoned"]
Gender = Literal["feminine", "masculine"]
MOST_AT_ONCE = 1000


class CustomerFields(Body):
    """A customer as written.  In a PATCH what is absent stays as it is, and null empties what may be empty."""

    external_id: ExternalId | None = None
    name: Line | None = None
    given: Line | None = Field(None, description="the parts of the name, where somebody has told them apart")
    surname: Line | None = None
    called: Line | None = None
    title: Line | None = None
    gender: Gender | None = Field(None, description="null: they are spoken of so that it fits anybody")
    say: Line | None = None
    language: Language | None = None
    formal: bool = True
    phones: list[Word] = Field(default=[], max_length=20)
    addresses: list[Word] = Field(
        default=[], max_length=20, description="where they ring from who have no number there: sip:… or client:…"
    )
    email: Email | None = None
    photo_url: WebAddress | None = None
    preferred_agent: Ref | None = None
    stand_ins: list[Ref] = Field(default=[], max_length=10, description="agents who know them too, the next best first")
    time_zone: Zone | None = None
    quiet_hours: QuietHours | None = None
    style: Prose | None = None
    notes: Prose | None = None
    life_notes: Prose | None = Field(None, description="what they chose to tell of themselves")
    tags: list[Word] = Field(default=[], max_length=100)


class Customer(Shown):
    id: str
    external_id: str | None
    name: str | None
    given: str | None
    surname: str | None
    called: str | None
    title: str | None
    gender: Gender | None
    say: str | None
    name_recording_url: str | None = Field(
        description="they have said their name, and nobody has written it down yet: writing a name empties it"
    )
    language: str | None
    formal: bool
    phones: list[str]
    former_phones: list[str] = Field(description="numbers that are somebody else's by now")
    addresses: list[str]
    email: str | None
    photo_url: str | None
    preferred_agent: str | None
    stand_ins: list[str]
    time_zone: str | None
    quiet_hours: str | None
    style: str | None
    notes: str | None
    life_notes: str | None
    tags: list[str]
    made_at: Moment
    changed_at: Moment


class NumberGivenUp(Body):
    """It is somebody else's by now; written among `phones` again, it is theirs again."""

    number: Word


class Other(Body):
    other: Ref = Field(description="the other customer: id or external id")


class Duplicate(Shown):
    """Two records that may be one person's."""

    customer: Customer
    other: Customer
    why: list[Literal["same number", "same e-mail", "names alike"]]
    score: float = Field(description="0 to 1")


class Merge(Shown):
    """`gone` became one with `kept`, whose id answers for both."""

    id: str
    kept: str
    gone: str
    at: Moment
    by: str = Field(description="the token's id")
    undone_at: Moment | None
    moved: dict[str, int] = Field(description="rows that came over, by table and column")
    stayed: dict[str, int] = Field(description="rows that the kept record has already, and the other keeps")
    filled: list[str] = Field(description="fields of the kept record that were empty, or to which something was added")


class InteractionFields(Body):
    external_id: ExternalId | None = None
    customer: Ref
    agent: Ref | None = None
    channel: Word = "voice"
    started_at: Moment
    talk_seconds: Count = 0
    outcome: Outcome
    topic: Line | None = None
    summary: Prose | None = None


class ManyInteractions(Body):
    items: list[InteractionFields] = Field(max_length=MOST_AT_ONCE)


def _one_or_many(value: Any) -> str:
    many = "items" in value if isinstance(value, dict) else isinstance(value, ManyInteractions)
    return "(many)" if many else "(one)"


OneOrMany = Annotated[
    Annotated[InteractionFields, Tag("(one)")] | Annotated[ManyInteractions, Tag("(many)")],
    Discriminator(_one_or_many),
]


class Interaction(Shown):
    id: str
    external_id: str | None
    customer: str
    agent: str | None
    channel: str
    started_at: Moment
    talk_seconds: int
    outcome: Outcome
    topic: str | None
    summary: str | None
    case: str | None = Field(None, description="the case it belongs to")
    confirmed: bool | None = Field(None, description="is it solved, in the customer's own word; null: not asked")
    judged: bool = Field(True, description="somebody has said how it ended; false: it is only taken to be solved")


class Interactions(Shown):
    items: list[Interaction]


class CaseFields(Body):
    customer: Ref
    owner: Ref | None = None
    topic: Line | None = None
    title: Line | None = None
    state: Literal["open", "solved"] = "open"


class FollowUp(Body):
    """On a date that the customer has accepted they are asked whether it stayed solved."""

    due_at: Moment
    agent: Ref | None = Field(
        None, description="absent: with an agent's token that agent, else the case's owner; null: whoever is free"
    )
    reason: Prose | None = None
    window_seconds: Annotated[int, Field(ge=60, le=86_400), WHOLE] | None = None
    channel: Literal["call", "text"] = "call"
    words: Annotated[Name, Field(max_length=480)] | None = Field(None, description="of a text: what it will say")


class CaseChanges(Body):
    """Whose case it is does not change."""

    owner: Ref | None = None
    topic: Line | None = None
    title: Line | None = None
    state: Literal["open", "solved"] = "open"
    follow_up: FollowUp | None = Field(None, description="with `state` solved only: the promise to ask again")


class Case(Shown):
    id: str
    customer: str
    owner: str | None
    topic: str | None
    title: str | None
    state: Literal["open", "solved"]
    made_at: Moment
    solved_at: Moment | None
    confirmed: bool | None = Field(None, description="that it is solved, in the customer's own word")
    reopened: int = Field(0, description="times")


class TimelineItem(Shown):
    at: Moment
    kind: Literal["call", "text", "voicemail", "promise", "note", "case"]
    summary: str
    agent: str | None
    ref: str
    state: str | None = Field(
        None,
        description="of a text its delivery (`received` for one of theirs), of a promise its state, of a case what"
        " happened: opened, solved or reopened",
    )
    shared: bool = Field(
        False, description="a text of a number that several people have, and nobody has said yet which of them wrote it"
    )


class Text(Shown):
    id: str
    direction: Literal["in", "out"]
    from_number: str
    to_number: str
    body: str
    state: str
    at: Moment


class Export(Shown):
    """Everything that is kept about one person, in one document."""

    exported_at: Moment
    customer: Customer
    interactions: list[Interaction]
    cases: list[Case]
    texts: list[Text]
    more: dict[str, list[dict[str, Any]]] = Field(description="What other rooms keep, by kind: calls, callbacks, …")
