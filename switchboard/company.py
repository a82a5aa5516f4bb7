"""The invented company of the demo: agents, some three hundred customers, four months of conversations.

The same seed and the same day give the same company.  It is written in bulk into an empty database, and only there.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.tables import customer_phones, customers, interactions
from routing.tables import agents
from switchboard.company_ledger import Ledger, keep
from switchboard.company_ledger import load as load_ledger
from switchboard.company_people import AGENTS, GUESTS, STRANGERS, Guest
from switchboard.company_words import FAMILY_NAMES, FIRST_NAMES, STYLES, TOPICS

ROME = ZoneInfo("Europe/Rome")
ZONES = {"it": "Europe/Rome", "en": "Europe/London", "de": "Europe/Berlin", "fr": "Europe/Paris"}
CITIES, TOWNS = ("02", "06"), ("051", "055", "081")
MOBILES = ("320", "328", "333", "338", "347", "349", "366", "380")
DAYS = 120
CONVERSATIONS = 4000
CROWD = {"it-IT": 205, "en-GB": 34, "de-DE": 30, "fr-FR": 24}  # beside the guests
MOST = 3.0  # nobody rings more than about three times as often as most do
HOUSEHOLDS = 14  # pairs of the crowd that share a number
AGE = timedelta(days=DAYS + 30)
ROWS_AT_ONCE = 500
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

Row = dict[str, Any]


@dataclass(slots=True)
class Company:
    """Rows as the tables take them, and the telephone book for who plays with the demo."""

    agents: list[Row] = field(default_factory=list)
    customers: list[Row] = field(default_factory=list)
    phones: list[Row] = field(default_factory=list)
    interactions: list[Row] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)


@dataclass(frozen=True, slots=True)
class _Habit:
    """Who a customer usually talks with, and how often they ring."""

    customer_id: str
    language: str
    home: str  # agent id
    second: str
    weight: float


def invent(now: datetime, seed: int = 1) -> Company:
    """The company as it is on the day of `now`."""
    dice = random.Random(seed)
    company = Company()
    since = now - AGE
    keys = {colleague.key: _id("agt", since, dice) for colleague in AGENTS}
    company.agents = [_agent(keys, colleague_at, now) for colleague_at in range(len(AGENTS))]
    for guest in GUESTS:
        _welcome(company, guest, keys, since, now, dice)
    habits = [_newcomer(company, language, keys, since, dice) for language, n in CROWD.items() for _ in range(n)]
    _share_numbers(company, habits)
    for habit, count in zip(habits, _shares(habits, CONVERSATIONS - len(company.interactions)), strict=True):
        company.interactions += _past(habit, count, keys, now, dice)
    company.interactions.sort(key=lambda row: row["started_at"])
    company.ledger = keep(company.interactions, company.customers, company.phones, keys, now, _id)
    return company


async def invented_at(connection: AsyncConnection) -> datetime | None:
    """The moment for which the company that is there was invented; None: the database is empty."""
    oldest = await connection.scalar(select(func.min(agents.c.made_at)))
    return None if oldest is None else oldest + AGE


async def load(connection: AsyncConnection, company: Company) -> None:
    """Into an empty database, in the transaction handed in."""
    heads: Sequence[tuple[Table, list[Row]]] = (
        (agents, [{**row, "stand_in": None} for row in company.agents]),
        (customers, company.customers),
        (customer_phones, company.phones),
        (interactions, company.interactions),
    )
    for table, rows in heads:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            await connection.execute(insert(table), rows[start : start + ROWS_AT_ONCE])
    for row in company.agents:  # a stand-in must be there before anybody points to them
        await connection.execute(agents.update().where(agents.c.id == row["id"]).values(stand_in=row["stand_in"]))
    await load_ledger(connection, company.ledger)


def book(company: Company) -> dict[str, Any]:
    """What the web phone and the demo's page offer: people to ring as, agents to answer as."""
    names = {row["id"]: row["name"] for row in company.agents}
    guests = [guest for guest in (*GUESTS, *STRANGERS) if guest.story]
    people: list[Row] = [{"address": guest.number, "name": guest.name, "story": guest.story} for guest in guests]
    for person, guest in zip(people, guests, strict=True):
        person |= {"featured": True, "withhold": guest.withhold}
    taken: set[str] = {person["address"] for person in people}
    return {"people": people + list(_crowd(company, names, taken)), "agents": [_seat(row) for row in company.agents]}


def seats(company: Company) -> list[dict[str, str]]:
    """Address, name and first language of each agent."""
    return [{"address": row["address"], "name": row["name"], "language": row["languages"][0]} for row in company.agents]


def languages(company: Company) -> dict[str, str]:
    """The language spoken at each customer's number."""
    spoken = {row["id"]: row["language"] for row in company.customers}
    return {row["number"]: spoken[row["customer_id"]] for row in company.phones}


