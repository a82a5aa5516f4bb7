"""The caller's card: what choosing needs to know of the person on the line, under the rules that hold for them.  Pure.

The same for a live call and for one that is replayed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm.familiarity import familiar_agents
from crm.matters import OpenMatter, Past, same_topic
from crm.weariness import TRANSFERS_COUNT_FOR, Weary, solved_since, transfers_suffered
from routing.house import House
from routing.plan import Plan, Urgency
from routing.rules import LATELY_DAYS, Facts, ruled
from routing.weigh import Caller, Tie

FRESH = Weary(0, ())


@dataclass(frozen=True, slots=True)
class Known:
    """What the house knows of who rings; of a stranger, nothing."""

    is_person: bool = False  # a customer we know, whatever we know of them
    called: str | None = None
    language: str | None = None
    preferred: str | None = None
    stand_ins: frozenset[str] = frozenset()  # agents named in their record
    tags: frozenset[str] = frozenset()
    talks: Sequence[Past] = ()  # the latest conversations
    owners: frozenset[str] = frozenset()  # agents who hold an open matter of theirs
    matters: Sequence[OpenMatter] = ()
    weary: Weary = FRESH
    vetoed: frozenset[str] = frozenset()
    broken_promise: bool = False
    cut_off: bool = False


STRANGER = Known()


@dataclass(frozen=True, slots=True)
class Moment:
    """The call and the floor at this moment, as far as rules may ask."""

    line: str  # our number
    language: str  # spoken with the caller
    arrived_at: datetime
    now: datetime
    ready: int = 0  # agents
    waiting: int = 0  # callers


@dataclass(frozen=True, slots=True)
class Card:
    caller: Caller
    plan: Plan  # with the rules that hold for this caller applied
    rules: tuple[str, ...]  # names of those


def card(known: Known, moment: Moment, plan: Plan, house: House) -> Card:
    facts = _facts(known, moment, house)
    plan, rules = ruled(plan, facts)
    line = plan.line(moment.line)
    caller = Caller(
        language=line.agent_language or moment.language,
        arrived_at=moment.arrived_at,
        called=known.called,
        preferred=known.preferred,
        owners=known.owners,
        kept=keeper(known, plan.keep_after_transfers, moment.now),
        stand_ins=known.stand_ins,
        ties={one.agent_id: Tie(one.score, one.times) for one in familiar_agents(known.talks, moment.now)},
        vetoed=known.vetoed,
        skills=line.skills,
        teams=frozenset(line.teams),
        urgent=urgent(known, plan.urgency),
        ahead=moment.waiting,
    )
    return Card(caller, plan, rules)


def keeper(known: Known, transfers: int, now: datetime) -> str | None:
    """Who keeps a caller who has been transferred so often: nobody shall send them on before it is solved.

    Transfers count until a later conversation on their topic was solved, for thirty days at most; of warm ones every
    second does.  It is the holder of what is still open, of the topic they were transferred about if one is; else who
    last talked with them.
    """
    suffered = [
        talk
        for talk in known.talks
        if talk.outcome == "transferred"
        and now - talk.started_at <= TRANSFERS_COUNT_FOR
        and not solved_since(talk, known.talks)
    ]
    if not transfers or transfers_suffered(suffered) < transfers:
        return None
    topics = {same_topic(talk.topic) for talk in suffered}
    holders = [matter for matter in known.matters if matter.agent_id]
    held = max(holders, key=lambda one: (same_topic(one.topic) in topics, one.since_at), default=None)
    if held is not None:
        return held.agent_id
    met = [talk for talk in known.talks if talk.agent_id and talk.outcome != "abandoned"]
    return max(met, key=lambda talk: (talk.started_at, talk.id)).agent_id if met else None


def urgent(known: Known, urgency: Urgency) -> Mapping[str, int]:
    """Why this caller goes before others who have waited as long, and by how many seconds; the reasons add up."""
    troubles = {reason.kind for reason in known.weary.reasons}
    seconds = {
        "repeated": urgency.repeated_seconds if "repeated" in troubles else 0,
        "transferred": urgency.transferred_seconds if "transferred" in troubles else 0,
        "broken_promise": urgency.broken_promise_seconds if known.broken_promise else 0,
        "cut_off": urgency.cut_off_seconds if known.cut_off else 0,
        "rule": urgency.extra_seconds,
    }
    return {why: much for why, much in seconds.items() if much}


def _facts(known: Known, moment: Moment, house: House) -> Facts:
    lately = moment.now - timedelta(days=LATELY_DAYS)
    return Facts(
        line=moment.line,
        language=moment.language,
        at=moment.now,
        zone=house.zone,
        country=house.country,
        known=known.is_person,
        tags=known.tags,
        weary_level=known.weary.level,
        open_matters=len(known.matters),
        preferred=known.preferred,
        calls_lately=sum(talk.started_at >= lately for talk in known.talks),
        waited_seconds=max((moment.now - moment.arrived_at).total_seconds(), 0.0),
        ready=moment.ready,
        waiting=moment.waiting,
    )
