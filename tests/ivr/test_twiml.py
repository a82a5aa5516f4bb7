"""Documents -> TwiML: each step as its verb, with the attributes that the contract and Twilio ask for."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from ivr.document import Ask, Go, HangUp, Join, Quiet, Record, Ringback, Say, Step
from ivr.twiml import EMPTY, render
from simulator.twiml import parse
from tests.ivr.speaking import parsed


def verb(step: Step) -> ET.Element:
    (element,) = parsed((step,))
    return element


def test_words_are_said_in_their_language_with_a_voice_of_it() -> None:
    say = verb(Say("Buongiorno", "it-IT"))
    assert (say.tag, say.text) == ("Say", "Buongiorno")
    assert say.attrib == {"language": "it-IT", "voice": "Polly.Bianca-Neural"}


@pytest.mark.parametrize(
    ("way", "tag", "attributes"),
    [
        ("ma-RI-a", "sub", {"alias": "ma-RI-a"}),
        ("/maˈriːa/", "phoneme", {"alphabet": "ipa", "ph": "maˈriːa"}),
        ("[maˈriːa]", "phoneme", {"alphabet": "ipa", "ph": "maˈriːa"}),
        ("/1 & 2/", "sub", {"alias": "/1 & 2/"}),
        ('"><Dial>', "sub", {"alias": '"><Dial>'}),
    ],
)
def test_a_name_is_said_as_its_owner_says_it(way: str, tag: str, attributes: dict[str, str]) -> None:
    say = verb(Say("Buongiorno, Maria & co. Da Mariapoli.", "it-IT", (("Maria", way),)))
    (name,) = say
    assert (say.text, name.tag, name.text, name.attrib, name.tail) == (
        "Buongiorno, ", tag, "Maria", attributes, " & co. Da Mariapoli.",
    )  # fmt: skip


def test_the_carrier_reads_the_marks_and_complains_of_nothing() -> None:
    said = Say("Good morning, Siobhán. Good to have you back.", "en-GB", (("Siobhán", "shi-VAWN"),))
    script = parse(render((Ask((said,), "https://c.test/key", 1), replace(said, names=(("Siobhán", "/ʃɪˈvɔːn/"),)))))
    assert script.warnings == ()
    gather, plain = script.verbs
    assert gather.prompts[0].spoken == "Good morning, shi-VAWN. Good to have you back."  # type: ignore[union-attr]
    assert plain.text == said.text  # type: ignore[union-attr]


def test_marks_stand_only_where_the_name_does_and_the_voice_reads_them() -> None:
    for text, language in (("Mariapoli.", "it-IT"), ("Maria", "pt-PT")):
        say = verb(Say(text, language, (("Maria", "ma-RI-a"),)))
        assert (say.text, list(say)) == (text, [])


def test_ringback_is_played_a_few_times() -> None:
    play = verb(Ringback("https://c.test/ringback.wav", 4))
    assert (play.tag, play.text, play.attrib) == ("Play", "https://c.test/ringback.wav", {"loop": "4"})


def test_quiet_is_a_pause() -> None:
    pause = verb(Quiet(2))
    assert (pause.tag, pause.attrib) == ("Pause", {"length": "2"})


def test_a_question_listens_for_one_key_while_it_is_said() -> None:
    gather = verb(Ask((Say("Prema 1", "it-IT"), Quiet(1)), "https://c.test/key?n=1&x=2", 5))
    assert [inner.tag for inner in gather] == ["Say", "Pause"]
    assert gather.attrib == {
        "action": "https://c.test/key?n=1&x=2",
        "method": "POST",
        "timeout": "5",
        "input": "dtmf",
        "numDigits": "1",
    }


def test_a_question_listens_for_words_too_when_it_has_a_language() -> None:
    gather = verb(Ask((), "https://c.test/key", 1, language="de-DE", hints="Anna, Luca"))
    assert gather.attrib["input"] == "dtmf speech"
    assert (gather.attrib["language"], gather.attrib["speechTimeout"]) == ("de-DE", "auto")
    assert gather.attrib["hints"] == "Anna, Luca"


def test_a_number_may_be_typed_to_its_end() -> None:
    assert "numDigits" not in verb(Ask((), "https://c.test/key", 8, digits=0)).attrib


def test_a_message_is_recorded_after_a_tone_and_told_when_ready() -> None:
    record = verb(Record("https://c.test/message", "https://c.test/recording", "it-IT"))
    assert record.attrib == {
        "action": "https://c.test/message",
        "recordingStatusCallback": "https://c.test/recording",
        "recordingStatusCallbackEvent": "completed absent",
        "maxLength": "180",
        "timeout": "5",
        "playBeep": "true",
        "finishOnKey": "1234567890*#",
    }


@pytest.mark.parametrize("ends", [True, False])
def test_a_room_is_quiet_to_wait_in_and_ends_with_the_caller(ends: bool) -> None:
    """An absent waitUrl is music, an absent beep a beep."""
    dial = verb(Join("call_1", "https://c.test/after", ends_room=ends))
    (room,) = dial
    assert dial.attrib == {"action": "https://c.test/after"}
    assert (room.tag, room.text) == ("Conference", "call_1")
    assert room.attrib == {
        "waitUrl": "",
        "beep": "false",
        "startConferenceOnEnter": "true",
        "endConferenceOnExit": str(ends).lower(),
    }


def test_going_on_and_hanging_up() -> None:
    go, end = parsed((Go("https://c.test/wait?n=1&m=2"), HangUp()))
    assert (go.tag, go.text, go.attrib) == ("Redirect", "https://c.test/wait?n=1&m=2", {"method": "POST"})
    assert (end.tag, end.attrib) == ("Hangup", {})


def test_the_empty_answer_is_a_document_without_verbs() -> None:
    response = ET.fromstring(EMPTY.encode())
    assert (response.tag, list(response)) == ("Response", [])


def test_a_name_that_looks_like_markup_is_only_said() -> None:
    name = "</Say><Dial>+390899</Dial><Say>&amp; \"'"
    (say,) = parsed((Say(name, "it-IT"),))
    assert (say.text, list(say)) == (name, [])
