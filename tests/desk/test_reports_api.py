"""The reports over HTTP, on one small and known past: every figure is counted by hand."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update

from callbacks.tables import callback_attempts, callbacks
from crm.tables import customers, interactions, texts
from routing.tables import plan_versions, reservations
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import Asking
from tests.routing.rows import add_agent, add_call

pytestmark = pytest.mark.anyio

ROME = ZoneInfo("Europe/Rome")
LINE, SALES_LINE = "+390699990000", "+390699990001"
REPORTS = ("relationships", "promises", "floor")


class Past:
    """Rows of what was.  Times are Rome's, in February and March 2026; it is Tuesday, 3 March, at ten."""

    def __init__(self, conn: Any) -> None:
        self._conn, self._n = conn, 0

    async def call(
        self, at: str, outcome: str | None, *, seconds: float = 60, state: str = "ended", **more: Any
    ) -> str:
        self._n += 1
        arrived_at = when(at)
        ended_at = arrived_at + timedelta(seconds=seconds) if state == "ended" else None
        usual = {"sid": f"CA{self._n:032}", "outcome": outcome, "state": state, "ended_at": ended_at}
        await add_call(self._conn, f"call_{self._n:03}", arrived_at, **usual | more)
        return usual["sid"]

    async def talk(self, at: str, customer: str, agent: str | None, outcome: str = "solved", **more: Any) -> None:
        self._n += 1
        row = {"id": f"int_{self._n:03}", "customer_id": customer, "agent_id": agent, "outcome": outcome}
        usual = {"channel": "voice", "talk_seconds": 120, "started_at": when(at)}
        await self._conn.execute(insert(interactions).values(row | usual | more))

    async def promise(
        self,
        made: str,
        state: str,
        *,
        late: float | None = None,
        rung: tuple[str, ...] = (),
        told: tuple[str, ...] = (),
        **more: Any,
    ) -> None:
        """`rung`: what came of each attempt; `told`: of each text."""
        self._n += 1
        usual = {
            "id": f"cb_{self._n:03}",
            "customer_id": "maria",
            "number": "+393331234567",
            "from_number": LINE,
            "promised_at": when(made) + timedelta(hours=1),
            "zone": "Europe/Rome",
            "window_seconds": 300,
            "kind": "scheduled",
            "state": state,
            "late_seconds": late,
            "made_at": when(made),
        }
        await self._conn.execute(insert(callbacks).values(usual | more))
        of = {"callback_id": f"cb_{self._n:03}", "at": when(made) + timedelta(hours=1)}
        for n, result in enumerate(rung, 1):
            await self._conn.execute(insert(callback_attempts).values(of | {"n": n, "result": result}))
        for n, state_of_text in enumerate(told):
            text = {"id": f"txt_{self._n:03}_{n}", "state": state_of_text, "body": "-", "direction": "out"}
            numbers = {"from_number": LINE, "to_number": "+393331234567"}
            await self._conn.execute(insert(texts).values(of | text | numbers))

    async def reservation(self, agent: str, at: str, seconds: float, state: str = "talk_ended") -> None:
        self._n += 1
        await add_call(self._conn, f"call_{self._n:03}", when("01-02 10:00"), state="ended", direction="outbound")
        accepted_at = when(at)
        await self._conn.execute(
            insert(reservations).values(
                id=f"rsv_{self._n:03}",
                call_id=f"call_{self._n:03}",
                agent_id=agent,
                state=state,
                live=False,
                made_at=accepted_at,
                accepted_at=accepted_at,
                ended_at=accepted_at + timedelta(seconds=seconds),
            )
        )


def when(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ROME)


