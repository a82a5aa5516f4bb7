"""`docs/simulator.md` holds: its tests exist, and its example in virtual time runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.control import EFFECTS


@pytest.fixture
def text(pytestconfig: pytest.Config) -> str:
    return (pytestconfig.rootpath / "docs" / "simulator.md").read_text()


def test_every_conformance_check_names_tests_that_exist(text: str) -> None:
    here = Path(__file__).parent
    existing = {name for file in here.glob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())}
    assert set(re.findall(r"`(test_\w+)`", text)) - existing == set()
    assert [int(n) for n in re.findall(r"^\| (\d+) \|", text, re.M)] == [*range(1, 40)]


def test_every_fault_is_described(text: str) -> None:
    described = set(re.findall(r"`(\w+)`", text.partition("## Faults on demand")[2].partition("\n## ")[0]))
    assert {effect for effects in EFFECTS.values() for effect in effects} <= described


def test_the_example_in_virtual_time_runs(text: str) -> None:
    (example,) = [code for code in re.findall(r"```python\n(.*?)```", text, re.S) if "asyncio.run" in code]
    exec(example, {})
