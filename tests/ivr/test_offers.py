"""Being called back and leaving a message: the two ways out of waiting that end in a promise."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Row

from callbacks.slots import Slot
from crm.identify import person_by_id
from ivr.promising import read, written
from tests.ivr.door import LINE, MARIA, PAOLO, SOMEBODY, Answer, Door, sid

pytestmark = pytest.mark.anyio
ROME = ZoneInfo("Europe/Rome")
UNKNOWN = {"From": "anonymous"}
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_while_the_house_is_closed_a_call_back_is_promised_for_the_morning(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.clock.advance(12 * 3600)
    first = await door.ring()
    assert "Riapriamo domani alle 09:00" in first.words
    assert "Record" in first.verbs
    assert door.rings == []
    offered = await door.press(first, "2")
    assert "domani alle 09:00" in offered.words
    promised = await door.press(offered, "6")
    assert "D'accordo, Maria" in promised.words
    (promise,) = await door.all_promises()
    assert (promise.state, promise.kind, promise.number) == ("promised", "scheduled", MARIA)
    assert promise.spoken in promised.words
    assert (await door.call()).outcome == "callback"
    assert "promise" not in door.carrier.of("send_text")[0]["body"]
    punctual = f"{promise.spoken}, al massimo 5 minuti dopo."
    assert punctual in promised.words
    assert punctual in door.carrier.of("send_text")[0]["body"]


async def test_silence_at_an_offer_takes_its_first_time(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.clock.advance(12 * 3600)
    offered = await door.press(await door.ring(), "2")
    await door.wait(offered)
    (promise,) = await door.all_promises()
    assert f"{promise.promised_at:%d %H:%M}" == "04 08:00"


@on_sqlite
async def test_a_withheld_number_types_where_to_be_called_back(door: Door) -> None:
    await door.agent()
    await door.clock.advance(12 * 3600)
    asked = await door.press(await door.ring(**UNKNOWN), "2", **UNKNOWN)
    assert "A quale numero" in asked.words
    asked = await door.press(asked, "112", **UNKNOWN)
    assert "numero di emergenza" in asked.words
    back = await door.press(asked, "3337654321", **UNKNOWN)
    assert "Ho capito: 3 3 3, 7 6 5, 4 3 2 1." in back.words
    offered = await door.press(back, "5", **UNKNOWN)
    promised = await door.press(offered, "5", **UNKNOWN)
    assert "D'accordo" in promised.words
    (promise,) = await door.all_promises()
    assert promise.number == PAOLO


@on_sqlite
async def test_after_two_numbers_that_cannot_be_called_there_is_a_message(door: Door) -> None:
    await door.agent()
    asked = await door.press(await door.ring(**UNKNOWN), "2", **UNKNOWN)
    asked = await door.press(asked, "899123456", **UNKNOWN)
    assert "a pagamento" in asked.words
    message = await door.press(asked, "0", **UNKNOWN)
    assert message.verbs == ["Say", "Say", "Record", "Redirect"]
    assert "con un numero per richiamarla" in message.words


@on_sqlite
async def test_a_withheld_number_types_where_a_message_is_answered(door: Door) -> None:
    asked = await door.press(await door.ring(**UNKNOWN), "3", **UNKNOWN)
    back = await door.press(asked, "3337654321", **UNKNOWN)
    recording = await door.send(back.goes_to, door.form(**UNKNOWN))  # silence: it is right
    assert "la richiameremo" in recording.words
    told = {"RecordingUrl": "https://api.test/RE1", "RecordingSid": sid(1, "RE")}
    await door.send(recording.records_to, door.form(**told, **UNKNOWN))
    (promise,) = await door.all_promises()
    assert (promise.kind, promise.number) == ("voicemail", PAOLO)


async def test_a_message_becomes_a_promise_and_is_acknowledged_once_it_is_stored(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(availability="offline")
    recording = await door.press(await door.ring(), "3")
    assert recording.verbs == ["Say", "Record", "Redirect"]
    told = {"RecordingUrl": "https://api.test/RE1", "RecordingSid": sid(1, "RE"), "RecordingDuration": "8"}
    kept = await door.send(recording.records_to, door.form(**told))
    assert "il messaggio è arrivato" in kept.words
    assert "al massimo 5 minuti dopo." in kept.words
    (promise,) = await door.all_promises()
    assert (promise.kind, promise.recording_url) == ("voicemail", "https://api.test/RE1")
    assert (await door.send(recording.records_to, door.form(**told))).text == kept.text
    assert len(await door.all_promises()) == 1


@pytest.mark.parametrize("by_status", [True, False])
async def test_a_message_of_somebody_who_hung_up_is_kept(door: Door, by_status: bool) -> None:
    """Most people hang up instead of pressing a key; the recording's own news may be all that comes."""
    await door.customer("Maria", MARIA)
    recording = await door.press(await door.ring(), "3")
    told = {"RecordingUrl": "https://api.test/RE1", "RecordingSid": sid(1, "RE"), "RecordingDuration": "8"}
    if by_status:
        await door.send("/twilio/status", door.form(CallStatus="completed"))
        news = door.form(RecordingStatus="completed", **told)
        for _ in range(2):
            await door.send("/twilio/voice/recording", news)
    else:
        await door.send(recording.records_to, door.form(CallStatus="completed", Digits="hangup", **told))
    (promise,) = await door.all_promises()
    assert (promise.kind, promise.recording_url) == ("voicemail", "https://api.test/RE1")
    call = await door.call()
    assert (call.state, call.outcome) == ("ended", "voicemail")


