"""The figures of simulated mornings as a table and a plot."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.promises_draw import ROME, Size
from bench.promises_judge import (
    BROKEN,
    CANCELLED,
    KEPT,
    LATE,
    LATER,
    MOVED,
    RANG_US,
    UNREACHABLE,
    Story,
    Waiting,
    Word,
    share,
)

ENDS = (KEPT, MOVED, RANG_US, UNREACHABLE, CANCELLED, LATER, LATE, BROKEN)
_SHADES = ("tab:green", "tab:olive", "tab:blue", "tab:gray", "tab:purple", "tab:cyan", "tab:orange", "tab:red")
COLOURS = dict(zip(ENDS, _SHADES, strict=True))


@dataclass(frozen=True, slots=True)
class Run:
    """One morning, with its promises and without."""

    seed: int
    stories: Sequence[Story]
    refused: int
    waiting: Waiting
    alone: Waiting | None  # the same callers and agents, nothing promised
    cpu_seconds: float
    failures: Sequence[str] = ()


def figures(runs: Sequence[Run]) -> dict[str, float | int | None]:
    """Shares in per cent, times in seconds."""
    told = [story for run in runs for story in run.stories]
    ends = Counter(story.end for story in told)
    talked = [story for story in told if story.promise.kept_at is not None and story.end != RANG_US]
    own = [story for story in talked if story.words[0].agent is not None]
    late = [_late(word) for story in told for word in story.words if word.dialled_at is not None]
    first = [story.words[0] for story in told]
    moved = [story for story in told if any(word.ended == "moved" for word in story.words)]
    by_us = [story for story in told if story.promise.moves]
    return {
        "promises": len(told),
        "words given": sum(len(story.words) for story in told),
        "kept within the window told %": _percent(sum(s.promise.state == "kept" for s in talked), len(talked)),
        "dialled in the window first promised %": _percent(
            sum(word.dialled_at is not None and word.dialled_at <= word.latest for word in first),
            sum(word.ended != "rang us" for word in first),
        ),
        "named agent themselves %": _percent(sum(s.talked_with == s.words[0].agent for s in own), len(own)),
        "late p50 s": _round(share(late, 0.5)),
        "late p90 s": _round(share(late, 0.9)),
        "late max s": _round(max(late, default=None)),
        "moved in time": len(moved),
        "of these more than once": sum(story.promise.moves > 1 for story in by_us),
        "of these the text did not arrive": sum(story.moved_unheard > 0 for story in told),
        **{end: ends[end] for end in (RANG_US, UNREACHABLE, CANCELLED, LATER, LATE, BROKEN)},
        "texts a promise": _round(sum(story.texts for story in told) / len(told) if told else None, 2),
        "refused at asking": sum(run.refused for run in runs),
    }


def page(runs: Sequence[Run], size: Size) -> str:
    """Markdown."""
    head = (
        f"{size.agents} agents ({size.ill} fall ill), {size.promises} promises due within {size.minutes:g} minutes and "
        f"those that callers add, {size.inbound_an_hour:g} callers an hour; "
        f"seeds {', '.join(str(run.seed) for run in runs)}; "
        f"{sum(run.cpu_seconds for run in runs):.0f} s of CPU; {machine()}."
    )
    lines = ["| of promises | |", "|---|---:|"]
    lines += [f"| {name} | {'-' if value is None else f'{value:g}'} |" for name, value in figures(runs).items()]
    lines += ["", "| live callers | with the promises | without |", "|---|---:|---:|"]
    lines += [f"| {name} | {one} | {other} |" for name, one, other in _callers(runs)]
    return "\n".join([head, "", *lines, "", *_faults(runs)]) + "\n"


def _callers(runs: Sequence[Run]) -> list[tuple[str, str, str]]:
    both = [run.waiting for run in runs], [run.alone for run in runs if run.alone is not None]

    def row(name: str, of: Any) -> tuple[str, str, str]:
        one, other = (f"{of(side):.1f}" if side else "-" for side in both)
        return name, one, other

    def mean(side: Sequence[Waiting]) -> float:
        return sum(w.mean_seconds * w.answered for w in side) / max(sum(w.answered for w in side), 1)

    return [
        row("rang", lambda side: sum(w.rang for w in side)),
        row("gave up %", lambda side: 100 * sum(w.gave_up for w in side) / max(sum(w.rang for w in side), 1)),
        row("mean wait s", mean),
        row("p95 wait s (mean over seeds)", lambda side: sum(w.p95_seconds for w in side) / len(side)),
    ]


def _faults(runs: Sequence[Run]) -> list[str]:
    found = [f"- seed {run.seed}: {failure}" for run in runs for failure in run.failures]
    for run in runs:
        for story in run.stories:
            found += [f"- seed {run.seed}, {story.promise.kind}: {fault}" for fault in story.faults]
    return ["Faults:", *found] if found else ["No promise was broken, nobody was called before their time or twice."]


def machine() -> str:
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    return f"{platform.machine()}, {load}, Python {platform.python_version()}"


def plot(runs: Sequence[Run], path: Path) -> None:
    """Above, how the promises of each five minutes ended; below, how late each dial was, and which times were moved."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import dates, pyplot
    except ImportError:
        print("No plot: it needs matplotlib (pip install -r bench/requirements.txt)")
        return
    told = [story for run in runs for story in run.stories]
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(11, 8), sharex=True)
    times = {end: [_minute(s.words[0]) for s in told if s.end == end] for end in ENDS}
    shown = [end for end in ENDS if times[end]]
    slots = sorted({at for end in shown for at in times[end]})
    base = [0] * len(slots)
    for end in shown:
        heights = [times[end].count(at) for at in slots]
        above.bar([dates.date2num(at) for at in slots], heights, 4 / 1440, base, color=COLOURS[end], label=end)  # type: ignore[no-untyped-call]
        base = [low + height for low, height in zip(base, heights, strict=True)]
    above.set_ylabel("promises, by the time first promised")
    above.legend(fontsize=8)
    for end in shown:
        dials = [w for s in told if s.end == end for w in s.words if w.dialled_at is not None]
        below.scatter(
            [w.at.astimezone(ROME).replace(tzinfo=None) for w in dials],
            [_late(w) for w in dials],
            s=14,
            color=COLOURS[end],
        )
    moved = _followed(told)
    below.scatter(
        [word.at.astimezone(ROME).replace(tzinfo=None) for word, _ in moved],
        [(then.since - word.at).total_seconds() for word, then in moved],
        s=14,
        marker="x",
        color="black",
    )
    below.axhline(300, color="tab:red", linewidth=0.8)
    below.axhline(0, color="gray", linewidth=0.8)
    below.set_ylabel("s after the time: dialled (dots), told another (crosses)")
    below.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))  # type: ignore[no-untyped-call]
    below.set_xlabel("the time promised, on the wall")
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def _followed(told: Sequence[Story]) -> list[tuple[Word, Word]]:
    """Each word that was moved, and the one after it."""
    return [(a, b) for s in told for a, b in zip(s.words, s.words[1:], strict=False) if a.ended == "moved"]


def _minute(word: Word) -> Any:
    at = word.at.astimezone(ROME).replace(tzinfo=None, second=0, microsecond=0)
    return at.replace(minute=at.minute - at.minute % 5)


def _late(word: Word) -> float:
    assert word.dialled_at is not None
    return max((word.dialled_at - word.at).total_seconds(), 0.0)


def _percent(part: int, of: int) -> float | None:
    return round(100 * part / of, 1) if of else None


def _round(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)
