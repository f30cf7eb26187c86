"""What all widgets have in common: channels to the feed, commands, questions, a summary."""

from __future__ import annotations

import contextlib
import math
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import anywidget
import msgspec
import traitlets

from runwatch.core.run import Run
from runwatch.core.workspace import Workspace
from runwatch.exceptions import RunwatchException
from runwatch.feed import wire
from runwatch.feed.channel import Channel
from runwatch.feed.family import FamilyScope
from runwatch.feed.messages import Delta, Look, Snapshot, Summary, Trouble, Update
from runwatch.feed.session import Session
from runwatch.feed.watcher import Subscription, watcher_of
from runwatch.store.status import TERMINAL
from runwatch.widgets import cells
from runwatch.widgets.saved_view import kept
from runwatch.widgets.static_html import MOST_ROWS
from runwatch.widgets.subshell import answer_where_asked

_STATIC = Path(__file__).parent / "static"
_LOOK_AT_NOTHING = Look(limit=0)
_LOOK_OF_A_PAGE = Look(limit=MOST_ROWS)
_OWN = "summary"
"""The channel that keeps the summary current while no view is open."""
SUMMARY_EVERY_S = 5.0
PAGE_EVERY_S = 30.0
"""How long what a notebook keeps may lag behind the record."""
PAGE_AFTER_WORDS_S = 1.0
"""The same for what a person says of a run: she tags it, and saves the notebook."""
_PAGE_AT_MOST_EVERY_S = 10.0
_TOLD_AT_ONCE = {"status", "error", "tags", "display_name", "description"}


