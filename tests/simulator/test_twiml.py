"""Parsing TwiML: every documented document, and what is refused with which number."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from simulator.attributes import TwimlError
from simulator.nouns import UNSUPPORTED
from simulator.twiml import LONGEST_DOCUMENT_BYTES, Script, parse
from simulator.verbs import Conference, Dial, Gather, Noun, Say, Unsupported, Verb

DOCUMENTS = Path(__file__).parent / "data" / "twiml_documents.jsonl"


def not_carried(script: Script) -> list[str]:
    nouns = [noun.address for verb in script.verbs if isinstance(verb, Dial) for noun in verb.nouns]
    return [verb.name for verb in script.verbs if isinstance(verb, Unsupported)] + [
        address.removeprefix(UNSUPPORTED) for address in nouns if address.startswith(UNSUPPORTED)
    ]


def one(text: str) -> Verb:
    (verb,) = parse(f"<Response>{text}</Response>").verbs
    return verb


def test_every_document_of_the_documentation_parses_without_a_warning() -> None:
    documents = [json.loads(line)["twiml"] for line in DOCUMENTS.read_text().splitlines()]
    assert len(documents) == 90
    assert [warning for document in documents for warning in parse(document).warnings] == []
    # What Twilio would run and this network does not carry is named; it is refused when its turn comes.
    named = Counter(name for document in documents for name in sorted(set(not_carried(parse(document)))))
    assert named == {"Connect": 13, "Pay": 8, "Start": 7, "Refer": 2, "Stop": 1, "Application": 2, "Sim": 1}


def test_gather_has_the_documented_defaults() -> None:
    assert one("<Gather/>") == Gather(None, "POST", True, False, 5, "", "#", None, "", "en-US", True, False, ())


def test_conference_has_the_documented_defaults() -> None:
    dial = one("<Dial><Conference>room</Conference></Dial>")
    assert isinstance(dial, Dial)
    assert dial.conference == Conference("room", True, False, False, "true", None)
    assert (dial.timeout_seconds, dial.time_limit_seconds, dial.answer_on_bridge) == (30, 14400, False)


def test_speech_markup_is_read_as_it_is_written_and_spoken_as_it_is_respelt() -> None:
    say = one(
        '<Say voice="Polly.Bianca-Neural" language="it-IT">Buongiorno <sub alias="dottoressa">dott.ssa</sub> '
        '<break time="300ms"/><prosody rate="slow">Rossi</prosody></Say>'
    )
    spoken = "Buongiorno dottoressa Rossi"
    assert say == Say("Buongiorno dott.ssa Rossi", "Polly.Bianca-Neural", "it-IT", 1, 0.3, spoken)


def test_a_google_voice_brings_its_language() -> None:
    say = one('<Say voice="Google.de-DE-Standard-A">Guten Tag</Say>')
    assert isinstance(say, Say)
    assert say.language == "de-DE"


def test_a_client_carries_its_parameters() -> None:
    dial = one('<Dial><Client><Identity>anna</Identity><Parameter name="case" value="a&amp;b+ü"/></Client></Dial>')
    assert isinstance(dial, Dial)
    assert dial.nouns == (Noun("client:anna", parameters=(("case", "a&b+ü"),)),)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<Response><Say>", 12100),
        ("nothing", 12100),
        ("<Antwort/>", 12200),
        ("<Response><Dial><Say>x</Say></Dial></Response>", 13215),
        ("<Response><Dial/></Response>", 13223),
        ("<Response><Dial>abc</Dial></Response>", 13223),
        ("<Response><Gather><Dial>+39061</Dial></Gather></Response>", 13320),
        ('<Response><Gather timeout="soon"/></Response>', 13313),
        ('<Response><Gather numDigits="0"/></Response>', 13314),
        ('<Response><Gather finishOnKey="x"/></Response>', 13311),
        ('<Response><Gather input="mouse"/></Response>', 13310),
        ('<Response><Record maxLength="-1"/></Response>', 13614),
        ('<Response><Say loop="no">x</Say></Response>', 13510),
        ('<Response><Play loop="no">/x.wav</Play></Response>', 13410),
        (f"<Response><Say>{'x' * 4097}</Say></Response>", 13521),
        (f"<Response><!--{'x' * LONGEST_DOCUMENT_BYTES}--></Response>", 11750),
        ('<!DOCTYPE r [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>', 12100),
    ],
)
def test_what_cannot_run_is_refused_with_twilios_number(text: str, code: int) -> None:
    with pytest.raises(TwimlError) as raised:
        parse(text)
    assert raised.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        '<Response><Say colour="red">x</Say></Response>',
        "<Response><say>x</say><Say>x</Say></Response>",
        '<Response><Say Voice="man">x</Say></Response>',
        "<Response><Say><break/>x</Say></Response>",  # the basic voice reads no markup
    ],
)
def test_unknown_names_are_warned_of_and_the_rest_is_kept(text: str) -> None:
    script = parse(text)
    assert isinstance(script, Script)
    assert [warning.code for warning in script.warnings] == [12200]
    assert len(script.verbs) == 1
