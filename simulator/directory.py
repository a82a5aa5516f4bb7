"""Who answers at an address: telephones plugged in, the account's own numbers, or nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from simulator.calls import FarEnd
from simulator.trunk import Trunk

if TYPE_CHECKING:
    from simulator.network import Network
    from simulator.phones import Phone


@dataclass(frozen=True, slots=True)
class Reached:
    """`status` None: it rings, at these far ends (at none of them: a telephone that nobody picks up)."""

    far_ends: tuple[FarEnd, ...] = ()
    status: str | None = None
    sip_code: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


class Directory:
    def __init__(self, network: Network) -> None:
        self._network = network
        self.phones: list[Phone] = []

    def at(self, address: str) -> list[Phone]:
        return [phone for phone in self.phones if phone.address == address]

    def addresses(self) -> list[str]:
        return sorted({phone.address for phone in self.phones})

    def reach(self, address: str) -> Reached:
        bare, _, query = address.partition("?")
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        own = self._network.numbers.get(bare)
        if own is not None and not own.trunk_sid:
            return Reached((Trunk(self._network, bare),))
        phones = self.at(bare)
        if bare.startswith(("client:", "sip:", "sips:")):
            if not phones:
                return Reached(status="failed", sip_code="404")
            return Reached(_rings(phones), parameters=parameters)  # a busy softphone ignores the ring without a word
        if not bare.startswith("+"):
            return Reached(status="failed", sip_code="404")
        if phones and not _rings(phones):
            return Reached(status="busy")
        return Reached(_rings(phones))


def _rings(phones: Iterable[Phone]) -> tuple[FarEnd, ...]:
    return tuple(phone for phone in phones if phone.takes_calls)
