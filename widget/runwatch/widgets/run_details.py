"""The live widget of one run."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import anywidget
import msgspec
import traitlets

from runwatch.core.offline_run import OfflineRun
from runwatch.core.run import Run
from runwatch.exceptions import RunwatchException, UserErrorException
from runwatch.feed import commands, wire
from runwatch.feed.messages import (
    ChangeLook,
    Delta,
    Look,
    Refusal,
    Snapshot,
    Unwatch,
    Update,
    Watch,
)
from runwatch.feed.run_view import RunView
from runwatch.feed.watcher import Subscription
from runwatch.store.status import TERMINAL
from runwatch.widgets.static_html import card
from runwatch.widgets.subshell import answer_where_asked
from runwatch.widgets.watchers import watcher_of

_STATIC = Path(__file__).parent / "static"
_LOOK_AT_NOTHING = Look(limit=0)
SUMMARY_EVERY_S = 1.0

_log = logging.getLogger("runwatch.widgets")


class RunDetails(anywidget.AnyWidget):  # type: ignore[misc]
    """Shows one run as it goes: status, child runs, metrics, log; tags and cancels it.

    Use it as a cell's last expression, or call `show()`. It works while the cell is busy.

    Parameters
    ----------
    run_instance
        The run.
    compact
        Whether to begin as one line that opens.

    Raises
    ------
    UserErrorException
        `run_instance` is no run of a workspace.
    """

    _esm = _STATIC / "widget.js"
    _css = _STATIC / "widget.css"

    _subscription: Subscription | None = None

    summary = traitlets.Dict(
        help="The run's small state, a `runwatch.feed.messages.Summary`: status, names, tags, "
        "number of children by status, last metrics. Observe it, or read it in a saved notebook.",
    ).tag(sync=True)
    compact = traitlets.Bool(
        False, help="Whether the view begins as one line that a person can open."
    ).tag(sync=True)

    def __init__(self, run_instance: Run, *, compact: bool = False, **kwargs: Any) -> None:
        if isinstance(run_instance, OfflineRun):
            raise UserErrorException(
                "An offline run prints what it is given and is kept nowhere, so there is nothing "
                "to watch. Start one with experiment.start_logging() or experiment.submit()."
            )
        if not isinstance(run_instance, Run):
            raise UserErrorException(
                "RunDetails shows a Run, such as experiment.submit() returns; got "
                f"{run_instance!r}."
            )
        self._run = run_instance
        self._record = run_instance._record
        self._record.settle()
        self._watched = False
        self._summarised = 0.0
        first = RunView(self._record.database, run_instance.id, _LOOK_AT_NOTHING).summary()
        super().__init__(summary=msgspec.to_builtins(first), compact=compact, **kwargs)
        answer_where_asked(self.comm)
        self.on_msg(self._on_message)
        if first.run.status not in TERMINAL:
            self._subscribe(_LOOK_AT_NOTHING)

    def show(self, render_lib: object = None, widget_settings: object = None) -> None:
        """Display the widget. The parameters are accepted as in azureml."""
        from IPython.display import display

        display(self)

    def get_widget_data(self, widget_settings: object = None) -> dict[str, Any]:
        """Return what the widget shows, as plain data."""
        self._record.settle()
        return {
            "run_id": self._run.id,
            "status": self._run.get_status(),
            "run_properties": {
                "run_id": self._run.id,
                "tags": self._run.get_tags(),
                "properties": self._run.get_properties(),
                "status": self._run.get_status(),
            },
            "child_runs": [
                {"run_id": child.id, "run_number": child.number, "status": child.get_status()}
                for child in self._run.get_children()
            ],
            "run_metrics": self._run.get_metrics(),
        }

    def close(self) -> None:
        """Stop watching and remove the widget; the run goes on."""
        self._unsubscribe()
        super().close()

    def __repr__(self) -> str:
        """Return the run's id."""
        return f"RunDetails({self._run.id})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Return the widget's view, with HTML and text beside it for where no widget can run."""
        shown = super()._repr_mimebundle_(**kwargs)
        if shown is None:
            return None
        bundle, metadata = shown if isinstance(shown, tuple) else (shown, {})
        return {**bundle, "text/plain": repr(self), "text/html": card(self.summary)}, metadata

    # --- from the record to the view --------------------------------------------------------

    def _subscribe(self, look: Look) -> None:
        self._unsubscribe()
        self._subscription = watcher_of(self._record).subscribe(self._run.id, look, self._on_update)

    def _unsubscribe(self) -> None:
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    def _on_update(self, update: Update) -> None:
        if self._watched:
            self._tell(update)
        if self._subscription is not None and isinstance(update, (Snapshot, Delta)):
            self._refresh_summary(self._subscription.view, update)

    def _tell(self, update: Update) -> None:
        content, buffers = wire.encode(update)
        self.send(content, buffers)

    def _refresh_summary(self, view: RunView, update: Snapshot | Delta) -> None:
        """Sync the summary: at once when the status changes, else once a second."""
        now = time.monotonic()
        status = None if update.run is None else update.run.status
        known = self.summary.get("run", {}).get("status")
        if (status is not None and status != known) or now - self._summarised >= SUMMARY_EVERY_S:
            self._summarised = now
            self.summary = msgspec.to_builtins(view.summary())
        if not self._watched and status in TERMINAL:
            self._unsubscribe()  # nothing will change, and nobody looks

    # --- from the view to the record --------------------------------------------------------

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        """Handle what the view says. Called on a subshell's thread while a cell runs."""
        try:
            request = wire.decode_request(content)
            if isinstance(request, Watch):
                self._watched = True
                self._subscribe(request.look)
            elif isinstance(request, Unwatch):
                self._watched = False
                self._unsubscribe()
            elif isinstance(request, ChangeLook):
                if self._subscription is not None:
                    self._subscription.look(request.look)
            else:
                self._tell(commands.answer(self._record.database, request, self._open))
        except RunwatchException as error:
            identity = content.get("id") if isinstance(content, dict) else None
            if isinstance(identity, str):
                self._tell(Refusal(id=identity, message=error.message))
            else:
                _log.warning("%s", error)

    def _open(self, run_id: str) -> Run:
        return Run.get(self._run._workspace, run_id)
