"""The ledger of promises and the attempts to keep them."""

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, Table, Text, text

from store.due import due_columns
from store.sql import Instant, metadata

_OPEN = text("state IN ('promised','due','ringing_agent','ringing_customer','talking')")
_AT_RISK = text("risk IS NOT NULL")
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
    Column("wall", Text),  # what the clock on the wall of `zone` will show, as spoken: 2026-03-29T02:30
    Column("arrived_at", Instant),  # when they first rang: the place they keep
    Column("made_by", Text),  # customer | agent:ID | manager | service | us
    Column("made_with", Text),  # phone | text | link | api | keeper
    Column("channel", Text, nullable=False, server_default=text("'call'")),  # call | text
    Column("words", Text),  # of a text, the agent's own
    Column("transcript", Text),  # of the recording
    Column("kept_how", Text),  # null: by the call; else text | mail | in_person | call
    Column("note", Text),  # of whoever kept it otherwise
    Column("risk", Text),  # why it may not be kept: see outlook.py; null: nothing speaks against it
    Column("risk_at", Instant),
    Column("choices", JSON),  # two times that were offered instead, by text: [{"at": ISO, "agent": ID | null}]
    Column("moves", Integer, nullable=False, server_default=text("0")),
    Column("reminded_at", Instant),
    Column("late_told_at", Instant),
    *due_columns(),
    # One open promise per person and matter, whoever asks, however often.
    Index("uq_callbacks_open", "customer_id", unique=True, sqlite_where=_OPEN_BARE, postgresql_where=_OPEN_BARE),
    Index("uq_callbacks_open_case", "customer_id", "case_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_callbacks_number", "number", "made_at"),  # how often one number has been promised a call of late
    Index("ix_callbacks_made_at", "made_at"),  # how many the house has promised in a minute, and the reports
    Index("ix_callbacks_open_due", "promised_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),  # who waits
    Index("ix_callbacks_at_risk", "risk_at", sqlite_where=_AT_RISK, postgresql_where=_AT_RISK),
)

callback_attempts = Table(
    "callback_attempts",
    metadata,
    Column("callback_id", ForeignKey("callbacks.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("result", Text),  # null while it runs
)

# What happened to a promise, and through whom: only ever added to.
callback_history = Table(
    "callback_history",
    metadata,
    Column("callback_id", ForeignKey("callbacks.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),  # see history.py
    Column("by", Text, nullable=False),
    Column("before", JSON),
    Column("after", JSON),
)
