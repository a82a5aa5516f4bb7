"""What routing in seconds keeps: the queue, who knows whom in it, vetoes, absences, what was learnt.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _of_calls() -> list[sa.Column[object]]:
    return [
        sa.Column("plan_version", sa.Integer()),
        sa.Column("card", sa.JSON()),
        sa.Column("need", sa.Text()),
        sa.Column("ranked_at", sa.DateTime(timezone=True)),
        sa.Column("held_at", sa.DateTime(timezone=True)),
        sa.Column("held_until", sa.DateTime(timezone=True)),
        sa.Column("look_at", sa.DateTime(timezone=True)),
        sa.Column("weary_level", sa.Integer()),
        sa.Column("told_seconds", sa.Float()),
        sa.Column("told_at", sa.DateTime(timezone=True)),
    ]


def _of_agents() -> list[sa.Column[object]]:
    return [
        sa.Column("load", sa.Float(), nullable=False, server_default=sa.text("0")),
        sa.Column("wanted_an_hour", sa.Float(), nullable=False, server_default=sa.text("0")),
    ]


_WAITING = sa.text("state = 'waiting'")
_PLACED = sa.text("need IS NOT NULL")


def _agent() -> sa.ForeignKey:
    return sa.ForeignKey("agents.id", ondelete="CASCADE")


def upgrade() -> None:
    for column in _of_calls():
        op.add_column("calls", column)
    for column in _of_agents():
        op.add_column("agents", column)
    op.add_column("callbacks", sa.Column("missed_at", sa.DateTime(timezone=True)))
    op.create_index("ix_calls_queue", "calls", ["need", "ranked_at"], sqlite_where=_PLACED, postgresql_where=_PLACED)
    op.create_index("ix_calls_look_at", "calls", ["look_at"], sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.create_table(
        "wishes",
        sa.Column("call_id", sa.Text(), sa.ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("agent_id", sa.Text(), _agent(), primary_key=True),
        sa.Column("ranked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_wishes_of_agent", "wishes", ["agent_id", "ranked_at"])
    op.create_table(
        "vetoes",
        sa.Column("customer_id", sa.Text(), sa.ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("agent_id", sa.Text(), _agent(), primary_key=True),
        sa.Column("declined_by", sa.Text(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_vetoes_agent_id", "vetoes", ["agent_id"])
    op.create_table(
        "absences",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("agent_id", sa.Text(), _agent(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text()),
    )
    op.create_index("ix_absences_agent_id", "absences", ["agent_id"])
    op.create_index("ix_absences_ends_at", "absences", ["ends_at"])
    op.create_table(
        "learnt",
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    for table in ("learnt", "absences", "vetoes", "wishes"):
        op.drop_table(table)
    with op.batch_alter_table("callbacks") as batch:
        batch.drop_column("missed_at")
    op.drop_index("ix_calls_look_at", "calls")
    op.drop_index("ix_calls_queue", "calls")
    for name, columns in (("agents", _of_agents()), ("calls", _of_calls())):
        with op.batch_alter_table(name) as batch:
            for column in columns:
                batch.drop_column(column.name)
