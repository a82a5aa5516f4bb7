"""What is remembered of people."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.due import due_columns
from store.sql import Instant, metadata

_ERASED = text("what = 'erased'")
_STRANGER = text("external_id IS NULL")

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
    Column("given", Text),  # the parts of the name, where somebody has told them apart
    Column("surname", Text),
    Column("gender", Text),  # feminine | masculine: how languages that must choose speak of them; null: so that it fits
    Column("life_notes", Text),  # what they chose to tell of themselves
    Column("stand_ins", JSON),  # agents' ids: who knows them too, the next best first
    Column("name_recording_url", Text),  # they said their name, and nobody has written it down yet
    Column("name_key", Text, index=True),  # see names.py: the same for all spellings; null: not yet written
    Column("email_key", Text, index=True),  # in lower case
    # Two records that were one person: this one's past is with the other, and comes back if they are told apart.
    Column("merged_into", Text, index=True),  # whoever erases one erases both
    Index("ix_customers_strangers", "made_at", sqlite_where=_STRANGER, postgresql_where=_STRANGER),
)

customer_phones = Table(
    "customer_phones",
    metadata,
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Text, primary_key=True),  # E.164
    Column("position", Integer, nullable=False),
    Column("given_up_at", Instant),  # from then on somebody else's: nobody is known by it any more
    Column("since_at", Instant),  # told by a caller at that moment; null: vouched for by whoever keeps the records
    Index("ix_customer_phones_number", "number", postgresql_ops={"number": "text_pattern_ops"}),  # by its beginning too
)

# Where people ring from who have no number there: a softphone, a company's own exchange.
customer_addresses = Table(
    "customer_addresses",
    metadata,
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("address", Text, primary_key=True, index=True),  # sip:user@host or client:name, in lower case
)

# By what people are found who know a part of the name: see names.py.  Written with the customer, from the name alone.
customer_name_parts = Table(
    "customer_name_parts",
    metadata,
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("part", Text, primary_key=True),  # a-z and digits
    Index("ix_customer_name_parts_part", "part", "customer_id", postgresql_ops={"part": "text_pattern_ops"}),
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
    Column("case_id", Text, index=True),
    Column("confirmed", Boolean),  # is it solved, in the customer's own word; null: they have not said
    Column("warm", Boolean, nullable=False, server_default=text("false")),  # transferred by one who introduced them
    # False: its agent said nothing of how it ended, nor did the customer; it is only taken to be solved.
    Column("judged", Boolean, nullable=False, server_default=text("true")),
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
    Column("confirmed", Boolean),  # that it is solved: the customer's own word
    Column("reopened", Integer, nullable=False, server_default=text("0")),  # times
)

# What happened to a case, and through whom: only ever added to.
case_history = Table(
    "case_history",
    metadata,
    Column("case_id", ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),  # opened | changed | solved | reopened | confirmed
    Column("by", Text, nullable=False),
    Column("before", JSON),
    Column("after", JSON),
)

# What was written down about a person, and what they told in their own words.
notes = Table(
    "notes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("agent_id", ForeignKey("agents.id", ondelete="SET NULL"), index=True),
    Column("at", Instant, nullable=False, index=True),
    Column("kind", Text, nullable=False),  # note: ours | story: theirs
    Column("words", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("call_sid", Text),
    Index("ix_notes_customer_at", "customer_id", "at"),
)

# What they have said yes or no to; of one kind the latest counts.
consents = Table(
    "consents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),  # recording | texts | marketing
    Column("given", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),  # phone | text | link | agent | api | import
    Column("call_sid", Text),
    Index("ix_consents_customer_kind", "customer_id", "kind", "at"),
)

merges = Table(
    "merges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kept_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("gone_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("moved", JSON, nullable=False),  # what came over, so that it can go back
    Column("undone_at", Instant),
)

# Two people who look like one, and are not: never proposed again.
not_the_same = Table(
    "not_the_same",
    metadata,
    Column("one_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),  # the lesser id of the two
    Column("other_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
)

# Which wording of a situation a person heard last: the next time it is another one.
wordings = Table(
    "wordings",
    metadata,
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("situation", Text, primary_key=True),
    Column("variant", Integer, nullable=False),
)

# Who read or changed what, append-only.  It names people by their ids alone, and so may outlive them.
audit = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("role", Text, nullable=False),  # manager | agent | service | house
    Column("by", Text, nullable=False),  # token's id, or what the house did it with
    Column("agent_id", Text),
    Column("what", Text, nullable=False),  # see audit.py
    Column("customer_id", Text),
    Column("detail", JSON),
    Index("ix_audit_customer_at", "customer_id", "at"),
    Index("ix_audit_by_at", "by", "at"),
    Index("ix_audit_what_at", "what", "at"),
    Index("ix_audit_erased", "customer_id", sqlite_where=_ERASED, postgresql_where=_ERASED),  # after a restore: who
)

# The same person in another house's system.
connector_links = Table(
    "connector_links",
    metadata,
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("connector", Text, primary_key=True),
    Column("remote_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_connector_links_remote", "connector", "remote_id", unique=True),
)

# What another system is to be told; a reference only, so that it goes with the person.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("connector", Text, nullable=False),
    Column("kind", Text, nullable=False),  # interaction
    Column("ref", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False),  # waiting | sent | refused | nobody: they do not know the person
    Column("problem", Text),
    *due_columns(),
    UniqueConstraint("connector", "kind", "ref", name="uq_outbox"),
)

# How far a file was loaded, so that an interrupted load goes on where it stopped.
import_runs = Table(
    "import_runs",
    metadata,
    Column("id", Text, primary_key=True),  # of the kind and the file's content
    Column("kind", Text, nullable=False),
    Column("position_bytes", BigInteger, nullable=False),
    Column("line", Integer, nullable=False),
    Column("loaded", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("done_at", Instant),
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
    Column("at", Instant, nullable=False, index=True),  # the oldest go first
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
