"""Tables of the room that answers calls, by their keys: rooms side by side do not know each other.  Read only."""

from sqlalchemy import Boolean, Text, column, table

from store.sql import Instant

calls = table(
    "calls",
    column("id", Text),
    column("sid", Text),
    column("direction", Text),
    column("from_number", Text),
    column("to_number", Text),
    column("customer_id", Text),
    column("state", Text),
    column("said", Text),
    column("agent_id", Text),
    column("callback_id", Text),
    column("case_id", Text),
    column("known_by", Text),
    column("proved_at", Instant),
    column("arrived_at", Instant),
    column("talking_at", Instant),
    column("ended_at", Instant),
    column("on_hold_at", Instant),
    column("name_recording_url", Text),
)

transfers = table(
    "transfers",
    column("id", Text),
    column("call_id", Text),
    column("to_agent", Text),
    column("state", Text),
    column("live", Boolean),
)
