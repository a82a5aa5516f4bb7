"""Who is calling and what is shared with them: names told apart, two records that are one, notes and stories, the
history of a case, consents, proofs, who read what, and what other systems are told.

Revision 0005, after 0004.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = True, index: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, index=index)


def _person(name: str = "customer_id", *, key: bool = False, index: bool = False) -> sa.Column[object]:
    whose = sa.ForeignKey("customers.id", ondelete="CASCADE")
    return sa.Column(name, sa.Text(), whose, primary_key=key, nullable=False, index=index)


def _added() -> Iterator[tuple[str, sa.Column[object]]]:
    for name in ("given", "surname", "gender", "life_notes", "name_recording_url", "name_key", "email_key"):
        yield "customers", sa.Column(name, sa.Text())
    yield "customers", sa.Column("merged_into", sa.Text())
    yield "customers", sa.Column("stand_ins", sa.JSON())
    yield "customer_phones", _instant("given_up_at")
    yield "customer_phones", _instant("since_at")
    yield "interactions", sa.Column("case_id", sa.Text())
    yield "interactions", sa.Column("confirmed", sa.Boolean())
    yield "cases", sa.Column("confirmed", sa.Boolean())
    yield "cases", sa.Column("reopened", sa.Integer(), nullable=False, server_default=sa.text("0"))
    for name in ("case_id", "place", "attestation", "forwarded_from", "name_recording_url"):
        yield "calls", sa.Column(name, sa.Text())
    yield "calls", sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0"))
    yield "calls", _instant("proved_at")
    yield "calls", sa.Column("consent", sa.Boolean())
    yield "calls", sa.Column("talk_recordings", sa.JSON())
    yield "calls", sa.Column("confirmed", sa.Boolean())
    for name in ("known_by", "asked", "room_sid", "recording_state"):
        yield "calls", sa.Column(name, sa.Text())
    for name in ("recording_said_at", "solved_asked_at", "question_at", "hears_until"):
        yield "calls", _instant(name)


_INDEXED = (
    *(("customers", name) for name in ("name_key", "email_key", "merged_into")),
    ("interactions", "case_id"),
    ("texts", "at"),
    ("effects", "made_at"),
    ("calls", "case_id"),
)
_TABLES = (
    *("customer_addresses", "customer_name_parts", "case_history", "notes", "consents", "merges", "not_the_same"),
    *("wordings", "audit", "connector_links", "outbox", "import_runs", "proofs"),
)


def upgrade() -> None:
    for table, column in _added():
        op.add_column(table, column)
    for table, name in _INDEXED:
        op.create_index(f"ix_{table}_{name}", table, [name])
    _number_index({"number": "text_pattern_ops"})
    stranger = sa.text("external_id IS NULL")
    op.create_index(
        "ix_customers_strangers", "customers", ["made_at"], sqlite_where=stranger, postgresql_where=stranger
    )
    _of_people()
    _of_others()


def _number_index(classes: dict[str, str]) -> None:
    """Numbers are found by their beginning too, which PostgreSQL must be told."""
    op.drop_index("ix_customer_phones_number", "customer_phones")
    op.create_index("ix_customer_phones_number", "customer_phones", ["number"], postgresql_ops=classes)


def _of_people() -> None:
    op.create_table(
        "customer_addresses",
        _person(key=True),
        sa.Column("address", sa.Text(), primary_key=True, index=True),
    )
    op.create_table("customer_name_parts", _person(key=True), sa.Column("part", sa.Text(), primary_key=True))
    op.create_index(
        "ix_customer_name_parts_part",
        "customer_name_parts",
        ["part", "customer_id"],
        postgresql_ops={"part": "text_pattern_ops"},
    )
    op.create_table(
        "case_history",
        sa.Column("case_id", sa.Text(), sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True, autoincrement=False),
        _instant("at", nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.Text(), primary_key=True),
        _person(),
        sa.Column("agent_id", sa.Text(), sa.ForeignKey("agents.id", ondelete="SET NULL"), index=True),
        _instant("at", nullable=False, index=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("call_sid", sa.Text()),
    )
    op.create_index("ix_notes_customer_at", "notes", ["customer_id", "at"])
    op.create_table(
        "consents",
        sa.Column("id", sa.Text(), primary_key=True),
        _person(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        _instant("at", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("call_sid", sa.Text()),
    )
    op.create_index("ix_consents_customer_kind", "consents", ["customer_id", "kind", "at"])
    op.create_table(
        "merges",
        sa.Column("id", sa.Text(), primary_key=True),
        _person("kept_id", index=True),
        _person("gone_id", index=True),
        _instant("at", nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        _instant("undone_at"),
    )
    op.create_table(
        "not_the_same",
        _person("one_id", key=True),
        _person("other_id", key=True, index=True),
        _instant("at", nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
    )
    op.create_table(
        "wordings",
        _person(key=True),
        sa.Column("situation", sa.Text(), primary_key=True),
        sa.Column("variant", sa.Integer(), nullable=False),
    )


def _of_others() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Text(), primary_key=True),
        _instant("at", nullable=False, index=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text()),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text()),
        sa.Column("detail", sa.JSON()),
    )
    op.create_index("ix_audit_customer_at", "audit", ["customer_id", "at"])
    erased = sa.text("what = 'erased'")
    op.create_index("ix_audit_erased", "audit", ["customer_id"], sqlite_where=erased, postgresql_where=erased)
    op.create_table(
        "connector_links",
        _person(key=True),
        sa.Column("connector", sa.Text(), primary_key=True),
        sa.Column("remote_id", sa.Text(), nullable=False),
        _instant("at", nullable=False),
    )
    op.create_index("ix_connector_links_remote", "connector_links", ["connector", "remote_id"], unique=True)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        _instant("made_at", nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text()),
        _instant("due_at", index=True),
        sa.Column("lease_owner", sa.Text()),
        _instant("lease_until"),
        sa.UniqueConstraint("connector", "kind", "ref", name="uq_outbox"),
    )
    op.create_table(
        "import_runs",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("position_bytes", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("loaded", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        _instant("changed_at", nullable=False),
        _instant("done_at"),
    )
    op.create_table(
        "proofs",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("call_id", sa.Text(), sa.ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, index=True),
        _person(index=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        _instant("made_at", nullable=False),
        _instant("ends_at", nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        _instant("proved_at"),
    )


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_index("ix_customers_strangers", "customers")
    _number_index({})
    for table, name in _INDEXED:
        op.drop_index(f"ix_{table}_{name}", table)
    for table, column in _added():
        op.drop_column(table, column.name)
