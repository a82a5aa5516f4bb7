"""Two legs that hear each other."""

from __future__ import annotations

from simulator.calls import Call, Key


class Bridge:
    """`caller` may end the other leg with `*` when `star_ends` is set."""

    def __init__(self, caller: Call, callee: Call, star_ends: bool = False) -> None:
        self._caller, self._callee, self._star_ends = caller, callee, star_ends
        self.over = False
        for call in (caller, callee):
            call.media = self
            call.hears({"type": "bridged", "with": [self._other(call).line]})
        caller.network.note("bridged", caller.sid, callee.sid)

    def talk(self, call: Call, text: str) -> None:
        self._other(call).hears({"type": "heard", "from": call.line, "text": text})

    def key(self, call: Call, digit: str) -> None:
        if call is self._caller and self._star_ends and digit == "*":
            call.put(Key(digit))
        else:
            self._other(call).hears({"type": "keys", "digits": digit})

    def partners(self, call: Call) -> list[Call]:
        return [] if self.over else [self._other(call)]

    def listeners(self, call: Call) -> list[Call]:
        return self.partners(call)

    def left(self, call: Call, reason: str) -> None:
        if self.over:
            return
        self.over = True
        for each in (self._caller, self._callee):
            each.media = None
            each.hears({"type": "unbridged"})
            each.nudge()

    def _other(self, call: Call) -> Call:
        return self._callee if call is self._caller else self._caller
