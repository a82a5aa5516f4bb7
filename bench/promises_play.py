"""A drawn morning played by the whole server on a virtual clock, against the simulated carrier: what is left of it."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx2
from pydantic import SecretStr
from sqlalchemy import select

from bench.promises_draw import (
    AT_ONCE,
    FOLLOW_UP,
    LIVE,
    MESSAGE,
    OPENS,
    ROME,
    Morning,
    Promised,
    talk_seconds,
)
from bench.promises_people import AtHome, AtWork
from callbacks.history import By, by_agent
from callbacks.promises import Promises
from callbacks.tables import callback_attempts, callback_history, callbacks
from callbacks.wish import CannotKeep, Wish
from crm import history, people
from crm.tables import text_opt_outs, texts
from ivr.tables import calls
from routing import roster
from routing.house import House
from routing.learning import Learning
from routing.plan import Plan
from routing.plans import Plans
from simulator.network import Network
from store import schema
from store.clock import VirtualClock
from store.embedded import EmbeddedValkey
from store.ids import new_id
from store.sql import Database
from switchboard.settings import Settings
from switchboard.stage import on_stage

LINE, OURS, TOKEN = "+390699990000", "https://centralino.test", "bench"
LANGUAGE = "it-IT"
NO_TEXTS_THERE = 30006  # what the carrier says of a fixed line
WEEKS = 4  # of a past that there is to learn from
LAST_CHANCE = timedelta(hours=3)  # after the first promise: whatever is open then has been forgotten
FRIDAY = datetime(2026, 2, 27, 15, 0, tzinfo=ROME)
SUNDAY = datetime(2026, 3, 1, 19, 0, tzinfo=ROME)
HOUSE = House("Officine Lume", LANGUAGE, "IT", "Europe/Rome")


@dataclass
class Played:
    """What the database says in the end; `refused`: wishes for which no time could honestly be promised."""

    ends_at: datetime
    promises: list[Any] = field(default_factory=list)
    steps: list[Any] = field(default_factory=list)
    attempts: list[Any] = field(default_factory=list)
    texts: list[Any] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)
    no_texts: set[str] = field(default_factory=set)  # numbers of which the carrier said so
    refused: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass
class Known:
    """Who is known there, by the draw's numbers."""

    agents: list[str]
    customers: dict[str, str]  # by telephone
    plan: Plan


async def play(morning: Morning, folder: Path, seed: int) -> Played:
    """From some minutes before opening until nothing that was promised for the morning is open."""
    settings = _settings(folder)
    schema.upgrade(settings.database)
    database, clock = Database(settings.database), VirtualClock(OPENS - timedelta(minutes=morning.size.before_minutes))
    played = Played(morning.ends_at)
    try:
        house = await _furnish(database, morning, seed)
        await _promise_before(database, morning, house, seed, played)
        with EmbeddedValkey(folder / "valkey") as valkey:
            async with on_stage(settings, clock, redis_url=valkey.url, line=LINE) as (network, app):
                transport = httpx2.ASGITransport(app=app)
                headers = {"Authorization": f"Bearer {TOKEN}"}
                async with httpx2.AsyncClient(transport=transport, base_url=f"{OURS}/api/v1", headers=headers) as api:
                    await _Stage(clock, network, api, database, morning, house, played, seed).run()
        await _read(database, played)
    finally:
        await database.close()
    return played


