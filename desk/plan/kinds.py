"""What kinds of inputs a plan's figures have.  Values.

Texts are English, for the catalogue; in a sentence `{}` is the figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desk.plan.paths import Path
from desk.plan.values import WHOLE_UNITS


@dataclass(frozen=True, slots=True)
class Figure:
    """`low`, `high`, `step`: of its slider, as typed; `none` is what leaving it empty means, if that may be."""

    path: Path
    label: str
    sentence: str
    unit: str = "seconds"  # seconds | minutes | days | times | percent | points | money
    low: float = 0
    high: float = 300
    step: float = 5
    none: str | None = None
    alone: bool = True  # its sentence is understood without the label

    @property
    def slides(self) -> bool:
        return self.none is None and self.unit != "money"

    @property
    def whole(self) -> bool:
        return self.unit in WHOLE_UNITS


@dataclass(frozen=True, slots=True)
class Choice:
    """`options`: the value, what it is called, and what it means."""

    path: Path
    label: str
    options: Sequence[tuple[str | int, str, str]]


@dataclass(frozen=True, slots=True)
class Switch:
    path: Path
    label: str
    on: str
    off: str


Field = Figure | Choice | Switch


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    title: str
    told: str
    fields: Sequence[Field]
