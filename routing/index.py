"""The floor in Redis: who is free and who waits, kept in order, so that the best are found without looking at the rest.

Everything here is a copy of rows and may vanish; what cannot be answered is Unanswered, and SQL is asked instead.
Writing is for `index_loop`, which knows what was committed.  How the keys lie: `index_scripts`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha1
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from routing import index_scripts as scripts
from routing.agents import Activity, Agent, Availability
from routing.floor import Asked, Found, Unanswered
from routing.needs import Need, read_need
from routing.queue import Place, Queued, from_card, instant, micros
from store.live import Live

PREFIX = "{floor}:"
BUILDER_SECONDS = 5  # without a word from whoever builds, somebody else begins anew
PAGE = 500  # things in one script or statement
_PLACES = {True: "idle", False: "busy"}
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Refused(Exception):
    """What was read belongs to a build, or to a list of needs, that is no longer the present one: read again."""


class Script:
    """What Redis is asked to run, by its digest."""

    def __init__(self, text: str) -> None:
        self.text = scripts.script(text)
        self.sha = sha1(self.text.encode(), usedforsecurity=False).hexdigest()


LOOK, HEADS, QUEUE, RIPE = (Script(s) for s in (scripts.LOOK, scripts.HEADS, scripts.QUEUE, scripts.RIPE))
PUT_AGENTS, PUT_CALLS, JOIN = (Script(s) for s in (scripts.PUT_AGENTS, scripts.PUT_CALLS, scripts.JOIN))
ADD_NEEDS, FILLED, STATE, APPLIED = (
    Script(s) for s in (scripts.ADD_NEEDS, scripts.FILLED, scripts.STATE, scripts.APPLIED)
)


@dataclass(frozen=True, slots=True)
class State:
    token: str  # empty: nobody has begun to build
    built: bool
    ready: bool
    needs: int
    unready: frozenset[int]


@dataclass(frozen=True, slots=True)
class Known:
    """The build and its needs, as a writer knew them when it read what it writes."""

    token: str
    needs: Mapping[str, int]  # text -> number

    def numbers(self, agent: Agent) -> str:
        """Of the needs this agent meets."""
        return ",".join(str(number) for text, number in self.needs.items() if read_need(text).fits(agent))


class Index:
    def __init__(self, live: Live, *, prefix: str = PREFIX) -> None:
        self._live, self._prefix = live, prefix
        self.unknown: set[str] = set()  # needs somebody asked about in vain
        self.on_doubt: Callable[[], None] = lambda: None

    # What choosing asks: a routing.floor.Source.

    async def look(self, asked: Asked) -> Found:
        *entries, counts = (await self._ask(LOOK, *pack_asked(asked), need=asked.need.text)).split("\n")
        idle, busy, ahead, heads = map(int, counts.split(" "))
        return Found(idle, busy, ahead, _agents(entries[heads:]), _agents(entries[:heads]))

    async def heads(self, need: Need, *, idle: bool, skip: int, k: int) -> Sequence[Agent]:
        answer = await self._ask(HEADS, need.text, _PLACES[idle], skip, skip + k - 1, need=need.text)
        return _agents(answer.split("\n"))

    async def queue(self, agent: Agent, now: datetime, k: int) -> Sequence[Queued]:
        answer = await self._ask(QUEUE, micros(now), agent.id, k)
        if not answer:
            return []
        lines = answer.split("\n")
        many = len(lines) // 2
        return [queued(body, int(place)) for body, place in zip(lines[:many], lines[many:], strict=True)]

    async def ripe(self, now: datetime, after: Agent | None, k: int) -> Sequence[Agent]:
        since, behind = (0, "") if after is None else (micros(after.since_at), after.id)
        return _agents((await self._ask(RIPE, micros(now), since, behind, k)).split("\n"))

    async def _ask(self, script: Script, *arguments: str | int, need: str | None = None) -> str:
        answer: str | None = await self.run(script, *arguments)
        if answer is None:
            if need is not None:
                self.unknown.add(need)
            self.on_doubt()
            raise Unanswered
        return answer

    # What its writer asks.

    async def run(self, script: Script, *arguments: str | int) -> Any:
        """Raises Unanswered when Redis is away."""

        async def call(redis: Redis) -> Any:
            try:
                return await redis.evalsha(script.sha, 1, self._prefix, *arguments)
            except NoScriptError:
                return await redis.eval(script.text, 1, self._prefix, *arguments)

        return await self._sure(call)

    async def state(self) -> State:
        token, built, ready, needs, unready = await self.run(STATE)
        return State(token, bool(built), bool(ready), needs, frozenset(map(int, unready)))

    async def known(self) -> Known | None:
        """None while there is no build to write to."""

        async def read(redis: Redis) -> Any:
            async with redis.pipeline(transaction=True) as pipe:
                pipe.get(self._prefix + "token")
                pipe.hgetall(self._prefix + "needs")
                return await pipe.execute()

        token, needs = await self._sure(read)
        return Known(token, {text: int(packed.split(";")[0]) for text, packed in needs.items()}) if token else None

    async def add_needs(self, known: Known, texts: Iterable[str]) -> None:
        """Raises Refused."""
        every = {**known.needs}
        for text in sorted(set(texts) - every.keys()):
            every[text] = len(every) + 1
        if len(every) > len(known.needs):
            needs = {text: read_need(text) for text in every}
            packed = []
            for text, number in every.items():
                rivals = (str(every[other]) for other, need in needs.items() if need.rivals(needs[text]))
                packed += [text, f"{number};{','.join(rivals)}"]
            await self._write(ADD_NEEDS, known, *packed)

    async def put_agents(self, known: Known, agents: Mapping[str, Agent | None], versions: Mapping[str, int]) -> None:
        """None: there is no such agent.  Raises Refused."""
        packed: list[str | int] = []
        for agent_id, agent in agents.items():
            needs = "" if agent is None else known.numbers(agent)
            packed += [agent_id, needs, pack_agent(agent_id, agent, versions.get(agent_id, 0))]
        await self._write(PUT_AGENTS, known, *packed)

    async def put_calls(self, known: Known, places: Mapping[str, Place | None], versions: Mapping[str, int]) -> None:
        """None: they do not wait.  All needs must be known.  Raises Refused."""
        packed: list[str | int] = []
        for call_id, place in places.items():
            packed += [
                call_id,
                pack_line(place, known, versions.get(call_id, 0)),
                "" if place is None else pack_card(place),
            ]
        await self._write(PUT_CALLS, known, *packed)

    async def join(self, known: Known, entries: Mapping[str, str]) -> None:
        """Agents take their places for needs that are new; `entries` as they were found.  Raises Refused."""
        packed: list[str | int] = []
        for agent_id, entry in entries.items():
            agent = unpack_agent(entry)
            if agent is not None:
                packed += [agent_id, known.numbers(agent), entry]
        await self._write(JOIN, known, *packed)

    async def agents_page(self, cursor: int) -> tuple[int, dict[str, str]]:
        """Some entries, and where to go on; 0 at the end."""
        name = self._prefix + "agents"
        following, entries = await self._sure(lambda redis: redis.hscan(name, cursor, count=PAGE))
        return int(following), entries

    async def lease(self, owner: str, *, first: bool) -> bool:
        """May this owner build, or go on building?"""
        key = self._prefix + "builder"
        if first:
            return bool(await self._sure(lambda redis: redis.set(key, owner, nx=True, ex=BUILDER_SECONDS)))
        if await self._sure(lambda redis: redis.get(key)) != owner:
            return False
        return bool(await self._sure(lambda redis: redis.expire(key, BUILDER_SECONDS)))

    async def begin(self, token: str, applied: int) -> None:
        """Nothing is left of an earlier build, and its writers are refused from the first moment on."""

        name, cursor = self._prefix + "token", -1
        await self._sure(lambda redis: redis.delete(name))
        while cursor:  # a page at a time: none of them takes long
            cursor = await self._unlink_page(max(cursor, 0))
        keep = scripts.KEEP_SECONDS
        await self._sure(lambda redis: redis.set(self._prefix + "applied", applied, ex=keep))
        await self._sure(lambda redis: redis.set(name, token, ex=keep))

    async def _unlink_page(self, cursor: int) -> int:
        async def unlink(redis: Redis) -> int:
            following, names = await redis.scan(cursor, match=self._prefix + "*", count=1000)
            if names := [name for name in names if name != self._prefix + "builder"]:
                await redis.unlink(*names)
            return int(following)

        following: int = await self._sure(unlink)
        return following

    async def filled(self, known: Known, owner: str, numbers: Iterable[int]) -> bool:
        """Whether the index may be trusted now.  Raises Refused."""
        return await self._write(FILLED, known, owner, *numbers) == "whole"

    async def applied(self) -> int | None:
        number = await self._sure(lambda redis: redis.get(self._prefix + "applied"))
        return None if number is None else int(number)

    async def note_applied(self, token: str, number: int) -> None:
        await self.run(APPLIED, token, number)

    async def _write(self, script: Script, known: Known, *arguments: str | int) -> str:
        answer = str(await self.run(script, known.token, len(known.needs), *arguments))
        if answer.startswith(("another", "more")):
            raise Refused(answer)
        return answer

    async def _sure(self, call: Callable[[Redis], Awaitable[Any]]) -> Any:
        async def answered(redis: Redis) -> tuple[Any]:
            return (await call(redis),)

        answer = await self._live.ask(answered)
        if answer is None:
            raise Unanswered
        return answer[0]


def pack_asked(asked: Asked) -> tuple[str | int, ...]:
    """What index_scripts.LOOK is given."""
    when = f"{int(asked.busy)} {micros(asked.now)} ({micros(asked.before)}"
    last = f"{asked.k - 1} {asked.few - 1}"
    return asked.need.text, last, when, " ".join(asked.bound), " ".join(asked.known - asked.bound)


_AVAILABILITY = {availability.value[0]: availability for availability in Availability}
_ACTIVITY = {activity.value[0]: activity for activity in Activity}


def pack_agent(agent_id: str, agent: Agent | None, version: int) -> str:
    """`id version;state;since;stand-in;body`"""
    if agent is None:
        return f"{agent_id} {version};;;;"
    until = None if agent.wrap_up_until is None else micros(agent.wrap_up_until)
    who = (agent.name, agent.address, agent.languages, dict(agent.skills), agent.hours, agent.team)
    body = [*who, until, agent.misses, agent.load, agent.wanted_an_hour]
    state = agent.availability.value[0] + agent.activity.value[0]
    return f"{agent_id} {version};{state};{micros(agent.since_at)};{agent.stand_in or ''};{_json(body)}"


@lru_cache(maxsize=4096)
def unpack_agent(entry: str) -> Agent | None:
    """Kept: the same few entries are read again and again."""
    first, state, since, stand_in, body = entry.split(";", 4)
    if not body:
        return None
    name, address, languages, skills, hours, team, until, misses, load, wanted = json.loads(body)
    return Agent(
        id=first.split(" ")[0],
        name=name,
        address=address,
        languages=tuple(languages),
        skills=skills,
        stand_in=stand_in or None,
        hours=hours,
        availability=_AVAILABILITY[state[0]],
        activity=_ACTIVITY[state[1]],
        since_at=instant(int(since)),
        wrap_up_until=None if until is None else instant(until),
        misses=misses,
        team=team,
        load=load,
        wanted_an_hour=wanted,
    )


def pack_line(place: Place | None, known: Known, version: int) -> str:
    """`version;need;ranked;held;wishes;`"""
    if place is None:
        return f"{version};;;;;"
    held = "" if place.held_until is None else micros(place.held_until)
    wishes = ",".join(f"{agent}={micros(at)}" for agent, at in place.wishes.items())
    return f"{version};{known.needs[place.need]};{micros(place.ranked_at)};{held};{wishes};"


def pack_card(place: Place) -> str:
    held = None if place.held_until is None else micros(place.held_until)
    return f"[{_json(place.call_id)},{_json(place.plan_version)},{_json(held)},{place.card}]"


def queued(body: str, ranked: int) -> Queued:
    call_id, plan_version, held, card = json.loads(body)
    return Queued(call_id, from_card(card), plan_version, instant(ranked), None if held is None else instant(held))


def _agents(entries: Iterable[str]) -> list[Agent]:
    found = (unpack_agent(entry) for entry in entries if entry)
    return [agent for agent in found if agent is not None]
