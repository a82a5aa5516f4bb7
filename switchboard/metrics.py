"""`/metrics` for Prometheus: how quick this process is, and how the house stands.

Figures of the house are read from SQL at each scrape, so that any process tells them whole.  Timings, event-loop lag
and process figures are this process's own: with `--workers N` each scrape meets one of N processes, whose counters
differ, so rates of them are true only where one process stands behind the scraped address.  A keeper has no address;
it is seen by what it would leave undone.

No label holds anything of a person, and each has a fixed set of values.  A store that is away costs the figures that
come from it, never the answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product
from platform import python_version
from typing import Any, cast, get_args

import structlog
from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Column, ColumnElement, Table, and_, extract, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem
from api.tokens import Guard, not_identified
from callbacks.schemas import Risk
from callbacks.spend import share, spent_today
from callbacks.states import OPEN
from callbacks.tables import callbacks
from carrier.port import AlreadyGone, Network, NotAsked, OutcomeUnknown, Refused
from carrier.tables import effects
from ivr.lifecycle import CallState
from ivr.tables import calls
from routing.agents import Activity, Availability
from routing.plans import Plans
from routing.tables import agents, reservations
from store.clock import Clock
from store.live import Live
from store.sql import Database

log = structlog.get_logger()

STORE_SECONDS = 2.0
LAG_EVERY_SECONDS = 0.5
ROLES = ("manager", "service")
MOST_KNOWN = 100  # tokens remembered for the time without a store
LIVE = tuple(state for state in CallState if state is not CallState.ENDED)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
RISKS = get_args(Risk)
UNRESOLVED = ("intended", "asking", "unknown")
DUE_TABLES: Sequence[Table] = (calls, reservations, agents, callbacks, effects)
WEBHOOK_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0)  # Twilio gives up after 15 s
CARRIER_BUCKETS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
LAG_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)


class Metrics:
    """Of one app; nothing is shared with another one in the same process."""

    def __init__(self, database: Database, live: Live, clock: Clock, guard: Guard, zone: str = "UTC") -> None:
        """`zone`: the house's, in which a day of spending begins and ends."""
        self._database, self._live, self._clock, self._guard, self._zone = database, live, clock, guard, zone
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        build = Gauge("centralino_build_info", "Always 1.", ["version", "python"], registry=self._registry)
        build.labels(version("centralino"), python_version()).set(1)
        self._webhooks = Histogram(
            "centralino_webhook_seconds",
            "From a webhook of the carrier to our whole answer.",
            ["path", "status"],
            buckets=WEBHOOK_BUCKETS,
            registry=self._registry,
        )
        self._carrier = Histogram(
            "centralino_carrier_request_seconds",
            "A request to the carrier's REST API: done, gone, refused, not_asked (safe to repeat), unknown or broken.",
            ["operation", "outcome"],
            buckets=CARRIER_BUCKETS,
            registry=self._registry,
        )
        self._lag = LoopLag(self._registry)
        self._known: set[bytes] = set()

    @property
    def routes(self) -> list[Route]:
        return [Route("/metrics", self.show, methods=["GET"])]

    def timed(self, routes: Iterable[BaseRoute]) -> list[BaseRoute]:
        """The same webhooks, each with a clock.  Their paths are templates already: what varies is in the query."""
        return [self._timed(route) if isinstance(route, Route) else route for route in routes]

    def watched(self, network: Network) -> Network:
        return cast(Network, _WatchedNetwork(network, self._carrier))

    async def show(self, request: Request) -> Response:
        refusal = await self._refusal(request.headers.get("authorization"))
        if refusal is not None:
            return refusal.response()
        self._lag.watch(asyncio.get_running_loop())
        house = await self._house()
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(_Together(self._registry, house)), headers={"Content-Type": media_type})

    async def _refusal(self, authorization: str | None) -> Problem | None:
        """While the store is away, who was let in before is let in again: that is when somebody must look."""
        shown = hashlib.sha256((authorization or "").encode("utf-8", "surrogatepass")).digest()
        try:
            async with asyncio.timeout(STORE_SECONDS):
                principal = await self._guard.identify(authorization)
        except Exception as error:
            log.warning("metrics_token_not_read", error=type(error).__name__)
            return None if shown in self._known else not_identified(authorization)
        if principal is None:
            self._known.discard(shown)
            return not_identified(authorization)
        if principal.role not in ROLES:
            return Problem(403, None, f"A token with the role {principal.role} may not do this.")
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known.add(shown)
        return None

    async def _house(self) -> list[Metric]:
        redis = _gauge(
            "centralino_redis_up", "1 while Redis answers; calls are routed without it.", await self._live.up()
        )
        found: list[Metric] = []
        up = False
        try:
            async with asyncio.timeout(STORE_SECONDS), self._database.read() as conn:
                await conn.execute(select(1))
                up = True
                skew = await _skew(conn, self._clock)
                found = skew + await house_figures(conn, self._clock.now(), self._zone)
        except Exception as error:
            log.warning("metrics_store_away", error=type(error).__name__, answers=up)
        return [_gauge("centralino_store_up", "1 while the database answers.", up), redis, *found]

    def _timed(self, route: Route) -> Route:
        timed = copy(route)
        timed.app = _Timed(route.app, self._webhooks, route.path)
        return timed


