"""An hour of Monday morning: `python -m bench.promises [--seeds 1-3] [--write]`.

The whole server on a virtual clock with the simulated carrier: agents with breaks, of whom some fall ill; callers; and
promises of every kind, made on Friday, on Sunday or that morning, to people who answer, do not, are busy, have a
machine, ring first, or write back.  Each must end kept, moved before its time was over, or unreachable after its
attempts; anything else makes this command fail.  The same callers are played once more with nothing promised.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from bench.promises_draw import OPENS, Size, draw_morning
from bench.promises_judge import BROKEN, Waiting, stories, waiting
from bench.promises_play import LAST_CHANCE, Played, play
from bench.promises_report import Run, figures, page, plot
from bench.routing_world import spans
from switchboard.logs import configure

RESULTS = Path(__file__).parent / "results" / "promises"


def run_one(seed: int, size: Size, alone: bool = True) -> Run:
    """One morning, and its callers once more with nothing promised."""
    configure("ERROR")
    began = time.process_time()
    morning = draw_morning(seed, size)
    played = _played(seed, size)
    without = None if not alone else _waiting(_played(seed, replace(size, promises=0), callbacks=False))
    return Run(
        seed=seed,
        stories=stories(played, OPENS + LAST_CHANCE),
        refused=played.refused,
        waiting=waiting(played.calls, morning.ends_at),
        alone=without,
        cpu_seconds=time.process_time() - began,
        failures=played.failures,
    )


def _played(seed: int, size: Size, *, callbacks: bool = True) -> Played:
    morning = draw_morning(seed, size)
    if not callbacks:
        morning = replace(morning, callers=tuple(replace(one, wants="talk") for one in morning.callers))
    with tempfile.TemporaryDirectory(prefix="morning-", dir="/tmp") as folder:
        return asyncio.run(play(morning, Path(folder), seed))


def _waiting(played: Played) -> Waiting:
    return waiting(played.calls, played.ends_at)


def run_all(seeds: Sequence[int], size: Size, jobs: int, alone: bool) -> list[Run]:
    if jobs == 1:
        return [run_one(seed, size, alone) for seed in seeds]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(run_one, seeds, [size] * len(seeds), [alone] * len(seeds)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    plain = Size()
    parser.add_argument("--agents", type=int, default=plain.agents)
    parser.add_argument("--promises", type=int, default=plain.promises)
    parser.add_argument("--minutes", type=float, default=plain.minutes)
    parser.add_argument("--inbound", type=float, default=plain.inbound_an_hour, help="callers an hour")
    parser.add_argument("--ill", type=int, default=plain.ill)
    parser.add_argument("--seeds", type=spans, default=[1], help="1-3,7")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--not-alone", action="store_true", help="leaves out the hour without promises")
    parser.add_argument("--write", action="store_true", help="into bench/results/")
    given = parser.parse_args()
    size = Size(given.agents, given.promises, given.minutes, given.inbound, given.ill)
    runs = run_all(given.seeds, size, given.jobs, not given.not_alone)
    shown = page(runs, size)
    print(shown)
    if given.write:
        notes = RESULTS.with_suffix(".notes.md").read_text(encoding="utf-8")
        RESULTS.with_suffix(".md").write_text(notes.replace("TABLE\n", shown), encoding="utf-8")
        RESULTS.with_suffix(".json").write_text(json.dumps(figures(runs), indent=1) + "\n", encoding="utf-8")
        plot(runs, RESULTS.with_suffix(".png"))
    faulty = any(run.failures or any(s.end == BROKEN or s.faults for s in run.stories) for run in runs)
    sys.exit(1 if faulty else 0)


if __name__ == "__main__":
    main()
