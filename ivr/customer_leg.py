"""The customer's leg of a promised call: a person is proved, or it was an attempt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from ivr import calls, dialogue, promised
from ivr.document import Document
from ivr.lifecycle import LEG_ENDS, CallState, later_leg_state
from ivr.talk import end_call
from ivr.turn import Turn

Form = Mapping[str, str]
MOST_WORDS = 5
MACHINE = re.compile(
    r"segreteria|messaggio|segnale|casella|voice ?mail|mailbox|message|beep|tone|anrufbeantworter|nachricht|signalton"
    r"|mobilbox|répondeur|messagerie|bip|contestador|buzón|mensaje|señal",
    re.IGNORECASE,
)
_RESULTS = {"busy": "busy", "no-answer": "no_answer", "failed": "failed", "canceled": "no_answer"}


async def answered(turn: Turn, leg: Row[Any], form: Form) -> Document:
    await calls.change_leg(turn.conn, leg.id, state=later_leg_state(leg.state, "in-progress"))
    return await promised.customer_answered(turn, leg.id, first=True)


async def again(turn: Turn, leg: Row[Any], form: Form) -> Document:
    return await promised.customer_answered(turn, leg.id, first=False)


async def pressed(turn: Turn, leg: Row[Any], form: Form) -> Document:
    """A key, or a word as people answer a call with; what a machine says instead is no proof."""
    if form.get("Digits") or answers_like_a_person(form.get("SpeechResult", "")):
        return await promised.customer_proved(turn)
    return await promised.customer_answered(turn, leg.id, first=False)


async def pressed_at_last(turn: Turn, leg: Row[Any], form: Form) -> Document:
    """Asked twice: what still does not answer like a person is a machine, which would talk for ever, or nobody who
    would press a key."""
    if form.get("Digits") or answers_like_a_person(form.get("SpeechResult", "")):
        return await promised.customer_proved(turn)
    if turn.call.state == CallState.TALKING:
        return await promised.customer_proved(turn)  # the same webhook again
    return dialogue.to_machine(turn.stage)


def answers_like_a_person(words: str) -> bool:
    """`Pronto?`, `sì, chi parla?`: short, and not about messages.  Machines say whole sentences."""
    return 0 < len(words.split()) <= MOST_WORDS and not MACHINE.search(words)


async def status(turn: Turn, leg: Row[Any], form: Form) -> None:
    told = form.get("CallStatus", "")
    state = later_leg_state(leg.state, told)
    if state != leg.state:
        ended = {"ended_at": turn.now} if state in LEG_ENDS else {}
        await calls.change_leg(turn.conn, leg.id, state=state, **ended)
    if told not in LEG_ENDS:
        return
    if calls.is_reached(turn.call):
        await end_call(turn)
    else:
        # Answered and over without a key: a machine, or somebody who hung up.
        await promised.customer_not_reached(turn, _RESULTS.get(told, "voicemail"))
