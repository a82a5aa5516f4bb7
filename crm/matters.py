"""Which matters are still open, who holds them, and which one a caller means by "the same thing again".  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

STILL_MEANT = timedelta(days=14)  # so long after it was solved, "the same again" is that
AS_RECENT = timedelta(days=1)  # two matters spoken of within a day: which of them is meant only the caller knows


@dataclass(frozen=True, slots=True)
class Past:
    """One conversation that was."""

    id: str
    agent_id: str | None
    channel: str
    started_at: datetime
    talk_seconds: int
    outcome: str  # solved | open | transferred | abandoned
    topic: str | None
    summary: str | None = None
    case_id: str | None = None
    confirmed: bool | None = None  # is it solved, in the customer's own word; null: they have not said
    warm: bool = False  # of a transfer: who passed them on stayed until they were in good hands
    judged: bool = True  # somebody has said how it ended


@dataclass(frozen=True, slots=True)
class CaseKept:
    """A case as it stands, as far as open matters go."""

    id: str
    customer_id: str
    owner: str | None
    topic: str | None
    title: str | None
    made_at: datetime
    solved_at: datetime | None  # null: it is open

    @property
    def is_open(self) -> bool:
        return self.solved_at is None


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """Something not yet solved.  Either a case or what conversations left open."""

    agent_id: str | None  # who holds it
    topic: str | None
    since_at: datetime
    summary: str | None
    case_id: str | None


@dataclass(frozen=True, slots=True)
class Matter:
    """What a caller may mean by "the same thing as last time": a case, or a conversation that became none."""

    customer_id: str
    topic: str | None
    summary: str | None
    owner: str | None  # who holds it, or last spoke of it
    is_open: bool
    last_at: datetime
    case_id: str | None
    interaction_id: str | None  # of a matter without a case: the conversation that is it


def open_matters(cases: Iterable[CaseKept], past: Iterable[Past]) -> list[OpenMatter]:
    """Open cases first, then what conversations left open.

    A conversation about a case stands by it: once the case is solved nothing of it is open, and while the case is open
    it holds a matter beside the case's owner only with an agent of its own.
    """
    kept = {case.id: case for case in cases}
    held = [OpenMatter(c.owner, c.topic, c.made_at, c.title, c.id) for c in kept.values() if c.is_open]
    return held + still_open(talk for talk in past if not _covered(talk, kept.get(talk.case_id or "")))


def _covered(talk: Past, case: CaseKept | None) -> bool:
    if case is None or talk.outcome != "open":
        return False
    return talk.agent_id == case.owner if case.solved_at is None else talk.started_at <= case.solved_at


def still_open(past: Iterable[Past]) -> list[OpenMatter]:
    """What was left open and not solved by a later conversation on the same topic; the latest first.

    A matter that several agents left open is held by each of them.
    """
    held: dict[tuple[str, str | None], OpenMatter] = {}
    for talk in sorted(past, key=lambda talk: (talk.started_at, talk.id)):
        topic = same_topic(talk.topic)
        if talk.outcome == "solved":
            held = {key: matter for key, matter in held.items() if key[0] != topic}
        elif talk.outcome == "open":
            key = (topic, talk.agent_id)
            since_at = held[key].since_at if key in held else talk.started_at
            held.pop(key, None)
            held[key] = OpenMatter(talk.agent_id, talk.topic, since_at, talk.summary, talk.case_id)
    return list(reversed(held.values()))


def latest_matter(customer_id: str, cases: Sequence[CaseKept], past: Sequence[Past], now: datetime) -> Matter | None:
    """The one matter about which "is it the same thing as last time?" is a question with an answer.

    Open ones, and those solved within a fortnight.  None where there is none, and where another open one was spoken of
    within a day of the latest: then "the same" could be either, and asking would cost the caller a second question.
    """
    found = [*_cases_meant(customer_id, cases, past, now), *_talks_meant(customer_id, cases, past, now)]
    found.sort(key=lambda matter: (matter.last_at, matter.is_open), reverse=True)
    recent = [one for one in found if found[0].last_at - one.last_at <= AS_RECENT]
    unsolved = [one for one in recent if one.is_open]
    if not recent or len(unsolved) > 1 or (unsolved and not recent[0].is_open):
        return None
    return unsolved[0] if unsolved else recent[0]


def _cases_meant(customer_id: str, cases: Iterable[CaseKept], past: Sequence[Past], now: datetime) -> list[Matter]:
    found = []
    for case in cases:
        if case.solved_at is not None and now - case.solved_at > STILL_MEANT:
            continue
        about = [talk.started_at for talk in past if talk.case_id == case.id]
        last_at = max([case.made_at, *about, *([case.solved_at] if case.solved_at else [])])
        found.append(
            Matter(customer_id, case.topic, case.title, case.owner, case.is_open, last_at, case.id, None),
        )
    return found


def _talks_meant(customer_id: str, cases: Iterable[CaseKept], past: Iterable[Past], now: datetime) -> list[Matter]:
    """Of each topic the latest conversation; one without a topic only if it says what it was about."""
    with_case = {same_topic(case.topic) for case in cases if same_topic(case.topic)}
    latest: dict[str, Past] = {}
    for talk in past:
        topic = same_topic(talk.topic)
        if talk.case_id or talk.outcome not in ("open", "solved") or topic in with_case or talk.agent_id is None:
            continue
        if topic not in latest or latest[topic].started_at < talk.started_at:
            latest[topic] = talk
    return [
        Matter(
            customer_id, talk.topic, talk.summary, talk.agent_id, talk.outcome == "open", talk.started_at, None, talk.id
        )
        for topic, talk in latest.items()
        if (topic or talk.summary) and (talk.outcome == "open" or now - talk.started_at <= STILL_MEANT)
    ]


def same_topic(topic: str | None) -> str:
    """Two topics that differ in case or blanks only are one; no topic is a topic of its own."""
    return " ".join((topic or "").casefold().split())
