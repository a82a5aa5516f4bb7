"""Calls and conversations are found by when they were, and calls without an outcome at once.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    without = sa.text("outcome IS NULL")
    op.create_index("ix_calls_arrived_at", "calls", ["arrived_at"])
    op.create_index(
        "ix_calls_no_outcome", "calls", ["direction", "state"], sqlite_where=without, postgresql_where=without
    )
    op.create_index("ix_interactions_started_at", "interactions", ["started_at"])


def downgrade() -> None:
    op.drop_index("ix_interactions_started_at", "interactions")
    op.drop_index("ix_calls_no_outcome", "calls")
    op.drop_index("ix_calls_arrived_at", "calls")