def _crowd(company: Company, names: Mapping[str, str], taken: set[str]) -> Iterator[Row]:
    spoken: dict[str, dict[str, int]] = {}
    for row in company.interactions:
        if row["agent_id"]:
            tally = spoken.setdefault(row["customer_id"], {})
            tally[row["agent_id"]] = tally.get(row["agent_id"], 0) + 1
    numbers = {row["customer_id"]: row["number"] for row in company.phones if row["position"] == 0}
    for row in company.customers:
        number, tally = numbers[row["id"]], spoken.get(row["id"], {})
        if number not in taken:
            taken.add(number)
            yield {"address": number, "name": row["name"], "story": _story(tally, names)}


def _story(tally: Mapping[str, int], names: Mapping[str, str]) -> str:
    if not tally:
        return "Has never talked with us"
    most = max(tally, key=lambda agent: tally[agent])
    total = sum(tally.values())
    words = "One conversation" if total == 1 else f"{total} conversations"
    return f"{words}, {'with' if tally[most] == total else 'mostly with'} {names[most].split()[0]}"


def _seat(row: Row) -> Row:
    languages = {"it": "Italian", "en": "English", "de": "German", "fr": "French"}
    spoken = ", ".join(languages[language[:2]] for language in row["languages"])
    return {"id": row["id"], "address": row["address"], "name": row["name"], "story": spoken}


def _agent(keys: Mapping[str, str], place: int, now: datetime) -> Row:
    colleague = AGENTS[place]
    return {
        "id": keys[colleague.key],
        "external_id": f"demo-{colleague.key}",
        "name": colleague.name,
        "address": f"client:{colleague.key}",
        "languages": list(colleague.languages),
        "skills": dict(colleague.skills),
        "team": colleague.team,
        "stand_in": keys[colleague.stand_in],
        "availability": "offline",
        "activity": "idle",
        "since_at": now - timedelta(minutes=5 * (place + 1)),
        "made_at": now - AGE,
        "misses": 0,
    }


def _welcome(
    company: Company, guest: Guest, keys: Mapping[str, str], since: datetime, now: datetime, dice: random.Random
) -> None:
    customer_id = _id("cus", since, dice)
    company.customers.append(
        _customer(customer_id, guest.name, guest.language, since)
        | {"called": guest.called, "title": guest.title, "say": guest.say, "formal": guest.formal, "style": guest.style}
        | {"notes": guest.notes, "tags": list(guest.tags), "preferred_agent": guest.preferred and keys[guest.preferred]}
    )
    company.phones.append({"customer_id": customer_id, "number": guest.number, "position": 0})
    for talk in guest.past:
        at = _local(now, talk.days, talk.hour)
        row = _conversation(customer_id, talk.agent and keys[talk.agent], at, talk.seconds, talk.outcome, dice)
        company.interactions.append(row | {"topic": talk.topic, "summary": talk.summary})


def _newcomer(company: Company, language: str, keys: Mapping[str, str], since: datetime, dice: random.Random) -> _Habit:
    customer_id, n = _id("cus", since, dice), len(company.customers)
    first, family = dice.choice(FIRST_NAMES[language]), dice.choice(FAMILY_NAMES[language])
    speakers = [keys[colleague.key] for colleague in AGENTS if language in colleague.languages]
    home, second = dice.sample(speakers, 2)
    asked_for = home if dice.random() < 0.06 else None
    style = dice.choice(STYLES) if dice.random() < 0.3 else None
    tags = ["vip"] if dice.random() < 0.04 else []
    company.customers.append(
        _customer(customer_id, f"{first} {family}", language, since)
        | {"called": first, "formal": dice.random() < 0.7, "preferred_agent": asked_for}
        | {"style": style, "tags": tags}
    )
    company.phones.append({"customer_id": customer_id, "number": _number(language, n, dice), "position": 0})
    return _Habit(customer_id, language, home, second, min(dice.lognormvariate(0, 0.9), MOST))


def _customer(customer_id: str, name: str, language: str, since: datetime) -> Row:
    """All columns, so that many rows make one statement."""
    row: Row = dict.fromkeys(("title", "say", "style", "notes", "preferred_agent"))
    return row | {
        "id": customer_id,
        "external_id": f"demo-{customer_id[-8:]}",
        "name": name,
        "language": language,
        "time_zone": ZONES[language[:2]],
        "made_at": since,
        "changed_at": since,
    }


