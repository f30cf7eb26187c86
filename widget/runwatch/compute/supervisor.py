"""The process that a submitted run belongs to: ``python -m runwatch.compute.supervisor``.

It reads a `Job` from its standard input, detaches, prints its own pid and start time, and then
makes the working copy, starts the script, captures its output, ships its journals, beats the
heart, enforces cancel and the time limit, gathers outputs, and writes the final status. The
process that submitted may end at any time.
"""

from __future__ import annotations

import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psutil

from runwatch.compute import outcome, processes, python_environment, snapshot
from runwatch.compute.job import Job
from runwatch.exceptions import RunwatchException
from runwatch.store import rights, run_files
from runwatch.store.clock import now_us
from runwatch.store.paths import ENVIRONMENT_LOG, WorkspacePaths
from runwatch.store.status import TERMINAL, RunStatus

if TYPE_CHECKING:
    from runwatch.store.database import Database
    from runwatch.store.runs import RunRow
    from runwatch.store.shipper import Shipper

TICK_S = 0.05
HEARTBEAT_S = 10.0
_SHIP_S = 0.1
_SHARE = 5
"""Shipping takes one part in so many of the time at most, where many runs are shipped."""
_RETRY_S = 1.0
_LOOK_AT_GRACE_S = 0.2
"""How often to look whether a second cancel has made the grace shorter."""

_log = logging.getLogger("runwatch.supervisor")


