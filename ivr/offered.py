"""What the caller hears about being called back: times, another day, another number, the promise.  Pure.

Keys 5, 6 and 7 choose from what is being asked; 1 to 4 stay what they are everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.dialogue import CHOICE_SECONDS, SLOT_KEYS, Stage, punctual, record
from ivr.document import Ask, Document, Go, HangUp, Heard, Say
from ivr.phrases import Speaker

FIRST_KEY, SECOND_KEY, OTHER_KEY = SLOT_KEYS
TYPING_SECONDS = 8  # of silence, for whoever has to look at the telephone or think of a day
HOUR_DIGITS = 4
REFUSED = {  # why a number is not called back -> what is said of it
    "invalid": "bad_number_digits",
    "short": "bad_number_short",
    "emergency": "bad_number_emergency",
    "premium": "bad_number_premium",
    "shared_cost": "bad_number_premium",
    "satellite": "bad_number_satellite",
    "ours": "bad_number_ours",
    "country": "bad_number_country",
    "not_a_phone": "bad_number",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A time to be called back at.  `agent`: the first name of who calls; `latest`: as soon as it can be, by then."""

    due_at: datetime
    agent: str | None = None
    latest: datetime | None = None


def times(
    stage: Stage, choices: Sequence[Choice], action: str, *, opening: Say | None = None, by_key: bool = False
) -> Document:
    """One or two times, each with whoever calls then; without a key the first.  Words are listened to as well, unless
    `by_key`: where there is noise, nothing but noise would be answered for ever."""
    speaker, first = stage.speaker, choices[0]
    heard: list[Heard] = [opening] if opening else []
    heard.append(_first(stage, first, FIRST_KEY))
    for second in choices[1:2]:
        key = _key(speaker, SECOND_KEY, second)
        if second.agent == first.agent:
            heard.append(stage.say("offer_or", choice=key))
        elif second.agent:
            heard.append(stage.say("offer_or_agent", agent=second.agent, choice=key))
        else:
            heard.append(stage.say("offer_or_anyone", choice=key))
    heard += [stage.say("offer_other"), stage.say("offer_silence", time=_at(speaker, first))]
    listens = None if by_key else speaker.language
    return (Ask(tuple(heard), action, CHOICE_SECONDS, language=listens), Go(action))


def another(stage: Stage, next_day: Choice | None, action: str, back: str) -> Document:
    """The first time of the next open day, if there is one; another day or time; another number.  Without a key the
    times once more."""
    speaker = stage.speaker
    heard: list[Heard] = [_first(stage, next_day, FIRST_KEY)] if next_day else []
    heard.append(Say(speaker.keys(speaker.say("more_when")), speaker.language))
    heard.append(Say(speaker.keys(speaker.say("more_number")), speaker.language))
    heard.append(stage.say("more_silence"))
    return (Ask(tuple(heard), action, CHOICE_SECONDS, language=speaker.language), Go(back))


def ask_when(stage: Stage, action: str, *, again: bool) -> Document:
    """A day and a time in their own words, or the hour typed."""
    said = stage.say("ask_when_again" if again else "ask_when")
    listen = Ask((said,), action, TYPING_SECONDS, digits=HOUR_DIGITS, language=stage.speaker.language)
    return (listen, Go(action))


def no_slot(stage: Stage) -> Document:
    heard = (stage.say("bad_news"), stage.say("no_slot"))
    return (Ask(heard, stage.at("/twilio/voice/key"), CHOICE_SECONDS), *record(stage))


def too_many(stage: Stage) -> Document:
    """A message in place of a call back."""
    return (stage.say("too_many"), *record(stage))


def ask_number(stage: Stage, action: str, *, refused: str | None = None, back: str | None = None) -> Document:
    """`refused`: why the one before is not called.  Without an answer `back`, or else a message."""
    heard: tuple[Heard, ...] = (stage.say(REFUSED[refused]),) if refused else ()
    listen = Ask((*heard, stage.say("ask_number")), action, TYPING_SECONDS, digits=0)
    return (listen, Go(back)) if back else (listen, *record(stage))


def number_back(stage: Stage, number: str, action: str) -> Document:
    """The number they typed, as `digits.read_back` has it.  Without a key it is right."""
    speaker = stage.speaker
    keys = Say(speaker.keys(speaker.say("number_right"), speaker.say("number_again")), speaker.language)
    heard = (stage.say("number_back", number=number), keys, stage.say("number_silence"))
    return (Ask(heard, action, CHOICE_SECONDS), Go(action))


def promised(stage: Stage, choice: Choice, window_seconds: int, *, told: bool) -> Document:
    """The promise is stored; now it may be said.  `told`: a text about it is on its way."""
    speaker = stage.speaker
    if choice.latest:
        time = speaker.say("soon", time=_at(speaker, choice))
    else:
        time = punctual(speaker, choice.due_at, window_seconds)
    if choice.agent:
        said = stage.named("promised", agent=choice.agent, time=time)
    else:
        said = stage.named("promised_anyone", time=time)
    confirmed = (stage.say("promised_told"),) if told else ()
    return (said, *confirmed, stage.say("bye"), HangUp())


def as_promised(due_at: datetime, agent: str | None, window_seconds: int, *, soon: bool) -> Choice:
    """What a stored promise says: one for as soon as we can ends with its window."""
    return Choice(due_at, agent, due_at + timedelta(seconds=window_seconds) if soon else None)


def _first(stage: Stage, choice: Choice, key: str) -> Say:
    spoken = _key(stage.speaker, key, choice)
    if choice.agent:
        return stage.say("offer", agent=choice.agent, choice=spoken)
    return stage.say("offer_anyone", choice=spoken)


def _key(speaker: Speaker, key: str, choice: Choice) -> str:
    time = _at(speaker, choice)
    if choice.latest:
        time = speaker.say("soon_choice" if choice.agent else "soon_choice_anyone", time=time)
    return speaker.say("offer_key", key=key, time=time)


def _at(speaker: Speaker, choice: Choice) -> str:
    return speaker.say("by_then", time=speaker.by(choice.latest)) if choice.latest else speaker.time(choice.due_at)
