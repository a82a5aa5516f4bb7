"""What we ask of another CRM, and by whose fault it did not work.

A system of one's own is one class with four methods; `webhook.py` is the smallest of those that are here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from pydantic import TypeAdapter, ValidationError

from api.fields import Email, Language

LONGEST_LINE = 200  # characters of what another system calls a name
_LANGUAGE: TypeAdapter[str] = TypeAdapter(Language)
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


class ConnectorError(Exception):
    """`why` has no personal data and no secret in it: it goes into logs."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Refused(ConnectorError):
    """They will never take this one as it is: our fault, and of no use to repeat."""


class ShutOut(ConnectorError):
    """They take nothing from us until somebody mends the settings: repeated, for somebody may."""


class Barred(ShutOut):
    """We do not go to that address."""


class Away(ConnectorError):
    """They do not answer, or not now, or not sense: their fault, and repeated."""

    def __init__(self, why: str, retry_after: timedelta | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Found:
    """Who has the number there.  What is not known is null."""

    remote_id: str
    name: str | None = None
    given: str | None = None
    surname: str | None = None
    called: str | None = None
    language: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One that has ended, with an agent, about a person whom they know as `remote_id`."""

    id: str
    remote_id: str
    started_at: datetime
    seconds: int
    direction: Literal["inbound", "outbound"]
    agent: str | None
    outcome: str
    topic: str | None
    summary: str | None
    confirmed: bool | None = None  # is it solved, in the customer's own word; null: they have not said

    def lines(self) -> list[str]:
        """What is told where there is one field for all of it."""
        outcome = self.outcome if self.confirmed is None else f"{self.outcome} (the customer says so)"
        told = {"Agent": self.agent, "Outcome": outcome, "Topic": self.topic, "Summary": self.summary}
        return [f"{name}: {' '.join(value.split())}" for name, value in told.items() if value and value.strip()]


class Connector(Protocol):
    """Every method raises ConnectorError and nothing else, and keeps to its own time limit."""

    name: str

    async def find(self, number: str) -> Found | None:
        """Who has this number (E.164); None also where several people have it, for then it names nobody."""
        ...

    async def tell(self, news: Conversation, *, again: bool) -> None:
        """`again`: an earlier attempt may have arrived, so it is looked for first where they cannot tell themselves."""
        ...

    async def check(self) -> None:
        """Are we let in?  Changes nothing there."""
        ...

    async def close(self) -> None: ...


def read_found(
    remote_id: object,
    *,
    name: object = None,
    given: object = None,
    surname: object = None,
    called: object = None,
    language: object = None,
    email: object = None,
) -> Found | None:
    """From values of which nothing is certain; what cannot be used is left out.  None without an id."""
    key = line(str(remote_id)) if isinstance(remote_id, str | int) and not isinstance(remote_id, bool) else None
    if key is None:
        return None
    first, last = line(given), line(surname)
    return Found(
        remote_id=key,
        name=line(name) or " ".join(part for part in (first, last) if part) or None,
        given=first,
        surname=last,
        called=line(called),
        language=_valid(_LANGUAGE, language),
        email=_valid(_EMAIL, email),
    )


def line(value: object) -> str | None:
    """One line of visible characters, or None: it will be spoken, stored and shown."""
    if not isinstance(value, str):
        return None
    seen = "".join(letter if letter.isprintable() else " " for letter in value[: 4 * LONGEST_LINE])
    return " ".join(seen.split())[:LONGEST_LINE].strip() or None


def _valid(kind: TypeAdapter[str], value: object) -> str | None:
    text = line(value)
    try:
        return None if text is None else kind.validate_python(text)
    except ValidationError:
        return None


def inside(document: Any, *path: str | int) -> Any:
    """What is there in a JSON document, or None where there is nothing of that shape."""
    for step in path:
        match document, step:
            case dict(), str():
                document = document.get(step)
            case list(), int() if step < len(document):
                document = document[step]
            case _:
                return None
    return document
