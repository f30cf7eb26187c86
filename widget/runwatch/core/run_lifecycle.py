"""How a run begins, is followed and ends."""

from __future__ import annotations

import asyncio
import json
import traceback as tracebacks
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from runwatch.core import completion
from runwatch.core.run_record import RunRecord
from runwatch.exceptions import (
    ActivityCanceledException,
    ExperimentExecutionException,
    UserErrorException,
)
from runwatch.store import run_files
from runwatch.store.clock import iso_utc
from runwatch.store.paths import STD_LOG
from runwatch.store.status import SUBMITTED, TERMINAL, RunStatus

if TYPE_CHECKING:
    from runwatch.core.environment import Environment
    from runwatch.store.runs import RunRow

_FAIL_MARGIN_S = 30.0
_LONGEST_GRACE_S = 86_400


class RunLifecycle(RunRecord):
    """Status, end and details of a run."""

    @property
    def status(self) -> str:
        """The status now: a word of `RunStatus`."""
        return self.get_status()

    def get_status(self) -> str:
        """Return the status now: a word of `RunStatus`.

        A run whose process is gone is settled first, so that none is Running for ever.
        """
        return self._settled_row().status

    def _settled_row(self) -> RunRow:
        row = self._row()
        if row.status not in TERMINAL:
            self._record.settle()
            row = self._row()
        return row

    @property
    def cancel_requested(self) -> bool:
        """Whether the run was asked to end: a script may look, save its state, and leave."""
        if self._record.recorder.is_canceled(self._id):
            return True
        return self._row().status in (RunStatus.CANCEL_REQUESTED, RunStatus.CANCELED)

    def get_details(self) -> dict[str, Any]:
        """Return what is known of the run.

        Returns
        -------
        dict
            runId, target, status, startTimeUtc, endTimeUtc (when it has ended), error (when it
            has failed: the message is at ``["error"]["error"]["message"]``), properties,
            inputDatasets, outputDatasets, runDefinition (of a submitted run), logFiles (name to
            path), submittedBy, packages (what was installed, name to version). Times are ISO
            8601 in UTC.
        """
        from runwatch.compute.provenance import PACKAGES
        from runwatch.store import labels, packages, runs

        row = self._settled_row()
        with self._record.database.read() as connection:
            properties = labels.properties(connection, [row.id])[row.id]
            definition = runs.definition(connection, row.id)
            installed = packages.read(connection, properties.get(PACKAGES))
        details: dict[str, Any] = {
            "runId": row.run_id,
            "target": row.target,
            "status": row.status,
            "startTimeUtc": None if row.started_us is None else iso_utc(row.started_us),
            "endTimeUtc": None if row.ended_us is None else iso_utc(row.ended_us),
            "error": None if row.error is None else {"error": row.error_body},
            "properties": properties,
            "inputDatasets": [],
            "outputDatasets": [],
            "runDefinition": definition,
            "logFiles": self._log_files(),
            "submittedBy": None,
            "packages": installed or None,
        }
        return {key: value for key, value in details.items() if value is not None}

    def get_details_with_logs(self) -> dict[str, Any]:
        """Return `get_details()` with the text of each log in place of its path."""
        details = self.get_details()
        for name, path in details["logFiles"].items():
            details["logFiles"][name] = Path(path).read_text(encoding="utf-8", errors="replace")
        return details

    def get_detailed_status(self) -> dict[str, Any]:
        """Return the status, and under "details" what it is waiting for (None here)."""
        return {"status": self.get_status(), "details": None}

    def _log_files(self) -> dict[str, str]:
        return {name: str(path) for name, path in run_files.logs(self._paths).items()}

    def get_environment(self) -> Environment:
        """Return the environment that a submitted run was given; variables by name alone.

        Raises
        ------
        UserErrorException
            The run was not submitted.
        """
        from runwatch.core.conda_dependencies import CondaDependencies
        from runwatch.core.environment import Environment, PythonSection
        from runwatch.store import runs

        row = self._row()
        with self._record.database.read() as connection:
            definition = runs.definition(connection, row.id)
        if definition is None:
            raise UserErrorException(
                "There is no run definition or environment specified for the run."
            )
        kept = definition["environment"]
        packages = kept.get("packages")
        return Environment(
            kept["name"],
            PythonSection(
                interpreter_path=kept.get("interpreterPath"),
                conda_dependencies=(
                    CondaDependencies.create(pip_packages=packages) if packages else None
                ),
            ),
            environment_variables=dict.fromkeys(kept["environmentVariables"], ""),
        )

    def get_portal_url(self) -> str:
        """Return the address of the run's folder."""
        return self._paths.root.as_uri()

    # --- its end ----------------------------------------------------------------------------

    def start(self) -> None:
        """Give a run that was made but not started the status Running."""
        self._become(RunStatus.RUNNING)

    def complete(self, _set_status: bool = True) -> None:
        """End the run as Completed, with all that was logged in the record.

        Of a submitted run, called by its own script, the supervisor writes the status when the
        script has ended. A run that has ended already stays as it is.
        """
        self._record.recorder.ship()
        self._record.recorder.collect_outputs(self._id)
        if _set_status and not self._supervised:
            if not self._become(RunStatus.COMPLETED):
                self._become(RunStatus.CANCELED)
            self._record.recorder.forget(self._id)

    def fail(
        self,
        error_details: str | BaseException | None = None,
        error_code: str | None = None,
        _set_status: bool = True,
    ) -> None:
        """End the run as Failed; of a submitted run that is live, its processes are ended first.

        A run that is Completed becomes Failed (it ended well with the wrong script).

        Parameters
        ----------
        error_details
            Why, in words, or the exception.
        error_code
            A word for the kind of error; "UserError" if left out.

        Raises
        ------
        TypeError
            `error_details` is neither text nor an exception.
        """
        error = _error(error_details, error_code)
        self._record.recorder.ship()
        self._record.recorder.collect_outputs(self._id)
        if not _set_status:
            return
        if self._supervised:
            self._note_error(error)
        elif self._looked_after_by_supervisor():
            self._have_supervisor_fail(error)
        else:
            self._become(RunStatus.FAILED, error=error)
            self._record.recorder.forget(self._id)

    def cancel(self, *, grace_s: float | None = None) -> str | None:
        """Ask the run and its live descendants to end, and return at once.

        The status is CancelRequested until the last process is gone, then Canceled. Processes
        get SIGTERM and, after a grace of 5 s (or RUNWATCH_GRACE_SECONDS), SIGKILL. A run that
        this process logs to itself: the code inside its `with` block gets a KeyboardInterrupt;
        outside one, the next `log()` raises `ActivityCanceledException`.

        Parameters
        ----------
        grace_s
            Seconds between SIGTERM and SIGKILL, 0 or more; as the submitter said if left out.
            Asked again with less, it is forced sooner.

        Returns
        -------
        str or None
            A sentence, if the run had already ended and nothing was changed.

        Raises
        ------
        UserErrorException
            `grace_s` is no number of seconds, 0 or more.
        """
        from runwatch.store import runs

        if grace_s is not None and not 0 <= grace_s < _LONGEST_GRACE_S:
            raise UserErrorException(
                f"grace_s must be a number of seconds, 0 or more and less than {_LONGEST_GRACE_S}; "
                f"got {grace_s!r}."
            )
        row = self._settled_row()
        if row.status in TERMINAL:
            return f"The run had already ended ({row.status}); nothing was changed."
        with self._record.database.write() as tx:
            runs.request_cancel(tx, row, grace_s=grace_s)
        self._record.recorder.deliver_cancellations()
        return None

    def _become(self, status: str, *, error: dict[str, Any] | None = None) -> bool:
        from runwatch.store import runs

        row = self._row()
        with self._record.database.write() as tx:
            return runs.change_status(tx, row.id, status, error=error)

    def _note_error(self, error: dict[str, Any]) -> None:
        from runwatch.store import runs

        row = self._row()
        with self._record.database.write() as tx:
            runs.set_fields(tx, row.id, error=json.dumps(error))

    def _looked_after_by_supervisor(self) -> bool:
        row = self._settled_row()
        return row.type == SUBMITTED and row.status not in TERMINAL

    def _have_supervisor_fail(self, error: dict[str, Any]) -> None:
        from runwatch.core.submission import grace_s
        from runwatch.store import runs

        row = self._row()
        with self._record.database.write() as tx:
            runs.change_status(tx, row.id, RunStatus.FINALIZING)
            runs.set_fields(tx, row.id, fail_requested=json.dumps(error))
        completion.wait_until_ended(self, timeout_s=grace_s() + _FAIL_MARGIN_S)

    # --- waiting for it ---------------------------------------------------------------------

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> dict[str, Any]:
        """Wait until the run has ended. Widgets stay live meanwhile.

        Parameters
        ----------
        show_output
            Print the log as it comes.
        wait_post_processing
            Accepted as in azureml; a run has ended when all of it has.
        raise_on_error
            Whether a failed run raises.

        Returns
        -------
        dict
            `get_details()`.

        Raises
        ------
        ActivityFailedException
            The run has failed.
        ExperimentExecutionException
            Interrupted while it printed; the run goes on.
        """
        if show_output:
            try:
                completion.stream(self, self._paths.std_log, STD_LOG)
            except KeyboardInterrupt:
                raise ExperimentExecutionException(
                    "The output streaming for the run interrupted.\n"
                    "But the run is still executing on the compute target. To stop it, call "
                    "run.cancel(); to follow it again, run.wait_for_completion(show_output=True)."
                ) from None
        else:
            completion.wait_until_ended(self)
        return completion.result(self, raise_on_error=raise_on_error, show=show_output)

    async def wait(self, *, raise_on_error: bool = True) -> dict[str, Any]:
        """Wait as `wait_for_completion()`, with the event loop free: ``await run.wait()``."""
        while self.get_status() not in TERMINAL:
            await asyncio.sleep(completion.LOOK_S)
        return completion.result(self, raise_on_error=raise_on_error, show=False)

    def on_end(self, callback: Callable[[Self], object]) -> None:
        """Have a function called when the run has ended, however it ends.

        Parameters
        ----------
        callback
            Called once with the run, on a thread of its own; at once if it has ended already. An
            exception that it raises is logged. A process does not exit before the functions are
            done whose runs have ended; a run that outlives the process calls nothing.
        """
        completion.have_called_at_end(self, callback)

    # --- with -------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Begin a block at whose end the run is completed."""
        self._record.recorder.enter(self._id)
        return self

    def __exit__(
        self,
        exit_type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """End the run: Completed, or Failed with the exception, or Canceled if that was asked for.

        The exception goes on, with one exception: what a cancelled child run's block was
        interrupted with ends there, so that a loop over children goes on with the next.
        """
        try:
            self._record.recorder.leave(self._id)
        except KeyboardInterrupt as interrupt:  # the cancellation came just now
            self._record.recorder.leave(self._id)
            value = value or interrupt
        row = self._row()
        if row.status in (RunStatus.CANCEL_REQUESTED, RunStatus.CANCELED):
            self._record.recorder.ship()
            self._record.recorder.collect_outputs(self._id)
            self._become(RunStatus.CANCELED)
            self._record.recorder.forget(self._id)
            return self._was_canceled_alone(row) and isinstance(
                value, (KeyboardInterrupt, ActivityCanceledException)
            )
        if value is None or (isinstance(value, SystemExit) and value.code in (None, 0)):
            self.complete()
        else:
            self.fail(value)
        return False

    def _was_canceled_alone(self, row: RunRow) -> bool:
        """Return whether the run is a child, and was cancelled without its parent."""
        from runwatch.store import runs
        from runwatch.store.schema import runs as table

        if row.parent is None:
            return False
        with self._record.database.read() as connection:
            (parent,) = runs.where(connection, table.c.id == row.parent)
        return parent.status not in (RunStatus.CANCEL_REQUESTED, RunStatus.CANCELED)


def _error(details: str | BaseException | None, code: str | None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code or "UserError"}
    if isinstance(details, BaseException):
        name = type(details).__name__
        text = str(details)
        error["message"] = (
            f"User program failed with {name}: {text}"
            if text
            else f"User program failed with {name}"
        )
        error["debugInfo"] = {
            "type": name,
            "message": text,
            "stackTrace": "".join(tracebacks.format_exception(details)),
        }
    elif isinstance(details, str):
        error["message"] = details
    elif details is not None:
        raise TypeError(
            f"error_details must be instance of string or BaseException; got {details!r}."
        )
    return error
