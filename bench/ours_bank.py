"""Our own engine in the bank's month.

What it knows of talks and of who is asked for, it has learnt in the month so far (and in the month before, where one is
given), as `routing.learning` does: never what is still to come.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bench.bank_replay import WRAP_UP_SECONDS, Month
from bench.centre import AgentState, Call
from bench.ours import Learnt, Ours
from routing.agents import Agent
from routing.forecast import USUAL_SIGMA, Talk
from routing.plan import Load, Plan, Worth
from routing.talk_times import TalkTimes, Tally

DAY_SECONDS = 86400.0
PRIOR_HOURS = 8.0  # of presence before which little is known of how much somebody is asked for
USUAL_SECONDS = 180.0

BANK = Plan(
    worth=Worth(familiar_seconds=76),
    wait_unasked_seconds=120,
    wait_unasked_chance=0.0,
    wrap_up_seconds=round(WRAP_UP_SECONDS),
    talk_seconds=round(USUAL_SECONDS),
    load=Load(spread_points=24),
)


class OursAtTheBank(Ours):
    """Learns at the end of each talk; looks at what it has learnt once a day."""

    def __init__(self, plan: Plan, month: Month) -> None:
        super().__init__(plan, Learnt({}, Talk.of_mean(USUAL_SECONDS, USUAL_SIGMA)))
        self._tally, self._times = Tally(), TalkTimes()
        for seconds in month.past.talks:
            self._tally.add(None, None, 0, seconds)
        self._asked: Counter[int] = Counter()
        self._next_look = 0.0

    def arrive(self, call: Call) -> None:
        self._asked.update(call.familiar.keys())
        super().arrive(call)

    def ended(self, call: Call, agent: AgentState, seconds: float) -> None:
        self._tally.add(str(agent.id), str(call.skill), 0, seconds - WRAP_UP_SECONDS)
        if self.centre.now >= self._next_look:
            self._times, self._next_look = self._tally.learnt(), self.centre.now + DAY_SECONDS

    def _promised(self, agent_id: int) -> Agent:
        state, agent = self.centre.agents[agent_id], self.floor[agent_id]
        topic = None if state.call is None else str(state.call.skill)
        talk = self._times.of(str(agent_id), topic, 0) or self.learnt.talk
        hours = (state.busy_seconds + state.idle_seconds) / 3600.0 + PRIOR_HOURS
        return replace(agent, talk=talk, wanted_an_hour=self._asked[agent_id] / hours)


def for_bank(month: Month) -> OursAtTheBank:
    return OursAtTheBank(BANK, month)