class _Timed:
    def __init__(self, app: ASGIApp, seconds: Histogram, path: str) -> None:
        self._app, self._seconds, self._path = app, seconds, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500
        begun = time.perf_counter()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            self._seconds.labels(self._path, str(status)).observe(time.perf_counter() - begun)


class _WatchedNetwork:
    """A `port.Network` whose requests are timed; everything else of it is as it was."""

    def __init__(self, network: Network, seconds: Histogram) -> None:
        self._network, self._seconds = network, seconds

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._network, name)
        return self._asked(name, found) if name in _OPERATIONS else found

    def _asked(self, name: str, ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def timed(*given: Any, **named: Any) -> Any:
            outcome, begun = "broken", time.perf_counter()
            try:
                answer = await ask(*given, **named)
                outcome = "done"
                return answer
            except (NotAsked, OutcomeUnknown, Refused) as error:
                outcome = _outcome(error)
                raise
            finally:
                self._seconds.labels(name, outcome).observe(time.perf_counter() - begun)

        return timed


_OPERATIONS = frozenset(name for name in vars(Network) if not name.startswith("_")) - {"open", "close"}


def _outcome(error: NotAsked | OutcomeUnknown | Refused) -> str:
    match error:
        case AlreadyGone():
            return "gone"
        case Refused():
            return "refused"
        case OutcomeUnknown():
            return "unknown"
    return "not_asked"


class LoopLag:
    """How late this process's event loop comes to what is due: everybody on the line waits for that long."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "centralino_event_loop_lag_seconds",
            f"How late a timer of the event loop was, looked at every {LAG_EVERY_SECONDS} s.",
            buckets=LAG_BUCKETS,
            registry=registry,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due = 0.0

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """From the first scrape on, until the loop closes."""
        if self._loop is not loop:
            self._loop = loop
            self._again(loop)

    def _again(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + LAG_EVERY_SECONDS
        loop.call_at(self._due, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._seconds.observe(max(loop.time() - self._due, 0.0))
        self._again(loop)


class _Together(Collector):
    """What this process counted, and what was just read."""

    def __init__(self, registry: CollectorRegistry, house: Sequence[Metric]) -> None:
        self._registry, self._read = registry, house

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()
        yield from self._read


async def house_figures(conn: AsyncConnection, now: datetime, zone: str = "UTC") -> list[Metric]:
    """How the house stands at this moment."""
    readers = [_calls_live, _callers_waiting, _unaccounted, _agents, _promises, _effects, _due]
    return [family for read in readers for family in await read(conn, now)] + await _spend(conn, now, zone)


async def _skew(conn: AsyncConnection, clock: Clock) -> list[Metric]:
    """Of this process.  SQLite runs by this machine's clock."""
    what, seconds = "How far the clock of this process is before PostgreSQL's.", 0.0
    if conn.dialect.name == "postgresql":
        theirs: datetime = (await conn.execute(select(func.clock_timestamp()))).scalar_one()
        seconds = (clock.now() - theirs).total_seconds()
    return [_gauge("centralino_clock_skew_seconds", what, seconds)]


async def _calls_live(conn: AsyncConnection, now: datetime) -> list[Metric]:
    found = await _counts(conn, calls.c.state, calls.c.direction, where=calls.c.state.in_(LIVE))
    labels = {"state": LIVE, "direction": ("inbound", "outbound")}
    return [_gauges("centralino_calls_live", "Calls that have not ended.", labels, found)]


async def _callers_waiting(conn: AsyncConnection, now: datetime) -> list[Metric]:
    nobody_yet = calls.c.state.in_([state for state in LIVE if state is not CallState.TALKING])
    query = select(func.count().label("n"), func.min(calls.c.arrived_at).label("first"))
    row = (await conn.execute(query.where(nobody_yet, calls.c.direction == "inbound"))).one()
    longest = 0.0 if row.first is None else max((now - row.first).total_seconds(), 0.0)
    return [
        _gauge("centralino_callers_waiting", "Callers on the line with whom nobody talks yet.", row.n),
        _gauge("centralino_longest_wait_seconds", "Since the first of them arrived; 0 without any.", longest),
    ]


async def _unaccounted(conn: AsyncConnection, now: datetime) -> list[Metric]:
    """The main alarm.  No condition on the state: the few rows without an outcome are what an index can find."""
    no_outcome = and_(calls.c.outcome.is_(None), calls.c.direction == "inbound")
    found = await _counts(conn, calls.c.state, where=no_outcome)
    what = "Accepted calls that are neither live nor ended at an agent, voicemail, callback, backup or hang-up."
    return [_gauge("centralino_calls_unaccounted", what, found.get((CallState.ENDED,), 0))]


async def _agents(conn: AsyncConnection, now: datetime) -> list[Metric]:
    found = await _counts(conn, agents.c.availability, agents.c.activity)
    labels = {"availability": tuple(Availability), "activity": tuple(Activity)}
    return [_gauges("centralino_agents", "Agents, by what they chose and what they do.", labels, found)]


async def _promises(conn: AsyncConnection, now: datetime) -> list[Metric]:
    is_open = callbacks.c.state.in_(OPEN)
    window_ends = extract("epoch", callbacks.c.promised_at) + callbacks.c.window_seconds
    found = await _counts(conn, callbacks.c.state, where=is_open)
    late = await _counts(conn, where=and_(is_open, callbacks.c.kept_at.is_(None), window_ends < now.timestamp()))
    at_risk = await _counts(conn, callbacks.c.risk, where=and_(is_open, callbacks.c.risk.is_not(None)))
    return [
        _gauges("centralino_promises_open", "Promises not yet kept or ended.", {"state": OPEN}, found),
        _gauge(
            "centralino_promises_overdue", "Open promises whose window is over without both being connected.", late[()]
        ),
        _gauges("centralino_promises_at_risk", "Open promises that may not be kept.", {"risk": RISKS}, at_risk),
    ]


async def _spend(conn: AsyncConnection, now: datetime, zone: str) -> list[Metric]:
    """Without a limit in the plan there is nothing to have a share of, and no sample."""
    what = "Estimated cost of today's promised calls, of the plan's `limits.spend_a_day`; none is made from 1 on."
    _, plan = await Plans().current(conn)
    if plan.limits.spend_a_day is None:
        return [GaugeMetricFamily("centralino_promise_spend_share", what)]
    found = share(await spent_today(conn, plan, zone, now=now), plan.limits)
    return [_gauge("centralino_promise_spend_share", what, found or 0.0)]


async def _effects(conn: AsyncConnection, now: datetime) -> list[Metric]:
    """What is unresolved has a due time; what is settled has none, which is most of a large table."""
    unresolved = and_(effects.c.due_at > LONG_AGO, effects.c.state.in_(UNRESOLVED))
    found = await _counts(conn, effects.c.state, where=unresolved)
    what = "Requests to the carrier that are written down and whose outcome is not known yet."
    return [_gauges("centralino_effects_unresolved", what, {"state": UNRESOLVED}, found)]


async def _due(conn: AsyncConnection, now: datetime) -> list[Metric]:
    late: dict[tuple[str, ...], float] = {}
    for table in DUE_TABLES:
        first = await conn.scalar(select(func.min(table.c.due_at)).where(table.c.due_at <= now))
        late[(table.name,)] = 0.0 if first is None else (now - first).total_seconds()
    what = "How long the oldest row that is due has been so; grows while no keeper works."
    return [_gauges("centralino_due_late_seconds", what, {"table": [table.name for table in DUE_TABLES]}, late)]


async def _counts(
    conn: AsyncConnection, *columns: Column[Any], where: ColumnElement[bool] | None = None
) -> dict[tuple[str, ...], int]:
    """How many rows there are of each combination; without columns, of all under `()`."""
    query = select(*columns, func.count()).group_by(*columns)
    rows = await conn.execute(query if where is None else query.where(where))
    return {tuple(row[:-1]): row[-1] for row in rows}


def _gauges(
    name: str, what: str, labels: Mapping[str, Sequence[str]], found: Mapping[tuple[str, ...], float]
) -> Metric:
    """One sample for each combination of values, those that did not come up included."""
    family = GaugeMetricFamily(name, what, labels=list(labels))
    for values in product(*labels.values()):
        family.add_metric(values, found.get(values, 0))
    return family


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=float(value))
