"""What is kept long enough goes, what is young or open stays, and who was interrupted goes on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, Table, func, insert, select

from callbacks.tables import callback_history, callbacks
from carrier.tables import effects
from crm import audit, people
from crm.audit import What
from crm.tables import audit as audit_rows
from crm.tables import cases, customers, interactions, notes, texts
from desk.tables import look_ups
from ivr.personal import FORGOTTEN, Forgetting
from ivr.retention import BATCH
from ivr.retention_loop import PAUSE, RetentionLoop
from ivr.tables import calls, proofs
from routing.plan import Plan
from tests.ivr.door import LINE, MARIA, Door, sid

pytestmark = pytest.mark.anyio
OLD, YOUNG = timedelta(days=1200), timedelta(days=20)
RECORDING = f"https://api.twilio.com/Recordings/{sid(1, 'RE')}"


def retention(door: Door) -> RetentionLoop:
    return RetentionLoop(door.rooms, [Forgetting(door.carrier).erase], [look_ups])


async def turn(door: Door, loop: RetentionLoop) -> dict[str, int]:
    work = door.clock.spawn(loop.turn(), "retention")
    await door.clock.run_until(work.done, 600)
    gone: dict[str, int] = work.result()
    return gone


async def put(door: Door, table: Table, id: str, at: timedelta, **values: Any) -> None:
    now = door.clock.now()
    usual: Mapping[Table, dict[str, Any]] = {
        calls: {"direction": "inbound", "from_number": MARIA, "to_number": LINE, "language": "it-IT", "state": "ended"}
        | {"arrived_at": now - at},
        texts: {"direction": "in", "from_number": MARIA, "to_number": LINE, "body": "ciao", "state": "received"}
        | {"at": now - at},
        callbacks: {"number": MARIA, "zone": "Europe/Rome", "window_seconds": 600, "kind": "asap", "state": "kept"}
        | {"promised_at": now - at, "made_at": now - at},
        notes: {"kind": "note", "words": "two cats", "tags": [], "at": now - at},
        interactions: {"channel": "voice", "started_at": now - at, "talk_seconds": 60, "outcome": "solved"},
        look_ups: {"user_id": "usr_1", "reason": "family: her mother", "at": now - at, "until": now},
        effects: {"kind": "create_call", "target": MARIA, "request": {}, "priority": 0, "state": "done", "wanted": True}
        | {"tries": 1, "made_at": now - at, "not_after": now - at},
    }
    async with door.database.write() as conn:
        await conn.execute(insert(table).values(id=id, **usual[table] | values))


async def rows(door: Door, table: Table) -> dict[str, Row[Any]]:
    async with door.database.read() as conn:
        return {row.id: row for row in await conn.execute(select(table))}


async def everything(door: Door) -> None:
    """Old and young of each kind."""
    maria = await door.customer("Maria", MARIA, external_id="C-1")
    said = {"said": "la lampada", "reply": "<Response/>", "recording_url": RECORDING, "forwarded_from": MARIA}
    for age, at in (("old", OLD), ("young", YOUNG)):
        await put(door, calls, age, at, **said, talk_recordings=[sid(2, "RE")], name_recording_url=RECORDING)
        await put(door, texts, age, at)
        await put(door, callbacks, age, at, customer_id=maria, reason="the lamp", recording_url=RECORDING)
        await put(door, notes, age, at, customer_id=maria)
        await put(door, interactions, age, at, customer_id=maria)
        await put(door, effects, age, at)
        await put(door, look_ups, age, at, customer_id=maria)
    await put(door, calls, "theirs", OLD, **said, customer_id=maria)
    await put(door, calls, "on the line", OLD, **said, state="waiting")
    await put(door, callbacks, "open", OLD, customer_id=maria, state="promised")
    await put(door, effects, "to be asked", OLD, due_at=door.clock.now())
    async with door.database.write() as conn:
        then = door.clock.now() - OLD
        await audit.record(conn, "a test", What.READ, maria, now=then)
        code = {"number": MARIA, "digest": "x", "asked_by": "agent", "made_at": then, "ends_at": then}
        await conn.execute(insert(proofs).values(id="old", call_id="old", customer_id=maria, **code))
        step = {"callback_id": "old", "n": 1, "at": then, "what": "made", "by": "us"}
        await conn.execute(insert(callback_history).values(step))


async def test_what_is_old_goes_by_kind_and_bare_figures_stay(door: Door) -> None:
    await everything(door)
    async with door.database.write() as conn:
        plan = Plan.model_validate({"retention": {"notes_days": 30, "texts_days": None}})
        await door.rooms.plans.publish(conn, plan, after=0, author="a test", note=None, now=door.clock.now())
    loop = retention(door)
    gone = await turn(door, loop)
    expected = {"recordings": 2, "messages": 1, "said": 2, "requests": 1, "notes": 1, "promises": 1, "audit": 1}
    expected |= {"look_ups": 1}
    assert gone == expected
    kept = await rows(door, calls)
    blank = ("said", "reply", "recording_url", "talk_recordings", "name_recording_url", "forwarded_from")
    for name in ("old", "theirs"):
        assert [getattr(kept[name], one) for one in blank] == [None] * len(blank), name
    assert [kept[name].from_number for name in ("old", "theirs", "young")] == [FORGOTTEN, MARIA, MARIA]
    assert all(kept[name].said for name in ("young", "on the line"))
    assert {wish["sid"] for wish in door.carrier.of("delete_recording")} == {sid(1, "RE"), sid(2, "RE")}
    for table, left in (
        (texts, {"old", "young"}),
        (notes, {"young"}),
        (interactions, {"old", "young"}),
        (callbacks, {"young", "open"}),
        (effects, {"young", "to be asked"}),
        (proofs, set()),
    ):
        assert set(await rows(door, table)) == left, table.name
    told = [row for row in (await rows(door, audit_rows)).values() if row.what == What.EXPIRED]
    assert {row.detail["kind"]: row.detail["rows"] for row in told} == expected
    assert {(row.by, row.role, row.customer_id) for row in told} == {("retention", "house", None)}
    assert await turn(door, loop) == await turn(door, retention(door)) == {}
    await door.clock.advance(timedelta(days=346).total_seconds())
    assert (await turn(door, loop))["said"] == 1  # the young one is a year old by now


async def test_a_stranger_of_whom_nothing_is_left_is_erased(door: Door) -> None:
    then, number = door.clock.now() - OLD, "+393339990001"
    async with door.database.write() as conn:
        values = {"language": "it-IT", "phones": [number]}
        ids = [await people.add(conn, values, then) for _ in range(4)]
        known = await people.add(conn, values | {"external_id": "C-1"}, then)
        young = await people.add(conn, values, door.clock.now() - YOUNG)
        await conn.execute(insert(cases).values(id="c", customer_id=ids[2], state="open", made_at=then))
    nobody, called, case, talked = ids
    await put(door, calls, "lately", YOUNG, customer_id=called)
    await put(door, calls, "once", OLD, customer_id=nobody)
    await put(door, interactions, "once", OLD, customer_id=talked)
    assert (await turn(door, retention(door)))["strangers"] == 1
    assert set(await rows(door, customers)) == {called, case, talked, known, young}
    assert (await rows(door, calls))["once"].from_number == FORGOTTEN
    async with door.database.read() as conn:
        erased = select(audit_rows.c.customer_id, audit_rows.c.by).where(audit_rows.c.what == What.ERASED)
        assert list(await conn.execute(erased)) == [(nobody, "retention")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_many_go_a_few_at_a_time_and_who_is_interrupted_goes_on(door: Door) -> None:
    now = door.clock.now()
    one = {"direction": "in", "from_number": MARIA, "to_number": LINE, "body": "ciao", "state": "received"}
    async with door.database.write() as conn:
        many = [{"id": f"t{n}", "at": now - OLD + timedelta(seconds=n // 2), **one} for n in range(BATCH + 50)]
        await conn.execute(insert(texts), many)

    async def left() -> int:
        async with door.database.read() as conn:
            return int(await conn.scalar(select(func.count()).select_from(texts)) or 0)

    work = door.clock.spawn(retention(door).turn(), "retention")
    await door.clock.advance(0.01)
    work.cancel()
    assert await left() == 50
    loop = retention(door)
    door.clock.spawn(loop.run(), "retention")
    await door.clock.advance(PAUSE.total_seconds())
    assert await left() == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_comes_back_out_of_a_backup_is_erased_again(door: Door) -> None:
    maria = await door.customer("Maria", MARIA)
    paolo = await door.customer("Paolo", MARIA)
    async with door.database.write() as conn:
        await audit.record(conn, "a test", What.ERASED, maria, now=door.clock.now())
    assert await retention(door).erase_again() == 1
    assert set(await rows(door, customers)) == {paolo}
