"""Whoever rings, at whatever hour: strangers, households, withheld numbers, other languages, texts."""

from __future__ import annotations

import pytest

from tests.story.conftest import LINE, MARIA, PAOLO, SOMEBODY, World

pytestmark = pytest.mark.anyio


async def test_a_stranger_is_asked_for_a_name_and_is_known_the_next_time(world: World) -> None:
    """Asked once, kindly, while the agent's phone rings already."""
    anna = await world.agent("Anna Bianchi")
    stranger = world.network.plug_in(SOMEBODY)
    await stranger.dial(LINE)
    await world.hears(stranger, "Come si chiama?")
    assert anna.state == "ringing"
    stranger.speak("Buongiorno, mi chiamo Giulia Neri")
    await world.hears(stranger, "Grazie, Giulia Neri")
    anna.answer()
    await world.hears(anna, "Chiamata da Giulia Neri")
    stranger.hang_up()
    await world.clock.advance(40)
    await stranger.dial(LINE)
    await world.hears(stranger, "Buongiorno, Giulia Neri", 5)
    assert stranger.words.count("Come si chiama?") == 1


async def test_in_their_own_words_and_the_agent_hears_it_before_hello(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    await world.hears(maria, "mi dica con parole sue perché chiama")
    maria.speak("la lampada lampeggia ancora")
    await world.hears(maria, "lo riferisco")
    assert (await world.call(maria))["said"] == "la lampada lampeggia ancora"
    anna.answer()
    await world.hears(anna, "Dice: la lampada lampeggia ancora")
    await world.until(lambda: bool(maria.partners))


async def test_a_household_is_asked_which_of_them_it_is(world: World) -> None:
    """Nobody is greeted as if we were sure; the key tells, and then it is the name."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await world.customer("Paolo", MARIA)
    await world.has_talked("Paolo", "anna", times=3)
    await maria.dial(LINE)
    await world.hears(maria, "Parlo con Paolo o con Maria? Prema 8 per Paolo, prema 9 per Maria")
    assert "Buongiorno, Paolo" not in maria.words
    maria.press("8")
    await world.hears(maria, "Buongiorno, Paolo")
    await world.until(lambda: anna.state == "ringing", 4)
    assert (await world.call(maria))["customer"] == world.ids["Paolo"]


@pytest.mark.parametrize("withheld", ["anonymous", "+266696687", "Restricted"])
async def test_a_withheld_number_is_served_without_a_profile(world: World, withheld: str) -> None:
    """Never merged with another; to be called back they type a number."""
    await world.agent("Anna Bianchi")
    hidden = world.network.plug_in(SOMEBODY)
    await hidden.dial(LINE, withhold=withheld)
    await world.hears(hidden, "Officine Lume", 5)
    call = await world.call(hidden)
    assert call["customer"] is None
    assert "Come si chiama" not in hidden.words
    await world.hears(hidden, "prema 2 per una richiamata")
    hidden.press("2")
    await world.hears(hidden, "A quale numero")
    hidden.press("3339990001#")
    await world.hears(hidden, "Possiamo richiamarla")
    hidden.press("5")
    await world.hears(hidden, "la richiamiamo")
    (promise,) = (await world.get("/callbacks"))["items"]
    assert promise["number"] == SOMEBODY


async def test_a_message_from_a_withheld_number_has_a_number_to_be_answered_at(world: World) -> None:
    """Nothing is promised that nobody could keep: the number is asked for, and then the message is a promise."""
    await world.agent("Anna Bianchi", ready=False)
    hidden = world.network.plug_in(SOMEBODY)
    await hidden.dial(LINE, withhold="anonymous")
    await world.hears(hidden, "prema 3 per lasciare un messaggio")
    hidden.press("3")
    await world.hears(hidden, "A quale numero")
    hidden.press("3339990001#")
    await world.hears(hidden, "dopo il segnale: la richiameremo")
    await world.until(lambda: any(f["type"] == "recording" for f in hidden.events))
    hidden.record(5)
    await world.hears(hidden, "il messaggio è arrivato")
    (promise,) = (await world.get("/callbacks"))["items"]
    assert (promise["kind"], promise["number"]) == ("voicemail", SOMEBODY)


async def test_who_types_no_number_is_promised_nothing(world: World) -> None:
    await world.agent("Anna Bianchi", ready=False)
    hidden = world.network.plug_in(SOMEBODY)
    await hidden.dial(LINE, withhold="anonymous")
    await world.hears(hidden, "prema 3 per lasciare un messaggio")
    hidden.press("3")
    await world.hears(hidden, "con un numero per richiamarla", 40)
    assert "la richiameremo" not in hidden.words


@pytest.mark.parametrize(
    ("language", "hello", "key"),
    [
        ("en-GB", "Good morning, Sam", "press 2 for a call back"),
        ("de-DE", "Guten Morgen, Sam", "drücken Sie 2"),
        ("fr-FR", "Bonjour, Sam", "tapez 2"),
        ("es-ES", "Buenos días, Sam", "pulse 2"),
    ],
)
async def test_each_in_their_own_language(world: World, language: str, hello: str, key: str) -> None:
    """The words, the voice's language, and an agent who speaks it."""
    italian = await world.agent("Anna Bianchi")
    other = await world.agent("Luca Verdi", languages=[language])
    sam = await world.customer("Sam", PAOLO, language=language)
    await sam.dial(LINE)
    await world.hears(sam, hello, 5)
    assert {heard.language for heard in sam.heard if heard.kind == "said"} == {language}
    await world.until(lambda: other.state == "ringing", 4)
    assert italian.state == "idle"
    await world.hears(sam, key, 40)


async def test_a_text_is_kept_and_answered_once(world: World) -> None:
    maria = await world.customer("Maria", MARIA)
    maria.send_text(LINE, "La lampada va di nuovo, grazie!")
    await world.until(lambda: bool(maria.texts))
    assert "abbiamo ricevuto il suo messaggio" in maria.texts[0].body
    await world.clock.advance(10)
    timeline = (await world.get(f"/customers/{world.ids['Maria']}/timeline"))["items"]
    assert [(item["kind"], item["state"]) for item in timeline] == [("text", "delivered"), ("text", "received")]
    maria.send_text(LINE, "STOP")
    await world.clock.advance(10)
    assert len(maria.texts) == 2
    assert "unsubscribed" in maria.texts[1].body  # Twilio's own answer, and no word of ours beside it


async def test_a_text_of_one_digit_is_answered_by_a_call(world: World) -> None:
    """What Maria wrote before is what the call is about; whoever is free rings her at once."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    maria.send_text(LINE, "La lampada lampeggia")
    await world.until(lambda: "Risponda 2 e la richiamiamo" in " ".join(text.body for text in maria.texts))
    maria.send_text(LINE, "2")
    await world.until(lambda: anna.state == "ringing", 20)
    anna.answer()
    await world.hears(anna, "Chiamata promessa a Maria Rossi. Motivo: La lampada lampeggia")
    await world.until(lambda: maria.state == "ringing", 20)
    maria.answer()
    await world.hears(maria, "con la chiamata promessa")
    maria.press("1")
    await world.until(lambda: bool(maria.partners))


async def test_a_name_said_as_the_agent_picks_up_is_heard_to_its_end(world: World) -> None:
    """Luca answers at once: the stranger still has eight seconds to say who they are."""
    anna = await world.agent("Anna Bianchi")
    stranger = world.network.plug_in(SOMEBODY)
    await stranger.dial(LINE)
    await world.until(lambda: anna.state == "ringing")
    anna.answer()
    await world.hears(stranger, "Come si chiama?")
    await world.clock.advance(1)
    assert stranger.partners == []
    stranger.speak("mi chiamo Giulia Neri")
    await world.hears(stranger, "Grazie, Giulia Neri")
    await world.until(lambda: bool(stranger.partners), 3)
    assert (await world.call(stranger))["customer"] is not None


async def test_who_does_not_say_a_name_is_joined_after_eight_seconds(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    stranger = world.network.plug_in(SOMEBODY)
    await stranger.dial(LINE)
    await world.hears(stranger, "Come si chiama?")
    asked = world.clock.now()
    anna.answer()
    await world.until(lambda: bool(stranger.partners), 20)
    assert 7 <= (world.clock.now() - asked).total_seconds() <= 14  # the question takes five to be said


async def test_an_agent_corrects_a_name_that_was_heard_wrongly(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    stranger = world.network.plug_in(SOMEBODY)
    await stranger.dial(LINE)
    await world.hears(stranger, "Come si chiama?")
    stranger.speak("Giulia Meri")
    await world.hears(stranger, "Grazie, Giulia Meri")
    anna.answer()
    await world.until(lambda: bool(stranger.partners))
    customer = (await world.call(stranger))["customer"]
    token = await world.token("Anna", "agent", world.ids["anna"])
    answer = await world.api.patch(
        f"/customers/{customer}", json={"name": "Giulia Neri"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200
    stranger.hang_up()
    await world.clock.advance(120)
    await stranger.dial(LINE)
    await world.hears(stranger, "Giulia Neri", 8)


async def test_a_household_member_is_known_by_a_spoken_name(world: World) -> None:
    await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await world.customer("Paolo", MARIA)
    await maria.dial(LINE)
    await world.hears(maria, "Oppure dica il suo nome")
    maria.speak("sono Paolo")
    await world.hears(maria, "Buongiorno, Paolo")


@pytest.mark.parametrize("house", ["here"], indirect=True)
async def test_a_name_nobody_can_make_out_is_said_after_a_tone_and_waits_for_nobody(world: World) -> None:
    """Anna's phone rings on meanwhile, and she hears what was recorded on the desk."""
    anna = await world.agent("Anna Bianchi")
    stranger = world.network.plug_in(SOMEBODY)
    await stranger.dial(LINE)
    await world.hears(stranger, "Come si chiama?")
    stranger.speak("ehm, non so")
    await world.hears(stranger, "Mi dica il suo nome dopo il segnale")
    assert anna.state == "ringing"
    await world.until(lambda: any(frame["type"] == "recording" for frame in stranger.events))
    stranger.record(3)
    await world.until(lambda: stranger.words.endswith("perché chiama."), 20)
    assert anna.state == "ringing"
    anna.answer()
    await world.until(lambda: bool(stranger.partners))
    customer = await world.get(f"/customers/{(await world.call(stranger))['customer']}")
    assert (customer["name"], customer["phones"]) == (None, [SOMEBODY])
    assert "/Recordings/RE" in customer["name_recording_url"]
