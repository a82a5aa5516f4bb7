"""The dialogue as tables: where a caller can be, what may come there, and what it then means.  Pure.

A caller is at a *place*: the document they hear.  Something comes: a key, words, nothing at all (the document ran out,
or we fetched them because something had changed), an agent.  `MEANS` says what is then done, `LEADS` where doing it may
lead: which of those it is depends on who is free, what the clock says and what the store knows, and is found out by
whoever carries it out (doing.py).  Whatever is not in these tables does not happen: `step` and `arrived` raise.

Why people are safe here, which the tests prove by walking all of it:
- every key of the wait (1 to 4) means the same at every place before a talk;
- nobody has to answer anything: silence leads on, in at most `LONGEST_SILENCE` documents, to somebody being rung, to a
  wait with estimates, to a recording, or to a promise;
- nothing is asked more than `MOST_ASKED` times, and before anybody is rung no more than `MOST_ASKED_WHICH` times;
- the line is put down by us only where a promise was made, a message kept, or the talk is over (`LAST`).

A wait is a circle, and may be: it goes round only while somebody is there to be waited for, each round names its ways
out, and its length is an agent's to end.  So is silence on an open line: we never put it down for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

MOST_ASKED = 3  # the question, and twice more
MOST_ASKED_WHICH = 2  # which of several they are: nobody is rung meanwhile
LONGEST_SILENCE = 6  # documents


class Place(StrEnum):
    """The document a caller hears."""

    ARRIVING = "arriving"  # nothing has been said yet
    WHICH = "which_of_you"  # several people have this number
    # An agent's phone rings meanwhile:
    RINGING = "ringing"  # and nothing is asked
    RINGING_WHY = "ringing_why"
    RINGING_SAME = "ringing_same"  # the same thing as last time?
    RINGING_NAME = "ringing_name"
    RINGING_CONSENT = "ringing_consent"  # to being recorded
    NAME_RECORDING = "name_recording"  # their name, after a tone; an agent rings, or is waited for
    # Nobody is free:
    WAITING = "waiting"  # an estimate, the ways out, quiet
    WAITING_NAME = "waiting_name"
    CHOOSING = "choosing"  # the one they know, or a teammate
    NOBODY = "nobody_there"
    CLOSED = "closed"  # with a message recorded at its end
    # A call back, or a message:
    OFFER = "offer"  # one or two times
    OTHER_TIME = "other_time"
    WHICH_TIME = "which_time"
    NUMBER = "number"  # another one than theirs
    NUMBER_NEEDED = "number_needed"  # we know none; with a message recorded at its end
    NUMBER_CHECK = "number_check"
    NO_TIME = "no_time"  # that we could keep; with a message recorded at its end
    MESSAGE = "message"
    # The talk:
    FETCHED = "fetched"  # the carrier is about to bring them into the room
    TOGETHER = "together"
    SOLVED = "solved"  # is it?
    PARTING = "parting"  # it is over: is there something else, and who answers them the next time?
    STILL_OPEN = "still_open"  # it is not solved: somebody now, or a call back
    # Its end:
    PROMISED = "promised"
    KEPT = "message_kept"
    GOODBYE = "goodbye"


class Input(StrEnum):
    """What comes while they are there."""

    CALLS = "calls"
    NOTHING = "nothing"  # the document ran out; or they were fetched, since something has changed
    CHANGED = "something changed"  # told apart from nothing only where nothing leads to a recording
    TEAMMATE = "1"
    CALL_BACK = "2"
    MESSAGE = "3"
    KNOWN_ONE = "4"
    FIRST = "5"
    SECOND = "6"
    OTHER = "7"
    PERSON = "a person's key"  # 8, 9, 0
    NO_KEY = "another key"
    TYPED = "digits"
    YES = "yes"
    NO = "no"
    NAME = "a name"
    AGAIN = "the question again"  # `come, scusi?` to what their name is, or a mere `pronto?`
    NOT_ME = "not them"  # `I am not Maria`, `neither of them`
    NO_NAME = "no name"  # they would rather not say it
    UNCLEAR = "unclear"  # words that the recogniser doubts, or that fit several
    WORDS = "words"
    RECORDED = "recorded"  # a message
    NAME_RECORDED = "a recorded name"
    AGENT = "an agent"  # has taken the call
    OVER = "over"  # promised, or a message kept, or ended
    STORE_AWAY = "the store is away"


class Do(StrEnum):
    """What is done about it."""

    GREET = "greet"
    LOOK = "look who is free"
    LOOK_ON = "look who is free now"  # they have been offered a choice, which is offered once
    LOOK_OR_RECORD = "look who is free now, or record"
    TEAMMATE = "take a teammate"
    WAIT_FOR = "wait for the one they know"
    MEET = "greet the one it is"
    NEW_PERSON = "note somebody new"
    NONE_OF_THEM = "serve as somebody unknown"
    ASK_AGAIN = "ask again"
    ASK_NAME = "ask for their name again"
    TAKE_NAME = "note their name"
    RECORD_NAME = "record their name"
    KEEP_NAME = "keep the recorded name"
    NOT_THEM = "forget whom we took them for"
    TAKE_WHY = "note why they call"
    ASK_WHY = "ask why they call"
    SAME_THING = "take up the matter again"
    CONSENT = "note whether they may be recorded"
    OFFER = "offer a call back"
    ASK_OTHER = "ask what else"
    ASK_TIME = "ask for a time"
    TAKE_TIME = "understand a time"
    PROMISE = "promise"
    ASK_NUMBER = "ask for a number"
    TAKE_NUMBER = "read the number back"
    NUMBER_RIGHT = "take the number"
    RECORD = "record a message"
    KEEP_MESSAGE = "keep the message"
    JOIN = "join the two"
    PART = "ask after the talk"
    IS_SOLVED = "note that it is solved"
    NOT_SOLVED = "keep it open"
    ASK_SOLVED = "ask once more whether it is solved"
    THEIRS = "put them through to this one from now on"
    SOMEBODY = "look for somebody again"
    GOODBYE = "say goodbye"
    END = "put the line down"
    APOLOGISE = "apologise, with a call back or a message"


P, I = Place, Input  # noqa: E741  they stand in tables

RING = frozenset({P.RINGING, P.RINGING_WHY, P.RINGING_SAME, P.RINGING_NAME, P.RINGING_CONSENT})
WAIT = frozenset({P.WAITING, P.WAITING_NAME})
RECORDS = frozenset({P.MESSAGE, P.CLOSED, P.NO_TIME, P.NUMBER_NEEDED})
LAST = frozenset({P.PROMISED, P.KEPT, P.GOODBYE})
AFTER = frozenset({P.SOLVED, P.PARTING, P.STILL_OPEN})
TALK = AFTER | {P.FETCHED, P.TOGETHER}
BEFORE = frozenset(Place) - TALK - LAST  # anybody has talked with them
# A human being, or the way to one.  `fetched` lasts as long as the carrier takes, at most two documents.
HELPED = RING | WAIT | RECORDS | LAST | {P.FETCHED, P.TOGETHER}
# That may be asked again.
QUESTIONS = frozenset({P.WHICH, P.RINGING_NAME, P.WAITING_NAME, P.OFFER, P.WHICH_TIME, P.NUMBER, P.NUMBER_NEEDED})

_BEST = RING | WAIT | {P.CHOOSING, P.NOBODY, P.CLOSED}
_OFFERED = frozenset({P.OFFER, P.NUMBER_NEEDED, P.NO_TIME})

LEADS: Mapping[Do, frozenset[Place]] = {
    Do.GREET: _BEST | {P.WHICH},
    Do.LOOK: _BEST,
    Do.LOOK_ON: _BEST - {P.CHOOSING},
    Do.LOOK_OR_RECORD: _BEST - {P.CHOOSING, P.NOBODY} | {P.MESSAGE, P.NUMBER_NEEDED},
    Do.TEAMMATE: _BEST,
    Do.WAIT_FOR: _BEST,
    Do.MEET: _BEST,
    Do.NEW_PERSON: _BEST,
    Do.NONE_OF_THEM: _BEST,
    Do.ASK_AGAIN: frozenset({P.WHICH}),
    Do.ASK_NAME: _BEST,
    Do.TAKE_NAME: _BEST,
    Do.RECORD_NAME: frozenset({P.NAME_RECORDING}),
    Do.KEEP_NAME: _BEST,
    Do.NOT_THEM: _BEST,
    Do.TAKE_WHY: _BEST - {P.RINGING_WHY, P.RINGING_SAME},
    Do.ASK_WHY: _BEST,
    Do.SAME_THING: _BEST - {P.RINGING_SAME},
    Do.CONSENT: _BEST,
    Do.OFFER: _OFFERED,
    Do.ASK_OTHER: frozenset({P.OTHER_TIME}),
    Do.ASK_TIME: frozenset({P.WHICH_TIME}),
    Do.TAKE_TIME: _OFFERED | {P.WHICH_TIME, P.PROMISED, P.MESSAGE},
    Do.PROMISE: _OFFERED | {P.PROMISED, P.MESSAGE},
    Do.ASK_NUMBER: frozenset({P.NUMBER, P.NUMBER_NEEDED}),
    Do.TAKE_NUMBER: _OFFERED | {P.NUMBER, P.NUMBER_CHECK, P.MESSAGE},
    Do.NUMBER_RIGHT: _OFFERED | {P.MESSAGE},
    Do.RECORD: frozenset({P.MESSAGE, P.NUMBER_NEEDED}),
    Do.KEEP_MESSAGE: frozenset({P.KEPT}),
    Do.JOIN: frozenset({P.FETCHED, P.TOGETHER, P.SOLVED, P.PARTING}) | _BEST,  # the two may have missed each other
    Do.PART: frozenset({P.SOLVED, P.PARTING}) | _BEST | LAST,
    Do.IS_SOLVED: frozenset({P.PARTING, P.GOODBYE}),
    Do.NOT_SOLVED: frozenset({P.STILL_OPEN}),
    Do.ASK_SOLVED: frozenset({P.SOLVED, P.GOODBYE}),
    Do.THEIRS: frozenset({P.SOLVED, P.GOODBYE}),
    Do.SOMEBODY: _BEST,
    Do.GOODBYE: frozenset({P.GOODBYE}),
    Do.END: LAST,
    Do.APOLOGISE: frozenset(Place),  # they stay where they are, and hear it there
}

_WORDS = (I.WORDS, I.UNCLEAR, I.YES, I.NO, I.NAME, I.NO_NAME, I.AGAIN, I.NOT_ME)
_KEYS = (I.TEAMMATE, I.CALL_BACK, I.MESSAGE, I.KNOWN_ONE, I.FIRST, I.SECOND, I.OTHER, I.PERSON, I.NO_KEY, I.TYPED)
_MEANINGLESS = (I.FIRST, I.SECOND, I.OTHER, I.PERSON, I.NO_KEY, I.TYPED)

# What holds wherever a caller is before a talk, unless the place says otherwise.
ALWAYS: Mapping[Input, Do] = {
    I.NOTHING: Do.LOOK,
    I.CHANGED: Do.LOOK,
    I.TEAMMATE: Do.TEAMMATE,
    I.CALL_BACK: Do.OFFER,
    I.MESSAGE: Do.RECORD,
    I.KNOWN_ONE: Do.WAIT_FOR,
    **dict.fromkeys(_MEANINGLESS, Do.LOOK),
    **dict.fromkeys(_WORDS, Do.TAKE_WHY),
    I.NOT_ME: Do.NOT_THEM,
    I.NAME: Do.NOT_THEM,  # another name than the one we have for them
    I.NO_NAME: Do.LOOK,
    I.RECORDED: Do.KEEP_MESSAGE,
    I.NAME_RECORDED: Do.KEEP_NAME,
    I.AGENT: Do.JOIN,
    I.OVER: Do.END,
    I.STORE_AWAY: Do.APOLOGISE,
}
_ASKED_FOR_A_NAME: Mapping[Input, Do] = {
    I.AGAIN: Do.ASK_NAME,
    I.NAME: Do.TAKE_NAME,
    I.NOT_ME: Do.LOOK,
    I.NO: Do.LOOK,
    I.YES: Do.LOOK,
    I.UNCLEAR: Do.RECORD_NAME,
    I.WORDS: Do.RECORD_NAME,
}
_TIMES: Mapping[Input, Do] = {
    **dict.fromkeys((*_WORDS, I.TYPED), Do.TAKE_TIME),
    I.PERSON: Do.OFFER,
    I.NO_KEY: Do.OFFER,
}
_LATER = {I.STORE_AWAY: Do.APOLOGISE}  # what comes once an agent has been there, or the line is about to be put down

# What a place alone makes of it.
_HERE: Mapping[Place, Mapping[Input, Do]] = {
    P.ARRIVING: {I.CALLS: Do.GREET},
    P.WHICH: {
        I.PERSON: Do.MEET,
        I.NAME: Do.NEW_PERSON,
        I.NOT_ME: Do.NONE_OF_THEM,
        I.NO: Do.NONE_OF_THEM,
        I.NOTHING: Do.NONE_OF_THEM,
        I.TEAMMATE: Do.NONE_OF_THEM,
        I.KNOWN_ONE: Do.NONE_OF_THEM,
        I.NO_NAME: Do.NONE_OF_THEM,
        **dict.fromkeys((I.UNCLEAR, I.WORDS, I.YES, I.AGAIN), Do.ASK_AGAIN),
        **dict.fromkeys((I.FIRST, I.SECOND, I.OTHER, I.NO_KEY, I.TYPED), Do.ASK_AGAIN),
    },
    P.RINGING_SAME: {I.FIRST: Do.SAME_THING, I.YES: Do.SAME_THING, I.NO: Do.ASK_WHY, I.SECOND: Do.ASK_WHY},
    P.RINGING_NAME: _ASKED_FOR_A_NAME,
    P.RINGING_CONSENT: dict.fromkeys((I.FIRST, I.SECOND, I.YES, I.NO), Do.CONSENT),
    P.WAITING_NAME: {**_ASKED_FOR_A_NAME, I.NOTHING: Do.LOOK_ON},
    P.WAITING: {I.NOTHING: Do.LOOK_ON},
    P.CHOOSING: {I.NOTHING: Do.LOOK_ON},
    P.NOBODY: {I.NOTHING: Do.LOOK_OR_RECORD},
    P.CLOSED: {I.NOTHING: Do.LOOK_ON},
    P.OFFER: {**_TIMES, I.NOTHING: Do.PROMISE, I.FIRST: Do.PROMISE, I.SECOND: Do.PROMISE, I.OTHER: Do.ASK_OTHER},
    P.OTHER_TIME: {
        **_TIMES,
        I.NOTHING: Do.OFFER,
        I.FIRST: Do.PROMISE,
        I.SECOND: Do.ASK_TIME,
        I.OTHER: Do.ASK_NUMBER,
    },
    P.WHICH_TIME: {**_TIMES, **dict.fromkeys((I.NOTHING, I.FIRST, I.SECOND, I.OTHER), Do.TAKE_TIME)},
    P.NUMBER: {**dict.fromkeys((*_MEANINGLESS, *_WORDS), Do.TAKE_NUMBER), I.NOTHING: Do.OFFER},
    P.NUMBER_NEEDED: {**dict.fromkeys((*_MEANINGLESS, *_WORDS), Do.TAKE_NUMBER), I.NOTHING: Do.LOOK_ON},
    P.NUMBER_CHECK: {
        I.NOTHING: Do.NUMBER_RIGHT,
        I.FIRST: Do.NUMBER_RIGHT,
        I.SECOND: Do.ASK_NUMBER,
        **dict.fromkeys((I.OTHER, I.PERSON, I.NO_KEY, I.TYPED, *_WORDS), Do.TAKE_NUMBER),
    },
}

_PARTING: Mapping[Input, Do] = {
    **_LATER,
    **dict.fromkeys((I.NOTHING, I.CHANGED, *_MEANINGLESS, I.MESSAGE, *_WORDS), Do.GOODBYE),
    I.TEAMMATE: Do.SOMEBODY,
    I.CALL_BACK: Do.OFFER,
    I.KNOWN_ONE: Do.THEIRS,
    I.AGENT: Do.JOIN,
    I.OVER: Do.END,
}
_THEN: Mapping[Place, Mapping[Input, Do]] = {
    P.FETCHED: {**_LATER, **dict.fromkeys((I.NOTHING, I.AGENT, *_KEYS, *_WORDS), Do.JOIN), I.OVER: Do.END},
    P.TOGETHER: {**_LATER, I.NOTHING: Do.PART, I.AGENT: Do.JOIN, I.OVER: Do.END},
    P.SOLVED: {
        **_PARTING,
        **dict.fromkeys((I.OTHER, I.PERSON, I.NO_KEY, I.TYPED, *_WORDS), Do.ASK_SOLVED),
        **dict.fromkeys((I.FIRST, I.YES), Do.IS_SOLVED),
        **dict.fromkeys((I.SECOND, I.NO), Do.NOT_SOLVED),
    },
    P.PARTING: _PARTING,
    P.STILL_OPEN: _PARTING,
    **{place: {**_LATER, **dict.fromkeys((I.NOTHING, I.AGENT, I.OVER, *_KEYS, *_WORDS), Do.END)} for place in LAST},
}

MEANS: Mapping[tuple[Place, Input], Do] = {
    **{(place, what): do for place in BEFORE for what, do in ALWAYS.items()},
    **{(place, what): do for place, row in {**_HERE, **_THEN}.items() for what, do in row.items()},
}


class OffTheMap(RuntimeError):
    """Something came where it cannot, or led where it does not lead: a mistake of ours."""


# What is done, instead, about what was asked often enough: a time that others kept taking, or none; a name.
_ENOUGH: Mapping[tuple[Do, Input], Do] = {
    (Do.PROMISE, I.NOTHING): Do.RECORD,
    (Do.TAKE_TIME, I.NOTHING): Do.OFFER,
    (Do.ASK_NAME, I.AGAIN): Do.RECORD_NAME,
}


def step(place: str | None, what: Input, tries: int = 0) -> Do:
    """What is done about it.  `tries`: how often the same was asked before this time.

    Whoever was asked often enough is served like somebody who says nothing.  Raises OffTheMap.
    """
    here = Place(place) if place else P.ARRIVING
    do = MEANS.get((here, what))
    if do is None:
        raise OffTheMap(f"{what.name} at {here}")
    if tries + 1 < most_asked(here):
        return do
    if do is Do.ASK_AGAIN:
        return MEANS[here, I.NOTHING]
    return _ENOUGH.get((do, what), do)


def arrived(before: str | None, do: Do, after: Place, tries: int = 0) -> int:
    """How often the same has been asked by now, at the place to which `do` has led.  Raises OffTheMap."""
    if after not in LEADS[do]:
        raise OffTheMap(f"{do.value}: {before} -> {after}")
    if after not in QUESTIONS or after != before:
        return 0
    if tries + 1 >= most_asked(after) and after is not P.OFFER:  # where they may name one time after another
        raise OffTheMap(f"{after} is asked too often")
    return min(tries + 1, most_asked(after) - 1)


def most_asked(place: Place) -> int:
    return MOST_ASKED_WHICH if place is P.WHICH else MOST_ASKED
