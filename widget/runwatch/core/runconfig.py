"""Everything about how a script is run, apart from its source folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from runwatch.core.compute_target import ComputeTarget
from runwatch.core.conda_dependencies import CondaDependencies
from runwatch.core.environment import DockerSection, Environment, PythonSection
from runwatch.exceptions import UserErrorException

DEFAULT_MAX_RUN_DURATION_S = 30 * 24 * 3600
_SUFFIX = ".runconfig"


@dataclass
class RunConfiguration:
    """How a script is run. `ScriptRunConfig.run_config` holds one."""

    script: str | None = None
    arguments: list[object] = field(default_factory=list)
    framework: str = "Python"
    communicator: str = "None"
    conda_dependencies: CondaDependencies | None = None
    """Packages to install: the same as ``environment.python.conda_dependencies``."""
    command: str | list[str] | None = None
    target: str | ComputeTarget = "local"
    environment: Environment = field(default_factory=Environment)
    max_run_duration_seconds: float | None = DEFAULT_MAX_RUN_DURATION_S
    environment_variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.conda_dependencies is not None:
            self.environment.python.conda_dependencies = self.conda_dependencies

    @property
    def target_name(self) -> str:
        """The name of the compute target."""
        return self.target if isinstance(self.target, str) else self.target.name

    def save(self, path: str | None = None, name: str | None = None) -> None:
        """Write it to ``<path>/.azureml/<name>.runconfig``, from which `load()` reads it.

        Parameters
        ----------
        path
            The project's folder, or the file itself; the current folder if left out.
        name
            "local" if left out.

        Raises
        ------
        UserErrorException
            It can't be written there.
        """
        import yaml

        file = _file(path, name)
        content = asdict(replace(self, target=self.target_name))
        content["arguments"] = [str(argument) for argument in self.arguments]
        dependencies = self.environment.python.conda_dependencies
        content["environment"]["python"]["conda_dependencies"] = (
            None
            if dependencies is None
            else {"pip": dependencies.pip_packages, "conda": dependencies.conda_packages}
        )
        del content["conda_dependencies"]
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        except OSError as error:
            raise UserErrorException(
                f"The run configuration can't be written to {file}: {error.strerror}.", error
            ) from error

    @staticmethod
    def load(path: str, name: str | None = None) -> RunConfiguration:
        """Return what `save()` wrote.

        Raises
        ------
        UserErrorException
            There is no such file, or it is no run configuration.
        """
        import yaml

        file = _file(path, name)
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
            environment = content.pop("environment")
            return RunConfiguration(**content, environment=_environment(environment))
        except OSError as error:
            raise UserErrorException(
                f"The run configuration {file} can't be read: {error.strerror}.", error
            ) from error
        except (AttributeError, KeyError, TypeError, yaml.YAMLError) as error:
            raise UserErrorException(
                f"{file} is no run configuration that RunConfiguration.save() wrote: {error}.",
                error,
            ) from error

    @staticmethod
    def delete(path: str, name: str) -> None:
        """Remove what `save()` wrote; nothing happens if there is none."""
        _file(path, name).unlink(missing_ok=True)


def _file(path: str | None, name: str | None) -> Path:
    given = Path(path or ".")
    if given.suffix == _SUFFIX:
        return given
    return given / ".azureml" / f"{name or 'local'}{_SUFFIX}"


def _environment(content: dict[str, Any]) -> Environment:
    python = content.pop("python")
    dependencies = python.pop("conda_dependencies")
    if dependencies is not None:
        dependencies = CondaDependencies.create(
            pip_packages=dependencies["pip"], conda_packages=dependencies["conda"]
        )
    return Environment(
        **{**content, "docker": DockerSection(**content["docker"])},
        python=PythonSection(**python, conda_dependencies=dependencies),
    )
