"""Text messages in, and what became of those we sent."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, insert, select

from callbacks.tables import callbacks
from crm import consents, people
from crm.identify import Known, identify, person_by_id
from crm.tables import text_opt_outs, texts
from crm.timeline import timeline
from ivr.shared_texts import Writes, writes
from tests.ivr.door import ACCOUNT, LINE, MARIA, PAOLO, SOMEBODY, Answer, Door, sid
from tests.ivr.promising import as_it_is, asked_to_choose, changed, promised

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


async def refusals(door: Door) -> list[str]:
    async with door.database.read() as conn:
        return list(await conn.scalars(select(text_opt_outs.c.number)))


async def said_of_texts(door: Door) -> list[bool]:
    async with door.database.read() as conn:
        return [row.given for row in await conn.execute(consents.spoken(door.ids["Maria"], "texts"))]


@pytest.mark.parametrize("again", ["START", "yes", "Unstop"])
@pytest.mark.parametrize("stop", ["STOP", " cancel ", "Stop!"])
async def test_stop_is_kept_until_they_start_again(door: Door, stop: str, again: str) -> None:
    await door.customer("Maria", MARIA)
    for n in range(2):
        await text(door, stop, n)
    assert await refusals(door) == [MARIA]
    assert await said_of_texts(door) == [False]
    await text(door, "ho cambiato idea", 3)
    assert door.carrier.of("send_text") == []  # what they write is kept, and not answered
    await text(door, again, 4)
    assert await refusals(door) == []
    assert await said_of_texts(door) == [True, False]
    await text(door, "ci siete?", 5)
    assert len(door.carrier.of("send_text")) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_word_that_twilio_took_for_stop_in_another_language_is_stop(door: Door) -> None:
    form = {"AccountSid": ACCOUNT, "From": MARIA, "To": LINE, "Body": "basta", "OptOutType": "STOP"}
    await door.send("/twilio/sms", form | {"MessageSid": sid(1, "SM")})
    assert await refusals(door) == [MARIA]
    await door.send("/twilio/sms", form | {"MessageSid": sid(2, "SM"), "Body": "avvia", "OptOutType": "START"})
    assert await refusals(door) == []
    await door.send("/twilio/sms", form | {"MessageSid": sid(3, "SM"), "Body": "aiuto", "OptOutType": "HELP"})
    assert door.carrier.of("send_text") == []


LATER = timedelta(minutes=30)


@pytest.fixture
async def asked(door: Door) -> Row[Any]:
    """Maria was promised Anna in an hour, and asked: then Luca, or half an hour later Anna."""
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.agent("luca")
    promise = await promised(door)
    await asked_to_choose(door, promise, (timedelta(0), "luca"), (LATER, "anna"))
    return promise


@pytest.mark.parametrize(
    ("said", "later", "agent", "confirmed"),
    [
        ("5", timedelta(0), "luca", "Luca la chiama oggi alle 11:00"),
        (" 6. ", LATER, "anna", "Anna la chiama oggi alle 11:30"),
    ],
)
async def test_one_key_takes_one_of_the_two_times(
    door: Door, asked: Row[Any], said: str, later: timedelta, agent: str, confirmed: str
) -> None:
    for n in (1, 1, 2):  # the same twice, and once more by somebody impatient
        await text(door, said, n)
    promise = await as_it_is(door, asked)
    assert (promise.promised_at, promise.agent_id, promise.choices) == (asked.promised_at + later, agent, None)
    (sent,) = door.carrier.of("send_text")
    assert confirmed in sent["body"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("minutes", [5, 30])
async def test_a_time_that_has_gone_meanwhile_gives_way_to_the_nearest(
    door: Door, asked: Row[Any], minutes: int
) -> None:
    later = timedelta(minutes=minutes)
    await asked_to_choose(door, asked, (timedelta(0), "luca"), (later, "anna"))
    await door.customer("Paolo", PAOLO)
    await promised(door, "Paolo", timedelta(hours=1) + later, number=PAOLO)
    await text(door, "6")
    promise = await as_it_is(door, asked)
    assert (promise.promised_at, promise.agent_id) == (asked.promised_at, "anna")
    first, second = promise.choices
    assert abs(datetime.fromisoformat(second["at"]) - asked.promised_at - later) == timedelta(minutes=5)
    assert second["at"] != first["at"]
    assert first == {"at": asked.promised_at.isoformat(), "agent": "luca"}
    (sent,) = door.carrier.of("send_text")
    assert (
        "quell'orario intanto è stato preso. Risponda 5 per oggi alle 11:00 con Luca, 6 per oggi alle" in sent["body"]
    )
    await text(door, "6", 2)
    assert (await as_it_is(door, asked)).promised_at == datetime.fromisoformat(second["at"])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_seven_sends_the_page_where_everything_can_be_changed(door: Door, asked: Row[Any]) -> None:
    await text(door, "7")
    (sent,) = door.carrier.of("send_text")
    assert sent["body"] == f"Officine Lume: qui può cambiare la chiamata: {door.rooms.links.url(asked.id)}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("said", ["5", "6"])
async def test_a_digit_that_answers_nothing_is_only_a_word(door: Door, said: str) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    promise = await promised(door)
    await text(door, said)
    assert "abbiamo ricevuto" in door.carrier.of("send_text")[0]["body"]
    assert (await as_it_is(door, promise)).promised_at == promise.promised_at


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_whoever_writes_from_another_number_of_theirs_is_known(door: Door, asked: Row[Any]) -> None:
    async with door.database.write() as conn:
        await people.change(conn, door.ids["Maria"], {"phones": [MARIA, SOMEBODY]}, door.clock.now())
    await text(door, "6", from_=PAOLO)
    assert (await as_it_is(door, asked)).promised_at == asked.promised_at  # a stranger
    await text(door, "6", 2, from_=SOMEBODY)
    assert (await as_it_is(door, asked)).promised_at == asked.promised_at + LATER


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_while_we_are_calling_them_there_is_nothing_to_choose(door: Door, asked: Row[Any]) -> None:
    await changed(door, asked, state="ringing_customer")
    await text(door, "6")
    assert (await as_it_is(door, asked)).promised_at == asked.promised_at


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
    for n, body in enumerate(("il forno è rotto", "ci siete?", "2", "2", "2", "2")):
        await text(door, body, n)
    assert {one.customer_id for one in await kept(door)} == {None}
    first, *more = [sent["body"] for sent in door.carrier.of("send_text")]
    assert "abbiamo ricevuto" in first
    assert more == ["Chi scrive? Risponda con il nome."] * 2  # a machine that answers is not answered for ever
    async with door.database.read() as conn:
        for who in ("Maria", "Paolo"):
            seen = await timeline(conn, door.ids[who], (), None, 20)
            assert ("il forno è rotto", True) in [(item.summary, item.shared) for item in seen]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_whoever_of_a_household_says_who_writes_is_called_about_what_was_written(door: Door) -> None:
    await door.agent()
    await door.customer("Maria", MARIA)
    await door.customer("Paolo", MARIA, formal=False)
    for n, body in enumerate(("il forno è rotto", "2", "sono Paolo")):
        await text(door, body, n)
    async with door.database.read() as conn:
        (promise,) = (await conn.execute(select(callbacks))).all()
        marias = [item.state for item in await timeline(conn, door.ids["Maria"], (), None, 20)]
    assert "received" not in marias
    assert (promise.customer_id, promise.reason) == (door.ids["Paolo"], "il forno è rotto")
    assert {one.customer_id for one in await kept(door)} == {door.ids["Paolo"]}
    await text(door, "è urgente", 9)  # who wrote a minute ago writes on
    assert (await kept(door))[-1].customer_id == door.ids["Paolo"]


SHARED = ("Ada", "Bea")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Ada", Writes(0, another=True)),
        ("Buongiorno, sono Bea ho il forno rotto", Writes(1, another=True)),
        ("sono Ada e il forno è rotto", Writes(0, another=True)),
        ("sono Bea, il forno di mia sorella è rotto", Writes(1, another=True)),
        ("il forno è rotto. Sono Ada", Writes(0, another=True)),
        ("chiamate Bea, sono Ada", Writes(0, another=True)),
        ("non sono Ada, sono Bea", Writes(1, another=True)),
        ("Sono Carlo", Writes(name="Carlo", another=True)),
        ("Carlo Verdi", Writes(name="Carlo Verdi", another=True)),
        ("non sono Ada", Writes(another=True)),
        ("sono il marito di Ada", Writes(another=True)),
        ("chiamate Bea", Writes()),
        ("Richiamatemi", Writes()),
        ("la seconda", Writes()),  # nobody was offered a place
        ("Sono disperata", Writes()),
        ("no", Writes()),
        ("2", Writes()),
    ],
)
def test_a_text_is_by_whoever_it_says_it_is_by(body: str, expected: Writes) -> None:
    assert writes(body, [(name, name) for name in SHARED]) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("sono Carlo Rossi", Writes(name="Carlo Rossi", another=True)),
        ("Carlo Rossi", Writes(name="Carlo Rossi", another=True)),
        ("sono Rossi, Ada", Writes(0, another=True)),
        ("Bea Rossi", Writes(1, another=True)),
        ("Rossi", Writes(another=True)),
        ("sono la signora Rossi", Writes(another=True)),
    ],
)
def test_of_a_family_it_is_by_whoever_has_the_first_name(body: str, expected: Writes) -> None:
    assert writes(body, [(f"{name} Rossi",) for name in SHARED]) == expected


async def of_whom(door: Door, *bodies: str) -> list[str | None]:
    """By name, whose each text became."""
    for name in SHARED:
        await door.customer(name, MARIA)
    for n, body in enumerate(bodies):
        await text(door, body, n)
        await door.clock.advance(20)
    async with door.database.read() as conn:
        found = [one.customer_id and await person_by_id(conn, one.customer_id) for one in await kept(door)]
    return [one and one.name and one.name.split()[0] for one in found]


async def reasons(door: Door) -> list[str | None]:
    async with door.database.read() as conn:
        return list(await conn.scalars(select(callbacks.c.reason)))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("bodies", "whose", "reason"),
    [
        (("il forno è rotto", "Ada", "2"), ["Ada"] * 3, "il forno è rotto"),
        (("il forno è rotto", "non sono Ada", "Bea", "2"), ["Bea"] * 4, "il forno è rotto"),
        (
            ("Ada", "sono Bea, il forno di mia sorella è rotto", "2"),
            ["Ada", "Bea", "Bea"],
            "sono Bea, il forno di mia sorella è rotto",
        ),
        (("il forno è rotto", "Sono Carlo", "2"), ["Carlo"] * 3, "il forno è rotto"),
    ],
)
async def test_whoever_says_last_who_writes_is_called(
    door: Door, bodies: tuple[str, ...], whose: list[str], reason: str
) -> None:
    await door.agent()
    assert await of_whom(door, *bodies) == whose
    assert await reasons(door) == [reason]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_whoever_is_not_one_of_them_takes_nothing_of_theirs(door: Door) -> None:
    bodies = ("il forno è rotto", "sono il marito di Ada", "Ada", "non sono Ada", "è urgente")
    assert await of_whom(door, *bodies) == [None, None, "Ada", None, None]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("known", [SHARED, ()])
async def test_a_machine_on_a_number_of_several_or_of_nobody_is_answered_three_times_a_day(
    door: Door, known: tuple[str, ...]
) -> None:
    for name in known:
        await door.customer(name, MARIA)
    answered = []
    for n in range(6):
        await text(door, f"automatic reply {n}", n)
        answered.append(len(await kept(door, "out")))
        await door.clock.advance(1801)
    assert answered == [1, 2, 3, 3, 3, 3]
    await door.clock.advance(86_400)
    await text(door, "il forno è rotto", 9)
    assert len(await kept(door, "out")) == 4


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