@on_sqlite
async def test_a_recording_that_failed_or_was_empty_is_no_message(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.press(await door.ring(), "3")
    await door.send("/twilio/status", door.form(CallStatus="completed"))
    for status, url in (("absent", ""), ("failed", "https://api.test/RE1"), ("completed", "")):
        news = door.form(RecordingStatus=status, RecordingSid=sid(1, "RE"), RecordingUrl=url)
        await door.send("/twilio/voice/recording", news)
    assert await door.all_promises() == []


async def test_a_key_without_a_time_is_offered_times_again(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(activity="talking")
    offered = await door.press(await door.ring(), "2")
    assert "Prema 7" in offered.words
    assert "prema 5" in (await door.press(offered, "0")).words
    assert await door.all_promises() == []


async def test_a_time_taken_meanwhile_is_offered_no_more(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(availability="away")
    offers = [
        await door.press(await door.ring(n, From=number), "2", n, From=number)
        for n, number in ((1, MARIA), (2, SOMEBODY))
    ]
    assert "D'accordo" in (await door.press(offers[0], "5")).words
    again = await door.press(offers[1], "5", 2, From=SOMEBODY)
    assert "richiamarla" in again.words
    assert again.listens_at != offers[1].listens_at
    assert "D'accordo" in (await door.press(again, "5", 2, From=SOMEBODY)).words
    first, second = await door.all_promises()
    assert first.promised_at != second.promised_at


async def test_after_a_promise_is_spoken_nothing_follows(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(availability="away")
    offered = await door.press(await door.ring(), "2")
    await door.press(offered, "5")
    for path in ("wait", "key"):
        assert (await door.send(f"/twilio/voice/{path}", door.form())).verbs == ["Hangup"], path
    assert len(await door.all_promises()) == 1


async def evening(door: Door, **more: Any) -> Answer:
    """An offer in the evening: two times of tomorrow morning, Wednesday 4 March."""
    await door.customer("Maria", MARIA, **more)
    await door.agent()
    await door.clock.advance(12 * 3600)
    return await door.press(await door.ring(), "2")


def slots_of(offered: Answer) -> list[Slot]:
    return read(parse_qs(urlsplit(offered.listens_at).query)["slots"][0])


def due(promise: Row[Any]) -> str:
    return f"{promise.promised_at.astimezone(ROME):%d.%m %H:%M}"


async def test_as_soon_as_possible_keeps_the_place_of_the_call(door: Door) -> None:
    """With the time by which it will be at the latest, in the offer and in the promise."""
    await door.agent(activity="talking")
    first = await door.ring()
    await door.clock.advance(40)
    offered = await door.press(first, "2")
    latest = re.search(r"primo momento libero, (oggi alle \d\d:\d\d) al più tardi", offered.words)
    assert latest is not None
    promised = await door.press(offered, "5")
    assert f"al primo momento libero, {latest[1]} al più tardi" in promised.words
    (promise,) = await door.all_promises()
    assert (promise.kind, promise.agent_id) == ("asap", None)
    assert promise.arrived_at == (await door.call()).arrived_at
    assert promise.promised_at == door.clock.now()


@on_sqlite
async def test_a_day_and_a_time_may_be_said_instead_of_a_key(door: Door) -> None:
    """Also the key itself, or that they agree: it is the same promise, which moves."""
    offered = await evening(door)
    for n, (said, wanted) in enumerate(
        (
            ("domani alle dieci e mezza", "04.03 10:30"),
            ("giovedì alle 3 del pomeriggio", "05.03 15:00"),
            ("alle undici", "04.03 11:00"),
            ("sì", "04.03 09:00"),
            ("sei", "04.03 09:20"),
        ),
        start=1,
    ):
        offered = offered if n == 1 else await door.press(await door.ring(n), "2", n)
        promised = await door.speak(offered, said, n)
        (promise,) = await door.all_promises()
        assert due(promise) == wanted
        assert f"la richiamiamo {promise.spoken}, al massimo 5 minuti dopo" in promised.words


@on_sqlite
async def test_a_time_is_that_of_the_clock_on_their_wall(door: Door) -> None:
    """In Rome it is ten in the evening, in Tokyo six on the next morning."""
    promised = await door.speak(await evening(door, time_zone="Asia/Tokyo"), "oggi alle diciotto")
    (promise,) = await door.all_promises()
    assert due(promise) == "04.03 10:00"
    assert "oggi alle 18:00" in promised.words


async def test_a_time_that_cannot_be_kept_is_answered_with_the_nearest_two(door: Door) -> None:
    offered = await door.speak(await evening(door), "domenica alle dieci")
    assert "Non posso prometterle domenica 8 marzo alle 10:00." in offered.words
    assert offered.words.count("lunedì 9 marzo") == 3
    await door.press(offered, "6")
    (promise,) = await door.all_promises()
    assert due(promise) == "09.03 09:20"


@on_sqlite
async def test_a_day_is_answered_with_two_times_of_it(door: Door) -> None:
    offered = await evening(door)
    for said, first, second in (
        ("domani", "04.03 09:00", "04.03 13:00"),
        ("giovedì pomeriggio", "05.03 13:00", "05.03 13:20"),
        ("sabato", "09.03 09:00", "09.03 09:20"),  # closed: the nearest
    ):
        offered = await door.speak(offered, said)
        assert [f"{slot.due_at.astimezone(ROME):%d.%m %H:%M}" for slot in slots_of(offered)] == [first, second]
    assert offered.words.startswith("Per allora non posso prometterle una chiamata.")
    assert await door.all_promises() == []


async def test_key_seven_leads_to_another_day_and_to_any_time(door: Door) -> None:
    more = await door.press(await evening(door), "7")
    assert "prema 5 per giovedì 5 marzo alle 09:00" in more.words  # the next open day after what was offered
    again = await door.wait(more)
    assert "prema 5 per domani alle 09:00" in again.words  # silence: the times again
    when = await door.press(await door.press(again, "7"), "6")
    assert "Dica il giorno e l'ora, oppure digiti l'ora con quattro cifre" in when.words
    await door.press(when, "1530")
    (promise,) = await door.all_promises()
    assert due(promise) == "04.03 15:30"


@on_sqlite
async def test_who_is_not_understood_twice_hears_the_times_again(door: Door) -> None:
    """And then with keys alone: where there is noise, nothing but noise would be answered for ever."""
    offered = await evening(door)
    when = await door.press(await door.press(offered, "7"), "6")
    when = await door.speak(when, "la lampada lampeggia")
    assert "Dica per esempio: domani alle dieci e mezza." in when.words
    again = await door.speak(when, "lampeggia")
    assert again.words.startswith("Non ho capito l'ora. Possiamo richiamarla: prema 5")
    assert "speech" in offered.text
    assert "speech" not in again.text
    silent = await door.wait(await door.wait(await door.press(await door.press(again, "7"), "6")))
    assert "Non ho capito l'ora" in silent.words


@on_sqlite
async def test_another_number_is_typed_read_back_and_called(door: Door) -> None:
    """It stands in no address: those are in logs."""
    asked = await door.press(await door.press(await evening(door), "7"), "7")
    asked = await door.press(asked, "4888")
    assert "A quale numero la richiamiamo?" in asked.words
    back = await door.press(asked, "3337654322")
    asked = await door.press(back, "6")
    back = await door.press(asked, "3337654321")
    assert "3 3 3, 7 6 5, 4 3 2 1" in back.words
    offered = await door.press(back, "5")
    for answer in (back, offered):
        assert "765432" not in "".join(re.findall(r'action="[^"]*"|<Redirect[^<]*', answer.text))
    await door.press(offered, "5")
    (promise,) = await door.all_promises()
    assert promise.number == PAOLO
    assert door.carrier.of("send_text")[0]["to"] == PAOLO


@on_sqlite
async def test_somebody_new_is_known_from_then_on_by_the_number_they_ring_from(door: Door) -> None:
    """Not by one they typed, which may be anybody's."""
    await door.agent()
    await door.clock.advance(12 * 3600)
    asked = await door.press(await door.press(await door.press(await door.ring(), "2"), "7"), "7")
    await door.press(await door.press(await door.press(asked, "3337654321"), "5"), "5")
    (promise,) = await door.all_promises()
    assert promise.number == PAOLO
    async with door.database.read() as conn:
        person = await person_by_id(conn, promise.customer_id)
    assert person is not None
    assert list(person.phones) == [MARIA]


@on_sqlite
async def test_a_number_that_is_not_called_back_is_refused_with_its_reason(door: Door) -> None:
    """Twice: it stays the number they ring from."""
    offered = await evening(door)
    for digits, reason in (
        ("112", "numero di emergenza"),
        ("899123456", "numero a pagamento"),
        ("199123456", "numero a pagamento"),
        ("4888", "numero breve"),
        ("00881612345678", "telefono satellitare"),
        (LINE.removeprefix("+39"), "è il nostro"),
        ("333123456789012", "telefono completo"),
    ):
        asked = await door.press(await door.press(await door.press(offered, "7"), "7"), digits)
        assert reason in asked.words
        offered = await door.press(asked, digits)
        assert "Allora resta il numero da cui chiama. Possiamo richiamarla: prema 5" in offered.words


@on_sqlite
async def test_too_many_promises_to_one_number_end_in_a_message(door: Door) -> None:
    """Of the reason nothing is said."""
    await door.agent()
    await door.clock.advance(12 * 3600)
    for n in range(1, 5):
        back = await door.press(await door.press(await door.ring(n, **UNKNOWN), "2", n, **UNKNOWN), "3337654321", n)
        answer = await door.press(await door.press(back, "5", n), "5", n)
    assert len(await door.all_promises()) == 3
    assert "un messaggio ci arriva di sicuro" in answer.words
    assert "Record" in answer.verbs


async def test_whom_they_know_and_a_teammate_are_both_named(door: Door) -> None:
    """Anna begins at noon; one of the others could call at once."""
    await door.agent("anna", name="Anna Bianchi", hours="Mo-Fr 12:00-18:00")
    await door.agent("luca", name="Luca Verdi")
    await door.customer("Maria", MARIA, preferred_agent="anna")
    offered = await door.press(await door.ring(), "2")
    assert "prema 5 per il nostro primo momento libero, oggi alle" in offered.words
    assert "Oppure Anna: prema 6 per oggi alle 12:00." in offered.words
    promised = await door.speak(offered, "con Anna, per favore")
    assert "D'accordo, Maria: Anna la richiama oggi alle 12:00" in promised.words
    (promise,) = await door.all_promises()
    assert (promise.agent_id, promise.kind, promise.arrived_at) == ("anna", "scheduled", None)


def test_offered_times_come_back_from_the_address_as_they_went() -> None:
    now = datetime(2026, 3, 3, 10, 5, tzinfo=UTC)
    slots = [Slot(now, None, now + timedelta(minutes=10)), Slot(now + timedelta(hours=1), "agt_1")]
    assert read(written(slots)) == slots
    assert read("") == []