@pytest.fixture
async def past(database: Database) -> None:
    long_ago = when("01-01 09:00")
    async with database.write() as conn:
        past = Past(conn)
        for agent, team in (("anna", "support"), ("bruno", "support"), ("carla", "support"), ("dora", None)):
            await add_agent(conn, agent, long_ago, team=team, hours="Mo-Fr 09:00-11:00" if agent == "carla" else None)
        for customer in ("maria", "paolo"):
            row = {"id": customer, "called": customer.title(), "tags": [], "made_at": long_ago, "changed_at": long_ago}
            await conn.execute(insert(customers).values(row))
        plan = {"lines": {SALES_LINE: {"name": "Sales"}}, "offer_after_seconds": 20}
        await conn.execute(insert(plan_versions).values(version=1, body=plan, author="manager", at=long_ago))
        await _calls(past)
        await _talks(past)
        await _promises(past)
        await past.reservation("anna", "02-26 10:00", 1800)
        await past.reservation("anna", "03-02 10:00", 600)
        await past.reservation("bruno", "03-02 10:00", 1200)
        await past.reservation("dora", "03-02 10:00", 300, state="caller_left")  # met nobody
        await past.reservation("dora", "02-01 10:00", 300)  # before the span


async def _calls(past: Past) -> None:
    anna: dict[str, Any] = {"agent_id": "anna", "customer_id": "maria", "familiar": True}
    await past.call("02-26 09:30", "agent", waited_seconds=8.0, **anna)
    await past.call(
        "02-26 17:00", "agent", waited_seconds=20.0, agent_id="dora", customer_id="maria", to_number=SALES_LINE
    )
    await past.call("02-27 09:00", "abandoned", seconds=45, customer_id="paolo")
    await past.call("02-27 09:10", "callback", customer_id="paolo")
    await past.call("02-28 23:30", "voicemail")
    await past.call("03-02 00:15", "abandoned", seconds=4.9)
    await past.call("03-02 10:00", "agent", waited_seconds=20.3, agent_id="bruno")
    await past.call("03-02 10:30", "agent", waited_seconds=30.0, **anna)
    await past.call("03-03 09:59", "agent", state="talking", waited_seconds=5.0, **anna)
    await past.call("03-03 09:59", None, state="waiting")
    await past.call("02-23 10:00", "abandoned")  # before the span
    await past.call("03-02 10:00", None, direction="outbound")


async def _talks(past: Past) -> None:
    await past.talk("02-10 10:00", "maria", "anna", topic="ipad")
    await past.talk("02-26 09:31", "maria", "anna", topic="Billing", confirmed=True)
    await past.talk("02-26 17:01", "maria", "dora", "transferred", topic="billing ")
    await past.talk("02-27 09:01", "paolo", None, "abandoned")
    await past.talk("03-02 10:31", "maria", "anna", "open", topic="modem", external_id=f"CA{8:032}", confirmed=False)
    await past.talk("03-02 12:00", "paolo", "bruno")


async def _promises(past: Past) -> None:
    await past.promise("02-26 10:00", "kept", late=2.0, agent_id="anna", rung=("connected",))
    moved: dict[str, Any] = {"moves": 2, "told": ("delivered",)}
    await past.promise("02-26 11:00", "kept", late=10.2, agent_id="anna", kind="follow_up", **moved)
    missed: dict[str, Any] = {"agent_id": "dora", "from_number": None, "moves": 1, "missed_at": when("02-26 13:06")}
    await past.promise("02-26 12:00", "broken", late=400.0, rung=("busy", "no_answer", "connected"), **missed)
    await past.promise("02-27 10:00", "kept", kind="asap", told=("sent", "delivered"))  # she rang first
    await past.promise("02-27 11:00", "cancelled", agent_id="anna", told=("delivered", "undelivered"), risk="rate")
    vain = ("busy", "no_answer", "voicemail")
    await past.promise("02-27 12:00", "unreachable", late=0.0, kind="voicemail", rung=vain)
    await past.promise("03-02 12:00", "due", customer_id="paolo", agent_id="bruno", moves=1, risk="owner_busy")
    await past.promise("03-02 12:00", "talking", agent_id="anna", late=0.0, kept_at=when("03-02 13:01"))
    await past.promise("02-20 10:00", "broken", late=900.0)  # before the span


