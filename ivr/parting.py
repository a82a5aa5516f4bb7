"""What a caller hears once the talk is over, until they leave.  Pure.

Three things can be said with a key: whether it is solved (5, 6), that the agent should be theirs (4), and that they
want somebody now (1) or a call back (2).  Never more than three of them are named at once; all of them are understood
at any of these places.  Whoever says nothing hears a goodbye: they have been helped, and nothing is taken as said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ivr.dialogue import CALLBACK_KEY, CHOICE_SECONDS, TEAMMATE_KEY, WAIT_KEY, Stage
from ivr.document import Ask, Document, HangUp, Say
from ivr.when import solved
from routing.agents import Agent

SOLVED_KEY, NOT_SOLVED_KEY = "5", "6"

Asked = Literal["solved", "mine", "open"]
Wish = Literal["solved", "not_solved", "theirs", "somebody", "call_back"]
_WISHES: Mapping[str, Wish] = {
    SOLVED_KEY: "solved",
    NOT_SOLVED_KEY: "not_solved",
    WAIT_KEY: "theirs",
    TEAMMATE_KEY: "somebody",
    CALLBACK_KEY: "call_back",
}


def understood(asked: str, form: Mapping[str, str], language: str) -> Wish | None:
    """What they pressed, or said to the one question that has a yes and a no."""
    wish = _WISHES.get(form.get("Digits", ""))
    if wish is None and asked == "solved" and (words := form.get("SpeechResult")):
        yes = solved(words, language)
        return None if yes is None else "solved" if yes else "not_solved"
    return wish


def talk_over(stage: Stage, agent: Agent | None) -> Document:
    """The talk is over and the caller still there: is there something else, and may `agent` be theirs from now on?"""
    speaker = stage.speaker
    ways = [speaker.say("key_mine", agent=agent.first_name)] if agent else []
    ways.append(speaker.say("key_more"))
    return _ask(stage, "mine", [stage.named("thanks")], ways)


def is_it_solved(stage: Stage, opening: Say | None, *, topic: str | None = None, tries: int = 0) -> Document:
    """The agent is offered for the next time to who says yes; who says no hears what there is instead.

    `topic`: what it is about, where that may be said.
    `tries`: how often it was asked before without an answer that we know; there is no third time.
    """
    speaker = stage.speaker
    ways = [speaker.say("key_solved"), speaker.say("key_not_solved"), speaker.say("key_more")]
    question = stage.say("solved_of", topic=topic) if topic else stage.say("solved")
    heard = [opening, question] if opening else [question]
    return _ask(stage, "solved", heard, ways, tries=tries)


def glad(stage: Stage, agent: Agent | None) -> Document:
    """It is solved; who could be theirs, where they have not said so yet."""
    if agent is None:
        return (stage.say("glad"), stage.say("bye"), HangUp())
    speaker = stage.speaker
    return _ask(stage, "mine", [stage.say("glad")], [speaker.say("key_mine", agent=agent.first_name)])


def still_open(stage: Stage, holder: str | None) -> Document:
    """It is not: it stays open with `holder`; somebody now, or a call back."""
    speaker = stage.speaker
    said = stage.say("still_open", agent=holder) if holder else stage.say("still_open_anyone")
    return _ask(stage, "open", [said], [speaker.say("key_now"), speaker.say("key_callback")])


def theirs_now(stage: Stage, agent: Agent) -> Document:
    return (mine(stage, agent), stage.say("bye"), HangUp())


def mine(stage: Stage, agent: Agent) -> Say:
    return stage.say("mine", agent=agent.first_name)


def goodbye(stage: Stage) -> Document:
    return (stage.named("thanks"), stage.say("bye"), HangUp())


def _ask(stage: Stage, asked: Asked, said: list[Say], ways: list[str], *, tries: int = 0) -> Document:
    speaker = stage.speaker
    heard = (*said, Say(speaker.keys(*ways), speaker.language))
    action = stage.at("/twilio/voice/more", of=asked, tries=str(tries))
    language = speaker.language if asked == "solved" else None
    return (Ask(heard, action, CHOICE_SECONDS, language=language), stage.say("bye"), HangUp())
