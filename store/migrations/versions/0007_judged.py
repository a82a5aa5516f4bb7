"""Whether anybody has said how a conversation ended.

Revision 0007, after 0006.  Of those before it nobody can know any more: they count as they did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("interactions", sa.Column("judged", sa.Boolean(), nullable=False, server_default=sa.text("true")))


def downgrade() -> None:
    op.drop_column("interactions", "judged")
