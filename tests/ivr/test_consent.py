"""Is a talk recorded: what the plan says, what the person says, and what the carrier is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from api.tokens import Guard
from carrier.port import EffectResult
from crm import consents, people
from crm.identify import person_by_id
from ivr import calls, consent
from ivr.api import calls_router
from ivr.document import Ask, Document, Join
from ivr.personal import FORGOTTEN
from ivr.recording_api import recording_router
from ivr.turn import Turn
from routing.plan import Plan
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.ivr.door import MARIA, Door, path_of, sid

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
RE, CF = sid(7, "RE"), sid(8, "CF")


@pytest.fixture
async def ask(door: Door) -> AsyncIterator[Asking]:
    guard = Guard(door.database, KEY_OF_THE_HOUSE)
    more = (calls_router(door.database, door.clock, guard), recording_router(door.rooms, guard))
    client = asking(door.database, door.clock, more=more)
    yield client
    await client.close()


async def rung(door: Door, recording: str, number: str = MARIA) -> None:
    """Somebody rings, under these rules, and so does Anna's phone."""
    async with door.database.write() as conn:
        plan = Plan.model_validate({"recording": recording})
        await door.rooms.plans.publish(conn, plan, after=0, author="us", note=None, now=door.clock.now())
    await door.agent()
    await door.ring(From=number)
    await door.clock.advance(12)


async def anna_takes_it(door: Door) -> str:
    """What her telephone is given."""
    return (await door.leg_news(door.rings[-1]["url"], "in-progress")).text


async def recorded(door: Door) -> str:
    """The address the carrier tells of Maria's recorded talk."""
    await rung(door, "ask")
    await door.change_call(consent=True)
    await anna_takes_it(door)
    return f"{consent.STATUS_PATH}?call={(await door.call()).id}"


async def tells(door: Door, url: str, status: str, recording: str = RE) -> None:
    form = {"RecordingSid": recording, "ConferenceSid": CF, "RecordingStatus": status, "RecordingUrl": "https://t/r"}
    await door.send(url, {"AccountSid": door.form()["AccountSid"], **form})


# plan, said once for all, said in this call: what there is to ask or tell, and whether it is recorded
CASES: list[tuple[str, bool | None, bool | None, str | None, bool]] = [
    ("never", True, None, None, False),
    ("never", None, True, None, False),
    ("ask", None, None, "ask_recording", False),
    ("ask", None, True, None, True),
    ("ask", None, False, None, False),
    ("ask", True, None, None, True),
    ("ask", True, False, None, False),
    ("ask", False, None, None, False),
    ("always", None, None, "recorded", True),
    ("always", True, None, "recorded", True),
    ("always", False, None, None, False),
    ("always", None, False, None, False),
]
ANSWERS: list[tuple[str, dict[str, str], bool | None]] = [
    ("ask", {"Digits": "5"}, True),
    ("ask", {"Digits": "6"}, False),
    ("ask", {"SpeechResult": "sì, va bene"}, True),
    ("ask", {"SpeechResult": "no grazie"}, False),
    ("ask", {"SpeechResult": "no, è la lampada che non va"}, None),
    ("ask", {"Digits": "3"}, None),
    ("always", {"Digits": "6"}, False),
    ("always", {"Digits": "5"}, None),
]


async def somebody_new(turn: Turn, n: int) -> str:
    """Whoever is on the line now; nothing is known of them."""
    person_id = await people.add(turn.conn, {"called": f"Maria {n}"}, turn.now)
    await turn.meet(await person_by_id(turn.conn, person_id))
    return person_id


@on_sqlite
async def test_who_says_no_or_nothing_is_not_recorded(door: Door) -> None:
    await rung(door, "never")
    async with door.database.write() as conn:
        turn = await Turn.of(door.rooms, conn, await door.call())
        for n, (plan, once_for_all, now, wants, records) in enumerate(CASES):
            person_id = await somebody_new(turn, n)
            if once_for_all is not None:
                await consents.give(conn, person_id, "recording", once_for_all, "phone", turn.now)
            turn.plan = Plan.model_validate({"recording": plan})
            await turn.change(consent=now)
            assert (await consent.question(turn), await consent.records(turn)) == (wants, records), CASES[n]


@on_sqlite
async def test_a_key_or_a_word_answers_while_the_question_stands(door: Door) -> None:
    await rung(door, "never")
    passed_on: list[Any] = []

    async def then(turn: Turn, form: Any) -> Document:
        passed_on.append(form)
        return ()

    async with door.database.write() as conn:
        turn = await Turn.of(door.rooms, conn, await door.call())
        for n, (plan, form, given) in enumerate(ANSWERS):
            person_id = await somebody_new(turn, n)
            turn.plan = Plan.model_validate({"recording": plan})
            await turn.change(consent=None, recording_said_at=turn.now)
            document = await consent.key(turn, form, then)
            assert (turn.call.consent, len(document)) == (given, given is not None), ANSWERS[n]
            assert await consents.current(conn, person_id, "recording") is given
            assert passed_on.pop() == (form if given is None else {})


