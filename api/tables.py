"""Bearer tokens, and the answers already given under an idempotency key."""

from sqlalchemy import JSON, Column, Integer, Table, Text

from store.sql import Instant, metadata

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),  # manager | agent | service
    Column("agent_id", Text),
    Column("digest", Text, nullable=False, unique=True),  # SHA-256 of the token: it is random, so no salt is needed
    Column("made_at", Instant, nullable=False),
    Column("made_by", Text),  # a user's or token's id; null: by the command
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),  # of method, path and body
    Column("status", Integer),  # null while the first request runs
    Column("answer", JSON),
    Column("made_at", Instant, nullable=False, index=True),
)
