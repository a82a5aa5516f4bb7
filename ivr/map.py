"""The dialogue, printed: `python -m ivr.map` writes docs/dialogue.md from the machine's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ivr.machine import (
    AFTER,
    ALWAYS,
    BEFORE,
    LAST,
    LEADS,
    LONGEST_SILENCE,
    MEANS,
    MOST_ASKED,
    MOST_ASKED_WHICH,
    RING,
    WAIT,
    Do,
    Input,
    Place,
)

PATH = Path(__file__).parent.parent / "docs" / "dialogue.md"
P, I = Place, Input  # noqa: E741

HEARS: Mapping[Place, str] = {
    P.ARRIVING: "Nothing yet.",
    P.WHICH: "Is that Maria or Paolo? By key or by name; nobody is greeted as if we were sure.",
    P.RINGING: "Whom we are ringing and for about how long, the ways out, then soft ringing.",
    P.RINGING_WHY: "The same, with an invitation to say why they call.",
    P.RINGING_SAME: "The same, with one question: is it the same thing as last time?",
    P.RINGING_NAME: "The same, with the question for their name.",
    P.RINGING_CONSENT: "The same, with the question whether the talk may be recorded, or the news that it is.",
    P.NAME_RECORDING: "A tone, after which they say their name; whoever is being rung goes on being rung.",
    P.WAITING: "An estimate, the ways out, quiet.",
    P.WAITING_NAME: "The same, with the question for their name.",
    P.CHOOSING: "The one they know is busy: for how long, a teammate, a call back or a message; said once.",
    P.NOBODY: "Nobody is here: a call back or a message.",
    P.CLOSED: "When we open again: a call back, and then the tone for a message.",
    P.OFFER: "One or two times for a call back.",
    P.OTHER_TIME: "The next day, another time, another number.",
    P.WHICH_TIME: "For which day and time?",
    P.NUMBER: "Which other number shall we call?",
    P.NUMBER_NEEDED: "Which number shall we call, as we know none? Then the tone for a message.",
    P.NUMBER_CHECK: "The number read back.",
    P.NO_TIME: "There is no time that we could keep; then the tone for a message.",
    P.MESSAGE: "The tone for a message.",
    P.FETCHED: "Quiet, for the second that the carrier takes to bring them into the room.",
    P.TOGETHER: "The agent.",
    P.SOLVED: "Is it solved?",
    P.PARTING: "Thanks; somebody again, or the same one from now on.",
    P.STILL_OPEN: "Who holds the matter; somebody now, or a call back.",
    P.PROMISED: "The promise, in the words it was stored with; then we put the line down.",
    P.KEPT: "The message has arrived, and by when they are answered; then we put the line down.",
    P.GOODBYE: "Goodbye; then we put the line down.",
}
_LOOKS = "look"  # who is free: drawn as a fork of its own
_BEST = LEADS[Do.LOOK]
_PARTS: tuple[tuple[str, frozenset[Place]], ...] = (
    ("Who it is, who is rung, who is waited for", BEFORE & (RING | WAIT | {P.ARRIVING, P.WHICH, P.NAME_RECORDING})),
    (
        "A call back, or a message",
        frozenset(
            (
                *(P.CHOOSING, P.NOBODY, P.CLOSED, P.OFFER, P.OTHER_TIME, P.WHICH_TIME),
                *(P.NUMBER, P.NUMBER_NEEDED, P.NUMBER_CHECK, P.NO_TIME, P.MESSAGE),
            )
        ),
    ),
    ("The talk, and after it", AFTER | {P.FETCHED, P.TOGETHER}),
)


def written() -> str:
    return "\n".join((*_introduction(), *(line for part in _PARTS for line in _part(*part)), *_table())) + "\n"


def _introduction() -> Iterable[str]:
    yield "# The dialogue"
    yield ""
    yield "Written by `python -m ivr.map` from `ivr/machine.py`, which the code obeys: do not edit it here."
    yield ""
    yield "A caller is at a *place*, which is the document they hear. What comes there (a key, words, nothing) means"
    yield "something, and leads to another place; which of several it is depends on who is free at that moment."
    yield "In the drawings `look` is that fork. What holds at every place before a talk is not drawn:"
    yield ""
    for do, inputs in _grouped(ALWAYS.get).items():
        yield f"- {', '.join(what.value for what in inputs)}: {do.value}"
    yield ""
    yield "When the store is away they hear an apology, may have a call back or leave a message, and are asked nothing"
    yield "else; then they are where they were."
    yield ""
    yield "What the tests prove by walking all of it:"
    yield ""
    yield f"- Silence leads, in at most {LONGEST_SILENCE} documents, to somebody being rung, a wait with estimates, a"
    yield "  recording or a promise. The wait itself is a circle: it lasts while there is somebody to be waited for."
    yield f"- Nothing is asked more than {MOST_ASKED} times, and who of several it is {MOST_ASKED_WHICH} times;"
    yield "  then it goes on as if they had said nothing."
    yield f"- We put the line down only at {_places(LAST)}."
    yield ""


def _part(title: str, places: frozenset[Place]) -> Iterable[str]:
    yield f"## {title}"
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield "    direction LR"
    yield f"    state {_LOOKS} <<choice>>"
    lines = dict.fromkeys(line for place in Place if place in places for line in _arrows(place))
    yield from lines
    if any(f"--> {_LOOKS}" in line for line in lines):
        yield from (f"    {_LOOKS} --> {place}" for place in Place if place in _BEST)
    yield "```"
    yield ""


def _arrows(place: Place) -> Iterable[str]:
    for do, inputs in _meanings(place).items():
        shown = [what for what in inputs if what is I.NOTHING or do is not ALWAYS.get(what)]
        if not shown or (do in (Do.JOIN, Do.END) and I.NOTHING not in shown):
            continue
        label = ", ".join(what.value for what in shown) if len(shown) < 4 else do.value
        fork = LEADS[do] >= _BEST - {P.CHOOSING, P.NOBODY, P.RINGING_SAME}
        for other in Place:
            if other in LEADS[do] and not (fork and other in _BEST):
                yield f"    {place} --> {other}: {label}"
        if fork:
            yield f"    {place} --> {_LOOKS}: {label}"


def _table() -> Iterable[str]:
    yield "## Every place, and what everything means there"
    for place in Place:
        yield ""
        yield f"### {place}"
        yield ""
        yield HEARS[place]
        yield ""
        yield "| comes | is taken as | leads to |"
        yield "|---|---|---|"
        for do, inputs in _meanings(place).items():
            leads = "the same place" if do is Do.APOLOGISE else _places(LEADS[do])
            yield f"| {', '.join(what.value for what in inputs)} | {do.value} | {leads} |"


def _meanings(place: Place) -> dict[Do, list[Input]]:
    return _grouped(lambda what: MEANS.get((place, what)))


def _grouped(meaning: Callable[[Input], Do | None]) -> dict[Do, list[Input]]:
    meanings: dict[Do, list[Input]] = {}
    for what in Input:
        if (do := meaning(what)) is not None:
            meanings.setdefault(do, []).append(what)
    return meanings


def _places(some: frozenset[Place]) -> str:
    fork = some >= _BEST
    named = [f"`{place}`" for place in Place if place in some and not (fork and place in _BEST)]
    return ", ".join([*(["whatever is best now"] if fork else []), *named])


if __name__ == "__main__":
    PATH.write_text(written(), encoding="utf-8")
