"""The people of a drawn morning at their telephones: what they do when something happens there."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from bench.promises_draw import ANSWERS, BREAK, BUSY, IN_VAIN, MACHINE, Caller, Person, Worker
from simulator.calls import Frame
from simulator.phones import Phone
from store.clock import Clock

MACHINE_SAYS = "Risponde la segreteria telefonica, lasciate un messaggio dopo il segnale acustico, grazie"
ASKS = "isponda 5"  # how a text of ours that offers two times goes on
BACK_AFTER_SECONDS = 60.0  # who has missed a ring looks at the screen again
LOOK_SECONDS = 2.0

Put = Callable[[str, str], Coroutine[Any, Any, None]]


class AtWork:
    """An agent: answers, takes breaks, falls ill.  `put(availability, reason)` is the button on their desk."""

    def __init__(self, clock: Clock, phone: Phone, worker: Worker, dice: Any, put: Put) -> None:
        self._clock, self._phone, self._worker, self._dice, self._put = clock, phone, worker, dice, put
        self._here = False
        phone.on_event = self._notice

    async def day(self, tell_ill: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Comes, has a break, and may go home ill: in the order in which these are drawn."""
        worker = self._worker
        await self._until(worker.ready_at)
        await self._be("ready")
        plans = [(worker.break_at, "break"), (worker.ill_at, "ill")]
        for at, what in sorted((at, what) for at, what in plans if at is not None):
            await self._until(at)
            if what == "break":
                await self._be("away")
                await self._clock.sleep(BREAK.total_seconds())
                await self._be("ready")
            else:
                self._here = False
                await self._put("offline", "ill")
                if worker.tells:
                    await tell_ill()
                return

    async def _be(self, availability: str) -> None:
        self._here = availability == "ready"
        await self._put(availability, "" if self._here else "break")

    async def _until(self, at: Any) -> None:
        await self._clock.sleep((at - self._clock.now()).total_seconds())

    def _notice(self, frame: Frame) -> None:
        if frame["type"] == "ringing":
            self._clock.spawn(self._rings(frame["call"]), "agent")

    async def _rings(self, call: str) -> None:
        phone = self._phone
        if self._dice.random() < self._worker.misses:
            await self._clock.sleep(BACK_AFTER_SECONDS)
            if self._here:
                await self._put("ready", "")
            return
        await self._clock.sleep(self._dice.uniform(1.5, 5.0))
        if phone.state == "ringing" and phone.call == call:
            phone.answer()


class AtHome:
    """A customer: rings if they want to, answers or not, talks, and writes back."""

    def __init__(self, clock: Clock, phone: Phone, person: Person, line: str) -> None:
        self._clock, self._phone, self._person, self._line = clock, phone, person, line
        self._rang = 0  # how often we have called them
        self._does = ANSWERS
        self._talked: set[str] = set()  # calls
        self._replied = False
        phone.on_event = self._notice

    async def ring(self, caller: Caller | None = None) -> None:
        """`caller`: how long they wait, and whether they would rather be called back or leave a message."""
        if self._phone.state != "idle":
            return  # we are calling them at this moment
        begins = len(self._phone.heard)
        call = await self._phone.dial(self._line)
        if caller is None:
            return
        gives_up = self._clock.now() + timedelta(seconds=caller.patience_seconds)
        if caller.wants == "call_back" and await self._told("prema 2", begins, call, gives_up):
            self._phone.press("2")
            await self._told("prema 5", begins, call, gives_up)
        elif caller.wants == "message" and await self._told("prema 3", begins, call, gives_up):
            self._phone.press("3")
        else:
            await self._clock.sleep((gives_up - self._clock.now()).total_seconds())
            if self._phone.call == call and call not in self._talked:
                self._phone.hang_up()

    async def _told(self, key: str, begins: int, call: str, until: Any) -> bool:
        """Until this key is named, if they are neither joined nor tired of waiting by then."""
        while self._clock.now() < until and self._phone.call == call and call not in self._talked:
            if any(key in heard.text.lower() for heard in self._phone.heard[begins:]):
                return True
            await self._clock.sleep(LOOK_SECONDS)
        return False

    def _notice(self, frame: Frame) -> None:
        kind, call = frame["type"], self._phone.call
        if kind == "ringing":
            self._does = self._person.attempts[min(self._rang, len(self._person.attempts) - 1)]
            self._rang += 1
            self._clock.spawn(self._rings(frame["call"]), "customer")
        elif kind == "listening" and self._rang and call is not None and call not in self._talked:
            self._clock.spawn(self._proves(call), "customer")
        elif kind == "bridged" and call is not None and call not in self._talked:
            self._talked.add(call)
            self._clock.spawn(self._talks(call), "customer")
        elif kind == "recording":
            self._clock.spawn(self._leaves_a_message(), "customer")
        elif kind == "text" and ASKS in frame["body"] and self._person.replies and not self._replied:
            self._replied = True
            self._clock.spawn(self._replies(frame["from"]), "customer")

    async def _rings(self, call: str) -> None:
        if self._does == IN_VAIN:
            return
        await self._clock.sleep(1.0 if self._does == BUSY else self._person.answer_seconds)
        if self._phone.state != "ringing" or self._phone.call != call:
            return
        if self._does == BUSY:
            self._phone.decline()
        else:
            self._phone.answer()

    async def _proves(self, call: str) -> None:
        """That they are a person, or the opposite."""
        if self._phone.leg is None or self._phone.leg.direction == "inbound":
            return
        await self._clock.sleep(3.0)
        if self._phone.call != call or self._phone.state != "in_call" or call in self._talked:
            return
        if self._does == ANSWERS:
            self._phone.press("1")
        else:
            self._phone.speak(MACHINE_SAYS if self._does == MACHINE else "pronto")

    async def _talks(self, call: str) -> None:
        await self._clock.sleep(self._person.talk_seconds)
        if self._phone.call == call:
            self._phone.hang_up()

    async def _leaves_a_message(self) -> None:
        self._phone.record(12)
        await self._clock.sleep(15)
        if self._phone.state == "in_call":
            self._phone.hang_up()

    async def _replies(self, to: str) -> None:
        await self._clock.sleep(self._person.reply_seconds)
        assert self._person.replies is not None
        self._phone.send_text(to, self._person.replies)
