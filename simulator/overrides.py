"""What rides in the fragment of a webhook URL, `https://x/voice#rc=2&rp=all`: time limits and retries.

The fragment is for the carrier alone: it is never sent and never signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag

from simulator.http import Patience

RETRY_CAUSES = ("ct", "rt", "4xx", "5xx")


PATIENT = Patience()


class BadOverride(ValueError):
    """A fragment value outside its documented range."""


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook URL without its fragment, and what the fragment asked for."""

    url: str
    patience: Patience = PATIENT
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})


def read_target(url: str) -> Target:
    """Raises BadOverride."""
    bare, fragment = urldefrag(url)
    given = dict(parse_qsl(fragment, keep_blank_values=True))
    patience = Patience(
        connect_seconds=_bounded(given, "ct", 100, 10_000, 5_000) / 1000,
        read_seconds=_bounded(given, "rt", 100, 15_000, 15_000) / 1000,
        total_seconds=_bounded(given, "tt", 100, 15_000, 15_000) / 1000,
    )
    causes = frozenset(given.get("rp", "ct").split(","))
    if "all" in causes:
        causes = frozenset(RETRY_CAUSES)
    if not causes <= set(RETRY_CAUSES):
        raise BadOverride(f"rp={given['rp']}")
    return Target(bare, patience, int(_bounded(given, "rc", 0, 5, 1)), causes)


def _bounded(given: dict[str, str], key: str, lowest: int, highest: int, default: int) -> int:
    text = given.get(key)
    if text is None:
        return default
    if not text.isdigit() or not lowest <= int(text) <= highest:
        raise BadOverride(f"{key}={text}")
    return int(text)