def _share_numbers(company: Company, habits: Sequence[_Habit]) -> None:
    """Some of the crowd live together: a family name and a number for two."""
    people = {row["id"]: row for row in company.customers}
    lines = {row["customer_id"]: row for row in company.phones}
    for place in range(HOUSEHOLDS):
        one, two = habits[2 * place].customer_id, habits[2 * place + 1].customer_id
        family = people[one]["name"].split(" ", 1)[1]
        people[two]["name"] = f"{people[two]['name'].split(' ', 1)[0]} {family}"
        lines[two]["number"] = lines[one]["number"]


def _number(language: str, n: int, dice: random.Random) -> str:
    """Valid, and from ranges set aside for stories where a country has them; `n` makes it the only one."""
    match language[:2]:
        case "en":
            return f"+44207946{n:04d}"
        case "de":
            return f"+493023125{n:03d}"
        case "fr":
            return f"+33199{n + 1000:06d}"
    match dice.randrange(8):
        case 0:
            return f"+39{dice.choice(CITIES)}5555{n:04d}"
        case 1:
            return f"+39{dice.choice(TOWNS)}555{n:04d}"
    return f"+39{dice.choice(MOBILES)}555{n + 1000:04d}"


def _shares(habits: Sequence[_Habit], total: int) -> list[int]:
    """How many of the conversations are whose: everybody had one, the rest by habit."""
    weight = sum(habit.weight for habit in habits)
    left = total - len(habits)
    counts = [1 + math.floor(left * habit.weight / weight) for habit in habits]
    for place in range(total - sum(counts)):
        counts[place % len(counts)] += 1
    return counts


def _past(habit: _Habit, count: int, keys: Mapping[str, str], now: datetime, dice: random.Random) -> Iterator[Row]:
    speakers = [keys[colleague.key] for colleague in AGENTS if habit.language in colleague.languages]
    at = sorted(_working_moment(now, dice) for _ in range(count))
    unsolved: tuple[str, str] | None = None  # topic, agent who holds it
    for place, moment in enumerate(at):
        left = count - place
        topic = unsolved[0] if unsolved else dice.choice(tuple(TOPICS))
        usual = dice.choices((habit.home, habit.second, dice.choice(speakers)), (62, 20, 18))[0]
        agent = unsolved[1] if unsolved else usual
        outcome = "solved" if unsolved else _outcome(dice, last=left == 1)
        unsolved = (topic, agent) if outcome in ("open", "transferred") else None
        if outcome == "transferred":
            unsolved = (topic, dice.choice([other for other in speakers if other != agent]))
        answered = outcome != "abandoned"
        seconds = min(int(dice.lognormvariate(5.35, 0.55)) + 25, 2400) if answered else 0
        row = _conversation(habit.customer_id, agent if answered else None, moment, seconds, outcome, dice)
        words = TOPICS[topic]["it" if habit.language == "it-IT" else "en"]
        summary = dice.choice(words) if answered else None
        yield row | {"topic": topic if answered else None, "summary": summary}


def _outcome(dice: random.Random, *, last: bool) -> str:
    """The last conversation is rarely left open: most matters are solved some day."""
    solved, left_open, transferred, abandoned = (86, 4, 0, 10) if last else (82, 8, 5, 5)
    return dice.choices(("solved", "open", "transferred", "abandoned"), (solved, left_open, transferred, abandoned))[0]


def _conversation(
    customer_id: str, agent_id: str | None, at: datetime, seconds: int, outcome: str, dice: random.Random
) -> Row:
    return {
        "id": _id("int", at, dice),
        "external_id": None,
        "case_id": None,
        "confirmed": None,
        "warm": False,
        "customer_id": customer_id,
        "agent_id": agent_id,
        "channel": "voice",
        "started_at": at,
        "talk_seconds": seconds,
        "outcome": outcome,
    }


def _working_moment(now: datetime, dice: random.Random) -> datetime:
    """Some time in opening hours, mornings and Mondays busier, never today."""
    while True:
        days = dice.randint(1, DAYS)
        hour = dice.triangular(9.0, 18.0, 10.5)
        at = _local(now, days, hour)
        weekday = at.astimezone(ROME).weekday()
        if weekday < 5 or (weekday == 5 and hour < 13 and dice.random() < 0.3):
            return at


def _local(now: datetime, days: int, hour: float) -> datetime:
    """`days` before today, at `hour` on the clock in Rome."""
    day = now.astimezone(ROME).date() - timedelta(days=days)
    return datetime.combine(day, time(int(hour), int(hour % 1 * 60)), tzinfo=ROME).astimezone(now.tzinfo)


def _id(prefix: str, at: datetime, dice: random.Random) -> str:
    """As `store.ids.new_id` would have made it at that moment, but the same every time."""
    value = int(at.timestamp() * 1000) << 80 | dice.getrandbits(80)
    characters = []
    for _ in range(26):
        value, rest = divmod(value, 32)
        characters.append(_ALPHABET[rest])
    return f"{prefix}_{''.join(reversed(characters))}"
