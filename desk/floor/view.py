"""What the floor shows of talks, of who waits, of promises and decisions.  Pure; words are the reader's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from carrier.numbering import is_withheld
from desk.floor.rows import AHEAD
from desk.formats import Formats

QUARTER = timedelta(minutes=15)
TALLEST = 6  # steps of the bars that stand for promises

Mark = tuple[str, str]  # what a pill says, and its kind


@dataclass(frozen=True, slots=True)
class Talk:
    """Two people, or three, on one line."""

    call: str
    who: str
    face: str | None  # whose initials stand there; null: nobody knows
    photo: str | None
    agent: str
    agent_photo: str | None
    about: str | None
    said: bool  # `about` is in the caller's own words
    known: bool  # the two know each other
    marks: Sequence[Mark]
    since: datetime | None  # null where the clocks of persons are off
    calling: bool  # we are ringing the customer
    talking: bool  # somebody can listen in


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody who has nobody yet."""

    call: str
    who: str
    face: str | None
    photo: str | None
    since: datetime  # when they came, or were promised to be rung
    promised: bool
    state: str | None  # in a word or two, where it is more than waiting
    about: str | None
    said: bool
    wish: str | None  # what they asked for, or for whom they are kept
    told: str | None  # what they have heard of how long it takes
    sentence: str | None  # why


@dataclass(frozen=True, slots=True)
class Coming:
    """A promise of the next two hours."""

    id: str
    who: str
    photo: str | None
    agent: str | None
    at: datetime
    told: str  # how far away, in words
    late: bool
    risk: str | None


@dataclass(frozen=True, slots=True)
class Quarter:
    at: datetime
    n: int
    risky: int
    step: int  # of the bar, 0 to TALLEST


@dataclass(frozen=True, slots=True)
class Decided:
    call: str
    at: datetime
    who: str
    agent: str | None
    agent_photo: str | None
    sentence: str
    action: str


def named(row: Any, f: Formats) -> str:
    """The person on the line, as far as we know."""
    if row.person or row.called:
        return str(row.person or row.called)
    number = row.to_number if row.direction == "outbound" else row.from_number
    if row.direction == "inbound" and is_withheld(number):
        return f.words("Number withheld")
    return f.phone(number) or f.words("Unknown number")


def talks(
    rows: Iterable[Any], supervisors: Mapping[str, Sequence[Any]], f: Formats, now: datetime, *, clocks: bool
) -> list[Talk]:
    """Those who talk; and calls of ours whose agent is on the line while the customer's telephone rings."""
    return [_talk(row, supervisors.get(row.id, ()), f, now, clocks) for row in rows if _is_talk(row)]


def _is_talk(row: Any) -> bool:
    calling: bool = row.direction == "outbound" and row.reserved == "accepted"
    return calling or row.state == "talking"


def _talk(row: Any, supervisors: Sequence[Any], f: Formats, now: datetime, clocks: bool) -> Talk:
    about, said = _about(row)
    return Talk(
        call=row.id,
        who=named(row, f),
        face=row.person or row.called,
        photo=row.photo_url,
        agent=row.agent or row.rung or f.words("Nobody"),
        agent_photo=row.agent_photo,
        about=about,
        said=said,
        known=bool(row.familiar),
        marks=_marks(row, supervisors, f, now),
        since=(row.joined_at or row.talking_at) if clocks else None,
        calling=row.state != "talking",
        talking=row.state == "talking" and row.dropped_at is None,
    )


def _marks(row: Any, supervisors: Sequence[Any], f: Formats, now: datetime) -> list[Mark]:
    words, marks = f.words, []
    if row.dropped_at is not None:
        marks.append((words("The line broke: reconnecting"), "bad"))
    if row.state != "talking":
        marks.append((words("Ringing the customer"), "calm"))
    if row.transfer is not None:
        asked = row.asked or row.skill or ""
        told = {"ringing": "Asking %(who)s", "consulting": "Talking with %(who)s first"}
        marks.append((words(told.get(row.transfer, "%(who)s is introduced"), who=asked), "warn"))
    elif row.on_hold_at is not None:
        marks.append((words("On hold"), "warn"))
    told = {"listen": "%(who)s listens", "whisper": "%(who)s whispers", "join": "%(who)s has joined"}
    marks += [(words(told[one.mode], who=one.name or words("A manager")), "calm") for one in supervisors]
    if row.recording_state == "recording":
        marks.append((words("Recorded"), "plain"))
    if row.promised_at is not None:
        marks.append((words("Promised for %(time)s", time=f.when(row.promised_at, now)), "plain"))
    return marks


