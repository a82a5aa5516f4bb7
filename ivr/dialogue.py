"""What the caller hears at each turn.  Pure: everything it depends on is handed in.

Keys mean the same from the first second to the last: 1 a teammate (after a talk: somebody again), 2 be called back,
3 leave a message, 4 the one you know (to wait for them; after a talk, to have them from now on); 5 to 7 choose from
what an offer of a call back asks (offered.py), 8 to 0 the people who share a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callbacks.slots import Slot
from ivr.breaths import listening, pause_before
from ivr.document import Ask, Document, Go, HangUp, Heard, Join, Quiet, Record, Ringback, Say, spoken_text_seconds
from ivr.phrases import Speaker
from routing.agents import Activity, Agent
from routing.choose import Decision
from routing.forecast import spoken_seconds

TEAMMATE_KEY, CALLBACK_KEY, MESSAGE_KEY, WAIT_KEY = "1", "2", "3", "4"
SLOT_KEYS = ("5", "6", "7")
PERSON_KEYS = ("8", "9", "0")
NEITHER_KEY = PERSON_KEYS[2]  # of two people, whose keys are the first two
NOBODY = "nobody"
CHOICE_SECONDS = 5  # silence after a question before the best option goes on by itself
ROUND_SECONDS = 25  # from one estimate to the next, so that with slow voices and networks it is below half a minute
LEAST_QUIET_SECONDS = 4
RING_SECONDS = 3  # of soft ringing, with its pause
RING_ROUNDS = 3  # at most, before the keys are said; twice as many after them
TO_NEXT_SECONDS = 1.25  # from the last sound of a document to the first of the next: a pause, and the way to us
NAME_SECONDS, NAME_SILENCE_SECONDS = 4, 3  # of a name that is recorded
LONG_WAIT_SECONDS = 180.0
STILL_SECONDS = 3.75  # about how long it takes to say who is still being rung
NO_HURRY = 3600.0  # the ways out have been named


@dataclass(frozen=True, slots=True)
class Stage:
    """Who is spoken to, and where the next webhooks of this document go."""

    speaker: Speaker
    name: str | None
    url: Callable[..., str]  # (path, **query) -> absolute
    step: int
    reachable: bool = True  # at the number they ring from

    def say(self, key: str, /, **slots: str) -> Say:
        return self.speaker.said(key, **slots)

    def named(self, key: str, /, **slots: str) -> Say:
        """`key` with the name, or `key_plain` for somebody we cannot name."""
        if self.name:
            return self.say(key, name=self.name, **slots)
        return self.say(f"{key}_plain", **slots)

    def at(self, path: str, **query: str) -> str:
        return self.url(path, n=str(self.step), **query)

    @property
    def ringback(self) -> str:
        return self.url("/twilio/sounds/ringback.wav")

    @property
    def on(self) -> Go:
        return Go(self.at("/twilio/voice/wait"))


def ringing(
    stage: Stage,
    agent: Agent,
    estimate: float,
    *,
    opening: Say | None,
    again: bool = False,
    ask: str | None = None,
    choice_in: float = NO_HURRY,
    how: str = "ring",
) -> Document:
    """While the agent's phone rings: who, how long, a question (`ask`: its key), then soft ringing.

    `choice_in`: seconds until the ways out must have been named; `how`: ring | transfer | line_broke.
    """
    who, speaker = agent.first_name, stage.speaker
    key = how if not again else "line_broke_still" if how == "line_broke" else "ring_still"
    rings = stage.say(key, agent=who, estimate=speaker.estimate(estimate))
    heard: list[Heard] = [opening] if opening else []
    if ask == "ask_name":  # first, so that there is time to say it before the agent is there
        heard += [stage.say("ask_name", agent=who), rings]
    else:
        heard += [rings, stage.say(ask)] if ask else [rings]
    still = stage.say("ring_still", agent=who, estimate=speaker.estimate(estimate))  # what the next one begins with
    rounds = _rounds(heard, choice_in - _seconds([still]), RING_ROUNDS) if opening else 0
    if rounds:
        heard.append(Ringback(stage.ringback, rounds))  # the first document is a greeting, not a menu
    else:
        # As long as the agent is rung: whatever ends it earlier fetches the caller, and should we be away meanwhile, or
        # could not fetch them, they hear the truth in time.
        keys = Say(_ways_out(stage, teammate=None, slot=None), speaker.language)
        heard = _in_time(heard, keys, choice_in, opening)
        rounds = math.ceil((estimate - _seconds(heard)) / RING_SECONDS)
        heard.append(Ringback(stage.ringback, min(max(rounds, 1), RING_ROUNDS * 2)))
    return (*listening(heard, stage.at("/twilio/voice/key"), 1, language=speaker.language), stage.on)


def after_speech(
    stage: Stage,
    name: str | None = None,
    *,
    said: Say | None = None,
    ask: str | None = None,
    choice_in: float = NO_HURRY,
) -> Document:
    """What they said is with the agent, whose phone goes on ringing.  `said`: in place of our thanks; `ask`: as above,
    without which nobody is listened to any more."""
    thanks = stage.say("heard") if name is None else stage.say("heard_name", name=name)
    heard: list[Heard] = [said or thanks]
    if ask is not None:
        heard.append(stage.say(ask))
    rounds = _rounds(heard, choice_in - STILL_SECONDS, RING_ROUNDS * 2)
    if not rounds:
        keys = Say(_ways_out(stage, teammate=None, slot=None), stage.speaker.language)
        heard = _in_time(heard, keys, choice_in, None)
    heard.append(Ringback(stage.ringback, rounds or RING_ROUNDS * 2))
    listens = None if ask is None else stage.speaker.language
    return (*listening(heard, stage.at("/twilio/voice/key"), 1, language=listens), stage.on)


def record_name(stage: Stage, said: Say | None = None) -> Document:
    """We could not make out a name: they say it into a recording.  The agent's phone goes on ringing meanwhile."""
    told = stage.url("/twilio/voice/name/recording")
    record = Record(
        stage.at("/twilio/voice/name"), told, stage.speaker.language, seconds=NAME_SECONDS, silence=NAME_SILENCE_SECONDS
    )
    asked = stage.say("record_name")
    return (said, asked, record, stage.on) if said else (asked, record, stage.on)


