"""Situation and person -> words.  Pure.

A situation has several wordings; whoever heard one of them last hears another the next time.  A manager's own wordings
stand in place of ours, and should one of them not fit any more, ours are there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time

from ivr.catalogue import LANGUAGES, ONE, choose_wording, exactly_one, read_catalogue, resolved
from ivr.document import Say
from routing.forecast import spoken_seconds

VOICES: Mapping[str, str] = {
    "it-IT": "Polly.Bianca-Neural",
    "en-GB": "Polly.Amy-Neural",
    "en-US": "Polly.Joanna-Neural",
    "en-AU": "Polly.Olivia-Neural",
    "en-IE": "Polly.Niamh-Neural",
    "en-IN": "Polly.Kajal-Neural",
    "en-NZ": "Polly.Aria-Neural",
    "en-ZA": "Polly.Ayanda-Neural",
    "de-DE": "Polly.Vicki-Neural",
    "de-AT": "Polly.Hannah-Neural",
    "fr-FR": "Polly.Lea-Neural",
    "fr-CA": "Polly.Gabrielle-Neural",
    "es-ES": "Polly.Lucia-Neural",
    "es-MX": "Polly.Mia-Neural",
    "es-US": "Polly.Lupe-Neural",
}
_NEAREST: Mapping[str, str] = {"en-CA": "en-US", **dict.fromkeys(("es-419", "es-AR", "es-CO", "es-CL"), "es-MX")}
LONGEST_NAME = 40
LONGEST_SENTENCE = 20  # words that can be taken in by ear
_FIRST: Mapping[str, str] = {"it": "primo {}", "fr": "1er {}"}  # of a month: where it is not counted like the others

Wordings = Mapping[str, Mapping[str, Sequence[str]]]  # language -> situation -> wordings
_CATALOGUES: Wordings = {code: read_catalogue(code) for code in LANGUAGES}
# Line ends, NUL, direction marks, private letters: nothing of it can be spoken, and some of it breaks XML.
_UNSPEAKABLE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ue000-\\uf8ff\\ufeff"
    "\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\U000110bd\\U000110cd\\U00013430-\\U0001343f\\U0001bca0-\\U0001bca3"
    "\\U0001d173-\\U0001d17a\\ufff9-\\ufffb\\ufffe\\uffff\\ud800-\\udfff\\U000e0000-\\U000e007f\\U000f0000-\\U0010ffff]+"
)


def spoken_language(wanted: str | None, default: str) -> str:
    """The language we will speak, `it-IT`: the wanted one if we can, else the house's."""
    for tag in (wanted, default):
        if tag and tag.split("-")[0].lower() in LANGUAGES:
            code = tag.split("-")[0].lower()
            canonical = f"{code}-{tag.split('-')[-1].upper()}"
            canonical = _NEAREST.get(canonical, canonical)
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
    turn: int  # moves the wordings on: how often this person has called
    company: str
    now: datetime
    zone: str
    gender: str | None = None  # feminine | masculine; null: what fits anybody
    heard: Mapping[str, int] = field(default_factory=dict)  # situation -> the wording this person heard last
    theirs: Wordings = field(default_factory=dict)  # the managers' own wordings
    respelt: tuple[str, str] | None = None  # a name as it is written, and how it is said

    def say(self, key: str, /, **slots: str) -> str:
        """Raises KeyError for a situation that has no words: a mistake of ours that tests find."""
        return self._worded(key, slots)[0]

    def said(self, key: str, /, **slots: str) -> Say:
        """The same as a step of a document, with how the name in it is said, and which of several wordings it is."""
        text, which = self._worded(key, slots)
        names = (self.respelt,) if self.respelt and self.respelt[0] in slots.get("name", "") else ()
        return Say(text, self.language, names, None if which is None else (key, which))

    def wordings(self, key: str) -> Sequence[str]:
        """Those of the managers, else ours."""
        return self._theirs(key) or self._ours[key]

    def fill(self, wording: str, /, **slots: str) -> str:
        """Raises KeyError for a slot that nothing was given for."""
        wording = resolved(wording, formal=self.formal, gender=self.gender)
        return wording.format(
            company=self.company, hello=slots.pop("hello", self._hello() if "{hello}" in wording else ""), **slots
        )

    def keys(self, *phrases: str) -> str:
        """Key announcements as one sentence, or each as its own where one would be too long to be taken in by ear."""
        whole = ", ".join(phrases)
        sentences = [whole] if len(whole.split()) <= LONGEST_SENTENCE else phrases
        return " ".join(f"{one[:1].upper()}{one[1:]}." for one in sentences)

    def estimate(self, seconds: float) -> str:
        """A figure with its unit."""
        rounded = spoken_seconds(seconds)
        if rounded < 100:
            return self.say("seconds", n=str(rounded))
        return self.minutes(rounded // 60)

    def minutes(self, count: int) -> str:
        return self.say("minutes", n=str(count))

    def time(self, at: datetime) -> str:
        """A time as people say it: today at 15:10, tomorrow at 9:00, Thursday 26 November at 9:00."""
        local, today = at.astimezone(ZoneInfo(self.zone)), self.now.astimezone(ZoneInfo(self.zone)).date()
        if local.date() == today:
            return self.clock(self.say("today"), local)
        if local.date() == today + timedelta(days=1):
            return self.clock(self.say("tomorrow"), local)
        weekday = format_date(local, "EEEE", locale=self._locale)
        return self.clock(self.say("on_day", weekday=weekday, date=self._date(local)), local)

    def clock(self, day: str, local: datetime) -> str:
        """A day with the time on their clock: some languages have an article of their own for one o'clock."""
        time = format_time(local, "short", locale=self._locale).replace("\u202f", " ")
        if local.hour != 1:
            return self.say("at_time", day=day, time=time)
        return self.say("at_one", day=day, time=time.removeprefix("0"))

    def by(self, at: datetime) -> str:
        """The same of the end of a span: up to the next minute, since what is said must not be less than what holds."""
        return self.time(datetime.fromtimestamp(math.ceil(at.timestamp() / 60) * 60, at.tzinfo))

    @property
    def _ours(self) -> Mapping[str, Sequence[str]]:
        return _CATALOGUES[self.language.split("-")[0]]

    @property
    def _locale(self) -> str:
        return self.language.replace("-", "_")

    def _date(self, local: datetime) -> str:
        first = _FIRST.get(self.language.split("-")[0])
        if first is not None and local.day == 1:
            return first.format(format_date(local, "MMMM", locale=self._locale))
        return format_skeleton("MMMMd", local, locale=self._locale)

    def _theirs(self, key: str) -> Sequence[str]:
        for language in (self.language, self.language.split("-")[0]):
            if wordings := self.theirs.get(language, {}).get(key):
                return wordings
        return ()

    def _worded(self, key: str, slots: Mapping[str, str]) -> tuple[str, int | None]:
        """With the number of the wording, where there are several."""
        if (theirs := self._theirs(key)) and f"{key}{ONE}" not in self._ours:
            try:
                return self._one_of(theirs, key, slots)
            except (LookupError, ValueError, AttributeError):
                pass  # written for an older version of us
        if f"{key}{ONE}" in self._ours and exactly_one(slots.get("n", ""), self.language):
            key += ONE
        return self._one_of(self._ours[key], key, slots)

    def _one_of(self, wordings: Sequence[str], key: str, slots: Mapping[str, str]) -> tuple[str, int | None]:
        which = choose_wording(len(wordings), last=self.heard.get(key), turn=self.turn)
        return self.fill(wordings[which], **slots), which if len(wordings) > 1 else None

    def _hello(self) -> str:
        hour = self.now.astimezone(ZoneInfo(self.zone)).hour
        part = "morning" if 4 <= hour < 13 else "afternoon" if hour < 18 and hour >= 13 else "evening"
        return self.say(part, hello="")
