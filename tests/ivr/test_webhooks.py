"""Twilio's door: who may come in, once, in any order, and that nobody ever hears an error."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import func, select, text

from ivr.tables import calls, legs
from store.tables import events
from tests.ivr.door import MARIA, Answer, Door, sid, signed

pytestmark = pytest.mark.anyio
OF_THE_CALLER = tuple(
    f"/twilio/voice/{step}"
    for step in ("wait", "key", "who", "slot", "message", "join", "after", "more", "callback", "name")
)
OF_THE_AGENT = tuple(f"/twilio/agent/{step}" for step in ("answer", "key", "left", "gone", "not-reached", "rings-us"))
OF_THE_SUPERVISOR = tuple(f"/twilio/supervisor/{step}" for step in ("answer", "key", "left"))
INTO_THE_ROOM = ("/twilio/room/held", "/twilio/room/joins")
OF_THE_CUSTOMER = tuple(f"/twilio/customer/{step}" for step in ("answer", "again", "key", "last"))
NEWS = (
    "/twilio/status",
    "/twilio/agent/status",
    "/twilio/customer/status",
    "/twilio/supervisor/status",
    "/twilio/voice/recording",
    "/twilio/voice/transcription",
    "/twilio/voice/name/recording",
    "/twilio/voice/talk-recording",
    "/twilio/sms",
    "/twilio/sms/status",
)
OF_OTHERS = (*OF_THE_AGENT, *OF_THE_CUSTOMER, *OF_THE_SUPERVISOR, *INTO_THE_ROOM)
EVERY = ("/twilio/voice", "/twilio/voice/fallback", *OF_THE_CALLER, *OF_OTHERS, *NEWS)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def rows(door: Door) -> tuple[int, int, int]:
    async with door.database.read() as conn:
        counts = [await conn.scalar(select(func.count()).select_from(table)) for table in (calls, legs, events)]
    return counts[0] or 0, counts[1] or 0, counts[2] or 0


@asynccontextmanager
async def without_calls(door: Door) -> AsyncIterator[None]:
    """The table that every call needs is away: whatever touches it raises."""
    async with door.database.write() as conn:
        await conn.execute(text("ALTER TABLE calls RENAME TO calls_away"))
    yield
    async with door.database.write() as conn:
        await conn.execute(text("ALTER TABLE calls_away RENAME TO calls"))


def test_every_address_is_tried_here(clock: object) -> None:
    """An address that is added belongs into the lists above, whose tests hold for all."""
    from carrier.signatures import Signatures
    from ivr.webhooks import Webhooks

    routes = Webhooks(None, Signatures(["x"], "https://c.test")).routes  # type: ignore[arg-type]
    assert {route.path for route in routes} == {*EVERY, "/twilio/sounds/ringback.wav"}


# Who may come in


@on_sqlite
@pytest.mark.parametrize("path", EVERY)
async def test_a_wrong_signature_reads_and_changes_nothing(door: Door, path: str) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    before = await rows(door)
    for signature in ("", "bm9uc2Vuc2U=", signed("https://elsewhere.test" + path, door.form(2))):
        answer = await door.send(path, door.form(2), signature=signature)
        assert (answer.status, answer.text) == (403, "Forbidden\n")
    assert await rows(door) == before


@on_sqlite
async def test_a_signature_for_another_body_address_or_account_is_wrong(door: Door) -> None:
    await door.customer("Maria", MARIA)
    wrong_account = door.form() | {"AccountSid": "AC" + "f" * 32}
    assert (await door.send("/twilio/voice", wrong_account)).status == 403
    assert (await door.send("/twilio/voice", door.form() | {"From": ""}, signature="x")).status == 403
    assert await rows(door) == (0, 0, 0)


@on_sqlite
@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/voice/key"])
async def test_a_huge_body_is_refused_without_being_read(door: Door, path: str) -> None:
    answer = await door.send(path, door.form(SpeechResult="x" * 70_000))
    assert answer.status == 403
    assert await rows(door) == (0, 0, 0)


@on_sqlite
async def test_a_webhook_by_get_is_answered_as_one_by_post(door: Door) -> None:
    """Twilio's numbers may be set to GET."""
    await door.customer("Maria", MARIA)
    await door.agent()
    answer = await door.fetch("/twilio/voice", door.form(CallStatus="ringing"))
    assert (answer.status, "Maria" in answer.words) == (200, True)
    assert len(door.rings) == 1


