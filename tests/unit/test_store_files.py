"""Artefacts: whole or not there, checked by hash, locked by the living."""

import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.files import FolderLock, FolderLocked, Manifest, Problem, free_bytes, is_safe_name, sha256_of, size_bytes, write_atomically


def test_a_write_that_fails_keeps_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.txt"
    write_atomically(path, b"old")

    def half(file):
        file.write(b"ne")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, half)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_manifest_finds_what_was_changed_lost_or_never_finished(tmp_path):
    folder = tmp_path / "model"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.bin", "deep/b.bin", "c.bin"):
        (folder / name).write_bytes(name.encode())
    assert Manifest.check(folder) == [Problem("manifest.json", "no manifest")]
    assert set(Manifest.write(folder)) == {"a.bin", "deep/b.bin", "c.bin"}
    assert Manifest.check(folder) == []
    (folder / "a.bin").write_bytes(b"A.bin")
    (folder / "c.bin").unlink()
    assert Manifest.check(folder) == [Problem("a.bin", "changed"), Problem("c.bin", "missing")]
    assert sha256_of(folder / "deep" / "b.bin") == Manifest.read(folder)["deep/b.bin"]
    (folder / "manifest.json").write_text('{"sha256": {"../out": "00"}}')
    assert Manifest.check(folder) == [Problem("../out", "unexpected")]
    (folder / "manifest.json").write_text("torn {")
    assert Manifest.read(folder) is None


_HOLD = """
import sys
from pathlib import Path
from storage.files import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
sys.stdin.read()
"""


def test_a_lock_is_held_by_a_living_process_and_by_no_dead_one(tmp_path):
    lock = FolderLock(tmp_path / "lock")
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(lock.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "True\n"
        assert not lock.acquire()
        assert lock.is_held_by_anyone()
        with pytest.raises(FolderLocked), lock:
            pass
        other.kill()
        other.wait()
    assert not lock.is_held_by_anyone()
    with lock:
        assert lock.held
        assert not FolderLock(lock.path).acquire()  # another holder in the same process is refused too
    assert lock.acquire()
    lock.release()


def test_a_lock_tells_who_left_without_releasing_it(tmp_path):
    lock = FolderLock(tmp_path / "lock")
    with lock:
        assert not lock.left_behind
    with lock:
        assert not lock.left_behind
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(lock.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "True\n"
        threading.Timer(0.1, other.kill).start()
        assert lock.acquire(patience_s=30)
    assert lock.left_behind
    lock.release()


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/../b",
        "/a",
        "a//b",
        "a/",
        "C:/a",
        "a\\b",
        "a\x00b",
        "con",
        "aux.txt",
        "a/NUL",
        "a ",
        "a.",
        "a/./b",
        "x" * 401,
        "a:b",
        "a?",
    ],
)
def test_an_unsafe_name_is_refused(name):
    assert not is_safe_name(name)


@given(st.lists(st.text(alphabet="abcè_-0 .", min_size=1, max_size=8), min_size=1, max_size=4))
def test_a_safe_name_stays_below_its_folder(tmp_path_factory, parts):
    name = "/".join(parts)
    if is_safe_name(name):
        root = tmp_path_factory.getbasetemp()
        assert (root / name).resolve().is_relative_to(root.resolve())


def test_sizes_are_told_of_folders_that_are_not_there_yet(tmp_path):
    (tmp_path / "a").write_bytes(b"123")
    assert size_bytes(tmp_path) == 3
    assert size_bytes(tmp_path / "none") == 0
    assert free_bytes(tmp_path / "none" / "deeper") > 0
