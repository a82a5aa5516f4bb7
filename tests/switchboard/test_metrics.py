"""What Prometheus is told: by whom it may be asked, that it tells the truth, and nothing of anybody."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert
from sqlalchemy.engine import URL
from starlette.applications import Starlette

from api import tokens
from api.tokens import Guard
from callbacks.tables import callbacks
from carrier.port import AlreadyGone, NotSent, OutcomeUnknown, Refused
from carrier.tables import effects
from crm import people
from store.clock import VirtualClock
from store.live import Live, connect
from store.sql import Database
from switchboard.app import assemble, build
from switchboard.metrics import LoopLag, Metrics, house_figures
from switchboard.settings import Settings
from tests.ivr.door import ACCOUNT, FORM, LINE, MARIA, OURS, TOKEN, sid, signed
from tests.routing.rows import add_agent, add_call

pytestmark = pytest.mark.anyio

NOBODY = "unix:///nowhere/valkey.sock"
OPEN_SESAME = {"Authorization": "Bearer open-sesame"}
Samples = dict[tuple[str, ...], float]


def samples(text: str) -> Samples:
    """`(name, label value, …)` -> value; labels in the order of their names."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name, *(value for _, value in sorted(sample.labels.items()))] = sample.value
    return found


@dataclass
class Scraped:
    """`/metrics` alone, on a database."""

    database: Database
    clock: VirtualClock
    client: httpx2.AsyncClient

    async def get(self, token: str | None = "open-sesame", **headers: str) -> httpx2.Response:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self.client.get("/metrics", headers=headers)

    async def token(self, role: str, agent_id: str | None = None) -> str:
        async with self.database.write() as conn:
            return await tokens.create(conn, name=f"a {role}", role=role, agent_id=agent_id, now=self.clock.now())