@on_sqlite
async def test_other_methods_are_not_for_us(door: Door) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        assert (await door.client.request(method, "https://centralino.test/twilio/voice")).status_code == 405


async def test_the_ring_can_be_fetched_by_anybody(door: Door) -> None:
    answer = await door.client.get("https://centralino.test/twilio/sounds/ringback.wav")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    assert answer.content[:4] == b"RIFF"


# Once


async def test_the_same_webhook_again_is_answered_with_the_same_bytes_and_acts_once(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    first = await door.ring()
    before = await rows(door)
    for _ in range(3):
        assert (await door.ring()).text == first.text
    assert await rows(door) == before
    assert len(door.rings) == 1


async def test_the_same_webhook_five_times_at_once_opens_one_call(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    answers = await asyncio.gather(*(door.ring() for _ in range(5)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert (await rows(door))[0] == 1
    assert len(door.rings) == 1


async def test_the_first_webhook_again_with_other_words_goes_on_where_the_call_is(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    again = await door.ring(FromCity="ROMA")
    assert "Sto ancora chiamando Anna" in again.words
    assert len(door.rings) == 1


async def test_a_key_pressed_once_acts_once_however_often_it_is_told(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(availability="offline")
    first = await door.ring()
    pressed = await door.press(first, "2")
    slots = await door.press(pressed, "5")
    promises = await door.all_promises()
    assert "D'accordo, Maria" in slots.words
    for _ in range(2):
        again = await door.send(pressed.listens_at, door.form(Digits="5"))
        assert again.text == slots.text
    assert await door.all_promises() == promises
    assert len(promises) == 1
    assert len(door.carrier.of("send_text")) == 1


async def test_a_webhook_without_a_step_is_answered_with_the_same_bytes_too(door: Door) -> None:
    """Addresses we hand to the carrier ourselves, and those of the safe document, carry none."""
    await door.customer("Maria", MARIA)
    await door.agent(availability="offline")
    await door.ring()
    offered = await door.send("/twilio/voice/callback", door.form())
    before = await rows(door)
    assert (await door.send("/twilio/voice/callback", door.form())).text == offered.text
    assert await rows(door) == before


async def test_an_overtaken_webhook_hears_the_newest_document_and_changes_nothing(door: Door) -> None:
    """The address of every document carries its step: an old capture of it does nothing any more."""
    await door.customer("Maria", MARIA)
    await door.agent(availability="offline")
    first = await door.ring()
    second = await door.wait(first)
    before = await rows(door)
    old = await door.press(first, "2")
    assert old.text == second.text
    assert await rows(door) == before
    assert (await door.call()).outcome is None


async def test_two_calls_of_one_person_are_two_calls(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.agent("luca")
    first, second = await door.ring(1), await door.ring(2)
    assert first.text != second.text
    assert {wish["to"] for wish in door.rings} == {"client:anna", "client:luca"}


# In any order


@pytest.mark.parametrize("path", OF_THE_CALLER)
async def test_a_call_nobody_has_heard_of_is_opened_wherever_it_knocks(door: Door, path: str) -> None:
    """The store was away when it came, and it was answered by the safe document."""
    await door.customer("Maria", MARIA)
    answer = await door.send(path, door.form(7))
    assert answer.status == 200
    assert answer.verbs
    (call,) = await door.all_calls()
    assert (call.sid, call.customer_id) == (sid(7), door.ids["Maria"])


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
@pytest.mark.parametrize("path", ["/twilio/voice/wait", "/twilio/voice/key", "/twilio/voice/after", "/twilio/status"])
async def test_whoever_hung_up_is_gone_whichever_webhook_says_so(door: Door, path: str, status: str) -> None:
    """The agent's phone is quiet, the agent free, and a second time changes nothing."""
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    for _ in range(2):
        answer = await door.send(path, door.form(CallStatus=status))
        assert (answer.status, answer.verbs) == (200, [])
    call = await door.call()
    assert (call.state, call.outcome, call.due_at) == ("ended", "abandoned", None)
    assert await door.reservation_states() == ["caller_left"]
    assert len(door.carrier.withdrawn) == 1
    assert {leg.state for leg in await door.all_legs()} == {"completed", "canceled"}


async def test_the_end_before_the_beginning_rings_nobody(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    answer = await door.ring(CallStatus="completed")
    assert answer.verbs == []
    assert (await door.call()).state == "ended"
    assert door.rings == []


async def test_after_the_end_nothing_begins_again(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    first = await door.ring()
    await door.send("/twilio/status", door.form(CallStatus="completed"))
    for answer in (await door.wait(first), await door.press(first, "2"), await door.press(first, "1")):
        assert answer.status == 200
    assert (await door.call()).state == "ended"
    assert len(door.rings) == 1
    assert await door.all_promises() == []


@on_sqlite
async def test_the_news_of_a_call_nobody_has_heard_of_is_no_call(door: Door) -> None:
    for path in NEWS[:4]:
        for status in ("ringing", "in-progress"):
            answer = await door.send(path, door.form(9, CallStatus=status))
            assert (answer.status, answer.verbs) == (200, [])
    assert (await rows(door))[:2] == (0, 0)


async def test_an_end_that_comes_before_its_beginning_is_a_call_that_was_missed(door: Door) -> None:
    await door.customer("Maria", MARIA)
    for _ in range(2):
        await door.send("/twilio/status", door.form(9, CallStatus="completed", Direction="inbound"))
    (call,) = await door.all_calls()
    assert (call.sid, call.customer_id, call.outcome) == (sid(9), door.ids["Maria"], "abandoned")
    assert (await door.ring(9)).status == 200
    assert (await door.call(9)).state == "ended"
    await door.send("/twilio/status", door.form(10, CallStatus="completed", Direction="outbound-api"))
    assert len(await door.all_calls()) == 1


@on_sqlite
async def test_the_news_of_a_living_call_changes_nothing(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.ring()
    before = await rows(door)
    for status in ("queued", "ringing", "in-progress", "teleported"):
        assert (await door.send("/twilio/status", door.form(CallStatus=status))).verbs == []
    assert await rows(door) == before


@on_sqlite
@pytest.mark.parametrize("path", [*OF_THE_AGENT, *OF_THE_CUSTOMER])
async def test_a_leg_we_did_not_make_is_sent_away(door: Door, path: str) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    before = await rows(door)
    for query in ("", "?leg=", "?leg=leg_unheard_of", "?leg=' OR 1=1"):
        answer = await door.send(path + query.replace(" ", "%20").replace("'", "%27"), door.form(900))
        assert (answer.status, answer.verbs) == (200, ["Hangup"])
    assert await rows(door) == before


@on_sqlite
async def test_a_leg_answers_only_to_its_own_call(door: Door) -> None:
    """The mark in our address was seen by somebody else: their call is not the agent's."""
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    address = door.rings[0]["url"]
    assert (await door.leg_news(address, "in-progress", leg=900)).verbs[-1] == "Dial"
    assert (await door.leg_news(address, "in-progress", leg=901)).verbs == ["Hangup"]
    assert (await door.call()).state == "talking"


@pytest.mark.parametrize("seed", range(6))
@on_sqlite
async def test_a_legs_news_in_any_order_ends_in_the_same_state(door: Door, seed: int) -> None:
    """Answered and over: whatever overtakes whatever, Anna is in her wrap-up and Maria's call is told apart."""
    await door.customer("Maria", MARIA)
    await door.agent()
    first = await door.ring()
    await door.leg_news(door.rings[0]["url"], "in-progress")
    await door.wait(first)  # Maria is in the room too
    news = ["initiated", "ringing", "in-progress", "completed", "completed"]
    random.Random(seed).shuffle(news)
    for status in news:
        await door.leg_news(door.rings[0]["status_url"], status)
    assert await door.reservation_states() == ["talk_ended"]
    (leg,) = [leg for leg in await door.all_legs() if leg.role == "agent"]
    assert leg.state == "completed"


# Whatever breaks


@on_sqlite
@pytest.mark.parametrize("path", ["/twilio/voice", *OF_THE_CALLER])
async def test_without_the_store_a_caller_hears_the_safe_document(door: Door, path: str) -> None:
    await door.customer("Maria", MARIA)
    async with without_calls(door):
        answer = await door.send(path, door.form())
    assert answer.status == 200
    if path.endswith("/message"):
        assert "il messaggio è arrivato" in answer.words
        return
    assert "qui qualcosa non funziona, e non per colpa sua" in answer.words
    assert "Record" in answer.verbs
    assert answer.verbs == ["Gather", "Record", "Redirect"]


@on_sqlite
@pytest.mark.parametrize("path", [*OF_THE_AGENT, *OF_THE_CUSTOMER, *(news for news in NEWS if "voice" not in news)])
async def test_without_the_store_other_webhooks_are_answered_and_say_nothing(door: Door, path: str) -> None:
    async with without_calls(door):
        answer = await door.send(f"{path}?leg=leg_1", door.form())
    assert (answer.status, answer.words) == (200, "")


@on_sqlite
async def test_without_the_store_whoever_hung_up_hears_nothing(door: Door) -> None:
    async with without_calls(door):
        answer = await door.send("/twilio/voice/wait", door.form(CallStatus="completed"))
    assert (answer.status, answer.verbs) == (200, [])


@on_sqlite
async def test_twilios_fallback_apologises_and_helps(door: Door) -> None:
    answer = await door.send("/twilio/voice/fallback", door.form(ErrorCode="11200", ErrorUrl="https://c.test/x"))
    assert "qui qualcosa non funziona" in answer.words
    assert "/twilio/voice/key" in answer.listens_at
    assert await rows(door) == (0, 0, 0)


async def test_after_the_safe_document_a_key_still_helps(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    async with without_calls(door):
        safe = await door.ring()
    assert "Gather" in safe.verbs
    offered = await door.press(safe, "2")
    assert "richiamarla" in offered.words
    assert (await door.call()).customer_id == door.ids["Maria"]


@on_sqlite
async def test_odd_characters_cost_the_caller_nothing(door: Door) -> None:
    """A NUL, bytes that are not UTF-8: the call is Maria's all the same."""
    await door.customer("Maria", MARIA)
    await door.agent()
    first = await door.ring(FromCity="ROMA\x00", CallerName="a\udcffb")
    assert first.words.startswith("Buongiorno, Maria.")
    heard = await door.speak(first, "la lampada\x00 è \udcff rotta")
    assert heard.status == 200
    said = (await door.call()).said
    assert said.startswith("la lampada")
    assert "\x00" not in said


FORMS = (
    {"Digits": "2"},
    {"Digits": "hangup"},
    {"Digits": "1w2*#"},
    {"SpeechResult": ""},
    {"SpeechResult": "</Say><Dial>+390899</Dial>"},
    {"SpeechResult": "{name} {0} %s [a|b]"},
    {"SpeechResult": "🙂" * 500},
    {"RecordingUrl": "https://api.test/RE1", "RecordingSid": sid(1, "RE"), "RecordingDuration": "0"},
    {"From": "client:anna"},
    {"From": "sip:x@y"},
    {"From": "+1" + "9" * 40},
    {"To": "+1555"},
    {"CallStatus": "teleported"},
)


@on_sqlite
@pytest.mark.parametrize("path", EVERY)
async def test_whatever_comes_signed_is_answered_with_a_valid_document(door: Door, path: str) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    for n, more in enumerate(FORMS, start=1):
        for query in ("", "?n=999", "?n=", "?at=x,1,99999999999&agent=agt_no&number=1", "?at=&asked=number"):
            answer = await door.send(path + query, door.form(n, **more))
            assert answer.status == 200, (more, query)
            assert "markup" not in answer.words
            assert not {"Dial"} & set(answer.verbs) or path != "/twilio/voice/key"


@on_sqlite
async def test_what_callers_say_is_never_markup(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(address="+393470000001")
    first = await door.ring()
    await door.speak(first, "</Say><Dial>+390899</Dial><Say>")
    whisper: Answer = await door.leg_news(door.rings[0]["url"], "in-progress")
    assert "</Say><Dial>+390899</Dial><Say>" in whisper.words
    assert "Dial" not in whisper.verbs
