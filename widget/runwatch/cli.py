"""The record in a terminal.

``runwatch list | show | watch | cancel | tag | logs | doctor | backup | restore``
"""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runwatch.core import Run, Workspace
from runwatch.core.completion import stream
from runwatch.exceptions import RunwatchException, UserErrorException, WorkspaceException
from runwatch.feed.wire import json_value
from runwatch.store.clock import elapsed, now_us
from runwatch.store.paths import STD_LOG
from runwatch.store.status import TERMINAL

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from runwatch.feed.messages import RunHead, Update
    from runwatch.feed.picture import Picture

_STYLES = {
    "Completed": ("green", "✔"),
    "Failed": ("red", "✘"),
    "Canceled": ("yellow", "■"),
    "CancelRequested": ("yellow", "□"),
    "NotResponding": ("magenta", "?"),
}
_LIVE_STYLE = ("cyan", "●")
_SHOWN_METRICS = 3
_SHOWN_ROWS = 200


def watch(run: Run, *, console: Console | None = None) -> str:
    """Show a run's tree live in the terminal until it has ended; return its last status.

    Raises
    ------
    WorkspaceException
        The workspace was deleted meanwhile.
    """
    from rich.console import Console
    from rich.live import Live

    from runwatch.feed.family import OfRun
    from runwatch.feed.messages import Look, Trouble
    from runwatch.feed.picture import Picture
    from runwatch.feed.watcher import Watcher

    console = console or Console()
    updates: queue.SimpleQueue[Update] = queue.SimpleQueue()
    watcher = Watcher(run._record.database, run._record.settle)
    picture = Picture()
    expanded: list[str] = []
    subscription = watcher.subscribe(OfRun(run.id), Look(limit=_SHOWN_ROWS), updates.put)
    try:
        with Live(console=console, refresh_per_second=8, transient=False) as live:
            while True:
                with contextlib.suppress(queue.Empty):  # the running clock goes on
                    update = updates.get(timeout=1.0)
                    if isinstance(update, Trouble) and not run._record.database.is_there():
                        raise WorkspaceException(update.message)
                    picture.take(update)
                assert picture.run is not None
                folded = [row.run_id for row in picture.rows if row.child_count > 0]
                folded = [run_id for run_id in folded if run_id not in expanded]
                if folded:
                    expanded += folded
                    subscription.look(Look(limit=_SHOWN_ROWS, expanded=list(expanded)))
                live.update(_drawn(picture, picture.run))
                if picture.run.status in TERMINAL and updates.empty():
                    return picture.run.status
    finally:
        subscription.close()
        if not console.is_terminal:  # a terminal's last line Live ends itself
            console.line()