async def report(ask: Asking, name: str, **query: str) -> dict[str, Any]:
    answer = await ask.get(f"/reports/{name}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ratio(count: int, of: int, share: float | None) -> dict[str, Any]:
    return {"count": count, "of": of, "share": share}


async def test_the_floor_of_the_last_seven_days(ask: Asking, past: None) -> None:
    found = await report(ask, "floor")
    assert {name: found[name] for name in ("from", "to", "group_by", "items")} == {
        "from": "2026-02-24T09:00:00Z",
        "to": "2026-03-03T09:00:00Z",
        "group_by": None,
        "items": [],
    }
    total = found["total"]
    # On shift: 45 hours each of three agents (8 on Tuesday, 9 on four days, 1 this morning), and 10 of Carla.
    assert total.pop("talking") == {"share": 0.0069, "talk_seconds": 3600, "shift_seconds": 145 * 3600}
    # Of 2,400 and 1,200 seconds in 45 hours each, and of two who talked with nobody.
    assert total.pop("load") == {"agents": 4, "talks": 3, "busiest_to_mean": 2.67}
    tomorrow = await report(ask, "floor", **{"from": found["from"], "to": "2026-03-04T09:00:00Z"})
    assert tomorrow["total"]["talking"]["shift_seconds"] == 145 * 3600  # nobody is on tomorrow's shift yet
    assert total == {
        "calls": 10,
        "live": 2,
        "outcomes": {"agent": 4, "voicemail": 1, "callback": 1, "abandoned": 2, "backup": 0},
        "unaccounted": 0,
        "short_abandons": 1,
        "abandonment": ratio(1, 7, 0.1429),
        "waits": {"count": 4, "median_seconds": 20, "p90_seconds": 30},
        "answered_within": ratio(2, 5, 0.4) | {"seconds": 20},
        "choice_in_time": ratio(0, 6, 0.0) | {"seconds": 20},
        "told": ratio(0, 0, None) | {"told": 0, "mean_overstated_seconds": None, "mean_understated_seconds": None},
    }


async def test_how_busy_a_team_was_is_shown_and_how_busy_a_person_was_is_not(
    ask: Asking, past: None, database: Database
) -> None:
    found = await report(ask, "floor", group_by="team")
    assert [(item["group"], item["calls"], item["talking"]) for item in found["items"]] == [
        ("support", 4, None),  # for Dora, who has no team, would be the rest
        (None, 6, None),
    ]
    async with database.write() as conn:
        for newcomer in ("elia", "fede"):
            await add_agent(conn, newcomer, when("03-03 09:00"))
    found = await report(ask, "floor", group_by="team")
    assert [item["talking"] for item in found["items"]] == [
        {"share": 0.01, "talk_seconds": 3600, "shift_seconds": 100 * 3600},
        {"share": 0.0, "talk_seconds": 0, "shift_seconds": 47 * 3600},
    ]
    answer = await ask.get("/reports/floor", params={"group_by": "agent"})
    assert (answer.status_code, answer.json()["field"]) == (422, "group_by")


async def test_the_floor_by_the_houses_own_days_and_hours(ask: Asking, past: None) -> None:
    days = await report(ask, "floor", group_by="day")
    assert [(item["group"], item["calls"]) for item in days["items"]] == [
        ("2026-02-26", 2),
        ("2026-02-27", 2),
        ("2026-02-28", 1),
        ("2026-03-02", 3),
        ("2026-03-03", 2),
    ]
    hours = await report(ask, "floor", group_by="hour", **{"from": "2026-03-01T00:00:00+01:00"})
    assert [(item["group"], item["calls"]) for item in hours["items"]] == [
        ("2026-03-02T00:00:00+01:00", 1),
        ("2026-03-02T10:00:00+01:00", 2),
        ("2026-03-03T09:00:00+01:00", 2),
    ]
    lines = await report(ask, "floor", group_by="line")
    shown = [(item["group"], item["name"], item["outcomes"]["agent"]) for item in lines["items"]]
    assert shown == [(LINE, None, 3), (SALES_LINE, "Sales", 1)]


async def test_what_people_met_with(ask: Asking, past: None) -> None:
    found = await report(ask, "relationships")
    assert found["total"] == {
        "calls": 8,
        "reached_agent": ratio(4, 8, 0.5),
        "reached_familiar": ratio(2, 4, 0.5),
        "returning_reached_familiar": ratio(2, 3, 0.6667),
        "by_earlier_talks": [
            {"earlier": "1", **ratio(1, 1, 1.0)},
            {"earlier": "2-3", **ratio(1, 2, 0.5)},
            {"earlier": "4-9", **ratio(0, 0, None)},
            {"earlier": "10+", **ratio(0, 0, None)},
        ],
        "had_to_repeat": ratio(1, 1, 1.0),  # Maria told Dora on the same day what she had told Anna
        "solved_at_first_contact": ratio(0, 0, None) | {"undecided": 2},
        "solved_as_they_say": ratio(1, 2, 0.5),
        "called_again_within_a_day": ratio(2, 4, 0.5) | {"undecided": 1},
        "transfers": {"count": 1, "of": 4, "per_hundred": 25.0},
        "promises_kept": ratio(3, 4, 0.75),
        "follow_ups_done": ratio(1, 1, 1.0),
    }


async def test_relationships_are_somebodys(ask: Asking, past: None) -> None:
    found = await report(ask, "relationships", group_by="agent")
    items = {item["group"]: item for item in found["items"]}
    assert {group: (item["name"], item["calls"]) for group, item in items.items()} == {
        "anna": ("Anna", 2),
        "bruno": ("Bruno", 1),
        "dora": ("Dora", 1),
        None: (None, 4),
    }
    assert items["dora"]["transfers"]["count"] == 1
    assert items["anna"]["promises_kept"] == ratio(2, 2, 1.0)
    assert items["dora"]["promises_kept"] == ratio(0, 1, 0.0)
    assert {item["solved_as_they_say"]["of"] for item in items.values()} == {0}  # what people say is no mark of anybody
    assert found["total"]["solved_as_they_say"]["of"] == 2
    for figure in ("reached_familiar", "called_again_within_a_day", "promises_kept"):
        assert sum(item[figure]["of"] for item in items.values()) == found["total"][figure]["of"]


async def test_conversations_of_ours_have_the_line_of_their_call(ask: Asking, past: None) -> None:
    found = await report(ask, "relationships", group_by="line")
    assert {item["group"]: item["transfers"]["of"] for item in found["items"]} == {LINE: 1, SALES_LINE: 0, None: 3}
    assert {item["group"]: item["solved_as_they_say"]["of"] for item in found["items"]} == {
        LINE: 1,
        SALES_LINE: 0,
        None: 1,
    }


async def test_what_was_solved_is_known_when_its_week_is_over(ask: Asking, past: None, clock: VirtualClock) -> None:
    await clock.advance(timedelta(days=10).total_seconds())
    found = await report(ask, "relationships", **{"from": "2026-02-01T00:00:00+01:00", "group_by": "day"})
    assert found["total"]["solved_at_first_contact"] == ratio(1, 3, 0.3333) | {"undecided": 0}
    by_day = {item["group"]: item["solved_at_first_contact"] for item in found["items"]}
    assert by_day["2026-02-10"]["count"] == 1
    assert by_day["2026-02-26"] == ratio(0, 1, 0.0) | {"undecided": 0}


async def test_a_talk_of_which_nobody_said_how_it_ended_is_not_called_solved(
    ask: Asking, past: None, clock: VirtualClock
) -> None:
    async with ask.database.write() as conn:
        await conn.execute(update(interactions).values(judged=False))
    await clock.advance(timedelta(days=10).total_seconds())
    found = await report(ask, "relationships", **{"from": "2026-02-01T00:00:00+01:00"})
    assert found["total"]["solved_at_first_contact"] == ratio(0, 0, None) | {"undecided": 3}


async def test_what_lies_around_a_span_decides_and_is_not_counted(ask: Asking, past: None, clock: VirtualClock) -> None:
    await clock.advance(timedelta(days=10).total_seconds())
    morning = {"from": "2026-02-26T00:00:00+01:00", "to": "2026-02-26T12:00:00+01:00"}
    found = (await report(ask, "relationships", **morning))["total"]
    assert found["solved_at_first_contact"] == ratio(0, 1, 0.0) | {"undecided": 0}  # she had to ring again at five
    assert found["called_again_within_a_day"] == ratio(1, 1, 1.0) | {"undecided": 0}
    afternoon = {"from": "2026-02-26T12:00:00+01:00", "to": "2026-02-27T09:05:00+01:00"}
    found = (await report(ask, "relationships", **afternoon))["total"]
    assert found["transfers"]["of"] == 1
    assert found["solved_at_first_contact"] == ratio(0, 0, None) | {"undecided": 0}  # it began in the morning
    assert found["called_again_within_a_day"] == ratio(1, 2, 0.5) | {"undecided": 0}


async def test_a_long_span_is_read_week_by_week_and_who_rings_again_in_the_next_is_seen(
    ask: Asking, past: None
) -> None:
    found = (await report(ask, "relationships", **{"from": "2026-02-20T09:05:00+01:00"}))["total"]
    assert found["calls"] == 9
    assert found["called_again_within_a_day"] == ratio(2, 4, 0.5) | {"undecided": 1}  # Paolo: at nine, and ten past


async def test_who_has_talked_with_us_more_than_ten_times_is_one_of_those(
    ask: Asking, past: None, database: Database
) -> None:
    usual = {"customer_id": "paolo", "agent_id": "anna", "channel": "voice", "talk_seconds": 60, "outcome": "solved"}
    async with database.write() as conn:
        for n in range(12):
            row = {"id": f"int_often_{n:02}", "started_at": when("02-01 10:00") + timedelta(hours=n)}
            await conn.execute(insert(interactions).values(usual | row))
    found = (await report(ask, "relationships"))["total"]
    assert found["by_earlier_talks"][-1] == {"earlier": "10+", **ratio(0, 2, 0.0)}


async def test_every_conversation_is_read_however_many_there_are(ask: Asking, past: None, database: Database) -> None:
    rows = [
        {
            "id": f"int_{customer}_{n:04}",
            "customer_id": customer,
            "agent_id": "anna",
            "channel": "voice",
            "started_at": when("03-01 10:00") + timedelta(seconds=n // 7),  # several at the same instant
            "talk_seconds": 1,
            "outcome": "transferred",
        }
        for customer, times in (("maria", 1050), ("paolo", 1050))
        for n in range(times)
    ]
    async with database.write() as conn:
        await conn.execute(insert(interactions), rows)
    assert (await report(ask, "relationships"))["total"]["transfers"] == {
        "count": 2101,
        "of": 2104,
        "per_hundred": 99.86,
    }


async def test_what_became_of_our_promises(ask: Asking, past: None) -> None:
    found = await report(ask, "promises")
    total = found["total"]
    by_kind = total.pop("by_kind")
    assert total == {
        "made": 8,
        "kept": 3,
        "broken": 1,
        "cancelled": 1,
        "merged": 0,
        "unreachable": 1,
        "open": 2,
        "overdue": 1,
        "customer_rang_first": 1,
        "punctuality": ratio(3, 4, 0.75),
        "late": {"count": 5, "median_seconds": 2, "p90_seconds": 400},
        "moved": 3,
        "moved_in_time": 2,
        "missed": 1,
        "at_risk": 1,
        "attempts_in_vain": 5,
        "reached_at_once": ratio(1, 2, 0.5) | {"mean_attempts": 2.0},
        "told": ratio(2, 3, 0.6667),
    }
    assert {kind: figures["made"] for kind, figures in by_kind.items()} == {
        "asap": 1,
        "scheduled": 5,
        "follow_up": 1,
        "voicemail": 1,
    }
    assert by_kind["scheduled"]["kept"] == ratio(1, 2, 0.5)
    agents = {item["group"]: item for item in (await report(ask, "promises", group_by="agent"))["items"]}
    assert [agents[agent]["open"] for agent in ("anna", "bruno")] == [1, 1]
    assert [agents[agent]["moved"] for agent in ("anna", "bruno", "dora", None)] == [1, 1, 1, 0]
    assert agents["anna"]["told"] == ratio(1, 2, 0.5)
    assert agents[None]["attempts_in_vain"] == 3
    grouped = {by: await report(ask, "promises", group_by=by) for by in ("day", "hour", "team", "line", "agent")}
    assert {by: {item["group"]: item["made"] for item in found["items"]} for by, found in grouped.items()} == {
        "day": {"2026-02-26": 3, "2026-02-27": 3, "2026-03-02": 2},
        "hour": {
            "2026-02-26T10:00:00+01:00": 1,
            "2026-02-26T11:00:00+01:00": 1,
            "2026-02-26T12:00:00+01:00": 1,
            "2026-02-27T10:00:00+01:00": 1,
            "2026-02-27T11:00:00+01:00": 1,
            "2026-02-27T12:00:00+01:00": 1,
            "2026-03-02T12:00:00+01:00": 2,
        },
        "team": {"support": 5, None: 3},
        "line": {LINE: 7, None: 1},
        "agent": {"anna": 4, "bruno": 1, "dora": 1, None: 2},
    }


async def test_an_empty_span_has_no_shares(ask: Asking) -> None:
    def shares(value: Any) -> list[Any]:
        if not isinstance(value, dict):
            return []
        named = ("share", "per_hundred", "median_seconds", "p90_seconds")
        return [value[n] for n in named if n in value] + [s for inner in value.values() for s in shares(inner)]

    for name in REPORTS:
        found = await report(ask, name, group_by="team")
        assert found["items"] == []
        assert len(shares(found["total"])) > 3
        assert found["total"].get("talking") is None
        assert set(shares(found["total"])) == {None}


async def test_no_report_holds_anything_of_a_customer(ask: Asking, past: None) -> None:
    for name in REPORTS:
        for group in ("day", "hour", "team", "line"):
            text = json.dumps(await report(ask, name, group_by=group))
            assert not any(word in text.lower() for word in ("maria", "paolo", "+3933", "ipad", "billing"))


async def test_a_span_that_cannot_be_is_refused_by_name(ask: Asking) -> None:
    noon, one = "2026-03-02T12:00:00+01:00", "2026-03-02T13:00:00+01:00"
    for query, field in (
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-03-02T12:00:00"}, "to"),
        ({"from": noon, "to": noon}, "from"),
        ({"from": one, "to": noon}, "from"),
        ({"from": "2024-01-01T00:00:00Z"}, "from"),
        ({"from": "2026-01-01T00:00:00Z", "group_by": "hour"}, "group_by"),
        ({"group_by": "customer"}, "group_by"),
        ({"group_by": ""}, "group_by"),
    ):
        for name in REPORTS:
            answer = await ask.get(f"/reports/{name}", params=query)
            assert (answer.status_code, answer.json()["field"]) == (422, field), query
    found = await ask.get(f"/reports/floor?from={noon}&to={one}")  # the plus arrives as a space
    assert (found.json()["from"], found.json()["to"]) == ("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z")


async def test_reports_are_for_managers(ask: Asking) -> None:
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna"})
    tokens = [await ask.token("service"), await ask.token("agent", anna["id"])]
    for name in REPORTS:
        assert [(await ask.get(f"/reports/{name}", token=token)).status_code for token in tokens] == [403, 403]
        assert (await ask.get(f"/reports/{name}", token=None)).status_code == 401
        assert (await ask.get(f"/reports/{name}", token=await ask.token("manager"))).status_code == 200
