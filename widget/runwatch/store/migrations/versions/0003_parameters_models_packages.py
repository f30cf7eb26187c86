"""Runs have parameters, metrics can be compared, models and installed packages are kept."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables, and give each series its last value as a number."""
    op.create_table(
        "run_parameters",
        sa.Column("run", Id, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_run_parameters_run")),
        sa.PrimaryKeyConstraint("run", "key", name=op.f("pk_run_parameters")),
    )
    for column in ("value", "number"):
        op.create_index(
            op.f(f"ix_run_parameters_key_{column}_run"), "run_parameters", ["key", column, "run"]
        )
    op.create_table(
        "models",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("run", Id, nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("framework", sa.Text(), nullable=True),
        sa.Column("framework_version", sa.Text(), nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_models_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
    )
    op.create_index("uq_models_name_version", "models", ["name", "version"], unique=True)
    op.create_table(
        "package_lists",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("packages", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_package_lists")),
    )
    op.create_index(
        "ix_runs_newest_of_status", "runs", ["experiment", "parent", "status", "id"], unique=False
    )
    op.add_column("series", sa.Column("number", sa.Float(), nullable=True))
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, last FROM series WHERE kind = 'scalar'")).all()
    numbers = [{"id": row.id, "number": _number(row.last)} for row in rows]
    if numbers:
        connection.execute(sa.text("UPDATE series SET number = :number WHERE id = :id"), numbers)
    op.create_index(op.f("ix_series_name_number_run"), "series", ["name", "number", "run"])


def _number(last: str | None) -> float | None:
    value = json.loads(last or "null")
    return float(value) if isinstance(value, int | float) and value == value else None
