"""Writers of all processes take turns; one that dies, gives up or is interrupted blocks none."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runwatch.store import file_lock
from runwatch.store.file_lock import Turns
from tests.conftest import eventually

_HOLD = """
import sys
from pathlib import Path
from runwatch.store.file_lock import Turns
with Turns(Path(sys.argv[1]), timeout_s=60).turn():
    print("held", flush=True)
    sys.stdin.readline()
print("let go", flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_one_has_the_turn_at_a_time(path: Path) -> None:
    turns = [Turns(path, timeout_s=60) for _ in range(4)]
    inside: list[int] = []
    most = 0

    def work(number: int) -> None:
        nonlocal most
        for _ in range(50):
            with turns[number % len(turns)].turn():
                inside.append(number)
                most = max(most, len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_who_waits_has_it_when_the_holder_dies(path: Path) -> None:
    with holder(path) as process:
        killer = threading.Timer(0.1, process.kill)
        killer.start()
        with Turns(path, timeout_s=60).turn():
            assert process.wait() == -9


def waiting() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "runwatch-lock"]


def test_who_waits_in_vain_is_told_and_can_try_again(path: Path) -> None:
    turns = Turns(path, timeout_s=0.05)
    with holder(path) as process:
        for _ in range(3):
            with pytest.raises(TimeoutError), turns.turn():
                pytest.fail("two have the turn")
        process.communicate("go\n")
    eventually(lambda: waiting() == [])  # each has the lock for a moment, as it can't be called off
    with turns.turn(), pytest.raises(TimeoutError), Turns(path, timeout_s=0.05).turn():
        pytest.fail("two have the turn")


def test_an_interrupt_lets_go(path: Path) -> None:
    turns = Turns(path, timeout_s=60)
    with pytest.raises(KeyboardInterrupt), turns.turn():
        raise KeyboardInterrupt
    with Turns(path, timeout_s=0.05).turn():
        pass


def test_a_fork_does_not_share_its_parents_turn(path: Path) -> None:
    turns = Turns(path, timeout_s=0.05)
    with turns.turn():
        child = os.fork()
        if child == 0:
            turns.begin_anew()
            try:
                with turns.turn():
                    os._exit(1)
            except TimeoutError:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0


def test_who_looks_whether_a_lock_is_held_does_not_pass_for_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "segment"
    path.touch()
    looking = os.open(path, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)  # as another process does that looks just now
    assert not file_lock.is_held(path)
    os.close(looking)
    with file_lock.held(path):
        assert file_lock.is_held(path)