class LiveView(anywidget.AnyWidget):  # type: ignore[misc]
    """A widget over a run or an experiment of a workspace."""

    # As text: of a path anywidget would keep a listener for each widget for ever.
    _esm = (_STATIC / "widget.js").read_text(encoding="utf-8")
    _css = (_STATIC / "widget.css").read_text(encoding="utf-8")

    summary = traitlets.Dict(
        help="The small state of what is shown, a `runwatch.feed.messages.Summary`: status, names, "
        "tags, number of runs by status, last metrics. Observe it, or read it in a saved notebook.",
    ).tag(sync=True)
    compact = traitlets.Bool(
        False, help="Whether the view begins as one line that a person can open."
    ).tag(sync=True)

    def __init__(
        self, workspace: Workspace, scope: FamilyScope, *, compact: bool, **kwargs: Any
    ) -> None:
        self._record = workspace._record
        self._summarised = 0.0
        self._paged = time.monotonic()
        self._steady = False
        self._page_timer: threading.Timer | None = None
        self._page_due = math.inf
        self._page_lock = threading.Lock()
        self._display_id: str | None = None
        self._scope = scope
        self._record.settle()
        database = self._record.database
        self._watcher = watcher_of(database, self._record.settle)
        self._session = Session(
            database,
            self._watcher,
            scope,
            send=self._on_update,
            open_run=lambda run_id: Run.get(workspace, run_id),
        )
        own = _channel(self._session.watch(_OWN, scope, _LOOK_AT_NOTHING))
        self._live = own.family.is_live()
        super().__init__(summary=msgspec.to_builtins(own.summary()), compact=compact, **kwargs)
        self._let_go_if_over()

    def show(self, render_lib: object = None, widget_settings: object = None) -> None:
        """Display the widget. The parameters are accepted as in azureml."""
        from IPython.display import display

        display(self)

    def _ipython_display_(self) -> None:
        """Display the widget so that what a saved notebook keeps can be brought up to date."""
        from IPython.display import publish_display_data

        self._display_id = self._display_id or uuid.uuid4().hex
        bundle, metadata = self._repr_mimebundle_()
        publish_display_data(bundle, metadata, transient={"display_id": self._display_id})

    def open(self) -> None:
        """Open the comm to the front end, anew if the widget was closed."""
        self.layout.open()
        super().open()
        answer_where_asked(self.comm)
        self.on_msg(self._on_message)

    def close(self) -> None:
        """Stop watching and remove the widget; what it shows goes on."""
        if self.comm is None:
            return
        self._session.close()
        self.on_msg(self._on_message, remove=True)
        super().close()
        self._put_off_page()
        self.layout.close()
        # ipywidgets takes the method away; a closed widget that is shown again opens.
        self.__dict__.pop("_repr_mimebundle_", None)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Return the widget's view, with HTML and text beside it for where no widget can run."""
        if self.comm is None:  # it was closed when its cell ran again
            self.open()
        cells.shown(self)
        return self._bundle(**kwargs)

    def _bundle(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        shown = super()._repr_mimebundle_(**kwargs)
        bundle, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
        state = self._watcher.glance(self._scope, _LOOK_OF_A_PAGE)
        summary = msgspec.convert(self.summary, type=Summary)
        saved = kept(summary, state, self._unfolded(state))
        return {**bundle, "text/plain": repr(self), **saved}, metadata

    def _unfolded(self, state: Snapshot) -> Snapshot:
        """Return the state with the tree as far open as a page has rows for it."""
        expanded: list[str] = []
        while True:
            room, before = MOST_ROWS - state.tree.total, len(expanded)
            for row in state.rows:
                if 0 < row.child_count <= room and not row.expanded:
                    expanded.append(row.run_id)
                    room -= row.child_count
            if len(expanded) == before:
                return state
            state = self._watcher.glance(self._scope, Look(limit=MOST_ROWS, expanded=expanded))

    def _refresh_page(self) -> None:
        """Bring the HTML beside the view up to date, where the notebook keeps it."""
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
        if self._display_id is None or self.comm is None or shell is None:
            return
        bundle, metadata = self._bundle()
        shell.display_pub.publish(
            bundle, metadata, transient={"display_id": self._display_id}, update=True
        )

    # --- from the record to the view --------------------------------------------------------

    def _on_update(self, update: Update) -> None:
        if not isinstance(update, (Snapshot, Delta, Trouble)) or update.channel != _OWN:
            self.send(*wire.encode(update))
        if isinstance(update, (Snapshot, Delta)):  # a snapshot: the record can be read again
            subscription = self._session.channels.get(update.channel)
            if subscription is not None and subscription.scope == self._scope:
                self._refresh_summary(update, _channel(subscription))

    def _refresh_summary(self, update: Snapshot | Delta, channel: Channel) -> None:
        """Sync the summary: at once what a person does and how runs end, else now and then."""
        was_live, self._live = self._live, channel.family.is_live()
        if isinstance(update, Snapshot):
            told, ended, rows = True, False, []
        else:
            told = update.run is not None and not _TOLD_AT_ONCE.isdisjoint(update.run)
            # Its child runs may go on.
            ended = update.run is not None and update.run.get("status") in TERMINAL
            rows = update.rows or []
        over = ended or (was_live and not self._live)
        now = time.monotonic()
        if told or over or now - self._summarised >= SUMMARY_EVERY_S:
            self._summarised = now
            self.summary = msgspec.to_builtins(channel.summary())
        if over:
            self._put_off_page()
            self._paged = now
            self._refresh_page()
        elif self._steady:  # other front ends would draw the view anew each time
            said = told or any("tags" in row for row in rows)
            self._refresh_page_at(
                max(now + PAGE_AFTER_WORDS_S, self._paged + _PAGE_AT_MOST_EVERY_S)
                if said
                else self._paged + PAGE_EVERY_S
            )
        self._let_go_if_over()

    def _refresh_page_at(self, due: float) -> None:
        """Bring what the notebook keeps up to date at that time (`time.monotonic()`), or before."""
        with self._page_lock:
            if due >= self._page_due or self.comm is None:
                return
            if self._page_timer is not None:
                self._page_timer.cancel()
            self._page_due = due
            wait_s = max(0.0, due - time.monotonic())
            self._page_timer = threading.Timer(wait_s, self._refresh_page_now)
            self._page_timer.daemon = True
            self._page_timer.start()

    def _refresh_page_now(self) -> None:
        with self._page_lock:
            self._page_timer, self._page_due = None, math.inf
            self._paged = time.monotonic()
        # What is wrong with the record is told by the view.
        with contextlib.suppress(RunwatchException):
            self._refresh_page()

    def _put_off_page(self) -> None:
        with self._page_lock:
            if self._page_timer is not None:
                self._page_timer.cancel()
            self._page_timer, self._page_due = None, math.inf

    def _let_go_if_over(self) -> None:
        """Watch for the summary's sake only what may change and no view watches."""
        channels = self._session.channels.copy()  # another thread may open and close some
        own = channels.get(_OWN)
        if own is None:
            return
        shown = any(c.scope == own.scope for c in channels.values() if c is not own)
        if shown or not _channel(own).family.is_live():
            self._session.unwatch(_OWN)

    # --- from the view to the record --------------------------------------------------------

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        """Handle what the view says. Called on a subshell's thread while a cell runs."""
        kind = content.get("type") if isinstance(content, dict) else None
        self._steady = self._steady or kind == "steady"
        try:
            if kind == "unwatch":  # before the view goes: what it was not told yet is told then
                self._session.watch(_OWN, self._scope, _LOOK_AT_NOTHING)
        finally:
            self._session.take(content)
        self._let_go_if_over()


def _channel(subscription: Subscription) -> Channel:
    """Return what is watched: a run or an experiment, as a widget shows nothing else."""
    assert isinstance(subscription.channel, Channel)
    return subscription.channel
