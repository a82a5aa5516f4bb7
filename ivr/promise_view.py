"""What a promise's page shows: who calls and when, and what may be done about it.  Words only, no markup.  Pure.

The page may be forwarded: it names neither the customer nor what the call is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callbacks.slots import Ledger, Slot, keepable, nearest_slots, next_slots
from callbacks.states import MOVABLE, OPEN, State
from ivr.letters import city, promised_time, same_clock
from ivr.phrases import Speaker

LONGEST_NOTE = 300
FARTHEST = timedelta(days=366)
SOON, LATER = timedelta(minutes=5), timedelta(hours=2)
OWN, ANYONE = "own", "any"  # who calls, as the forms say it
NOTICES: Mapping[str, str] = {
    "changed": "page_changed",
    "noted": "page_noted",
    "still": "page_still",
    "unreadable": "page_unreadable",
}
_ENDS: Mapping[str, str] = {
    State.CANCELLED: "page_cancelled",
    State.UNREACHABLE: "page_unreachable",
    State.KEPT: "page_kept",
    State.BROKEN: "page_kept",
    State.MERGED: "page_kept",
}

_FORM: Mapping[str, str] = {
    "change": "page_change",
    "another": "page_another",
    "day": "page_day",
    "hour": "page_hour",
    "ask": "page_ask",
    "note": "page_note",
    "note_hint": "page_note_hint",
    "send": "page_send",
    "cancel": "page_cancel",
    "cancel_ask": "page_cancel_ask",
    "cancel_yes": "page_cancel_yes",
    "cancel_no": "page_cancel_no",
}


@dataclass(frozen=True, slots=True)
class Button:
    """A form of its own: its label, and what it sends."""

    label: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class View:
    company: str
    language: str
    title: str
    heading: str
    seen: str = ""  # the promise's version, which every form sends back
    notice: str | None = None
    facts: Sequence[str] = ()  # when, and at which number
    question: str | None = None  # stands above `choices`
    choices: Sequence[Button] = ()
    holds: str | None = None
    slots: Sequence[Button] = ()
    form: Mapping[str, str] = field(default_factory=dict)  # the words and values of what can be filled in
    refused: bool = False  # the time they asked for
    cancelling: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: nothing that would change anything."""

    done: str | None = None
    cancelling: bool = False
    wanted: datetime | None = None  # a time that could not be promised


def version(promise: Any) -> str:
    """Two tabs, or a second tap: what was seen is no longer so once it has moved."""
    return str(int(promise.promised_at.timestamp()))


def plain(speaker: Speaker, key: str) -> View:
    """A page about no promise in particular."""
    return View(speaker.company, speaker.language, speaker.say("page_title"), speaker.say(key))


def view(
    speaker: Speaker, promise: Any, ledger: Ledger | None, names: Mapping[str, str], house_zone: str, asked: Asked
) -> View:
    """`speaker` in the promise's zone; `ledger` where it can still be changed; `names`: first names of agents by id."""
    if promise.state not in OPEN:
        return plain(speaker, _ENDS[promise.state])
    if promise.state not in MOVABLE or ledger is None:
        return plain(speaker, "page_now")
    agent = names.get(promise.agent_id)
    notice = speaker.say(NOTICES[asked.done]) if asked.done is not None and asked.done in NOTICES else None
    facts = [
        _sentence(_zoned(speaker, promised_time(speaker, promise, house_zone), house_zone, promise.promised_at)),
        speaker.say("page_number", digits=promise.number[-2:]),
        *([speaker.say("page_note_kept")] if promise.reason else []),
    ]
    slots = nearest(ledger, asked.wanted, promise.agent_id) if asked.wanted else []
    if asked.wanted is not None:
        notice = speaker.say("page_cannot" if slots else "page_cannot_at_all")
    slots = slots or offered(ledger, promise)
    choices = [_choice(speaker, promise, names, n) for n in range(min(len(promise.choices or ()), 2))]
    return View(
        speaker.company,
        speaker.language,
        speaker.say("page_title"),
        speaker.say("page_calls", agent=agent) if agent else speaker.say("page_calls_anyone"),
        seen=version(promise),
        notice=notice,
        facts=facts,
        question=speaker.say("page_choose") if choices else None,
        choices=choices,
        holds=_holds(speaker, promise) if choices else None,
        slots=[_slot(speaker, slot, agent, promise.agent_id) for slot in slots],
        form=_form(speaker, asked.wanted),
        refused=asked.wanted is not None or asked.done == "unreadable",
        cancelling=asked.cancelling,
    )


