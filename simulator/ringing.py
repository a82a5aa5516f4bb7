"""Getting a leg answered: the telephones ring until somebody picks up, declines or the time is over."""

from __future__ import annotations

from datetime import timedelta

from simulator.calls import Call, Gone, Nudged


async def ring(call: Call, seconds: float) -> None:
    """Returns when the call is answered; it is finished and Gone is raised when it will never be."""
    network = call.network
    call.started_at = network.clock.now()
    call.report("initiated")
    reached = network.directory.reach(call.to)
    if reached.status is not None:
        call.finish(reached.status, reached.sip_code)
        raise Gone
    call.progress("ringing")
    call.custom = {**reached.parameters, **call.custom}
    call.ringing_at.extend(reached.far_ends)
    for far_end in reached.far_ends:
        far_end.offered(call)
    await _answered(call, seconds + network.ring_grace_seconds)


async def _answered(call: Call, seconds: float) -> None:
    clock = call.network.clock
    until = clock.now() + timedelta(seconds=seconds)
    with call.attentive():
        while call.answered_at is None:
            call.heed()
            try:
                await call.pause(max((until - clock.now()).total_seconds(), 0.0))
            except Nudged:
                continue
            call.finish("no-answer")
            raise Gone
