"""The bank's month in figures: a table, the limits, the share of the clairvoyant's gain; as text, JSON and a plot."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.bank_replay import BAND_NAMES, WRAP_UP_SECONDS, Figures

OURS, FIFO, ANY = "ours", "fifo", "any-familiar"
SEERS = ("clairvoyant", "clairvoyant-short")
WANTED_SHARE = 85.0
BETTER_BANDS = 3  # of the bands, the first three: 1, 2-3 and 4-9 earlier calls
LIMITS = {"mean_wait": 1.0, "p95_wait": 16.0, "abandoned": 0.3, "strangers_wait": 2.0, "spread": 3.0}
NAMES = {
    "mean_wait": "mean wait, s",
    "p95_wait": "p95 wait, s",
    "abandoned": "abandonment, points",
    "strangers_wait": "strangers' mean wait, s",
    "spread": "occupancy spread, points",
}


@dataclass(frozen=True, slots=True)
class Replayed:
    """All that one run of the command found out."""

    file: Path
    before: Path | None
    notes: Mapping[str, int]
    seeds: Sequence[int]
    break_seconds: float
    shown: Mapping[str, Sequence[Figures]]  # policy -> one per seed
    seers: Sequence[str]  # the ways of the clairvoyants shown
    ways: Mapping[str, Sequence[Figures]]  # all that were tried
    slowest: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Limit:
    """How far a policy is above FIFO in one figure, per seed on the same draws."""

    name: str
    above: float
    error: float
    allowed: float

    @property
    def met(self) -> bool:
        return self.above <= self.allowed


def mean(figures: Sequence[Figures], name: str) -> float:
    return statistics.fmean(value(one, name) for one in figures)


def value(figures: Figures, name: str) -> float:
    return dict(figures.items())[name]


def error(values: Sequence[float]) -> float:
    """Standard error of the mean; not a number for a single seed."""
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan


def limits(figures: Sequence[Figures], fifo: Sequence[Figures]) -> list[Limit]:
    found = []
    for name, allowed in LIMITS.items():
        above = [value(one, name) - value(other, name) for one, other in zip(figures, fifo, strict=True)]
        found.append(Limit(name, statistics.fmean(above), error(above), allowed))
    return found


def share_of_gain(figures: Sequence[Figures], seer: Sequence[Figures], fifo: Sequence[Figures]) -> float:
    """Percent of the clairvoyant's gain in familiar rate over FIFO."""
    floor = mean(fifo, "familiar")
    gain = mean(seer, "familiar") - floor
    return 100 * (mean(figures, "familiar") - floor) / gain if gain > 0 else math.nan


def text(month: Replayed) -> str:
    return "\n".join([*_head(month), "", *_table(month), "", *_limits(month), "", *_shares(month), "", *_notes(month)])


def _head(month: Replayed) -> list[str]:
    calls = month.shown[FIFO][0].band_calls
    cleaned = "; ".join(f"{name}: {count}" for name, count in sorted(month.notes.items()))
    return [
        f"# A real month replayed: {month.file.name}",
        "",
        f"{'After ' + month.before.name + '. ' if month.before else ''}Seeds {_spans(month.seeds)}; "
        f"{machine()}; {versions()}.",
        f"Returning calls by earlier calls ({', '.join(BAND_NAMES)}) under FIFO: {', '.join(map(str, calls))}.",
        f"Cleaned: {cleaned}.",
    ]


def _table(month: Replayed) -> list[str]:
    bands = [f"{name} earlier" for name in BAND_NAMES]
    columns = ["policy", "familiar %", *bands, "mean wait s", "p95 s", "aban %", "strangers s", "spread", "occupancy %"]
    lines = [f"| {' | '.join([*columns, 'run s'])} |", "|---" * (1 + len(columns)) + "|"]
    for policy, figures in month.shown.items():
        names = ["familiar", *(f"familiar {band}" for band in BAND_NAMES), *LIMITS, "occupancy"]
        cells = [_cell(figures, name) for name in names]
        lines.append(f"| {policy} | {' | '.join(cells)} | {month.slowest[policy]:.1f} |")
    return lines


def _cell(figures: Sequence[Figures], name: str) -> str:
    values = [value(one, name) for one in figures]
    spread = error(values)
    return f"{statistics.fmean(values):.1f}" + ("" if math.isnan(spread) else f" ± {spread:.1f}")


def _limits(month: Replayed) -> list[str]:
    lines = ["Above FIFO, paired (± standard error over the seeds), against the limit:", ""]
    lines += [f"| policy | {' | '.join(f'{NAMES[name]} <= +{LIMITS[name]:g}' for name in LIMITS)} |"]
    lines += ["|---" * (1 + len(LIMITS)) + "|"]
    for policy, figures in month.shown.items():
        if policy != FIFO:
            found = limits(figures, month.shown[FIFO])
            cells = [f"{one.above:+.2f} ± {one.error:.2f} {'met' if one.met else '**not met**'}" for one in found]
            lines.append(f"| {policy} | {' | '.join(cells)} |")
    return lines


