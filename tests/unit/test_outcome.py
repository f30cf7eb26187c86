"""Why a script failed, as its log and its exit code tell it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runwatch.compute.outcome import error_of_exit

HANDLED = """
import logging, os, signal, sys
try:
    1 / 0
except ZeroDivisionError:
    logging.exception("goes on without it")
print("the last line", flush=True)
"""

Error = dict[str, Any]


@pytest.fixture
def end_of(tmp_path: Path) -> Callable[[str], Error]:
    """Run a script to its end, and return the error that is made of that."""

    def _end_of(text: str) -> Error:
        (tmp_path / "train.py").write_text(textwrap.dedent(text), encoding="utf-8")
        with open(tmp_path / "log", "wb") as log:
            ended = subprocess.run(
                [sys.executable, "train.py"], cwd=tmp_path, stdout=log, stderr=log, check=False
            )
        return error_of_exit(ended.returncode, tmp_path / "log")

    return _end_of


def error_in(folder: Path, log: str, exit_code: int = 1) -> Error:
    (folder / "log").write_text(log, encoding="utf-8")
    return error_of_exit(exit_code, folder / "log")


def trace_of(error: Error) -> str | None:
    trace: str | None = error.get("debugInfo", {}).get("stackTrace")
    return trace


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ("sys.exit(3)", "exit code 3"),
        ("os._exit(4)", "exit code 4"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    ],
)
def test_what_a_script_has_handled_is_not_why_it_ended(
    end_of: Callable[[str], Error], ends: str, message: str
) -> None:
    error = end_of(HANDLED + ends)
    assert message in error["message"]
    assert trace_of(error) is None


def test_what_comes_after_a_traceback_is_not_the_reason(end_of: Callable[[str], Error]) -> None:
    error = end_of("""
        import atexit
        class Loader:
            def __del__(self):
                raise OSError("in the way at the end")
        loader = Loader()
        atexit.register(print, "good bye")
        raise ValueError("no data")
    """)
    assert error["message"] == "ValueError: no data"


def test_of_a_message_of_many_lines_the_first_is_told(end_of: Callable[[str], Error]) -> None:
    error = end_of("raise RuntimeError('sizes differ:\\n  3 and 4\\nPass others.')")
    assert error["message"] == "RuntimeError: sizes differ:"
    assert str(trace_of(error)).endswith("sizes differ:\n  3 and 4\nPass others.")


def test_an_exception_is_told_with_its_causes(end_of: Callable[[str], Error]) -> None:
    error = end_of(
        HANDLED
        + """
try:
    try:
        {}["rate"]
    except KeyError as error:
        raise ValueError("bad configuration") from error
except ValueError:
    raise RuntimeError("not started")
"""
    )
    assert error["message"] == "RuntimeError: not started"
    trace = str(trace_of(error))
    for part in ("KeyError: 'rate'", "direct cause", "ValueError: bad configuration"):
        assert part in trace
    assert "ZeroDivisionError" not in trace


def test_a_script_that_is_no_python_says_so(end_of: Callable[[str], Error]) -> None:
    error = end_of("print('never')\ndef f(:\n    pass\n")
    assert error["message"] == "SyntaxError: invalid syntax"
    assert "line 2" in str(trace_of(error))
    assert end_of("if True:\nprint(1)\n")["message"].startswith("IndentationError: expected")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups came with Python 3.11")
def test_a_group_of_exceptions_is_told_whole(end_of: Callable[[str], Error]) -> None:
    error = end_of("""
        def fail():
            raise TypeError("of the second")
        try:
            fail()
        except TypeError as second:
            raise ExceptionGroup("two workers failed", [ValueError("of the first"), second])
    """)
    assert error["message"] == "ExceptionGroup: two workers failed (2 sub-exceptions)"
    assert "of the first" in str(trace_of(error))
    assert "of the second" in str(trace_of(error))


def test_an_interrupt_is_told(end_of: Callable[[str], Error]) -> None:
    assert end_of("raise KeyboardInterrupt")["message"] == "KeyboardInterrupt"


def test_a_thread_that_failed_is_not_why_the_script_did(end_of: Callable[[str], Error]) -> None:
    error = end_of("""
        import sys, threading
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        sys.exit("no data")
    """)
    assert error["message"] == "The script ended with exit code 1."


def test_who_prints_a_traceback_and_chooses_an_exit_code_has_told_why(
    end_of: Callable[[str], Error],
) -> None:
    error = end_of("""
        import sys, traceback
        try:
            1 / 0
        except ZeroDivisionError:
            traceback.print_exc()
            sys.exit(2)
    """)
    assert error["message"] == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    "log",
    [
        # Python 3.13 in a notebook's environment, which asks for colours.
        "Traceback (most recent call last):\n"
        '  File \x1b[35m"train.py"\x1b[0m, line \x1b[35m1\x1b[0m, in \x1b[35m<module>\x1b[0m\n'
        "    \x1b[31mfit\x1b[0m\x1b[1;31m()\x1b[0m\n"
        "\x1b[1;35mValueError\x1b[0m: \x1b[35mno data\x1b[0m\n",
        # After a bar that was not closed.
        " 30%|███       | 3/10 [00:01<00:02]Traceback (most recent call last):\n"
        '  File "train.py", line 1, in <module>\n    fit()\nValueError: no data\n',
        # torchrun puts the process in front of each line.
        "[rank0]: Traceback (most recent call last):\n"
        '[rank0]:   File "train.py", line 1, in <module>\n'
        "[rank0]:     fit()\n[rank0]: ValueError: no data\n",
    ],
    ids=["coloured", "after a bar", "with a prefix"],
)
def test_a_traceback_is_read_however_it_was_written(tmp_path: Path, log: str) -> None:
    error = error_in(tmp_path, log)
    assert error["message"] == "ValueError: no data"
    assert "\x1b" not in str(trace_of(error))
