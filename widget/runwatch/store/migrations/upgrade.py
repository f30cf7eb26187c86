"""Runs the migrations inside a transaction that the caller holds."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def newest() -> str | None:
    """Return the newest migration there is."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def knows(version: str) -> bool:
    """Return whether `version` is one of this runwatch's migrations."""
    scripts = ScriptDirectory.from_config(_config())
    return any(script.revision == version for script in scripts.walk_revisions())


def to_newest(connection: Connection) -> None:
    """Bring the database behind `connection` to the newest schema."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
