"""Text messages in, and what became of those we sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Row, insert, select

from crm.identify import Known, identify
from crm.tables import texts
from tests.ivr.door import ACCOUNT, LINE, MARIA, SOMEBODY, Answer, Door, sid

pytestmark = pytest.mark.anyio


async def text(door: Door, body: str, n: int = 1, from_: str = MARIA) -> Answer:
    form = {"AccountSid": ACCOUNT, "MessageSid": sid(n, "SM"), "From": from_, "To": LINE, "Body": body}
    return await door.send("/twilio/sms", form)


async def kept(door: Door, direction: str = "in") -> list[Row[Any]]:
    async with door.database.read() as conn:
        query = select(texts).where(texts.c.direction == direction).order_by(texts.c.id)
        return list((await conn.execute(query)).all())


async def test_a_text_is_kept_with_its_person_and_answered_once(door: Door) -> None:
    await door.customer("Maria", MARIA, formal=False)
    for _ in range(2):
        answer = await text(door, "La lampada è arrivata rotta 😢")
        assert (answer.status, answer.verbs) == (200, [])
    (one,) = await kept(door)
    assert (one.customer_id, one.body, one.state) == (door.ids["Maria"], "La lampada è arrivata rotta 😢", "received")
    (sent,) = door.carrier.of("send_text")
    assert (sent["to"], sent["from_"]) == (MARIA, LINE)
    assert sent["body"] == "Officine Lume: grazie, abbiamo ricevuto il tuo messaggio. Rispondi 2 e ti richiamiamo."
    assert [row.customer_id for row in await kept(door, "out")] == [door.ids["Maria"]]


async def test_the_same_text_told_at_once_is_one_text(door: Door) -> None:
    await door.customer("Maria", MARIA)
    answers = await asyncio.gather(*(text(door, "ciao") for _ in range(4)))
    assert {answer.status for answer in answers} == {200}
    assert len(await kept(door)) == 1
    assert len(await kept(door, "out")) == 1


async def test_somebody_new_is_answered_in_the_language_of_the_house(door: Door) -> None:
    await text(door, "hello", from_=SOMEBODY)
    (one,) = await kept(door)
    assert "grazie" in door.carrier.of("send_text")[0]["body"]
    async with door.database.read() as conn:
        known = await identify(conn, SOMEBODY, "IT")
    assert isinstance(known, Known)
    assert (one.customer_id, known.person.name) == (known.person.id, None)


async def test_two_texts_at_once_of_somebody_new_are_of_one_person(door: Door) -> None:
    await asyncio.gather(*(text(door, "ciao", n, SOMEBODY) for n in range(4)))
    assert len({row.customer_id for row in await kept(door)}) == 1
    assert len(await kept(door, "out")) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_lines_written_one_after_the_other_are_answered_once(door: Door) -> None:
    await door.customer("Maria", MARIA)
    for n in range(3):
        await text(door, f"e poi {n}", n)
        await door.clock.advance(60)
    assert len(await kept(door, "out")) == 1
    await door.clock.advance(1800)
    await text(door, "ancora io", 9)
    assert len(await kept(door, "out")) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("word", ["STOP", " stop ", "Help", "START", "unsubscribe"])
async def test_words_that_twilio_answers_are_kept_and_not_answered_again(door: Door, word: str) -> None:
    await text(door, word)
    assert len(await kept(door)) == 1
    assert door.carrier.of("send_text") == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("sender", ["Posteinfo", "48000"])
async def test_a_sender_who_cannot_be_answered_is_not(door: Door, sender: str) -> None:
    await text(door, "il suo pacco", from_=sender)
    assert len(await kept(door)) == 1
    assert door.carrier.of("send_text") == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_household_that_writes_is_nobody_in_particular(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.customer("Paolo", MARIA)
    await text(door, "ciao")
    assert [one.customer_id for one in await kept(door)] == [None]


async def sent_text(door: Door, state: str = "queued") -> None:
    row = {"id": "txt_1", "direction": "out", "from_number": LINE, "to_number": MARIA, "body": "b", "state": state}
    async with door.database.write() as conn:
        await conn.execute(insert(texts).values(row | {"at": door.clock.now()}))


async def delivered(door: Door, *states: str, of: str = "txt_1") -> None:
    for state in states:
        form = {"AccountSid": ACCOUNT, "MessageSid": sid(1, "SM"), "From": LINE, "To": MARIA, "MessageStatus": state}
        answer = await door.send(f"/twilio/sms/status?text={of}", form)
        assert (answer.status, answer.verbs) == (200, [])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("news", "state"),
    [
        (["sent", "delivered"], "delivered"),
        (["delivered", "sent", "queued"], "delivered"),
        (["sent", "sent", "sending"], "sent"),
        (["sent", "failed"], "failed"),
        (["undelivered", "sent"], "undelivered"),
        (["teleported"], "queued"),
    ],
)
async def test_the_news_of_a_text_never_goes_backwards(door: Door, news: list[str], state: str) -> None:
    await sent_text(door)
    await delivered(door, *news)
    (one,) = await kept(door, "out")
    assert one.state == state
    assert one.sid == (None if state == "queued" else sid(1, "SM"))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_news_of_a_text_nobody_sent_is_answered_and_forgotten(door: Door) -> None:
    await delivered(door, "delivered", of="txt_unheard_of")
    assert await kept(door, "out") == []
