"""What a compute target is asked to run."""

from __future__ import annotations

import msgspec


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One submitted script.

    It travels to the supervisor through a pipe and is never written to a file: the values of
    environment variables may be secrets.
    """

    run_id: str
    workspace: str
    """The `.runwatch` folder, absolute."""
    command: list[str]
    environment: dict[str, str]
    """All variables of the script."""
    packages: list[str]
    """What pip installs for it; then its Python is that of an environment of their own."""
    snapshot_id: str
    max_run_duration_s: float | None
    grace_s: float
    """How long a process has between SIGTERM and SIGKILL."""
