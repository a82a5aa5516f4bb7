"""What is heard at each turn: every document is valid, goes on or ends, and keeps its keys."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from callbacks.slots import Slot
from carrier.signatures import Signatures
from ivr import dialogue, offered, parting
from ivr.breaths import MOST_OPTIONS, PAUSE_SECONDS, listening, menus, too_many_options
from ivr.dialogue import Stage
from ivr.digits import read_back
from ivr.document import Ask, Document, Go, HangUp, Join, Record, Say, spoken_text_seconds
from ivr.offered import Choice
from ivr.webhooks import Webhooks
from routing.choose import Decision
from routing.weigh import Weighed
from tests.ivr.speaking import EVERY_LANGUAGE, NOW, OURS, decision, every, parsed, stage, url, words
from tests.routing.people import agent, wrapping_up

ANNA = agent("Anna Bianchi")
SOON = NOW + timedelta(minutes=10)
LATER, FAR = SOON + timedelta(minutes=20), SOON + timedelta(days=15)
FIRST = Slot(SOON, None)
SLOT = url("/twilio/voice/slot", slots="1~~0")
ROOM = Join("call_1", url("/twilio/agent/left", leg="leg_1"), ends_room=False)

DOCUMENTS: dict[str, Callable[[Stage], Document]] = {
    "ringing": lambda s: dialogue.ringing(s, ANNA, 10.0, opening=s.named("first")),
    "ringing, with a question": lambda s: dialogue.ringing(s, ANNA, 10.0, opening=s.named("greet"), ask="why"),
    "ringing, asked for a name": lambda s: dialogue.ringing(s, ANNA, 10.0, opening=s.named("greet"), ask="ask_name"),
    "ringing, and the choice is due": lambda s: dialogue.ringing(
        s, ANNA, 10.0, opening=s.named("greet"), ask="ask_name", choice_in=6.0
    ),
    "ringing, still": lambda s: dialogue.ringing(s, ANNA, 10.0, opening=None, again=True),
    "after speech": lambda s: dialogue.after_speech(s, None),
    "after speech, and the choice is due": lambda s: dialogue.after_speech(s, None, choice_in=6.0),
    "after a name": lambda s: dialogue.after_speech(s, "Maria Rossi", ask="why"),
    "ringing, the same thing": lambda s: dialogue.ringing(s, ANNA, 10.0, opening=s.named("greet"), ask="same_thing"),
    "ringing, asked about recording": lambda s: dialogue.ringing(
        s, ANNA, 10.0, opening=s.named("greet"), ask="ask_recording"
    ),
    "ringing, told of recording": lambda s: dialogue.ringing(s, ANNA, 10.0, opening=s.named("greet"), ask="recorded"),
    "another one after a talk": lambda s: dialogue.ringing(s, ANNA, 10.0, opening=None, how="transfer"),
    "the line broke": lambda s: dialogue.ringing(s, ANNA, 20.0, opening=None, how="line_broke"),
    "it is still broken": lambda s: dialogue.ringing(s, ANNA, 12.0, opening=None, how="line_broke", again=True),
    "the same thing": lambda s: dialogue.after_speech(s, said=s.say("same_noted")),
    "not them": lambda s: dialogue.after_speech(s, said=s.say("sorry"), ask="ask_name_waiting"),
    "not them but": lambda s: dialogue.after_speech(s, said=s.say("sorry_name", name="Paolo"), ask="why"),
    "a name recorded": lambda s: dialogue.after_speech(s, said=s.say("name_recorded"), ask="why"),
    "recording a name": dialogue.record_name,
    "recording a name, with a reason": lambda s: dialogue.record_name(s, s.say("heard")),
    "the choice": lambda s: dialogue.choice(
        s, decision("offer_callback", teammate=True), FIRST, opening=s.named("greet")
    ),
    "the choice, nobody free": lambda s: dialogue.choice(s, decision("offer_callback"), FIRST, opening=None),
    "waiting for somebody": lambda s: dialogue.choice(s, decision("wait", teammate=True), None, opening=None),
    "waiting": lambda s: dialogue.waiting(
        s, decision("wait", known=False), FIRST, opening=s.named("greet"), first=True, ask_name=False
    ),
    "waiting, and somebody is free": lambda s: dialogue.waiting(
        s, decision("wait", known=False, teammate=True), Slot(FAR, None), opening=None, first=True, ask_name=True
    ),
    "the choice of far days": lambda s: dialogue.choice(
        s, decision("offer_callback", teammate=True), Slot(FAR, None), opening=None, choice_in=3.0
    ),
    **{
        f"{way}, with the ways out {'early' if early else 'late'}": lambda s, way=way, early=early: dialogue.ringing(
            s, ANNA, 10.0, opening=s.named("greet"), ask=way, choice_in=4.0 if early else 15.0
        )
        for way in ("ask_recording", "recorded", "same_thing", "why")
        for early in (True, False)
    },
    "asked about recording after speech": lambda s: dialogue.after_speech(s, None, ask="ask_recording", choice_in=4.0),
    "waiting, asked for a name": lambda s: dialogue.waiting(
        s, decision("wait", known=False), FIRST, opening=s.named("greet"), first=True, ask_name=True
    ),
    "waiting on": lambda s: dialogue.waiting(
        s, decision("wait", known=False), None, opening=None, first=False, ask_name=False
    ),
    "waiting for long": lambda s: dialogue.waiting(
        s, decision("wait", known=False), None, opening=None, first=False, ask_name=False, long=True
    ),
    "nobody": lambda s: dialogue.nobody(s, FIRST, opening=s.named("greet"), closed=None),
    "nobody and no time": lambda s: dialogue.nobody(s, None, opening=None, closed=None),
    "closed": lambda s: dialogue.nobody(s, FIRST, opening=s.named("greet"), closed=dialogue.closed_until(s, SOON)),
    "closed for good": lambda s: dialogue.nobody(s, None, opening=None, closed=dialogue.closed_until(s, None)),
    "a household": lambda s: dialogue.who_is_it(s, ["Maria", "Paolo", "Ugo"]),
    "a household of two": lambda s: dialogue.who_is_it(s, ["Maria", "Paolo"]),
    "a household of two, again": lambda s: dialogue.who_is_it(s, ["Maria", "Paolo"], again=True),
    "a household of many, again": lambda s: dialogue.who_is_it(s, ["Maria", "Paolo", "Ugo"], of=5, again=True),
    "a household without names": lambda s: dialogue.who_is_it(s, []),
    "an offer": lambda s: offered.times(s, [Choice(SOON, "Anna"), Choice(LATER, "Anna")], SLOT),
    "an offer of two": lambda s: offered.times(s, [Choice(SOON, "Anna"), Choice(LATER, "Luca")], SLOT),
    "an offer of anybody": lambda s: offered.times(s, [Choice(SOON)], SLOT),
    "an offer as soon as can be": lambda s: offered.times(s, [Choice(NOW, None, SOON), Choice(LATER, "Anna")], SLOT),
    "an offer as soon as she can": lambda s: offered.times(s, [Choice(NOW, "Anna", SOON), Choice(LATER)], SLOT),
    "an offer of far days": lambda s: offered.times(
        s, [Choice(FAR, "Anna"), Choice(FAR + timedelta(days=1), "Luca")], SLOT, opening=s.say("when_not"), by_key=True
    ),
    "the nearest times": lambda s: offered.times(
        s, [Choice(FAR), Choice(FAR)], SLOT, opening=s.say("offer_not", time=s.speaker.time(FAR))
    ),
    "the nearest days": lambda s: offered.times(s, [Choice(FAR)], SLOT, opening=s.say("offer_not_then")),
    "another day": lambda s: offered.another(s, Choice(FAR, "Anna"), SLOT, SLOT),
    "another day, none known": lambda s: offered.another(s, None, SLOT, SLOT),
    "which day": lambda s: offered.ask_when(s, SLOT, again=False),
    "which day, again": lambda s: offered.ask_when(s, SLOT, again=True),
    "no slot": offered.no_slot,
    "too many": offered.too_many,
    "which number": lambda s: offered.ask_number(s, SLOT),
    "which other number": lambda s: offered.ask_number(s, SLOT, back=SLOT),
    **{
        f"which number, {why} refused": lambda s, why=why: offered.ask_number(s, SLOT, refused=why)
        for why in offered.REFUSED
    },
    "the number read back": lambda s: offered.number_back(s, read_back("+393331234567", "IT", "più"), SLOT),
    "promised": lambda s: offered.promised(s, Choice(SOON, "Anna"), 300, told=True),
    "promised by anybody": lambda s: offered.promised(s, Choice(SOON), 300, told=False),
    "promised as soon as can be": lambda s: offered.promised(s, Choice(NOW, None, SOON), 600, told=True),
    "promised as soon as she can": lambda s: offered.promised(s, Choice(NOW, "Anna", SOON), 600, told=True),
    "a message": dialogue.record,
    "a message kept": lambda s: dialogue.message_kept(s, SOON, 300),
    "a message kept without a number": lambda s: dialogue.message_kept(s, None),
    "the room": lambda s: dialogue.join(s, "call_1"),
    "about to be fetched": dialogue.hold_for_join,
    "goodbye": parting.goodbye,
    "parting": lambda s: parting.talk_over(s, ANNA),
    "is it solved": lambda s: parting.is_it_solved(s, s.named("thanks")),
    "it is": lambda s: parting.glad(s, ANNA),
    "it is not": lambda s: parting.still_open(s, "Anna"),
    "theirs now": lambda s: parting.theirs_now(s, ANNA),
    "being rung": lambda s: (s.say("ringing_you"), HangUp()),
    "the caller is gone": dialogue.agent_gone,
    "a whisper": lambda s: dialogue.whisper(s, [s.say("agent_call", caller="Maria")], accept=None, room=ROOM),
    "a whisper with a key": lambda s: dialogue.whisper(
        s, [s.say("agent_call", caller="Maria")], accept=url("/twilio/agent/key", leg="leg_1"), room=None
    ),
    "proving a person": lambda s: dialogue.prove_person(s, "Anna", "leg_1", first=True),
    "proving a person, again": lambda s: dialogue.prove_person(s, "Anna", "leg_1", first=False),
    "safe": lambda s: dialogue.safe(s, then="/twilio/voice/wait"),
}
SPOKEN_TO = {
    f"{language} {'formal' if formal else 'friend'} {name or 'nameless'}": stage(language, name=name, formal=formal)
    for language in EVERY_LANGUAGE
    for formal in (True, False)
    for name in ("Maria", None)
}


def asked(document: Document) -> Ask:
    return next(step for step in document if isinstance(step, Ask))


@pytest.mark.parametrize("whom", SPOKEN_TO.values(), ids=SPOKEN_TO)
def test_every_document_is_valid_and_leaves_nobody_hanging(whom: Stage) -> None:
    """The last verb is one after which Twilio knows what to do: a silent end is a call that drops."""
    for name, build in DOCUMENTS.items():
        response = parsed(build(whom))
        verbs = list(response)
        assert response.tag == "Response", name
        assert verbs, name
        assert verbs[-1].tag in ("Redirect", "Hangup", "Dial"), name
        if verbs[-1].tag == "Dial":
            assert verbs[-1].attrib["action"], name


def test_whatever_listens_or_leads_on_has_an_address_of_ours() -> None:
    for name, build in DOCUMENTS.items():
        response = parsed(build(stage()))
        for tag in ("Gather", "Record", "Dial"):
            for element in every(response, tag):
                assert element.attrib["action"].startswith(f"{OURS}/twilio/"), (name, tag)
        for element in every(response, "Redirect"):
            assert (element.text or "").startswith(f"{OURS}/twilio/"), name


def addresses(response: ET.Element) -> list[str]:
    """Where Twilio may go from here."""
    ways = [element.attrib["action"] for tag in ("Gather", "Record", "Dial") for element in every(response, tag)]
    return ways + [element.text or "" for element in every(response, "Redirect")]


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_every_way_out_of_every_document_is_a_route_of_ours(language: str) -> None:
    routes = Webhooks(None, Signatures(["x"], OURS)).routes  # type: ignore[arg-type]
    known = {route.path for route in routes if "POST" in (route.methods or ())}
    for name, build in DOCUMENTS.items():
        ways = addresses(parsed(build(stage(language))))
        assert {urlsplit(way).path for way in ways} <= known, name
        news = [record.attrib["recordingStatusCallback"] for record in every(parsed(build(stage(language))), "Record")]
        assert {urlsplit(one).path for one in news} <= known, name


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_the_line_is_put_down_only_where_the_machine_says_so(language: str) -> None:
    """To a caller, that is; an agent, and a machine that answered, are told why and let go."""
    ends = {"promised", "a message kept", "goodbye", "theirs now", "being rung"}
    after_a_talk = {"parting", "is it solved", "it is", "it is not"}  # silence is a goodbye
    elsewhere = {"the caller is gone", "a whisper with a key", "proving a person, again"}
    for name, build in DOCUMENTS.items():
        hangs_up = any(isinstance(step, HangUp) for step in build(stage(language)))
        of = name.split(" by ")[0].split(" as ")[0].split(" without ")[0]
        assert hangs_up == (of in ends | after_a_talk or name in elsewhere), name


@pytest.mark.parametrize("whom", SPOKEN_TO.values(), ids=SPOKEN_TO)
def test_nobody_hears_more_than_three_keys_before_there_is_a_moment_to_press_one(whom: Stage) -> None:
    for name, build in DOCUMENTS.items():
        assert [keys for keys in menus(build(whom)) if len(keys) > MOST_OPTIONS] == [], name


def sentences(text: str) -> list[str]:
    """The point of a German date ends none."""
    return re.split(r"(?<=[.!?])\s+(?!Dezember)", text)


@pytest.mark.parametrize("whom", SPOKEN_TO.values(), ids=SPOKEN_TO)
def test_no_sentence_of_any_document_is_longer_than_twenty_words(whom: Stage) -> None:
    for name, build in DOCUMENTS.items():
        for sentence in sentences(words(build(whom))):
            assert len(sentence.split()) <= 20, (name, sentence)


def test_what_is_a_menu_is_told_from_what_only_looks_like_two() -> None:
    three = tuple(Say(f"Prema {n} per questo.", "it-IT") for n in (1, 2, 3))
    fourth = Say("Oppure premi 4.", "it-IT")
    assert too_many_options((Ask((*three, fourth), "/key", 5),))
    assert too_many_options((*three, Ask((fourth,), "/key", 5)))
    assert too_many_options((Ask(three, "/key", PAUSE_SECONDS - 1), Ask((fourth,), "/key", 5)))
    assert not too_many_options((Ask((*three, three[0]), "/key", 5),))
    assert not too_many_options((Ask(three, "/key", PAUSE_SECONDS), Ask((fourth,), "/key", 5)))
    assert list(menus(listening((*three, fourth), "/key", 5))) == [{"1", "2", "3"}, {"4"}]


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_keys_that_make_too_long_a_sentence_are_told_in_several(language: str) -> None:
    here = stage(language)
    ways = [here.speaker.say("key_teammate", teammate="Anna Maria Sofia Elisabetta")]
    ways += [here.speaker.say("key_callback_at", time=here.speaker.time(FAR)), here.speaker.say("key_message")]
    assert len(sentences(here.speaker.keys(*ways))) == 3
    assert len(sentences(here.speaker.keys(*ways[2:]))) == 1


def test_nothing_is_ever_played_but_a_ring() -> None:
    for name, build in DOCUMENTS.items():
        for play in every(parsed(build(stage())), "Play"):
            assert (play.text or "").endswith("/twilio/sounds/ringback.wav"), name
            assert int(play.attrib["loop"]) * 3 <= 20, name  # no longer than an agent's phone rings


def test_no_document_is_spoken_for_longer_than_people_listen() -> None:
    for name, build in DOCUMENTS.items():
        assert spoken_text_seconds(build(stage())) < 25, name


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.startswith(("waiting", "the choice", "ringing"))])
@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_whoever_waits_hears_a_figure_and_then_at_most_half_a_minute_of_nothing(name: str, language: str) -> None:
    document = DOCUMENTS[name](stage(language))
    assert re.search(r"\b\d+ (?:sec|seg|Sek|min|Min)", words(document)), words(document)
    quiet = sum(step.seconds for step in document if isinstance(step, Ask))
    assert quiet + 3 * dialogue.RING_ROUNDS < 30 or quiet < 20


def test_steps_are_numbered_for_the_caller() -> None:
    """An old capture of a webhook must not act again: each address of the caller's leg carries the step.

    The safe document knows no step: it is written while nothing can be read.
    """
    for name, build in DOCUMENTS.items():
        response = parsed(build(stage(step=7)))
        listening = [element for tag in ("Gather", "Record", "Dial") for element in every(response, tag)]
        addresses = [element.attrib["action"] for element in listening]
        addresses += [element.text or "" for element in every(response, "Redirect")]
        for address in addresses if name != "safe" else ():
            parts = urlsplit(address)
            if parts.path.startswith("/twilio/voice/") and parts.path != "/twilio/voice/slot":
                assert parse_qs(parts.query)["n"] == ["7"], (name, address)


PRESS = {"it-IT": "prema", "en-GB": "press", "de-DE": "drücken sie", "fr-FR": "tapez", "es-ES": "pulse"}


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_a_key_means_the_same_from_the_first_second_to_the_last(language: str) -> None:
    """1 a teammate, 2 a call back, 3 a message, 4 the one they know, in every document of the wait."""
    press, here = PRESS[language], stage(language)
    voice = here.speaker
    meant = {
        "1": voice.say("key_teammate", teammate="Luca").lower(),
        "2": voice.say("key_callback").lower(),
        "3": voice.say("key_message").lower(),
        "4": voice.say("key_wait", agent="Anna").lower(),
    }
    for name, build in DOCUMENTS.items():
        if not name.startswith(("waiting", "the choice", "ringing", "nobody", "closed")):
            continue
        said = words(build(here)).lower()
        for digit in re.findall(rf"{press} ([1-4])\b", said):
            assert meant[digit].split(f"{press} {digit}")[1][:6] in said.split(f"{press} {digit}", 1)[1], name


@pytest.mark.parametrize("name", ["waiting", "waiting on", "the choice", "the choice, nobody free", "nobody", "closed"])
@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_whoever_waits_is_told_how_to_be_called_back_and_how_to_leave_a_message(name: str, language: str) -> None:
    said = words(DOCUMENTS[name](stage(language))).lower()
    assert f"{PRESS[language]} 2" in said
    assert f"{PRESS[language]} 3" in said


def test_the_choice_names_the_one_they_know_the_teammate_and_what_silence_does() -> None:
    said = words(DOCUMENTS["the choice"](stage()))
    assert said == (
        f"{stage().named('greet').text} "
        "Anna sta parlando con un'altra persona e sarà disponibile tra circa 3 minuti. "
        "Prema 1 per parlare con Luca, prema 2 per una richiamata oggi alle 10:10, prema 3 per lasciare un messaggio. "
        "Prema 4 per aspettare Anna. Se non preme nulla le passo Luca."
    )


def test_a_call_back_as_soon_as_can_be_is_announced_with_its_latest_time() -> None:
    said = words(dialogue.nobody(stage(), Slot(NOW, None, SOON), opening=None, closed=None))
    assert "Prema 2 per una richiamata oggi alle 10:10 al più tardi, prema 3" in said


def test_whoever_is_about_to_be_free_is_not_said_to_be_talking() -> None:
    soon = Weighed(wrapping_up("Anna Bianchi", left=20), 20.0, 60.0, ("familiar",))
    said = words(dialogue.choice(stage(), Decision("wait", soon, None, 20.0), None, opening=None))
    assert "sta parlando" not in said
    assert re.search(r"Anna .*20 secondi", said)


@pytest.mark.parametrize(("ask", "listens"), [("waiting", None), ("waiting, asked for a name", "it-IT")])
def test_words_are_listened_for_only_where_they_were_asked_for(ask: str, listens: str | None) -> None:
    assert asked(DOCUMENTS[ask](stage())).language == listens


@pytest.mark.parametrize("known", [True, False])
def test_whoever_is_greeted_by_a_name_may_say_that_it_is_not_theirs(known: bool) -> None:
    how = {"first": True, "ask_name": False}
    for name, opening, listens in (("Maria", True, "it-IT"), ("Maria", False, None), (None, True, None)):
        here = stage(name=name)
        said = here.named("greet") if opening else None
        document = dialogue.nobody_free(here, decision("wait", known=known), FIRST, opening=said, **how)
        assert asked(document).language == listens


def test_without_a_free_teammate_no_teammate_is_offered() -> None:
    said = words(DOCUMENTS["the choice, nobody free"](stage()))
    assert "prema 1" not in said.lower()
    assert said.endswith("Se non preme nulla aspettiamo Anna.")


def test_a_question_waits_only_as_long_as_a_question_and_a_wait_is_quiet() -> None:
    three, fourth = (step for step in DOCUMENTS["the choice"](stage()) if isinstance(step, Ask))
    assert (three.seconds, fourth.seconds) == (PAUSE_SECONDS, dialogue.CHOICE_SECONDS)
    waiting = DOCUMENTS["waiting"](stage())
    round_seconds = asked(waiting).seconds + spoken_text_seconds(waiting)
    assert asked(waiting).seconds > dialogue.CHOICE_SECONDS
    assert abs(round_seconds - dialogue.ROUND_SECONDS) <= 1


def test_the_wait_becomes_shorter_to_hear() -> None:
    first, later = words(DOCUMENTS["waiting"](stage())), words(DOCUMENTS["waiting on"](stage()))
    assert "Adesso parlano tutti" in first
    assert later == "Ancora circa 3 minuti. Prema 2 per una richiamata, prema 3 per lasciare un messaggio."


def test_whoever_is_put_through_hears_their_name_and_the_agents() -> None:
    said = words(DOCUMENTS["ringing"](stage()))
    greeting = stage().named("greet").text
    assert said == f"{greeting} Le passo Anna, tra circa 10 secondi."  # a greeting, not a menu


@pytest.mark.parametrize("ask", ["ringing, with a question", "ringing, asked for a name"])
def test_while_the_phone_rings_the_caller_may_speak(ask: str) -> None:
    assert asked(DOCUMENTS[ask](stage())).language == "it-IT"


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
@pytest.mark.parametrize("names", [("Maria", "Paolo"), ("Maria", "Paolo", "Ugo"), ("Maria", "Paolo", "Ugo", "Ada")])
def test_a_household_hears_names_by_key_and_nothing_else_of_them(language: str, names: tuple[str, ...]) -> None:
    document = dialogue.who_is_it(stage(language, name=None), names[:3], of=len(names))
    said = words(document)
    for key, name in zip("890", names[:3], strict=False):
        assert re.search(rf"{PRESS[language]} {key} .*{name}", said, re.IGNORECASE)
    assert "Ada" not in said
    assert asked(document).language == language


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_two_people_are_asked_in_one_sentence_and_may_be_neither(language: str) -> None:
    said = words(dialogue.who_is_it(stage(language, name=None), ["Maria", "Paolo"]))
    assert re.search(r"Maria [^.?]*Paolo ?\?", said)
    assert f"{PRESS[language]} 0" in said.lower()


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_where_no_name_is_said_a_household_is_asked_for_one_and_hears_none(language: str) -> None:
    said = words(dialogue.who_is_it(stage(language, name=None), [], of=0))
    assert not re.search(r"\d", said)
    assert said.count("?") + said.count(".") >= 2


def test_a_name_is_recorded_in_a_few_seconds_and_then_the_ringing_goes_on() -> None:
    said, record, on = dialogue.record_name(stage())
    assert isinstance(record, Record)
    assert (record.longest_seconds, record.silence, record.transcribed) == (4, 3, False)
    assert on == Go(stage().at("/twilio/voice/wait"))
    assert words((said,)) == "Mi dica il suo nome dopo il segnale."


@pytest.mark.parametrize(
    ("language", "punctual"),
    [
        ("it-IT", "oggi alle 10:10, al massimo 5 minuti dopo."),
        ("en-GB", "today at 10:10, at most 5 minutes later."),
        ("de-DE", "heute um 10:10 Uhr, höchstens 5 Minuten später."),
        ("fr-FR", "aujourd'hui à 10:10, au plus tard 5 minutes après."),
        ("es-ES", "hoy a las 10:10, como mucho 5 minutos después."),
    ],
)
@pytest.mark.parametrize("formal", [True, False])
def test_how_late_a_call_back_may_become_is_said_in_every_language(language: str, punctual: str, formal: bool) -> None:
    for name in ("Maria", None):
        here = stage(language, name=name, formal=formal)
        for document in ("promised", "promised by anybody", "a message kept"):
            assert punctual in words(DOCUMENTS[document](here)), document


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
@pytest.mark.parametrize("name", ["waiting", "waiting on", "the choice", "the choice, nobody free", "nobody", "closed"])
def test_it_is_known_when_the_ways_out_will_have_been_named(name: str, language: str) -> None:
    here = stage(language)
    document = DOCUMENTS[name](here)
    at = dialogue.choice_at(here, document, NOW)
    assert at is not None
    before = words(document).lower().split(f"{PRESS[language]} ")[0]
    assert (at - NOW).total_seconds() == pytest.approx(len(before) / 14, abs=0.3)


def rung(choice_in: float, ask: str = "why", language: str = "it-IT") -> tuple[Stage, Document]:
    here = stage(language)
    return here, dialogue.ringing(here, ANNA, 20.0, opening=here.named("greet"), ask=ask, choice_in=choice_in)


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
@pytest.mark.parametrize("ask", ["why", "ask_name"])
def test_it_rings_on_only_as_long_as_the_next_document_can_name_the_ways_out_in_time(ask: str, language: str) -> None:
    for promised in range(6, 40):
        here, document = rung(promised, ask, language)
        at = dialogue.choice_at(here, document, NOW)
        if at is None:
            rings = [int(play.attrib["loop"]) for play in every(parsed(document), "Play")]
            still = here.say("ring_still", agent="Anna", estimate=here.speaker.estimate(20))
            at = NOW + timedelta(seconds=spoken_text_seconds((*document, still)) + 3 * rings[0] + 1.25)
            assert 1 <= rings[0] <= dialogue.RING_ROUNDS
        assert (at - NOW).total_seconds() <= promised


def test_with_time_enough_the_first_document_is_a_greeting_and_with_little_a_menu_too() -> None:
    assert "prema 2" not in words(rung(20)[1]).lower()
    said = words(rung(8)[1])
    assert re.search(r"Anna.*Prema 2 .* mi dica con parole sue", said)


@pytest.mark.parametrize("known", [True, False])
def test_the_choice_goes_before_the_estimate_if_it_must(known: bool) -> None:
    here, how = stage(), {"opening": stage().named("greet"), "first": True, "ask_name": False}
    usual, hurried = (
        words(dialogue.nobody_free(here, decision("wait", known=known), FIRST, choice_in=seconds, **how))
        for seconds in (20, 5)
    )
    assert usual.index("minuti") < usual.index("Prema 2") < usual.index("Se non preme nulla")
    assert hurried.index("Prema 2") < hurried.index("minuti") < hurried.index("Se non preme nulla")
    assert sorted(usual.split()) == sorted(hurried.split())


def test_closed_says_when_it_opens_again_and_records_without_a_key() -> None:
    document = DOCUMENTS["closed"](stage())
    assert "Riapriamo oggi alle 10:10" in words(document)
    assert any(isinstance(step, Record) for step in document)


def test_nobody_being_here_does_not_record_before_somebody_may_have_come_back() -> None:
    document = DOCUMENTS["nobody"](stage())
    assert not any(isinstance(step, Record) for step in document)
    assert document[-1] == Go(stage().at("/twilio/voice/wait", told="nobody"))


def test_only_the_callers_leaving_ends_the_room() -> None:
    caller, whisper = DOCUMENTS["the room"](stage()), DOCUMENTS["a whisper"](stage())
    assert [step.ends_room for step in (*caller, *whisper) if isinstance(step, Join)] == [True, False]


def test_an_agent_on_a_plain_phone_is_not_joined_before_a_key() -> None:
    document = DOCUMENTS["a whisper with a key"](stage())
    assert not any(isinstance(step, Join) for step in document)
    assert document[-1] == HangUp()
    assert "Prema 1" in words(document)


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
@pytest.mark.parametrize("name", ["Maria", None])
def test_before_a_person_is_proved_nothing_is_said_but_the_name(language: str, name: str | None) -> None:
    first = dialogue.prove_person(stage(language, name=name), "Anna", "leg_1", first=True)
    assert f"{PRESS[language]} 1" in words(first).lower()
    assert isinstance(first[-1], Go)
    second = dialogue.prove_person(stage(language, name=name), "Anna", "leg_1", first=False)
    assert second[-1] == HangUp()
    assert asked(first).language == asked(second).language == language


def test_the_machine_that_answered_hears_only_the_company() -> None:
    *_, voicemail, _ = dialogue.prove_person(stage(), "Anna", "leg_1", first=False)
    assert words((voicemail,)) == "Una chiamata di Officine Lume. Riproveremo più tardi. Grazie."


@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_the_safe_document_apologises_and_helps(language: str) -> None:
    document = dialogue.safe(stage(language, name=None), then="/twilio/voice/wait")
    assert f"{PRESS[language]} 2" in words(document).lower()
    assert [type(step) for step in document] == [Ask, Record, Go]
    assert "error" not in words(document).lower()
    assert "fehler" not in words(document).lower()
