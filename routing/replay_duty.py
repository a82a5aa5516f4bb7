"""When each agent is there during a replay: their hours less their absences, or what their calls tell of it.  Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from routing.hours import read_hours
from routing.house import House
from routing.span import Contact, Presence, Span

AFTER_THE_LAST = timedelta(days=1)  # by then whoever came last has an agent, or has given up
BREAK = timedelta(minutes=45)  # who takes no call for longer is not there


def on_duty(span: Span, house: House) -> Mapping[str, Sequence[Presence]]:
    """For each agent, in order and apart, from the first caller's coming on."""
    if not span.contacts:
        return {}
    first, last = span.contacts[0].arrived_at, span.contacts[-1].arrived_at + AFTER_THE_LAST

    @cache
    def opened(text: str | None) -> Sequence[Presence]:
        return [(first, last)] if text is None else _opened(text, house, first, last)

    duty = {}
    for agent in span.agents:
        there = opened(agent.hours) if span.duty is None else span.duty.get(agent.id, ())
        duty[agent.id] = list(without(there, sorted(span.absences.get(agent.id, ()))))
    return duty


def _opened(text: str, house: House, first: datetime, last: datetime) -> list[Presence]:
    hours = read_hours(text, house.zone, house.country)
    spans: list[Presence] = []
    opens_at = hours.next_open(first)
    while opens_at is not None and opens_at < last:
        closes_at = hours.closes_at(opens_at) or last
        spans.append((opens_at, closes_at))
        opens_at = hours.next_open(closes_at)
    return spans


def without(there: Iterable[Presence], away: Sequence[Presence]) -> Iterable[Presence]:
    """What of `there` is left; `away` by its start, and possibly overlapping."""
    for start, end in there:
        for gone_at, back_at in away:
            if back_at <= start or gone_at >= end:
                continue
            if gone_at > start:
                yield start, gone_at
            start = back_at
        if start < end:
            yield start, end


def on_duty_by_calls(contacts: Sequence[Contact], zone: str) -> Mapping[str, Sequence[Presence]]:
    """From the first to the last talk of each day, but for silences longer than a break."""
    clock = ZoneInfo(zone)
    days: defaultdict[tuple[str, date], list[Presence]] = defaultdict(list)
    for contact in contacts:
        if contact.agent is not None:
            began_at = contact.arrived_at + timedelta(seconds=contact.waited_seconds or 0.0)
            ended_at = began_at + timedelta(seconds=contact.talk_seconds)
            days[contact.agent, began_at.astimezone(clock).date()].append((began_at, ended_at))
    duty: defaultdict[str, list[Presence]] = defaultdict(list)
    for (agent, _), talks in sorted(days.items()):
        duty[agent] += _joined(sorted(talks))
    return duty


def _joined(talks: Sequence[Presence]) -> Iterator[Presence]:
    start, end = talks[0]
    for began_at, ended_at in talks[1:]:
        if began_at - end > BREAK:
            yield start, end
            start = began_at
        end = max(end, ended_at)
    yield start, end
