"""A `centralino` command as an operator runs it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx2

from store.embedded import EmbeddedValkey, socket_path
from tests.outside.around import PATIENCE_SECONDS, until

CENTRALINO = Path(sys.executable).with_name("centralino")


class Process:
    """A `centralino` command that may die and be started again: same port, same home, same stores."""

    def __init__(self, arguments: tuple[str, ...], environment: dict[str, str], log: Path, url: str) -> None:
        self.url, self.log = url, log
        self.home = Path(environment["CENTRALINO_HOME"])
        self._arguments, self._environment = arguments, environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [CENTRALINO, *self._arguments], env=self._environment, cwd=self.log.parent, stderr=log
            )

    async def ready(self, limit: float = PATIENCE_SECONDS) -> None:
        """It can take calls."""
        async with httpx2.AsyncClient(base_url=self.url, timeout=5) as client:

            async def answers() -> bool:
                assert self._alive, self.log.read_text()
                with suppress(httpx2.TransportError):
                    return (await client.get("/readyz")).status_code == 200
                return False

            await until(answers, limit)

    def kill(self) -> None:
        """SIGKILL: nothing is said to anybody, nothing is tidied up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    async def terminate(self) -> tuple[int, float]:
        """The exit code after SIGTERM, and how many seconds it took."""
        assert self._process is not None
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self._process.wait, 30)
        return code, time.monotonic() - began

    async def end(self) -> None:
        if self._alive:
            with suppress(subprocess.TimeoutExpired):
                await self.terminate()
        if self._alive:
            self.kill()
        if socket_path(self.home).exists():  # an embedded Valkey that a killed server left behind
            with EmbeddedValkey(self.home):
                pass  # whose last user ends it

    @property
    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None
