"""What to say and listen for next, as values.  Pure; `twiml.py` writes them down for the carrier."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Say:
    text: str
    language: str
    names: tuple[tuple[str, str], ...] = ()  # each as it is written in the text, and how it is said
    wording: tuple[str, int] | None = field(default=None, compare=False)  # situation, and which of its wordings


@dataclass(frozen=True, slots=True)
class Ringback:
    """A few seconds of soft ringing, `times` over."""

    url: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Quiet:
    seconds: int


Heard = Say | Ringback | Quiet


@dataclass(frozen=True, slots=True)
class Ask:
    """Says `heard` and listens for a key (and for speech when `language` is given) during it and `seconds` after.

    Without any input the document simply goes on behind it.
    """

    heard: tuple[Heard, ...]
    action: str
    seconds: int
    digits: int = 1  # 0: as many as are typed, until the pound key
    language: str | None = None
    hints: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """`transcription` is told the words, where the carrier's recognition knows the language.

    Of `seconds` at most, or as long as a message may be; it ends after `silence` seconds of nothing.
    """

    action: str
    status: str
    language: str
    transcription: str | None = None
    seconds: int | None = None
    silence: int = 5

    @property
    def transcribed(self) -> bool:
        return self.transcription is not None and self.language.lower().split("-")[0] in TRANSCRIBED_LANGUAGES

    @property
    def longest_seconds(self) -> int:
        if self.seconds is not None:
            return self.seconds
        return LONGEST_TRANSCRIBED_SECONDS if self.transcribed else LONGEST_MESSAGE_SECONDS


@dataclass(frozen=True, slots=True)
class Join:
    """Into the room where the other one is; `action` is asked when it is over."""

    room: str
    action: str
    ends_room: bool  # the caller's leaving ends the talk, the agent's does not: the caller is still asked
    until_then: str | None = None  # a sound for whoever is there first; null: quiet
    recorded: str | None = None  # from the first word on; who is told of the recording
    muted: bool = False
    coaches: str | None = None  # the call of the one who alone hears this one


@dataclass(frozen=True, slots=True)
class Go:
    url: str


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


Step = Say | Ringback | Quiet | Ask | Record | Join | Go | HangUp
Document = tuple[Step, ...]

LONGEST_MESSAGE_SECONDS = 180
LONGEST_TRANSCRIBED_SECONDS = 120  # of a longer one the carrier writes nothing down
TRANSCRIBED_LANGUAGES = ("en",)


def spoken_text_seconds(document: Document) -> float:
    """About how long the words of a document take, at fourteen characters a second."""
    texts = [step.text for step in document if isinstance(step, Say)]
    for step in document:
        if isinstance(step, Ask):
            texts += [heard.text for heard in step.heard if isinstance(heard, Say)]
    return sum(len(text) for text in texts) / 14
