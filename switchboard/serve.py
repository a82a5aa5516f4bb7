"""Runs the server, in this process or in several, and the keeper beside it; ends in time and with exit code 0."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from types import FrameType

import structlog
import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp

from store import schema
from store.embedded import EmbeddedServerFailed, EmbeddedValkey
from store.schema import Schema
from switchboard import logs
from switchboard.app import assemble, build, running
from switchboard.health import USABLE
from switchboard.settings import Settings, secret_key

log = structlog.get_logger()

BACKLOG = 2048
DRAIN_SECONDS = 4  # for requests under way; streams end at once.  Then loops get 2 s: in all below the 8 s promised
STOP_SECONDS = 7.5
RESPAWN_SECONDS = 1.0
WATCH_SECONDS = 1.0
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000


class AddressTaken(Exception):
    """Somebody already listens there, or we may not."""


class SchemaRefused(Exception):
    """The given database is not at the schema this version needs."""


class DatabaseAway(Exception):
    """The database does not answer."""


def prepare_schema(settings: Settings, *, migrate: bool) -> None:
    """Brings an embedded database to the schema of this version; a given one only if `migrate`.

    Raises SchemaRefused, DatabaseAway.
    """
    settings.make_home()
    try:
        if migrate or settings.embedded_database:
            schema.upgrade(settings.database)
            return
        found = schema.compare(settings.database)
    except SQLAlchemyError as error:
        raise DatabaseAway(f"the database does not answer ({first_line(error)}); check DATABASE_URL") from error
    if found not in USABLE:
        what = "has no schema yet" if found is Schema.ABSENT else "has an older schema"
        raise SchemaRefused(f"the database {what}; run `centralino migrate`, or start with --migrate")


def first_line(error: Exception) -> str:
    return logs.mask(str(getattr(error, "orig", None) or error).strip().split("\n")[0])


@contextmanager
def redis_address(settings: Settings) -> Iterator[str]:
    """The given Redis, or the embedded one, which runs inside the block."""
    if settings.redis_url is not None:
        yield settings.redis_url.get_secret_value()
        return
    with EmbeddedValkey(settings.home) as valkey, _watched(valkey):
        yield valkey.url


@contextmanager
def _watched(valkey: EmbeddedValkey) -> Iterator[None]:
    """A server that dies is started again: nobody else would."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(WATCH_SECONDS):
            try:
                if valkey.revive():
                    log.warning("embedded_valkey_started_again")
            except (EmbeddedServerFailed, OSError) as error:
                log.error("embedded_valkey_down", error=str(error))

    watcher = threading.Thread(target=watch, name="valkey-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def listen(host: str, port: int) -> socket.socket:
    """Raises AddressTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressTaken(
            f"cannot listen on {host}:{port}: {error.strerror or error}; choose another --port"
        ) from error
    listener.set_inheritable(True)
    return listener


def address(host: str, port: int) -> str:
    """How to reach a server that listens there from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{host}:{port}"


def reachable_at(settings: Settings, here: str) -> Settings:
    """Without a PUBLIC_URL the carrier reaches us where we listen."""
    return settings if settings.public_url else settings.model_copy(update={"public_url": here})


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def serve(settings: Settings, *, host: str, port: int, workers: int, migrate: bool, keeper: bool) -> int:
    """Until SIGTERM or SIGINT; gives the exit code."""
    signal.signal(signal.SIGTERM, _leave)  # until the server listens for it itself
    prepare_schema(settings, migrate=migrate)
    secret_key(settings)
    with listen(host, port) as listener, redis_address(settings) as redis_url:
        here = address(host, listener.getsockname()[1])
        settings = reachable_at(settings, here)
        log.info("listening", at=here, public_url=settings.public_url, workers=workers, keeper=keeper)
        if workers == 1:
            return work(settings, redis_url, listener, keeper)
        return _supervise(settings, redis_url, listener, workers, keeper)


def work(settings: Settings, redis_url: str, listener: socket.socket, keeper: bool) -> int:
    parts = assemble(settings, redis_url=redis_url)
    app = build(parts, keeper=keeper)
    gc.collect()
    gc.freeze()  # what is there now stays: looking through it again and again would hold up calls for 90 ms at a time
    return run_server(app, listener)


def run_server(app: ASGIApp, listener: socket.socket) -> int:
    """One ASGI app in this process, until a signal."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=75,  # longer than a carrier's or proxy's idle connection, so that they close it, not we
        proxy_headers=False,  # PUBLIC_URL says where we are; a header may lie
    )
    server = QuietServer(config)
    server.run(sockets=[listener])
    return 0 if server.started else 1


class QuietServer(uvicorn.Server):
    """uvicorn's server, which ends by returning: uvicorn raises the signal again, and dies of it.

    `tried`: it has started, or could not.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.tried = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.tried.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class InnerServer(QuietServer):
    """One of several in a process: signals are somebody else's, who ends it by `should_exit`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Stop:
    """Remembers that a signal asked for the end."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def _work_in_child(settings: Settings, redis_url: str, listener: socket.socket, keeper: bool) -> None:
    logs.configure()
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    sys.exit(work(settings, redis_url, listener, keeper))


def _end_with_parent() -> None:
    """A parent that was killed leaves nobody behind who would keep the port."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _supervise(settings: Settings, redis_url: str, listener: socket.socket, workers: int, keeper: bool) -> int:
    """Keeps `workers` processes alive on one listening socket; a worker that dies is replaced."""
    stop = _Stop()
    spawn = multiprocessing.get_context("spawn")

    def start() -> SpawnProcess:
        process = spawn.Process(target=_work_in_child, args=(settings, redis_url, listener, keeper))
        process.start()
        return process

    crew = [start() for _ in range(workers)]
    while not stop.asked:
        dead = [place for place, process in enumerate(crew) if not process.is_alive()]
        if dead:
            log.error("worker_died", exit_codes=[crew[place].exitcode for place in dead])
            time.sleep(RESPAWN_SECONDS)  # one that dies at once must not keep a core busy
        for place in dead:
            crew[place] = start()
        time.sleep(0.1)
    return _dismiss(crew)


def _dismiss(crew: Sequence[SpawnProcess]) -> int:
    end = time.monotonic() + STOP_SECONDS
    for process in crew:
        process.terminate()
    for process in crew:
        process.join(max(end - time.monotonic(), 0))
        if process.is_alive():
            log.error("worker_killed", pid=process.pid)
            process.kill()
    return 0


def keep(settings: Settings) -> int:
    """Only the background work, until a signal."""
    signal.signal(signal.SIGTERM, _leave)
    settings = reachable_at(settings, address(DEFAULT_HOST, DEFAULT_PORT))
    prepare_schema(settings, migrate=False)
    with redis_address(settings) as redis_url:
        log.info("keeping", public_url=settings.public_url)
        asyncio.run(_keep(settings, redis_url))
    return 0


async def _keep(settings: Settings, redis_url: str) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with running(assemble(settings, redis_url=redis_url), keeper=True):
        await asked.wait()
