"""Texts about promises: in whose language, about what, to whom and when, and what became of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Row, select

from carrier.port import EffectResult
from crm.tables import text_opt_outs
from crm.texts import last_told, no_more_texts
from ivr.personal import Forgetting
from ivr.texts import MOST_A_DAY, disturbs, tell
from routing.plan import Plan
from tests.ivr.door import ACCOUNT, LINE, MARIA, OURS, Door, sid
from tests.ivr.promising import changed, kept_texts, promised

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FIXED = "+390612345678"
EVERY_KEY = (
    "text_promised",
    "text_promised_anyone",
    "text_moved",
    "text_reminder",
    "text_again",
    "text_later",
    "text_taken",
    "text_late",
    "text_given_up",
    "text_cancelled",
)


async def told(door: Door, promise: Row[Any], key: str = "text_promised", **more: Any) -> list[str]:
    async with door.database.write() as conn:
        return await tell(door.rooms, conn, promise, key, **more)


def sent(door: Door) -> list[dict[str, Any]]:
    return door.carrier.of("send_text")


@pytest.fixture
async def maria(door: Door) -> Row[Any]:
    await door.customer("Maria", MARIA, language="de-DE", formal=False, time_zone="Europe/London")
    await door.agent()
    return await promised(door)


async def test_it_is_in_their_language_and_by_their_clock(door: Door, maria: Row[Any]) -> None:
    await told(door, maria)
    (text,) = sent(door)
    assert (text["to"], text["from_"]) == (MARIA, LINE)
    assert text["body"] == (
        "Officine Lume: Anna ruft dich an, heute um 10:00 Uhr, höchstens 5 Minuten später (Ortszeit London). "
        f"Zum Ändern: {OURS}/p/{door.rooms.links.token(maria.id)}"
    )
    (row,) = await kept_texts(door, "out")
    assert (row.callback_id, row.customer_id) == (maria.id, door.ids["Maria"])
    assert text["not_after"] == maria.promised_at + timedelta(seconds=maria.window_seconds)


@on_sqlite
@pytest.mark.parametrize("key", EVERY_KEY)
async def test_nothing_says_what_it_is_about(door: Door, maria: Row[Any], key: str) -> None:
    await told(door, await changed(door, maria, note="privato", transcript="segreto", words="cose sue"), key)
    (text,) = sent(door)
    for private in ("lampada", "rotta", "privato", "segreto", "cose", "Maria", "Rossi"):
        assert private not in text["body"]


@on_sqlite
async def test_a_fixed_line_is_tried_until_the_carrier_says_that_it_shows_no_texts(door: Door, maria: Row[Any]) -> None:
    """Some do, and no numbering plan tells which; from then on nothing of theirs is changed by a text alone."""
    fixed = await changed(door, maria, number=FIXED)
    assert await told(door, fixed)
    (row,) = await kept_texts(door, "out")
    await door.hears(EffectResult("eff", "send_text", row.id, "failed", error_code="21614"))
    assert await told(door, fixed) == []


@on_sqlite
async def test_who_wants_no_texts_gets_none(door: Door, maria: Row[Any]) -> None:
    async with door.database.write() as conn:
        await no_more_texts(conn, MARIA, "word", door.clock.now())
    assert await told(door, maria) == []
    assert sent(door) == []


@on_sqlite
async def test_one_promise_is_not_written_about_for_ever(door: Door, maria: Row[Any]) -> None:
    for _ in range(MOST_A_DAY + 3):
        await told(door, maria, "text_moved")
    assert len(sent(door)) == MOST_A_DAY
    await door.clock.advance(86_400)
    await told(door, maria, "text_moved")
    assert len(sent(door)) == MOST_A_DAY + 1


@pytest.mark.parametrize(
    ("key", "now", "due", "quiet", "disturbed"),
    [
        ("text_reminder", "21:30", "22:20", None, True),
        ("text_reminder", "12:00", "13:00", None, False),
        ("text_reminder", "12:00", "13:00", "11:00-12:30", True),
        ("text_at_risk", "22:00", "23:30", None, True),
        ("text_at_risk", "22:00", "22:15", None, False),
        ("text_taken", "07:00", "09:30", None, True),
        ("text_taken", "09:00", "11:30", None, False),
        ("text_promised", "23:00", "23:59", None, False),
        ("text_again", "23:00", "23:59", "21:00-09:00", False),
        ("text_late", "22:00", "21:58", None, False),
    ],
)
def test_nobody_is_woken_without_need(key: str, now: str, due: str, quiet: str | None, disturbed: bool) -> None:
    def at(clock: str) -> datetime:
        return datetime.fromisoformat(f"2026-03-03T{clock}").replace(tzinfo=ZoneInfo("Australia/Sydney"))

    promise: Any = SimpleNamespace(promised_at=at(due), zone="Australia/Sydney")
    person: Any = SimpleNamespace(quiet_hours=quiet)
    assert disturbs(key, promise, person, Plan(), at(now)) is disturbed


async def refusals(door: Door) -> list[tuple[str, str]]:
    async with door.database.read() as conn:
        return [(row.number, row.source) for row in await conn.execute(select(text_opt_outs))]


@pytest.mark.parametrize(
    ("error", "remembered"),
    [("opted_out", ["carrier"]), ("21614", ["landline"]), ("30003", []), ("absent", [])],
)
async def test_what_the_carrier_refuses_for_good_is_not_asked_again(
    door: Door, maria: Row[Any], error: str, remembered: list[str]
) -> None:
    await told(door, maria)
    (row,) = await kept_texts(door, "out")
    for _ in range(2):
        await door.hears(EffectResult("eff", "send_text", row.id, "failed", error_code=error))
    assert [source for _, source in await refusals(door)] == remembered
    (row,) = await kept_texts(door, "out")
    assert row.state == "failed"
    assert bool(await told(door, maria)) is not bool(remembered)


@on_sqlite
async def test_a_landline_that_was_found_out_is_remembered_until_somebody_writes_from_it(
    door: Door, maria: Row[Any]
) -> None:
    await told(door, maria)
    (row,) = await kept_texts(door, "out")
    news = {"AccountSid": ACCOUNT, "MessageSid": sid(1, "SM"), "From": LINE, "To": MARIA, "ErrorCode": "30006"}
    await door.send(f"/twilio/sms/status?text={row.id}", news | {"MessageStatus": "undelivered"})
    assert await refusals(door) == [(MARIA, "landline")]
    form = {"AccountSid": ACCOUNT, "MessageSid": sid(2, "SM"), "From": MARIA, "To": LINE, "Body": "ci sono"}
    await door.send("/twilio/sms", form)
    assert await refusals(door) == []


async def test_what_became_of_the_last_text_is_told_of_each_promise(door: Door, maria: Row[Any]) -> None:
    async def state(promise_id: str = maria.id) -> str:
        async with door.database.read() as conn:
            return (await last_told(conn, [maria.id, "cb_other"]))[promise_id]

    assert await state() == "none"
    await told(door, maria)
    assert await state() == "queued"
    for n, news in enumerate(("sent", "delivered")):
        row = (await kept_texts(door, "out"))[-1]
        form = {"AccountSid": ACCOUNT, "MessageSid": sid(1, "SM"), "From": LINE, "To": MARIA, "MessageStatus": news}
        await door.send(f"/twilio/sms/status?text={row.id}", form)
        assert await state() == news, n
    await told(door, maria, "text_moved")
    assert await state() == "queued"
    assert await state("cb_other") == "none"


async def test_what_they_said_of_texts_is_erased_with_them_unless_somebody_shares_the_number(
    door: Door, maria: Row[Any]
) -> None:
    await door.customer("Paolo", "+393330000001")
    await door.customer("Rita", "+393330000001")
    async with door.database.write() as conn:
        for number in (MARIA, "+393330000001"):
            await no_more_texts(conn, number, "word", door.clock.now())
        for who in ("Maria", "Paolo"):
            await Forgetting(door.carrier).erase(conn, door.ids[who])
    assert await refusals(door) == [("+393330000001", "word")]
