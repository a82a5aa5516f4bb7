"""The figures of the reports, as formulas over what was counted.  Pure: `reports.py` counts, this says what it means.

No figure without its count, and none at all without data: an empty span is neither 0 % nor 100 %.  Nothing here is a
target for how long a conversation may take.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from routing.hours import Hours

OUTCOMES = ("agent", "voicemail", "callback", "abandoned", "backup")  # of a call that ended, as the API names them
OPEN_PROMISES = ("promised", "due", "ringing_agent", "ringing_customer", "talking")
KINDS = ("asap", "scheduled", "follow_up", "voicemail")
SHORT_SECONDS = 5.0  # who rings off sooner had dialled wrong, or thought better of it
AGAIN = timedelta(hours=24)
BANDS = ((10, "10+"), (4, "4-9"), (2, "2-3"), (1, "1"))  # how often they had talked with us before, the most first
SMALLEST_TEAM = 3  # how busy fewer people are says how busy each of them is


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        """count / of, 0.0 to 1.0, to four decimals; None when `of` is 0."""
        return round(self.count / self.of, 4) if self.of else None

    @property
    def per_hundred(self) -> float | None:
        """100 * count / of, to two decimals; None when `of` is 0."""
        return round(100 * self.count / self.of, 2) if self.of else None


def quantile(counted: Mapping[float, int], part: float) -> float | None:
    """The smallest value that at least `part` (0.0 to 1.0) of all values do not exceed: nearest rank.

    `counted`: how often each value came.  In the values' own unit and precision, never between two of them; the
    median of two values is therefore the smaller.  None without values.
    """
    rank = math.ceil(part * sum(counted.values()))
    seen = 0
    for value in sorted(counted):
        seen += counted[value]
        if seen >= rank:
            return value
    return None


@dataclass(slots=True)
class FloorTally:
    """Inbound calls of one group.  `waits`: seconds from arrival to an agent, rounded up, of those that reached one."""

    calls: int = 0
    live: int = 0
    short: int = 0  # abandoned within SHORT_SECONDS
    outcomes: Counter[str] = field(default_factory=Counter)
    waits: Counter[float] = field(default_factory=Counter)
    choices: Counter[bool] = field(default_factory=Counter)  # were the ways out named in time?

    def add(
        self,
        n: int,
        *,
        ended: bool,
        outcome: str | None,
        short: bool,
        waited: float | None,
        choice: bool | None = None,
    ) -> None:
        """`n` calls that are alike.  `choice` None: they did not wait so long that it had to be offered."""
        self.calls += n
        if choice is not None:
            self.choices[choice] += n
        if not ended:
            self.live += n
            return
        if outcome in OUTCOMES:
            self.outcomes[outcome] += n
        if outcome == "abandoned" and short:
            self.short += n
        if outcome == "agent" and waited is not None:
            self.waits[waited] += n

    @property
    def unaccounted(self) -> int:
        """calls - live - sum(outcomes): calls that ended nowhere.  Anything but 0 is a fault of ours."""
        return self.calls - self.live - self.outcomes.total()

    @property
    def abandonment(self) -> Share:
        """(abandoned - short) of (calls - live - short).  Who took a callback or left a message did not abandon."""
        return Share(self.outcomes["abandoned"] - self.short, self.calls - self.live - self.short)

    def answered_within(self, seconds: float) -> Share:
        """Answered after at most `seconds`, of those answered or abandoned (short ones apart).

        Who took a callback or left a message counts on neither side.
        """
        in_time = sum(n for waited, n in self.waits.items() if waited <= seconds)
        return Share(in_time, self.outcomes["agent"] + self.outcomes["abandoned"] - self.short)

    @property
    def choice_in_time(self) -> Share:
        """Heard the ways out in time, of all who waited so long that they had to be named."""
        return Share(self.choices[True], self.choices.total())


@dataclass(slots=True)
class ToldTally:
    """Callers who were told how long they would wait for somebody, against how long they then did."""

    told: int = 0
    answered: Counter[bool] = field(default_factory=Counter)  # in time?
    gone_late: int = 0  # and by nobody
    apart_seconds: Counter[bool] = field(default_factory=Counter)  # between told and waited, summed up: in time?

    def add(self, n: int, *, told: int | None, waited: int, answered: bool) -> None:
        """`n` callers who were told `told` seconds.

        `waited`: from then until they were answered, or else until they were gone or now, rounded up.  `told` None:
        they took another way before it could be seen whether it was true.
        """
        self.told += n
        if told is None:
            return
        if answered:
            in_time = waited <= told
            self.answered[in_time] += n
            self.apart_seconds[in_time] += n * abs(told - waited)
        elif waited > told:
            self.gone_late += n

    @property
    def true(self) -> Share:
        """Answered no later than told.  Who hung up or took another way before that time is on neither side."""
        return Share(self.answered[True], self.answered.total() + self.gone_late)

    def mean_apart_seconds(self, *, in_time: bool) -> float | None:
        """Between what was told and what was waited, of those who were answered in time, or late; None without any."""
        n = self.answered[in_time]
        return round(self.apart_seconds[in_time] / n, 1) if n else None


@dataclass(slots=True)
class PromiseTally:
    """Promises made, and what has become of them.  `late`: seconds from promised instant to first ring, rounded up."""

    made: int = 0
    overdue: int = 0
    served: int = 0  # kept because the customer rang first and was put through
    states: Counter[str] = field(default_factory=Counter)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)  # (kind, state)
    late: Counter[float] = field(default_factory=Counter)

    def add(self, n: int, *, kind: str, state: str, overdue: bool, late: float | None, otherwise: bool) -> None:
        """`otherwise`: kept by a text, or across the counter."""
        self.made += n
        self.states[state] += n
        self.kinds[kind, state] += n
        if overdue:
            self.overdue += n
        if late is not None:
            self.late[late] += n
        elif state == "kept" and not otherwise:
            self.served += n

    @property
    def open(self) -> int:
        return sum(self.states[state] for state in OPEN_PROMISES)

    @property
    def kept(self) -> Share:
        """kept of (kept + broken).  Cancelled, merged and unreachable ones count on neither side, nor do open ones."""
        return Share(self.states["kept"], self.states["kept"] + self.states["broken"])

    def made_of(self, kind: str) -> int:
        return sum(n for (of, _), n in self.kinds.items() if of == kind)

    def kept_of(self, kind: str) -> Share:
        kept = self.kinds[kind, "kept"]
        return Share(kept, kept + self.kinds[kind, "broken"])


@dataclass(slots=True)
class RelationTally:
    """What people met with when they turned to us."""

    calls: int = 0
    agent: int = 0
    familiar: int = 0
    earlier: Counter[str] = field(default_factory=Counter)  # by band: calls of those who had talked with us before
    earlier_familiar: Counter[str] = field(default_factory=Counter)
    again: int = 0
    again_decided: int = 0
    again_undecided: int = 0
    conversations: int = 0
    transferred: int = 0
    first: int = 0
    first_solved: int = 0
    first_undecided: int = 0
    taken_up: int = 0
    told_again: int = 0
    said: Counter[bool] = field(default_factory=Counter)  # is it solved, in the customer's own word?
    promises: PromiseTally = field(default_factory=PromiseTally)

    def add_calls(self, n: int, *, agent: bool, familiar: bool, earlier: int, again: bool | None, old: bool) -> None:
        """`n` ended calls that are alike.  `earlier`: how often they had talked with us before.

        `again` None: of somebody nobody knows; `old`: 24 hours have passed.
        """
        self.calls += n
        self.agent += n * agent
        self.familiar += n * (agent and familiar)
        band = band_of(earlier)
        if band is not None:
            self.earlier[band] += n
            self.earlier_familiar[band] += n * (agent and familiar)
        if again is not None and old:
            self.again_decided += n
            self.again += n * again
        elif again is not None:
            self.again_undecided += n

    def add_conversations(
        self, n: int, *, outcome: str, first: bool, solved: bool | None, taken_up: bool, told_again: bool
    ) -> None:
        """`n` conversations that are alike.  `first`: they began a matter, which is `solved` (None: not known yet).

        `taken_up`: a matter that had been talked of before.
        """
        self.conversations += n
        self.transferred += n * (outcome == "transferred")
        self.taken_up += n * taken_up
        self.told_again += n * (taken_up and told_again)
        if first and solved is None:
            self.first_undecided += n
        elif first:
            self.first += n
            self.first_solved += n * bool(solved)

    @property
    def solved_as_they_say(self) -> Share:
        """Conversations of which the customer said that it is solved, of those of which they said anything."""
        return Share(self.said[True], self.said.total())

    @property
    def reached_agent(self) -> Share:
        """Calls that reached anybody, of all that ended."""
        return Share(self.agent, self.calls)

    @property
    def reached_familiar(self) -> Share:
        """Calls that reached somebody who knows them, of those that reached anybody."""
        return Share(self.familiar, self.agent)

    @property
    def returning_reached_familiar(self) -> Share:
        """The same of all calls by people who had spoken with one of us before; who reached nobody is a miss."""
        return Share(self.earlier_familiar.total(), self.earlier.total())

    def by_earlier(self) -> Iterator[tuple[str, Share]]:
        """The same by how often they had talked with us before, the fewest first."""
        for _, band in reversed(BANDS):
            yield band, Share(self.earlier_familiar[band], self.earlier[band])

    @property
    def had_to_repeat(self) -> Share:
        """Conversations that took a matter up with somebody new who was not told, of all that took one up."""
        return Share(self.told_again, self.taken_up)

    @property
    def solved_at_first_contact(self) -> Share:
        return Share(self.first_solved, self.first)

    @property
    def called_again(self) -> Share:
        """Calls followed within 24 hours by another one of the same person, of those whose 24 hours have passed."""
        return Share(self.again, self.again_decided)

    @property
    def transfers(self) -> Share:
        """Conversations that ended in a transfer, of all."""
        return Share(self.transferred, self.conversations)


def band_of(earlier: int) -> str | None:
    return next((band for least, band in BANDS if earlier >= least), None)


@dataclass(slots=True)
class Talking:
    """How much of the time on shift was spent talking, of a team.

    This is not occupancy: how long each agent was ready and idle is not kept, so nobody's time is divided by it.
    Wrap-up is not in it either.  A talk counts where it began, so a share may exceed 1.0 on a very short span.
    """

    agents: int = 0
    talks: int = 0
    talk_seconds: float = 0.0
    shift_seconds: float = 0.0
    shares: list[float] = field(default_factory=list)  # of each who had a shift

    def add(self, talk_seconds: float, shift_seconds: float, talks: int = 0) -> None:
        """One agent."""
        self.agents += 1
        self.talks += talks
        self.talk_seconds += talk_seconds
        self.shift_seconds += shift_seconds
        if shift_seconds > 0:
            self.shares.append(talk_seconds / shift_seconds)

    @property
    def busiest_to_mean(self) -> float | None:
        """The mean share of the busiest tenth, at least one, over that of all, to two decimals; None without talks."""
        mean = sum(self.shares) / len(self.shares) if self.shares else 0.0
        if mean <= 0:
            return None
        most = sorted(self.shares, reverse=True)[: max(1, len(self.shares) // 10)]
        return round(sum(most) / len(most) / mean, 2)

    @property
    def share(self) -> float | None:
        """talk_seconds / shift_seconds, to four decimals; None without a shift."""
        return round(self.talk_seconds / self.shift_seconds, 4) if self.shift_seconds > 0 else None


def tells_of_nobody(teams: Mapping[str | None, Talking]) -> frozenset[str | None]:
    """The teams whose figure may be shown: of SMALLEST_TEAM people or more, as are those left out, all together.

    Else the one person left out would be what is missing from the total.
    """
    left_out = 0
    smallest_first = sorted(teams, key=lambda team: teams[team].agents)
    for place, team in enumerate(smallest_first):
        if teams[team].agents >= SMALLEST_TEAM and not 0 < left_out < SMALLEST_TEAM:
            return frozenset(smallest_first[place:])
        left_out += teams[team].agents
    return frozenset()


def open_spans(hours: Hours, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When it is open between `start` and `end`, in order."""
    at = start
    while (opens := hours.next_open(at)) is not None and opens < end:
        closes = hours.closes_at(opens)
        at = end if closes is None else min(closes, end)
        yield opens, at


def overlap_seconds(spans: Iterable[tuple[datetime, datetime]], start: datetime) -> float:
    """Of the `spans`, what lies after `start`."""
    return sum(max((closes - max(opens, start)).total_seconds(), 0.0) for opens, closes in spans)


def hour_of(at: datetime, zone: ZoneInfo) -> str:
    """The hour by the house's own clock, `2026-03-02T10:00:00+01:00`; the two hours of an autumn night differ."""
    return at.astimezone(zone).replace(minute=0, second=0, microsecond=0).isoformat()
