"""Making, moving and ending promises, also when two people do it at once; on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from callbacks.promises import HEADS_UP
from callbacks.states import MOVABLE, OPEN, State
from callbacks.tables import callback_attempts, callbacks
from callbacks.wish import CannotKeep, InProgress
from crm.tables import cases
from routing.plan import Limits, Line, Plan
from tests.callbacks.conftest import Ground

pytestmark = pytest.mark.anyio
LATER = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)  # three in the afternoon in Rome, today


async def in_state(ground: Ground, state: str) -> None:
    async with ground.database.write() as conn:
        await conn.execute(update(callbacks).values(state=state))


async def add_case(ground: Ground, case_id: str, whose: str = "Maria") -> str:
    async with ground.database.write() as conn:
        row = {"id": case_id, "customer_id": ground.ids[whose], "state": "open", "made_at": ground.clock.now()}
        await conn.execute(insert(cases).values(row))
    return case_id


async def tried(ground: Ground, **wish: Any) -> str:
    """What came of a wish: new, moved, refused, in progress."""
    try:
        _, new = await ground.make(ground.wish(**wish))
    except CannotKeep:
        return "refused"
    except InProgress:
        return "in progress"
    return "new" if new else "moved"


async def test_a_promise_holds_what_was_wished(ground: Ground) -> None:
    await ground.agents("anna")
    wish = ground.wish(
        due_at=LATER,
        agent_id="anna",
        kind="scheduled",
        reason="the lamp",
        origin_call="CA1",
        from_number="+390699990000",
        spoken="oggi alle 15:00",
        window_seconds=600,
    )
    row, new = await ground.make(wish)
    assert new
    assert (row.state, row.promised_at, row.due_at) == ("promised", LATER, LATER - HEADS_UP)
    assert (row.agent_id, row.kind, row.reason, row.origin_call) == ("anna", "scheduled", "the lamp", "CA1")
    assert (row.from_number, row.spoken, row.zone) == ("+390699990000", "oggi alle 15:00", "Europe/Rome")
    assert (row.window_seconds, row.made_at) == (600, ground.clock.now())


async def test_as_soon_as_possible_is_now_while_somebody_is_there(ground: Ground) -> None:
    await ground.agents("anna")
    row, _ = await ground.make(ground.wish())
    assert row.promised_at == row.due_at == ground.clock.now()


async def test_as_soon_as_possible_is_the_first_time_that_can_be_kept(ground: Ground) -> None:
    await ground.agents("anna", availability="offline")
    row, _ = await ground.make(ground.wish())
    assert row.promised_at == ground.clock.now() + timedelta(minutes=15)  # beyond ten minutes a shift counts


async def test_a_wish_that_was_late_on_its_way_means_now(ground: Ground) -> None:
    await ground.agents("anna")
    now = ground.clock.now()
    row, _ = await ground.make(ground.wish(due_at=now - timedelta(seconds=30)))
    assert row.promised_at == now
    assert await tried(ground, whose="Paolo", due_at=now - timedelta(seconds=31)) == "refused"


async def test_what_cannot_be_kept_is_refused_with_what_can(ground: Ground) -> None:
    await ground.agents("anna")
    sunday = datetime(2026, 3, 8, 10, 0, tzinfo=UTC)
    with pytest.raises(CannotKeep) as refused:
        await ground.make(ground.wish(due_at=sunday))
    monday = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
    assert [slot.due_at for slot in refused.value.slots] == [monday + timedelta(minutes=5 * n) for n in range(3)]
    assert await ground.all() == []


async def test_without_anybody_who_could_call_nothing_is_promised(ground: Ground) -> None:
    assert await tried(ground) == await tried(ground, due_at=LATER) == "refused"
    assert await ground.all() == []


async def test_a_message_left_with_us_is_never_refused(ground: Ground) -> None:
    """Nobody is there, or the house never opens: the promise is made all the same."""
    row, new = await ground.make(ground.wish(kind="voicemail", recording_url="https://r.test/1"), honest=False)
    assert (new, row.promised_at, row.recording_url) == (True, ground.clock.now(), "https://r.test/1")
    ground.plan = Plan(hours="off")
    row, new = await ground.make(ground.wish("Paolo", kind="voicemail"), honest=False)
    assert (new, row.promised_at) == (True, ground.clock.now() + timedelta(days=1))


async def test_a_message_at_night_is_answered_in_the_morning(ground: Ground) -> None:
    await ground.agents("anna")
    await ground.clock.advance(12 * 3600)
    row, _ = await ground.make(ground.wish(kind="voicemail"), honest=False)
    assert row.promised_at == datetime(2026, 3, 4, 8, 0, tzinfo=UTC)


async def test_a_second_wish_moves_the_first_and_keeps_what_it_does_not_say(ground: Ground) -> None:
    await ground.agents("anna")
    first, _ = await ground.make(ground.wish(reason="the lamp", origin_call="CA1"))
    second, new = await ground.make(ground.wish(due_at=LATER, kind="scheduled"))
    assert not new
    assert (second.id, second.promised_at, second.kind) == (first.id, LATER, "scheduled")
    assert (second.reason, second.origin_call, second.made_at) == ("the lamp", "CA1", first.made_at)


async def test_a_promise_that_has_ended_makes_room_for_another(ground: Ground) -> None:
    await ground.agents("anna")
    for ended in sorted(set(State) - set(OPEN)):
        assert await tried(ground) == "new", ended
        await in_state(ground, ended)
    assert len(await ground.all()) == len(set(State) - set(OPEN))


@pytest.mark.parametrize("state", sorted(set(OPEN) - set(MOVABLE)))
async def test_what_is_being_kept_right_now_is_left_alone(ground: Ground, state: State) -> None:
    await ground.agents("anna")
    row, _ = await ground.make(ground.wish())
    await in_state(ground, state)
    assert await tried(ground, due_at=LATER) == "in progress"
    async with ground.database.write() as conn:
        promise = await ground.promises.read(conn, row.id, lock=True)
        assert promise is not None
        with pytest.raises(InProgress):
            await ground.promises.move(conn, promise, ground.wish(due_at=LATER), ground.plan, now=ground.clock.now())
        with pytest.raises(InProgress):
            await ground.promises.cancel(conn, row.id, now=ground.clock.now())
    assert (await ground.one()).state == state


async def test_one_person_may_have_a_promise_for_each_matter(ground: Ground) -> None:
    await ground.agents("anna", "luca", "bea")
    lamp, door = await add_case(ground, "cas_lamp"), await add_case(ground, "cas_door")
    for case_id in (None, lamp, door):
        assert await tried(ground, case_id=case_id) == "new"
    for case_id in (None, lamp, door):
        assert await tried(ground, case_id=case_id, due_at=LATER) == "moved"
    assert [row.case_id for row in await ground.all()] == [None, lamp, door]


@pytest.mark.parametrize("of_a_case", [False, True])
async def test_ten_wishes_at_once_for_one_person_make_one_promise(ground: Ground, of_a_case: bool) -> None:
    await ground.agents("anna")
    case_id = await add_case(ground, "cas_lamp") if of_a_case else None
    came = await asyncio.gather(*(tried(ground, due_at=LATER, case_id=case_id) for _ in range(10)))
    assert sorted(came) == ["moved"] * 9 + ["new"]
    assert (await ground.one()).promised_at == LATER


async def test_of_two_who_want_the_last_place_one_is_refused(ground: Ground) -> None:
    """One agent keeps one promise at a time, however many ask at the same instant."""
    await ground.agents("anna")
    others = [await ground.customer(f"person {n}", f"+39333000000{n}") for n in range(4)]
    wishes = [tried(ground, whose=whose, due_at=LATER) for whose in list(ground.ids)]
    came = await asyncio.gather(*wishes)
    assert sorted(came) == ["new"] + ["refused"] * (len(others) + 1)
    assert len(await ground.all()) == 1


async def test_what_is_promised_to_oneself_takes_no_place(ground: Ground) -> None:
    """A wish to move by a minute is not refused because of the promise that is moved."""
    await ground.agents("anna")
    assert await tried(ground, due_at=LATER) == "new"
    assert await tried(ground, due_at=LATER + timedelta(minutes=1)) == "moved"
    assert await tried(ground, whose="Paolo", due_at=LATER + timedelta(minutes=2)) == "refused"


@pytest.mark.parametrize("ended", sorted(set(State) - set(OPEN)))
async def test_what_has_ended_takes_no_place(ground: Ground, ended: State) -> None:
    await ground.agents("anna")
    assert await tried(ground, due_at=LATER) == "new"
    await in_state(ground, ended)
    assert await tried(ground, whose="Paolo", due_at=LATER) == "new"


async def test_only_who_speaks_the_language_counts(ground: Ground) -> None:
    await ground.agents("anna", "luca")
    await ground.agents("heidi", languages=["de-DE"])
    assert await tried(ground, language="de-CH", due_at=LATER) == "new"
    assert await tried(ground, whose="Paolo", language="de-DE", due_at=LATER) == "refused"
    assert await tried(ground, whose="Paolo", language="de-DE", due_at=LATER, agent_id="anna") == "refused"


async def test_only_who_has_the_lines_skills_counts(ground: Ground) -> None:
    ground.plan = Plan(lines={"+390611": Line(skills={"loans": 2}, hours="Tu 16:00-17:00")})
    await ground.agents("anna")
    assert await tried(ground, from_number="+390611", due_at=LATER + timedelta(hours=1)) == "refused"
    await ground.agents("luca", skills={"loans": 2})
    assert await tried(ground, from_number="+390611", due_at=LATER + timedelta(hours=1)) == "new"
    assert await tried(ground, whose="Paolo", from_number="+390611", due_at=LATER) == "refused"  # that line is closed


async def moved(ground: Ground, **changes: Any) -> Any:
    async with ground.database.write() as conn:
        promise = await ground.promises.read(conn, (await ground.one()).id, lock=True)
        assert promise is not None
        kept = {"due_at": promise.promised_at, "reason": promise.reason, "agent_id": promise.agent_id}
        wish = ground.wish(**kept | changes)
        return await ground.promises.move(conn, promise, wish, ground.plan, now=ground.clock.now())


async def test_a_move_changes_what_it_names(ground: Ground) -> None:
    await ground.agents("anna", "luca")
    await ground.make(ground.wish(due_at=LATER, reason="the lamp", window_seconds=600))
    row = await moved(ground, agent_id="luca", number="+390612345678", reason="the door", window_seconds=900)
    assert (row.agent_id, row.number, row.reason, row.window_seconds) == ("luca", "+390612345678", "the door", 900)
    assert row.promised_at == LATER
    row = await moved(ground, due_at=LATER + timedelta(hours=1))
    assert (row.promised_at, row.due_at) == (LATER + timedelta(hours=1), LATER + timedelta(hours=1) - HEADS_UP)
    assert row.window_seconds == 900


async def test_a_move_frees_the_worker_who_held_it(ground: Ground) -> None:
    await ground.agents("anna")
    await ground.make(ground.wish())
    async with ground.database.write() as conn:
        await conn.execute(
            update(callbacks).values(lease_owner="w1", lease_until=LATER, state="due", due_at=ground.clock.now())
        )
    row = await moved(ground, due_at=LATER)
    assert (row.state, row.lease_owner, row.lease_until) == ("promised", None, None)


async def test_a_move_to_what_cannot_be_kept_leaves_it_where_it_is(ground: Ground) -> None:
    await ground.agents("anna")
    await ground.make(ground.wish(due_at=LATER))
    with pytest.raises(CannotKeep):
        await moved(ground, due_at=LATER + timedelta(days=4, hours=6))
    with pytest.raises(CannotKeep):
        await moved(ground, agent_id="luca")
    assert (await ground.one()).promised_at == LATER


async def test_a_cancelled_promise_is_over_and_cancelling_again_changes_nothing(ground: Ground) -> None:
    await ground.agents("anna")
    row, _ = await ground.make(ground.wish())
    for _ in range(2):
        async with ground.database.write() as conn:
            ended = await ground.promises.cancel(conn, row.id, now=ground.clock.now())
        assert ended is not None
        assert (ended.state, ended.due_at) == ("cancelled", None)
    async with ground.database.write() as conn:
        assert await ground.promises.cancel(conn, "cb_unheard_of", now=ground.clock.now()) is None


@pytest.mark.parametrize("state", State)
async def test_ringing_first_serves_a_promise_that_waits_and_no_other(ground: Ground, state: State) -> None:
    await ground.agents("anna")
    row, _ = await ground.make(ground.wish())
    await in_state(ground, state)
    async with ground.database.write() as conn:
        await ground.promises.served(conn, row.id, now=ground.clock.now())
    after = await ground.one()
    assert after.state == (State.KEPT if state in MOVABLE else state)
    assert (after.kept_at == ground.clock.now()) == (state in MOVABLE)


async def test_of_several_open_promises_the_one_due_first_is_meant(ground: Ground) -> None:
    await ground.agents("anna", "luca")
    lamp = await add_case(ground, "cas_lamp")
    later, _ = await ground.make(ground.wish(due_at=LATER))
    sooner, _ = await ground.make(ground.wish(due_at=LATER - timedelta(hours=1), case_id=lamp))
    async with ground.database.write() as conn:
        for case_id, whole, wanted in ((None, False, later.id), (lamp, False, sooner.id), (None, True, sooner.id)):
            found = await ground.promises.open_of(conn, ground.ids["Maria"], case_id=case_id, any_case=whole)
            assert found is not None
            assert found.id == wanted
        assert await ground.promises.open_of(conn, ground.ids["Paolo"], any_case=True) is None


async def test_attempts_are_read_in_order_for_each_promise(ground: Ground) -> None:
    await ground.agents("anna", "luca")
    first, _ = await ground.make(ground.wish())
    second, _ = await ground.make(ground.wish("Paolo"))
    async with ground.database.write() as conn:
        for n in (2, 1):
            await conn.execute(
                insert(callback_attempts).values(callback_id=first.id, n=n, at=ground.clock.now(), result="busy")
            )
        found = await ground.promises.attempts(conn, [first.id, second.id])
    assert [one.n for one in found[first.id]] == [1, 2]
    assert found[second.id] == []


async def test_when_the_days_money_is_spent_calls_are_promised_for_the_next_and_texts_still_today(
    ground: Ground,
) -> None:
    await ground.agents("anna")
    ground.plan = Plan(limits=Limits(spend_a_day=0.0))
    tomorrow = (ground.clock.now() + timedelta(days=1)).date()
    with pytest.raises(CannotKeep) as refused:
        await ground.make(ground.wish(due_at=ground.clock.now() + timedelta(hours=1)))
    assert {slot.due_at.date() for slot in refused.value.slots} == {tomorrow}
    soon = ground.clock.now() + timedelta(hours=1)
    row, _ = await ground.make(ground.wish(due_at=soon, kind="follow_up", channel="text", words="All well?"))
    assert row.promised_at == soon
    row, _ = await ground.make(ground.wish("Paolo"))
    assert row.promised_at.date() == tomorrow
