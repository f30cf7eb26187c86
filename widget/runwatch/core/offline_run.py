"""The run of a script that was not submitted: prints what it is given, keeps it in memory."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from typing_extensions import Self

from runwatch.core import names
from runwatch.store.status import RunStatus


class OfflineRun:
    """Takes the calls of a `Run` where there is none, so that a script can be tried by itself."""

    def __init__(self, run_id: str | None = None, *, parent: OfflineRun | None = None) -> None:
        self.id = run_id or f"OfflineRun_{uuid.uuid4()}"
        self.parent = parent
        self.cancel_requested = False
        self._children: list[OfflineRun] = []
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
