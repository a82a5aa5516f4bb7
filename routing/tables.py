"""Agents, and the exclusive holds of one agent for one caller."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, text

from store.due import due_columns
from store.sql import Instant, metadata

_TALKS = text("live AND NOT consult")

agents = Table(
    "agents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("external_id", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False, unique=True),
    Column("languages", JSON, nullable=False),
    Column("skills", JSON, nullable=False),
    Column("team", Text),
    Column("stand_in", ForeignKey("agents.id", ondelete="SET NULL"), index=True),
    Column("hours", Text),
    Column("availability", Text, nullable=False),  # chosen: ready | away | offline
    Column("reason", Text),
    Column("activity", Text, nullable=False),  # what the system sees: idle | reserved | talking | wrap_up
    Column("since_at", Instant, nullable=False),  # of the activity; the longest idle has the oldest
    Column("misses", Integer, nullable=False, server_default=text("0")),  # rings in a row that nobody answered
    Column("made_at", Instant, nullable=False),
    Column("load", Float, nullable=False, server_default=text("0")),  # how busy lately, at since_at: agents.load_at
    Column("wanted_an_hour", Float, nullable=False, server_default=text("0")),  # callers who know them
    Column("back_at", Instant),  # away for a while: when they are back, as they said
    Column(
        "set_by", Text
    ),  # the desk that chose the availability, which ends with it; null: holds until told otherwise
    Column("photo_url", Text),
    Column("successor", Text),  # an agent's id: whose people they become when this one leaves
    *due_columns(),  # due_at: the wrap-up ends
)

reservations = Table(
    "reservations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("agent_id", ForeignKey("agents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", Text, nullable=False),  # offered | accepted, then why it ended: see reservations.py
    Column("live", Boolean, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("accepted_at", Instant, index=True),  # the reports add up what was talked in a span
    Column("ended_at", Instant),
    Column("consult", Boolean, nullable=False, server_default=text("false")),  # asked by the one who talks with them
    *due_columns(),  # due_at: the agent has had long enough to answer
    # Two workers may both believe that an agent is free; the second one breaks on these.
    Index(
        "uq_reservations_live_agent", "agent_id", unique=True, sqlite_where=text("live"), postgresql_where=text("live")
    ),
    Index("uq_reservations_live_call", "call_id", unique=True, sqlite_where=_TALKS, postgresql_where=_TALKS),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("action", Text, nullable=False),  # ring | wait | offer_callback | widen | voicemail
    Column("agent_id", ForeignKey("agents.id", ondelete="SET NULL"), index=True),
    Column("sentence", Text, nullable=False),
    Column("reasons", JSON, nullable=False),
)

plan_versions = Table(
    "plan_versions",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("author", Text, nullable=False),
    Column("note", Text),
    Column("at", Instant, nullable=False),
)

# Who waits and knows whom, while they wait: an agent who becomes free finds their own callers here.
wishes = Table(
    "wishes",
    metadata,
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("agent_id", ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    Column("ranked_at", Instant, nullable=False),  # the call's, less what this agent is worth to its caller
    Index("ix_wishes_of_agent", "agent_id", "ranked_at"),
)

# A pairing that the customer or the agent has declined.  Nobody is shown it but a manager and who declined.
vetoes = Table(
    "vetoes",
    metadata,
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("agent_id", ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    Column("declined_by", Text, primary_key=True),  # customer | agent
    Column("at", Instant, nullable=False),
    Index("ix_vetoes_agent_id", "agent_id"),
)

absences = Table(
    "absences",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agent_id", ForeignKey("agents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),  # every choice asks who is away now
    Column("reason", Text),
)

# What was learnt from the past, one row a kind: written by whoever is first, read by every process.
learnt = Table(
    "learnt",
    metadata,
    Column("kind", Text, primary_key=True),  # talk_times
    Column("body", JSON, nullable=False),
    Column("at", Instant, nullable=False),
)
