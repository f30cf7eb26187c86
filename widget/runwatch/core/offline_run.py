"""The run of a script that was not submitted: prints what it is given, keeps it in memory."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from typing_extensions import Self

from runwatch.core import names
from runwatch.exceptions import RunEnvironmentException
from runwatch.store.status import RunStatus


class NotOfflineError(RunEnvironmentException, AttributeError):
    """An offline run was asked for what only a recorded one has."""


class OfflineRun:
    """Takes the calls of a `Run` where there is none, so that a script can be tried by itself."""

    def __init__(self, run_id: str | None = None, *, parent: OfflineRun | None = None) -> None:
        self.id = run_id or f"OfflineRun_{uuid.uuid4()}"
        self.parent = parent
        self.cancel_requested = False
        self._children: list[OfflineRun] = []
        self.display_name: str | None = None
        self.description: str | None = None
        self.name: str | None = None
        self.number = 0
        self.type: str | None = None
        self.input_datasets: dict[str, Any] = {}
        self.output_datasets: dict[str, Any] = {}
        self._files: list[str] = []
        self._parameters: dict[str, Any] = {}
        self._metrics: dict[str, list[Any]] = {}
        self._tags: dict[str, str | None] = {}
        self._properties: dict[str, str | None] = {}
        self._status = RunStatus.RUNNING

    @property
    def status(self) -> str:
        """The status now."""
        return self._status

    def get_status(self) -> str:
        """Return the status now."""
        return self._status

    def get_details(self) -> dict[str, Any]:
        """Return what is known of the run."""
        return {"runId": self.id, "status": self._status, "properties": dict(self._properties)}

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Print a value."""
        self._keep("scalar", name, names.scalar(name, value))

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        """Print a list of values."""
        self._keep("list", name, names.vector(name, value))

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Print one row of a table."""
        self._keep("row", name, {column: names.scalar(column, v) for column, v in kwargs.items()})

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:
        """Print a table."""
        self._keep("table", name, names.table(name, value))

    def log_image(
        self, name: str, path: str | None = None, plot: Any = None, description: str = ""
    ) -> None:
        """Print that an image was logged."""
        self._keep("image", name, path if plot is None else plot)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Print a confusion matrix."""
        self._keep("confusion matrix", name, value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Print an accuracy table."""
        self._keep("accuracy table", name, value)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Print residuals."""
        self._keep("residuals", name, value)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Print predictions."""
        self._keep("predictions", name, value)

    def set_progress(self, done: float, total: float, label: str | None = None) -> None:
        """Print how far the run has come."""
        checked = names.progress(done, total, label)
        print(f"Progress: {checked['done']} of {checked['total']}", checked["label"] or "")

    def log_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Print what the run is made with."""
        self._parameters.update(names.parameters(parameters))
        print(f"Attempted to log parameters {dict(parameters)}")

    def get_parameters(self) -> dict[str, Any]:
        """Return the parameters."""
        return dict(self._parameters)

    def upload_file(self, name: str, path_or_stream: Any, datastore_name: object = None) -> None:
        """Print that a file was kept."""
        self._files.append(name)
        print(f"Attempted to track file {name} at {path_or_stream}")

    def upload_files(self, names: Sequence[str], paths: Sequence[str], **kwargs: object) -> None:
        """Print that files were kept."""
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str, datastore_name: object = None) -> None:
        """Print that a folder was kept."""
        self.upload_file(name, path)

    def get_file_names(self) -> list[str]:
        """Return the names of the files that were kept."""
        return sorted(self._files)

    def _keep(self, kind: str, name: str, value: Any) -> None:
        self._metrics.setdefault(names.metric_name(name), []).append(value)
        print(f"Attempted to log {kind} metric {name}:\n{value}")

    def get_metrics(self, name: str | None = None) -> dict[str, Any]:
        """Return what was logged; a metric that was logged once is its value."""
        return {
            key: values[0] if len(values) == 1 else list(values)
            for key, values in self._metrics.items()
            if name is None or key == name
        }

    def tag(self, key: str, value: str | None = None) -> None:
        """Add a tag."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, str | None]) -> None:
        """Add several tags."""
        for key, value in names.labels("tag", tags).items():
            self._tags[key] = value
            print(f"Attempted to add tag {key} with value {value}")

    def get_tags(self) -> dict[str, str | None]:
        """Return the tags."""
        return dict(self._tags)

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove tags."""
        for key in tags:
            self._tags.pop(key, None)

    def add_properties(self, properties: Mapping[str, str | None]) -> None:
        """Add properties."""
        checked = names.labels("property", properties)
        self._properties.update(checked)
        print(f"Attempted to add properties {checked}")

    def get_properties(self) -> dict[str, str | None]:
        """Return the properties."""
        return dict(self._properties)

    def child_run(
        self, name: str | None = None, run_id: str | None = None, outputs: str | None = None
    ) -> OfflineRun:
        """Make a child that prints too."""
        child = OfflineRun(run_id or f"{self.id}.{name or len(self._children)}", parent=self)
        self._children.append(child)
        return child

    def create_children(
        self,
        count: int | None = None,
        tag_key: str | None = None,
        tag_values: Sequence[str] | None = None,
    ) -> list[OfflineRun]:
        """Make several children that print too."""
        values = tag_values if tag_values is not None else range(count or 0)
        return [self.child_run(str(value)) for value in values]

    @property
    def tags(self) -> dict[str, str | None]:
        """The tags."""
        return self.get_tags()

    @property
    def properties(self) -> dict[str, str | None]:
        """The properties."""
        return self.get_properties()

    def start(self) -> None:
        """Do nothing: it runs already."""

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> dict[str, Any]:
        """Return what is known: there is nothing to wait for."""
        return self.get_details()

    def get_detailed_status(self) -> dict[str, Any]:
        """Return the status."""
        return {"status": self._status, "details": None}

    def __getattr__(self, name: str) -> NoReturn:
        """Say of what only a recorded run has that this is none."""
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotOfflineError(
            f"{name} is not there: this script was not submitted, so its run is not recorded. "
            "Submit it with experiment.submit(ScriptRunConfig(...)), or use "
            "experiment.start_logging() for a run that is."
        )

    def get_children(self, recursive: bool = False) -> Iterator[OfflineRun]:
        """Yield the children, newest first."""
        for child in reversed(self._children):
            yield child
            if recursive:
                yield from child.get_children(recursive=True)

    def flush(self, timeout_seconds: float = 300) -> None:
        """Do nothing: all is printed already."""

    def complete(self, _set_status: bool = True) -> None:
        """End the run as Completed."""
        self._status = RunStatus.COMPLETED

    def fail(
        self,
        error_details: str | BaseException | None = None,
        error_code: str | None = None,
        _set_status: bool = True,
    ) -> None:
        """End the run as Failed, and print why."""
        self._status = RunStatus.FAILED
        print(f"Run failed with error code {error_code}:\n{error_details}")

    def cancel(self) -> None:
        """End the run as Canceled."""
        self.cancel_requested = True
        self._status = RunStatus.CANCELED

    def __enter__(self) -> Self:
        """Begin a block at whose end the run is completed."""
        return self

    def __exit__(self, exit_type: object, value: BaseException | None, traceback: object) -> None:
        """End the run; an exception goes on."""
        if value is None or (isinstance(value, SystemExit) and value.code in (None, 0)):
            self.complete()
        else:
            self.fail(value)

    def __repr__(self) -> str:
        """Return id and status."""
        return f"OfflineRun(Id: {self.id},\nStatus: {self._status})"
