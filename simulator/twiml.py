"""TwiML text -> verbs.  Strict where Twilio is: names are case-sensitive, nesting and values are checked.

Parsing only: nothing here knows of calls.  A document that cannot run raises TwimlError with Twilio's error number;
what Twilio merely notes is collected as warnings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from xml.etree import ElementTree

from simulator.attributes import Attributes, TwimlError, Warning
from simulator.nouns import parse_dial
from simulator.recording_attributes import recording_callback
from simulator.verbs import (
    Enqueue,
    Gather,
    Hangup,
    Leave,
    Message,
    Pause,
    Play,
    Prompt,
    Record,
    Redirect,
    Reject,
    Say,
    Unsupported,
    Verb,
)

LONGEST_DOCUMENT_BYTES = 64 * 1024
OTHER_TWILIO_VERBS = ("Connect", "Start", "Stop", "Refer", "Pay", "Prompt", "Echo", "Assist", "VirtualAgent")
SSML = frozenset(
    [
        "break",
        "emphasis",
        "lang",
        "p",
        "phoneme",
        "prosody",
        "s",
        "sub",
        "w",
        "say-as",
        "amazon:effect",
        "amazon:domain",
        "mark",
    ]
)
SAY_CODES = {"loop": 13510, "voice": 13511, "language": 13512}
GATHER_CODES = {
    "method": 13312, "timeout": 13313, "numDigits": 13314, "input": 13310, "finishOnKey": 13311, "speechTimeout": 13313
}  # fmt: skip
RECORD_CODES = {"method": 13610, "timeout": 13611, "finishOnKey": 13612, "transcribe": 13613, "maxLength": 13614,
                "playBeep": 13615}  # fmt: skip
KEYS = frozenset("0123456789*#")


@dataclass(frozen=True, slots=True)
class Script:
    """A parsed document."""

    verbs: tuple[Verb, ...]
    warnings: tuple[Warning, ...] = ()


def parse(text: str | bytes) -> Script:
    """Raises TwimlError: 11750 too large, 12100 not XML, 12200 no Response, or the code of a verb's mistake."""
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > LONGEST_DOCUMENT_BYTES:
        raise TwimlError(11750, "Response body too large")
    if b"<!ENTITY" in raw:
        raise TwimlError(12100, "Document parse failure: entities are not taken")
    try:
        root = ElementTree.fromstring(raw.strip())
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise TwimlError(12100, f"Document parse failure: {error}") from error
    if root.tag != "Response":
        raise TwimlError(12200, f"Schema validation: root is {root.tag}, not Response")
    reader = _Reader()
    verbs = tuple(reader.verbs(root))
    return Script(verbs, tuple(reader.warnings))


