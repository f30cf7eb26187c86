"""What all widgets have in common: channels to the feed, commands, questions, a summary."""

from __future__ import annotations

import logging
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
from runwatch.feed import commands, questions, wire
from runwatch.feed.family import OfRun, Scope
from runwatch.feed.messages import (
    ChangeLook,
    Command,
    Delta,
    Look,
    Ping,
    Pong,
    Refusal,
    Request,
    Snapshot,
    Trouble,
    Unwatch,
    Update,
    Watch,
)
from runwatch.feed.watcher import Subscription
from runwatch.store.clock import now_us
from runwatch.widgets import cells
from runwatch.widgets.static_html import MOST_ROWS, page
from runwatch.widgets.subshell import answer_where_asked
from runwatch.widgets.watchers import watcher_of

_STATIC = Path(__file__).parent / "static"
_LOOK_AT_NOTHING = Look(limit=0)
_LOOK_OF_A_PAGE = Look(limit=MOST_ROWS)
_OWN = "summary"
"""The channel that keeps the summary current while no view is open."""
SUMMARY_EVERY_S = 1.0
_TOLD_AT_ONCE = {"status", "error", "tags", "display_name", "description"}

_log = logging.getLogger("runwatch.widgets")


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

    def __init__(self, workspace: Workspace, scope: Scope, *, compact: bool, **kwargs: Any) -> None:
        self._workspace = workspace
        self._record = workspace._record
        self._scope = scope
        self._channels: dict[str, Subscription] = {}
        self._summarised = 0.0
        self._display_id: str | None = None
        self._changes = False
        """Whether the runs were live when last heard of."""
        self._record.settle()
        self._subscribe(_OWN, scope, _LOOK_AT_NOTHING)
        first = self._channels[_OWN].channel.summary()
        self._changes = self._channels[_OWN].channel.family.is_live()
        super().__init__(summary=msgspec.to_builtins(first), compact=compact, **kwargs)
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
        for name in list(self._channels):
            self._unsubscribe(name)
        self.on_msg(self._on_message, remove=True)
        super().close()
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
        state = watcher_of(self._record).glance(self._scope, _LOOK_OF_A_PAGE)
        return {**bundle, "text/plain": repr(self), "text/html": page(state)}, metadata

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

    def _subscribe(self, channel: str, scope: Scope, look: Look) -> None:
        self._unsubscribe(channel)
        subscription = watcher_of(self._record).subscribe(
            scope, look, self._on_update, channel=channel
        )
        self._channels[channel] = subscription

    def _unsubscribe(self, channel: str) -> None:
        subscription = self._channels.pop(channel, None)
        if subscription is not None:
            subscription.close()

    def _on_update(self, update: Update) -> None:
        if not isinstance(update, (Snapshot, Delta, Trouble)) or update.channel != _OWN:
            self._tell(update)
        if isinstance(update, Delta):
            subscription = self._channels.get(update.channel)
            if subscription is not None and subscription.scope == self._scope:
                self._refresh_summary(update, subscription)

    def _tell(self, update: Update) -> None:
        content, buffers = wire.encode(update)
        self.send(content, buffers)

    def _refresh_summary(self, update: Delta, subscription: Subscription) -> None:
        """Sync the summary: at once what a person does and how the run ends, else once a second."""
        now = time.monotonic()
        told = update.run is not None and not _TOLD_AT_ONCE.isdisjoint(update.run)
        if told or now - self._summarised >= SUMMARY_EVERY_S:
            self._summarised = now
            self.summary = msgspec.to_builtins(subscription.channel.summary())
        # Once, at the end: the view is drawn anew then.
        changed, self._changes = self._changes, subscription.channel.family.is_live()
        if changed and not self._changes:
            self._refresh_page()
        self._let_go_if_over()

    def _let_go_if_over(self) -> None:
        """Watch for the summary's sake only what may change and no view watches."""
        subscription = self._channels.get(_OWN)
        if subscription is None:
            return
        shown = any(c.scope == self._scope for c in self._channels.values() if c != subscription)
        if shown or not subscription.channel.family.is_live():
            self._unsubscribe(_OWN)

    # --- from the view to the record --------------------------------------------------------

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        """Handle what the view says. Called on a subshell's thread while a cell runs."""
        try:
            self._handle(wire.decode_request(content))
        except RunwatchException as error:
            message = content if isinstance(content, dict) else {}
            if isinstance(message.get("id"), str):
                self._tell(Refusal(id=message["id"], message=error.message))
            elif isinstance(message.get("channel"), str):
                self._tell(Trouble(channel=message["channel"], message=error.message))
            else:
                _log.warning("%s", error)

    def _handle(self, request: Request) -> None:
        if isinstance(request, Watch):
            scope = self._scope if request.run_id is None else OfRun(request.run_id)
            self._subscribe(request.channel, scope, request.look)
            self._let_go_if_over()
        elif isinstance(request, Unwatch):
            self._unsubscribe(request.channel)
            self._subscribe(_OWN, self._scope, _LOOK_AT_NOTHING)
            self._let_go_if_over()
        elif isinstance(request, (ChangeLook, Ping)):
            subscription = self._channels.get(request.channel)
            if subscription is None:  # a number that no view has: it opens the channel again
                self._tell(Pong(channel=request.channel, seq=-1, now_ms=now_us() // 1000))
            elif isinstance(request, Ping):
                subscription.ping()
            else:
                subscription.look(request.look)
        elif isinstance(request, Command):
            self._tell(commands.answer(self._record.database, request, self._open_run))
        else:
            self._tell(questions.answer(self._record.database, request))

    def _open_run(self, run_id: str) -> Run:
        return Run.get(self._workspace, run_id)
