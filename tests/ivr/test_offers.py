"""Being called back and leaving a message: the two ways out of waiting that end in a promise."""

from __future__ import annotations

import pytest

from tests.ivr.door import MARIA, PAOLO, SOMEBODY, Door, sid

pytestmark = pytest.mark.anyio
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
    """An emergency number, and one that is none, are asked for again."""
    await door.agent()
    await door.clock.advance(12 * 3600)
    unknown = {"From": "anonymous"}
    asked = await door.press(await door.ring(**unknown), "2", **unknown)
    assert "A quale numero" in asked.words
    for wrong in ("112", "0", "899123456"):
        asked = await door.press(asked, wrong, **unknown)
        assert "A questo numero non possiamo chiamare" in asked.words
    offered = await door.press(asked, "3337654321", **unknown)
    promised = await door.press(offered, "5", **unknown)
    assert "D'accordo" in promised.words
    (promise,) = await door.all_promises()
    assert promise.number == PAOLO


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
    """Three times at most, under 5, 6 and 7."""
    await door.customer("Maria", MARIA)
    await door.agent(activity="talking")
    await door.clock.advance(7 * 3600 + 50 * 60)
    offered = await door.press(await door.ring(), "2")
    assert "prema 7" in offered.words
    assert "prema 6" in (await door.press(offered, "0")).words
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