class _Stage:
    """Everybody at their telephones, until it is over."""

    def __init__(
        self,
        clock: VirtualClock,
        network: Network,
        api: httpx2.AsyncClient,
        database: Database,
        morning: Morning,
        house: Known,
        played: Played,
        seed: int,
    ) -> None:
        self._clock, self._network, self._api, self._database = clock, network, api, database
        self._morning, self._house, self._played, self._seed = morning, house, played, seed
        self._homes: dict[str, AtHome] = {}

    async def run(self) -> None:
        self._everybody()
        await self._clock.run_until(lambda: self._clock.now() >= self._morning.ends_at, 4 * 3600)
        while self._clock.now() < OPENS + LAST_CHANCE and await self._open():
            await self._clock.advance(30)
        await self._clock.advance(5)

    async def _open(self) -> bool:
        """Is anything still to come that was promised for the morning?"""
        before = OPENS + LAST_CHANCE
        query = select(callbacks.c.id).where(callbacks.c.due_at.is_not(None), callbacks.c.promised_at < before)
        talking = select(callbacks.c.id).where(callbacks.c.state.in_(("ringing_agent", "ringing_customer", "talking")))
        async with self._database.read() as conn:
            return (await conn.scalar(query.limit(1)) or await conn.scalar(talking.limit(1))) is not None

    def _everybody(self) -> None:
        for n, worker in enumerate(self._morning.workers):
            phone = self._network.plug_in(f"client:{worker.name.lower()}")
            dice = Random(f"{worker.name} {self._seed}")
            at_work = AtWork(self._clock, phone, worker, dice, self._button(self._house.agents[n]))
            self._spawn(at_work.day(self._ill(self._house.agents[n])))
        for one in self._morning.promised:
            self._home(one.person)
            if one.kind in LIVE:
                self._spawn(self._asks(one))
            if one.rings_at is not None:
                self._spawn(self._rings(one.rings_at, one.person, None))
            if not one.person.takes_texts:
                self._network.messages.opted_out.add((LINE, one.person.number))
            if one.person.is_fixed:
                self._network.messages.undeliverable[one.person.number] = NO_TEXTS_THERE
        for caller in self._morning.callers:
            self._home(caller.person)
            self._spawn(self._rings(caller.at, caller.person, caller))

    def _home(self, person: Any) -> None:
        phone = self._network.plug_in(person.number)
        self._homes[person.number] = AtHome(self._clock, phone, person, LINE)

    async def _rings(self, at: datetime, person: Any, caller: Any) -> None:
        await self._clock.sleep((at - self._clock.now()).total_seconds())
        await self._homes[person.number].ring(caller)

    async def _asks(self, one: Promised) -> None:
        """By a program during the morning: as soon as possible, or at a time in a few minutes."""
        await self._clock.sleep((one.asked_at - self._clock.now()).total_seconds())
        wish = {"customer": self._house.customers[one.person.number], "number": one.person.number}
        if one.kind != AT_ONCE:
            wish["due_at"] = one.due_at.isoformat()
        answer = await self._api.post("/callbacks", json=wish)
        if answer.status_code == 409 and (slots := answer.json().get("slots")):
            answer = await self._api.post("/callbacks", json=wish | {"due_at": slots[0]["due_at"]})
        if answer.status_code != 201:
            self._played.refused += 1

    def _button(self, agent_id: str) -> Any:
        async def put(availability: str, reason: str) -> None:
            body = {"availability": availability} | ({"reason": reason} if reason else {})
            answer = await self._api.put(f"/agents/{agent_id}/presence", json=body)
            assert answer.status_code == 200, answer.text

        return put

    def _ill(self, agent_id: str) -> Any:
        async def tell() -> None:
            now = self._clock.now()
            body = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=12)).isoformat(), "reason": "ill"}
            answer = await self._api.post(f"/agents/{agent_id}/absences", json=body)
            assert answer.status_code == 201, answer.text

        return tell

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        async def seen() -> None:
            try:
                await work
            except Exception as error:  # a fault of the scene is one of the run
                self._played.failures.append(f"{type(error).__name__}: {error}")

        self._clock.spawn(seen(), "morning")


async def _furnish(database: Database, morning: Morning, seed: int) -> Known:
    """Agents, people who are known, four weeks to learn from, and the plan."""
    dice, at = Random(f"past {seed}"), FRIDAY - timedelta(weeks=WEEKS + 1)
    plan = Plan(hours="Mo-Fr 08:30-18:00", callback_retry_minutes=morning.size.retry_minutes)
    known = [one.person.number for one in morning.promised]
    known += [one.person.number for one in morning.callers if one.known]
    async with database.write() as conn:
        await Plans().publish(conn, plan, after=0, author="bench", note=None, now=at)
        agents = [
            await roster.add(
                conn,
                {
                    "name": f"{worker.name} Rossi",
                    "address": f"client:{worker.name.lower()}",
                    "languages": [LANGUAGE],
                    "skills": {},
                    "stand_in": None,
                },
                at,
            )
            for worker in morning.workers
        ]
        called = [{"name": f"Maria {n:03d}", "called": "Maria", "language": LANGUAGE} for n in range(len(known))]
        values = [one | {"phones": [number]} for one, number in zip(called, known, strict=True)]
        ids = await people.add_many(conn, values, at)
        rows = list(_past(dice, morning.size.inbound_an_hour, agents, ids))
        await history.record_many(conn, rows)
    await Learning(database, VirtualClock(FRIDAY), HOUSE).look()
    return Known(agents, dict(zip(known, ids, strict=True)), plan)


