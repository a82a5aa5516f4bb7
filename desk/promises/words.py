"""What is said of promises: kinds, states, risks, texts.  English, for the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

RISKS: Mapping[str, str] = {  # with the owner's name
    "owner_busy": "%(agent)s will probably still be talking then.",
    "owner_away": "%(agent)s is not there.",
    "nobody_free": "Probably nobody will be free in time.",
    "rate": "More calls are due at once than your account may make.",
    "quiet": "They have asked for quiet at that hour.",
    "spend": "The day's money for calls is spent.",
    "number_a_day": "Their number has been rung too often today.",
}
KINDS: Mapping[str, str] = {
    "asap": "As soon as possible",
    "scheduled": "At an agreed time",
    "follow_up": "Follow-up",
    "voicemail": "Answer to a message",
}
STATES: Mapping[str, tuple[str, str]] = {  # and the kind of its pill
    "promised": ("Promised", "plain"),
    "due": ("Due", "warn"),
    "ringing_agent": ("Ringing the agent", "calm"),
    "ringing_customer": ("Ringing the customer", "calm"),
    "talking": ("Talking", "good"),
    "kept": ("Kept", "good"),
    "broken": ("Broken", "bad"),
    "cancelled": ("Cancelled", "plain"),
    "merged": ("Merged with another", "plain"),
    "unreachable": ("Not reached", "warn"),
}
TOLD: Mapping[str, tuple[str, str] | None] = {  # what became of the last text
    "none": None,
    "queued": ("Text on its way", "plain"),
    "sent": ("Text on its way", "plain"),
    "delivered": ("Text delivered", "plain"),
    "failed": ("Text did not arrive", "bad"),
    "undelivered": ("Text did not arrive", "bad"),
}
KEPT_HOW: Mapping[str, str] = {
    "call": "By another call",
    "text": "By text",
    "mail": "By mail",
    "in_person": "In person",
}
BY: Mapping[str, str] = {
    "customer": "the customer",
    "manager": "a manager",
    "service": "a program",
    "us": "the house",
}
WAYS: Mapping[str, str] = {"phone": "by phone", "text": "by text", "link": "on the page"}
STEPS: Mapping[str, str] = {
    "made": "Promised",
    "moved": "Moved",
    "reassigned": "Given to somebody else",
    "changed": "Changed",
    "at_risk": "At risk",
    "safe": "Safe again",
    "told": "Text sent",
    "choices": "Asked by text which time they would rather have",
    "chosen": "They chose",
    "taken": "Taken on",
    "attempt": "Called, not reached",
    "missed": "Its time passed with nobody calling",
    "kept": "Kept",
    "broken": "Broken",
    "cancelled": "Cancelled",
    "merged": "Merged with another",
    "unreachable": "Given up: not reached",
}
ATTEMPTS: Mapping[str, str] = {
    "connected": "reached",
    "no_answer": "no answer",
    "busy": "busy",
    "failed": "not connected",
    "voicemail": "a machine answered, or nobody",
    "agent_left": "the agent left before they could answer",
}
