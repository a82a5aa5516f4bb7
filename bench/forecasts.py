"""How good are the forecasts?  `python -m bench.forecasts --calls FILE`: a bank's month, learnt from its first half.

In the second half every talk is looked at again and again while it lasts, at every thirtieth second: when is this
agent free?  Ours is compared with one length for all talks and with the rule of decision 3.  Then callers of the second
half queue first come, first served, and each who must wait is told how long, once, on joining.  Writes
`forecasts.md` and `forecasts.png` into `bench/results/`.  Standard errors: by leaving out each day in turn.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import random
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.bank import DAY, BankCall, Patience, plausible, read, shifts
from bench.told import SEED, TELLING, hour, overstated, run
from routing.forecast import Talk
from routing.plan import Plan
from routing.talk_times import TalkTimes, fit

RESULTS = Path(__file__).parent / "results"
HORIZONS = (30, 60, 120)  # seconds
EVERY_SECONDS = 30.0
SHARES = (0.5, 0.8, 0.9)
BANDS = ((0, 60), (60, 180), (180, 600), (600, math.inf))  # seconds a talk has lasted
PLACES = ((0, 1), (1, 3), (3, 8), (8, 1000))  # callers ahead
LEAST_IN_BIN = 50  # looks, to be shown in the plot
WRAP_UP_SECONDS = 30
STAFF = (1.0, 0.8, 0.6)  # share of the agents who were there that are taken
LEARNT, UNASKED = "learnt per agent, topic, hour", "learnt, topic not known"
WHOLE, OLD = "one length for all", "max(mean - elapsed, mean / 3)"


@dataclass(frozen=True, slots=True)
class Look:
    """A talk seen at one instant: what it had lasted, and what was left of it."""

    day: int
    elapsed: float
    left: float
    talk: Talk  # as learnt
    unasked: Talk  # as learnt, while nobody knows yet what it is about


def learnt(calls: Iterable[BankCall]) -> TalkTimes:
    return fit((call.agent, call.kind, hour(call.began), call.service) for call in calls if call.served)


def looks(calls: Iterable[BankCall], times: TalkTimes, chance: random.Random) -> list[Look]:
    """As often as they would be asked for: a long talk is met more often than a short one."""
    found = []
    for call in calls:
        if not call.served or call.agent is None or not plausible(call.service):
            continue
        talk, unasked = (times.of(call.agent, topic, hour(call.began)) for topic in (call.kind, None))
        if talk is None or unasked is None:
            raise SystemExit("too few talks in the first half of this file to learn from")
        elapsed = chance.uniform(0, EVERY_SECONDS)
        while elapsed < call.service:
            found.append(Look(int(call.began // DAY), elapsed, call.service - elapsed, talk, unasked))
            elapsed += EVERY_SECONDS
    return found


def chances(seen: Sequence[Look], within: float, whole: Talk, mean: float) -> dict[str, list[float]]:
    """What each way of forecasting says of each look: the chance that the talk is over by then."""
    return {
        LEARNT: [look.talk.chance_over_by(look.elapsed, within) for look in seen],
        UNASKED: [look.unasked.chance_over_by(look.elapsed, within) for look in seen],
        WHOLE: [whole.chance_over_by(look.elapsed, within) for look in seen],
        OLD: [float(max(mean - look.elapsed, mean / 3) <= within) for look in seen],
    }


def bins(said: Sequence[float], came: Sequence[bool], width: float = 0.05) -> list[tuple[float, float, int]]:
    """Mean chance said, share that came, and how many, of each bin that has some."""
    groups: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
    for chance, one in zip(said, came, strict=True):
        groups[int(chance / width)].append((chance, one))
    return [
        (statistics.fmean(c for c, _ in group), statistics.fmean(o for _, o in group), len(group))
        for _, group in sorted(groups.items())
    ]


def calibration_error(said: Sequence[float], came: Sequence[bool]) -> float:
    """Mean distance between what was said and what came, over the bins."""
    grouped = bins(said, came)
    return sum(abs(mean - share) * count for mean, share, count in grouped) / len(said)


def by_days(rows: Iterable[tuple[int, float]]) -> float:
    """Standard error of a mean over rows of (day, figure), by leaving out each day in turn."""
    sums: defaultdict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for day, figure in rows:
        sums[day][0] += 1
        sums[day][1] += figure
    count, total = (sum(one[which] for one in sums.values()) for which in (0, 1))
    without = [(total - part) / (count - some) for some, part in sums.values()]
    mean = statistics.fmean(without)
    return math.sqrt((len(without) - 1) / len(without) * sum((one - mean) ** 2 for one in without))


def calibration_table(seen: Sequence[Look], whole: Talk, mean: float) -> list[str]:
    lines = [
        "| within | forecast | Brier score (se) | calibration error | mean said | came true |",
        "|---|---|---|---|---|---|",
    ]
    for within in HORIZONS:
        came = [look.left <= within for look in seen]
        for name, said in chances(seen, within, whole, mean).items():
            rows = [(look.day, (chance - one) ** 2) for look, chance, one in zip(seen, said, came, strict=True)]
            brier = statistics.fmean(error for _, error in rows)
            figures = f"{brier:.4f} ({by_days(rows):.4f}) | {calibration_error(said, came):.3f}"
            lines.append(
                f"| {within} s | {name} | {figures} | {statistics.fmean(said):.3f} | {statistics.fmean(came):.3f} |"
            )
    return lines


def bands_table(seen: Sequence[Look]) -> list[str]:
    heads = [f"over in {within} s: said / came" for within in HORIZONS] + [
        f"within quantile {share}" for share in SHARES
    ]
    lines = [f"| lasted so far | looks | {' | '.join(heads)} |", "|---" * (2 + len(heads)) + "|"]
    for low, high in (*BANDS, (0, math.inf)):
        some = [look for look in seen if low <= look.elapsed < high]
        cells = []
        for within in HORIZONS:
            said = statistics.fmean(look.talk.chance_over_by(look.elapsed, within) for look in some)
            cells.append(f"{said:.3f} / {statistics.fmean(look.left <= within for look in some):.3f}")
        for share in SHARES:
            cells.append(
                f"{statistics.fmean(look.left <= look.talk.remaining(look.elapsed, share) for look in some):.3f}"
            )
        name = "all" if (low, high) == (0, math.inf) else f"{low} s and more" if high == math.inf else f"{low}-{high} s"
        lines.append(f"| {name} | {len(some)} | {' | '.join(cells)} |")
    return lines


def told_table(calls: Sequence[BankCall], times: TalkTimes, patience: float, mean: float) -> list[str]:
    plan = Plan(talk_seconds=round(mean), wrap_up_seconds=WRAP_UP_SECONDS)
    heads = (
        "agents",
        "what is told",
        "past",
        "had to wait",
        "median wait",
        "no longer than told (se)",
        "too much, median",
    )
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    there = shifts(calls)
    for share in STAFF:
        taken = sorted(random.Random(SEED).sample(sorted(there), round(share * len(there))))
        for past, known, borne in (("learnt", times, patience), ("none", None, None)):
            waits = run(calls, {agent: there[agent] for agent in taken}, plan, known, borne)
            for name, told in zip(TELLING if known else TELLING[:1], zip(*waits, strict=True), strict=False):
                kept = [(one.day, float(one.kept)) for one in told]
                lasted = f"{statistics.median(one.waited for one in told):.0f} s"
                figures = f"{statistics.fmean(one for _, one in kept):.3f} ({by_days(kept):.3f})"
                places = [[one.kept for one in told if low <= one.ahead < high] for low, high in PLACES]
                figures += f" | {' / '.join(f'{statistics.fmean(some):.2f}' if some else '-' for some in places)}"
                figures += f" | {overstated(told):.0f} s"
                lines.append(f"| {share:.0%} | {name} | {past} | {len(told)} | {lasted} | {figures} |")
    return lines


def plot(seen: Sequence[Look], whole: Talk, mean: float, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.4), layout="tight")
    axes = figure.subplots(1, len(HORIZONS), sharey=True)
    for axis, within in zip(axes, HORIZONS, strict=True):
        came = [look.left <= within for look in seen]
        axis.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="as said")
        for (name, said), mark in zip(
            chances(seen, within, whole, mean).items(), ("o-", "v:", "s--", "x"), strict=True
        ):
            grouped = [one for one in bins(said, came) if one[2] >= LEAST_IN_BIN]
            axis.plot([one[0] for one in grouped], [one[1] for one in grouped], mark, markersize=4, label=name)
        axis.set(title=f"free within {within} s", xlabel="chance said")
    axes[0].set_ylabel("share that came true")
    axes[0].legend(fontsize=8)
    figure.savefig(path, dpi=110)


def report(path: Path) -> str:
    calls, _ = read(path)
    middle = (int(calls[0].at // DAY) + int(calls[-1].at // DAY) + 1) // 2 * DAY
    before, after = ([c for c in calls if (c.at < middle) == first] for first in (True, False))
    times, patience = learnt(before), 1 / Patience(before).rate
    whole = fit((None, None, 0, call.service) for call in before if call.served).of(None, None, 0)
    assert whole is not None
    mean = statistics.fmean(call.service for call in before if call.served)
    seen = looks(after, times, random.Random(SEED))
    plot(seen, whole, mean, RESULTS / "forecasts.png")
    lines = [
        "# Forecasts against a month of real calls",
        "",
        f"`python -m bench.forecasts --calls {path.name}`; Python {platform.python_version()}, {platform.machine()}, "
        f'{os.cpu_count()} processors, seed {SEED}.  Data: "Anonymous Bank" call center, Ilan Guedj and Avishai '
        "Mandelbaum, Technion.",
        f"Learnt from the first half ({times.talks} talks, median {whole.median_seconds:.0f} s, sigma "
        f"{times.sigma:.2f}, callers bear {patience:.0f} s), tested on the second ({len({look.day for look in seen})} "
        f"days, {len(seen)} looks, one each 30 s of talk).  Standard errors in parentheses, over the days.",
        "",
        "## When is this agent free?",
        *calibration_table(seen, whole, mean),
        "",
        "![chance said against share that came true](forecasts.png)",
        "",
        f"`{LEARNT}`, by how long the talk had lasted:",
        "",
        *bands_table(seen),
        "",
        "## What callers are told",
        "First come, first served, among the agents who were there or a share of them; what is told is rounded up as "
        "it is spoken.  Who hung up counts by when their turn would have come.",
        "",
        *told_table(after, times, patience, mean),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--calls", type=Path, required=True, help="the bank's month, .tsv or .tsv.xz")
    path: Path = parser.parse_args().calls
    RESULTS.mkdir(exist_ok=True)
    text = report(path)
    (RESULTS / "forecasts.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
