"""The ledger of promises and the attempts to keep them."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, Table, Text, text

from store.due import due_columns
from store.sql import Instant, metadata

_OPEN = text("state IN ('promised','due','ringing_agent','ringing_customer','talking')")
_OPEN_BARE = text(f"case_id IS NULL AND {_OPEN.text}")

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("number", Text, nullable=False),  # E.164
    Column("from_number", Text),  # which of ours the customer will see; null: any
    Column("agent_id", ForeignKey("agents.id", ondelete="SET NULL"), index=True),
    Column("case_id", ForeignKey("cases.id", ondelete="SET NULL"), index=True),
    Column("promised_at", Instant, nullable=False, index=True),  # the API's due_at; due_at below is when to act
    Column("spoken", Text),  # the wall time as it was said, with its zone beside it
    Column("zone", Text, nullable=False),
    Column("window_seconds", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # asap | scheduled | follow_up | voicemail
    Column("reason", Text),
    Column("origin_call", Text),  # CallSid
    Column("recording_url", Text),
    Column("state", Text, nullable=False),
    Column("kept_at", Instant),
    Column("late_seconds", Float),
    Column("missed_at", Instant),  # when its window had passed with nobody calling, the last time
    Column("made_at", Instant, nullable=False),
    *due_columns(),
    # One open promise per person and matter, whoever asks, however often.
    Index("uq_callbacks_open", "customer_id", unique=True, sqlite_where=_OPEN_BARE, postgresql_where=_OPEN_BARE),
    Index("uq_callbacks_open_case", "customer_id", "case_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
)

callback_attempts = Table(
    "callback_attempts",
    metadata,
    Column("callback_id", ForeignKey("callbacks.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("result", Text),  # null while it runs
)