def told_seconds(decision: Decision) -> int:
    """The wait that `choice` and `waiting` speak of, as it is said."""
    known = decision.who
    return spoken_seconds(decision.estimate_seconds or (known.wait_seconds if known else 0.0))


def choice(
    stage: Stage,
    decision: Decision,
    slot: Slot | None,
    *,
    opening: Say | None,
    choice_in: float = NO_HURRY,
    listens: bool = False,
) -> Document:
    """The one they know is busy: how long, what there is, and what happens without a key."""
    speaker, known = stage.speaker, decision.who
    assert known is not None
    who = known.agent.first_name
    heard: list[Heard] = [opening] if opening else []
    busy = "known_busy" if known.agent.activity is Activity.TALKING else "known_soon"
    heard.append(stage.say(busy, agent=who, estimate=speaker.estimate(told_seconds(decision))))
    teammate = decision.teammate.agent.first_name if decision.teammate else None
    keys = Say(_ways_out(stage, teammate=teammate, slot=slot), speaker.language)
    heard, seconds = _in_time(heard, keys, choice_in, opening), CHOICE_SECONDS
    if teammate and decision.action == "offer_callback":
        wait = Say(speaker.keys(speaker.say("key_wait", agent=who)), speaker.language)
        heard += [wait, stage.say("by_silence_teammate", teammate=teammate)]
    else:
        heard.append(stage.say("by_silence_wait_for", agent=who))
        seconds = _quiet(heard)
    language = speaker.language if listens else None
    return (*listening(heard, stage.at("/twilio/voice/key"), seconds, language=language), stage.on)


def waiting(
    stage: Stage,
    decision: Decision,
    slot: Slot | None,
    *,
    opening: Say | None,
    first: bool,
    ask_name: bool,
    choice_in: float = NO_HURRY,
    listens: bool = False,
    long: bool = False,
) -> Document:
    """Nobody is free: an estimate, the ways out, then quiet.  `long`: they have waited for minutes."""
    speaker = stage.speaker
    heard: list[Heard] = [opening] if opening else []
    key = "busy" if first else "long_wait" if long else "still"
    heard.append(stage.say(key, estimate=speaker.estimate(told_seconds(decision))))
    teammate = decision.teammate.agent.first_name if decision.teammate else None
    keys = Say(_ways_out(stage, teammate=teammate, slot=slot), speaker.language)
    heard = _in_time(heard, keys, choice_in, opening)
    if first:
        heard.append(stage.say("by_silence_wait"))
    if ask_name:
        heard.append(stage.say("ask_name_waiting"))
    language = speaker.language if ask_name or listens else None
    return (*listening(heard, stage.at("/twilio/voice/key"), _quiet(heard), language=language), stage.on)