@on_sqlite
async def test_both_legs_are_recorded_or_neither(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await rung(door, "ask")
    assert "record=" not in await anna_takes_it(door)
    await door.change_call(consent=True)
    again = await anna_takes_it(door)
    assert 'record="record-from-start"' in again
    assert consent.STATUS_PATH in again


@on_sqlite
async def test_a_key_that_was_not_asked_for_is_no_consent(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await rung(door, "ask")
    await door.change_call(recording_said_at=None)

    async def then(turn: Turn, form: Any) -> Document:
        return ()

    async with door.database.write() as conn:
        turn = await Turn.of(door.rooms, conn, await door.call())
        await consent.key(turn, {"Digits": "5"}, then)
    assert (await door.call()).consent is None


@on_sqlite
async def test_where_everything_is_recorded_nobody_speaks_before_having_heard_so(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await rung(door, "always")
    await door.change_call(recording_said_at=door.clock.now() + timedelta(seconds=3))  # the agent was quicker
    async with door.database.write() as conn:
        turn = await Turn.of(door.rooms, conn, await door.call())
        first = await consent.told_first(turn)
        assert first is not None
        assert isinstance(first[0], Ask)
        assert "viene registrata" in str(first[0].heard)
        turn = await Turn.of(door.rooms, conn, (await calls.lock_by_sid(conn, sid(1))))  # type: ignore[arg-type]
        assert await consent.told_first(turn) is None
        join, _ = await consent.room(turn)
        assert isinstance(join, Join)
        assert path_of(join.recorded or "") == consent.STATUS_PATH


@on_sqlite
async def test_when_the_words_will_have_been_heard_is_known_from_the_document(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await rung(door, "ask")
    async with door.database.write() as conn:
        turn = await Turn.of(door.rooms, conn, await door.call())
        asked, other = turn.stage.say("ask_recording"), turn.stage.say("heard")
        (at,) = consent.heard_at(turn, (Ask((other, asked, other), "/key", 1),)).values()
        assert turn.now + timedelta(seconds=3) < at < turn.now + timedelta(seconds=9)
        assert consent.heard_at(turn, (Ask((other,), "/key", 1),)) == {}


# The carrier's news, and what is asked of it


async def test_a_recorded_talk_is_shown_and_paused_for_a_card_number(door: Door, ask: Asking) -> None:
    await door.customer("Maria", MARIA)
    url = await recorded(door)
    await tells(door, url, "in-progress")
    await tells(door, url, "in-progress")
    shown = (await ask.get(f"/calls/{sid(1)}")).json()
    assert (shown["recordings"], shown["recording"], shown["consent"]) == ([RE], "recording", True)
    answer = await ask.post(f"/calls/{sid(1)}/recording", {"state": "paused"})
    assert answer.json() == {"state": "paused", "recordings": [RE]}
    (wish,) = door.carrier.of("change_recording")
    assert (wish["sid"], wish["room_sid"], wish["status"]) == (RE, CF, "paused")
    await door.hears(EffectResult("eff_1", "change_recording", wish["subject"], "failed", error_code="20001"))
    assert (await door.call()).recording_state == "recording"  # whoever is about to read a number out must see it
    await ask.post(f"/calls/{sid(1)}/recording", {"state": "paused"})
    await ask.post(f"/calls/{sid(1)}/recording", {"state": "recording"})
    assert door.carrier.of("change_recording")[-1]["status"] == "in-progress"
    await tells(door, url, "completed")
    assert (await door.call()).recording_state == "stopped"
    assert (await ask.post(f"/calls/{sid(1)}/recording", {"state": "paused"})).status_code == 409
    assert not door.carrier.of("delete_recording")


@on_sqlite
async def test_each_talk_of_a_call_has_its_recording_and_old_news_does_not_end_the_new_one(door: Door) -> None:
    await door.customer("Maria", MARIA)
    url, later = await recorded(door), sid(9, "RE")
    await tells(door, url, "in-progress")
    await tells(door, url, "in-progress", later)
    await tells(door, url, "completed")
    call = await door.call()
    assert (call.talk_recordings, call.recording_state) == ([RE, later], "recording")
    await tells(door, url, "absent", later)
    call = await door.call()
    assert (call.talk_recordings, call.recording_state) == ([RE], "stopped")


@on_sqlite
async def test_what_the_customer_does_not_want_is_stopped_and_deleted(door: Door, ask: Asking) -> None:
    maria = await door.customer("Maria", MARIA)
    url = await recorded(door)
    await tells(door, url, "in-progress")
    assert (await ask.post(f"/calls/{sid(1)}/recording", {"state": "paused", "refused": True})).status_code == 422
    answer = await ask.post(f"/calls/{sid(1)}/recording", {"state": "stopped", "refused": True})
    assert answer.json() == {"state": "stopped", "recordings": []}
    assert door.carrier.of("change_recording")[-1]["status"] == "stopped"
    await tells(door, url, "completed")
    assert [wish["sid"] for wish in door.carrier.of("delete_recording")] == [RE]
    call = await door.call()
    assert (call.talk_recordings, call.consent) == (None, False)
    async with door.database.read() as conn:
        assert await consents.current(conn, maria, "recording") is False


@on_sqlite
async def test_a_recording_of_somebody_who_is_forgotten_or_of_no_call_goes(door: Door) -> None:
    await door.customer("Maria", MARIA)
    url = await recorded(door)
    await tells(door, f"{consent.STATUS_PATH}?call=call_nobody", "completed")
    await door.change_call(from_number=FORGOTTEN)
    await tells(door, url, "completed")
    assert [wish["sid"] for wish in door.carrier.of("delete_recording")] == [RE, RE]
    assert (await door.call()).talk_recordings is None


@on_sqlite
async def test_an_agent_pauses_their_own_call_only(door: Door, ask: Asking) -> None:
    await door.customer("Maria", MARIA)
    url = await recorded(door)
    await tells(door, url, "in-progress")
    await door.agent("luca", name="Luca Verdi")
    luca, anna = await ask.token("agent", "luca"), await ask.token("agent", "anna")
    path, body = f"/calls/{sid(1)}/recording", {"state": "paused"}
    assert (await ask.post(path, body, token=luca)).status_code == 403
    assert (await ask.post(path, body, token=anna)).status_code == 200
    assert (await ask.post(f"/calls/{sid(5)}/recording", body)).status_code == 404
