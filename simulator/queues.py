"""Queues of callers: Enqueue with its wait document, Dial to the head of a queue, dequeuing by the REST API."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from simulator.attributes import TwimlError
from simulator.bridges import Bridge
from simulator.calls import Call, Gone, Nudged, Source, TakenAway
from simulator.conferences import MUSIC
from simulator.run import Left, Next, Runner
from simulator.verbs import Dial, Enqueue, Queue
from simulator.webhooks import WebhookFailed

if TYPE_CHECKING:
    from simulator.network import Network


@dataclass(eq=False, slots=True)
class Member:
    call: Call
    at: datetime
    taken_by: Call | None = None
    whisper: Source | None = None
    bridge: Bridge | None = None


@dataclass(eq=False, slots=True)
class CallQueue:
    sid: str
    name: str
    max_size: int
    created_at: datetime
    updated_at: datetime
    members: list[Member] = field(default_factory=list)
    waits: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    wanting: list[Call] = field(default_factory=list)  # calls whose Dial waits for a head to come

    @property
    def average_wait(self) -> int:
        return round(sum(self.waits) / len(self.waits)) if self.waits else 0

    def remove(self, member: Member, now: datetime) -> None:
        if member in self.members:
            self.members.remove(member)
            self.waits.append((now - member.at).total_seconds())


class Queues:
    def __init__(self, network: Network) -> None:
        self._network = network
        self.all: dict[str, CallQueue] = {}

    def named(self, name: str) -> CallQueue | None:
        return next((queue for queue in self.all.values() if queue.name == name), None)

    def open(self, name: str, max_size: int = 1000) -> CallQueue:
        queue = self.named(name)
        if queue is None:
            now = self._network.clock.now()
            queue = CallQueue(self._network.sid("QU"), name, max_size, now, now)
            self.all[queue.sid] = queue
        return queue

    def member(self, call: Call) -> tuple[CallQueue, Member] | None:
        return next(((q, m) for q in self.all.values() for m in q.members if m.call is call), None)


async def enqueue(runner: Runner, verb: Enqueue) -> Next | None:
    return await _Waiting(runner, verb).whole()


class _Waiting:
    def __init__(self, runner: Runner, verb: Enqueue) -> None:
        self._runner, self._verb = runner, verb
        self._call, self._clock = runner.call, runner.network.clock
        self._queue = runner.network.queues.open(verb.name)
        self._member = Member(self._call, self._clock.now())
        self._waited: float | None = None

    async def whole(self) -> Next | None:
        queue, verb = self._queue, self._verb
        if len(queue.members) >= min(queue.max_size, verb.max_size or queue.max_size):
            return self._after("queue-full")
        queue.members.append(self._member)
        for wanting in queue.wanting:
            wanting.nudge()
        try:
            result = await self._wait()
            self._call.check()
        except Gone:
            await self._tell("bridged" if self._member.bridge is not None else "hangup")
            raise
        except TakenAway:
            await self._tell("redirected-from-bridged" if self._member.bridge is not None else "redirected")
            raise
        finally:
            self._leave_queue()
        return self._after(result)

    async def _wait(self) -> str:
        try:
            with self._call.attentive():
                while self._member.taken_by is None:
                    self._call.heed()
                    try:
                        await self._hear_once()
                    except Nudged:
                        continue
        except Left:
            return "leave"
        except (WebhookFailed, TwimlError):
            return "error"
        return await self._be_served()

    async def _hear_once(self) -> None:
        """The wait document from its first verb to its last; it is asked again when it ends."""
        if self._verb.wait_url is None:
            self._call.hears({"type": "playing", "url": MUSIC, "seconds": 0})
            await self._call.pause(None)
        elif self._verb.wait_url == "":
            await self._call.pause(None)
        else:
            began = self._clock.now()
            url = self._runner.resolve(self._verb.wait_url)
            await Runner(self._call, "queue wait", self._state).follow(Source(url, self._verb.wait_method))
            if self._clock.now() == began:
                await self._call.pause(1)  # an empty document must not be asked for without end

    async def _be_served(self) -> str:
        """Whisper to the caller, then the bridge until it ends."""
        member, agent = self._member, self._member.taken_by
        assert agent is not None
        if agent.over:
            return "error"
        self._leave_queue()
        if member.whisper is not None:
            about = {"QueueSid": self._queue.sid, "QueueTime": self._queue_time(), "DequeingCallSid": agent.sid}
            await Runner(self._call, "queue whisper", lambda: about).follow(member.whisper)
        if agent.status != "in-progress":
            return "error"
        member.bridge = Bridge(self._call, agent)
        with self._call.attentive():
            while not member.bridge.over:
                self._call.heed()
                try:
                    await self._call.pause(None)
                except Nudged:
                    continue
        return "bridged"

    def _leave_queue(self) -> None:
        if self._waited is None:
            self._waited = (self._clock.now() - self._member.at).total_seconds()
        self._queue.remove(self._member, self._clock.now())

    def _queue_time(self) -> str:
        waited = self._waited
        return str(int((self._clock.now() - self._member.at).total_seconds() if waited is None else waited))

    def _state(self) -> dict[str, str]:
        queue = self._queue
        position = queue.members.index(self._member) + 1 if self._member in queue.members else 0
        return {
            "QueueSid": queue.sid,
            "QueuePosition": str(position),
            "QueueTime": self._queue_time(),
            "AvgQueueTime": str(queue.average_wait),
            "CurrentQueueSize": str(len(queue.members)),
            "MaxQueueSize": str(queue.max_size),
        }

    def _form(self, result: str) -> dict[str, str]:
        return {"QueueResult": result, "QueueSid": self._queue.sid, "QueueTime": self._queue_time()}

    def _after(self, result: str) -> Next | None:
        if self._verb.action is None:
            return None
        return self._runner.action(self._verb.action, self._verb.method, self._form(result))

    async def _tell(self, result: str) -> None:
        self._leave_queue()
        if self._verb.action is not None:
            await self._runner.tell(self._verb.action, self._verb.method, self._form(result))


async def dial_queue(runner: Runner, verb: Dial, noun: Queue) -> Next | None:
    """Bridge to the caller at the head; without one, wait for one as long as Dial rings."""
    serving = _Serving(runner, verb, noun)
    try:
        await serving.whole()
    except (Gone, TakenAway):
        if verb.action is not None:
            await runner.tell(verb.action, verb.method, serving.form())
        raise
    return runner.action(verb.action, verb.method, serving.form()) if verb.action is not None else None


class _Serving:
    def __init__(self, runner: Runner, verb: Dial, noun: Queue) -> None:
        self._runner, self._verb, self._noun = runner, verb, noun
        self._member: Member | None = None
        self._queue = runner.network.queues.open(noun.name)

    async def whole(self) -> None:
        call, clock = self._runner.call, self._runner.network.clock
        until = clock.now() + timedelta(seconds=self._verb.timeout_seconds)
        self._queue.wanting.append(call)
        try:
            with call.attentive():
                while not self._done():
                    call.heed()
                    if self._take():
                        until = clock.now() + timedelta(seconds=self._verb.time_limit_seconds)
                    left = (until - clock.now()).total_seconds()
                    try:
                        await call.pause(max(left, 0.0))
                    except Nudged:
                        continue
                    break
        finally:
            if call in self._queue.wanting:
                self._queue.wanting.remove(call)
            if self._member is not None and self._member.bridge is not None:
                self._member.bridge.left(call, "")

    def form(self) -> dict[str, str]:
        member = self._member
        bridged = member is not None and member.bridge is not None
        form = {
            "DialCallStatus": "completed" if bridged else "no-answer",
            "DialBridged": "true" if bridged else "false",
        }
        if member is not None:
            form |= {"DialCallSid": member.call.sid, "DialCallDuration": str(member.call.duration_seconds)}
        return form

    def _take(self) -> bool:
        """The oldest caller whom nobody else has taken; true when that was just now."""
        if self._member is not None:
            return False
        free = next((member for member in self._queue.members if member.taken_by is None), None)
        if free is None:
            return False
        free.taken_by = self._runner.call
        if self._noun.url is not None:
            free.whisper = Source(self._runner.resolve(self._noun.url), self._noun.method)
        self._member = free
        free.call.nudge()
        return True

    def _done(self) -> bool:
        member = self._member
        if member is None:
            return False
        return member.call.over or (member.bridge is not None and member.bridge.over)
