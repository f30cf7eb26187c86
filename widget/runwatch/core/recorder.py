"""What this process logs to a workspace, and the live runs that it answers for.

`log()` appends to the journal and returns. A thread, alive only while this process answers for a
live run or has points to ship, moves the journal into the record, beats the heart, and brings a
cancellation that somebody else asked for to the code that is running here.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import threading
import time
import uuid
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runwatch.compute.script_environment import supervised_run
from runwatch.exceptions import ActivityCanceledException, RunwatchException
from runwatch.store.journal import JournalWriter
from runwatch.store.status import RunStatus

if TYPE_CHECKING:
    from runwatch.core.outputs import OutputsFolder
    from runwatch.core.record import Record
    from runwatch.store.runs import RunRow
    from runwatch.store.shipper import Shipper

TICK_S = 0.1
_SHARE = 20
"""Of its time, the thread works one part in so many: where many processes write, each waits long
for its turn, and they would do little else than ship."""
_LONGEST_TICK_S = 1.0
HEARTBEAT_S = 10.0
_log = logging.getLogger("runwatch")


class Recorder:
    """The writing side of a `Record`."""

    def __init__(self, record: Record) -> None:
        self._record = record
        supervised = supervised_run(record.paths)
        self._supervised = supervised is not None
        if supervised is None:
            writer = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
            folder = record.paths.journal_of_process(writer)
        else:
            folder = record.paths.journal_of_run(supervised)
        self._journal = JournalWriter(folder)
        self._lock = threading.Lock()
        # The same thread can come in again: a signal's handler may cancel a run.
        self._delivering = threading.RLock()
        self._thread: threading.Thread | None = None
        self._answers_for: set[str] = set()
        self._outputs: dict[str, OutputsFolder] = {}
        self._blocks: Counter[str] = Counter()
        self._canceled: set[str] = set()
        self._shipper: Shipper | None = None
        self._stopped = False
        self._seen_version = -1
        self._beaten = 0.0
        os.register_at_fork(after_in_child=self._after_fork)
        atexit.register(self._close)

    def log(self, run_id: str, name: str, kind: str, step: int | None, value: Any) -> None:
        """Keep one value. When this returns, the value outlives the process.

        Raises
        ------
        ActivityCanceledException
            The run was cancelled.
        WorkspaceException
            The journal can't be written to.
        """
        if self._canceled and run_id in self._canceled:
            raise ActivityCanceledException(
                f"The run {run_id} was cancelled, so {name!r} was not logged. Leave the loop, or "
                "look at run.cancel_requested before you log."
            )
        self._journal.append((run_id, name, kind), step, value)
        if self._thread is None and not self._supervised:
            self._start_thread()

    def ship(self) -> None:
        """Move what this process has logged into the record."""
        with self._lock:
            if self._shipper is None:
                from runwatch.store.shipper import Shipper

                self._shipper = Shipper(self._record.database, self._journal.folder)
            self._shipper.ship()

    def waiting_bytes(self) -> int:
        """Return how much this process has logged that is not in the record yet."""
        return 0 if self._shipper is None else self._shipper.waiting_bytes()

    # --- the runs that this process answers for ---------------------------------------------

    def answer_for(self, run_ids: list[str]) -> None:
        """Beat for these runs and look out for their cancellation, until they end."""
        self._answers_for.update(run_ids)
        self._start_thread()

    def watch_outputs(self, run_id: str, folder: OutputsFolder) -> None:
        """Collect what comes to that folder when the run ends."""
        self._outputs[run_id] = folder

    def collect_outputs(self, run_id: str) -> None:
        """Copy what has come to the run's outputs folder to its files."""
        folder = self._outputs.pop(run_id, None)
        if folder is not None:
            try:
                folder.collect(self._record.paths.run(run_id))
            except OSError as error:
                _log.warning(
                    "The outputs of run %s could not be copied to its files (%s: %s). They are "
                    "still where they were written.",
                    run_id,
                    error.filename,
                    error.strerror,
                )

    def enter(self, run_id: str) -> None:
        """Note that the main thread runs inside the run's `with` block."""
        if threading.current_thread() is threading.main_thread():
            with self._lock:
                self._blocks[run_id] += 1

    def leave(self, run_id: str) -> None:
        """Note that it has left it."""
        if threading.current_thread() is threading.main_thread():
            with self._lock:
                self._blocks[run_id] -= 1

    def is_canceled(self, run_id: str) -> bool:
        """Return whether a cancellation of the run has come to this process."""
        return run_id in self._canceled

    def forget(self, run_id: str) -> None:
        """The run has ended: nothing more is to be done for it."""
        self._answers_for.discard(run_id)

    def deliver_cancellations(self) -> None:
        """Bring each cancellation that was asked for to the code that it concerns.

        The code inside a run's `with` block is interrupted; for a run outside one, the next
        `log()` raises, and as no process has to end for it, it is Canceled at once.
        """
        # One thread at a time: each is delivered once, and has been when this returns.
        with self._delivering:
            self._deliver()

    def _deliver(self) -> None:
        from runwatch.store import runs

        interrupt = False
        ended = []
        for row in self._asked_to_cancel():
            self._canceled.add(row.run_id)
            self._answers_for.discard(row.run_id)
            with self._lock:
                inside = self._blocks[row.run_id] > 0
            if inside:
                interrupt = True
            else:
                ended.append(row)
        if ended:
            self.ship()
            with self._record.database.write() as tx:
                runs.change_statuses(tx, [row.id for row in ended], RunStatus.CANCELED)
        if interrupt and threading.current_thread() is not threading.main_thread():
            with self._lock:
                if +self._blocks:
                    os.kill(os.getpid(), signal.SIGINT)

    def _asked_to_cancel(self) -> list[RunRow]:
        from runwatch.store import runs
        from runwatch.store.schema import runs as table

        if not self._answers_for:
            return []
        with self._record.database.read() as connection:
            return runs.where(
                connection,
                table.c.status == RunStatus.CANCEL_REQUESTED,
                table.c.run_id.in_(list(self._answers_for)),
            )

    def stop(self) -> None:
        """Log nothing more: the workspace is being removed."""
        self._answers_for.clear()
        self._stopped = True
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()
        self._journal.close()
        self._shipper = None

    # --- the thread -------------------------------------------------------------------------

    def _start_thread(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._keep, name="runwatch-recorder", daemon=True
                )
                self._thread.start()

    def _keep(self) -> None:
        while not self._stopped:
            begun = time.monotonic()
            # The journal has it; the record may take it later.
            with suppress(RunwatchException, OSError):
                if not self._keep_once() and self._is_done():
                    return
            took = time.monotonic() - begun
            time.sleep(min(max(TICK_S, took * (_SHARE - 1)), _LONGEST_TICK_S))

    def _is_done(self) -> bool:
        """Return whether the thread may end; who logs from now on starts another, or is seen."""
        more = True
        with self._lock:
            self._thread = None
            try:
                more = bool(self._answers_for) or self.waiting_bytes() > 0
            finally:
                if more:
                    self._thread = threading.current_thread()
        return not more

    def _keep_once(self) -> bool:
        """Ship, look for cancellations, beat; return whether there is more to do."""
        database = self._record.database
        if not self._supervised:
            self.ship()
        version = database.data_version()
        if version != self._seen_version:
            self._seen_version = version
            self.deliver_cancellations()
            self._drop_ended()
        if self._answers_for and time.monotonic() - self._beaten >= HEARTBEAT_S:
            self._beat()
        return bool(self._answers_for)

    def _live(self) -> list[RunRow]:
        from runwatch.store import runs
        from runwatch.store.schema import runs as table

        with self._record.database.read() as connection:
            return runs.live(connection, table.c.run_id.in_(list(self._answers_for)))

    def _drop_ended(self) -> None:
        """Another process may have failed or settled a run meanwhile."""
        if self._answers_for:
            before = set(self._answers_for)
            self._answers_for -= before - {row.run_id for row in self._live()}

    def _beat(self) -> None:
        from runwatch.store import runs

        live = self._live()
        with self._record.database.write() as tx:
            runs.beat(tx, [row.id for row in live])
        self._beaten = time.monotonic()

    def _close(self) -> None:
        """At the end of the process, take what it has logged into the record."""
        self._journal.close()
        if self._shipper is None or self._supervised:
            return  # nothing was logged, or the supervisor ships it
        try:
            self._shipper.remove_finished()
        except RunwatchException:
            return  # the next one who opens the workspace ships it

    def _after_fork(self) -> None:
        self._journal.forget()
        self._lock = threading.Lock()
        self._delivering = threading.RLock()
        self._thread = None
        self._shipper = None
        self._answers_for.clear()
        self._blocks.clear()
