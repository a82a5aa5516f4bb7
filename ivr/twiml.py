"""Documents -> TwiML.  Pure.  Everything is written by Twilio's own library: it escapes what people are called."""

from __future__ import annotations

import re
from typing import Any

from twilio.twiml.voice_response import Gather, VoiceResponse

from ivr.document import (
    Ask,
    Document,
    Go,
    HangUp,
    Heard,
    Join,
    Quiet,
    Record,
    Ringback,
    Say,
    Step,
)
from ivr.person_names import sounds
from ivr.phrases import VOICES, speakable

LONGEST_SAID = 3000  # characters: more the carrier does not say with our voices
LONGEST_WAY = 80  # to say a name
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response />'


def render(document: Document) -> str:
    response = VoiceResponse()
    for step in document:
        _write(response, step)
    return str(response)


def said_as(heard: Say) -> str:
    """The `<Say>` of some words, as the carrier gets it."""
    response = VoiceResponse()
    _say(response, heard)
    return str(response.verbs[0].to_xml(xml_declaration=False))


def _write(response: VoiceResponse, step: Step) -> None:
    match step:
        case Say() | Ringback() | Quiet():
            _sound(response, step)
        case Ask():
            _ask(response, step)
        case Record():
            words = {"transcribe": True, "transcribe_callback": step.transcription} if step.transcribed else {}
            response.record(
                action=step.action,
                recording_status_callback=step.status,
                recording_status_callback_event="completed absent",
                max_length=step.longest_seconds,
                timeout=step.silence,
                play_beep=True,
                finish_on_key="1234567890*#",  # a way out stays a way out while we listen
                **words,
            )
        case Join():
            dial = response.dial(action=step.action)
            # An empty waitUrl is silence (the default is music); beep off: nobody is startled into a conversation.
            waiting = {"wait_url": step.until_then, "wait_method": "GET"} if step.until_then else {"wait_url": ""}
            recorded = _recorded(step.recorded) if step.recorded else {}
            apart = {"muted": True} if step.muted else {"coach": step.coaches} if step.coaches else {}
            dial.conference(
                step.room,
                **waiting,
                **recorded,
                **apart,
                beep="false",
                start_conference_on_enter=True,
                end_conference_on_exit=step.ends_room,
            )
        case Go():
            response.redirect(step.url, method="POST")
        case HangUp():
            response.hangup()


def _recorded(status_url: str) -> dict[str, str]:
    """Silence is kept: the times in a recording are those of the talk."""
    return {
        "record": "record-from-start",
        "trim": "do-not-trim",
        "recording_status_callback": status_url,
        "recording_status_callback_event": "in-progress completed absent",
    }


def _sound(parent: Any, heard: Heard) -> None:
    match heard:
        case Say():
            _say(parent, heard)
        case Ringback():
            parent.play(heard.url, loop=heard.times)
        case Quiet():
            parent.pause(length=heard.seconds)


def _say(parent: Any, heard: Say) -> None:
    # Agents' names, too, are what somebody typed: one control character, and the document is no XML.
    text = speakable(heard.text, LONGEST_SAID)
    voice = VOICES.get(heard.language)
    place = _name_in(text, heard) if voice else None  # the old voices read no marks
    if place is None:
        parent.say(text, language=heard.language, voice=voice)
        return
    start, end, way = place
    say = parent.say(text[:start], language=heard.language, voice=voice)
    if ph := sounds(way):
        say.phoneme(text[start:end], alphabet="ipa", ph=ph)
    else:
        say.sub(text[start:end], alias=speakable(way, LONGEST_WAY))
    say.nest(text[end:])


def _name_in(text: str, heard: Say) -> tuple[int, int, str] | None:
    """Where the first name stands that is not said as it is written, and how it is said."""
    for name, way in heard.names:
        if found := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            return (*found.span(), way)
    return None


def _ask(response: VoiceResponse, step: Ask) -> None:
    options: dict[str, Any] = {"input": "dtmf"}
    if step.language:
        options = {"input": "dtmf speech", "language": step.language, "speech_timeout": "auto"}
        if step.hints:
            options["hints"] = step.hints
    if step.digits:
        options["num_digits"] = step.digits
    gather: Gather = response.gather(action=step.action, method="POST", timeout=step.seconds, **options)
    for heard in step.heard:
        _sound(gather, heard)
