"""What the API says of agents."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.fields import WHOLE, Body, ExternalId, Language, Line, Moment, Name, Ref, Shown, WebAddress, Word

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
    photo_url: WebAddress | None = None
    successor: Ref | None = Field(None, description="whose people they become when this agent leaves")


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
    photo_url: WebAddress | None = None
    successor: Ref | None = Field(None, description="whose people they become when this agent leaves")


class Presence(Body):
    availability: Literal["ready", "away", "offline"]
    reason: Line | None = None
    back_at: Moment | None = Field(None, description="of somebody away for a while: ready again by themselves then")


class StandIn(Body):
    agent: Ref | None = Field(description="who answers those who know this agent, while they are not here")


class HandOver(Body):
    successor: Ref | None = Field(None, description="null: the one who is named in the agent's record")


class HandedOver(Shown):
    successor: str
    customers: int = Field(description="who had chosen the agent")
    cases: int
    promises: int


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
    photo_url: str | None
    successor: str | None
    back_at: Moment | None
    wrap_up_until: Moment | None
    set_by_desk: bool = Field(
        description="chosen at a desk of ours, with which it ends; else it holds until told otherwise"
    )
