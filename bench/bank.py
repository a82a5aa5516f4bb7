"""One month of a bank's call center, read and cleaned: who called when, for what, how long it took, who was there.

The file is the "Anonymous Bank" data of Guedj and Mandelbaum (Technion): a line a call, columns named in its first
line.  What the file does not say is inferred here, each by one function: when agents were there (`shifts`), what they
can serve (`skills`) and how long somebody would have waited who was served before (`Patience`).  Nothing here decides
about routing.
"""

from __future__ import annotations

import lzma
import math
import random
import statistics
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

DAY = 86_400
NOBODY = "NO_SERVER"
LONGEST_MENU_SECONDS = 600  # a longer stay in the voice menu is a clock gone wrong
LONGEST_SERVICE_SECONDS = 7_200  # nobody talks longer: a talk that was never closed in the file
BREAK_SECONDS = 45 * 60  # an agent unheard for longer was away


class UnreadableCalls(ValueError):
    """The file of calls lacks a column or has a value that cannot be read."""


@dataclass(frozen=True, slots=True)
class BankCall:
    """A call as it was: seconds since midnight of the file's first day."""

    row: int
    at: float  # joined the queue, or would have
    kind: str  # the file's type: PS, NW, NE, TT, IN, PE
    customer: str | None  # None: not identified, a stranger each time
    waited: float
    served: bool
    began: float  # the talk's beginning, when served
    service: float  # the talk's length, when served
    agent: str | None  # None: not served, or not written down by whom


def read(path: Path) -> tuple[list[BankCall], Counter[str]]:
    """The calls in order of joining, and how many rows each kind of cleaning touched."""
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as lines:
        return clean(lines)


def clean(lines: Iterable[str]) -> tuple[list[BankCall], Counter[str]]:
    rows = iter(lines)
    head = next(rows, "")
    mark = next((mark for mark in ("\t", ";", ",") if mark in head), None)
    columns = [name.strip().strip('"').lower() for name in head.split(mark)]
    notes: Counter[str] = Counter()
    read_rows: list[tuple[date, int, dict[str, str]]] = []
    for number, line in enumerate(rows, 2):
        if line.strip():
            cells = [cell.strip().strip('"') for cell in line.rstrip("\r\n").split(mark)]
            row = dict(zip(columns, cells, strict=False))
            try:
                read_rows.append((_day(row["date"]), number, row))
            except (KeyError, ValueError) as wrong:
                raise UnreadableCalls(f"line {number}: {wrong!r}") from wrong
    first = min((day for day, _, _ in read_rows), default=date.min)
    calls = []
    for day, number, row in read_rows:
        try:
            call = _call(row, (day - first).days * DAY, number, notes)
        except (KeyError, ValueError) as wrong:
            raise UnreadableCalls(f"line {number}: {wrong!r}") from wrong
        if call is not None:
            calls.append(call)
    return _without_endless(sorted(calls, key=lambda call: (call.at, call.row)), notes), notes


def _call(row: Mapping[str, str], midnight: int, number: int, notes: Counter[str]) -> BankCall | None:
    outcome = row["outcome"].upper()
    if outcome == "PHANTOM":
        notes["phantom, dropped"] += 1
        return None
    served = outcome == "AGENT"
    waited = float(row["q_time"])
    if not served and waited <= 0:
        notes["hung up before joining the queue, dropped"] += 1
        return None
    entry = _clock(row["vru_entry"])
    menu = float(row["vru_time"])
    at = _after(entry, _clock(row["q_start"] if waited > 0 else row["vru_exit"]))
    if menu < 0:
        notes["negative vru_time: joined at q_start, or at vru_entry"] += 1
        at = at if waited > 0 else entry
    elif menu > LONGEST_MENU_SECONDS and waited <= 0:
        notes["endless voice menu: joined at vru_entry"] += 1
        at = entry
    began = _after(entry, _clock(row["ser_start"])) if served else 0
    if began >= DAY:
        notes["past midnight"] += 1
    service = float(row["ser_time"]) if served else 0.0
    customer = row["customer_id"].lstrip("0")
    agent = row["server"].upper()
    if served and agent == NOBODY:
        notes["served by nobody named: anybody may"] += 1
    return BankCall(
        row=number,
        at=float(midnight + at),
        kind=row["type"].upper(),
        customer=customer or None,
        waited=max(0.0, waited),
        served=served,
        began=float(midnight + began),
        service=service,
        agent=agent if served and agent != NOBODY else None,
    )


