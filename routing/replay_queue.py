"""Who waits in a replay, so kept that a free agent finds the few who may be theirs.  Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime

from routing.choose import Waiting
from routing.plan import Plan
from routing.weigh import Caller


@dataclass(frozen=True, slots=True)
class Place:
    order: int  # by arrival
    alike: object
    waiting: Waiting


class Queue:
    """By order of arrival.  Of callers who are alike the earliest goes first, to whoever knows none of them."""

    def __init__(self) -> None:
        self._places: dict[int, Place] = {}
        self._orders: list[int] = []
        self._alike: dict[object, list[int]] = {}
        self._wished: dict[str, dict[int, None]] = {}  # agent -> callers who know them

    def join(self, order: int, caller: Caller, plan: Plan, held_until: datetime | None) -> None:
        """The caller takes their place, or keeps it as what they have become."""
        self.leave(order)
        place = Place(order, alike(caller, plan), Waiting(f"{order:08}", caller, plan, held_until))
        self._places[order] = place
        insort(self._orders, order)
        insort(self._alike.setdefault(place.alike, []), order)
        for agent_id in caller.known:
            self._wished.setdefault(agent_id, {})[order] = None

    def leave(self, order: int) -> None:
        """Twice is as good as once."""
        place = self._places.pop(order, None)
        if place is None:
            return
        del self._orders[bisect_left(self._orders, order)]
        orders = self._alike[place.alike]
        del orders[bisect_left(orders, order)]
        if not orders:
            del self._alike[place.alike]
        for agent_id in place.waiting.caller.known:
            del self._wished[agent_id][order]

    def everybody(self) -> list[int]:
        return [*self._orders]

    def before(self, order: int) -> int:
        """How many of those who wait came earlier."""
        return bisect_left(self._orders, order)

    def alike(self, order: int) -> object:
        return self._places[order].alike

    def for_agent(self, agent_id: str, now: datetime, in_vain: Container[object]) -> Iterator[Waiting]:
        """Among them the one whom this agent would take of all; neither whose order nor who is alike `in_vain`."""
        for order in self._wished.get(agent_id, ()):
            if order not in in_vain:
                yield self._places[order].waiting
        for same, orders in self._alike.items():
            if same in in_vain:
                continue
            for order in orders:
                one = self._places[order].waiting
                held = one.held_until is not None and one.held_until > now
                if not held and order not in in_vain and agent_id not in one.caller.vetoed:
                    yield one
                    break


def alike(caller: Caller, plan: Plan) -> object:
    """Of two with the same of this, neither known to an agent, that agent takes who came first."""
    skills = tuple(sorted(caller.skills.items()))
    return caller.language, skills, caller.teams, caller.urgency_seconds, id(plan)
