"""The plan's figures as managers meet them: where they stand, what they are called, what each of them means.  Pure.

What has a form of its own (hours, lines, rules, steps, phrases) is not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from desk.plan.fields_promises import CHOICE, LIMITS
from desk.plan.fields_talks import RETENTION, RINGING, SAID
from desk.plan.fields_worth import LOAD, URGENCY, WAITING, WORTH
from desk.plan.kinds import Choice, Field, Figure, Group, Switch
from desk.plan.paths import Path

GROUPS: Mapping[str, Sequence[Group]] = {  # by page
    "worth": (WORTH, WAITING, URGENCY, LOAD),
    "promises": (CHOICE, LIMITS),
    "talks": (RINGING, SAID, RETENTION),
}
FIELDS: Mapping[Path, Field] = {
    field.path: field for groups in GROUPS.values() for group in groups for field in group.fields
}


def agent_worth(agent_id: str, name: str) -> Figure:
    """What a certain agent is worth, whoever calls."""
    return Figure(("worth", "agents", agent_id), name, "Whoever calls waits up to {} longer for them.", alone=False)


def field_at(path: Path) -> Field | None:
    return FIELDS.get(path)


def texts() -> Iterator[str]:
    """Everything of here that a catalogue has to know."""
    yield "Whoever calls waits up to {} longer for them."
    for groups in GROUPS.values():
        for group in groups:
            yield from (group.title, group.told)
            for field in group.fields:
                yield field.label
                match field:
                    case Figure():
                        yield from (field.sentence, *((field.none,) if field.none else ()))
                    case Choice():
                        for _, label, sentence in field.options:
                            yield from (label, sentence)
                    case Switch():
                        yield from (field.on, field.off)
