"""An account that rings one of its own numbers: the outbound leg meets an inbound one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.calls import Call, Frame, Key, Speech

if TYPE_CHECKING:
    from simulator.network import Network


class Trunk:
    """The far end of the outbound leg, and of the inbound leg that it makes."""

    def __init__(self, network: Network, number: str) -> None:
        self._network, self._number = network, number
        self._out: Call | None = None
        self._in: Call | None = None

    @property
    def address(self) -> str:
        return self._number

    def across(self, call: Call) -> Call | None:
        """The leg that says on the other side what this one hears."""
        other = self._in if call is self._out else self._out
        return other if other is not None and not other.over else None

    def offered(self, call: Call) -> None:
        self._out = call
        self._in = self._network.inbound(self, call.from_, self._number, {})

    def withdrawn(self, call: Call) -> None:
        if self._in is not None:
            self._in.hung_up()

    def connected(self, call: Call) -> None:
        if call is self._in and self._out is not None:
            self._out.answer(self)

    def hears(self, call: Call, frame: Frame) -> None:
        other = self.across(call)
        if other is None:
            return
        if frame["type"] == "keys":
            for digit in frame["digits"]:
                other.put(Key(digit))
        elif frame["type"] in ("said", "heard"):
            if other.media is not None:
                other.media.talk(other, frame["text"])
            else:
                other.put(Speech(frame["text"]))

    def ended(self, call: Call, reason: str) -> None:
        other = self.across(call)
        if other is None:
            return
        if other is self._in or other.answered_at is not None:
            other.hung_up()
        else:
            other.finish(reason if reason in ("busy", "failed") else "no-answer")
