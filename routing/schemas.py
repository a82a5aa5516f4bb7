"""What the API says of agents."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.fields import WHOLE, Body, ExternalId, Language, Line, Name, Ref, Shown, Word

Skills = dict[Word, Annotated[int, Field(ge=1, le=100), WHOLE]]
Address = Annotated[str, StringConstraints(min_length=1, max_length=300)]
HoursText = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class AgentFields(Body):
    """An agent as written.  `activity` is read-only, `availability` is set by `PUT /agents/{id}/presence`."""

    external_id: ExternalId | None = None
    name: Name
    address: Address
    languages: list[Language] | None = Field(default=None, min_length=1, max_length=50)
    skills: Skills = Field(default={}, max_length=200)
    team: Line | None = None
    stand_in: Ref | None = None
    hours: HoursText | None = None


class AgentChanges(Body):
    """What is absent stays as it is, and null empties what may be empty."""

    external_id: ExternalId | None = None
    name: Name = ""
    address: Address = ""
    languages: list[Language] = Field(default=[], min_length=1, max_length=50)
    skills: Skills = Field(default={}, max_length=200)
    team: Line | None = None
    stand_in: Ref | None = None
    hours: HoursText | None = None


class Presence(Body):
    availability: Literal["ready", "away", "offline"]
    reason: Line | None = None


class Agent(Shown):
    id: str
    external_id: str | None
    name: str
    address: str
    languages: list[str]
    skills: dict[str, int]
    team: str | None
    stand_in: str | None
    hours: str | None
    availability: Literal["ready", "away", "offline"]
    activity: Literal["idle", "reserved", "talking", "wrap_up"]
    reason: str | None
