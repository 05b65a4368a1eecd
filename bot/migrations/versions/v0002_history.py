"""Histories that can be searched, pictures that are counted for good, and drafts with more than a text."""

import sqlalchemy as sa
from alembic import op

from bot.store.words import searchable

revision = "0002"
down_revision = "0001"
_BATCH = 1000  # rows at a time

_jobs = sa.table("jobs", sa.column("id", sa.String), sa.column("prompt", sa.Text), sa.column("search", sa.Text))


def upgrade() -> None:
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("details", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("search", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("pictures", sa.Integer(), nullable=False, server_default=sa.text("0")))
        batch_op.drop_index(batch_op.f("ix_jobs_user_id_created_ms"))
        batch_op.create_index(
            batch_op.f("ix_jobs_user_id_created_ms_id_status"), ["user_id", "created_ms", "id", "status"], unique=False
        )
    op.execute(
        "UPDATE jobs SET pictures ="
        " (SELECT COUNT(*) FROM images WHERE images.job_id = jobs.id AND images.kind = 'output')"
    )
    _fill_search(op.get_bind())


def _fill_search(connection: sa.Connection) -> None:
    """Of jobs that were submitted before there was a search."""
    last = ""
    fill = _jobs.update().where(_jobs.c.id == sa.bindparam("job_id")).values(search=sa.bindparam("folded"))
    while True:
        query = sa.select(_jobs.c.id, _jobs.c.prompt).where(_jobs.c.id > last).order_by(_jobs.c.id).limit(_BATCH)
        rows = connection.execute(query).all()
        if not rows:
            return
        last = rows[-1].id
        connection.execute(fill, [{"job_id": row.id, "folded": searchable(row.prompt)} for row in rows])


def downgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_user_id_created_ms_id_status"))
        batch_op.create_index(batch_op.f("ix_jobs_user_id_created_ms"), ["user_id", "created_ms"], unique=False)
        batch_op.drop_column("pictures")
        batch_op.drop_column("search")
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_column("details")
