"""As much as is read here of the tables of the room that answers calls: rooms side by side do not know each other."""

from sqlalchemy import Boolean, Text, column, table

from store.sql import Instant

calls = table(
    "calls",
    *(column(name, Text) for name in ("id", "state", "direction", "customer_id", "dropped_agent")),
    *(column(name, Instant) for name in ("on_hold_at", "agent_ends_at", "dropped_at", "joined_at")),
)
transfers = table(
    "transfers",
    *(column(name, Text) for name in ("call_id", "from_agent", "to_agent", "state")),
    column("live", Boolean),
)
supervisions = table(
    "supervisions",
    *(column(name, Text) for name in ("id", "call_id", "name", "mode")),
    *(column(name, Instant) for name in ("joined_at", "ended_at")),
)
