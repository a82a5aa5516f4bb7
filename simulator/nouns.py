"""Dial and what may stand in it: Number, Client, Sip, Queue, Conference."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

from simulator.attributes import Attributes, TwimlError, Warning
from simulator.recording_attributes import recording_callback
from simulator.verbs import CALL_EVENTS, ROOM_EVENTS, Conference, Dial, Noun, Queue

DIAL_CODES = {"timeout": 13212, "hangupOnStar": 13213, "timeLimit": 13216, "method": 13210}
ROOM_CODES = {"muted": 13230, "endConferenceOnExit": 13231, "startConferenceOnEnter": 13232, "maxParticipants": 13236}
UNSUPPORTED = "unsupported:"
UNSUPPORTED_NOUNS = ("Sim", "Application", "Conversation", "WhatsApp")
RECORD_CHOICES = (
    "do-not-record", "record-from-answer", "record-from-ringing", "record-from-answer-dual", "record-from-ringing-dual",
    "true", "false",
)  # fmt: skip
NUMBER = re.compile(r"\+?[0-9 ().\-]{3,25}")


def parse_dial(element: ElementTree.Element, warnings: list[Warning]) -> Dial:
    given = Attributes("Dial", element.attrib, DIAL_CODES)
    dial = Dial(
        action=given.maybe("action"),
        method=given.method(),
        answer_on_bridge=given.flag("answerOnBridge", False),
        timeout_seconds=given.number("timeout", 30, 5, 600),
        time_limit_seconds=given.number("timeLimit", 14400, 1),
        caller_id=given.maybe("callerId"),
        sequential=given.flag("sequential", False),
        hangup_on_star=given.flag("hangupOnStar", False),
        record=given.choice("record", RECORD_CHOICES, "do-not-record"),
        recording_callback=recording_callback(given),
        recording_track=given.choice("recordingTrack", ("inbound", "outbound", "both"), "both"),
    )
    given.accept("ringTone", "referUrl", "referMethod", "callReason", "trim", "events")
    warnings.extend(given.warnings())
    return _with_nouns(dial, element, warnings)


def _with_nouns(dial: Dial, element: ElementTree.Element, warnings: list[Warning]) -> Dial:
    nouns: list[Noun] = []
    plain = (element.text or "").strip()
    if plain:
        nouns.append(Noun(_number(plain)))
    for child in element:
        if child.tag == "Conference":
            dial = replace(dial, conference=_conference(child, warnings))
        elif child.tag == "Queue":
            dial = replace(dial, queue=_queue(child, warnings))
        elif child.tag in ("Number", "Client", "Sip"):
            nouns.append(_noun(child, warnings))
        elif child.tag in UNSUPPORTED_NOUNS:
            nouns.append(Noun(f"{UNSUPPORTED}{child.tag}"))
        else:
            raise TwimlError(13215, f"Dial must not hold {child.tag}")
    kinds = bool(nouns) + (dial.conference is not None) + (dial.queue is not None)
    if kinds != 1:
        raise TwimlError(13215 if kinds else 13223, "Dial: one kind of noun, and at least one")
    if len(nouns) > 10:
        raise TwimlError(13215, f"Dial: {len(nouns)} nouns, 10 at most")
    return replace(dial, nouns=tuple(nouns))


def _noun(element: ElementTree.Element, warnings: list[Warning]) -> Noun:
    given = Attributes(element.tag, element.attrib)
    noun = Noun(
        address=_address(element),
        url=given.maybe("url"),
        method=given.method(),
        status_callback=given.maybe("statusCallback"),
        status_method=given.method("statusCallbackMethod"),
        status_events=given.words("statusCallbackEvent", CALL_EVENTS, "completed"),
        send_digits=given.text("sendDigits") if element.tag == "Number" else "",
        parameters=_parameters(element),
        machine_detection=given.choice("machineDetection", ("", "Enable", "DetectMessageEnd"), ""),
        amd_callback=given.maybe("amdStatusCallback"),
        amd_method=given.method("amdStatusCallbackMethod"),
        amd_seconds=given.number("machineDetectionTimeout", 30, 3, 60),
    )
    given.accept("machineDetectionSpeechThreshold", "machineDetectionSpeechEndThreshold",
                 "machineDetectionSilenceTimeout")  # fmt: skip
    given.accept(
        *{"Number": ("byoc", "phoneNumberSid"), "Sip": ("username", "password", "codecs")}.get(element.tag, ())
    )
    warnings.extend(given.warnings())
    return noun


def _address(element: ElementTree.Element) -> str:
    if element.tag == "Client":
        identity = next((child for child in element if child.tag == "Identity"), element)
        name = (identity.text or "").strip()
        if not 1 <= len(name) <= 256:
            raise TwimlError(12200, "Client: an identity has 1 to 256 characters")
        return f"client:{name}"
    text = (element.text or "").strip()
    if element.tag == "Sip":
        if not text.startswith(("sip:", "sips:")):
            text = f"sip:{text}"
        if not re.match(r"sips?:[^@\s]+@[^@\s]+", text):
            raise TwimlError(13241, f"Sip: invalid URI {text!r}")
        if len(text.partition("?")[0]) > 255:
            raise TwimlError(13242, "Sip: the URI has more than 255 characters")
        return text
    return _number(text)


def _parameters(element: ElementTree.Element) -> tuple[tuple[str, str], ...]:
    """What the called softphone gets along: Client's Parameter children, or the headers of a SIP URI."""
    if element.tag != "Client":
        return ()
    for child in element:
        if child.tag not in ("Identity", "Parameter"):
            raise TwimlError(13215, f"Client must not hold {child.tag}")
    return tuple((child.get("name", ""), child.get("value", "")) for child in element if child.tag == "Parameter")


def _number(text: str) -> str:
    if not NUMBER.fullmatch(text):
        raise TwimlError(13223, f"Dial: invalid phone number {text!r}")
    return re.sub(r"[ ().\-]", "", text)


def _queue(element: ElementTree.Element, warnings: list[Warning]) -> Queue:
    given = Attributes("Queue", element.attrib)
    queue = Queue((element.text or "").strip(), given.maybe("url"), given.method())
    given.accept("reservationSid", "postWorkActivitySid")
    warnings.extend(given.warnings())
    return queue


def _conference(element: ElementTree.Element, warnings: list[Warning]) -> Conference:
    given = Attributes("Conference", element.attrib, ROOM_CODES)
    conference = Conference(
        name=(element.text or "").strip(),
        start_on_enter=given.flag("startConferenceOnEnter", True),
        end_on_exit=given.flag("endConferenceOnExit", False),
        muted=given.flag("muted", False),
        beep=given.choice("beep", ("true", "false", "onEnter", "onExit"), "true"),
        wait_url=given.maybe("waitUrl"),
        wait_method=given.method("waitMethod"),
        max_participants=given.number("maxParticipants", 250, 2, 250),
        label=given.maybe("participantLabel"),
        coach=given.maybe("coach"),
        record=given.choice("record", ("do-not-record", "record-from-start", "true", "false"), "do-not-record")
        in ("record-from-start", "true"),
        recording_callback=recording_callback(given),
        status_callback=given.maybe("statusCallback"),
        status_method=given.method("statusCallbackMethod"),
        status_events=given.words(
            "statusCallbackEvent", ROOM_EVENTS, "start end" if given.has("statusCallback") else ""
        ),
    )
    given.accept("region", "trim", "jitterBufferSize", "eventCallbackUrl")
    if not conference.name:
        raise TwimlError(13234, "Conference: no name")
    warnings.extend(given.warnings())
    return conference
