"""A house of a size that few have, written straight into a PostgreSQL: people, their past, promises, a busy floor, and
who has looked at whom.

Whose id is which is known beforehand, so that a page of one of them can be asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from bench.identify import Town
from store import schema
from switchboard.tables import metadata

OUTCOMES = ("solved", "solved", "solved", "open", "transferred")
TOPICS = ("lamp", "bill", "order", "warranty", "address")
STATES = ("talking",) * 4 + ("waiting", "waiting", "ringing", "greeting")
KINDS = ("asap", "scheduled", "scheduled", "follow_up", "voicemail")
LINE = "+390699990000"
INDEXED = (
    "customers",
    "customer_phones",
    "customer_name_parts",
    "interactions",
    "calls",
    "legs",
    "decisions",
    "callbacks",
    "audit",
)


@dataclass(frozen=True, slots=True)
class Size:
    customers: int = 100_000
    interactions: int = 1_000_000
    agents: int = 200
    promises: int = 20_000
    calls: int = 100_000  # that are over
    live: int = 90  # of them two thirds talk
    looks: int = 200_000  # of agents and managers at a person

    @classmethod
    def of(cls, customers: int) -> Size:
        """With a past in proportion; agents and what is on the line are as many as ever."""
        usual = cls()

        def so_many(many: int) -> int:
            return many * customers // usual.customers

        return cls(
            customers,
            so_many(usual.interactions),
            promises=so_many(usual.promises),
            calls=so_many(usual.calls),
            looks=so_many(usual.looks),
        )


class Full(Town):
    """The people of the town with everything that pages show of them.  `now`: of everything that is near."""

    def __init__(self, size: Size, now: datetime) -> None:
        super().__init__(size.customers)
        self.size, self.now = size, now

    def agent(self, n: int) -> str:
        return f"agt_{n % self.size.agents:026d}"

    def call(self, n: int) -> str:
        return f"call_{n:026d}"

    def promise(self, n: int) -> str:
        return f"cb_{n:026d}"

    def tables(self) -> Iterator[tuple[str, str, Iterator[tuple[Any, ...]]]]:
        """Name, columns, rows: each after those it refers to."""
        yield (
            "agents",
            "id,name,address,languages,skills,team,availability,reason,activity,since_at,made_at",
            self._agents(),
        )
        columns = "id,external_id,name,called,language,formal,email,email_key,name_key,tags,made_at,changed_at"
        yield "customers", columns, self.customers(self.now)
        yield "customer_phones", "customer_id,number,position", self.customer_phones(self.now)
        yield "customer_name_parts", "customer_id,part", self.customer_name_parts(self.now)
        yield "cases", "id,customer_id,owner,topic,title,state,made_at", self._cases()
        columns = "id,customer_id,agent_id,channel,started_at,talk_seconds,outcome,topic,summary"
        yield "interactions", columns, self._interactions()
        columns = (
            "id,customer_id,number,from_number,agent_id,promised_at,zone,window_seconds,kind,reason,state,made_at,risk"
        )
        yield "callbacks", columns, self._promises()
        yield "callback_history", "callback_id,n,at,what,by,after", self._steps()
        columns = "id,sid,direction,from_number,to_number,customer_id,language,said,state,outcome,agent_id,familiar"
        columns += ",arrived_at,joined_at,ended_at,case_id"
        yield "calls", columns, self._calls()
        yield "legs", "id,sid,call_id,role,agent_id,state,made_at,ended_at", self._legs()
        yield "reservations", "id,call_id,agent_id,state,live,made_at,accepted_at,ended_at", self._reservations()
        yield "decisions", "id,call_id,at,action,agent_id,sentence,reasons", self._decisions()

        yield "users", "id,name,email,role,agent_id,made_at", self._users()
        yield "audit", "id,at,role,by,agent_id,what,customer_id,detail", self._looks()

    def _agents(self) -> Iterator[tuple[Any, ...]]:
        talking = len([n for n in range(self.size.live) if STATES[n % len(STATES)] == "talking"])
        for n in range(self.size.agents):
            away = n >= talking and n % 5 == 0
            presence = ("away", "lunch", "idle") if away else ("ready", None, "talking" if n < talking else "idle")
            skills = json.dumps({TOPICS[n % 5]: 1 + n % 4, TOPICS[(n + 2) % 5]: 2})
            spoken = json.dumps(["it-IT", "en-GB"] if n % 3 else ["it-IT"])
            since = self.now - timedelta(seconds=10 * n)
            name, team = f"{self.given[n]} {self.surnames[n]}", f"Team {n % 6}"
            yield self.agent(n), name, f"client:agent{n}", spoken, skills, team, *presence, since, self.now

    def _users(self) -> Iterator[tuple[Any, ...]]:
        for n in range(self.size.agents):
            name = f"{self.given[n]} {self.surnames[n]}"
            yield f"usr_{n:026d}", name, f"agent{n}@lume.example", "agent", self.agent(n), self.now

    def _looks(self) -> Iterator[tuple[Any, ...]]:
        for n in range(self.size.looks):
            at, whose, who = self.now - timedelta(minutes=n), self.id(n * 7 % self.people), n % self.size.agents
            part = json.dumps({"part": "profile"})
            yield f"aud_{n:026d}", at, "agent", f"usr_{who:026d}", self.agent(who), "read", whose, part

    def _cases(self) -> Iterator[tuple[Any, ...]]:
        for n in range(0, self.people, 4):
            topic = TOPICS[n % 5]
            made_at = self.now - timedelta(hours=n % 5000)
            yield f"case_{n:026d}", self.id(n), self.agent(n), topic, f"The {topic} of {n}", "open", made_at

    def _interactions(self) -> Iterator[tuple[Any, ...]]:
        for n in range(self.size.interactions):
            whose, at = n % self.people, self.now - timedelta(minutes=1 + n % 500_000)
            what = OUTCOMES[n % len(OUTCOMES)], TOPICS[n % 5], "What was said in a sentence or two."
            yield f"int_{n:026d}", self.id(whose), self.agent(whose + n // self.people % 3), "voice", at, 200, *what

    def _promises(self) -> Iterator[tuple[Any, ...]]:
        """A fifth of them open, from now on at one a minute; the others kept or broken before."""
        open_ones = self.size.promises // 5
        for n in range(self.size.promises):
            still = n < open_ones
            at = self.now + timedelta(minutes=n - 5) if still else self.now - timedelta(minutes=n)
            state = "promised" if still else "broken" if n % 20 == 0 else "kept"
            risk = "owner_busy" if still and n % 40 == 7 else None
            owner = self.agent(n) if n % 3 else None
            yield (
                *(
                    self.promise(n),
                    self.id(n % self.people),
                    self.mobile(n % self.people),
                    LINE,
                    owner,
                    at,
                    "Europe/Rome",
                    300,
                    KINDS[n % 5],
                ),
                *("The lamp in the cellar", state, at - timedelta(hours=5), risk),
            )

    def _steps(self) -> Iterator[tuple[Any, ...]]:
        for n in range(self.size.promises):
            at = self.now - timedelta(hours=5)
            yield self.promise(n), 1, at, "made", "customer phone", json.dumps({"due_at": self.now.isoformat()})

    def _calls(self) -> Iterator[tuple[Any, ...]]:
        for n in range(self.size.calls + self.size.live):
            live = n >= self.size.calls
            place = n - self.size.calls
            state = STATES[place % len(STATES)] if live else "ended"
            at = self.now - timedelta(seconds=20 + 3 * place if live else 3600 + 60 * n)
            agent = self._talker(place) if state == "talking" else None if live else self.agent(n)
            talks = at + timedelta(seconds=20) if agent else None
            ended = None if live else at + timedelta(seconds=300)
            yield (
                *(self.call(n), f"CA{n:032x}", "inbound", self.mobile(n % self.people), LINE, self.id(n % self.people)),
                *("it-IT", "My lamp went dark last night", state, None if live else "agent", agent, n % 2 == 0),
                *(at, talks, ended, None),
            )

    def _talker(self, place: int) -> str:
        """Each agent who talks has one caller."""
        return self.agent(len([n for n in range(place) if STATES[n % len(STATES)] == "talking"]))

    def _talks(self) -> Iterator[tuple[int, str]]:
        for place in range(self.size.live):
            if STATES[place % len(STATES)] == "talking":
                yield self.size.calls + place, self._talker(place)

    def _legs(self) -> Iterator[tuple[Any, ...]]:
        at = self.now - timedelta(seconds=20)
        for n in range(self.size.calls, self.size.calls + self.size.live):
            yield f"leg_{n:026d}", None, self.call(n), "caller", None, "in-progress", at, None
        for n, agent in self._talks():
            yield f"leg_a{n:025d}", None, self.call(n), "agent", agent, "in-progress", at, None

    def _reservations(self) -> Iterator[tuple[Any, ...]]:
        at = self.now - timedelta(seconds=20)
        for n, agent in self._talks():
            yield f"rsv_{n:026d}", self.call(n), agent, "accepted", True, at, at, None
        for n in range(self.size.calls):
            at = self.now - timedelta(seconds=3600 + 60 * n)
            ended = at + timedelta(seconds=300)
            yield f"rsv_{n:026d}", self.call(n), self.agent(n), "talk_ended", False, at, at, ended

    def _decisions(self) -> Iterator[tuple[Any, ...]]:
        weighed = [
            {"agent": self.agent(k), "name": self.given[k], "wait_seconds": 10.0 * k, "worth_seconds": 60.0}
            | {"because": ["familiar"], "spare": {"load": 5.0}}
            for k in range(8)
        ]
        reasons = json.dumps({"weighed": weighed, "estimate_seconds": 90.0, "waited_seconds": 12.0})
        for n in range(self.size.calls + self.size.live):
            at = self.now - timedelta(seconds=self.size.calls + self.size.live - n)
            sentence = f"{self.given[n % 200]} has helped {self.given[n % 600]} twice and is free."
            yield f"dec_{n:026d}", self.call(n), at, "ring", self.agent(n), sentence, reasons


def fill(url: URL, size: Size) -> Full:
    """The tables, then their rows, then the large ones' indexes."""
    engine = create_engine(url, poolclass=NullPool)
    schema.upgrade(url)
    indexes = [index for name in INDEXED for index in metadata.tables[name].indexes]
    for index in indexes:
        index.drop(engine)
    full = Full(size, datetime.now(UTC))
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as conn:
        for name, columns, rows in full.tables():
            with conn.cursor().copy(f"COPY {name} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    for index in indexes:
        index.create(engine)
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    engine.dispose()
    return full
