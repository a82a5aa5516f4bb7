import json
import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.tables import customers, interactions
from ivr.tables import calls
from routing import talk_times
from routing.talk_times import Record, TalkTimes, Tally, fit, learn
from store.clock import VirtualClock
from store.sql import Database
from tests.routing.rows import add_agent

pytestmark = pytest.mark.anyio

SLOW, LONG_TOPIC, LATE = 0.5, 0.4, -0.2  # planted effects, logarithms
WHOLE, SIGMA = math.log(150), 0.8


def planted(count: int = 12_000) -> Iterator[Record]:
    """Anna is slow, returns take long, after 16 they are brief; agents, topics and hours are met unevenly."""
    chance = random.Random(11)
    for _ in range(count):
        topic = chance.choice(["return", "order", "order", None])
        agent_id = chance.choice(["anna"] * 9 + ["luca"] if topic == "return" else ["luca", "sara", "paolo", "anna"])
        hour = chance.randrange(9, 18)
        mean = WHOLE + SLOW * (agent_id == "anna") + LONG_TOPIC * (topic == "return") + LATE * (hour >= 16)
        yield agent_id, topic, hour, chance.lognormvariate(mean, SIGMA)


TIMES = fit(planted())


def ratio(one: TalkTimes, mine: tuple[str | None, str | None, int], other: tuple[str | None, str | None, int]) -> float:
    """How much longer, as a logarithm."""
    first, second = one.of(*mine), one.of(*other)
    assert first is not None
    assert second is not None
    return math.log(first.median_seconds / second.median_seconds)


def test_what_was_planted_is_found_each_by_itself() -> None:
    """Although returns are mostly Anna's, so that one could be taken for the other."""
    assert ratio(TIMES, ("anna", "order", 10), ("luca", "order", 10)) == pytest.approx(SLOW, abs=0.08)
    assert ratio(TIMES, ("luca", "return", 10), ("luca", "order", 10)) == pytest.approx(LONG_TOPIC, abs=0.12)
    assert ratio(TIMES, ("sara", None, 17), ("sara", None, 11)) == pytest.approx(LATE, abs=0.08)
    assert pytest.approx(SIGMA, abs=0.03) == TIMES.sigma
    talk = TIMES.of("luca", "order", 10)
    assert talk is not None
    assert talk.median_seconds == pytest.approx(150, rel=0.1)


def test_three_talks_say_little_of_an_agent_and_hundreds_say_nearly_all() -> None:
    others: list[Record] = [(f"agent {number % 10}", None, 10, 100.0) for number in range(1000)]
    few, many = fit([*others, *[("new", None, 10, 1000.0)] * 3]), fit([*others, *[("new", None, 10, 1000.0)] * 500])
    assert 0 < ratio(few, ("new", None, 10), ("agent 1", None, 10)) < 0.4
    assert ratio(many, ("new", None, 10), ("agent 1", None, 10)) > 2.0
    assert math.log(10) == pytest.approx(2.3, abs=0.01)  # the whole difference


def test_of_somebody_or_something_never_met_the_whole_is_known() -> None:
    talk = TIMES.of("nobody", "nothing", 3)
    assert talk is not None
    assert math.log(talk.median_seconds) == pytest.approx(TIMES.log_seconds)
    assert TIMES.of(None, None, 3) == talk


def test_with_too_little_past_nothing_is_said() -> None:
    assert TalkTimes().of("anna", None, 10) is None
    assert fit(planted(talk_times.ENOUGH - 1)).of("anna", None, 10) is None
    assert fit([("anna", None, 10, 100.0)] * talk_times.ENOUGH).of("anna", None, 10) is not None
    assert fit([]) == TalkTimes()


@pytest.mark.parametrize("seconds", [0, 9.9, 7201, 1e9, math.nan])
def test_what_is_no_talk_teaches_nothing(seconds: float) -> None:
    tally = Tally()
    tally.add("anna", None, 10, seconds)
    assert tally.learnt() == TalkTimes()


def test_talks_all_alike_leave_room_for_another_kind() -> None:
    assert fit([("anna", None, 10, 100.0)] * 100).sigma == talk_times.LEAST_SIGMA


