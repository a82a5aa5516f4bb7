"""Who signs in and from which browser; and what they left half done."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from store.sql import Instant, metadata

_PHONE = text("is_phone")

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, unique=True),  # in lower case
    Column("role", Text, nullable=False),  # manager | agent
    Column("agent_id", ForeignKey("agents.id", ondelete="SET NULL"), unique=True),  # a manager may answer calls too
    Column("password", Text),  # argon2; null: by OIDC alone, or not yet chosen
    Column("subject", Text, unique=True),  # of OIDC: issuer, a blank, the subject
    Column("language", Text),  # it | en; null: as the browser asks
    Column("address", Text),  # where a manager's ear is, to listen in; null: this browser
    Column("made_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("second_factor", Text),  # what their app's codes are made from, locked; null: the password is enough
    Column("second_factor_step", Integer),  # the latest half minute whose code was used: none up to it counts again
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("digest", Text, nullable=False, unique=True),  # SHA-256 of what the cookie holds
    Column("how", Text, nullable=False),  # password | oidc | invite
    Column("browser", Text),
    Column("made_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),
    Column("proved_at", Instant),  # when they last showed in it who they are; null: a provider may have remembered them
)

# For the day on which the telephone with the second factor is lost.  A row that is used is gone.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("digest", Text, nullable=False, unique=True),
)

invites = Table(
    "invites",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("used_at", Instant),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("whom", Text, nullable=False),  # a digest of the address that was tried, or of where it came from
    Column("at", Instant, nullable=False, index=True),
    Index("ix_sign_in_failures_whom_at", "whom", "at"),
)

# One open browser tab.  It says every few seconds that it is still there; what it set ends with it.
desks = Table(
    "desks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("agent_id", ForeignKey("agents.id", ondelete="CASCADE"), index=True),
    Column("is_phone", Boolean, nullable=False),  # of several tabs one is the telephone
    Column("registered", Boolean, nullable=False),  # the carrier can ring it
    Column("opened_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, index=True),
    Index("uq_desks_phone", "agent_id", unique=True, sqlite_where=_PHONE, postgresql_where=_PHONE),
)

# Why somebody opened the record of a person whom they do not serve, and until when it stays open.
look_ups = Table(
    "look_ups",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("until", Instant, nullable=False),
)

# A plan that somebody is writing: one for each manager, kept at every change.
plan_drafts = Table(
    "plan_drafts",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("base_version", Integer, nullable=False),  # what it was begun from: publishing asks for no other
    Column("body", JSON, nullable=False),
    Column("at", Instant, nullable=False),
)
