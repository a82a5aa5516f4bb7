"""What pages read of the tables of the room that answers calls: rooms side by side know nothing of each other."""

from sqlalchemy import Boolean, Float, Text, column, table

from store.sql import Instant

LIVE = ("greeting", "choosing", "waiting", "ringing", "talking")

calls = table(
    "calls",
    *(column(name, Text) for name in ("id", "sid", "direction", "from_number", "to_number", "customer_id", "said")),
    *(column(name, Text) for name in ("state", "outcome", "agent_id", "choice", "callback_id", "case_id", "language")),
    *(column(name, Text) for name in ("recording_state", "call_back_to", "known_by", "name_recording_url")),
    column("dropped_agent", Text),
    *(column(name, Boolean) for name in ("familiar", "consent", "confirmed")),
    *(column(name, Instant) for name in ("arrived_at", "ranked_at", "held_until", "offered_at", "told_at")),
    *(column(name, Instant) for name in ("greeted_at", "talking_at", "joined_at", "ended_at", "on_hold_at")),
    *(column(name, Instant) for name in ("agent_ends_at", "dropped_at", "proved_at", "recording_said_at")),
    *(column(name, Float) for name in ("told_seconds", "waited_seconds")),
)

legs = table(
    "legs",
    *(column(name, Text) for name in ("id", "call_id", "role", "agent_id", "state")),
    *(column(name, Instant) for name in ("made_at", "ended_at")),
)

transfers = table(
    "transfers",
    *(column(name, Text) for name in ("id", "call_id", "from_agent", "to_agent", "skill", "note", "state")),
    column("live", Boolean),
    *(column(name, Instant) for name in ("made_at", "answered_at", "introduced_at", "ended_at")),
)

supervisions = table(
    "supervisions",
    *(column(name, Text) for name in ("id", "call_id", "by", "name", "mode")),
    *(column(name, Instant) for name in ("made_at", "joined_at", "ended_at")),
)

interventions = table(
    "interventions",
    *(column(name, Text) for name in ("id", "call_id", "agent_id", "by", "what", "reason")),
    column("at", Instant),
)
