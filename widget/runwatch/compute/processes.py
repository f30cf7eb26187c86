"""Processes of a run: who they are, whether they live, and how they are ended."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterable

import psutil

from runwatch.compute.script_environment import RUN_ID, WORKSPACE
from runwatch.store.paths import WorkspacePaths
from runwatch.store.runs import Owner

_PR_SET_CHILD_SUBREAPER = 36
# psutil rounds a start time to the kernel's clock tick of 10 ms.
_SAME_START_S = 0.05


def this_process() -> Owner:
    """Return who this process is."""
    pid = os.getpid()
    return Owner(host=socket.gethostname(), pid=pid, process_started=started(pid))


def started(pid: int) -> float:
    """Return when a process began, seconds since the epoch."""
    return float(psutil.Process(pid).create_time())


def is_here(owner: Owner) -> bool:
    """Return whether the process, dead or alive, is one of this host."""
    return owner.host == socket.gethostname()


def is_alive(owner: Owner) -> bool:
    """Return whether a process of this host lives; one with a reused pid is another process."""
    try:
        process = psutil.Process(owner.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return bool(abs(process.create_time() - owner.process_started) < _SAME_START_S)
    except psutil.NoSuchProcess:
        return False


def become_subreaper() -> None:
    """Have orphans among this process's descendants become its children (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def of_run(
    run_id: str, workspace: WorkspacePaths, *, root: psutil.Process | None = None
) -> list[psutil.Process]:
    """Return the living processes of a run.

    Found are the descendants of `root` (its supervisor), whatever session or process group they
    made for themselves, and all processes that carry the run's id and its workspace in their
    environment. The processes of another run that was submitted from this one carry that one's.
    """
    found: dict[int, psutil.Process] = {}
    candidates: Iterable[psutil.Process] = psutil.process_iter()
    descendants = set() if root is None else {p.pid for p in root.children(recursive=True)}
    sought = (run_id, str(workspace.root))
    own = {os.getpid(), *([root.pid] if root else [])}
    for process in candidates:
        if process.pid in own:
            continue
        try:
            carried = _carried_run(process)
            mine = carried == sought or (carried is None and process.pid in descendants)
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = process
        except psutil.NoSuchProcess:
            continue
    return list(found.values())


def _carried_run(process: psutil.Process) -> tuple[str, str] | None:
    """Return the run that a process says it belongs to: its id, and its workspace."""
    try:
        environment = process.environ()
    except (psutil.AccessDenied, psutil.ZombieProcess, OSError):
        return None
    if RUN_ID not in environment:
        return None
    return environment[RUN_ID], environment.get(WORKSPACE, "")


def signal_all(processes: Iterable[psutil.Process], number: int) -> None:
    """Send a signal to each process that is still there."""
    for process in processes:
        try:
            process.send_signal(number)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def wait_until_gone(
    find: Callable[[], list[psutil.Process]], *, timeout_s: float, between: Callable[[], None]
) -> bool:
    """Wait until `find` finds no process any more; return whether that came in time.

    `between` is called between two looks: it reaps children and waits a little.
    """
    deadline = time.monotonic() + timeout_s
    while find():
        if time.monotonic() >= deadline:
            return False
        between()
    return True