def _shares(month: Replayed) -> list[str]:
    lines = []
    shown, fifo = month.shown, month.shown[FIFO]
    for policy, figures in shown.items():
        for seer in SEERS:
            if seer in shown and policy not in (FIFO, *SEERS):
                share = share_of_gain(figures, shown[seer], fifo)
                wanted = ""
                if policy == OURS and seer == SEERS[0]:
                    wanted = f" (wanted: {WANTED_SHARE:g} %): {'met' if share >= WANTED_SHARE else '**not met**'}"
                lines.append(f"- {policy}: {share:.1f} % of the gain of {seer} over FIFO{wanted}")
    if OURS in shown and ANY in shown:
        for band in BAND_NAMES[:BETTER_BANDS]:
            ahead = [
                value(one, f"familiar {band}") - value(other, f"familiar {band}")
                for one, other in zip(shown[OURS], shown[ANY], strict=True)
            ]
            better = statistics.fmean(ahead)
            verdict = "met" if better > 0 else "**not met**"
            lines.append(
                f"- ours above any idle familiar agent, {band} earlier: {better:+.1f} ± {error(ahead):.1f}: {verdict}"
            )
    return lines


def _notes(month: Replayed) -> list[str]:
    shown = "; ".join(month.seers) or "none"
    return [
        "How it is replayed: arrivals, customers and service times are the file's; who hung up before queueing is left "
        "out. A returning call is a served one of an identified customer who was served for ten seconds or more before "
        f"in the same run. Wrap-up {WRAP_UP_SECONDS:g} s. An agent is there from a first to a last talk without a "
        f"silence above {month.break_seconds / 60:g} min; agents serve the types they served (a hundredth of the "
        "type's calls, or a tenth of theirs). Who hung up has that patience; for the served it is drawn beyond their "
        "wait from the Kaplan-Meier curve. Strangers are the unidentified. Spread: p90 - p10 of the agents' occupancy "
        "over the month. The standard errors are over the draws, the calls being always the same month's. The "
        "clairvoyant knows how long each talk lasts, holds a caller for a familiar agent up to some seconds, and heeds "
        "the agents' load more or less; of those tried, the one with the most familiar calls inside the limits is "
        f"shown (of all, when none is inside). clairvoyant-short also lets short talks go first. Shown: {shown}.",
    ]


def _spans(seeds: Sequence[int]) -> str:
    whole = list(seeds) == list(range(seeds[0], seeds[-1] + 1))
    return f"{seeds[0]}-{seeds[-1]}" if whole and len(seeds) > 1 else ", ".join(map(str, seeds))


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def versions() -> str:
    found = [f"Python {sys.version.split()[0]}"]
    for package in ("centralino", "matplotlib"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def write(month: Replayed, report: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    plotted = plot(month, folder / "bank_month.png")
    image = "\n\n![Familiar rate and waiting](bank_month.png)\n" if plotted else "\n"
    (folder / "bank_month.md").write_text(report + image, encoding="utf-8")
    (folder / "bank_month.json").write_text(json.dumps(_as_json(month), indent=1) + "\n", encoding="utf-8")


def _as_json(month: Replayed) -> dict[str, Any]:
    fifo = month.shown[FIFO]
    return {
        "file": month.file.name,
        "sha256": sha256(month.file.read_bytes()).hexdigest(),
        "before": month.before.name if month.before else None,
        "machine": machine(),
        "versions": versions(),
        "seeds": list(month.seeds),
        "break_seconds": month.break_seconds,
        "cleaned": dict(month.notes),
        "clairvoyants": list(month.seers),
        "policies": {
            policy: {
                "mean": {name: round(mean(figures, name), 3) for name, _ in figures[0].items()},
                "per_seed": [asdict(one) for one in figures],
                "above_fifo": {
                    one.name: {
                        "mean": round(one.above, 3),
                        "standard_error": None if math.isnan(one.error) else round(one.error, 3),
                        "allowed": one.allowed,
                        "met": one.met,
                    }
                    for one in limits(figures, fifo)
                },
            }
            for policy, figures in month.shown.items()
        },
    }


def plot(month: Replayed, file: Path) -> bool:
    """Familiar rate against mean wait, and by band; False, with a word, where matplotlib is missing."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: pip install matplotlib", file=sys.stderr)
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 5), constrained_layout=True)
    fifo_wait = mean(month.shown[FIFO], "mean_wait")
    left.axvline(fifo_wait + LIMITS["mean_wait"], linestyle=":", color="grey", label="FIFO + 1 s")
    for seer in SEERS:
        ways = [figures for way, figures in month.ways.items() if way.split()[0] == seer]
        if ways:
            waits = [mean(figures, "mean_wait") for figures in ways]
            colour = f"C{list(month.shown).index(seer)}"
            rates = [mean(figures, "familiar") for figures in ways]
            left.scatter(waits, rates, s=6, color=colour, label=f"{seer}, all tried")
    for number, (policy, figures) in enumerate(month.shown.items()):
        place = ([mean(figures, "mean_wait")], [mean(figures, "familiar")])
        left.scatter(*place, color=f"C{number}", label=policy)
    left.set_xlabel("mean wait, s")
    left.set_ylabel("returning calls taken by a familiar agent, %")
    left.legend(fontsize="small")
    width = 0.8 / len(month.shown)
    for number, (policy, figures) in enumerate(month.shown.items()):
        heights = [mean(figures, f"familiar {band}") for band in BAND_NAMES]
        right.bar([spot + number * width for spot in range(len(BAND_NAMES))], heights, width, label=policy)
    right.set_xticks([spot + 0.4 - width / 2 for spot in range(len(BAND_NAMES))], BAND_NAMES)
    right.set_xlabel("earlier calls of the customer")
    right.legend(fontsize="small")
    figure.savefig(file, dpi=110)
    pyplot.close(figure)
    return True
