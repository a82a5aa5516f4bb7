"""What a newcomer does first, with what is in the work tree now: from a bare copy, in an empty home."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

PACKAGES = ("api", "callbacks", "carrier", "crm", "desk", "ivr", "routing", "simulator", "store", "switchboard")


@pytest.fixture(scope="module")
def root(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath


@pytest.fixture(scope="module")
def checkout(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that git knows or would add, and nothing else."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    folder = tmp_path_factory.mktemp("clone") / "a checkout"
    for name in listed.stdout.decode().split("\0"):
        if name and (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name)
    return folder


def environment(home: Path, path: str = "/usr/local/bin:/usr/bin:/bin") -> dict[str, str]:
    """An empty home; what this machine says about its package index and its certificates is kept."""
    home.mkdir(exist_ok=True)
    kept = {
        name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_", "HTTP", "http"))
    }
    cache = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")
    quick = {"UV_CACHE_DIR": cache, "UV_COMPILE_BYTECODE": "false"}
    return {**kept, "HOME": str(home), "PATH": path, **quick}


def test_a_bare_copy_is_set_up_from_any_folder_and_again_at_once(checkout: Path, tmp_path: Path) -> None:
    start = [str(checkout / "start"), "--setup-only"]
    env = environment(tmp_path / "home")
    first = subprocess.run(start, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stderr == ""
    assert len(first.stdout.splitlines()) <= 4, "one line for each step"
    again = subprocess.run(start, cwd="/", env=env, capture_output=True, text=True)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")

    command = [str(checkout / ".venv" / "bin" / "centralino"), "migrate"]
    migrated = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert (tmp_path / ".centralino" / "centralino.db").exists()


def test_without_the_venv_module_somebody_who_is_not_root_is_told_what_to_run(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "rm", "cat", "cksum"):
        (tools / name).symlink_to(shutil.which(name) or name)
    answers = {"python3": 'case "$*" in *ensurepip*) exit 1 ;; esac', "apt-get": "exit 99", "id": "echo 1000"}
    for name, does in answers.items():
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(0o755)
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("start", "requirements.txt", "pyproject.toml"):
        shutil.copy2(checkout / name, bare / name)
    done = subprocess.run(
        [str(bare / "start"), "--setup-only"],
        env=environment(tmp_path / "home", str(tools)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "start: Python's venv module is missing; run: sudo apt-get install python3-venv, then run this again\n"
    )
    assert not (bare / ".venv").exists()


@pytest.mark.parametrize("form", ["wheel", "sdist"])
def test_a_package_holds_every_file_of_every_room(checkout: Path, tmp_path: Path, form: str) -> None:
    """Migrations, catalogues, templates, static files: `pip install CHECKOUT` must be complete."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", form, "-d", str(tmp_path)]
    subprocess.run(build, cwd=checkout, check=True, capture_output=True)
    (package,) = tmp_path.iterdir()
    if form == "wheel":
        with zipfile.ZipFile(package) as archive:
            packed = set(archive.namelist())
    else:
        with tarfile.open(package) as archive:
            packed = {name.partition("/")[2] for name in archive.getnames()}
    owned = {
        str(path.relative_to(checkout))
        for room in PACKAGES
        for path in (checkout / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert owned - packed == set()
    assert "store/migrations/env.py" in packed


def test_no_file_that_is_locked_names_a_host(root: Path) -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (root / name).read_text()
        assert "://" not in text
        assert "index" not in text.partition("\n\n")[0].splitlines()[1]
        assert "--hash=sha256:" in text


def test_the_lock_of_developers_agrees_with_that_of_the_server(root: Path) -> None:
    def pins(name: str) -> dict[str, str]:
        lines = (line for line in (root / name).read_text().splitlines() if "==" in line and line[0] not in "# ")
        return {line.partition("==")[0]: line.partition("==")[2].split()[0] for line in lines}

    server, developers = pins("requirements.txt"), pins("requirements-dev.txt")
    assert server
    assert {name: developers.get(name) for name in server} == server
