"""The desk and the console: who signs in, which browser is whose telephone, hold and warm transfer, who listens in, and
drafts that are not lost.

Revision 0006, after 0005.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = True, index: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, index=index)


def _of(table: str, name: str, *, key: bool = False, nullable: bool = False, index: bool = True) -> sa.Column[object]:
    """Goes with what it belongs to."""
    whose = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.Text(), whose, primary_key=key, nullable=nullable, index=index and not key)


def _added() -> Iterator[tuple[str, sa.Column[object]]]:
    yield "agents", _instant("back_at")
    for name in ("set_by", "photo_url", "successor"):
        yield "agents", sa.Column(name, sa.Text())
    yield "reservations", sa.Column("consult", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    for name in ("on_hold_at", "agent_ends_at", "dropped_at"):
        yield "calls", _instant(name)
    yield "calls", sa.Column("dropped_agent", sa.Text())
    yield "interactions", sa.Column("warm", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    yield "tokens", sa.Column("made_by", sa.Text())


_TABLES = (
    *("users", "sessions", "recovery_codes", "invites", "sign_in_failures", "desks", "transfers", "supervisions"),
    *("look_ups", "interventions", "plan_drafts"),
)


def upgrade() -> None:
    for table, column in _added():
        op.add_column(table, column)
    _one_talk_a_call("live AND NOT consult")
    for name in ("by", "what"):
        op.create_index(f"ix_audit_{name}_at", "audit", [name, "at"])
    op.create_index("ix_reservations_accepted_at", "reservations", ["accepted_at"])
    _of_users()
    _of_desks()
    _of_calls()


def _one_talk_a_call(where: str) -> None:
    """Who is consulted is reserved too, beside the one who talks."""
    op.drop_index("uq_reservations_live_call", "reservations")
    only = sa.text(where)
    op.create_index(
        "uq_reservations_live_call", "reservations", ["call_id"], unique=True, sqlite_where=only, postgresql_where=only
    )


def _of_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), sa.ForeignKey("agents.id", ondelete="SET NULL")),
        sa.Column("password", sa.Text()),
        sa.Column("subject", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("address", sa.Text()),
        _instant("made_at", nullable=False),
        _instant("disabled_at"),
        sa.Column("second_factor", sa.Text()),
        sa.Column("second_factor_step", sa.Integer()),
        sa.UniqueConstraint("email", name="uq_users_email"),
        sa.UniqueConstraint("agent_id", name="uq_users_agent_id"),
        sa.UniqueConstraint("subject", name="uq_users_subject"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), primary_key=True),
        _of("users", "user_id"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text()),
        _instant("made_at", nullable=False),
        _instant("seen_at", nullable=False),
        _instant("ends_at", nullable=False, index=True),
        _instant("proved_at"),
        sa.UniqueConstraint("digest", name="uq_sessions_digest"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Text(), primary_key=True),
        _of("users", "user_id"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.UniqueConstraint("digest", name="uq_recovery_codes_digest"),
    )
    op.create_table(
        "invites",
        sa.Column("id", sa.Text(), primary_key=True),
        _of("users", "user_id"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        _instant("made_at", nullable=False),
        _instant("ends_at", nullable=False),
        _instant("used_at"),
        sa.UniqueConstraint("digest", name="uq_invites_digest"),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("whom", sa.Text(), nullable=False),
        _instant("at", nullable=False, index=True),
    )
    op.create_index("ix_sign_in_failures_whom_at", "sign_in_failures", ["whom", "at"])


def _of_desks() -> None:
    op.create_table(
        "desks",
        sa.Column("id", sa.Text(), primary_key=True),
        _of("users", "user_id"),
        _of("agents", "agent_id", nullable=True),
        sa.Column("is_phone", sa.Boolean(), nullable=False),
        sa.Column("registered", sa.Boolean(), nullable=False),
        _instant("opened_at", nullable=False),
        _instant("seen_at", nullable=False, index=True),
    )
    phone = sa.text("is_phone")
    op.create_index("uq_desks_phone", "desks", ["agent_id"], unique=True, sqlite_where=phone, postgresql_where=phone)


def _of_calls() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", sa.Text(), primary_key=True),
        _of("calls", "call_id"),
        sa.Column("from_agent", sa.Text(), nullable=False, index=True),
        sa.Column("to_agent", sa.Text(), index=True),
        sa.Column("skill", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("reservation_id", sa.Text()),
        _instant("made_at", nullable=False),
        _instant("answered_at"),
        _instant("introduced_at"),
        _instant("ended_at"),
    )
    live = sa.text("live")
    op.create_index(
        "uq_transfers_live_call", "transfers", ["call_id"], unique=True, sqlite_where=live, postgresql_where=live
    )
    op.create_table(
        "supervisions",
        sa.Column("id", sa.Text(), primary_key=True),
        _of("calls", "call_id"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("leg_id", sa.Text(), index=True),
        sa.Column("mode", sa.Text(), nullable=False),
        _instant("made_at", nullable=False),
        _instant("joined_at"),
        _instant("ended_at"),
    )
    op.create_table(
        "look_ups",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("user_id", sa.Text(), nullable=False),
        _of("customers", "customer_id"),
        sa.Column("reason", sa.Text(), nullable=False),
        _instant("at", nullable=False, index=True),
        _instant("until", nullable=False),
    )
    op.create_table(
        "interventions",
        sa.Column("id", sa.Text(), primary_key=True),
        _of("calls", "call_id", nullable=True),
        _of("agents", "agent_id", nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _instant("at", nullable=False, index=True),
    )
    op.create_table(
        "plan_drafts",
        _of("users", "user_id", key=True),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        _instant("at", nullable=False),
    )


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    for name in ("by", "what"):
        op.drop_index(f"ix_audit_{name}_at", "audit")
    op.drop_index("ix_reservations_accepted_at", "reservations")
    _one_talk_a_call("live")
    for table, column in _added():
        op.drop_column(table, column.name)
