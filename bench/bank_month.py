"""A real month replayed under each rule of routing: `python -m bench.bank_month [--calls FILE] [--before FILE]`.

Prints what share of returning callers met somebody who had served them before, split by how often they had been
served, and what that cost in waiting; then the share of the clairvoyant's gain over FIFO that ours reaches, and whether
ours stays inside the limits.  `--write` leaves the same in `bench/results/bank_month.{md,json,png}`.

The file is not part of this repository: `--calls`, else the environment's `BANK_CALLS`, else January 1999 in
`tests/data/` or in `shared/data/` beside the repository.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import bank, bank_report
from bench.bank_policies import AnyFamiliar, Clairvoyant, LongestIdle, NamedAgent
from bench.bank_replay import Figures, Month, draw_month, measure
from bench.centre import Policy

ROOT = Path(__file__).parent.parent
JANUARY = "anonymous_bank_1999-01.tsv.xz"
FIFO, NAMED, ANY, SEER, SHORT, OURS = "fifo", "named-30", "any-familiar", "clairvoyant", "clairvoyant-short", "ours"
POLICIES = (FIFO, NAMED, ANY, OURS, SEER, SHORT)
HOLDS = (15, 30, 45, 60, 75, 90, 120, 150)
LOADS = (30, 120)
SHORT_FIRST = 0.3


@dataclass(frozen=True, slots=True)
class Task:
    """What one process runs: one seed's month under all the policies."""

    calls: Path
    before: Path | None
    break_seconds: float
    policies: tuple[str, ...]


def makers(wanted: Iterable[str]) -> dict[str, Callable[[Month], Policy]]:
    """How to make each policy; a clairvoyant is one per length of holding, the best inside the limits is shown."""
    known: dict[str, Callable[[Month], Policy]] = {
        FIFO: lambda _: LongestIdle(),
        NAMED: lambda _: NamedAgent(),
        ANY: lambda _: AnyFamiliar(),
        OURS: lambda month: importlib.import_module("bench.ours_bank").for_bank(month),
    }
    made: dict[str, Callable[[Month], Policy]] = {}
    for name in wanted:
        if name in (SEER, SHORT):
            for hold, load in itertools.product(HOLDS, LOADS):
                short_first = SHORT_FIRST if name == SHORT else 0.0
                made[f"{name} holding {hold} s, load {load}"] = partial(_seer, hold, load, short_first)
        else:
            made[name] = known[name]
    return made


def _seer(hold: float, load: float, short_first: float, _: Month) -> Policy:
    return Clairvoyant(hold, load, short_first)


def run_seed(task: Task, seed: int) -> dict[str, tuple[Figures, float]]:
    """Each policy's figures for that seed, and the seconds its month took to run."""
    calls, _ = bank.read(task.calls)
    before = bank.read(task.before)[0] if task.before else ()
    month = draw_month(calls, seed, before=before, break_seconds=task.break_seconds)
    done = {}
    for name, make in makers(task.policies).items():
        began = time.perf_counter()
        figures = measure(month.run(make(month)))
        done[name] = figures, time.perf_counter() - began
    return done


def best_inside_limits(
    runs: Mapping[str, Sequence[Figures]], name: str, fifo: Sequence[Figures]
) -> tuple[str, Sequence[Figures]]:
    """The clairvoyant who meets most familiar callers without breaking a limit.

    When all break one, the one who meets most: rather too strong a rival than too weak.
    """
    ways = [(way, figures) for way, figures in runs.items() if way.split()[0] == name and " " in way]
    inside = [way for way in ways if all(limit.met for limit in bank_report.limits(way[1], fifo))]
    return max(inside or ways, key=lambda way: bank_report.mean(way[1], "familiar"))


def default_calls() -> Path | None:
    places = [Path(os.environ["BANK_CALLS"])] if os.environ.get("BANK_CALLS") else []
    places += [ROOT / "tests" / "data" / JANUARY, ROOT.parent / "shared" / "data" / JANUARY]
    return next((place for place in places if place.exists()), None)


def seeds(text: str) -> list[int]:
    """`1-5`, `7` or `1,4,9-11`."""
    chosen: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        chosen += range(int(first), int(last or first) + 1)
    return chosen


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.bank_month", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--calls", type=Path, default=default_calls(), help="the month's calls, .tsv or .tsv.xz")
    parser.add_argument("--before", type=Path, help="an earlier month whose relationships exist at the beginning")
    parser.add_argument("--seeds", type=seeds, default=seeds("1-5"))
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=list(POLICIES))
    parser.add_argument("--break-seconds", type=float, default=bank.BREAK_SECONDS, help="a longer silence is a break")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="results to bench/results/bank_month.*")
    chosen = parser.parse_args(given)
    if chosen.calls is None or not chosen.calls.exists():
        parser.error(f"no file of calls at {chosen.calls}: give --calls FILE")
    return chosen


def main(given: Sequence[str] | None = None) -> int:
    chosen = arguments(given)
    wanted = dict.fromkeys([FIFO, *chosen.policies])
    if OURS in wanted and importlib.util.find_spec("bench.ours_bank") is None:
        del wanted[OURS]
        print("ours: bench/ours_bank.py is not there, left out", file=sys.stderr)
    task = Task(chosen.calls, chosen.before, chosen.break_seconds, tuple(wanted))
    with ProcessPoolExecutor(min(chosen.jobs, len(chosen.seeds))) as pool:
        done = list(pool.map(partial(run_seed, task), chosen.seeds))
    runs = {name: [by_policy[name][0] for by_policy in done] for name in done[0]}
    slowest = {name: max(by_policy[name][1] for by_policy in done) for name in done[0]}
    shown: dict[str, Sequence[Figures]] = {}
    ways: list[str] = []
    for name in wanted:
        if name in (SEER, SHORT):
            way, shown[name] = best_inside_limits(runs, name, runs[FIFO])
            slowest[name] = slowest[way]
            ways.append(way)
        else:
            shown[name] = runs[name]
    month = bank_report.Replayed(
        file=chosen.calls,
        before=chosen.before,
        notes=bank.read(chosen.calls)[1],
        seeds=chosen.seeds,
        break_seconds=chosen.break_seconds,
        shown=shown,
        seers=ways,
        ways={way: figures for way, figures in runs.items() if " " in way},
        slowest={name: slowest[name] for name in shown},
    )
    text = bank_report.text(month)
    print(text)
    if chosen.write:
        bank_report.write(month, text, ROOT / "bench" / "results")
    return 0


if __name__ == "__main__":
    sys.exit(main())