def _drawn(picture: Picture, head: RunHead) -> RenderableType:
    from rich.table import Table

    now_ms = now_us() // 1000
    table = Table(box=None, pad_edge=False, header_style="dim")
    columns = [c for c in picture.tree.columns if c.startswith("metric:")][:_SHOWN_METRICS]
    last = {name: points.last for (_, name), points in picture.last.items()}
    table.add_column("run", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for name in ("time", *(column.partition(":")[2] for column in columns)):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row(
        _plain(head.display_name, "bold"),
        _status(head.status),
        elapsed(head.started_ms, head.ended_ms, now_ms),
        *(_number(last.get(column.partition(":")[2])) for column in columns),
    )
    rows = picture.rows
    for place, row in enumerate(rows):
        # Of what comes before the tree goes up again: the next of the same level is a sibling.
        after = next((one.level for one in rows[place + 1 :] if one.level <= row.level), 0)
        last_here = after < row.level
        twig = "└─ " if last_here else "├─ "
        table.add_row(
            _plain("   " * (row.level - 1) + twig + row.display_name),
            _status(row.status),
            elapsed(row.started_ms, row.ended_ms, now_ms),
            *(_number(row.values.get(column)) for column in columns),
        )
    more = picture.tree.total - len(rows)
    if more > 0:
        table.add_row(_plain(f"and {more:,} more", "dim"))
    return table


def _plain(text: str, style: str = "") -> RenderableType:
    from rich.text import Text

    return Text(text, style=style)


def _status(status: str) -> RenderableType:
    style, mark = _STYLES.get(status, _LIVE_STYLE)
    return _plain(f"{mark} {status}", style)


def _number(value: object) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _list(workspace: Workspace, arguments: argparse.Namespace) -> None:
    from rich.table import Table

    experiments = workspace.experiments
    if arguments.experiment is not None and arguments.experiment not in experiments:
        raise UserErrorException(
            f"There is no experiment {arguments.experiment!r}. These are there: "
            f"{', '.join(experiments)}."
        )
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("experiment", "#", "name", "status", "run id"):
        table.add_column(name, no_wrap=True)
    for experiment in experiments.values():
        if arguments.experiment in (None, experiment.name):
            for run in experiment.get_runs(include_children=arguments.children):
                table.add_row(
                    experiment.name,
                    str(run.number),
                    _plain(run.display_name),
                    _status(run.get_status()),
                    run.id,
                )
    _print_whole(table)


def _print_whole(table: Table) -> None:
    """Print a table as wide as it is: of a run id that was cut nothing can be done."""
    from rich.console import Console

    console = Console()
    unbounded = console.options.update(max_width=sys.maxsize)
    console.width = max(console.width, console.measure(table, options=unbounded).maximum)
    console.print(table)


def _show(workspace: Workspace, arguments: argparse.Namespace) -> None:
    import json

    run = workspace.get_run(arguments.run_id)
    shown = {**run.get_details(), "tags": run.get_tags(), "metrics": run.get_metrics()}
    print(json.dumps(json_value(shown), indent=2, ensure_ascii=False, allow_nan=False))


def _watch(workspace: Workspace, arguments: argparse.Namespace) -> None:
    watch(workspace.get_run(arguments.run_id))


def _cancel(workspace: Workspace, arguments: argparse.Namespace) -> None:
    run = workspace.get_run(arguments.run_id)
    print(run.cancel() or f"Asked {run.display_name} to end.")


def _tag(workspace: Workspace, arguments: argparse.Namespace) -> None:
    run = workspace.get_run(arguments.run_id)
    for tag in arguments.tags:
        key, equals, value = tag.partition("=")
        run.tag(key, value if equals else None)
    print(run.get_tags())


def _logs(workspace: Workspace, arguments: argparse.Namespace) -> None:
    run = workspace.get_run(arguments.run_id)
    if arguments.follow:
        stream(run, run._paths.std_log, STD_LOG)
    elif run._paths.std_log.is_file():
        # Without another sort of line ends: a bar that is drawn over and over would be many lines.
        with open(run._paths.std_log, encoding="utf-8", errors="replace", newline="") as log:
            shutil.copyfileobj(log, sys.stdout)


def _doctor(workspace: Workspace, arguments: argparse.Namespace) -> int:
    from runwatch.core import doctor

    left = found = 0
    for finding in doctor.examine(workspace._record.paths, mend=not arguments.check):
        found += 1
        left += finding.mended is None
        print(f"{finding.what}\n    {finding.mended or 'not mended'}")
    folder = workspace._record.paths.root
    print(f"{folder}: {found} found, {found - left} mended." if found else f"{folder} is well.")
    return 1 if left else 0


def _backup(workspace: Workspace, arguments: argparse.Namespace) -> None:
    print(f"Wrote {workspace.backup(arguments.file)}")


def _restore(arguments: argparse.Namespace) -> None:
    workspace = Workspace.restore(arguments.file, arguments.workspace)
    print(f"Restored {workspace._record.paths.root}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="runwatch", description=__doc__)
    parser.add_argument("--workspace", type=Path, help="folder of the workspace; default: here")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="runs, newest first")
    listing.add_argument("experiment", nargs="?")
    listing.add_argument("--children", action="store_true", help="child runs too")
    listing.set_defaults(act=_list)
    for name, act, text in (
        ("show", _show, "details, tags and metrics of a run, as JSON"),
        ("watch", _watch, "a run's tree, live, until it has ended"),
        ("cancel", _cancel, "end a run and its child runs"),
        ("tag", _tag, "add tags to a run"),
        ("logs", _logs, "print a run's log"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("run_id")
        command.set_defaults(act=act)
        if name == "tag":
            command.add_argument("tags", nargs="+", metavar="KEY[=VALUE]")
        if name == "logs":
            command.add_argument("-f", "--follow", action="store_true", help="until it has ended")
    doctor = commands.add_parser("doctor", help="find what is wrong in the workspace, and mend it")
    doctor.add_argument("--check", action="store_true", help="find only")
    doctor.set_defaults(act=_doctor)
    backup = commands.add_parser(
        "backup", help="write the whole workspace, also a live one, to a file"
    )
    backup.add_argument("file", nargs="?", type=Path, help="such as backup.tar.gz")
    backup.set_defaults(act=_backup)
    restore = commands.add_parser("restore", help="bring a workspace back from a backup")
    restore.add_argument("file", type=Path)
    restore.set_defaults(act=None)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.act is None:
            _restore(arguments)
        else:
            code = arguments.act(_workspace(arguments.workspace), arguments) or 0
            sys.stdout.flush()  # so that a reader who is gone is noticed here
            return code
    except RunwatchException as error:
        print(f"runwatch: {error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head` has seen enough; nor is it told of at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _workspace(folder: Path | None) -> Workspace:
    """Return the workspace that is meant; where there is none, none is made to look into."""
    found = Workspace._find(folder)
    if found is None or not found._record.paths.root.is_dir():  # it may have a config alone
        raise UserErrorException(
            f"There is no workspace in {folder or Path.cwd()} or above it. Change to the folder of "
            "your notebook, or name that of the workspace with --workspace."
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
