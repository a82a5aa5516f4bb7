"""The world's days as tables, JSON and a plot, with machine, versions, seeds and standard errors."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.measures import Day, Estimate, against, over_days
from bench.world_goals import FIFO, Figures, verdicts

RESULTS = Path(__file__).parent / "results" / "routing_world"
# figure -> heading, digits
COLUMNS = {
    "fam": ("fam %", 1),
    "wait": ("wait s", 1),
    "p95": ("p95 s", 0),
    "sl20": ("SL20 %", 1),
    "aban": ("aban %", 2),
    "spread": ("spread", 1),
    "own": ("own %", 1),
    "slots": ("slots %", 1),
    "within15": ("15 min %", 1),
    "within15_own": ("with own %", 1),
    "strangers": ("strangers s", 1),
    "occupancy": ("occupancy %", 1),
}
PAIRED = ("fam", "wait", "p95", "aban", "spread", "strangers")
FORMULAS = """\
fam: eligible calls (the caller knows an agent whose shift covers the call) that talked with a familiar agent; who hung
up, and a callback nobody picked up, is a miss.  wait, p95, SL20: live callers, those who hung up included, callback
takers not.  aban: of all calls.  spread: p90 - p10 of the agents' occupancy, points.  own: slots promised with one's
agent and dialled by that agent within [-60 s, +300 s]; slots: all slots, by anybody.  15 min: "your agent calls you
within 15 minutes" dialled in time; with own: and by a familiar agent.  strangers: mean wait of live callers who know
nobody on shift.  After ± one standard error over days; "-": no such case."""


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of world at one load: each policy's days, in the same order."""

    agents: int
    discount: float
    rho: float
    days: Mapping[str, Sequence[Day]]
    slowest: Mapping[str, float]

    def shown(self) -> dict[str, Figures]:
        return {name: over_days(days) for name, days in self.days.items()}

    def paired(self) -> dict[str, Figures]:
        return {name: against(days, self.days[FIFO]) for name, days in self.days.items()}


@dataclass(frozen=True, slots=True)
class Report:
    """All one run of the command found."""

    seeds: Sequence[int]
    forecast_error: float
    tables: Sequence[Table]
    seconds: float


def text(report: Report) -> str:
    lines = [
        f"Seeds {report.seeds[0]}-{report.seeds[-1]} ({len(report.seeds)} days each); forecast error "
        f"{report.forecast_error}; {machine()}; {versions()}; {report.seconds:.0f} s in all.",
        "",
        FORMULAS,
    ]
    for kind in kinds(report):
        lines += ["", *_summary(kind)]
    for table in report.tables:
        lines += ["", *_table(table), *_goals(table)]
    return "\n".join(lines)


def kinds(report: Report) -> list[list[Table]]:
    """The tables of one kind of world together, a load each."""
    grouped: dict[tuple[int, float], list[Table]] = {}
    for table in report.tables:
        grouped.setdefault((table.agents, table.discount), []).append(table)
    return list(grouped.values())


def _summary(kind: Sequence[Table]) -> list[str]:
    first, loads = kind[0], "/".join(f"{table.rho:g}" for table in kind)
    shown = [table.shown() for table in kind]
    lines = [
        f"## {first.agents} agents, familiar discount {first.discount:.0%}: loads {loads} side by side",
        "",
        "| policy | " + " | ".join(heading for heading, _ in COLUMNS.values()) + " |",
        "|---" * (len(COLUMNS) + 1) + "|",
    ]
    for policy in first.days:
        cells = []
        for name, (_, digits) in COLUMNS.items():
            found = [figures[policy][name] for figures in shown]
            cells.append("/".join(f"{one.mean:.{digits}f}" if one else "-" for one in found) if any(found) else "-")
        lines.append(f"| {policy} | {' | '.join(cells)} |")
    return lines


def _table(table: Table) -> list[str]:
    shown, paired = table.shown(), table.paired()
    lines = [
        f"## {table.agents} agents, load {table.rho}, familiar discount {table.discount:.0%}",
        "",
        "| policy | " + " | ".join(heading for heading, _ in COLUMNS.values()) + " | slowest day s |",
        "|---" * (len(COLUMNS) + 2) + "|",
    ]
    for name, figures in shown.items():
        cells = " | ".join(_cell(figures[key], digits) for key, (_, digits) in COLUMNS.items())
        lines.append(f"| {name} | {cells} | {table.slowest[name]:.2f} |")
    lines += [
        "",
        "Paired differences to FIFO:",
        "",
        "| policy | " + " | ".join(COLUMNS[key][0] for key in PAIRED) + " |",
        "|---" * (len(PAIRED) + 1) + "|",
    ]
    for name, figures in paired.items():
        if name != FIFO:
            lines.append(f"| {name} | {' | '.join(_cell(figures[key], 2, sign=True) for key in PAIRED)} |")
    return lines


