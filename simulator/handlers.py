"""Which code carries out which verb.  The only place that knows them all."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.conferences import dial_conference
from simulator.dial import dial_people
from simulator.queues import dial_queue, enqueue
from simulator.recordings import record
from simulator.run import Handler, Next, Runner
from simulator.speech import gather, say
from simulator.verbs import Dial, Enqueue, Gather, Pause, Play, Record, Say


async def dial(runner: Runner, verb: Dial) -> Next | None:
    if verb.conference is not None:
        return await dial_conference(runner, verb, verb.conference)
    if verb.queue is not None:
        return await dial_queue(runner, verb, verb.queue)
    return await dial_people(runner, verb)


VERBS: Mapping[type, Handler] = {
    Say: say,
    Play: say,
    Pause: say,
    Gather: gather,
    Record: record,
    Dial: dial,
    Enqueue: enqueue,
}