def _past(dice: Random, an_hour: float, agents: list[str], customers: list[str]) -> Any:
    """As many conversations in each hour as callers are to be expected on this one."""
    for day in range(WEEKS * 7):
        date = (FRIDAY - timedelta(days=day)).replace(hour=8, minute=30)
        if date.weekday() >= 5:
            continue
        for minute in range(9 * 60 if day else 6 * 60):
            for _ in range(sum(dice.random() < an_hour / 60 / 10 for _ in range(10))):
                yield {
                    "customer_id": dice.choice(customers),
                    "agent_id": dice.choice(agents),
                    "channel": "voice",
                    "started_at": date + timedelta(minutes=minute, seconds=dice.randrange(60)),
                    "talk_seconds": round(talk_seconds(dice)),
                    "outcome": "solved",
                }


async def _promise_before(database: Database, morning: Morning, house: Known, seed: int, played: Played) -> None:
    """What was promised on Friday, and the messages that were left on Sunday: each as the server of then would."""
    promises, dice = Promises(HOUSE), Random(f"friday {seed}")
    for n, one in enumerate(morning.promised):
        if one.kind in LIVE:
            continue
        left = one.kind == MESSAGE
        now = (SUNDAY if left else FRIDAY) + timedelta(seconds=20 * n)
        agent = None if one.agent is None else house.agents[one.agent]
        wish = Wish(
            customer_id=house.customers[one.person.number],
            number=one.person.number,
            language=LANGUAGE,
            kind={MESSAGE: "voicemail", FOLLOW_UP: "follow_up"}.get(one.kind, "scheduled"),
            due_at=None if left else one.due_at,
            agent_id=agent,
            from_number=LINE,
            by=by_agent(agent) if one.kind == FOLLOW_UP and agent else By("service", "api"),
        )
        async with database.write() as conn:
            try:
                await promises.make(conn, wish, house.plan, now=now, honest=not left)
            except CannotKeep as error:
                played.refused += not await _another(conn, promises, wish, error, house.plan, now, dice)


async def _another(
    conn: Any, promises: Promises, wish: Wish, error: CannotKeep, plan: Plan, now: datetime, dice: Random
) -> bool:
    """They take one of the times that they are offered instead."""
    if not error.slots:
        return False
    due_at = dice.choice(error.slots).due_at
    await promises.make(conn, replace(wish, due_at=due_at), plan, now=now)
    return True


async def _read(database: Database, played: Played) -> None:
    async with database.read() as conn:
        played.promises = list(await conn.execute(select(callbacks).order_by(callbacks.c.promised_at)))
        played.steps = list(await conn.execute(select(callback_history).order_by(callback_history.c.n)))
        played.attempts = list(await conn.execute(select(callback_attempts).order_by(callback_attempts.c.n)))
        played.texts = list(await conn.execute(select(texts).order_by(texts.c.at)))
        played.no_texts = set(await conn.scalars(select(text_opt_outs.c.number)))
        played.calls = list(await conn.execute(select(calls).order_by(calls.c.arrived_at)))


def _settings(folder: Path) -> Settings:
    return Settings.model_construct(
        centralino_home=folder,
        public_url=OURS,
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token=SecretStr("bench"),
        api_token=SecretStr(TOKEN),
        company_name=HOUSE.company,
        default_region=HOUSE.country,
        default_language=LANGUAGE,
        timezone=HOUSE.zone,
        calls_per_second=5.0,
        secret_key=SecretStr(new_id("key")),
    )
