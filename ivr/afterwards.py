"""A caller's way out of the house: the webhooks of their leg once a talk is over."""

from __future__ import annotations

from collections.abc import Mapping

from crm import people
from ivr import parting, solved
from ivr.document import Document
from ivr.journey import proceed, wait
from ivr.lifecycle import CallState
from ivr.offers import offer_call_back
from ivr.talk import end_talk
from ivr.turn import Turn

Form = Mapping[str, str]


async def after(turn: Turn, form: Form) -> Document:
    """The talk is over and the caller still there: the room closed, or the agent left and we fetched them here."""
    if turn.call.state == CallState.TALKING:
        await end_talk(turn)
        return await solved.talk_over(turn)
    if turn.call.state != CallState.ENDED:
        return await wait(turn, form)
    return parting.goodbye(turn.stage)


async def more(turn: Turn, form: Form, query: Mapping[str, str]) -> Document:
    """A key or a word after the talk."""
    if turn.call.state != CallState.TALKING:
        return await wait(turn, form)
    asked = query.get("of", "")
    match parting.understood(asked, form, turn.stage.speaker.language):
        case "somebody":
            await _wait_again(turn)
            return await proceed(turn)
        case "call_back":
            await _wait_again(turn)
            return await offer_call_back(turn)
        case "theirs":
            return await _theirs(turn)
        case "solved" | "not_solved" as said if asked == "solved":
            return await _answered(turn, solved_now=said == "solved")
    if asked == "solved" and query.get("tries") == "0" and solved.asks_by_key(turn):
        return parting.is_it_solved(turn.stage, None, tries=1)
    return parting.goodbye(turn.stage)


async def _answered(turn: Turn, *, solved_now: bool) -> Document:
    if turn.call.confirmed is not solved_now:
        await solved.answered(turn, solved=solved_now)
    if solved_now:
        return parting.glad(turn.stage, await solved.could_be_theirs(turn))
    return parting.still_open(turn.stage, await solved.holder(turn))


async def _theirs(turn: Turn) -> Document:
    """From now on the one they talked with; then whether it is solved, if they have not said."""
    agent = await solved.could_be_theirs(turn)
    if agent is None or turn.person is None:
        return parting.goodbye(turn.stage)
    await people.change(turn.conn, turn.person.id, {"preferred_agent": agent.id}, turn.now)
    if solved.asks_by_key(turn):
        return parting.is_it_solved(turn.stage, parting.mine(turn.stage, agent))
    return parting.theirs_now(turn.stage, agent)


async def _wait_again(turn: Turn) -> None:
    """As on arrival, but for what is known by now."""
    before = dict.fromkeys(("choice", "offered_at", "joined_at", "join_asked_at", "greeted_at"))
    await turn.change(state=CallState.WAITING, **before)
