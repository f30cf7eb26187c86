"""Runs the code of a cell in the user's namespace, as a run."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

from IPython.core.displayhook import DisplayHook

from runwatch.core.run import Run
from runwatch.exceptions import ActivityCanceledException
from runwatch.widgets.captured_output import captured

DURATION = "duration_s"


class TrackedCell:
    """The code of a cell, compiled as IPython compiles it.

    Parameters
    ----------
    shell
        The IPython shell, whose variables the code uses.
    cell
        Its text, without the magic's line; it may use magics itself.

    Raises
    ------
    SyntaxError
        The cell is no code.
    """

    def __init__(self, shell: Any, cell: str) -> None:
        self._shell = shell
        # An empty line for that of the magic, so that line numbers are those of the cell.
        source = "\n" + shell.transform_cell(cell)
        file = shell.compile.cache(source, shell.execution_count - 1, raw_code="\n" + cell)
        tree = shell.transform_ast(shell.compile.ast_parse(source, filename=file))
        self._silent = DisplayHook.semicolon_at_end_of_expression(source)
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if shell.autoawait else 0
        with shell.compile.extra_flags(flags):
            self._codes = list(_compiled(shell.compile, tree, file))
        self.awaits = any(_is_coroutine(code) for code in self._codes)
        """Whether the code has an ``await`` outside of functions."""

    def run(self, start: Callable[[], Run]) -> Any:
        """Run the code inside the run's block; return the value of its last expression."""
        value = None
        with _no_empty_folder(), start() as run, _recorded(run), _OwnFramesDropped():
            for code in self._codes:
                value = self._evaluate(code)
        return None if self._silent else value

    async def run_async(self, start: Callable[[], Run]) -> Any:
        """Do as `run()`, for code that awaits."""
        value = None
        with (
            _interruptible(),
            _no_empty_folder(),
            start() as run,
            _recorded(run),
            _OwnFramesDropped(),
        ):
            for code in self._codes:
                value = self._evaluate(code)
                if _is_coroutine(code):
                    value = await value
        return None if self._silent else value

    def _evaluate(self, code: CodeType) -> Any:
        return eval(code, self._shell.user_global_ns, self._shell.user_ns)  # noqa: S307 it is the user's


def _compiled(compiler: Any, tree: ast.Module, file: str) -> Iterator[CodeType]:
    """Yield the code of the statements, and that of an expression at the end."""
    *statements, last = tree.body or [ast.Pass()]
    if not isinstance(last, ast.Expr):
        yield compiler(tree, file, "exec")
        return
    yield compiler(ast.Module(statements, []), file, "exec")
    yield compiler(ast.Expression(last.value), file, "eval")


def _is_coroutine(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_COROUTINE)


class _OwnFramesDropped:
    """Lets the traceback of an exception, as it is recorded and shown, begin with the cell."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
            traceback = traceback.tb_next
        if error is not None and traceback is not None:
            error.__traceback__ = traceback


@contextmanager
def _recorded(run: Run) -> Iterator[None]:
    """Keep with the run what is printed in the block, and how long it took."""
    begun = time.perf_counter()
    try:
        with captured(run._paths.std_log):
            yield
    finally:
        with suppress(ActivityCanceledException):
            run.log(DURATION, time.perf_counter() - begun)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Have an interrupt end the code of this task, also while it awaits.

    IPython would leave the code suspended inside its run's block, and ipykernel notices an
    interrupt only when something else wakes its event loop.
    """
    task = _current_task()
    if task is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = task.get_loop()

    def interrupt(*_: object) -> None:
        if asyncio.current_task(loop) is task:
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(task.cancel)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # another kind of loop, such as trio's
        return None


@contextmanager
def _no_empty_folder() -> Iterator[None]:
    """Remove the outputs folder that a run was given, if nothing was written there."""
    outputs = Path(os.path.abspath("outputs"))
    was_there = outputs.exists()
    try:
        yield
    finally:
        if not was_there:
            with suppress(OSError):  # it is not empty
                outputs.rmdir()
