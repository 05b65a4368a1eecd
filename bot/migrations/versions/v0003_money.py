"""What jobs were thought to cost, and a quick look at what a day has cost."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("estimate_usd", sa.Float(), nullable=True))
        batch_op.create_index(batch_op.f("ix_jobs_backend_created_ms"), ["backend", "created_ms"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_backend_created_ms"))
        batch_op.drop_column("estimate_usd")
