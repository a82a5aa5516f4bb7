"""How an agent is spoken to before they are joined with somebody: in their language, with the caller's whole name."""

from __future__ import annotations

from carrier.numbering import is_withheld
from ivr.dialogue import Stage
from ivr.phrases import speakable, spoken_language
from ivr.turn import Turn, spoken_name
from routing.agents import Agent

LONGEST_WHOLE_NAME = 60


def stage_of(turn: Turn, agent: Agent | None) -> Stage:
    """Spoken to in the agent's first language; somebody of ours who is no agent, in that of the house."""
    house = turn.rooms.house
    language = spoken_language(agent.languages[0] if agent and agent.languages else None, house.language)
    speaker = turn.rooms.speaker(None, language, 0, turn.now)
    return Stage(speaker, None, turn.rooms.url, turn.call.step)


def caller_name(turn: Turn, stage: Stage) -> str:
    """The agent hears the whole name, and how to address them: they are on our side of the counter."""
    person = turn.person
    if person is not None and (name := speakable(person.name or "", LONGEST_WHOLE_NAME)):
        return speakable(f"{person.title} {name}", LONGEST_WHOLE_NAME) if person.title and person.formal else name
    if (called := spoken_name(person)) is not None:
        return called
    return stage.speaker.say("withheld_caller" if is_withheld(turn.call.from_number) else "unknown_caller")
