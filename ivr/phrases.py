"""Situation and person -> words.  Pure.

Which of several wordings is used goes round with `turn`, the number of calls this person has made, so that the same
one never comes twice running.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time
from babel.messages.pofile import read_po

from routing.forecast import spoken_seconds

LANGUAGES: Mapping[str, str] = {  # what we speak, and the region a bare language is spoken in
    "it": "it-IT",
    "en": "en-GB",
    "de": "de-DE",
    "fr": "fr-FR",
    "es": "es-ES",
}
VOICES: Mapping[str, str] = {
    "it-IT": "Polly.Bianca-Neural",
    "en-GB": "Polly.Amy-Neural",
    "en-US": "Polly.Joanna-Neural",
    "en-AU": "Polly.Olivia-Neural",
    "de-DE": "Polly.Vicki-Neural",
    "de-AT": "Polly.Hannah-Neural",
    "fr-FR": "Polly.Lea-Neural",
    "fr-CA": "Polly.Gabrielle-Neural",
    "es-ES": "Polly.Lucia-Neural",
    "es-MX": "Polly.Mia-Neural",
    "es-US": "Polly.Lupe-Neural",
}
LONGEST_NAME = 40
LOCALES = Path(__file__).parent / "locales"


def read_catalogue(code: str) -> Mapping[str, Sequence[str]]:
    """A language's wordings by situation, from its gettext catalogues: `msgctxt` counts the wordings of a situation."""
    words: dict[str, list[str]] = {}
    for path in sorted((LOCALES / code / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=code, domain=path.stem, abort_invalid=True)
        for message in catalogue:
            if message.id:
                words.setdefault(str(message.id), []).append(str(message.string))
    return words


_CATALOGUES: Mapping[str, Mapping[str, Sequence[str]]] = {code: read_catalogue(code) for code in LANGUAGES}
_FORMS = re.compile(r"\[([^|\]]*)\|([^|\]]*)\]")
# Line ends, NUL, direction marks: nothing of it can be spoken, and some of it breaks XML.
_UNSPEAKABLE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\ufffe\\uffff\\ud800-\\udfff]+"
)


def spoken_language(wanted: str | None, default: str) -> str:
    """The language we will speak, `it-IT`: the wanted one if we can, else the house's."""
    for tag in (wanted, default):
        if tag and tag.split("-")[0].lower() in LANGUAGES:
            code = tag.split("-")[0].lower()
            canonical = f"{code}-{tag.split('-')[-1].upper()}"
            return canonical if canonical in VOICES else LANGUAGES[code]
    return "en-GB"


def speakable(text: str, longest: int = LONGEST_NAME) -> str:
    """What people wrote, fit to be said: without control characters and cut at a word."""
    clean = " ".join(_UNSPEAKABLE.sub(" ", text).split())
    if len(clean) <= longest:
        return clean
    return clean[:longest].rsplit(" ", 1)[0]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says things in one language, to one person, at one time of day."""

    language: str
    formal: bool
    turn: int
    company: str
    now: datetime
    zone: str

    def say(self, key: str, /, **slots: str) -> str:
        """Raises KeyError for a situation that has no words: a mistake of ours that tests find."""
        wordings = _CATALOGUES[self.language.split("-")[0]][key]
        wording = wordings[self.turn % len(wordings)]
        wording = _FORMS.sub(lambda m: m.group(1 if self.formal else 2), wording)
        return wording.format(
            company=self.company, hello=slots.pop("hello", self._hello() if "{hello}" in wording else ""), **slots
        )

    def keys(self, *phrases: str) -> str:
        """Key announcements as one sentence."""
        text = ", ".join(phrases)
        return f"{text[:1].upper()}{text[1:]}."

    def estimate(self, seconds: float) -> str:
        """A figure with its unit."""
        rounded = spoken_seconds(seconds)
        if rounded < 100:
            return self.say("seconds", n=str(rounded))
        minutes = rounded // 60
        return self.say("minute") if minutes == 1 else self.say("minutes", n=str(minutes))

    def time(self, at: datetime) -> str:
        """A time as people say it: today at 15:10, tomorrow at 9:00, Thursday 26 November at 9:00."""
        local, today = at.astimezone(ZoneInfo(self.zone)), self.now.astimezone(ZoneInfo(self.zone)).date()
        locale = self.language.replace("-", "_")
        if local.date() == today:
            day = self.say("today")
        elif local.date() == today + timedelta(days=1):
            day = self.say("tomorrow")
        else:
            weekday = format_date(local, "EEEE", locale=locale)
            day = f"{weekday} {format_skeleton('MMMMd', local, locale=locale)}"
        return self.say("at_time", day=day, time=format_time(local, "short", locale=locale))

    def by(self, at: datetime) -> str:
        """The same of the end of a span: up to the next minute, since what is said must not be less than what holds."""
        return self.time(datetime.fromtimestamp(math.ceil(at.timestamp() / 60) * 60, at.tzinfo))

    def _hello(self) -> str:
        hour = self.now.astimezone(ZoneInfo(self.zone)).hour
        part = "morning" if 4 <= hour < 13 else "afternoon" if hour < 18 and hour >= 13 else "evening"
        return self.say(part, hello="")