def test_what_was_learnt_survives_being_stored() -> None:
    stored = json.loads(json.dumps(TIMES.as_json()))
    again = TalkTimes.from_json(stored)
    assert again.as_json() == TIMES.as_json()
    mine, theirs = again.of("anna", "return", 16), TIMES.of("anna", "return", 16)
    assert mine is not None
    assert theirs is not None
    assert mine.median_seconds == pytest.approx(theirs.median_seconds, rel=0.002)
    assert mine.sigma == pytest.approx(theirs.sigma, abs=1e-4)


def test_however_many_words_agents_have_for_topics_what_is_kept_is_bounded() -> None:
    times = fit(("anna", f"topic {number}", 10, 100.0 + number % 50) for number in range(3000))
    assert len(times.topics) == talk_times.MOST_TOPICS
    assert len(json.dumps(times.as_json())) < 20_000


async def _add_talks(conn: AsyncConnection, now: datetime, lengths: list[int], **more: Any) -> None:
    usual = {"customer_id": "maria", "agent_id": "anna", "channel": "voice", "outcome": "solved", "topic": "order"}
    prefix = more.pop("prefix", "a")
    rows = [
        {"id": f"{prefix}{number}", "started_at": now, "talk_seconds": seconds, **usual, **more}
        for number, seconds in enumerate(lengths)
    ]
    await conn.execute(insert(interactions), rows)


async def _add_people(conn: AsyncConnection, now: datetime) -> None:
    await conn.execute(insert(customers).values(id="maria", tags=[], made_at=now, changed_at=now))
    await add_agent(conn, "anna", now)
    await add_agent(conn, "luca", now)


async def test_the_past_is_read_by_pages_each_talk_once(
    database: Database, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where many began in the same instant, and not what is too old, written, missed or still to come."""
    monkeypatch.setattr(talk_times, "ROWS_AT_ONCE", 7)
    now = clock.now()
    async with database.write() as conn:
        await _add_people(conn, now)
        await _add_talks(conn, now - timedelta(days=1), [100] * 20)
        await _add_talks(conn, now - timedelta(hours=1), [100] * 13, prefix="b")
        await _add_talks(conn, now - timedelta(days=91), [4000] * 3, prefix="old")
        await _add_talks(conn, now + timedelta(days=1), [4000] * 3, prefix="new")
        await _add_talks(conn, now - timedelta(days=2), [4000] * 3, prefix="sms", channel="sms")
        await _add_talks(conn, now - timedelta(days=2), [0, 5], prefix="missed", agent_id=None, outcome="abandoned")
    async with database.read() as conn:
        times = await learn(conn, now, "Europe/Rome")
    assert times.talks == 33
    assert times.log_seconds == pytest.approx(math.log(100))
    assert times.topics.keys() == {"order"}
    assert times.hours.keys() == {9, 10}  # on the wall in Rome, where it is ten
    assert times.patience_seconds is None


async def test_only_the_latest_talks_count(
    database: Database, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk_times, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(talk_times, "MOST_TALKS", 30)
    now = clock.now()
    async with database.write() as conn:
        await _add_people(conn, now)
        await _add_talks(conn, now - timedelta(days=3), [4000] * 25)
        await _add_talks(conn, now - timedelta(days=1), [100] * 30, prefix="b")
    async with database.read() as conn:
        times = await learn(conn, now, "Europe/Rome")
    assert (times.talks, times.log_seconds) == (30, pytest.approx(math.log(100)))


async def test_patience_is_what_all_waited_for_each_who_gave_up(database: Database, clock: VirtualClock) -> None:
    now = clock.now()
    arrived = now - timedelta(days=1)
    usual = {"direction": "inbound", "from_number": "+39333", "to_number": "+3906", "language": "it-IT"}
    usual |= {"state": "ended", "arrived_at": arrived}
    gave_up = {"outcome": "abandoned", "ended_at": arrived + timedelta(seconds=60), "waited_seconds": None}
    answered = {"outcome": "agent", "ended_at": arrived + timedelta(seconds=900), "waited_seconds": 30.0}
    rows = [{"id": f"a{n}", **usual, **gave_up} for n in range(30)] + [
        {"id": f"b{n}", **usual, **answered} for n in range(120)
    ]
    async with database.write() as conn:
        await conn.execute(insert(calls), rows)
    async with database.read() as conn:
        assert (await learn(conn, now, "Europe/Rome")).patience_seconds == pytest.approx(60 + 4 * 30)
        assert (await learn(conn, now + timedelta(days=90), "Europe/Rome")).patience_seconds is None