def _cell(figure: Estimate | None, digits: int, *, sign: bool = False) -> str:
    if figure is None:
        return "-"
    mean = f"{figure.mean:+.{digits}f}" if sign else f"{figure.mean:.{digits}f}"
    return f"{mean} ±{figure.error:.{max(1, digits)}f}"


def _goals(table: Table) -> list[str]:
    found = verdicts(table.agents, table.rho, table.shown(), table.paired())
    if not found:
        return []
    rows = [
        f"| {verdict.policy} | {verdict.what} | {verdict.value:.2f} | {verdict.limit:.2f} "
        f"| {'met' if verdict.met else 'NOT met'} |"
        for verdict in found
    ]
    return ["", "| goal | figure | reached | asked | |", "|---" * 5 + "|", *rows]


def machine() -> str:
    model = platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), model)
    except OSError:
        pass
    return f"{model}, {os.cpu_count()} cores"


def versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for name in ("scipy", "numpy"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)


def write(report: Report, erlang: str) -> None:
    """bench/results/routing_world.md, .json and .png; the notes in .notes.md are kept by hand and go between."""
    RESULTS.parent.mkdir(exist_ok=True)
    notes = RESULTS.with_suffix(".notes.md")
    said = notes.read_text(encoding="utf-8").strip() if notes.exists() else ""
    parts = [
        "# The world familiar-v1",
        "",
        "![familiar rate against wait](routing_world.png)",
        "",
        said,
        "",
        "## Against the exact queue",
        "",
        "One skill, flat staffing, exponential talks, 20 days: Erlang-A and the simulated centre.",
        "",
        erlang,
        "",
        "## Results",
        "",
        text(report),
        "",
    ]
    RESULTS.with_suffix(".md").write_text("\n".join(parts), encoding="utf-8")
    RESULTS.with_suffix(".json").write_text(_one_policy_a_line(as_json(report)), encoding="utf-8")
    plot(report)


def as_json(report: Report) -> dict[str, Any]:
    return {
        "machine": machine(),
        "versions": versions(),
        "seeds": list(report.seeds),
        "forecast_error": report.forecast_error,
        "seconds": round(report.seconds, 1),
        "each_figure": ["mean over days", "standard error", "days"],
        "tables": [
            {
                "agents": table.agents,
                "discount": table.discount,
                "rho": table.rho,
                "figures": _rounded(table.shown()),
                "against_fifo": _rounded(table.paired()),
            }
            for table in report.tables
        ],
    }


def _one_policy_a_line(whole: Any) -> str:
    """JSON that a diff can show: figures of one policy on one line."""
    lines = json.dumps(whole).replace("}, ", "},\n").replace('": {"', '": {\n"')
    return lines + "\n"


def _rounded(figures: Mapping[str, Figures]) -> dict[str, dict[str, list[float] | None]]:
    def rounded(figure: Estimate | None) -> list[float] | None:
        return [round(figure.mean, 3), round(figure.error, 3), figure.days] if figure else None

    return {policy: {name: rounded(figure) for name, figure in found.items()} for policy, found in figures.items()}


def plot(report: Report) -> None:
    """Familiar rate against mean wait, one panel per kind of world, a line per policy through its loads."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        print("No plot: it needs matplotlib (pip install -r bench/requirements.txt)")
        return
    shown = kinds(report)
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    figure, panels = pyplot.subplots(rows, columns, figsize=(8 * columns, 6 * rows), squeeze=False)
    for panel, mine in zip(panels.flat, shown, strict=False):
        for number, policy in enumerate(mine[0].days):
            spots = [(f["wait"], f["fam"]) for f in (table.shown()[policy] for table in mine)]
            known = [(wait, fam) for wait, fam in spots if wait and fam]
            if known:
                panel.errorbar(
                    [wait.mean for wait, _ in known],
                    [fam.mean for _, fam in known],
                    xerr=[wait.error for wait, _ in known],
                    yerr=[fam.error for _, fam in known],
                    marker="osD^v<>Pp*X"[number % 11],
                    linewidth=2.5 if policy.startswith("ours") else 1,
                    label=policy,
                )
        panel.set_xlabel("mean wait of live callers, s")
        panel.set_ylabel("eligible callers with a familiar agent, %")
        panel.set_title(f"{mine[0].agents} agents, discount {mine[0].discount:.0%}, loads {[t.rho for t in mine]}")
        panel.legend(fontsize=8)
        panel.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(RESULTS.with_suffix(".png"), dpi=80)
