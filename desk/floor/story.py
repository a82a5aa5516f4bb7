"""One call as a story: what happened when, what was decided and why, and who was weighed.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from desk.formats import Formats

SAME = timedelta(seconds=3)  # a decision to ring somebody and the ring are one step


@dataclass(frozen=True, slots=True)
class Weighed:
    """What somebody was to the caller, in seconds of waiting."""

    name: str
    wait: int
    worth: int
    spare: int  # what their taking the call keeps from others
    cost: int
    because: Sequence[str]
    taken: bool


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    icon: str
    text: str
    quote: str | None = None  # somebody's own words
    weighed: Sequence[Weighed] = ()
    remarks: Sequence[str] = ()  # what else spoke for it


@dataclass(frozen=True, slots=True)
class Parts:
    """The rows of one call; `decisions` as the API shows them; `names`: agent id -> name."""

    call: Any
    decisions: Sequence[Mapping[str, Any]]
    reservations: Sequence[Any] = ()
    transfers: Sequence[Any] = ()
    supervisions: Sequence[Any] = ()
    interventions: Sequence[Any] = ()
    names: Mapping[str, str] = field(default_factory=dict)


def story(parts: Parts, f: Formats) -> list[Step]:
    """In the order of time."""
    decided = [_decision(one, parts, f) for one in parts.decisions]
    steps = [*_of_call(parts, f), *decided, *_of_reservations(parts, f), *_of_colleagues(parts, f)]
    return sorted(steps, key=lambda step: step.at)


def _of_call(parts: Parts, f: Formats) -> Iterator[Step]:
    call, words = parts.call, f.words
    ours = call.direction == "outbound"
    line = f.phone(call.from_number if ours else call.to_number)
    yield Step(call.arrived_at, "phone", words("We set out to call them" if ours else "Rang %(line)s", line=line))
    if call.told_at is not None and call.told_seconds is not None:
        yield Step(call.told_at, "speech", words("Heard that it takes about %(span)s", span=f.span(call.told_seconds)))
    if call.offered_at is not None and not ours:
        yield Step(call.offered_at, "speech", words("Was asked what they would rather have"))
    if call.proved_at is not None:
        yield Step(call.proved_at, "shield", words("Proved who they are: a code of ours came back"))
    if call.joined_at is not None:
        yield Step(call.joined_at, "join", words("The two talk"))
    if call.recording_said_at is not None:
        yield Step(call.recording_said_at, "mic", words("Heard that the talk is recorded"))
    if call.on_hold_at is not None:
        yield Step(call.on_hold_at, "hold", words("On hold from here on"))
    if call.dropped_at is not None:
        yield Step(call.dropped_at, "warn", words("The agent's line broke"))
    if call.ended_at is not None:
        yield Step(call.ended_at, "hang-up", words(_ENDS.get(call.outcome or "", "The call ended")))


def _decision(one: Mapping[str, Any], parts: Parts, f: Formats) -> Step:
    reasons = one["reasons"]
    weighed = [_weighed(item, one["agent"], f) for item in reasons.get("weighed", ())]
    return Step(
        at=datetime.fromisoformat(one["at"]),
        icon=_ICONS.get(one["action"], "rules"),
        text=f.why(one["sentence"], reasons.get("in_words")),
        weighed=weighed,
        remarks=list(_remarks(reasons, f)),
    )


def _weighed(item: Mapping[str, Any], taken: str | None, f: Formats) -> Weighed:
    spare = item.get("spare", {})
    because = [f.words(_BECAUSE[why]) for why in item.get("because", ()) if why in _BECAUSE]
    because += [f.words(_SPARE[why]) for why, seconds in spare.items() if seconds and why in _SPARE]
    wait, worth, kept = (round(value) for value in (item["wait_seconds"], item["worth_seconds"], sum(spare.values())))
    return Weighed(item["name"], wait, worth, kept, wait - worth + kept, because, item["agent"] == taken)


def _remarks(reasons: Mapping[str, Any], f: Formats) -> Iterator[str]:
    words = f.words
    for why, seconds in (reasons.get("urgent") or {}).items():
        yield words("%(span)s ahead of others: %(why)s", span=f.span(seconds), why=words(_URGENT.get(why, why)))
    hold = reasons.get("hold")
    if hold:
        chance, span = f.percent(hold["chance"]), f.span(hold["seconds"])
        yield words("Somebody they know is free within %(span)s with a chance of %(chance)s.", span=span, chance=chance)
    if reasons.get("rules"):
        yield words("Rules that applied: %(rules)s", rules=", ".join(map(str, reasons["rules"])))
    if reasons.get("to_caller"):
        yield words("As it may be told to the caller: %(words)s", words=reasons["to_caller"])


def _of_reservations(parts: Parts, f: Formats) -> Iterator[Step]:
    rung = [(one["agent"], datetime.fromisoformat(one["at"])) for one in parts.decisions if one["action"] == "ring"]
    for row in parts.reservations:
        who = _name(row.agent_id, parts, f)
        told = any(agent == row.agent_id and abs(row.made_at - at) <= SAME for agent, at in rung)
        if not told and not row.consult:
            yield Step(row.made_at, "phone", f.words("%(who)s's phone rings", who=who))
        if row.accepted_at is not None and not row.consult:
            yield Step(row.accepted_at, "check", f.words("%(who)s answers", who=who))
        if row.ended_at is not None and row.state in _RESERVED and not row.consult:
            yield Step(row.ended_at, *_told(_RESERVED[row.state], f, who=who))


def _of_colleagues(parts: Parts, f: Formats) -> Iterator[Step]:
    for row in parts.transfers:
        who, by = _name(row.to_agent, parts, f), _name(row.from_agent, parts, f)
        asks = f.words("%(by)s asks %(who)s to take over", by=by, who=who)
        yield Step(row.made_at, "transfer", asks, quote=row.note)
        if row.answered_at is not None:
            yield Step(row.answered_at, "transfer", f.words("%(by)s and %(who)s talk first", by=by, who=who))
        if row.introduced_at is not None:
            yield Step(row.introduced_at, "join", f.words("%(by)s introduces %(who)s", by=by, who=who))
        if row.ended_at is not None and row.state in _TRANSFERRED:
            yield Step(row.ended_at, *_told(_TRANSFERRED[row.state], f, by=by, who=who))
    for row in parts.supervisions:
        who = row.name or f.words("A manager")
        if row.joined_at is not None:
            yield Step(row.joined_at, "ear", f.words("%(who)s comes in to listen or speak", who=who))
            if row.ended_at is not None:
                yield Step(row.ended_at, "leave", f.words("%(who)s leaves", who=who))
    for row in parts.interventions:
        yield Step(row.at, "warn", f.words(_ENDED_BY_HAND.get(row.what, "A manager stepped in")), quote=row.reason)


def _told(entry: tuple[str, str], f: Formats, **values: str) -> tuple[str, str]:
    icon, text = entry
    return icon, f.words(text, **values)


def _name(agent_id: str | None, parts: Parts, f: Formats) -> str:
    return parts.names.get(agent_id or "") or f.words("Somebody who has left")


_ICONS = {"ring": "phone", "wait": "hold", "offer_callback": "promise", "widen": "rules", "voicemail": "mic"}
_ENDS = {
    "agent": "The call ended",
    "voicemail": "Left a message",
    "callback": "Took the promise of a call back",
    "abandoned": "Hung up before anybody answered",
    "backup": "Was put through to the backup number",
}
_RESERVED = {
    "declined": ("hang-up", "%(who)s declines"),
    "rang_out": ("warn", "%(who)s does not answer"),
    "failed": ("warn", "%(who)s's phone could not be reached"),
    "not_rung": ("warn", "The carrier could not ring %(who)s"),
    "withdrawn": ("leave", "%(who)s is not needed any more"),
    "talk_ended": ("hang-up", "The talk with %(who)s ends"),
    "broken": ("warn", "%(who)s did not come back after the line broke"),
}
_TRANSFERRED = {
    "completed": ("transfer", "%(by)s leaves; %(who)s takes over"),
    "handed_on": ("transfer", "%(by)s leaves; %(who)s's phone rings on"),
    "declined": ("hang-up", "%(who)s declines"),
    "rang_out": ("warn", "%(who)s does not answer"),
    "failed": ("warn", "%(who)s's phone could not be reached"),
    "nobody": ("warn", "Nobody with that skill is free"),
    "left": ("leave", "%(who)s leaves again"),
    "returned": ("transfer", "%(by)s takes the caller back"),
    "caller_left": ("hang-up", "The caller hangs up"),
}
_ENDED_BY_HAND = {
    "call_ended": "A manager ended the call",
    "agent_released": "A manager set the agent free",
    "promise_released": "A manager set the promise free",
}
_BECAUSE = {
    "kept": "looks after them until it is solved",
    "preferred": "chosen by them",
    "case_owner": "holds their open matter",
    "familiar": "has helped them",
    "rule": "named by a rule",
    "stand_in": "knows them too",
    "skill": "knows more than is needed",
}
_SPARE = {
    "wanted": "often asked for by name",
    "load": "has had more work than others",
    "promise": "has promised a call soon",
}
_URGENT = {
    "repeated": "calls again about the same thing",
    "transferred": "was passed on before",
    "broken_promise": "a promise was not kept",
    "cut_off": "the line was cut",
    "promise_ends": "the promised time is nearly over",
    "rule": "a rule",
}