def waits(rows: Iterable[Any], f: Formats, now: datetime) -> list[Wait]:
    """By their place in the queue: who goes first comes first."""
    waiting = [row for row in rows if not _is_talk(row)]
    return [_wait(row, f, now) for row in sorted(waiting, key=lambda row: (row.ranked_at or row.arrived_at, row.id))]


def _wait(row: Any, f: Formats, now: datetime) -> Wait:
    about, said = _about(row)
    return Wait(
        call=row.id,
        who=named(row, f),
        face=row.person or row.called,
        photo=row.photo_url,
        since=row.arrived_at if row.direction == "inbound" else row.promised_at or row.arrived_at,
        promised=row.direction == "outbound",
        state=_state(row, f),
        about=about,
        said=said,
        wish=_wish(row, f, now),
        told=_told(row, f),
        sentence=f.why(row.sentence, row.in_words),
    )


def _state(row: Any, f: Formats) -> str | None:
    if row.rung is not None:
        return f.words("%(who)s's phone rings", who=row.rung)
    told = {"greeting": "Being greeted", "choosing": "Choosing", "ringing": "Being put through"}
    if row.direction == "outbound":
        return f.words("Waits for an agent to call")
    if row.state == "choosing" and row.action == "voicemail":
        return f.words("Leaves a message")
    return f.words(told[row.state]) if row.state in told else None


def _wish(row: Any, f: Formats, now: datetime) -> str | None:
    if row.choice == "wait":
        return f.words("Chose to wait for somebody they know")
    if row.choice == "teammate":
        return f.words("Takes whoever is free first")
    if row.held_until is not None and row.held_until > now:
        return f.words("Kept for somebody they know until %(time)s", time=f.clock(row.held_until))
    return None


def _told(row: Any, f: Formats) -> str | None:
    if row.told_seconds is None:
        return None
    return f.words("Was told about %(span)s", span=f.span(row.told_seconds))


def _about(row: Any) -> tuple[str | None, bool]:
    """What it is about: the matter, or what they said."""
    matter = row.title or row.topic
    return (matter, False) if matter else (row.said, True)


def coming(rows: Iterable[Any], f: Formats, now: datetime, risks: Mapping[str, str]) -> list[Coming]:
    """In the order of time.  `risks`: risk -> a sentence, with the agent's name."""
    return [
        Coming(
            id=row.id,
            who=str(row.person or row.called or f.words("Unknown number")),
            photo=row.photo_url,
            agent=row.agent,
            at=row.promised_at,
            told=until(row.promised_at, f, now),
            late=row.promised_at < now,
            risk=f.words(risks[row.risk], agent=row.agent or "") if row.risk else None,
        )
        for row in sorted(rows, key=lambda row: (row.promised_at, row.id))
    ]


def until(at: datetime, f: Formats, now: datetime) -> str:
    """`in 12 min`, `now`, `12 min late`."""
    seconds = (at - now).total_seconds()
    if abs(seconds) < 30:
        return f.words("now")
    text = "in %(span)s" if seconds > 0 else "%(span)s late"
    return f.words(text, span=f.span(abs(seconds)))


def quarters(rows: Iterable[Any], now: datetime) -> list[Quarter]:
    """Of the two hours from the quarter that has begun; what is overdue stands in the first."""
    start = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)
    counted: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        place = max(int((row.promised_at - start) // QUARTER), 0)
        counted[place][0] += row.n
        counted[place][1] += row.risky
    places = range(int(AHEAD / QUARTER))
    most = max((counted[place][0] for place in places), default=0)
    return [Quarter(start + n * QUARTER, counted[n][0], counted[n][1], _step(counted[n][0], most)) for n in places]


def _step(n: int, most: int) -> int:
    return -(-n * TALLEST // max(most, TALLEST))


def decided(rows: Iterable[Any], f: Formats) -> list[Decided]:
    return [_decided(row, f) for row in rows]


def _decided(row: Any, f: Formats) -> Decided:
    why = f.why(row.sentence, row.in_words)
    return Decided(row.call_id, row.at, named(row, f), row.agent, row.agent_photo, why, row.action)
