"""What the rows of a rule are called, and how they compare.  Values; texts are English, for the catalogue."""

from collections.abc import Mapping, Sequence

WHATS: Sequence[tuple[str, str]] = (
    ("known", "The caller is known"),
    ("tag", "A tag of the customer"),
    ("language", "Their language"),
    ("weary_level_at_least", "How tired of us they are"),
    ("open_matter", "A matter of theirs is open"),
    ("preferred_agent", "They have chosen an agent"),
    ("calls_lately_at_least", "Talks in the last seven days"),
    ("line", "The line they call"),
    ("hours", "The time of the week"),
    ("ready_at_least", "Enough agents are free"),
    ("ready_at_most", "Few agents are free"),
    ("waiting_at_least", "Others who wait"),
    ("waited_at_least_seconds", "How long they have waited"),
    ("anybody", "Anybody"),
)
_TRUTH, _IS, _LEAST = ("yes", "no"), ("is", "is not"), ("at least", "less than")
COMPARISONS: Mapping[str, tuple[str, str]] = {
    "known": _TRUTH,
    "open_matter": _TRUTH,
    "preferred_agent": _TRUTH,
    "tag": _IS,
    "language": _IS,
    "line": _IS,
    "hours": ("within", "outside of"),
    "ready_at_most": ("at most", "more than"),
    "anybody": _TRUTH,
}
EFFECTS: Mapping[str, str] = {
    "urgency_seconds": "They go ahead by",
    "agent": "Having this agent is worth",
    "skills": "The agent needs",
    "teams": "An agent of these teams",
    "language": "The agent must speak",
    "wait_unasked_seconds": "Kept unasked for somebody they know, up to",
    "wait_unasked_chance": "Kept unasked only if the chance is at least",
    "worth.preferred_seconds": "The agent they have chosen is worth",
    "worth.case_owner_seconds": "The agent of their open matter is worth",
    "worth.familiar_seconds": "An agent who knows them is worth",
    "worth.stand_in_seconds": "A stand-in is worth",
    "worth.kept_seconds": "The agent who keeps them is worth",
    "worth.skill_level_seconds": "Each level of skill beyond the need is worth",
    "ring_seconds": "A phone rings",
    "widen": "Others may answer",
}


def comparison(what: str) -> tuple[str, str]:
    return COMPARISONS.get(what, _LEAST)


def texts() -> list[str]:
    pairs = (_TRUTH, _IS, _LEAST, *COMPARISONS.values())
    return [label for _, label in WHATS] + [text for pair in pairs for text in pair] + list(EFFECTS.values())
