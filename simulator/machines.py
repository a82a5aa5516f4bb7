"""Human or machine: what answering-machine detection makes of who picked up.

There is no sound to judge by: a telephone says itself what it answers as, and the thresholds change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.calls import Call, Subscription
from simulator.phones import Phone

VERDICT_SECONDS = 4.0
GREETING_SECONDS = 10.0  # a machine's announcement up to its beep


@dataclass(frozen=True, slots=True)
class MachineDetection:
    mode: str  # Enable | DetectMessageEnd
    asynchronous: bool = False
    callback: Subscription | None = None
    timeout_seconds: int = 30


async def detect(call: Call, detection: MachineDetection) -> None:
    """Waits for the verdict, or has it posted later."""
    verdict, seconds = _verdict(call, detection)
    if not detection.asynchronous:
        await call.pause(seconds)
        call.answered_by = verdict
    elif detection.callback is not None:
        call.network.clock.spawn(_post_verdict(call, detection.callback, verdict, seconds), "carrier-amd")


def _verdict(call: Call, detection: MachineDetection) -> tuple[str, float]:
    kind = call.far_end.answers_as if isinstance(call.far_end, Phone) else "human"
    if kind == "machine":
        if detection.mode == "Enable":
            return "machine_start", VERDICT_SECONDS
        return "machine_end_beep", min(GREETING_SECONDS, detection.timeout_seconds)
    if kind == "unknown":
        return "unknown", float(detection.timeout_seconds)
    return kind, VERDICT_SECONDS


async def _post_verdict(call: Call, callback: Subscription, verdict: str, seconds: float) -> None:
    await call.network.clock.sleep(seconds)
    if call.over:
        return
    call.answered_by = verdict
    form = {
        "CallSid": call.sid,
        "AccountSid": call.network.account_sid,
        "AnsweredBy": verdict,
        "MachineDetectionDuration": str(round(seconds * 1000)),
    }
    call.network.webhooks.news(callback.url, callback.method, form, call.sid)