def offered(ledger: Ledger, promise: Any) -> list[Slot]:
    """Three times to choose from: soon, later, and on another day; by their agent if there are any."""
    tomorrow = ledger.now.astimezone(ZoneInfo(promise.zone)) + timedelta(days=1)
    midnight = tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
    for agent in dict.fromkeys((promise.agent_id, None)):
        soon = next_slots(ledger, ledger.now + SOON, agent, 1)
        if not soon:
            continue
        found = soon + next_slots(ledger, soon[0].due_at + LATER, agent, 1) + next_slots(ledger, midnight, agent, 1)
        times = {slot.due_at: slot for slot in found if slot.due_at != promise.promised_at}
        return [times[at] for at in sorted(times)]
    return []


def nearest(ledger: Ledger, wanted: datetime, agent: str | None) -> list[Slot]:
    """The three nearest to what they asked for; at that very time somebody else, where only their agent is not free."""
    if not ledger.now <= wanted <= ledger.now + FARTHEST:
        return []
    somebody = [Slot(wanted, None)] if agent is not None and keepable(ledger, wanted, None) else []
    return (somebody + (nearest_slots(ledger, wanted, agent) or nearest_slots(ledger, wanted, None)))[:3]


def _choice(speaker: Speaker, promise: Any, names: Mapping[str, str], n: int) -> Button:
    choice = promise.choices[n]
    time = speaker.time(datetime.fromisoformat(choice["at"]))
    return Button(_at(speaker, time, names.get(choice["agent"])), {"do": "choose", "n": str(n)})


def _holds(speaker: Speaker, promise: Any) -> str:
    return speaker.say("page_holds", time=speaker.time(datetime.fromisoformat(promise.choices[0]["at"])))


def _slot(speaker: Speaker, slot: Slot, agent: str | None, agent_id: str | None) -> Button:
    """Named only where it is the one who was promised: who it will be otherwise is not settled before."""
    own = agent_id is not None and slot.agent == agent_id
    fields = {"do": "move", "at": str(int(slot.due_at.timestamp())), "who": OWN if own else ANYONE}
    return Button(_at(speaker, speaker.time(slot.due_at), agent if own else None), fields)


def _at(speaker: Speaker, time: str, agent: str | None) -> str:
    said = speaker.say("page_slot", time=time, agent=agent) if agent else speaker.say("page_slot_anyone", time=time)
    return _sentence(said)


def _form(speaker: Speaker, wanted: datetime | None) -> dict[str, str]:
    zone = ZoneInfo(speaker.zone)
    today = speaker.now.astimezone(zone).date()
    local = None if wanted is None else wanted.astimezone(zone)
    return {name: speaker.say(key) for name, key in _FORM.items()} | {
        "clock": speaker.say("page_clock", city=city(speaker)),
        "first_day": today.isoformat(),
        "last_day": (today + FARTHEST).isoformat(),
        "day_value": local.date().isoformat() if local else "",
        "hour_value": f"{local:%H:%M}" if local else "",
    }


def _zoned(speaker: Speaker, time: str, house_zone: str, at: datetime) -> str:
    """On the page the clock is always named; a time that differs from ours has been told with it already."""
    told = not same_clock(speaker.zone, house_zone, at)
    return time if told else speaker.say("text_zone", time=time, city=city(speaker))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