def nobody_free(
    stage: Stage,
    decision: Decision,
    slot: Slot | None,
    *,
    opening: Say | None,
    first: bool,
    ask_name: bool,
    choice_in: float = NO_HURRY,
    long: bool = False,
) -> Document:
    """Whoever is greeted by a name may say that it is not theirs."""
    listens = opening is not None and stage.name is not None
    if decision.who is not None:
        return choice(stage, decision, slot, opening=opening, choice_in=choice_in, listens=listens)
    return waiting(
        stage,
        decision,
        slot,
        opening=opening,
        first=first,
        ask_name=ask_name,
        choice_in=choice_in,
        listens=listens,
        long=long,
    )


def nobody(stage: Stage, slot: Slot | None, *, opening: Say | None, closed: Say | None) -> Document:
    """Nobody is here, or the house is closed: a call back or a message, and without a key the message."""
    heard: list[Heard] = [opening] if opening else []
    heard.append(closed or stage.say("nobody_here"))
    ways = _ways(stage, teammate=None, slot=slot) if slot else [stage.speaker.say("key_message")]
    heard.append(Say(stage.speaker.keys(*ways), stage.speaker.language))
    listen = Ask(tuple(heard), stage.at("/twilio/voice/key"), CHOICE_SECONDS)
    return (listen, *record(stage)) if closed else (listen, Go(stage.at("/twilio/voice/wait", told=NOBODY)))


def closed_until(stage: Stage, opens_at: datetime | None, key: str = "closed") -> Say:
    """`key`: closed | closed_night | closed_holiday."""
    if opens_at is None:
        return stage.say("closed_for_good")
    return stage.say(key, time=stage.speaker.time(opens_at))


def who_is_it(stage: Stage, names: Sequence[str], *, of: int | None = None, again: bool = False) -> Document:
    """A number several people share: which of them is it?  Nothing is said but what they like to be called.

    `names`: of those who have a key; `of`: how many they are, more than have one; none where no name may be said.
    """
    speaker = stage.speaker
    heard: list[Heard] = [stage.say("which_again" if again else "greet_plain")]
    if not names:
        heard.append(stage.say("which_name"))
    elif len(names) == 2 and of in (None, 2):
        if not again:
            heard.append(stage.say("which_of_two", one=names[0], other=names[1]))
        keys = [*_person_keys(speaker, names), speaker.say("which_neither", key=NEITHER_KEY)]
        heard += [Say(speaker.keys(*keys), speaker.language), stage.say("which_or_say")]
    else:
        choices = speaker.keys(*_person_keys(speaker, names)).rstrip(".")
        heard.append(stage.say("which_of_you", choices=choices))
    return (Ask(tuple(heard), stage.at("/twilio/voice/who"), CHOICE_SECONDS, language=speaker.language), stage.on)


def _person_keys(speaker: Speaker, names: Sequence[str]) -> list[str]:
    return [speaker.say("which_key", key=key, name=name) for key, name in zip(PERSON_KEYS, names, strict=False)]


def punctual(speaker: Speaker, due_at: datetime, window_seconds: int | None) -> str:
    """A time as it is promised: with how much later it may become, where that is known."""
    time = speaker.time(due_at)
    return speaker.say("at_latest", time=time, window=speaker.estimate(window_seconds)) if window_seconds else time


def record(stage: Stage, *, reachable: bool | None = None) -> Document:
    """A message: silence on the line leads back, not away.  `reachable`: we know a number for the answer."""
    known = stage.reachable if reachable is None else reachable
    said = stage.say("leave_message" if known else "leave_message_plain")
    return (said, recorded(stage, stage.at("/twilio/voice/message")), stage.on)


def recorded(stage: Stage, action: str) -> Record:
    told = {of: stage.url(f"/twilio/voice/{of}") for of in ("recording", "transcription")}
    return Record(action, told["recording"], stage.speaker.language, told["transcription"])


def message_kept(stage: Stage, due_at: datetime | None, window_seconds: int | None = None) -> Document:
    if due_at is None:
        return (stage.say("message_kept_plain"), HangUp())
    return (stage.say("message_kept", time=punctual(stage.speaker, due_at, window_seconds)), HangUp())


def join(stage: Stage, room: str) -> Document:
    after = stage.at("/twilio/voice/after")
    return (Join(room, after, ends_room=True), Go(after))


def hold_for_join(stage: Stage) -> Document:
    """The carrier is about to fetch them into the room: two documents must not both do it."""
    return (Quiet(2), stage.on)


