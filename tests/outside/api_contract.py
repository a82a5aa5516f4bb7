"""The API held to its own OpenAPI document by a stranger: `python tests/outside/api_contract.py [--examples N]`.

Schemathesis sends valid and invalid requests of every operation, and chains of them, to a real `centralino serve`
on embedded stores.  It lives in an environment of its own, `.venv-schemathesis/`, made on the first run.  Exit code 1
if an answer breaks the document, or if the server's log tells of an error.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
VENV = ROOT / ".venv-schemathesis"
REQUIRED = HERE / "schemathesis.txt"
BOOTSTRAP = "the-key-of-the-house"
ACCOUNT, AUTH_TOKEN = "AC" + "c" * 32, "0123456789abcdef0123456789abcdef"
NO_CARRIER = "http://127.0.0.1:9"  # nobody listens there: every request to the carrier fails at once
START_SECONDS = 60.0
FAULTS = ("error", "critical")


def prepared() -> Path:
    """Schemathesis, at the versions that are written down."""
    stamp, wanted = VENV / "set-up", REQUIRED.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV], check=True)
        install = [uv, "pip", "install", "--quiet", "--python", VENV / "bin/python", "-r", REQUIRED]
        subprocess.run(install, check=True)
        stamp.write_text(wanted)
    return VENV / "bin/schemathesis"


class House:
    """A server of our own, with a few people to refer to."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.log = folder, folder / "serve.log"
        self._environment = os.environ | {
            "CENTRALINO_HOME": str(folder / "home"),
            "API_TOKEN": BOOTSTRAP,
            "TWILIO_API_URL": NO_CARRIER,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "PUBLIC_URL": "",
            "PYTHONPATH": str(ROOT),
        }
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[None]:
        with self.log.open("wb") as log:
            serve = [sys.executable, "-m", "switchboard", "serve", "--port", "0"]
            process = subprocess.Popen(serve, env=self._environment, cwd=self._folder, stderr=log)
        try:
            self.url = f"{self._listening_at(process)}/api/v1"
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)

    def _listening_at(self, process: subprocess.Popen[bytes]) -> str:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            told = [json.loads(line) for line in self.log.read_text().split("\n")[:-1]]
            if any(line["event"] == "Application startup complete." for line in told):
                return next(str(line["at"]) for line in told if line["event"] == "listening")
            time.sleep(0.1)
        raise SystemExit(f"the server did not start:\n{self.log.read_text()}")

    def token(self, role: str, *more: str) -> str:
        create = [sys.executable, "-m", "switchboard", "token", "create", "--name", role, "--role", role, *more]
        made = subprocess.run(
            create, env=self._environment, cwd=self._folder, check=True, stdout=subprocess.PIPE, text=True
        )
        return made.stdout.strip()

    def errors(self) -> list[str]:
        """What the server logged as its own fault, and lines that are no log at all."""
        lines = self.log.read_text().strip("\n").split("\n")  # an address may hold a line end of another kind
        return [line for line in lines if not line.startswith("{") or json.loads(line)["level"] in FAULTS]


def a_call(server: str) -> str:
    """The SID of a call that has come in."""
    url = f"{server}/twilio/voice"
    form = {"AccountSid": ACCOUNT, "CallSid": f"CA{1:032x}", "From": "+390612345678", "To": "+390699990000"}
    form["CallStatus"] = "ringing"
    text = url + "".join(name + form[name] for name in sorted(form))
    signature = b64encode(hmac.digest(AUTH_TOKEN.encode(), text.encode(), "sha1")).decode()
    answer = httpx2.post(url, data=form, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 200, answer.text
    return form["CallSid"]


def people(url: str) -> dict[str, Any]:
    """What there is to ask for by its address, to refer to by id, and to promise."""
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {BOOTSTRAP}"}) as client:

        def made(path: str, body: dict[str, Any]) -> str:
            answer = client.post(path, json=body)
            assert answer.status_code == 201, answer.text
            return str(answer.json()["id"])

        etag = client.get("/plan").headers["etag"]
        assert client.put("/plan", json={"hours": "24/7"}, headers={"If-Match": etag}).status_code == 200
        anna, luca = [made("/agents", {"name": name, "address": f"client:{name}"}) for name in ("Anna", "Luca")]
        maria, paolo = [made("/customers", {"name": name, "phones": ["06 12345678"]}) for name in ("Maria", "Paolo")]
        twin = made("/customers", {"name": "Paolo"})
        hers, his = [made("/cases", {"customer": one, "title": "The lamp"}) for one in (maria, paolo)]
        soon = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
        promise = made("/callbacks", {"customer": maria, "due_at": soon.isoformat()})
    return {
        "path": {
            "agent_id": luca,
            "customer_id": paolo,
            "case_id": his,
            "callback_id": promise,
            "call_sid": a_call(url.removesuffix("/api/v1")),
            "version": "1",
        },
        "agents": [anna],
        "customer": maria,
        "other": twin,
        "case": hers,
        "due_at": [(soon + timedelta(hours=n)).isoformat() for n in range(1, 200)],
        "from": [(soon - timedelta(days=n)).isoformat() for n in range(12, 20)],
        "to": [(soon - timedelta(days=n)).isoformat() for n in range(2, 10)],
    }


def judged(tool: Path, house: House, seeds: dict[str, Any], role: str, token: str, *options: str) -> bool:
    print(f"\n== with the token of a {role}", flush=True)
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"),
        "CONTRACT_SEEDS": json.dumps(seeds),
        "CONTRACT_URL": house.url,
        "CONTRACT_KEY": BOOTSTRAP,
        "CONTRACT_TOKEN": token,
    }
    run = [tool, "--no-color", "--config-file", HERE / "schemathesis.toml", "run", f"{house.url}/openapi.json"]
    return subprocess.run([*run, *options], env=environment, cwd=house.log.parent).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=10, help="of each operation and phase")
    parser.add_argument("--seed", type=int, help="other requests; without it always the same ones")
    arguments = parser.parse_args()
    few = str(max(arguments.examples // 3, 1))
    how = ["--generation-deterministic"] if arguments.seed is None else ["--seed", str(arguments.seed)]
    tool = prepared()
    with tempfile.TemporaryDirectory(prefix="contract-", dir="/tmp") as folder:
        house = House(Path(folder))
        with house.open():
            seeds = people(house.url)
            good = judged(tool, house, seeds, "manager", house.token("manager"), *how, "-n", str(arguments.examples))
            for role, more in (("agent", ("--agent", seeds["agents"][0])), ("service", ())):
                # What a field may hold is the same for all of them, and judged by the manager's requests.
                options = [*how, "-n", few, "--phases", "fuzzing", "--warnings", "off"]
                good &= judged(tool, house, seeds, role, house.token(role, *more), *options)
        faults = house.errors()
    for line in faults:
        print(f"the server logged: {line}")
    return 0 if good and not faults else 1


if __name__ == "__main__":
    sys.exit(main())
