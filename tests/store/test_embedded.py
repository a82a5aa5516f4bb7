from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from store.embedded import EmbeddedValkey, UnsafeFolder, socket_path

HOLD = """
import sys
from pathlib import Path
from store.embedded import EmbeddedValkey
with EmbeddedValkey(Path(sys.argv[1])) as valkey:
    print(valkey.url, flush=True)
    sys.stdin.read()
"""


class Holder:
    """Another process that works in the same home."""

    def __init__(self, home: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def leave(self) -> None:
        self._process.communicate(timeout=20)
        assert self._process.returncode == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=20)


@pytest.fixture
def home(short_folder: Path) -> Iterator[Path]:
    folder = short_folder / "home"
    yield folder
    with EmbeddedValkey(folder):
        pass  # whoever leaves last stops it


def process_id(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])


def answers(url: str) -> bool:
    try:
        process_id(url)
    except redis.ConnectionError:
        return False
    return True


def test_it_is_started_once_and_stopped_by_the_last_one(home: Path) -> None:
    with EmbeddedValkey(home) as first:
        other = Holder(home)
        assert other.url == first.url
        assert process_id(other.url) == process_id(first.url)
    assert answers(other.url)
    other.leave()
    assert not answers(other.url)


def test_a_server_whose_people_were_killed_is_used_again(home: Path) -> None:
    other = Holder(home)
    before = process_id(other.url)
    other.kill()
    with EmbeddedValkey(home) as valkey:
        assert process_id(valkey.url) == before
    assert not answers(valkey.url)


def test_a_server_that_died_is_started_again(home: Path) -> None:
    with EmbeddedValkey(home) as valkey:
        assert not valkey.revive()
        before = process_id(valkey.url)
        os.kill(before, signal.SIGKILL)
        while answers(valkey.url):
            pass
        assert valkey.revive()
        assert process_id(valkey.url) != before


def test_nothing_is_written_to_disk(home: Path) -> None:
    with EmbeddedValkey(home) as valkey, redis.Redis.from_url(valkey.url) as client:
        client.set("name", "Maria Rossi")
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("appendonly") == {"appendonly": "no"}
    for path in home.iterdir():
        assert b"Maria Rossi" not in path.read_bytes()


def test_a_home_with_a_long_and_odd_path_works(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30) / "with %20 and ? signs"
    with EmbeddedValkey(home) as valkey:
        assert answers(valkey.url)
        assert valkey.socket_path.parent.stat().st_mode & 0o777 == 0o700
    assert not valkey.socket_path.exists()
    valkey.socket_path.parent.rmdir()


def test_a_short_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    folder = socket_path(home).parent
    folder.chmod(0o777)
    with pytest.raises(UnsafeFolder, match="shorter CENTRALINO_HOME"):
        socket_path(home)
    folder.rmdir()
