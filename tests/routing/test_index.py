"""The floor in Redis answers as SQL does, whatever happens to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import URL

from routing.agents import Activity
from routing.floor import Unanswered, set_availability
from routing.floor import agent as read_agent
from routing.index import PAGE, PREFIX, Index, Refused
from routing.index_loop import IndexLoop
from routing.index_scripts import KEEP_SECONDS, MOST_GONE, TRUST_SECONDS
from routing.live_floor import Floor
from routing.needs import Need
from routing.queue import Place, leaves, places, waits
from routing.roster import change
from routing.tables import agents
from routing.weigh import Caller
from store.clock import VirtualClock
from store.events import emit
from store.live import Live, connect
from store.sql import Database, News
from store.tables import events
from tests.conftest import TUESDAY_AT_TEN
from tests.routing.moving_floor import NO_SQL, House
from tests.routing.rows import add_agent, add_call

pytestmark = pytest.mark.anyio

STEPS = 20


@pytest.fixture
async def house(database: Database, clock: VirtualClock, redis_url: str) -> AsyncIterator[House]:
    house = House(database, clock, redis_url)
    yield house
    await house.live.close()


async def test_redis_and_sql_tell_the_same(house: House) -> None:
    await house.hire(12)
    for _ in range(STEPS):
        await house.step()
        await house.settle()
        await house.the_same()
        await house.clock.advance(1)


async def test_what_vanished_is_back_within_ten_seconds(house: House) -> None:
    await house.hire(6)
    for _ in range(12):
        await house.step()
    running = house.clock.spawn(house.loop.run(), "index")
    await house.clock.advance(1)
    assert (await house.index.state()).ready
    await house.live.redis.flushall()
    await house.the_same_from_sql()
    await house.clock.advance(10)
    running.cancel()
    await house.the_same()


async def test_every_key_goes_away_by_itself_and_trust_goes_first(house: House) -> None:
    await house.hire(6)
    for _ in range(12):
        await house.step()
    await house.settle()
    await house.the_same()
    lives = {key: await house.live.redis.ttl(key) for key in await house.live.redis.keys("*")}
    assert len(lives) > 20
    assert all(0 < seconds <= KEEP_SECONDS for seconds in lives.values())
    trusted = lives.pop(PREFIX + "trusted")
    built = lives.pop(PREFIX + "built")
    assert max(trusted, built) <= TRUST_SECONDS < min(lives.values())


@pytest.fixture
async def small(sqlite_url: URL, clock: VirtualClock, redis_url: str) -> AsyncIterator[House]:
    """What does not depend on the kind of database: Anna, who is free, and one caller who knows her."""
    database = Database(sqlite_url)
    house = House(database, clock, redis_url)
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now())
        await add_call(conn, "one", clock.now())
        await waits(conn, "one", MARIA, Need.of(MARIA), {"anna": 60.0}, now=clock.now())
    await house.settle()
    yield house
    await house.live.close()
    await database.close()


MARIA = Caller(language="it", arrived_at=TUESDAY_AT_TEN, preferred="anna")


async def queue(house: House, now: datetime = TUESDAY_AT_TEN, agent_id: str = "anna") -> list[str]:
    async with house.database.read() as conn:
        agent = await read_agent(conn, agent_id)
    return [one.call_id for one in await house.quick.queue_for(NO_SQL, agent, now)]


async def ripe(house: House, now: datetime = TUESDAY_AT_TEN) -> list[str]:
    return [agent.id for agent in await house.quick.ripe(NO_SQL, now)]


async def test_an_older_version_never_replaces_a_newer_one(small: House) -> None:
    known = await small.index.known()
    assert known is not None
    async with small.database.read() as conn:
        place = (await places(conn, ["one"]))["one"]
        anna = await read_agent(conn, "anna")
    talking = replace(anna, activity=Activity.TALKING)
    await small.index.put_agents(known, {"anna": talking}, {"anna": 9})
    await small.index.put_agents(known, {"anna": anna}, {"anna": 8})
    await small.index.put_agents(known, {"anna": anna}, {})
    assert await ripe(small) == []
    await small.index.put_calls(known, {"one": None}, {"one": 9})
    await small.index.put_calls(known, {"one": place}, {"one": 8})
    await small.index.put_calls(known, {"one": place}, {})
    assert await queue(small) == []
    await small.index.put_agents(known, {"anna": anna}, {"anna": 10})
    await small.index.put_calls(known, {"one": place}, {"one": 10})
    assert (await ripe(small), await queue(small)) == (["anna"], ["one"])


async def test_a_writer_who_read_under_an_earlier_build_is_refused(small: House) -> None:
    known = await small.index.known()
    assert known is not None
    async with small.database.write() as conn:
        place = (await places(conn, ["one"]))["one"]
        await leaves(conn, "one", now=small.clock.now())
    await small.live.redis.flushall()
    await small.clock.advance(1)
    await small.settle()
    with pytest.raises(Refused, match="another build"):
        await small.index.put_calls(known, {"one": place}, {"one": 99})
    assert await queue(small) == []


async def test_who_left_long_ago_is_not_put_back_by_somebody_late(
    small: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await small.index.known()
    assert known is not None
    async with small.database.read() as conn:
        place = (await places(conn, ["one"]))["one"]
    gone: dict[str, Place | None] = {f"call{n}": None for n in range(MOST_GONE + 1)}
    await small.index.put_calls(known, {"one": None}, {"one": 9})
    for names in (list(gone)[n : n + PAGE] for n in range(0, len(gone), PAGE)):
        await small.index.put_calls(known, dict.fromkeys(names), dict.fromkeys(names, 10))
    assert await small.live.redis.hexists(PREFIX + "lines", "one") is False
    await small.index.put_calls(known, {"one": place}, {"one": 8})
    assert await queue(small) == []
    await small.index.put_calls(known, {"call5000": place}, {"call5000": 11})
    for names in (list(gone)[n : n + PAGE] for n in range(5001, len(gone), PAGE)):
        await small.index.put_calls(known, {f"{name}0": None for name in names}, {f"{name}0": 12 for name in names})
    assert await small.live.redis.hexists(PREFIX + "lines", "call5000")


async def test_what_a_process_committed_before_it_died_is_brought_in_by_another(small: House) -> None:
    other = Database(small.database.url)  # nobody listens to what it commits
    async with other.write() as conn:
        await set_availability(conn, "anna", "away", None, now=small.clock.now())
        await add_call(conn, "two", small.clock.now())
        await waits(conn, "two", MARIA, Need.of(MARIA), {"anna": 90.0}, now=small.clock.now())
    await other.close()
    await small.loop.turn()
    assert (await ripe(small), await queue(small)) == (["anna"], ["one"])
    await small.clock.advance(1)
    await small.loop.turn()
    assert (await ripe(small), await queue(small)) == ([], ["two", "one"])


async def test_an_event_that_is_committed_late_is_not_missed(small: House) -> None:
    """Numbers are given before the commit, so a lower one may appear after a higher one."""
    now = small.clock.now()
    async with small.database.write() as conn:
        newest = await conn.scalar(select(func.max(events.c.id)))
        await conn.execute(insert(events).values(id=newest + 2, at=now, type="agent.changed", ref="luca"))
    await small.clock.advance(1)
    await small.settle()
    quiet = update(agents).where(agents.c.id == "anna").values(activity="talking")
    async with small.database.write() as conn:
        await conn.execute(quiet)
        await conn.execute(insert(events).values(id=newest + 1, at=now, type="agent.changed", ref="anna"))
    await small.clock.advance(1)
    await small.settle()
    assert await ripe(small) == []


async def test_without_redis_sql_answers(sqlite_url: URL, clock: VirtualClock, short_folder: Path) -> None:
    database, live = Database(sqlite_url), Live(connect(f"unix://{short_folder}/nobody.sock"))
    index = Index(live)
    loop = IndexLoop(database, clock, index)
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now())
    with pytest.raises(Unanswered):
        await loop.turn()
    async with database.read() as conn:
        found = await Floor(index).candidates(conn, MARIA, clock.now())
    assert [agent.id for agent in found.agents] == ["anna"]
    await live.close()
    await database.close()


async def test_who_is_held_is_found_by_whom_they_know_and_later_by_everybody(small: House) -> None:
    now = small.clock.now()
    until = now + timedelta(seconds=5)
    async with small.database.write() as conn:
        await add_agent(conn, "luca", now + timedelta(seconds=1))
        await emit(conn, "agent.changed", "luca", now)
        await set_availability(conn, "anna", "away", None, now=now)
        await waits(conn, "one", MARIA, Need.of(MARIA), {"anna": 60.0}, now=now, held_until=until)
    await small.settle()
    assert (await ripe(small), await queue(small, agent_id="luca")) == ([], [])
    async with small.database.write() as conn:
        await set_availability(conn, "anna", "ready", None, now=now)
    await small.settle()
    assert (await ripe(small), await queue(small)) == (["anna"], ["one"])
    assert (await queue(small, until, "luca"), await ripe(small, until)) == (["one"], ["anna", "luca"])


async def test_a_need_nobody_knew_is_answered_by_sql_and_then_known(small: House) -> None:
    german = replace(MARIA, language="de", preferred=None)
    async with small.database.write() as conn:
        await add_agent(conn, "dora", small.clock.now(), languages=["de"])
        await emit(conn, "agent.changed", "dora", small.clock.now())
    await small.settle()
    async with small.database.read() as conn:
        first = await small.quick.candidates(conn, german, small.clock.now())
    assert [agent.id for agent in first.agents] == ["dora"]
    with pytest.raises(AttributeError):
        await small.quick.candidates(NO_SQL, german, small.clock.now())
    await small.settle()
    assert await small.quick.candidates(NO_SQL, german, small.clock.now()) == first


async def test_a_need_another_process_has_learnt_is_known_to_all(small: House, redis_url: str) -> None:
    """Its agents are filled in by whoever is first, and a change here counts for it as well."""
    live = Live(connect(redis_url, timeout=10), timeout=10)
    there = Index(live)
    async with small.database.write() as conn:
        await add_agent(conn, "dora", small.clock.now(), skills={"loans": 2})
        await emit(conn, "agent.changed", "dora", small.clock.now())
    await small.settle()
    known = await there.known()
    assert known is not None
    await there.add_needs(known, ["it|loans:1|"])
    assert not (await there.state()).ready
    async with small.database.write() as conn:
        await change(conn, "anna", {"skills": {"loans": 1}}, small.clock.now())
    await small.clock.advance(1)
    await small.settle()
    assert [agent.id for agent in await there.heads(Need.parse("it|loans:1|"), idle=True, skip=0, k=9)] == [
        "anna",
        "dora",
    ]
    await live.close()


async def test_a_build_that_nobody_ended_is_begun_anew(small: House) -> None:
    await small.live.redis.flushall()
    assert await small.index.lease("who died", first=True)
    await small.index.begin("half done", 0)
    await small.clock.advance(1)
    await small.settle()
    assert not (await small.index.state()).ready
    await small.live.redis.delete(PREFIX + "builder")  # as its expiry does
    await small.clock.advance(1)
    await small.settle()
    assert (await ripe(small), await queue(small)) == (["anna"], ["one"])


async def test_who_is_free_or_waits_is_told_of_once_the_index_shows_it(small: House) -> None:
    told: list[int] = []
    small.loop = IndexLoop(small.database, small.clock, small.index, changed=lambda: told.append(1))
    await small.settle()
    told.clear()
    await small.loop.turn()
    assert told == []
    async with small.database.write() as conn:
        await set_availability(conn, "anna", "ready", None, now=small.clock.now())
    assert told == []
    await small.loop.turn()
    assert (await ripe(small), told) == (["anna"], [1])
    async with small.database.write() as conn:
        await set_availability(conn, "anna", "away", None, now=small.clock.now())
        await leaves(conn, "one", now=small.clock.now())
    await small.loop.turn()
    assert (await queue(small), told) == ([], [1])
    async with small.database.write() as conn:
        await set_availability(conn, "anna", "ready", None, now=small.clock.now())
    for _ in range(2):
        await small.loop.turn()
        assert told == [1, 1]  # what this process wrote itself is not brought in twice
        await small.clock.advance(1)


async def test_news_is_heard_once_it_is_committed_and_only_then(database: Database, clock: VirtualClock) -> None:
    heard: list[News] = []
    database.listen(heard.extend)
    async with database.write() as conn:
        await emit(conn, "agent.changed", "anna", clock.now())
        await emit(conn, "call.changed", "one", clock.now())
        assert heard == []
    assert [(one.type, one.ref) for one in heard] == [("agent.changed", "anna"), ("call.changed", "one")]
    with pytest.raises(KeyError):
        async with database.write() as conn:
            await emit(conn, "agent.changed", "luca", clock.now())
            raise KeyError
    async with database.write() as conn:
        await conn.execute(select(agents))
    assert len(heard) == 2
    async with database.read() as conn:
        assert list((await conn.execute(select(events.c.id).order_by(events.c.id))).scalars()) == [n.id for n in heard]
