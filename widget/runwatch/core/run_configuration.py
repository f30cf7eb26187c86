"""Everything about how a script is run, apart from its source folder."""

from __future__ import annotations

from dataclasses import dataclass, field

from runwatch.core.environment import Environment

DEFAULT_MAX_RUN_DURATION_S = 30 * 24 * 3600


@dataclass
class RunConfiguration:
    """How a script is run. `ScriptRunConfig.run_config` holds one."""

    script: str | None = None
    arguments: list[object] = field(default_factory=list)
    command: str | list[str] | None = None
    target: str = "local"
    environment: Environment = field(default_factory=Environment)
    max_run_duration_seconds: float | None = DEFAULT_MAX_RUN_DURATION_S
    environment_variables: dict[str, str] = field(default_factory=dict)