def _without_endless(calls: Sequence[BankCall], notes: Counter[str]) -> list[BankCall]:
    """A talk below zero or beyond two hours gets its type's median and tells nothing about its agent."""
    kept: list[BankCall] = []
    usual = usual_services(calls)
    for call in calls:
        if call.served and not plausible(call.service):
            notes["service time impossible: the type's median, agent unknown"] += 1
            median = statistics.median(usual.get(call.kind) or usual[""] or [60.0])
            kept.append(replace(call, service=float(median), agent=None))
        else:
            kept.append(call)
    return kept


def plausible(service: float) -> bool:
    return 0 <= service <= LONGEST_SERVICE_SECONDS


def usual_services(calls: Iterable[BankCall]) -> dict[str, list[float]]:
    """The plausible service times of each type in order of the file, and under "" of all."""
    usual: dict[str, list[float]] = defaultdict(list)
    for call in calls:
        if call.served and plausible(call.service):
            usual[call.kind].append(call.service)
            usual[""].append(call.service)
    usual.setdefault("", [])
    return usual


def shifts(calls: Iterable[BankCall], break_seconds: float = BREAK_SECONDS) -> dict[str, list[tuple[float, float]]]:
    """Each agent's spans of presence: from a first to a last talk without a silence longer than a break."""
    talks: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for call in calls:
        if call.agent is not None:
            talks[call.agent].append((call.began, call.began + call.service))
    there: dict[str, list[tuple[float, float]]] = {}
    for agent in sorted(talks):
        spans: list[tuple[float, float]] = []
        for begin, end in sorted(talks[agent]):
            if spans and begin - spans[-1][1] <= break_seconds:
                spans[-1] = (spans[-1][0], max(spans[-1][1], end))
            else:
                spans.append((begin, end))
        there[agent] = spans
    return there


def skills(calls: Iterable[BankCall], *, of_type: float = 0.01, of_own: float = 0.1) -> dict[str, frozenset[str]]:
    """The types each agent serves: a hundredth of the type's calls were theirs, or a tenth of theirs were of the type.

    Types that nobody served are everybody's.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    kinds: set[str] = set()
    for call in calls:
        kinds.add(call.kind)
        if call.agent is not None:
            pairs[call.agent, call.kind] += 1
    by_agent: Counter[str] = Counter()
    by_kind: Counter[str] = Counter()
    for (agent, kind), count in pairs.items():
        by_agent[agent] += count
        by_kind[kind] += count
    unserved = kinds - set(by_kind)
    able: dict[str, set[str]] = {agent: set(unserved) for agent in by_agent}
    for (agent, kind), count in pairs.items():
        if count >= of_type * by_kind[kind] or count >= of_own * by_agent[agent]:
            able[agent].add(kind)
    return {agent: frozenset(kinds) for agent, kinds in sorted(able.items())}


class Patience:
    """How long callers bear to wait: the Kaplan-Meier curve of the file, those served being censored.

    Beyond the last caller who gave up the curve goes on exponentially, at the mean rate of the whole file.
    """

    def __init__(self, calls: Sequence[BankCall]) -> None:
        waits = sorted((call.waited, call.served) for call in calls)
        gave_up = Counter(waited for waited, served in waits if not served)
        ordered = [waited for waited, _ in waits]
        self.rate = sum(gave_up.values()) / max(1.0, sum(ordered))
        self.times: list[float] = []
        self.hazards: list[float] = []  # cumulated: -log of the share still waiting
        left = 0.0
        for waited in sorted(gave_up):
            at_risk = len(ordered) - bisect_left(ordered, waited)
            if at_risk <= gave_up[waited]:
                break  # the last one: the tail takes over
            left -= math.log1p(-gave_up[waited] / at_risk)
            self.times.append(waited)
            self.hazards.append(left)

    def beyond(self, waited: float, chance: random.Random) -> float:
        """A patience longer than `waited` seconds, drawn from those who bore as much."""
        reached = bisect_right(self.times, waited)
        goal = (self.hazards[reached - 1] if reached else 0.0) + chance.expovariate(1.0)
        index = bisect_left(self.hazards, goal)
        if index < len(self.times):
            return self.times[index] + chance.random()  # whole seconds in the file
        last_time, last = (self.times[-1], self.hazards[-1]) if self.times else (0.0, 0.0)
        if self.rate <= 0:
            return math.inf
        return max(last_time, waited) + max(0.0, goal - last) / self.rate


def _clock(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _after(entry: int, clock: int) -> int:
    """The file dates a call by its beginning: a time far before it is the next day's."""
    return clock + DAY if clock < entry - DAY // 2 else clock


def _day(text: str) -> date:
    """`990131` as in the file, or with a four-digit year."""
    year = int(text[:-4])
    return date(year + 1900 if year < 100 else year, int(text[-4:-2]), int(text[-2:]))
