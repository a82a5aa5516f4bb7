"""What the API says of consents and of who read what."""

from typing import Any

from pydantic import Field

from api.fields import Body, Moment, Shown
from crm.audit import What
from crm.consents import Kind, Source


class ConsentFields(Body):
    given: bool
    source: Source | None = Field(
        None, description="how they said so; absent: with an agent's token `agent`, else `api`"
    )


class Consent(Shown):
    """One word of theirs."""

    kind: Kind
    given: bool
    at: Moment
    source: Source
    call: str | None = Field(description="the call's SID, where it was said in one")
    counts: bool = Field(description="it is the latest of its kind")


class AuditRow(Shown):
    """Who read or changed what; nobody is named but by an id."""

    id: str
    at: Moment
    role: str = Field(description="manager, agent or service; `house`: done unasked")
    by: str = Field(description="the token's id; of the house: which of its works")
    agent: str | None
    what: What
    customer: str | None
    detail: dict[str, Any] | None = Field(description="words of ours, ids, names of fields and counts")
