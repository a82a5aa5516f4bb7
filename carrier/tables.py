"""What was asked of Twilio, written down before it was asked."""

from sqlalchemy import JSON, Column, Index, Integer, Table, Text

from store.due import due_columns
from store.sql import Instant, metadata

effects = Table(
    "effects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # create_call | update_call | create_message | …: see port.py
    Column("target", Text, nullable=False),  # To of a create, CallSid of an update
    Column("request", JSON, nullable=False),
    Column("priority", Integer, nullable=False),  # 0 a person waits on the line, 1 a promise, 2 the rest
    Column("subject", Text),  # whose wish it was: a leg, a promise, …; told when the result is known
    Column("state", Text, nullable=False),  # intended | asking | unknown | done | failed | withdrawn
    Column("sid", Text, index=True),
    Column("error", Text),
    Column("tries", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("asked_at", Instant),
    *due_columns(),
    Index("ix_effects_subject", "subject"),
)

pacers = Table(
    "pacers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("free_at", Instant, nullable=False),  # the next call may be created then
)

account_numbers = Table(
    "account_numbers",
    metadata,
    Column("number", Text, primary_key=True),  # E.164
    Column("sid", Text),
    Column("seen_at", Instant, nullable=False),
)
