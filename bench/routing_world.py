"""Who meets whom, and what it costs: all policies on the same drawn days of the world "familiar-v1".

    python -m bench.routing_world --agents 100 --rho .85 .92 .97 --seeds 1000-1019 [--policies fifo,ours] [--write]
    python -m bench.routing_world --erlang          the simulated centre against the exact queue

One process per day and load, each running every policy; differences to FIFO are paired by day.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from random import Random

from bench import world_report
from bench.baselines import Fifo, Greedy, LeastWaitSkills, Preferred
from bench.centre import Policy
from bench.clairvoyant import Clairvoyant, plan
from bench.erlang import erlang_a, simulated
from bench.index import Index
from bench.measures import NAMES, as_day, measure
from bench.world import World, draw_world

Factory = Callable[[World], Policy]

BASELINES: dict[str, Factory] = {
    "fifo": lambda _: Fifo(),
    "least-skills": lambda _: LeastWaitSkills(),
    "pref-30": lambda _: Preferred(30.0),
    "pref-120": lambda _: Preferred(120.0),
    "greedy": lambda _: Greedy(),
    "index-30-fair": lambda world: Index(world, 30.0, 60.0, fair=True),
    "index-30": lambda world: Index(world, 30.0, 60.0),
    "index-60": lambda world: Index(world, 60.0, 120.0),
    "index-30-fair-callback": lambda world: Index(world, 30.0, 60.0, fair=True, callback=True),
    "index-30-callback": lambda world: Index(world, 30.0, 60.0, callback=True),
    "clairvoyant": Clairvoyant,
}
BOUND = "bound"  # no policy: what the clairvoyant's linear programme reaches
ERLANG = ((30, 0.85), (30, 0.97), (100, 0.92), (100, 0.97))
ERLANG_DAYS = 20


@dataclass(frozen=True, slots=True)
class Setting:
    """One kind of world; each is reported by itself."""

    agents: int
    discount: float
    forecast_error: float


@dataclass(frozen=True, slots=True)
class Task:
    """One day for one process."""

    setting: Setting
    rho: float
    seed: int
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What each policy made of that day, and the seconds it took."""

    task: Task
    days: dict[str, dict[str, float | None]]
    seconds: dict[str, float]


def factories() -> dict[str, Factory]:
    """The baselines, then the project's own routing under its several plans."""
    known = dict(BASELINES)
    if importlib.util.find_spec("bench.ours"):
        known.update(importlib.import_module("bench.ours").WORLD_POLICIES)
    return known


def run_day(task: Task) -> Result:
    """The same draws for each policy."""
    setting = task.setting
    world = draw_world(
        task.seed, task.rho, setting.agents, discount=setting.discount, forecast_error=setting.forecast_error
    )
    known, days, seconds = factories(), {}, {}
    for name in task.policies:
        began = time.perf_counter()
        if name == BOUND:
            days[name] = {**dict.fromkeys(NAMES), "fam": plan(world).bound}
        else:
            days[name] = as_day(measure(world.run(known[name](world))))
        seconds[name] = time.perf_counter() - began
    return Result(task, days, seconds)


def run_all(tasks: Sequence[Task], jobs: int) -> list[Result]:
    """In order of the tasks; says on stderr how far it is."""
    if jobs == 1:
        return [run_day(task) for task in tasks]
    with ProcessPoolExecutor(jobs) as pool:
        futures = [pool.submit(run_day, task) for task in tasks]
        for done, _ in enumerate(as_completed(futures), start=1):
            print(f"\r{done}/{len(tasks)} days", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        return [future.result() for future in futures]


def check_against_erlang(days: int = ERLANG_DAYS) -> str:
    """Exact and simulated side by side."""
    lines = ["| agents | load | abandoned % exact | simulated | mean wait s exact | simulated |", "|---" * 6 + "|"]
    for agents, rho in ERLANG:
        exact = erlang_a(agents, rho)
        chance = Random(f"erlang-a/{agents}/{rho}")
        found = [simulated(agents, rho, chance) for _ in range(days)]
        lost, wait = sum(day.abandoned for day in found) / days, sum(day.mean_wait for day in found) / days
        lines.append(
            f"| {agents} | {rho} | {100 * exact.abandoned:.2f} | {100 * lost:.2f} "
            f"| {exact.mean_wait:.2f} | {wait:.2f} |"
        )
    return "\n".join(lines)


def spans(text: str) -> list[int]:
    """1000-1019,1050 -> each of them."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.routing_world", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--agents", type=int, nargs="+", default=[100])
    parser.add_argument(
        "--rho", type=float, nargs="+", default=[0.85, 0.92, 0.97], help="offered load per agent on duty"
    )
    parser.add_argument("--seeds", type=spans, default="1000-1019", help="one day each: 1000-1019 or 1,2,3")
    parser.add_argument("--discount", type=float, nargs="+", default=[0.10], help="of the work with a familiar agent")
    parser.add_argument("--forecast-error", type=float, default=0.06)
    parser.add_argument("--policies", help=f"default: all; also {BOUND}")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--erlang", action="store_true", help="only check the simulated centre against Erlang-A")
    parser.add_argument("--write", action="store_true", help="leave the results in bench/results/routing_world.*")
    return parser.parse_args(argv)


def chosen(wanted: str | None) -> tuple[str, ...]:
    """The named policies, FIFO always among them: everything is measured against it."""
    known = [*factories(), BOUND]
    names = known if wanted is None else wanted.split(",")
    for name in names:
        if name not in known:
            raise SystemExit(f"There is no policy {name!r}; there are {', '.join(known)}.")
    return tuple(dict.fromkeys(["fifo", *names]))


def tables(results: Sequence[Result]) -> list[world_report.Table]:
    """One per kind of world and load."""
    grouped: dict[tuple[Setting, float], list[Result]] = {}
    for result in results:
        grouped.setdefault((result.task.setting, result.task.rho), []).append(result)
    made = []
    for (setting, rho), days in grouped.items():
        by_policy: Mapping[str, list[dict[str, float | None]]] = {
            name: [day.days[name] for day in days] for name in days[0].task.policies
        }
        slowest = {name: max(day.seconds[name] for day in days) for name in days[0].task.policies}
        made.append(world_report.Table(setting.agents, setting.discount, rho, by_policy, slowest))
    return made


def main(argv: Sequence[str] | None = None) -> None:
    wanted = arguments(argv)
    if wanted.erlang:
        print(check_against_erlang())
        return
    policies = chosen(wanted.policies)
    tasks = [
        Task(Setting(agents, discount, wanted.forecast_error), rho, seed, policies)
        for agents in wanted.agents
        for discount in wanted.discount
        for rho in wanted.rho
        for seed in wanted.seeds
    ]
    began = time.perf_counter()
    found = tables(run_all(tasks, wanted.jobs))
    report = world_report.Report(wanted.seeds, wanted.forecast_error, found, time.perf_counter() - began)
    print(world_report.text(report))
    if wanted.write:
        world_report.write(report, check_against_erlang())


if __name__ == "__main__":
    main()
