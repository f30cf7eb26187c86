"""The tables. A change here comes with a migration in `migrations/versions`.

Times are microseconds since the Unix epoch (``_us``). A column ``change`` holds the number of
the transaction that wrote the row last: readers ask for what is newer than the number they know.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

VERSION = "0003"
"""The newest migration; opening a workspace of another version upgrades or refuses it."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")

workspace = Table(
    "workspace",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts of the workspace: id, name, version of runwatch that wrote it."""

change_counter = Table(
    "change_counter",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
)
"""One row: the number of the last transaction that changed what a feed shows."""

experiments = Table(
    "experiments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("experiment_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("archived_us", BigInteger),
    Column("last_number", Integer, nullable=False, server_default="0"),
    Index(
        "uq_experiments_active_name",
        "name",
        unique=True,
        sqlite_where=text("archived_us IS NULL"),
        postgresql_where=text("archived_us IS NULL"),
    ),
)

experiment_tags = Table(
    "experiment_tags",
    metadata,
    Column("experiment", ForeignKey("experiments.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_id", Text, nullable=False, unique=True),
    Column("experiment", ForeignKey("experiments.id"), nullable=False),
    Column("parent", ForeignKey("runs.id")),
    Column("root", Id),
    Column("number", Integer, nullable=False),
    Column("name", Text),
    Column("display_name", Text),
    Column("description", Text),
    Column("type", Text),
    Column("target", Text),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("definition", Text),
    Column("snapshot", Text),
    Column("created_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("cancel_requested_us", BigInteger),
    Column("cancel_forced_us", BigInteger),
    Column("fail_requested", Text),
    Column("host", Text),
    Column("pid", Integer),
    Column("process_started", Float),
    Column("heartbeat_us", BigInteger),
    Column("change", BigInteger, nullable=False),
    Index(None, "change"),
    Index(None, "parent"),
    Index(None, "root"),
    Index("ix_runs_newest", "experiment", "parent", "id"),
    Index("ix_runs_newest_of_status", "experiment", "parent", "status", "id"),
    Index("ix_runs_status", "status", "id"),
)

run_tags = Table(
    "run_tags",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text),
    Index(None, "key", "value", "run"),
)

run_properties = Table(
    "run_properties",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text),
    Index(None, "key", "value", "run"),
)

run_parameters = Table(
    "run_parameters",
    metadata,
    Column("run", ForeignKey("runs.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("number", Float),
    Index(None, "key", "value", "run"),
    Index(None, "key", "number", "run"),
)
"""``value`` is JSON; ``number`` is the value of one that is a number, to compare it."""

package_lists = Table(
    "package_lists",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("packages", Text, nullable=False),
)
"""Installed packages as lines ``name==version``, each distinct list once."""

models = Table(
    "models",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("run", ForeignKey("runs.id")),
    Column("created_us", BigInteger, nullable=False),
    Column("description", Text),
    Column("framework", Text),
    Column("framework_version", Text),
    Column("tags", Text, nullable=False),
    Column("properties", Text, nullable=False),
    Index("uq_models_name_version", "name", "version", unique=True),
)
"""Registered models; ``tags`` and ``properties`` are JSON. Their files are in the folder."""

series = Table(
    "series",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run", ForeignKey("runs.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("last", Text),
    Column("number", Float),
    Column("change", BigInteger, nullable=False),
    Index("uq_series_run_name_kind", "run", "name", "kind", unique=True),
    Index(None, "change"),
    Index(None, "name", "number", "run"),
)
"""A metric of a run. ``kind`` says which method logged it; ``last`` is its last value as JSON, and
``number`` the same if it is a number and no NaN, to compare it."""

chunks = Table(
    "chunks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("series", ForeignKey("series.id"), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("encoding", Text, nullable=False),
    Column("steps", LargeBinary),
    Column("times", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("uq_chunks_series_start", "series", "start", unique=True),
)
"""Consecutive points of a series, packed: see `runwatch.store.points`."""

journal_positions = Table(
    "journal_positions",
    metadata,
    Column("segment", Text, primary_key=True),
    Column("shipped_bytes", BigInteger, nullable=False),
)
"""How far each journal file has been taken into the record."""

commands = Table(
    "commands",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("reply", Text, nullable=False),
)
"""Commands of views that were carried out, so that one that comes twice acts once."""
