"""How the reports show a share, a rate and a distribution: never without its count, and null without data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from api.fields import Shown
from desk.measures import Share, quantile


class Ratio(Shown):
    count: int
    of: int
    share: float | None = Field(description="count / of, 0.0 to 1.0; null when `of` is 0")


class PerHundred(Shown):
    count: int
    of: int
    per_hundred: float | None = Field(description="100 * count / of; null when `of` is 0")


class Undecided(Ratio):
    undecided: int = Field(description="those of which nobody can know yet; on neither side of the share")


class Waits(Shown):
    count: int
    median_seconds: float | None
    p90_seconds: float | None


def ratio(share: Share) -> dict[str, Any]:
    return {"count": share.count, "of": share.of, "share": share.share}


def undecided(share: Share, undecided: int) -> dict[str, Any]:
    return ratio(share) | {"undecided": undecided}


def waits(counted: Mapping[float, int]) -> dict[str, Any]:
    return {
        "count": sum(counted.values()),
        "median_seconds": quantile(counted, 0.5),
        "p90_seconds": quantile(counted, 0.9),
    }
