"""What a ledger of promises keeps: how each came about and what became of it, what is at risk, and who reads no texts.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of_callbacks() -> list[sa.Column[object]]:
    return [
        sa.Column("wall", sa.Text()),
        _instant("arrived_at"),
        sa.Column("made_by", sa.Text()),
        sa.Column("made_with", sa.Text()),
        sa.Column("channel", sa.Text(), nullable=False, server_default=sa.text("'call'")),
        sa.Column("words", sa.Text()),
        sa.Column("transcript", sa.Text()),
        sa.Column("kept_how", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("risk", sa.Text()),
        _instant("risk_at"),
        sa.Column("choices", sa.JSON()),
        sa.Column("moves", sa.Integer(), nullable=False, server_default=sa.text("0")),
        _instant("reminded_at"),
        _instant("late_told_at"),
    ]


_OPEN = sa.text("state IN ('promised','due','ringing_agent','ringing_customer','talking')")
_AT_RISK = sa.text("risk IS NOT NULL")


def upgrade() -> None:
    for column in _of_callbacks():
        op.add_column("callbacks", column)
    op.create_index("ix_callbacks_number", "callbacks", ["number", "made_at"])
    op.create_index("ix_callbacks_made_at", "callbacks", ["made_at"])
    op.create_index(
        "ix_callbacks_open_due", "callbacks", ["promised_at", "id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_callbacks_at_risk", "callbacks", ["risk_at"], sqlite_where=_AT_RISK, postgresql_where=_AT_RISK)
    op.create_table(
        "callback_history",
        sa.Column("callback_id", sa.Text(), sa.ForeignKey("callbacks.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True, autoincrement=False),
        _instant("at", nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
    )
    op.add_column("calls", sa.Column("call_back_to", sa.Text()))
    op.add_column("texts", sa.Column("callback_id", sa.Text()))
    op.create_index("ix_texts_callback_id", "texts", ["callback_id"])
    op.create_table(
        "text_opt_outs",
        sa.Column("number", sa.Text(), primary_key=True),
        _instant("at", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.Text(), primary_key=True),
        _instant("at", nullable=False),
    )


def downgrade() -> None:
    for table in ("heartbeats", "text_opt_outs", "callback_history"):
        op.drop_table(table)
    op.drop_index("ix_texts_callback_id", "texts")
    op.drop_column("texts", "callback_id")
    op.drop_column("calls", "call_back_to")
    op.drop_index("ix_callbacks_at_risk", "callbacks")
    for index in ("ix_callbacks_open_due", "ix_callbacks_made_at", "ix_callbacks_number"):
        op.drop_index(index, "callbacks")
    for column in _of_callbacks():
        op.drop_column("callbacks", column.name)
