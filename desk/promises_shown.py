"""What `/reports/promises` says: what was promised, what became of it, and how it went meanwhile."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.fields import Shown
from desk.measures import KINDS, PromiseTally
from desk.promise_measures import LifeTally
from desk.shares import Ratio, Waits, ratio, waits


class KindOfPromise(Shown):
    made: int
    kept: Ratio


class Reached(Ratio):
    mean_attempts: float | None = Field(description="until somebody was reached; null where nobody was")


class PromisesFigures(Shown):
    made: int = Field(description="promises made in the span; the next six figures add up to it")
    kept: int
    broken: int = Field(description="connected, but later than the window allowed")
    cancelled: int
    merged: int
    unreachable: int = Field(description="the customer answered none of the attempts")
    open: int = Field(description="who is waiting; by agent with `group_by`")
    overdue: int = Field(description="of the open ones: the window is over, and the two are not connected")
    customer_rang_first: int = Field(description="of those kept: the customer rang us and was put through")
    punctuality: Ratio = Field(description="kept, of (kept + broken); each by the window it was promised with")
    late: Waits = Field(description="from the promised instant to the first ring of the customer's phone; nearest rank")
    by_kind: dict[Literal["asap", "scheduled", "follow_up", "voicemail"], KindOfPromise]
    moved: int = Field(description="given another time at least once, by whomever")
    moved_in_time: int = Field(description="of those moved: no window of theirs ever passed with nobody calling")
    missed: int = Field(description="a window of theirs passed with nobody calling, however it went on")
    at_risk: int = Field(description="of the open ones: may not be kept as they stand now")
    attempts_in_vain: int = Field(description="calls that reached nobody, a machine, or somebody who did not answer")
    reached_at_once: Reached = Field(description="reached by the first attempt, of those reached by any of ours")
    told: Ratio = Field(description="all texts about it delivered or on their way, of those of which any text spoke")


def promises(tally: PromiseTally, life: LifeTally) -> dict[str, Any]:
    ended = {state: tally.states[state] for state in ("kept", "broken", "cancelled", "merged", "unreachable")}
    return {
        "made": tally.made,
        **ended,
        "open": tally.open,
        "overdue": tally.overdue,
        "customer_rang_first": tally.served,
        "punctuality": tally.kept,
        "late": waits(tally.late),
        "by_kind": {kind: {"made": tally.made_of(kind), "kept": tally.kept_of(kind)} for kind in KINDS},
        "moved": life.moved,
        "moved_in_time": life.moved_in_time,
        "missed": life.missed,
        "at_risk": life.at_risk,
        "attempts_in_vain": life.attempts,
        "reached_at_once": ratio(life.reached_at_once) | {"mean_attempts": life.mean_attempts},
        "told": ratio(life.news_arrived),
    }
