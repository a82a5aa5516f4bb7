"""What is remembered of people."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from store.sql import Instant, metadata

customers = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("external_id", Text, unique=True),
    Column("name", Text),
    Column("called", Text),
    Column("title", Text),
    Column("say", Text),
    Column("language", Text),
    Column("formal", Boolean, nullable=False, server_default=text("true")),
    Column("email", Text),
    Column("photo_url", Text),
    Column("preferred_agent", ForeignKey("agents.id", ondelete="SET NULL"), index=True),
    Column("time_zone", Text),
    Column("quiet_hours", Text),
    Column("style", Text),
    Column("notes", Text),
    Column("tags", JSON, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

customer_phones = Table(
    "customer_phones",
    metadata,
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Text, primary_key=True, index=True),  # E.164
    Column("position", Integer, nullable=False),
)

interactions = Table(
    "interactions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("external_id", Text, unique=True),
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("agent_id", ForeignKey("agents.id", ondelete="SET NULL"), index=True),
    Column("channel", Text, nullable=False),
    Column("started_at", Instant, nullable=False, index=True),
    Column("talk_seconds", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("topic", Text),
    Column("summary", Text),
    Index("ix_interactions_customer_started", "customer_id", "started_at"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("owner", ForeignKey("agents.id", ondelete="SET NULL"), index=True),
    Column("topic", Text),
    Column("title", Text),
    Column("state", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("solved_at", Instant),
)

texts = Table(
    "texts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sid", Text, unique=True),
    Column("effect_id", Text, unique=True),  # an outgoing text's request to the carrier
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), index=True),
    Column("direction", Text, nullable=False),  # in | out
    Column("from_number", Text, nullable=False),
    Column("to_number", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("callback_id", Text, index=True),  # the promise it speaks of
)

# Who does not want our texts.
text_opt_outs = Table(
    "text_opt_outs",
    metadata,
    Column("number", Text, primary_key=True),  # E.164
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),  # word: they wrote so | carrier: it refused a text
)
