"""Documents -> TwiML.  Pure.  Everything is written by Twilio's own library: it escapes what people are called."""

from __future__ import annotations

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
from ivr.phrases import VOICES, speakable

LONGEST_SAID = 3000  # characters: more the carrier does not say with our voices
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response />'


def render(document: Document) -> str:
    response = VoiceResponse()
    for step in document:
        _write(response, step)
    return str(response)


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
                timeout=5,
                play_beep=True,
                finish_on_key="1234567890*#",  # a way out stays a way out while we listen
                **words,
            )
        case Join():
            dial = response.dial(action=step.action)
            # An empty waitUrl is silence (the default is music); beep off: nobody is startled into a conversation.
            waiting = {"wait_url": step.until_then, "wait_method": "GET"} if step.until_then else {"wait_url": ""}
            dial.conference(
                step.room,
                **waiting,
                beep="false",
                start_conference_on_enter=True,
                end_conference_on_exit=step.ends_room,
            )
        case Go():
            response.redirect(step.url, method="POST")
        case HangUp():
            response.hangup()


def _sound(parent: Any, heard: Heard) -> None:
    match heard:
        case Say():
            # Agents' names, too, are what somebody typed: one control character, and the document is no XML.
            parent.say(speakable(heard.text, LONGEST_SAID), language=heard.language, voice=VOICES.get(heard.language))
        case Ringback():
            parent.play(heard.url, loop=heard.times)
        case Quiet():
            parent.pause(length=heard.seconds)


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
