"""What is copied when a script is submitted."""

from pathlib import Path

import pytest

from runwatch.compute import snapshot
from runwatch.exceptions import SnapshotException


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def copied(source: Path, store: Path) -> set[str]:
    store.mkdir(exist_ok=True)
    folder = store / snapshot.take(source, store)
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    make(folder, "train.py", "lib/model.py", "data/big.bin", "a.tmp", ".git/config")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_all_is_copied_but_what_tools_keep_beside_the_sources(source: Path, store: Path) -> None:
    make(source, ".runwatch/record.sqlite", "lib/__pycache__/model.pyc")
    assert copied(source, store) == {"train.py", "lib/model.py", "data/big.bin", "a.tmp"}


def test_amlignore_excludes(source: Path, store: Path) -> None:
    (source / ".amlignore").write_text("data/\n*.tmp\n!keep.tmp\n")
    make(source, "keep.tmp")
    assert copied(source, store) == {"train.py", "lib/model.py", "keep.tmp", ".amlignore"}


def test_amlignore_stands_in_for_gitignore(source: Path, store: Path) -> None:
    (source / ".gitignore").write_text("*.py\n")
    assert "train.py" not in copied(source, store)
    (source / ".amlignore").write_text("")
    assert "train.py" in copied(source, store)


def test_equal_contents_are_kept_once(source: Path, store: Path) -> None:
    store.mkdir()
    first = snapshot.take(source, store)
    assert snapshot.take(source, store) == first
    (source / "train.py").write_text("changed")
    assert snapshot.take(source, store) != first
    assert len(list(store.iterdir())) == 2


def test_too_large_a_folder_is_refused_with_the_largest_file(
    source: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "LIMIT_BYTES", 10)
    with pytest.raises(SnapshotException, match=r"data/big\.bin.*\.amlignore"):
        snapshot.take(source, store)


def test_a_link_out_of_the_folder_is_copied_as_what_it_shows(
    source: Path, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside.txt").write_text("outside")
    (source / "link.txt").symlink_to(tmp_path / "outside.txt")
    store.mkdir()
    taken = store / snapshot.take(source, store) / "link.txt"
    assert taken.read_text() == "outside"
    assert not taken.is_symlink()
