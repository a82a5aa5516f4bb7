from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from sqlalchemy.engine import URL

from store import schema
from switchboard.serve import AddressTaken, address, listen
from tests.ports import free_port

PROMISED_SECONDS = 8.0


@pytest.mark.parametrize("workers", [1, 2])
def test_it_serves_on_embedded_stores_and_ends_in_time_with_code_0(commands: Any, workers: int) -> None:
    port = free_port()
    server = commands.start("serve", "--port", str(port), "--workers", str(workers), API_TOKEN="opensesame")
    url = f"http://127.0.0.1:{port}"
    server.until_ready(url)
    home = commands.folder / ".centralino"
    assert {"centralino.db", "secret_key", "valkey.sock"} <= {path.name for path in home.iterdir()}
    with httpx2.Client(base_url=url, headers={"Authorization": "Bearer opensesame"}) as kept_open:
        assert kept_open.get("/healthz").status_code == 200
        assert kept_open.get("/api/v1/openapi.json").status_code == 200
        code, seconds = server.terminate()
    assert code == 0
    assert seconds < PROMISED_SECONDS
    assert not (home / "valkey.sock").exists()
    assert "opensesame" not in server.log.read_text()


def test_a_worker_that_is_killed_is_replaced(commands: Any) -> None:
    port = free_port()
    server = commands.start("serve", "--port", str(port), "--workers", "2")
    url = f"http://127.0.0.1:{port}"
    server.until_ready(url)
    workers = [
        child for child in psutil.Process(server.process.pid).children() if "spawn_main" in " ".join(child.cmdline())
    ]
    assert len(workers) == 2
    for worker in workers:
        worker.send_signal(signal.SIGKILL)
    server.until_told("worker_died")
    server.until_ready(url)
    assert server.terminate()[0] == 0


def test_workers_end_with_a_main_process_that_was_killed(commands: Any, redis_url: str) -> None:
    """Else they would keep the port, and nobody could start again."""
    port = free_port()
    server = commands.start("serve", "--port", str(port), "--workers", "2", REDIS_URL=redis_url)
    server.until_ready(f"http://127.0.0.1:{port}")
    children = psutil.Process(server.process.pid).children(recursive=True)
    workers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    server.process.kill()
    server.process.wait()
    _, alive = psutil.wait_procs(workers, timeout=PROMISED_SECONDS)
    assert alive == []
    listen("127.0.0.1", port).close()


def test_open_streams_do_not_keep_it_from_ending(pytestconfig: pytest.Config) -> None:
    script = Path(__file__).with_name("streaming_server.py")
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.switchboard.{script.stem}"],
        cwd=pytestconfig.rootpath,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    with httpx2.Client(timeout=30) as client, client.stream("GET", f"{url}/stream") as answer:
        assert next(answer.iter_lines()) == "data: tick"
        began = time.monotonic()
        process.terminate()
        assert process.wait(timeout=20) == 0
        assert time.monotonic() - began < PROMISED_SECONDS
    process.stdout.close()


def test_a_given_database_without_a_schema_is_refused_unless_it_may_be_migrated(
    commands: Any, postgres_empty: URL, redis_url: str
) -> None:
    port = str(free_port())
    given = {"DATABASE_URL": _plain(postgres_empty), "REDIS_URL": redis_url}
    refused = commands.run("serve", "--port", port, **given)
    assert refused.returncode == 1
    assert refused.stderr == (
        "centralino: the database has no schema yet; run `centralino migrate`, or start with --migrate\n"
    )
    assert not schema.is_current(postgres_empty)
    server = commands.start("serve", "--port", port, "--migrate", **given)
    server.until_ready(f"http://127.0.0.1:{port}")
    assert schema.is_current(postgres_empty)
    assert server.terminate()[0] == 0


def test_the_keeper_runs_beside_a_server_that_keeps_nothing_itself(commands: Any) -> None:
    port = free_port()
    server = commands.start("serve", "--port", str(port), "--no-keeper")
    server.until_ready(f"http://127.0.0.1:{port}")
    keeper = commands.start("keeper")
    keeper.until_told("keeping")
    code, seconds = keeper.terminate()
    assert (code, seconds < PROMISED_SECONDS) == (0, True)
    assert server.terminate()[0] == 0


def test_an_address_that_is_taken_is_refused() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"cannot listen on 127.0.0.1:{port}: .*; choose another --port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
        ("phone.example.org", "http://phone.example.org:80"),
    ],
)
def test_a_server_is_reached_where_it_listens(host: str, url: str) -> None:
    assert address(host, 80) == url


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
