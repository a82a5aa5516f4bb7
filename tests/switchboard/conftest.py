"""Whole processes of the command line, as an operator would run them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from switchboard.settings import Settings

START_SECONDS = 60.0  # two cores may be busy with other tests


class Running:
    """A `centralino` command that goes on until it is told to end."""

    def __init__(self, arguments: list[str], environment: dict[str, str], folder: Path) -> None:
        self.log = folder / f"{arguments[0]}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "switchboard", *arguments], env=environment, cwd=folder, stderr=log
            )

    def told(self, word: str) -> bool:
        return word in self.log.read_text()

    def until_told(self, word: str) -> None:
        self._until(lambda: self.told(word))

    def until_ready(self, url: str) -> None:
        """With all its stores; on a busy machine Redis may seem to be away at first."""

        def ready() -> bool:
            try:
                answer = httpx2.get(f"{url}/readyz", timeout=5)
                return answer.status_code == 200 and answer.json()["notes"] == []
            except httpx2.TransportError:
                return False

        self._until(ready)

    def _until(self, condition: object) -> None:
        assert callable(condition)
        end = time.monotonic() + START_SECONDS
        while not condition():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def terminate(self) -> tuple[int, float]:
        """The exit code, and how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        return code, time.monotonic() - began


class Commands:
    """`run` for one that ends by itself, `start` for one that goes on."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self._root = folder, root
        self._running: list[Running] = []

    def environment(self, **given: str) -> dict[str, str]:
        ours = {name.upper() for name in Settings.model_fields}
        clean = {name: value for name, value in os.environ.items() if name not in ours}
        return {**clean, "PYTHONPATH": str(self._root), **given}

    def run(self, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "switchboard", *arguments],
            env=self.environment(**given),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )

    def start(self, *arguments: str, **given: str) -> Running:
        running = Running(list(arguments), self.environment(**given), self.folder)
        self._running.append(running)
        return running

    def end(self) -> None:
        for running in self._running:
            if running.process.poll() is None:
                running.process.terminate()
                try:
                    running.process.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    running.process.kill()
                    running.process.wait()


@pytest.fixture
def commands(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Commands]:
    """In an empty folder, with no setting but those given."""
    commands = Commands(tmp_path, pytestconfig.rootpath)
    yield commands
    commands.end()
