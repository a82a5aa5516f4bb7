"""How soon a page is there: `python -m bench.pages [PATH ...] [--times N] [--customers N] [--write]`.

A PostgreSQL with 100,000 customers, a million conversations, 200 agents, 20,000 promises and 90 calls on the line is
filled once; a real `centralino serve` stands before it, and a signed-in manager's Chromium opens every page of the
console in turns, its cache warm.  In the same turns the floor: the frame of a page, and nothing else, handed out by a
bare route.
`--customers 1000` is a house with a past in proportion, in a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from sqlalchemy.engine import URL

from bench.pages_house import Size, fill
from bench.pages_list import FRAME, Seen, chosen, placed
from bench.pages_seen import Took, measured, open_house
from bench.postgres import postgres
from bench.race_audit import share

RESULTS = Path(__file__).parent / "results"


async def look(url: URL, home: Path, pages: Sequence[Seen], times: int) -> tuple[list[tuple[Seen, Took]], str]:
    """What each took, and in which browser."""
    async with open_house(url, home) as looking:
        return await measured(looking, pages, times), looking.browser


def seen_in(url: URL, home: Path, size: Size, paths: Sequence[str], times: int) -> tuple[list[tuple[Seen, Took]], str]:
    """The pages of a house that is put into this empty database."""
    began = time.perf_counter()
    full = fill(url, size)
    print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return asyncio.run(look(url, home, [FRAME, *(placed(seen, full) for seen in chosen(paths))], times))


def table(took: Sequence[tuple[Seen, Took]]) -> str:
    """The floor first: the last column is how many times as long as it a page takes."""
    lines = ["| page | server p50 | p95 | first paint p50 | p95 | complete p50 | p95 | of the floor |"]
    lines.append("|---|" + "---:|" * 7)
    floor = share(sorted(took[0][1].complete), 0.5)
    for seen, of in took:
        figures = [cell for values in (of.server, of.first, of.complete) for cell in cells(values)]
        ratio = f"{share(sorted(of.complete), 0.5) / floor:.1f}"
        lines.append(f"| {' | '.join([seen.name, *figures, ratio])} |")
    return "\n".join(lines) + "\n"


def cells(values: Sequence[float]) -> list[str]:
    return [f"{share(sorted(values), of):.0f}" if values else "–" for of in (0.5, 0.95)]


def told(size: Size, times: int, load: float, browser: str, took: Sequence[tuple[Seen, Took]]) -> str:
    return (
        f"{size.customers:,} customers, {size.interactions:,} conversations, {size.agents} agents, {size.promises:,} "
        f"promises, {size.live} calls on the line; each page {times} times in turns, ms; {platform.machine()}, "
        f"{os.cpu_count()} cores, load before {load:.1f}, Python {platform.python_version()}, {browser}, "
        f"psycopg {version('psycopg')}.\n\n{table(took)}"
    )


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="left out: every page of the console")
    parser.add_argument("--times", type=int, default=20, help="each page is opened, besides once before")
    parser.add_argument("--customers", type=int, default=Size().customers)
    parser.add_argument("--write", action="store_true", help="into bench/results/")
    arguments = parser.parse_args(given)
    size = Size.of(arguments.customers)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="pages-", dir="/tmp") as folder:
        home = Path(folder)
        home.chmod(0o755)
        with postgres(home) as url:
            took, browser = seen_in(url, home, size, arguments.paths, arguments.times)
    page = told(size, arguments.times, load, browser, took)
    print(page)
    if arguments.write:
        notes = (RESULTS / "pages.notes.md").read_text(encoding="utf-8")
        (RESULTS / "pages.md").write_text(notes.replace("TABLE\n", page), encoding="utf-8")


if __name__ == "__main__":
    main()
