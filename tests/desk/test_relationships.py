"""The report about people comes to what counting one contact after another comes to, on both databases."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from sqlalchemy import delete, insert, update

from crm.tables import customers, interactions
from desk.measures import RelationTally
from desk.relationships import read_relationships
from desk.reports import Group, Span
from ivr.tables import calls
from routing.tables import agents
from store.clock import VirtualClock
from store.sql import Database
from tests.conftest import ROME
from tests.desk.one_by_one import Contact, First, calls_one_by_one, conversations_one_by_one, first_contacts, told_again
from tests.routing.rows import add_agent, add_call

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
SOLVED, UNSOLVED, UNDECIDED = First(True), First(False), First(None)
WEEK, INSTANT = timedelta(days=7), timedelta(microseconds=1)
TOPICS = (None, "", "  ", "bill", "Bill", " BILL ", "Straße", "STRASSE", "my  modem", "My modem", "è rotto", '🛋 "x"')
GROUPS: tuple[Group | None, ...] = (None, *get_args(Group))
PEOPLE = [f"person{n}" for n in range(9)]


async def fill(conn: Any, draw: random.Random, now: datetime) -> None:
    """Much at few instants, so that all that can meet does: the same one, just a week apart, the edges of a span."""
    for name, team in (("anna", "support"), ("bruno", "support"), ("carla", None), ("dora", "sales")):
        await add_agent(conn, name, now, team=team)
    for name in PEOPLE:
        row = {"id": name, "tags": [], "made_at": now, "changed_at": now}
        await conn.execute(insert(customers).values(row))
    rows = together_at_one_instant(now)
    for n in range(240):
        off = draw.choice((timedelta(), timedelta(), INSTANT, -INSTANT, timedelta(hours=13), timedelta(milliseconds=1)))
        at = now - draw.randrange(9) * WEEK / draw.choice((1, 2, 7)) + off
        met = draw.random() < 0.85
        row = {
            "id": f"int_{draw.randrange(10**9):09}_{n}",
            "external_id": f"CA{n}" if draw.random() < 0.5 else None,
            "customer_id": draw.choice(PEOPLE[:-2]),  # the last never calls
            "agent_id": draw.choice(("anna", "bruno", "carla", "dora")) if met else None,
            "channel": "voice",
            "started_at": at,
            "talk_seconds": 60,
            "outcome": draw.choice(("solved", "solved", "open", "transferred", "abandoned")),
            "topic": draw.choice(TOPICS),
            "confirmed": draw.choice((None, None, True, False)),
            "warm": draw.random() < 0.3,
            "judged": draw.random() < 0.8,
        }
        rows.append(row)
        if draw.random() < 0.5:
            line = draw.choice(("+390699990000", "+390699990001"))
            how = {
                "direction": draw.choice(("inbound", "inbound", "inbound", "outbound")),
                "state": draw.choice(("ended", "ended", "ended", "talking")),
                "outcome": draw.choice(("agent", "agent", "abandoned", None)),
                "familiar": draw.random() < 0.5,
                "customer_id": draw.choice((row["customer_id"], row["customer_id"], None)),
            }
            await add_call(conn, f"call_{n}", at, sid=f"CA{n}", to_number=line, **how)
    await conn.execute(insert(interactions), rows)
    merged = update(interactions).where(interactions.c.customer_id == "person1").values(customer_id="person2")
    await conn.execute(merged)
    await conn.execute(update(customers).where(customers.c.id == "person1").values(merged_into="person2"))
    await conn.execute(delete(customers).where(customers.c.id == "person3"))  # erased
    await conn.execute(delete(agents).where(agents.c.id == "dora"))  # left: her talks are nobody's


def together_at_one_instant(now: datetime) -> list[dict[str, Any]]:
    """The second of them introduced nobody, so who comes next has not been told."""
    usual = {"customer_id": PEOPLE[-2], "channel": "voice", "talk_seconds": 60, "outcome": "open"}
    usual |= {"external_id": None, "confirmed": None, "judged": True}
    return [
        usual | {"id": "int_1", "agent_id": "anna", "topic": "bill", "warm": True, "started_at": now - WEEK},
        usual | {"id": "int_2", "agent_id": "bruno", "topic": None, "warm": False, "started_at": now - WEEK},
        usual | {"id": "int_3", "agent_id": "carla", "topic": "bill", "warm": False, "started_at": now - INSTANT},
    ]


def told_of_calls(tally: RelationTally, *, of_the_day_after: bool) -> dict[str, Any]:
    names = ["calls", "agent", "familiar", "again_decided", "again_undecided"] + ["again"] * of_the_day_after
    bands = {"earlier": +tally.earlier, "earlier_familiar": +tally.earlier_familiar}
    return {name: getattr(tally, name) for name in names} | bands


def told(tally: RelationTally) -> dict[str, Any]:
    """What conversations come to; nothing where there were none."""
    names = ("conversations", "transferred", "first", "first_solved", "first_undecided", "taken_up", "told_again")
    return {name: getattr(tally, name) for name in names} | {"said": dict(tally.said)}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("at_once", [7, 1000])
async def test_figures_are_those_of_counting_one_by_one(
    database: Database, clock: VirtualClock, seed: int, at_once: int
) -> None:
    now = clock.now() + timedelta(minutes=1)  # SQLite rounds the last half millisecond of an hour into the next
    async with database.write() as conn:
        await fill(conn, random.Random(seed), now)
    whole = Span(now - 4 * WEEK, now, now, ROME, None)
    spans = [replace(whole, group=group) for group in GROUPS]
    spans += [replace(whole, end=now - WEEK), replace(whole, start=now - WEEK), replace(whole, start=now - INSTANT)]
    spans += [replace(whole, start=now - 50 * WEEK, end=now - 40 * WEEK), replace(whole, end=now + 2 * WEEK)]
    async with database.read() as conn:
        for span in spans:
            found = await read_relationships(conn, calls, span, at_once=at_once)
            expected = await conversations_one_by_one(conn, span)
            assert told(found.total) == told(expected.pop("total")), span
            groups = {name: told(tally) for name, tally in found.groups.items() if tally.conversations}
            exact = conn.dialect.name != "sqlite"  # which knows what is just a day by milliseconds only
            expected_calls = told_of_calls(await calls_one_by_one(conn, span), of_the_day_after=exact)
            assert told_of_calls(found.total, of_the_day_after=exact) == expected_calls, span
            assert groups == {name: told(tally) for name, tally in expected.items()}, span


def contact(
    days_ago: float, topic: str = "ipad", outcome: str = "solved", met: bool = True, judged: bool = True
) -> Contact:
    return Contact(NOW - timedelta(days=days_ago), topic, outcome, met, judged=judged)


@pytest.mark.parametrize(
    ("what", "contacts", "found"),
    [
        ("one solved conversation", [contact(20)], [SOLVED]),
        ("one that was left open", [contact(20, outcome="open")], [UNSOLVED]),
        ("one that was handed on", [contact(20, outcome="transferred")], [UNSOLVED]),
        ("the same again after five days", [contact(20), contact(15)], [UNSOLVED, None]),
        ("the same again after nine days", [contact(20), contact(11)], [SOLVED, SOLVED]),
        ("another matter", [contact(20), contact(15, "billing")], [SOLVED, SOLVED]),
        ("who knows what about", [contact(20), contact(15, "")], [UNSOLVED, None]),
        ("none noted the topic", [contact(20, ""), contact(15, "ipad")], [UNSOLVED, None]),
        (
            "rang again and gave up",
            [contact(20), contact(19, "", "abandoned", met=False)],
            [UNSOLVED, None],
        ),
        (
            "gave up first",
            [contact(20, "", "abandoned", met=False), contact(19)],
            [None, None],
        ),
        (
            "a matter between two of another",
            [contact(20), contact(19, "billing"), contact(18)],
            [UNSOLVED, SOLVED, None],
        ),
        ("yesterday", [contact(1)], [UNDECIDED]),
        ("yesterday, and again today", [contact(1), contact(0)], [UNDECIDED, None]),
        ("nobody said how it ended", [contact(20, judged=False)], [UNDECIDED]),
        ("nobody said, and the same again", [contact(20, judged=False), contact(15)], [UNDECIDED, None]),
        ("nobody said, of the second", [contact(20), contact(15, judged=False)], [UNSOLVED, None]),
        ("just seven days ago", [contact(7)], [SOLVED]),
        ("the same after just seven days", [contact(20), contact(13)], [UNSOLVED, None]),
    ],
)
def test_what_counts_as_solved_at_first_contact(what: str, contacts: list[Contact], found: list[First | None]) -> None:
    assert first_contacts(contacts, NOW) == found, what


def talked(day: int, agent: str | None, topic: str = "bill", *, warm: bool = False) -> Contact:
    at = datetime(2026, 3, day, 10, tzinfo=UTC)
    return Contact(at, topic, "solved" if agent else "abandoned", agent is not None, agent, warm)


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ([talked(1, "anna"), talked(2, "anna")], [None, False]),
        ([talked(1, "anna"), talked(2, "bruno")], [None, True]),
        ([talked(1, "anna"), talked(2, "bruno"), talked(3, "anna")], [None, True, False]),  # Anna had heard it
        ([talked(1, "anna", warm=True), talked(1, "bruno")], [None, False]),  # who was introduced has been told
        ([talked(1, "anna"), talked(2, "bruno", "modem")], [None, None]),
        ([talked(1, "anna"), talked(2, "bruno", "")], [None, True]),  # no topic noted: perhaps the same
        ([talked(1, "anna"), talked(9, "bruno")], [None, None]),  # eight days later it is another matter
        ([talked(1, None), talked(2, "bruno")], [None, None]),  # nobody had heard it yet
        ([talked(1, "anna"), talked(2, None), talked(3, "bruno")], [None, None, True]),
    ],
)
def test_a_matter_is_told_again_to_who_was_not_there_and_was_not_told(
    past: list[Contact], expected: list[bool | None]
) -> None:
    assert told_again(past) == expected