def agent_gone(stage: Stage) -> Document:
    return (stage.say("agent_gone"), HangUp())


def whisper(stage: Stage, lines: Sequence[Say], *, accept: str | None, room: Join | None) -> Document:
    """To the agent: who and why.  With `accept` a key is asked first, for a voicemail would say yes to anything."""
    if accept is None:
        assert room is not None
        return (*lines, room)
    asked = Ask((*lines, stage.say("agent_key")), accept, 8)
    return (asked, HangUp())


def prove_person(stage: Stage, agent: str, leg: str, *, first: bool) -> Document:
    """To the customer we call: nothing but the name before somebody has shown to be a person."""
    again = stage.say("call_back_again", agent=agent)
    if not first:
        heard: tuple[Heard, ...] = (again,)
    elif stage.name:
        heard = (stage.say("call_back_greet", name=stage.name, agent=agent),)
    else:
        heard = (stage.say("greet_plain"), again)
    path = "/twilio/customer/key" if first else "/twilio/customer/last"
    listen = Ask(heard, stage.url(path, leg=leg), 6, language=stage.speaker.language)
    return (listen, Go(stage.url("/twilio/customer/again", leg=leg))) if first else (listen, *to_machine(stage))


def to_machine(stage: Stage) -> Document:
    """One discreet message, which says nothing of what it is about."""
    return (stage.say("call_back_voicemail"), HangUp())


def safe(stage: Stage, *, then: str) -> Document:
    """Something broke: an apology, then a call back or a message, then `then`, where we may be well again."""
    message = recorded(stage, stage.at("/twilio/voice/message"))
    listen = Ask((stage.named("safe"), stage.say("safe_keys")), stage.url("/twilio/voice/key"), 3)
    return (listen, message, Go(stage.url(then)))


def choice_at(stage: Stage, document: Document, now: datetime) -> datetime | None:
    """About when a document that begins `now` will have come to the ways out; None for one that does not name them."""
    sign = stage.speaker.say("key_message")[1:]  # which is among them always
    before = 0.0
    for step in document:
        if isinstance(step, Ask):
            for place, one in enumerate(step.heard):
                if isinstance(one, Say) and sign in one.text:
                    return now + timedelta(seconds=before + _seconds(step.heard[:place]))
            before += _seconds(step.heard) + step.seconds
    return None


def speech_seconds(words: str) -> float:
    """About how long somebody spoke, with the pause after which the carrier takes it that they have finished."""
    return 1.0 + spoken_text_seconds((Say(words, ""),))


def _seconds(heard: Sequence[Heard]) -> float:
    words = spoken_text_seconds(tuple(one for one in heard if isinstance(one, Say)))
    return words + sum(RING_SECONDS * one.times for one in heard if isinstance(one, Ringback))


def _rounds(heard: Sequence[Heard], next_in: float, most: int) -> int:
    """How often it may ring behind `heard`, when the next document is to begin in `next_in` seconds."""
    return max(min(int((next_in - TO_NEXT_SECONDS - _seconds(heard)) // RING_SECONDS), most), 0)


def _in_time(heard: Sequence[Heard], keys: Say, choice_in: float, opening: Say | None) -> list[Heard]:
    """With the ways out behind what is told, or as far before it as they must be; never before the greeting."""
    place, first = len(heard), 1 if opening else 0
    while place > first and _seconds(heard[:place]) + pause_before(keys, heard[:place]) > choice_in:
        place -= 1
    return [*heard[:place], keys, *heard[place:]]


def _quiet(heard: Sequence[Heard]) -> int:
    """Seconds of quiet after these words, before the next estimate is due."""
    return max(round(ROUND_SECONDS - _seconds(heard)), LEAST_QUIET_SECONDS)


def _ways(stage: Stage, *, teammate: str | None, slot: Slot | None) -> list[str]:
    speaker = stage.speaker
    ways = [speaker.say("key_teammate", teammate=teammate)] if teammate else []
    if slot is None:
        ways.append(speaker.say("key_callback"))
    else:
        time = speaker.say("by_then", time=speaker.by(slot.latest)) if slot.latest else speaker.time(slot.due_at)
        ways.append(speaker.say("key_callback_at", time=time))
    return [*ways, speaker.say("key_message")]


def _ways_out(stage: Stage, *, teammate: str | None, slot: Slot | None) -> str:
    return stage.speaker.keys(*_ways(stage, teammate=teammate, slot=slot))
