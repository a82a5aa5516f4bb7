"""What browsers get of others is theirs, unchanged: checksums that `npm ci` and `sha256sum --check` agree with."""

import hashlib
import json

from desk.pages import STATIC

VENDOR = STATIC / "vendor"


def test_every_file_of_others_is_as_its_makers_published_it() -> None:
    listed = dict(reversed(line.split("  ")) for line in (VENDOR / "checksums.txt").read_text().splitlines())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.js")}
    found |= {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.css")}
    assert found == listed


def test_their_versions_are_pinned_and_no_lock_names_where_they_came_from() -> None:
    wanted = json.loads((VENDOR / "package.json").read_text())["dependencies"]
    lock = json.loads((VENDOR / "package-lock.json").read_text())["packages"]
    assert {name: lock[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert "resolved" not in (VENDOR / "package-lock.json").read_text()
