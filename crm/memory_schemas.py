"""What the API says of what we remember: notes and stories, who knows somebody, how tired of us they are."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from api.fields import Body, Moment, Shown, Word

Words = Annotated[str, StringConstraints(pattern=r"\S", max_length=20_000)]
NoteKind = Literal["note", "story"]
MOST_TAGS = 20


class NoteFields(Body):
    """A note is ours; a story is what they told, in their words."""

    kind: NoteKind = "note"
    words: Words | None = Field(None, description="absent, of a story with a `call`: what they said in that call")
    tags: list[Word] = Field(default=[], max_length=MOST_TAGS)
    call: Word | None = Field(None, description="SID of the call in which it was told")


class NoteChanges(Body):
    """What is absent stays as it is."""

    words: Words = Field(default_factory=str)
    tags: list[Word] = Field(default=[], max_length=MOST_TAGS)


class Note(Shown):
    id: str
    customer: str
    kind: NoteKind
    words: str
    tags: list[str]
    agent: str | None = Field(description="who wrote it down")
    call: str | None
    at: Moment


class StoryTag(Shown):
    tag: str
    stories: int = Field(description="how many have it")


class Told(Shown):
    """Why something is so, as a person would say it."""

    kind: str
    sentence: str


class FamiliarAgent(Shown):
    agent: str
    score: float = Field(description="0 to 1: how well the two know each other")
    times: int = Field(description="conversations")
    last_at: Moment | None
    chosen: bool = Field(description="the customer has chosen this agent")
    reasons: list[Told]


class WearyReason(Told):
    times: int
    topic: str | None


class Weariness(Shown):
    level: int = Field(description="0 fresh, to 3")
    reasons: list[WearyReason]


class CaseStep(Shown):
    n: int
    at: Moment
    what: Literal["opened", "changed", "solved", "reopened", "confirmed"]
    by: str = Field(description="customer | agent:ID | manager | service | us")
    before: dict[str, Any] | None
    after: dict[str, Any] | None
