"""Dial to numbers, softphones and SIP: child legs that ring, one of which is bridged to the caller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from simulator.attributes import TwimlError
from simulator.bridges import Bridge
from simulator.calls import Call, Gone, Input, Key, Nudged, Source, Subscription, TakenAway
from simulator.machines import MachineDetection, detect
from simulator.nouns import UNSUPPORTED
from simulator.parameters import is_withheld
from simulator.recordings import Recording
from simulator.ringing import ring
from simulator.run import HungUpByScript, Next, Runner
from simulator.speech import send_digits
from simulator.verbs import Dial, Noun
from simulator.webhooks import WebhookFailed


async def dial_people(runner: Runner, verb: Dial) -> Next | None:
    for noun in verb.nouns:
        if noun.address.startswith(UNSUPPORTED):
            raise TwimlError(12200, f"Dial to {noun.address.removeprefix(UNSUPPORTED)} is not carried by this network")
    dialling = _Dialling(runner, verb, _caller_id(runner, verb))
    try:
        form = await dialling.run()
    except (Gone, TakenAway):
        dialling.drop()
        if verb.action is not None:
            await runner.tell(verb.action, verb.method, dialling.form())
        raise
    finally:
        dialling.drop()
    if verb.action is not None:
        return runner.action(verb.action, verb.method, form)
    return None


def _caller_id(runner: Runner, verb: Dial) -> str:
    """Raises TwimlError for a number that this account may not show."""
    call, wanted = runner.call, verb.caller_id
    if wanted is None:
        return call.from_
    allowed = wanted in runner.network.numbers or wanted in (call.from_, call.to)
    softphones = all(noun.address.startswith("client:") for noun in verb.nouns)
    desk_phones = all(noun.address.startswith(("sip:", "sips:")) for noun in verb.nouns)  # shown any name
    if not (allowed or desk_phones or (softphones and (wanted.startswith("client:") or is_withheld(wanted)))):
        raise TwimlError(13214, f"Dial: invalid callerId {wanted!r}")
    return wanted


class _Dialling:
    """One Dial, from the first ring to the end of the talk."""

    def __init__(self, runner: Runner, verb: Dial, caller_id: str) -> None:
        self._runner, self._verb, self._caller_id = runner, verb, caller_id
        self._call, self._network = runner.call, runner.network
        self._children: list[Call] = []
        self._released: set[Call] = set()
        self._winner: Call | None = None
        self._bridge: Bridge | None = None
        self._recording: Recording | None = None

    async def run(self) -> dict[str, str]:
        groups: Sequence[Sequence[Noun]] = (
            [[n] for n in self._verb.nouns] if self._verb.sequential else [self._verb.nouns]
        )
        with self._call.attentive():
            for group in groups:
                self._children = [self._ring(noun) for noun in group]
                await self._until(self._decided)
                if self._winner is not None:
                    break
            if self._bridge is not None:
                await self._talk(self._bridge)
        return self.form()

    def drop(self) -> None:
        """No child outlives its Dial, except one that was given another document."""
        if self._bridge is not None:
            self._bridge.left(self._call, "")
        for child in self._children:
            if not child.moving and child not in self._released:
                child.finish("completed" if child.answered_at is not None else "canceled")
        self._end_recording()

    def form(self) -> dict[str, str]:
        child = self._winner or self._children[-1]
        form = {
            "DialCallStatus": self._status(),
            "DialCallSid": child.sid,
            "DialCallDuration": str(child.duration_seconds),
            "DialBridged": "true" if self._bridge is not None else "false",
        }
        if child.to.startswith("sip:") and child.sip_code is not None:
            form["DialSipResponseCode"] = child.sip_code
        if self._recording is not None:
            form["RecordingUrl"] = self._network.recordings.url(self._recording)
        return form

    def _status(self) -> str:
        if self._winner is not None:
            return "completed"
        endings = [child.status for child in self._children]
        return next(
            (status for status in ("busy", "no-answer", "canceled", "failed") if status in endings), "no-answer"
        )

    def _ring(self, noun: Noun) -> Call:
        child = self._network.new_call(
            direction="outbound-dial",
            from_=self._caller_id,
            to=noun.address,
            parent=self._call,
            subscription=self._subscription(noun),
            custom=dict(noun.parameters),
        )
        self._network.begin(child, self._child_life(child, noun))
        return child

    def _subscription(self, noun: Noun) -> Subscription | None:
        if noun.status_callback is None:
            return None
        return Subscription(self._runner.resolve(noun.status_callback), noun.status_method, noun.status_events)

    def _detection(self, noun: Noun) -> MachineDetection:
        """Never in the way of the talk: its verdict is only posted."""
        url = self._runner.resolve(noun.amd_callback) if noun.amd_callback else None
        callback = Subscription(url, noun.amd_method) if url else None
        return MachineDetection(noun.machine_detection, True, callback, noun.amd_seconds)

    async def _child_life(self, child: Call, noun: Noun) -> None:
        try:
            await ring(child, self._verb.timeout_seconds)
            self._picked_up(child)
            if noun.machine_detection:
                await detect(child, self._detection(noun))
            if noun.send_digits:
                await child.pause(send_digits(child, noun.send_digits))
            if noun.url is not None:
                await Runner(child, "whisper").follow(Source(self._runner.resolve(noun.url), noun.method))
            self._join(child)
            await child.pause(None)
        except HungUpByScript:
            child.finish("completed")
        except TakenAway as moved:
            self._released.add(child)  # its own call from here on
            await Runner(child).run(moved.source)
        except (WebhookFailed, TwimlError):
            child.finish("completed")

    def _picked_up(self, child: Call) -> None:
        """The first to pick up wins, even before its whisper is over."""
        if self._winner is not None:
            child.finish("canceled")
            raise Gone
        self._winner = child
        for other in self._children:
            if other is not child:
                other.finish("canceled")
        self._call.nudge()

    def _join(self, child: Call) -> None:
        child.check()
        if self._call.over:
            child.finish("completed")
            raise Gone
        if self._verb.answer_on_bridge:
            self._call.answer()
        self._bridge = Bridge(self._call, child, self._verb.hangup_on_star)
        if self._verb.record not in ("do-not-record", "false"):
            channels = 2 if self._verb.record.endswith("dual") else 1
            self._recording = self._network.recordings.begin(
                self._call,
                "DialVerb",
                self._verb.recording_callback,
                self._runner,
                channels=channels,
                track=self._verb.recording_track,
            )
        self._call.nudge()

    def _decided(self) -> bool:
        if self._bridge is not None:
            return True
        return all(child.over for child in self._children)

    async def _talk(self, bridge: Bridge) -> None:
        await self._until(lambda: bridge.over, self._verb.time_limit_seconds)
        self._end_recording()

    def _end_recording(self) -> None:
        if self._recording is not None:
            self._network.recordings.end(self._call, self._recording)

    async def _until(self, condition: Callable[[], bool], seconds: float | None = None) -> None:
        clock = self._network.clock
        until = None if seconds is None else clock.now() + timedelta(seconds=seconds)
        while not condition():
            self._call.heed()
            left = None if until is None else max((until - clock.now()).total_seconds(), 0.0)
            try:
                pressed = await self._call.pause(left, take=self._star)
            except Nudged:
                continue
            if pressed is None:
                return
            for child in self._children:
                child.finish("completed" if child.answered_at is not None else "canceled")

    def _star(self, item: Input) -> bool:
        return self._verb.hangup_on_star and isinstance(item, Key) and item.digit == "*"
