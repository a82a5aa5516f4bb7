"""Mischief on demand: each fault names where it strikes, how often, and what it does.

Nothing goes wrong by itself; a test or a demo asks for exactly what it wants to see survived.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

RestEffect = Literal["lose_answer", "too_many", "server_error", "refuse", "slow"]
SignalEffect = Literal["cut", "too_many"]
WebhookEffect = Literal["duplicate", "duplicate_at_once", "delay", "shuffle", "lose", "lose_answer", "refuse"]


@dataclass(slots=True)
class Fault:
    effect: str
    where: str  # part of the URL or path; "" = anywhere
    method: str  # "" = any
    times: int
    seconds: float = 0.0

    def strikes(self, method: str, url: str) -> bool:
        return self.times > 0 and self.where in url and self.method in ("", method)


class Faults:
    def __init__(self) -> None:
        self._rest: list[Fault] = []
        self._webhooks: list[Fault] = []
        self._signals: list[Fault] = []

    def rest(
        self, effect: RestEffect, *, where: str = "", method: str = "", times: int = 1, seconds: float = 0.0
    ) -> Fault:
        """A REST request: `lose_answer` does the work and drops the connection, `refuse` drops it before.

        `too_many` and `server_error` answer 429 and 500 without effect, `slow` waits `seconds` first.
        """
        return _kept(self._rest, Fault(effect, where, method, times, seconds))

    def webhook(self, effect: WebhookEffect, *, where: str = "", times: int = 1, seconds: float = 0.0) -> Fault:
        """A request to the application: `duplicate` sends it twice, `duplicate_at_once` both side by side.

        `delay` waits `seconds`, `shuffle` anything up to that, `lose` never arrives, `lose_answer` arrives but its
        answer does not, `refuse` is a refused connection.
        """
        return _kept(self._webhooks, Fault(effect, where, "", times, seconds))

    def signal(self, effect: Literal["too_many"], *, where: str = "", times: int = 1) -> Fault:
        """A softphone that shows its token: `too_many` refuses it with 31206; `where`: part of the identity."""
        return _kept(self._signals, Fault(effect, where, "", times))

    def clear(self) -> None:
        self._rest.clear()
        self._webhooks.clear()
        self._signals.clear()

    def pending(self) -> list[tuple[str, Fault]]:
        """What has not struck as often as asked, with what it strikes."""
        kinds = (("rest", self._rest), ("webhook", self._webhooks), ("signal", self._signals))
        return [(on, fault) for on, faults in kinds for fault in faults if fault.times > 0]

    def of_rest(self, method: str, path: str) -> list[Fault]:
        return _striking(self._rest, method, path)

    def of_webhook(self, url: str, effects: Collection[str]) -> list[Fault]:
        return _striking([fault for fault in self._webhooks if fault.effect in effects], "", url)

    def of_signal(self, identity: str) -> list[Fault]:
        return _striking(self._signals, "", identity)


def _kept(faults: list[Fault], fault: Fault) -> Fault:
    faults.append(fault)
    return fault


def _striking(faults: list[Fault], method: str, url: str) -> list[Fault]:
    """Each effect at most once; a fault that struck counts down."""
    found: dict[str, Fault] = {}
    for fault in faults:
        if fault.effect not in found and fault.strikes(method, url):
            fault.times -= 1
            found[fault.effect] = fault
    return list(found.values())
