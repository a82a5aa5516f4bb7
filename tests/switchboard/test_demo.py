"""The demo is started again in the same folder: it remembers its calls, and its carrier does not."""

from __future__ import annotations

from pathlib import Path

from store.clock import SystemClock
from switchboard import demo
from switchboard.settings import Settings


def test_calls_are_not_named_like_those_of_the_last_time(tmp_path: Path) -> None:
    given = Settings(_env_file=None, centralino_home=tmp_path)
    settings = demo.demo_settings(given, port=8000, carrier_port=8010)
    named = {demo._network(settings, SystemClock()).sid("CA") for _ in range(2)}
    assert len(named) == 2