def text_of(element: ElementTree.Element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


class _Reader:
    def __init__(self) -> None:
        self.warnings: list[Warning] = []
        self._parsers: dict[str, Callable[[ElementTree.Element], Verb]] = {
            "Say": self._say,
            "Play": self._play,
            "Pause": self._pause,
            "Gather": self._gather,
            "Record": self._record,
            "Dial": lambda element: parse_dial(element, self.warnings),
            "Enqueue": self._enqueue,
            "Redirect": self._redirect,
            "Reject": self._reject,
            "Hangup": lambda element: self._bare(element, Hangup()),
            "Leave": lambda element: self._bare(element, Leave()),
            "Message": self._message,
            "Sms": self._message,
        }

    def verbs(self, root: ElementTree.Element) -> Iterator[Verb]:
        self.warnings.extend(Attributes("Response", root.attrib).warnings())
        if (root.text or "").strip():
            self.warnings.append(Warning(12200, "Element 'Response' must have no character content."))
        for element in root:
            if element.tag in self._parsers:
                yield self._parsers[element.tag](element)
            elif element.tag in OTHER_TWILIO_VERBS:
                yield Unsupported(element.tag)
            else:
                self.warnings.append(Warning(12200, f"Invalid content: element '{element.tag}' is not expected."))

    def _say(self, element: ElementTree.Element) -> Say:
        given = Attributes("Say", element.attrib, SAY_CODES)
        voice = given.text("voice", "man")
        silence = 0.0
        for child in element.iter():
            if child is element:
                continue
            if child.tag not in SSML:
                raise TwimlError(13215, f"Say must not hold {child.tag}")
            if voice in ("man", "woman", "alice"):
                self.warnings.append(Warning(12200, f"<{child.tag}> is not read with the voice {voice}"))
            silence += _break_seconds(child)
        words, spoken = text_of(element), _with_aliases(element)
        longest = 5000 if voice.startswith("Google.") else 3000 if voice.startswith("Polly.") else 4096
        if len(spoken) > longest:
            raise TwimlError(13521, f"Say: {len(spoken)} characters, {longest} at most")
        language = given.text("language", _language_of(voice))
        say = Say(words, voice, language, given.number("loop", 1, 0, 1000), silence)
        if spoken != words:
            say = replace(say, respelt=spoken)
        self._finish(given)
        return say

    def _play(self, element: ElementTree.Element) -> Play:
        given = Attributes("Play", element.attrib, {"loop": 13410})
        play = Play(text_of(element), given.number("loop", 1, 0, 1000), given.text("digits"))
        if not play.url and not play.digits:
            raise TwimlError(12200, "Play: neither a URL nor digits")
        self._finish(given)
        return play

    def _pause(self, element: ElementTree.Element) -> Pause:
        given = Attributes("Pause", element.attrib)
        pause = Pause(given.number("length", 1, 0))
        self._finish(given)
        return pause

    def _gather(self, element: ElementTree.Element) -> Gather:
        given = Attributes("Gather", element.attrib, GATHER_CODES)
        kinds = given.words("input", ("dtmf", "speech"), "dtmf")
        gather = Gather(
            action=given.maybe("action"),
            method=given.method(),
            keys="dtmf" in kinds,
            speech="speech" in kinds,
            timeout_seconds=5 if given.text("timeout", "5") == "auto" else given.number("timeout", 5, 0),
            speech_timeout=given.text("speechTimeout"),
            finish_on_key=_key(given, "finishOnKey", "#", 13311),
            num_digits=given.number("numDigits", 1, 1) if given.has("numDigits") else None,
            hints=given.text("hints"),
            language=given.text("language", "en-US"),
            barge_in=given.flag("bargeIn", True),
            action_on_empty=given.flag("actionOnEmptyResult", False),
            prompts=tuple(self._prompts(element)),
            partial_callback=given.maybe("partialResultCallback"),
            partial_method=given.method("partialResultCallbackMethod"),
        )
        if gather.speech_timeout and gather.speech_timeout != "auto" and not gather.speech_timeout.isdigit():
            raise TwimlError(13313, f"Gather: invalid speechTimeout: {gather.speech_timeout!r}")
        given.accept("profanityFilter", "speechModel", "enhanced", "debug")
        self._finish(given)
        return gather

    def _prompts(self, gather: ElementTree.Element) -> Iterator[Prompt]:
        for child in gather:
            if child.tag == "Say":
                yield self._say(child)
            elif child.tag == "Play":
                yield self._play(child)
            elif child.tag == "Pause":
                yield self._pause(child)
            else:
                raise TwimlError(13320, f"Gather must not hold {child.tag}")

    def _record(self, element: ElementTree.Element) -> Record:
        given = Attributes("Record", element.attrib, RECORD_CODES)
        transcribe = given.flag("transcribe", False) or given.has("transcribeCallback")
        record = Record(
            action=given.maybe("action"),
            method=given.method(),
            timeout_seconds=given.number("timeout", 5, 0),
            finish_on_key=_key(given, "finishOnKey", "1234567890*#", 13612),
            max_seconds=given.number("maxLength", 120 if transcribe else 3600, 1, 14400),
            beep=given.flag("playBeep", True),
            transcribe=transcribe,
            transcribe_callback=given.maybe("transcribeCallback"),
            callback=recording_callback(given),
        )
        given.accept("trim", "recordingTrack")
        self._finish(given)
        return record

    def _enqueue(self, element: ElementTree.Element) -> Verb:
        given = Attributes("Enqueue", element.attrib)
        if given.has("workflowSid") or any(child.tag == "Task" for child in element):
            return Unsupported("Enqueue to TaskRouter")
        enqueue = Enqueue(
            text_of(element),
            given.maybe("action"),
            given.method(),
            given.maybe("waitUrl"),
            given.method("waitUrlMethod") if given.has("waitUrlMethod") else given.method("waitMethod"),
            given.number("maxQueueSize", 1000, 1, 5000) if given.has("maxQueueSize") else None,
        )
        if not 1 <= len(enqueue.name) <= 64:
            raise TwimlError(12200, "Enqueue: a queue name has 1 to 64 characters")
        self._finish(given)
        return enqueue

    def _redirect(self, element: ElementTree.Element) -> Redirect:
        given = Attributes("Redirect", element.attrib)
        redirect = Redirect(text_of(element), given.method())
        self._finish(given)
        return redirect

    def _reject(self, element: ElementTree.Element) -> Reject:
        given = Attributes("Reject", element.attrib)
        reject = Reject(given.choice("reason", ("rejected", "busy"), "rejected"))
        self._finish(given)
        return reject

    def _message(self, element: ElementTree.Element) -> Message:
        given = Attributes(element.tag, element.attrib)
        body = [text_of(child) for child in element if child.tag == "Body"]
        media = tuple(text_of(child) for child in element if child.tag == "Media")
        message = Message(
            body=body[0] if body else (element.text or "").strip(),
            to=given.maybe("to"),
            sender=given.maybe("from"),
            status_callback=given.maybe("statusCallback"),
            action=given.maybe("action"),
            method=given.method(),
            media=media,
        )
        self._finish(given)
        return message

    def _bare(self, element: ElementTree.Element, verb: Verb) -> Verb:
        given = Attributes(element.tag, element.attrib)
        for child in element:
            if child.tag != "Parameter":
                raise TwimlError(13215, f"{element.tag} must not hold {child.tag}")
        self._finish(given)
        return verb

    def _finish(self, given: Attributes) -> None:
        self.warnings.extend(given.warnings())


def _key(given: Attributes, name: str, default: str, code: int) -> str:
    keys = given.text(name, default)
    if not set(keys) <= KEYS:
        raise TwimlError(code, f"{name}: {keys!r} holds what no keypad has")
    return keys


def _break_seconds(element: ElementTree.Element) -> float:
    if element.tag != "break":
        return 0.0
    named = {"none": 0.0, "x-weak": 0.0, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.2}
    time = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", element.get("time", ""))
    if time is None:
        return named.get(element.get("strength", "medium"), 0.4)
    return float(time[1]) / (1000 if time[2] == "ms" else 1)


def _with_aliases(element: ElementTree.Element) -> str:
    """The words as spoken: <sub> says its alias."""

    def spoken(part: ElementTree.Element) -> str:
        inner = part.get("alias") if part.tag == "sub" else None
        if inner is None:
            inner = (part.text or "") + "".join(spoken(child) + (child.tail or "") for child in part)
        return inner

    return re.sub(r"\s+", " ", spoken(element)).strip()


def _language_of(voice: str) -> str:
    """`Google.it-IT-…` carries its language; other voices speak American English unless told."""
    found = re.match(r"Google\.([a-z]{2,3}-[A-Z]{2})", voice)
    return found[1] if found else "en-US"