class Supervisor:
    """Looks after one submitted run until its last process is gone."""

    def __init__(self, job: Job) -> None:
        self._job = job
        workspace = WorkspacePaths(Path(job.workspace))
        self._workspace = workspace
        self._paths = workspace.run(job.run_id)
        self._script_pid: int | None = None
        self._exit_code: int | None = None
        self._started_us = now_us()
        self._deadline: float | None = None
        self._terminated = False
        self._stopped = False
        self._beaten = time.monotonic()
        self._seen_version = -1
        self._next_shipment = 0.0
        self._database: Database
        self._shipper: Shipper
        self._key: int
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)
        os.set_blocking(self._wake_writer, False)

    def run(self) -> None:
        """Run the script to its end and write how it ended."""
        processes.become_subreaper()
        self._listen()
        problem = self._prepare_environment() or self._start_script()
        self._open_record()
        if problem is None and not self._stopped:
            self._claim()
            problem = self._watch_script()
        self._end_processes()
        self._gather()
        self._insist(lambda: self._finish(problem))

    # --- the script -------------------------------------------------------------------------

    def _listen(self) -> None:
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_terminate)

    def _on_terminate(self, *_: object) -> None:
        self._terminated = True

    def _prepare_environment(self) -> dict[str, Any] | None:
        """Have the script's packages installed; return the error if that can't be."""
        packages, log = self._job.packages, self._paths.environment_log
        if not packages:
            return None
        self._job.environment["PATH"] = os.pathsep.join(
            [str(python_environment.scripts_of(packages)), self._job.environment.get("PATH", "")]
        )
        if python_environment.is_built(packages):
            return None
        problem = self._start(
            python_environment.build_command(packages),
            log,
            self._paths.root,
            {**self._job.environment, "PATH": os.environ.get("PATH", os.defpath)},
        )
        self._open_record()
        problem = problem or self._watch()
        if problem is None and self._exit_code:
            problem = {
                "code": "UserError",
                "message": f"The packages {', '.join(packages)} could not be installed. What pip "
                f"said is in the log {ENVIRONMENT_LOG}.",
            }
        self._exit_code = None
        return problem

    def _start_script(self) -> dict[str, Any] | None:
        """Make the working copy and start the script; return the error if that can't be."""
        if self._stopped:
            return None
        job, paths = self._job, self._paths
        try:
            snapshot.check_out(self._workspace.snapshots, job.snapshot_id, paths.work)
            for name in run_files.GATHERED:
                rights.make_folder(paths.work / name)
        except OSError as error:
            return _not_started(error, job.snapshot_id)
        problem = self._start(job.command, paths.std_log, paths.work, job.environment)
        self._started_us = now_us()
        if problem is None and job.max_run_duration_s is not None:
            self._deadline = time.monotonic() + job.max_run_duration_s
        return problem

    def _start(
        self, command: list[str], log: Path, folder: Path, environment: dict[str, str]
    ) -> dict[str, Any] | None:
        """Start a program of the run; return the error if that can't be."""
        try:
            rights.make_folder(log.parent, parents=True)
            rights.make_file(log)
            with open(log, "ab") as output:
                script = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_die_with_supervisor(),
                )
        except OSError as error:
            return _not_started(error, command[0])
        # This process reaps all children itself, the script and orphans alike.
        script.returncode = 0
        self._script_pid = script.pid
        return None

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._script_pid:
                self._exit_code = os.waitstatus_to_exitcode(status)

    def _wait(self, seconds: float = TICK_S) -> None:
        """Wait for a child's end or a signal, `seconds` at most."""
        readable, _, _ = select.select([self._wake_reader], [], [], seconds)
        if readable:
            os.read(self._wake_reader, 4096)
        self._reap()

    # --- the record -------------------------------------------------------------------------

    def _open_record(self) -> None:
        # Only now: importing the store takes longer than starting the script.
        if hasattr(self, "_database"):
            return
        from runwatch.store import runs
        from runwatch.store.database import Database
        from runwatch.store.shipper import Shipper

        self._database = Database(self._workspace)
        self._shipper = Shipper(self._database, self._workspace.journal_of_run(self._job.run_id))
        with self._database.read() as connection:
            row = runs.find(connection, self._job.run_id)
        if row is None:
            raise RunwatchException(f"There is no run {self._job.run_id} in the record.")
        self._key = row.id

    def _claim(self) -> None:
        from runwatch.store import runs

        with self._database.write() as tx:
            runs.set_fields(tx, self._key, **asdict(processes.this_process()))
            runs.change_status(tx, self._key, RunStatus.RUNNING, started_us=self._started_us)

    def _row(self) -> RunRow:
        from runwatch.store import runs

        with self._database.read() as connection:
            row = runs.find(connection, self._job.run_id)
        assert row is not None
        return row

    def _watch_script(self) -> dict[str, Any] | None:
        """Wait for the script's end or a reason to end it; return the error, if it is one."""
        problem = self._watch()
        if problem is None and self._exit_code:
            return outcome.error_of_exit(self._exit_code, self._paths.std_log)
        return problem

    def _watch(self) -> dict[str, Any] | None:
        """Wait for the end of what was started or a reason to end it; return that, if it is one."""
        while self._exit_code is None:
            self._wait()
            try:
                self._keep_record()
                if self._asked_to_stop():
                    self._stopped = True
                    return None
            except RunwatchException as error:  # a full disk may have room again later
                _log.warning("%s", error)
                if not self._workspace.root.exists():
                    self._stopped = True  # nobody could see it or stop it any more
                    return None
                self._wait(_RETRY_S)
            if self._terminated:
                return {
                    "code": "SupervisorTerminated",
                    "message": "The run's supervisor was asked to end (SIGTERM), as at a shutdown "
                    "of the machine, and ended the run.",
                }
            if self._deadline is not None and time.monotonic() > self._deadline:
                return {
                    "code": "MaxRunDurationExceeded",
                    "message": f"The run was ended after max_run_duration_seconds "
                    f"({self._job.max_run_duration_s:g} s).",
                }
        return None

    def _keep_record(self) -> None:
        from runwatch.store import runs

        begun = time.monotonic()
        if begun >= self._next_shipment:
            self._shipper.ship()
            took = time.monotonic() - begun
            self._next_shipment = begun + max(_SHIP_S, took * _SHARE)
        if time.monotonic() - self._beaten >= HEARTBEAT_S:
            with self._database.write() as tx:
                runs.beat(tx, [row.id for row in self._live_family(tx.connection)])
            self._beaten = time.monotonic()

    def _asked_to_stop(self) -> bool:
        version = self._database.data_version()
        if version == self._seen_version:
            return False
        self._seen_version = version
        row = self._row()
        return (
            row.status == RunStatus.CANCEL_REQUESTED
            or row.status in TERMINAL
            or row.fail_requested is not None
        )

    # --- the end ----------------------------------------------------------------------------

    def _members(self) -> list[psutil.Process]:
        return processes.of_run(self._job.run_id, self._workspace, root=psutil.Process())

    def _end_processes(self) -> None:
        """End what is left of the run: SIGTERM, and after the grace SIGKILL until all are gone."""
        members = self._members()
        if not members:
            return
        self._announce_grace()
        processes.signal_all(members, signal.SIGTERM)
        begun = time.monotonic()  # only now: to announce it can take long
        while left_s := max(0.0, begun + self._grace_s() - time.monotonic()):
            if processes.wait_until_gone(
                self._members, timeout_s=min(left_s, _LOOK_AT_GRACE_S), between=self._wait
            ):
                break
        else:
            while members := self._members():
                processes.signal_all(members, signal.SIGKILL)
                self._wait()
        self._reap()

    def _announce_grace(self) -> None:
        """See that the record says until when the processes have time."""
        from runwatch.store import runs

        try:
            with self._database.write() as tx:
                row = self._row()  # as nobody else can change it now
                if row.cancel_forced_us is None:
                    # From the request on, so that both times are of one clock.
                    begun_us = row.cancel_requested_us or now_us()
                    forced = begun_us + int(self._job.grace_s * 1e6)
                    runs.set_fields(tx, self._key, cancel_forced_us=forced)
        except RunwatchException as error:
            _log.warning("%s", error)

    def _grace_s(self) -> float:
        """Return how long the processes have: as whoever cancelled said, else the submitter."""
        try:
            row = self._row()
        except RunwatchException as error:
            _log.warning("%s", error)
            return self._job.grace_s
        if row.cancel_forced_us is None or row.cancel_requested_us is None:
            return self._job.grace_s
        return max(0.0, (row.cancel_forced_us - row.cancel_requested_us) / 1e6)

    def _insist(self, act: Callable[[], None]) -> None:
        """Do it, and again until the record takes it, as long as there is a workspace."""
        while True:
            try:
                return act()
            except RunwatchException as error:
                _log.warning("%s", error)
                if not self._workspace.root.exists():
                    return None
                time.sleep(_RETRY_S)

    def _finish(self, problem: dict[str, Any] | None) -> None:
        from runwatch.compute import settle
        from runwatch.store import runs, shipper

        shipper.wait_for_dead_writers([self._workspace.journal_of_run(self._job.run_id)])
        self._shipper.remove_finished()
        with self._database.write() as tx:
            row = self._row()
            for member in self._live_family(tx.connection):
                owner = member.owner
                if member.id != self._key and owner and not processes.is_alive(owner):
                    settle.end(tx, member, error=_left_open(self._exit_code))
            error = row.error_body or problem
            if row.status == RunStatus.CANCEL_REQUESTED or row.fail_requested or error:
                settle.end(tx, row, error=error or {})
            else:
                runs.change_status(tx, self._key, RunStatus.COMPLETED)

    def _live_family(self, connection: Any) -> list[RunRow]:
        from runwatch.store import runs

        row = runs.find(connection, self._job.run_id)
        if row is None:
            return []
        inside = {member.id for member in runs.subtree(connection, row)}
        return [r for r in runs.live(connection, runs.of_root(row.root)) if r.id in inside]

    def _gather(self) -> None:
        """Move what the script wrote to outputs/ and logs/ to the run's files."""
        try:
            run_files.gather(self._paths)
        except OSError as error:
            _log.warning("Left in %s, because it can't be gathered: %s", self._paths.work, error)
        else:
            shutil.rmtree(self._paths.work, ignore_errors=True)


def _not_started(error: OSError, what: str) -> dict[str, Any]:
    return {
        "code": "UserError",
        "message": f"The script could not be started: {error.filename or what}: {error.strerror}.",
    }


def _left_open(exit_code: int | None) -> dict[str, Any]:
    how = "was ended" if exit_code is None else f"ended with exit code {exit_code}"
    return {
        "code": "ProcessEnded",
        "message": f"The script that logged this run {how} without completing it. What it had "
        "logged is kept.",
    }


def _die_with_supervisor() -> Callable[[], object] | None:
    """Return what the script's process does first: ask to be killed when its parent dies."""
    if sys.platform != "linux":
        return None
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    set_parent_death_signal = 1
    return lambda: prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)


def main() -> None:
    """Detach from the process that submitted, and supervise."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    if os.fork():
        os._exit(0)
    me = processes.this_process()
    sys.stdout.write(f"{me.pid} {me.process_started!r}\n")
    sys.stdout.flush()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    try:
        Supervisor(job).run()
    except Exception:  # noqa: BLE001 it is told, and the run is settled by its next reader
        _log.exception("The supervisor of run %s failed.", job.run_id)
        sys.exit(1)


if __name__ == "__main__":
    main()
