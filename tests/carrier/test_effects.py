"""The ledger against a Twilio over HTTP, on both databases: never twice, never lost, always told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, update

from carrier.port import PROMISE, EffectResult
from carrier.tables import effects
from store.clock import VirtualClock
from store.ids import new_id
from store.sql import Database

pytestmark = pytest.mark.anyio

OURS = "+390612345678"
ANNA = "client:anna"


async def ring(database: Database, office: Any, to: str = ANNA, subject: str = "leg_1", **wish: Any) -> str:
    async with database.write() as conn:
        effect_id: str = await office.effects.create_call(
            conn,
            to=to,
            from_=OURS,
            url="https://centralino.example/twilio/agent?leg=1",
            status_url="https://centralino.example/twilio/status?leg=1",
            ring_seconds=20,
            subject=subject,
            **wish,
        )
    return effect_id


async def text(database: Database, office: Any, body: str = "A domani alle 10", to: str = "+393331234567") -> str:
    async with database.write() as conn:
        effect_id: str = await office.effects.send_text(
            conn, to=to, from_=OURS, body=body, status_url="https://centralino.example/twilio/sms/status"
        )
    return effect_id


async def row(database: Database, effect_id: str) -> Any:
    async with database.read() as conn:
        return (await conn.execute(select(effects).where(effects.c.id == effect_id))).one()


async def test_a_kicked_call_is_asked_without_time_passing_and_its_sid_is_told(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    effect_id = await ring(database, office)
    office.effects.kick(effect_id)
    await clock.advance(0)

    (asked,) = stand_in.creates()
    assert (asked["To"], asked["From"], asked["Timeout"]) == (ANNA, OURS, "20")
    assert asked["Url"].endswith("/twilio/agent?leg=1")
    assert asked["StatusCallback"].endswith("/twilio/status?leg=1")
    sid = stand_in.calls[0]["sid"]
    assert office.told == [EffectResult(effect_id, "create_call", "leg_1", "done", sid)]
    kept = await row(database, effect_id)
    assert (kept.state, kept.sid, kept.request, kept.due_at) == ("done", sid, {}, None)


async def test_nothing_is_asked_before_the_transaction_is_committed(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    with pytest.raises(KeyError):
        async with database.write() as conn:
            effect_id = await office.effects.end_call(conn, "CA" + "1" * 32, canceled=False)
            raise KeyError("the caller's own work failed")
    office.effects.kick(effect_id)
    await clock.advance(0)
    assert stand_in.asked == []


async def test_without_a_kick_the_loop_asks_within_half_a_second(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    office.keep()
    await clock.advance(1)
    await ring(database, office)
    await text(database, office)
    await clock.advance(0.5)
    assert len(stand_in.creates()) == len(stand_in.creates("Messages")) == 1


async def test_two_workers_and_their_loops_racing_for_one_intent_ask_once(
    database: Database, clock: VirtualClock, offices: Callable[..., Any], stand_in: Any
) -> None:
    here, there = offices(), offices()
    here.keep(), there.keep()
    ids = [await ring(database, here, to=f"client:agent_{n}", subject=f"leg_{n}") for n in range(4)]
    ids += [await text(database, here, to=f"+39333123456{n}") for n in range(4)]
    for _ in range(3):
        here.effects.kick(*ids)
        there.effects.kick(*ids)
    await clock.advance(3)
    assert sorted(form["To"] for form in stand_in.creates()) == [f"client:agent_{n}" for n in range(4)]
    assert len(stand_in.creates("Messages")) == 4
    assert sorted(result.id for result in here.told + there.told) == sorted(ids)


async def test_a_timeout_after_the_effect_is_unknown_then_found_by_looking(
    database: Database,
    clock: VirtualClock,
    offices: Callable[..., Any],
    impatient: Any,
    stand_in: Any,
    trouble: Any,
) -> None:
    office = offices(network=impatient)
    stand_in.troubles = [trouble(effect_first=True, hang=True)]
    office.effects.kick(await ring(database, office, to="client:anna?customer=Maria%20Rossi"))
    await clock.advance(0)
    assert [(result.state, result.sid) for result in office.told] == [("unknown", None)]

    office.keep()
    await clock.advance(20)
    assert len(stand_in.creates()) == 1
    assert (office.told[-1].state, office.told[-1].sid) == ("done", stand_in.calls[0]["sid"])


async def test_a_server_error_without_the_effect_is_absent_only_after_sixty_seconds(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    stand_in.troubles = [trouble(503)]
    office.keep()
    office.effects.kick(await ring(database, office))
    await clock.advance(59)
    assert office.states() == [("unknown", "HTTP 503")]
    await clock.advance(2)
    assert office.states()[1:] == [("failed", "absent")]
    assert len(stand_in.creates()) == 1


async def test_while_twilio_cannot_be_asked_nothing_counts_as_absent(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    stand_in.troubles = [trouble(500, effect_first=True), *[trouble(503)] * 20]
    office.keep()
    office.effects.kick(await ring(database, office))
    await clock.advance(80)
    assert office.states() == [("unknown", "HTTP 500")]
    stand_in.troubles.clear()
    await clock.advance(15)
    assert [result.state for result in office.told] == ["unknown", "done"]


async def test_a_call_found_is_never_one_that_another_effect_accounts_for(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    office.keep()
    office.effects.kick(await ring(database, office, subject="leg_1"))
    await clock.advance(0)
    stand_in.troubles = [trouble(500)]
    office.effects.kick(await ring(database, office, subject="leg_2"))
    await clock.advance(70)
    assert [(result.subject, result.state) for result in office.told] == [
        ("leg_1", "done"),
        ("leg_2", "unknown"),
        ("leg_2", "failed"),
    ]


async def test_a_process_that_died_after_asking_is_looked_up_and_never_repeated(
    database: Database, clock: VirtualClock, offices: Callable[..., Any], stand_in: Any
) -> None:
    dead, heir = offices(), offices()
    stand_in_call = stand_in.calls
    effect_id = await ring(database, dead)
    dead.effects.kick(effect_id)
    await clock.advance(0)
    # What a kill between Twilio's answer and our commit leaves behind.
    async with database.write() as conn:
        now = clock.now()
        wish = {"from_": OURS, "url": "https://x.example/a", "status_url": "https://x.example/s", "ring_seconds": 20}
        half = {
            "state": "asking",
            "sid": None,
            "request": wish,
            "due_at": now,
            "lease_until": now,
            "lease_owner": "dead",
        }
        await conn.execute(update(effects).where(effects.c.id == effect_id).values(**half))
    heir.keep()
    await clock.advance(5)
    assert len(stand_in.creates()) == 1
    assert [(result.state, result.sid) for result in heir.told] == [
        ("unknown", None),
        ("done", stand_in_call[0]["sid"]),
    ]


async def test_a_change_found_half_asked_is_simply_asked_again(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    office.effects.kick(await ring(database, office))
    await clock.advance(0)
    sid = stand_in.calls[0]["sid"]
    async with database.write() as conn:
        effect_id = await office.effects.end_call(conn, sid, canceled=True)
        half = {
            "state": "asking",
            "asked_at": clock.now(),
            "lease_until": clock.now(),
            "lease_owner": "dead",
            "tries": 1,
        }
        await conn.execute(update(effects).where(effects.c.id == effect_id).values(**half))
    await clock.advance(1)
    office.keep()
    await clock.advance(1)
    assert stand_in.ends() == [(sid, "canceled")]
    assert office.told[-1].state == "done"


async def test_429_is_repeated_with_growing_pauses_until_it_is_heard(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    stand_in.troubles = [trouble(429, 20429)] * 3
    office.effects.kick(await ring(database, office))
    await clock.advance(5)
    assert len(stand_in.creates()) == 4
    pauses = [(after - before).total_seconds() for before, after in pairwise(stand_in.asked_at)]
    assert pauses == [0.25, 0.5, 1.0]
    assert office.states() == [("done", None)]


async def test_429_is_not_repeated_past_the_time_it_may_be_asked(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    stand_in.troubles = [trouble(429, 20429)] * 50
    office.effects.kick(await ring(database, office, not_after=clock.now() + timedelta(seconds=3)))
    await clock.advance(30)
    assert office.states() == [("failed", "20429")]
    assert len(stand_in.creates()) < 8


async def test_a_refused_connection_is_repeated_because_nothing_was_sent(
    database: Database, clock: VirtualClock, network: Any, stand_in: Any, office: Any, free_port: int
) -> None:
    network._ready().api.base_url = f"http://127.0.0.1:{free_port}"
    office.effects.kick(await ring(database, office))
    await clock.advance(0)
    assert office.told == []
    network._ready().api.base_url = stand_in.url
    await clock.advance(3)
    assert len(stand_in.creates()) == 1
    assert [result.state for result in office.told] == ["done"]


async def test_a_call_too_late_to_be_asked_fails_instead(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    await ring(database, office, not_after=clock.now() + timedelta(seconds=5))
    await clock.advance(6)
    office.keep()
    await clock.advance(1)
    assert stand_in.asked == []
    assert office.states() == [("failed", "too_late")]


async def test_an_intent_withdrawn_before_it_is_asked_never_is(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    effect_id = await ring(database, office)
    async with database.write() as conn:
        assert await office.effects.withdraw(conn, "leg_1") == []
    office.effects.kick(effect_id)
    office.keep()
    await clock.advance(5)
    assert stand_in.asked == []
    assert office.told == []


async def test_withdrawing_after_it_was_asked_gives_the_sid_to_end(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    office.effects.kick(await ring(database, office))
    await clock.advance(0)
    sid = stand_in.calls[0]["sid"]
    async with database.write() as conn:
        assert await office.effects.withdraw(conn, "leg_1") == [sid]
        ending = await office.effects.end_call(conn, sid, canceled=True, subject="leg_1")
    office.effects.kick(ending)
    await clock.advance(0)
    assert stand_in.ends() == [(sid, "canceled")]


async def test_a_call_withdrawn_while_it_is_being_asked_is_ended_as_soon_as_its_sid_is_known(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, network: Any
) -> None:
    effect_id = await ring(database, office)
    original = network.create_call

    async def create_and_meanwhile_hang_up(call: Any) -> str:
        sid: str = await original(call)
        async with database.write() as conn:
            assert await office.effects.withdraw(conn, "leg_1") == [None]
        return sid

    network.create_call = create_and_meanwhile_hang_up
    office.effects.kick(effect_id)
    await clock.advance(0)
    assert stand_in.ends() == [(stand_in.calls[0]["sid"], "completed")]


async def test_a_webhook_with_our_mark_resolves_an_unknown_outcome(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    mark = new_id("eff")
    stand_in.troubles = [trouble(effect_first=True)]
    office.effects.kick(await ring(database, office, effect_id=mark))
    await clock.advance(0)
    sid = stand_in.calls[0]["sid"]
    async with database.write() as conn:
        assert await office.effects.learn_sid(conn, mark, sid) is None
    office.keep()
    await clock.advance(70)
    assert [path for method, path, _ in stand_in.asked if method == "GET"] == []
    kept = await row(database, mark)
    assert (kept.state, kept.sid) == ("done", sid)


async def test_a_webhook_for_a_call_nobody_wants_any_more_leads_to_its_end(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    mark = new_id("eff")
    stand_in.troubles = [trouble(effect_first=True)]
    office.effects.kick(await ring(database, office, effect_id=mark))
    await clock.advance(0)
    sid = stand_in.calls[0]["sid"]
    async with database.write() as conn:
        assert await office.effects.withdraw(conn, "leg_1") == [None]
        ending = await office.effects.learn_sid(conn, mark, sid)
    office.effects.kick(ending)
    await clock.advance(0)
    assert stand_in.ends() == [(sid, "completed")]


async def test_a_call_that_shows_itself_after_it_was_held_absent_is_ended(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    mark = new_id("eff")
    stand_in.troubles = [trouble()]
    office.keep()
    office.effects.kick(await ring(database, office, effect_id=mark))
    await clock.advance(70)
    assert office.states()[-1] == ("failed", "absent")
    async with database.write() as conn:
        assert await office.effects.learn_sid(conn, mark, "CA" + "9" * 32) is not None


async def test_ending_or_moving_a_call_that_is_gone_is_done(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    office.effects.kick(await ring(database, office))
    await clock.advance(0)
    stand_in.calls[0]["status"] = "completed"
    async with database.write() as conn:
        first = await office.effects.redirect_call(conn, stand_in.calls[0]["sid"], url="https://x.example/next")
        second = await office.effects.end_call(conn, "CA" + "7" * 32, canceled=False)
    office.effects.kick(first, second)
    await clock.advance(0)
    assert office.states()[1:] == [("done", "gone"), ("done", "gone")]


async def test_a_change_whose_answer_is_lost_is_asked_again(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    office.effects.kick(await ring(database, office))
    await clock.advance(0)
    sid = stand_in.calls[0]["sid"]
    stand_in.troubles = [trouble(500), trouble(503)]
    async with database.write() as conn:
        office_id = await office.effects.redirect_call(conn, sid, url="https://x.example/next", subject="call_1")
        erase = await office.effects.delete_recording(conn, "RE" + "1" * 32)
    office.effects.kick(office_id, erase)
    await clock.advance(5)
    assert [result.state for result in office.told[1:]] == ["done", "done"]
    assert len(stand_in.asked) == 5


async def test_a_redirect_whose_answer_is_lost_is_not_asked_again_for_a_call_that_has_arrived(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    """Fetched twice, a caller would leave the room in between, which ends the talk.  Elsewhere they did not arrive."""
    office.effects.kick(await ring(database, office))
    await clock.advance(0)
    sid, room = stand_in.calls[0]["sid"], "https://x.example/join"
    for arrived_at, times in ((room, 1), ("https://x.example/wait", 2)):
        stand_in.troubles, asked = [trouble(effect_first=True)], len(stand_in.asked)
        async with database.write() as conn:
            redirect = await office.effects.redirect_call(conn, sid, url=room)
        office.effects.kick(redirect)
        await clock.advance(0)
        async with database.write() as conn:
            await office.effects.arrived(conn, sid, url=arrived_at)
        await clock.advance(5)
        assert len(stand_in.asked) - asked == times
        assert (await row(database, redirect)).state == "done"


async def test_a_refusal_is_final_and_carries_twilios_code(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    stand_in.troubles = [trouble(400, 21214)]
    office.keep()
    office.effects.kick(await ring(database, office))
    await clock.advance(70)
    assert office.states() == [("failed", "21214")]
    assert len(stand_in.creates()) == 1


async def test_someone_who_opted_out_is_not_texted_again(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    stand_in.troubles = [trouble(400, 21610)]
    office.keep()
    office.effects.kick(await text(database, office))
    await clock.advance(70)
    assert office.states() == [("failed", "opted_out")]
    assert len(stand_in.creates("Messages")) == 1


async def test_a_text_of_unknown_outcome_is_found_by_its_words(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    office.keep()
    office.effects.kick(await text(database, office, body="Il primo"))
    await clock.advance(0)
    stand_in.troubles = [trouble(effect_first=True)]
    effect_id = await text(database, office, body="Il secondo")
    office.effects.kick(effect_id)
    await clock.advance(5)
    assert len(stand_in.creates("Messages")) == 2
    assert (office.told[-1].id, office.told[-1].sid) == (effect_id, stand_in.messages[0]["sid"])


async def test_a_second_text_to_a_number_waits_until_the_first_is_accounted_for(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    office.keep()
    stand_in.troubles = [trouble()]
    office.effects.kick(await text(database, office, body="Il primo"))
    await clock.advance(0)
    office.effects.kick(await text(database, office, body="Il secondo"))
    await clock.advance(30)
    assert [form["Body"] for form in stand_in.creates("Messages")] == ["Il primo"]
    await clock.advance(31)
    assert [form["Body"] for form in stand_in.creates("Messages")] == ["Il primo", "Il secondo"]


async def test_texts_to_a_number_go_in_the_order_they_were_written(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    """What is written later may contradict what is written first; whoever is asked to hurry first."""
    first, second = await text(database, office, body="Il primo"), await text(database, office, body="Il secondo")
    office.effects.kick(second)
    await clock.advance(0)
    assert stand_in.creates("Messages") == []
    office.effects.kick(first)
    await clock.advance(1)
    assert [form["Body"] for form in stand_in.creates("Messages")] == ["Il primo", "Il secondo"]


async def test_another_call_to_a_number_waits_until_the_first_is_accounted_for(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    office.keep()
    stand_in.troubles = [trouble()]
    first = await ring(database, office, subject="leg_1")
    office.effects.kick(first)
    await clock.advance(0)
    office.effects.kick(await ring(database, office, subject="leg_2"))
    office.effects.kick(await ring(database, office, to="client:bruno", subject="leg_3"))
    await clock.advance(30)
    assert [form["To"] for form in stand_in.creates()] == [ANNA, "client:bruno"]
    await clock.advance(31)
    assert [form["To"] for form in stand_in.creates()] == [ANNA, "client:bruno", ANNA]


async def test_a_promise_is_not_asked_before_its_time(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    office.keep()
    due_at = clock.now() + timedelta(seconds=30)
    await ring(database, office, priority=PROMISE, not_before=due_at)
    await clock.advance(29)
    assert stand_in.asked == []
    await clock.advance(1.5)
    assert len(stand_in.creates()) == 1
    assert (stand_in.asked_at[0] - due_at).total_seconds() < 0.1


async def test_forgetting_a_number_leaves_no_trace_of_what_was_asked_for_it(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    office.effects.kick(await text(database, office))
    await clock.advance(0)
    later = await text(database, office, body="un altro")
    async with database.write() as conn:
        await office.effects.forget(conn, ["+393331234567"])
    office.effects.kick(later)
    await clock.advance(0)
    async with database.read() as conn:
        assert (await conn.execute(select(effects))).all() == []
    assert len(stand_in.creates("Messages")) == 1


async def test_a_hearer_that_fails_does_not_undo_the_result(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    async def deaf(result: EffectResult) -> None:
        raise RuntimeError("not now")

    office.effects.on_result = deaf
    effect_id = await ring(database, office)
    office.effects.kick(effect_id)
    await clock.advance(0)
    assert (await row(database, effect_id)).state == "done"


async def test_a_database_that_is_away_when_kicked_costs_nothing_but_time(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    effect_id = await ring(database, office)
    await database.close()
    office.effects.kick(effect_id)
    office.keep()
    await clock.advance(1)
    assert len(stand_in.creates()) == 1


# Who is in a room

CALLER, ROOM = "CA" + "1" * 32, "call_1"


async def held(database: Database, office: Any, on: bool, **more: Any) -> str:
    async with database.write() as conn:
        effect_id: str = await office.effects.change_participant(
            conn, CALLER, room=ROOM, subject=f"hold {on}", hold=on, **more
        )
    return effect_id


def wishes(stand_in: Any) -> list[str]:
    return [form["Hold"] for method, path, form in stand_in.asked if method == "POST" and "Participants" in path]


async def test_nobody_is_put_on_hold_again_who_has_been_fetched_back(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any, trouble: Any
) -> None:
    """The first wish is to be repeated, when the second takes its place."""
    stand_in.rooms[ROOM] = "CF" + "1" * 32
    office.effects.kick(await held(database, office, False))
    await clock.advance(0)
    stand_in.troubles = [trouble(429, 20429)]
    office.keep()
    first = await held(database, office, True)
    office.effects.kick(first)
    await clock.advance(0)
    second = await held(database, office, False)
    office.effects.kick(second)
    await clock.advance(20)
    assert wishes(stand_in) == ["false", "true", "false"]
    assert (await row(database, first)).state == "withdrawn"
    assert (await row(database, second)).state == "done"
    assert [result.subject for result in office.told] == ["hold False", "hold False"]


async def test_what_is_for_later_is_asked_then_and_what_is_late_is_not(
    database: Database, clock: VirtualClock, office: Any, stand_in: Any
) -> None:
    """An announcement is heard first.  Without its room nothing is asked, and after a while nothing more is wanted."""
    office.keep()
    stand_in.rooms[ROOM] = "CF" + "1" * 32
    office.effects.kick(await held(database, office, True, not_before=clock.now() + timedelta(seconds=5)))
    await clock.advance(4)
    assert wishes(stand_in) == []
    await clock.advance(1.5)
    assert wishes(stand_in) == ["true"]
    del stand_in.rooms[ROOM]
    async with database.write() as conn:
        effect_id = await office.effects.announce(conn, "call_2", url="https://x.example/joins", subject="call_2")
    office.effects.kick(effect_id)
    await clock.advance(15)
    assert office.told[-1].state == "failed"
