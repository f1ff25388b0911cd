"""One run at a time on one storage: who holds the lock is named, and a dead run holds nothing."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fruits_kedro import FruitsError
from fruits_kedro.storage import lock as lock_module
from fruits_kedro.storage.files import filesystem, join, read_bytes, replace_file
from fruits_kedro.storage.lock import EXPIRY_SECONDS, LOCK, DiskLock, StoreLock, lock_of

HOLD = """
import sys
from fruits_kedro.storage.lock import DiskLock
lock = DiskLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
sys.stdin.read()
lock.release()
"""

Holder = "subprocess.Popen[str]"


@pytest.fixture
def hold(tmp_path) -> Iterator[Callable[[], Holder]]:
    """Starts processes that hold the lock of ``tmp_path`` until their input ends."""
    holders: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        words = [sys.executable, "-c", HOLD, str(tmp_path)]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        holders.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in holders:
        if process.poll() is None:
            process.kill()
        process.communicate()


def refusal(lock: DiskLock | StoreLock) -> str:
    with pytest.raises(FruitsError) as error:
        lock.acquire()
    assert "\n" not in error.value.message
    return error.value.message


def test_the_kind_of_lock_is_that_of_the_storage(tmp_path):
    assert isinstance(lock_of(str(tmp_path)), DiskLock)
    assert isinstance(lock_of(f"file://{tmp_path}"), DiskLock)
    assert isinstance(lock_of("memory://bucket/data"), StoreLock)


# --- a disk --------------------------------------------------------------------------------------


def test_a_second_process_is_refused_and_told_who_holds_the_lock(hold, tmp_path):
    holder = hold()
    message = refusal(DiskLock(str(tmp_path)))
    assert message.startswith(f"Another run is writing to {tmp_path} (process {holder.pid} on ")
    assert "--params=storage=" in message


def test_being_refused_does_not_disturb_the_holder(hold, tmp_path):
    holder = hold()
    for _ in range(3):
        assert f"process {holder.pid} " in refusal(DiskLock(str(tmp_path)))
    assert json.loads((tmp_path / LOCK).read_text())["pid"] == holder.pid


def test_a_holder_that_ends_gives_the_lock_back(hold, tmp_path):
    holder = hold()
    holder.communicate("")
    assert holder.returncode == 0
    DiskLock(str(tmp_path)).acquire()


def test_a_killed_holder_holds_nothing(hold, tmp_path):
    holder = hold()
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait(30)
    lock = DiskLock(str(tmp_path))
    lock.acquire()
    assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    lock.release()


def test_children_of_the_holder_do_not_keep_the_lock(tmp_path):
    """The JVM that a killed driver leaves for a moment must not count as the run."""
    lock = DiskLock(str(tmp_path))
    lock.acquire()
    with subprocess.Popen(["sleep", "60"], close_fds=False) as child:
        lock.release()
        again = DiskLock(str(tmp_path))
        again.acquire()
        again.release()
        child.kill()


def test_release_and_acquire_again(tmp_path):
    lock = DiskLock(str(tmp_path))
    for _ in range(2):
        lock.acquire()
        lock.release()
    lock.release()
    DiskLock(str(tmp_path)).acquire()


def test_a_storage_that_is_not_there_yet_is_made(tmp_path):
    DiskLock(f"file://{tmp_path}/new/storage").acquire()
    assert (tmp_path / "new" / "storage" / LOCK).exists()


def test_a_storage_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    message = refusal(DiskLock(str(tmp_path / "file")))
    assert message.startswith(f"The storage {tmp_path / 'file'} cannot be written (")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_a_holder_that_could_not_write_its_name_is_told_without(hold, tmp_path, content):
    """A full disk leaves the file empty; it is locked all the same."""
    hold()
    (tmp_path / LOCK).write_bytes(content)
    assert "(another process)" in refusal(DiskLock(str(tmp_path)))


# --- an object store -----------------------------------------------------------------------------


@pytest.fixture
def store() -> str:
    return f"memory://{uuid.uuid4().hex}/data"


def content(store: str) -> dict:
    holder: dict = json.loads(read_bytes(join(store, LOCK)))
    return holder


def leave_lock(store: str, silent: float, **holder: Any) -> None:
    """What a run leaves that was heard of ``silent`` seconds ago, on another machine or as told."""
    then = {"started": "then", "beat": time.time() - silent}
    holder = {"pid": 7, "host": "far", **then, **holder}
    replace_file(join(store, LOCK), json.dumps(holder).encode())


def exists(store: str) -> bool:
    fs, path = filesystem(join(store, LOCK))
    return bool(fs.exists(path))


def test_a_second_lock_on_an_object_store_is_refused(store):
    first = StoreLock(store)
    first.acquire()
    message = refusal(StoreLock(store))
    assert message.startswith(f"Another run is writing to {store} (process {os.getpid()} on ")
    first.release()
    assert not exists(store)
    StoreLock(store).acquire()


def test_a_refused_run_leaves_the_lock_of_the_other(store):
    first, second = StoreLock(store), StoreLock(store)
    first.acquire()
    refusal(second)
    second.release()
    assert content(store)["pid"] == os.getpid()
    first.release()


def test_a_lock_that_was_silent_for_a_little_while_is_respected(store):
    leave_lock(store, EXPIRY_SECONDS - 60)
    assert "process 7 on far, started then" in refusal(StoreLock(store))


def test_a_lock_that_was_silent_for_long_is_taken(store):
    leave_lock(store, EXPIRY_SECONDS + 1)
    lock = StoreLock(store)
    lock.acquire()
    assert content(store)["pid"] == os.getpid()
    lock.release()


def test_a_lock_whose_process_died_on_this_machine_is_taken_at_once(store):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    leave_lock(store, 1, pid=dead.pid, machine=lock_module._machine())
    lock = StoreLock(store)
    lock.acquire()
    lock.release()


@pytest.mark.parametrize("machine", ["", "another"])
def test_a_dead_process_number_of_another_machine_says_nothing(store, machine):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    leave_lock(store, 1, pid=dead.pid, machine=machine)
    assert "Another run is writing" in refusal(StoreLock(store))


def test_a_living_process_of_this_machine_keeps_its_lock(store):
    leave_lock(store, 1, pid=os.getpid(), machine=lock_module._machine())
    assert "Another run is writing" in refusal(StoreLock(store))


def test_a_store_that_no_longer_answers_is_no_second_error(store, monkeypatch):
    lock = StoreLock(store)
    lock.acquire()

    def refuse(uri: str) -> None:
        raise PermissionError("The provided token has expired.")

    with monkeypatch.context() as patch:
        patch.setattr(lock_module, "filesystem", refuse)
        lock.release()


def test_a_living_run_beats(store, monkeypatch):
    monkeypatch.setattr(lock_module, "HEARTBEAT_SECONDS", 0.01)
    lock = StoreLock(store)
    lock.acquire()
    first = content(store)["beat"]
    end = time.monotonic() + 30
    while content(store)["beat"] == first and time.monotonic() < end:
        time.sleep(0.01)
    assert content(store)["beat"] > first
    lock.release()


@pytest.mark.parametrize("left", [b"", b"not JSON", b"{}", b"[]"])
def test_a_lock_file_that_says_nothing_is_told_in_one_sentence(store, left):
    replace_file(join(store, LOCK), left)
    assert store in refusal(StoreLock(store))


def test_whoever_lost_an_expired_lock_does_not_remove_the_new_holder_s(store):
    """A laptop that slept wakes up and ends, while another run goes on."""
    slept, other = StoreLock(store), StoreLock(store)
    slept.acquire()
    leave_lock(store, EXPIRY_SECONDS + 1)
    other.acquire()
    slept.release()
    assert exists(store)
    other.release()


def test_a_storage_below_a_file_is_no_lock(tmp_path: Path):
    (tmp_path / "file").write_text("")
    refusal(DiskLock(str(tmp_path / "file" / "storage")))
