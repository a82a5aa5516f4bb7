"""News of the live floor, numbered in the order it happened."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from store.sql import Instant, metadata

events = Table(
    "events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("type", Text, nullable=False),  # call.changed | agent.changed | callback.changed | decision.made
    Column("ref", Text, nullable=False),  # id of what changed
    sqlite_autoincrement=True,  # a number is never given twice
)

# When this house last lived: a database that comes back from yesterday knows by it what it has missed.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)
