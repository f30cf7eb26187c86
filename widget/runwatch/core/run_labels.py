"""A run's tags, properties, parameters, name and description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runwatch.core import names
from runwatch.core.run_record import RunRecord


class RunLabels(RunRecord):
    """What a person or a program writes on a run. Tags may change, properties may not."""

    def tag(self, key: str, value: str | None = None) -> None:
        """Add a tag, or give it another value. Other tags stay.

        Raises
        ------
        UserErrorException
            The key is empty or no string.
        """
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, str | None]) -> None:
        """Add several tags, or give them other values. Other tags stay."""
        from runwatch.store import labels

        checked = names.labels("tag", tags)
        if checked:
            row = self._row()
            with self._record.database.write() as tx:
                labels.set_tags(tx, row.id, checked)

    def get_tags(self) -> dict[str, str | None]:
        """Return the tags; one without a value has None."""
        from runwatch.store import labels

        row = self._row()
        with self._record.database.read() as connection:
            return labels.tags(connection, [row.id])[row.id]

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove the tags with these keys; those that are not there are passed over."""
        from runwatch.store import labels

        row = self._row()
        keys = [tags] if isinstance(tags, str) else list(tags)
        with self._record.database.write() as tx:
            labels.remove_tags(tx, row.id, keys)

    @property
    def tags(self) -> dict[str, str | None]:
        """The tags; one without a value has None."""
        return self.get_tags()

    def log_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Record what the run is made with, such as its learning rate. They can't be changed.

        Parameters
        ----------
        parameters
            Names with numbers, strings, booleans or None; `get_runs(parameters=...)` finds runs by
            them.

        Raises
        ------
        ServiceException
            One is there with another value; then nothing of this call is stored.
        UserErrorException
            A name or a value won't do.
        """
        from runwatch.store import labels

        checked = names.parameters(parameters)
        row = self._row()
        with self._record.database.write() as tx:
            labels.add_parameters(tx, row.id, checked)

    def get_parameters(self) -> dict[str, Any]:
        """Return the parameters, with the values that were logged."""
        from runwatch.store import labels

        row = self._row()
        with self._record.database.read() as connection:
            return labels.parameters(connection, [row.id])[row.id]

    def add_properties(self, properties: Mapping[str, str | None]) -> None:
        """Add properties. They can't be changed or removed afterwards.

        Raises
        ------
        ServiceException
            One is there with another value; then nothing of this call is stored.
        UserErrorException
            A key is empty or no string.
        """
        from runwatch.store import labels

        checked = names.labels("property", properties or {})
        if checked:
            row = self._row()
            with self._record.database.write() as tx:
                labels.add_properties(tx, row.id, checked)

    def get_properties(self) -> dict[str, str | None]:
        """Return the properties."""
        from runwatch.store import labels

        row = self._row()
        with self._record.database.read() as connection:
            return labels.properties(connection, [row.id])[row.id]

    @property
    def properties(self) -> dict[str, str | None]:
        """The properties."""
        return self.get_properties()

    @property
    def display_name(self) -> str:
        """The name that a person reads; settable."""
        return self._row().shown_name

    @display_name.setter
    def display_name(self, display_name: str) -> None:
        self._set("display_name", display_name)

    @property
    def description(self) -> str | None:
        """What a person notes about the run; settable. Set to None or an empty text, it is gone."""
        return self._row().description

    @description.setter
    def description(self, description: str | None) -> None:
        self._set("description", None if description == "" else description)

    def _set(self, column: str, value: Any) -> None:
        from runwatch.store import runs

        checked = None if value is None else names.text(f"A run's {column}", value)
        row = self._row()
        with self._record.database.write() as tx:
            runs.set_fields(tx, row.id, **{column: checked})
