"""What was asked of Twilio, written down before it was asked."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, Table, Text, text

from store.due import due_columns
from store.sql import Instant, metadata

_UNRESOLVED = text("state IN ('asking','unknown') AND kind IN ('create_call','send_text')")

effects = Table(
    "effects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # see port.Kind
    Column("target", Text, nullable=False),  # To of a create, the SID of what is changed otherwise
    Column("request", JSON, nullable=False),  # emptied once the effect is settled
    Column("priority", Integer, nullable=False),  # 0 a person waits on the line, 1 a promise, 2 the rest
    Column("subject", Text),  # whose wish it was: a leg, a promise, …; told when the result is known
    Column("state", Text, nullable=False),  # intended | asking | unknown | done | failed | withdrawn
    Column("wanted", Boolean, nullable=False),  # false: withdrawn after it was asked; ended as soon as its SID is known
    Column("sid", Text, index=True),
    Column("error", Text),  # Twilio's code, or one of port's words
    Column("tries", Integer, nullable=False),
    Column("made_at", Instant, nullable=False, index=True),  # the oldest go first
    Column("not_after", Instant, nullable=False),  # never asked later than this
    Column("asked_at", Instant),
    *due_columns(),
    Index("ix_effects_subject", "subject"),
    Index("ix_effects_target", "target"),
    # An unknown outcome is looked up by its To: with two of them nobody could tell which call is whose.
    Index(
        "uq_effects_unresolved",
        "kind",
        "target",
        unique=True,
        sqlite_where=_UNRESOLVED,
        postgresql_where=_UNRESOLVED,
    ),
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
    Column("sid", Text),  # null: known only from a webhook's To
    Column("seen_at", Instant, nullable=False),
)