@pytest.fixture
async def scraped(sqlite_url: URL, clock: VirtualClock) -> AsyncIterator[Scraped]:
    database, live = Database(sqlite_url), Live(connect(NOBODY))
    metrics = Metrics(database, live, clock, Guard(database, "open-sesame"))
    transport = httpx2.ASGITransport(Starlette(routes=metrics.routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://house") as client:
        yield Scraped(database, clock, client)
    await live.close()
    await database.close()


async def test_metrics_are_for_managers_and_services(scraped: Scraped) -> None:
    for token, status in (
        (None, 401),
        ("guessed", 401),
        (await scraped.token("agent", "agt_1"), 403),
        (await scraped.token("service"), 200),
        (await scraped.token("manager"), 200),
        ("open-sesame", 200),
    ):
        answer = await scraped.get(token)
        assert answer.status_code == status
        if status != 200:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status
            assert "centralino_" not in answer.text
        assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_both_formats_of_prometheus_are_spoken(scraped: Scraped) -> None:
    plain = await scraped.get()
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = samples(plain.text)
    assert found["centralino_store_up",] == 1
    assert found["centralino_redis_up",] == 0
    assert found["process_open_fds",] > 0
    assert [name for name in found if name[0] == "centralino_build_info"]
    opened = await scraped.get(Accept="application/openmetrics-text; version=1.0.0")
    assert opened.headers["content-type"].startswith("application/openmetrics-text")
    assert opened.text.endswith("# EOF\n")


async def test_a_store_that_is_away_costs_its_figures_only(scraped: Scraped, tmp_path: Path) -> None:
    known, unknown = await scraped.token("service"), await scraped.token("service")
    assert samples((await scraped.get(known)).text)["centralino_agents", "idle", "ready"] == 0
    await scraped.database.close()
    (tmp_path / "centralino.db").rename(tmp_path / "gone.db")
    (tmp_path / "centralino.db").mkdir()
    for token in ("open-sesame", known):
        answer = await scraped.get(token)
        assert answer.status_code == 200
        found = samples(answer.text)
        assert found["centralino_store_up",] == 0
        assert found["process_cpu_seconds_total",] > 0
        assert not [name for name in found if name[0] == "centralino_agents"]
    assert [(await scraped.get(token)).status_code for token in (unknown, "guessed", None)] == [401, 401, 401]


async def test_how_the_house_stands(database: Database, clock: VirtualClock) -> None:
    now = clock.now()
    ago = {seconds: now - timedelta(seconds=seconds) for seconds in (10, 70, 400, 3600)}
    async with database.write() as conn:
        await add_agent(conn, "anna", now)
        await add_agent(conn, "bruno", now, activity="wrap_up", due_at=ago[10])
        await add_agent(conn, "carla", now, availability="away")
        await add_call(conn, "a", ago[70], state="waiting", due_at=now + timedelta(seconds=9))
        await add_call(conn, "b", ago[3600], state="talking", outcome="agent", due_at=ago[10])
        await add_call(conn, "c", ago[3600], state="ended", outcome="abandoned")
        await add_call(conn, "d", ago[3600], state="ended")  # it ended nowhere
        await add_call(conn, "e", ago[3600], state="ended", direction="outbound")  # nobody answered us
        await add_call(conn, "f", ago[400], state="choosing", direction="outbound")
        for n, (state, promised_at) in enumerate((("due", ago[400]), ("promised", ago[70]), ("broken", ago[3600]))):
            await _promise(conn, now, n, state, promised_at)
        await _promise(conn, now, 3, "talking", ago[3600], kept_at=ago[3600])  # a long talk breaks no promise
        await _effect(conn, now, "1", state="unknown", due_at=ago[70])
        await _effect(conn, now, "2", state="intended", due_at=now + timedelta(seconds=60))
        await _effect(conn, now, "3", state="done")
    async with database.read() as conn:
        families = await house_figures(conn, now)
    found = {
        (sample.name, *(str(value) for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }
    assert {name: value for name, value in found.items() if value} == {
        ("centralino_calls_live", "inbound", "waiting"): 1,
        ("centralino_calls_live", "inbound", "talking"): 1,
        ("centralino_calls_live", "outbound", "choosing"): 1,
        ("centralino_callers_waiting",): 1,
        ("centralino_longest_wait_seconds",): 70,
        ("centralino_calls_unaccounted",): 1,
        ("centralino_agents", "idle", "ready"): 1,
        ("centralino_agents", "wrap_up", "ready"): 1,
        ("centralino_agents", "idle", "away"): 1,
        ("centralino_promises_open", "due"): 1,
        ("centralino_promises_open", "promised"): 1,
        ("centralino_promises_open", "talking"): 1,
        ("centralino_promises_overdue",): 1,
        ("centralino_effects_unresolved", "unknown"): 1,
        ("centralino_effects_unresolved", "intended"): 1,
        ("centralino_due_late_seconds", "agents"): 10,
        ("centralino_due_late_seconds", "calls"): 10,
        ("centralino_due_late_seconds", "effects"): 70,
    }
    assert len([name for name in found if name[0] == "centralino_agents"]) == 12


async def _promise(conn: Any, now: Any, n: int, state: str, promised_at: Any, **more: Any) -> None:
    customer = await people.add(conn, {"called": f"Customer {n}"}, now)
    row = {"id": f"cb_{n}", "customer_id": customer, "number": MARIA, "state": state, "promised_at": promised_at}
    usual = {"zone": "Europe/Rome", "window_seconds": 300, "kind": "asap", "made_at": now}
    usual["due_at"] = now + timedelta(seconds=60)
    await conn.execute(insert(callbacks).values(row | usual | more))


async def _effect(conn: Any, now: Any, effect_id: str, **more: Any) -> None:
    usual = {"kind": "redirect_call", "target": sid(1), "request": {}, "priority": 0, "wanted": True, "tries": 0}
    await conn.execute(insert(effects).values(id=effect_id, made_at=now, not_after=now, **usual, **more))


async def test_a_call_is_seen_by_metrics_and_reports_and_its_caller_is_not(
    database_url: URL, clock: VirtualClock, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(
        _env_file=None,
        database_url=database_url.render_as_string(hide_password=False),
        centralino_home=tmp_path,
        public_url=OURS,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        twilio_api_url="http://127.0.0.1:9",
        api_token="open-sesame",
    )
    parts = assemble(settings, redis_url=redis_url, clock=clock, deadline=30.0)
    app = build(parts, keeper=False)
    form = {"CallSid": sid(1), "AccountSid": ACCOUNT, "From": MARIA, "To": LINE, "CallStatus": "ringing"}
    form |= {"Direction": "inbound", "ApiVersion": "2010-04-01"}
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=OURS) as client,
    ):
        headers = {"Content-Type": FORM, "X-Twilio-Signature": signed(f"{OURS}/twilio/voice", form)}
        answer = await client.post("/twilio/voice", data=form, headers=headers)
        assert answer.status_code == 200
        assert (await client.post("/twilio/voice", data=form)).status_code == 403
        assert (await client.post(f"/twilio/voice/{MARIA}", data=form)).status_code == 404
        text = (await client.get("/metrics", headers=OPEN_SESAME)).text
        report = (
            await client.get(
                "/api/v1/reports/floor?group_by=line&to=2027-01-01T00:00:00Z&from=2026-03-01T00:00:00Z",
                headers=OPEN_SESAME,
            )
        ).json()
    found = samples(text)
    counted = {name: value for name, value in found.items() if name[0] == "centralino_webhook_seconds_count"}
    assert counted == {
        ("centralino_webhook_seconds_count", "/twilio/voice", "200"): 1,
        ("centralino_webhook_seconds_count", "/twilio/voice", "403"): 1,
    }
    assert found["centralino_callers_waiting",] == 1
    assert MARIA[1:] not in text
    assert [(item["group"], item["calls"], item["live"]) for item in report["items"]] == [(LINE, 1, 1)]


async def test_what_operators_are_told_to_watch_is_there(scraped: Scraped, pytestconfig: pytest.Config) -> None:
    told = set(re.findall(r"centralino_[a-z_]+", (pytestconfig.rootpath / "docs/operators.md").read_text()))
    named = {family.name for family in text_string_to_metric_families((await scraped.get()).text)}
    watched = {name.removesuffix("_bucket").removesuffix("_count") for name in told}
    assert watched == {name for name in named if name.startswith("centralino_") and not name.endswith("_created")}


class Moody:
    """A network of which each request ends in its own way."""

    base = "the carrier"

    async def create_call(self, call: Any) -> str:
        raise OutcomeUnknown("timeout")

    async def update_call(self, change: Any) -> None:
        raise AlreadyGone(21220, 400)

    async def send_text(self, text: Any) -> str:
        raise Refused(21610, 400)

    async def delete_recording(self, recording: str) -> None:
        raise NotSent("ConnectionError")

    async def fetch_call(self, call: str) -> str:
        return f"{call} as it is"

    async def list_calls(self, *, to: str) -> None:
        raise KeyError(to)

    async def open(self) -> None: ...


async def test_requests_to_the_carrier_are_timed_by_how_they_ended(scraped: Scraped) -> None:
    other = Metrics(scraped.database, Live(connect(NOBODY)), scraped.clock, Guard(scraped.database, "open-sesame"))
    network: Any = other.watched(Moody())  # type: ignore[arg-type]
    assert await network.fetch_call("CA1") == "CA1 as it is"
    await network.open()
    for ask in (network.create_call, network.update_call, network.send_text, network.delete_recording):
        with pytest.raises((OutcomeUnknown, Refused, NotSent)):
            await ask(None)
    with pytest.raises(KeyError):
        await network.list_calls(to=MARIA)
    assert network.base == "the carrier"
    transport = httpx2.ASGITransport(Starlette(routes=other.routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://house") as client:
        found = samples((await client.get("/metrics", headers=OPEN_SESAME)).text)
    counted = {name[1:] for name in found if name[0] == "centralino_carrier_request_seconds_count"}
    assert counted == {
        ("fetch_call", "done"),
        ("create_call", "unknown"),
        ("update_call", "gone"),
        ("send_text", "refused"),
        ("delete_recording", "not_asked"),
        ("list_calls", "broken"),
    }
    here = samples((await scraped.get()).text)  # two apps in one process count apart
    assert not [name for name in here if name[0] == "centralino_carrier_request_seconds_count"]


class Wound:
    """An event loop whose time is wound by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Any]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, callback: Any, *given: Any) -> None:
        self.timers.append((at, lambda: callback(*given)))


def test_the_loops_lag_is_how_late_its_timers_are() -> None:
    registry, loop = CollectorRegistry(), Wound()
    lag = LoopLag(registry)
    for _ in range(2):  # another scrape begins nothing anew
        lag.watch(loop)  # type: ignore[arg-type]
    for late in (0.0, 0.3, 0.002):
        (due, call), loop.timers = loop.timers[0], loop.timers[1:]
        loop.now = due + late
        call()
        assert len(loop.timers) == 1
    assert registry.get_sample_value("centralino_event_loop_lag_seconds_count") == 3
    assert registry.get_sample_value("centralino_event_loop_lag_seconds_sum") == pytest.approx(0.302)
    assert registry.get_sample_value("centralino_event_loop_lag_seconds_bucket", {"le": "0.25"}) == 2
