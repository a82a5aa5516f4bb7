"""A caller's way: the first words, the choice, the wait and its ways out, one webhook after another."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, insert, select

from crm.tables import cases, customer_phones, customers, interactions
from routing.tables import decisions
from tests.ivr.door import LINE, MARIA, SOMEBODY, Answer, Door, path_of, sid

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_a_known_caller_is_greeted_by_name_in_the_first_words(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    answer = await door.ring()
    assert answer.words.startswith("Buongiorno, Maria.")
    (ring,) = door.rings
    assert (ring["to"], ring["from_"], ring["ring_seconds"]) == ("client:anna", LINE, 20)
    assert path_of(ring["url"]) == "/twilio/agent/answer"
    assert door.carrier.kicked


async def test_two_calls_running_are_not_greeted_alike(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    heard = []
    for n in range(1, 5):
        heard.append((await door.ring(n)).words.partition("Anna")[0])
        await door.send("/twilio/status", door.form(n, CallStatus="completed"))
        await door.clock.advance(120)
    assert all(earlier != later for earlier, later in pairwise(heard))


@pytest.mark.parametrize(
    ("language", "hello"),
    [("en-GB", "Good morning"), ("de-CH", "Guten Morgen"), ("fr-FR", "Bonjour"), ("es-ES", "Buenos días")],
)
@on_sqlite
async def test_everybody_is_greeted_in_their_language(door: Door, language: str, hello: str) -> None:
    await door.customer("Maria", MARIA, language=language)
    await door.agent(languages=[language])
    assert (await door.ring()).words.startswith(f"{hello}, Maria.")


@on_sqlite
async def test_the_name_is_the_one_they_like_with_the_title_if_they_are_addressed_formally(door: Door) -> None:
    await door.agent()
    for n, (fields, name) in enumerate(
        (
            ({"called": "Mimma", "name": "Maria Rossi"}, "Mimma"),
            ({"called": None, "name": "Rossi", "title": "dottoressa"}, "dottoressa Rossi"),
            ({"called": None, "name": "Maria", "title": "dottoressa", "formal": False}, "Maria"),
        ),
        start=1,
    ):
        number = f"+39333000000{n}"
        await door.customer(f"person {n}", number, **fields)
        assert (await door.ring(n, From=number)).words.startswith(f"Buongiorno, {name}.")


@on_sqlite
@pytest.mark.parametrize("called", ["\u200b", "  ", "\u202e"])
async def test_whose_name_cannot_be_said_is_greeted_without_one(door: Door, called: str) -> None:
    await door.customer("x", MARIA, called=called, name=None)
    await door.agent()
    assert (await door.ring()).words.startswith("Buongiorno, qui Officine Lume.")


@pytest.mark.parametrize("withheld", ["anonymous", "+266696687", "", "Restricted"])
@on_sqlite
async def test_a_withheld_number_is_nobodys(door: Door, withheld: str) -> None:
    await door.agent()
    answer = await door.ring(From=withheld)
    assert answer.words.startswith("Buongiorno, qui Officine Lume.")
    assert "Come si chiama" not in answer.words
    assert (await door.call()).customer_id is None


async def test_somebody_new_is_asked_for_a_name_and_known_from_then_on(door: Door) -> None:
    await door.agent()
    first = await door.ring(From=SOMEBODY)
    assert "Come si chiama?" in first.words
    heard = await door.speak(first, "Buongiorno, sono Carla Neri.", From=SOMEBODY)
    assert heard.words.startswith("Grazie, Carla Neri.")
    await door.send("/twilio/status", door.form(From=SOMEBODY, CallStatus="completed"))
    await door.clock.advance(600)
    assert "Carla Neri" in (await door.ring(2, From=SOMEBODY)).words


async def test_why_they_call_is_passed_on_and_a_second_sentence_is_added(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    first = await door.ring()
    heard = await door.speak(first, "la lampada è rotta")
    assert heard.words.startswith("Grazie, lo riferisco.")
    await door.speak(heard, "da ieri sera")
    assert (await door.call()).said == "la lampada è rotta da ieri sera"
    story = (await door.leg_news(door.rings[0]["url"], "in-progress")).words
    assert "la lampada è rotta da ieri sera" in story


async def a_household(door: Door) -> Answer:
    await door.customer("Maria", MARIA)
    await door.customer("Paolo", MARIA)
    await door.agent()
    return await door.ring()


async def people_with(door: Door, number: str) -> dict[str | None, str]:
    """By name, and whose name was only recorded by that."""
    async with door.database.read() as conn:
        query = select(customers.c.id, func.coalesce(customers.c.name, customers.c.name_recording_url).label("name"))
        rows = await conn.execute(query.join(customer_phones).where(customer_phones.c.number == number))
        return {row.name: row.id for row in rows}


@on_sqlite
@pytest.mark.parametrize("answer_by", ["key", "name"])
async def test_a_household_is_asked_who_it_is(door: Door, answer_by: str) -> None:
    asked = await a_household(door)
    assert "Parlo con Maria o con Paolo? Prema 8 per Maria, prema 9 per Paolo, prema 0 per nessuno" in asked.words
    assert door.rings == []
    told = await (door.press(asked, "9") if answer_by == "key" else door.speak(asked, "sono io, paolo"))
    assert told.words.startswith("Buongiorno, Paolo.")
    call = await door.call()
    assert (call.customer_id, call.known_by) == (door.ids["Paolo"], "name")
    assert len(door.rings) == 1


@on_sqlite
@pytest.mark.parametrize("answer", ["0", "nessuno dei due"])
async def test_a_third_person_of_the_house_is_asked_for_their_name_and_has_a_record_of_their_own(
    door: Door, answer: str
) -> None:
    asked = await a_household(door)
    told = await (door.press(asked, answer) if answer == "0" else door.speak(asked, answer))
    assert "Come si chiama?" in told.words
    assert not {"Maria", "Paolo"} & set(re.findall(r"\w+", told.words))
    assert len(door.rings) == 1
    heard = await door.speak(told, "mi chiamo Ugo Rossi")
    assert heard.words.startswith("Grazie, Ugo Rossi.")
    found = await people_with(door, MARIA)
    assert set(found) == {"Maria Rossi", "Paolo Rossi", "Ugo Rossi"}
    assert (await door.call()).customer_id == found["Ugo Rossi"]


@on_sqlite
async def test_a_household_that_is_not_understood_is_asked_twice_and_then_served_as_nobody(door: Door) -> None:
    told = await a_household(door)
    told = await door.speak(told, "Rossi")  # both of them are
    assert "Non ho capito bene. Prema 8 per Maria" in told.words
    assert door.rings == []
    told = await door.speak(told, "Rossi")
    assert "Anna" in told.words
    assert not {"Maria", "Paolo"} & set(re.findall(r"\w+", told.words))
    assert "Come si chiama" not in told.words
    assert (await door.call()).customer_id is None
    assert len(door.rings) == 1


@on_sqlite
async def test_a_household_may_be_called_back_before_it_says_who_it_is(door: Door) -> None:
    offered = await door.press(await a_household(door), "2")
    assert "richiamarla" in offered.words
    assert not {"Maria", "Paolo"} & set(re.findall(r"\w+", offered.words))


@on_sqlite
@pytest.mark.parametrize(
    ("words", "name"),
    [("non sono Maria", None), ("no, non sono la Maria, sono Paolo Verdi", "Paolo Verdi"), ("sono Giulia", "Giulia")],
)
async def test_who_is_not_the_one_we_greeted_is_believed(door: Door, words: str, name: str | None) -> None:
    """Nothing of Maria is theirs: neither her promise, nor her record, nor why she was put through to Anna."""
    await door.customer("Maria", MARIA)
    await door.agent()
    first = await door.ring()
    assert "Maria" in first.words
    told = await door.speak(first, words)
    assert "Maria" not in told.words
    call = await door.call()
    assert call.customer_id != door.ids["Maria"]
    assert not call.familiar
    async with door.database.read() as conn:
        assert not [row for row in await conn.scalars(select(decisions.c.sentence)) if "Maria" in row]
    assert await door.reservation_states() == ["offered"]  # Anna's phone rings on
    if name is None:
        assert told.words.startswith("Mi scusi. Come si chiama?")
        told = await door.speak(told, "Paolo Verdi")
    else:
        assert told.words.startswith(f"Mi scusi, {name}.")
    found = await people_with(door, MARIA)
    assert set(found) == {"Maria Rossi", name or "Paolo Verdi"}
    assert (await door.call()).customer_id == found[name or "Paolo Verdi"]


@on_sqlite
async def test_the_other_one_of_a_house_is_met_when_they_correct_us(door: Door) -> None:
    told = await door.press(await a_household(door), "8")
    assert "Maria" in told.words
    await door.speak(told, "sono Paolo")
    assert (await door.call()).customer_id == door.ids["Paolo"]
    assert len(await people_with(door, MARIA)) == 2


@on_sqlite
@pytest.mark.parametrize("answer", [("ehm non so", "0.9"), ("Carla Neri", "0.2")])
async def test_a_name_we_cannot_make_out_is_recorded_for_the_agent(door: Door, answer: tuple[str, str]) -> None:
    await door.agent()
    asked = await door.ring(From=SOMEBODY)
    told = await door.speak(asked, answer[0], From=SOMEBODY, Confidence=answer[1])
    assert told.words == "Mi dica il suo nome dopo il segnale."
    assert await door.reservation_states() == ["offered"]
    recorded = {"RecordingUrl": "https://api.test/RE1", "RecordingSid": sid(1, "RE"), "Digits": "hangup"}
    heard = await door.send(told.records_to, door.form(From=SOMEBODY, **recorded))
    assert heard.words.startswith("Grazie. ")
    news = door.form(From=SOMEBODY, RecordingStatus="completed", **recorded)
    await door.send("/twilio/voice/name/recording", news)  # which changes nothing more
    call = await door.call()
    assert call.name_recording_url == "https://api.test/RE1"
    assert await people_with(door, SOMEBODY) == {"https://api.test/RE1": call.customer_id}
    assert call.outcome is None
    await door.send("/twilio/status", door.form(From=SOMEBODY, CallStatus="completed"))
    assert (await door.call()).state == "ended"  # and no message is waited for


@on_sqlite
@pytest.mark.parametrize("answer", ["", "non glielo dico"])
async def test_who_does_not_say_a_name_is_not_asked_again_in_this_call(door: Door, answer: str) -> None:
    await door.agent()
    asked = await door.ring(From=SOMEBODY)
    await door.clock.advance(asked.seconds)
    heard = await (door.speak(asked, answer, From=SOMEBODY) if answer else door.wait(asked, From=SOMEBODY))
    await door.leg_news(door.rings[0]["status_url"], "busy")
    for _ in range(3):
        assert "Come si chiama" not in heard.words
        assert "nome" not in heard.words
        heard = await door.wait(heard, From=SOMEBODY)


async def with_a_matter(door: Door) -> Answer:
    await door.customer("Maria", MARIA)
    await door.agent()
    async with door.database.write() as conn:
        row = {
            "id": "int_1",
            "customer_id": door.ids["Maria"],
            "agent_id": "anna",
            "channel": "voice",
            "started_at": door.clock.now() - timedelta(days=3),
            "talk_seconds": 200,
            "outcome": "open",
            "topic": "forno rotto",
        }
        await conn.execute(insert(interactions).values(row))
    return await door.ring()


@on_sqlite
@pytest.mark.parametrize("answer", ["5", "sì"])
async def test_the_same_thing_as_last_time_is_one_question_that_never_says_which(door: Door, answer: str) -> None:
    asked = await with_a_matter(door)
    assert "È per la stessa cosa dell'ultima volta? Prema 5 per sì" in asked.words
    assert "forno" not in asked.words
    heard = await (door.press(asked, answer) if answer == "5" else door.speak(asked, answer))
    assert "forno" not in heard.words
    call = await door.call()
    assert call.said == "forno rotto"
    async with door.database.read() as conn:
        case = (await conn.execute(select(cases).where(cases.c.id == call.case_id))).one()
    assert (case.owner, case.state, case.topic) == ("anna", "open", "forno rotto")
    assert "forno rotto" in (await door.leg_news(door.rings[0]["url"], "in-progress")).words


@on_sqlite
async def test_another_thing_than_last_time_is_why_they_call(door: Door) -> None:
    asked = await with_a_matter(door)
    why = await door.speak(asked, "no")
    assert why.words.startswith("Va bene. Intanto, se vuole, mi dica con parole sue perché chiama.")
    await door.speak(why, "la lampada lampeggia")
    call = await door.call()
    assert (call.said, call.case_id) == ("la lampada lampeggia", None)


@on_sqlite
async def test_who_has_just_written_is_not_asked_why_they_call(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    text = {"MessageSid": sid(1, "SM"), "SmsStatus": "received", "Body": "La lampada lampeggia"}
    await door.send("/twilio/sms", door.form(**text))
    assert "perché chiama" not in (await door.ring()).words


@on_sqlite
async def test_where_names_are_not_said_nobody_hears_theirs_and_a_household_is_asked_for_it(door: Door) -> None:
    async with door.database.write() as conn:
        version, plan = await door.rooms.plans.current(conn)
        silent = plan.model_copy(update={"greet_by_name": False})
        await door.rooms.plans.publish(conn, silent, after=version, author="t", note=None, now=door.clock.now())
    asked = await a_household(door)
    assert "Con chi parlo?" in asked.words
    told = await door.speak(asked, "Paolo Rossi")
    assert not {"Maria", "Paolo"} & set(re.findall(r"\w+", asked.words + told.words))
    assert (await door.call()).customer_id == door.ids["Paolo"]
    assert "Come si chiama" not in told.words


@on_sqlite
async def test_a_silent_household_is_served_too(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.customer("Paolo", MARIA)
    await door.agent()
    assert "Anna" in (await door.wait(await door.ring())).words


async def test_a_key_while_the_phone_rings_frees_the_agent(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    offered = await door.press(await door.ring(), "2")
    assert "possiamo richiamarla" in offered.words.lower() or "può richiamarla" in offered.words
    assert await door.reservation_states() == ["withdrawn"]
    assert door.carrier.withdrawn
    assert door.floor_told >= 1


@on_sqlite
async def test_a_key_that_means_nothing_changes_nothing(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    answer = await door.ring()
    for digits in ("9", "0", "*", "#", "1", "4"):
        answer = await door.press(answer, digits)
        assert "Sto ancora chiamando Anna" in answer.words
    assert len(door.rings) == 1


async def anna_is_talking(door: Door, *, luca: bool) -> Answer:
    """Anna, who has helped Maria before, talks with somebody else; Maria rings."""
    await door.customer("Maria", MARIA)
    await door.agent(activity="talking")
    if luca:
        await door.agent("luca")
    async with door.database.write() as conn:
        row = {
            "id": "int_1",
            "customer_id": door.ids["Maria"],
            "agent_id": "anna",
            "channel": "voice",
            "started_at": door.clock.now() - timedelta(days=3),
            "talk_seconds": 200,
            "outcome": "solved",
        }
        await conn.execute(insert(interactions).values(row))
    return await door.ring()


async def actions(door: Door) -> list[tuple[str, str | None]]:
    async with door.database.read() as conn:
        rows = await conn.execute(select(decisions.c.action, decisions.c.agent_id).order_by(decisions.c.id))
        return [(row.action, row.agent_id) for row in rows]


async def test_who_knows_a_busy_agent_chooses_and_nobody_is_rung_meanwhile(door: Door) -> None:
    choice = await anna_is_talking(door, luca=True)
    assert choice.words.index("Prema 1 per parlare con Luca") < choice.words.index("Prema 4 per aspettare Anna")
    assert (await door.call()).state == "choosing"
    assert door.rings == []
    assert await actions(door) == [("offer_callback", "anna")]


async def test_silence_after_the_choice_rings_the_teammate(door: Door) -> None:
    silent = await door.wait(await anna_is_talking(door, luca=True))
    assert "Luca" in silent.words
    assert [ring["to"] for ring in door.rings] == ["client:luca"]


async def test_one_is_a_teammate(door: Door) -> None:
    answer = await door.press(await anna_is_talking(door, luca=True), "1")
    assert "Luca" in answer.words
    assert (await door.call()).choice == "teammate"
    assert [ring["to"] for ring in door.rings] == ["client:luca"]


async def test_four_is_to_wait_for_the_one_they_know(door: Door) -> None:
    waiting = await door.press(await anna_is_talking(door, luca=True), "4")
    for _ in range(2):
        assert "Anna" in waiting.words
        await door.clock.advance(20)
        waiting = await door.wait(waiting)
    assert door.rings == []
    assert (await door.call()).choice == "wait"
    assert (await actions(door))[-1] == ("wait", "anna")


async def test_one_while_nobody_is_free_says_so_and_waits(door: Door) -> None:
    answer = await door.press(await anna_is_talking(door, luca=False), "1")
    assert answer.words.startswith("In questo momento nessun altro è libero.")
    await door.agent("luca")
    assert "Luca" in (await door.wait(answer)).words
    assert [ring["to"] for ring in door.rings] == ["client:luca"]


async def test_an_offer_leads_back_to_people_by_the_usual_keys(door: Door) -> None:
    offered = await door.press(await anna_is_talking(door, luca=True), "2")
    teammate = await door.press(offered, "1")
    assert "Luca" in teammate.words
    assert await door.all_promises() == []


async def test_a_key_of_the_safe_document_is_heard_once_we_are_well(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    offered = await door.send("/twilio/voice/callback", door.form())
    assert "richiamarla" in offered.words
    assert (await door.call()).state == "choosing"


async def test_whoever_rings_again_within_a_minute_has_their_place_back(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(activity="talking")
    await door.ring(1)
    arrived_at = (await door.call(1)).arrived_at
    await door.clock.advance(10)
    await door.send("/twilio/status", door.form(1, CallStatus="completed"))
    await door.clock.advance(30)
    assert "ancora il suo posto" in (await door.ring(2)).words
    assert (await door.call(2)).arrived_at == arrived_at
    await door.send("/twilio/status", door.form(2, CallStatus="completed"))
    await door.clock.advance(61)
    assert "ancora il suo posto" not in (await door.ring(3)).words


async def test_a_withheld_number_that_rings_again_is_not_taken_for_another(door: Door) -> None:
    await door.agent(activity="talking")
    hidden = {"From": "anonymous"}
    await door.ring(1, **hidden)
    await door.send("/twilio/status", door.form(1, CallStatus="completed", **hidden))
    await door.clock.advance(10)
    await door.ring(2, **hidden)
    assert (await door.call(2)).arrived_at == door.clock.now()


async def test_whoever_is_known_by_number_only_is_asked_for_a_name(door: Door) -> None:
    """A message left once made a record without a name: now it gets one, and stays the same person."""
    person = await door.customer("x", SOMEBODY, called=None, name=None)
    await door.agent()
    asked = await door.ring(From=SOMEBODY)
    assert "Come si chiama?" in asked.words
    await door.speak(asked, "sono Carla Neri", From=SOMEBODY)
    await door.send("/twilio/status", door.form(From=SOMEBODY, CallStatus="completed"))
    await door.clock.advance(600)
    assert "Carla Neri" in (await door.ring(2, From=SOMEBODY)).words
    assert (await door.call(2)).customer_id == person


async def test_the_number_of_the_line_is_remembered_as_ours(door: Door) -> None:
    await door.ring()
    async with door.database.read() as conn:
        assert await door.rooms.numbers.is_ours(conn, LINE)


async def test_whoever_thinks_better_of_a_message_is_called_back(door: Door) -> None:
    """A key ends the recording; it means what it always means, and there is no message."""
    recording = await door.press(await anna_is_talking(door, luca=False), "3")
    told = {"RecordingUrl": "https://api.test/RE1", "RecordingSid": sid(1, "RE"), "RecordingDuration": "1"}
    offered = await door.send(recording.records_to, door.form(Digits="2", **told))
    assert "può richiamarla" in offered.words
    assert await door.all_promises() == []


@on_sqlite
async def test_who_rings_from_a_softphone_is_known_by_it_the_next_time(door: Door) -> None:
    await door.agent()
    softphone = {"From": "sip:carla@office.example"}
    await door.speak(await door.ring(**softphone), "sono Carla Neri", **softphone)
    await door.send("/twilio/status", door.form(CallStatus="completed", **softphone))
    await door.clock.advance(600)
    assert "Carla Neri" in (await door.ring(2, **softphone)).words


@on_sqlite
async def test_a_message_that_is_told_of_after_the_call_has_ended_is_a_message(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    recording = await door.press(await door.ring(), "3")
    await door.change_call(state="ended", outcome="abandoned")
    told = {"RecordingUrl": "https://api.test/RE1", "RecordingSid": sid(1, "RE"), "RecordingDuration": "4"}
    await door.send(recording.records_to, door.form(Digits="hangup", **told))
    (promise,) = await door.all_promises()
    assert promise.kind == "voicemail"
