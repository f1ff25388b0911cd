"""One run at a time on one storage: who holds the lock is named, and a dead run holds nothing."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aws import aws
from sentences import sentence_of

from fruits_kedro import FruitsError
from fruits_kedro.storage import lock as lock_module
from fruits_kedro.storage.files import filesystem, join, read_bytes, replace_file
from fruits_kedro.storage.lock import (
    EXPIRY_SECONDS,
    LOCK,
    DiskLock,
    StoreLock,
    lock_of,
    require_held,
)

HOLD = """
import sys
from fruits_kedro.storage.lock import DiskLock
lock = DiskLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
sys.stdin.read()
lock.release()
"""


@pytest.fixture(autouse=True)
def _none_is_held() -> Iterator[None]:
    yield
    for lock in list(lock_module._held):
        lock.release()


@pytest.fixture
def holder(tmp_path) -> "Iterator[subprocess.Popen[str]]":
    """A process that holds the lock of ``tmp_path`` until its input ends."""
    words, pipe = [sys.executable, "-c", HOLD, str(tmp_path)], subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def refusal(lock: DiskLock | StoreLock) -> str:
    return sentence_of(lock.acquire)


def assert_lost(check: Callable[[], None]) -> None:
    with pytest.raises(FruitsError, match="no longer holds the lock"):
        check()


def test_the_kind_of_lock_is_that_of_the_storage(tmp_path):
    assert isinstance(lock_of(str(tmp_path)), DiskLock)
    assert isinstance(lock_of(f"file://{tmp_path}"), DiskLock)
    assert isinstance(lock_of("s3://bucket/data"), StoreLock)
    with pytest.raises(FruitsError, match="folder or an s3:// URI"):
        lock_of("memory://bucket/data")


# --- a disk --------------------------------------------------------------------------------------


def test_other_processes_are_refused_and_do_not_disturb_the_holder(holder, tmp_path):
    for _ in range(3):
        message = refusal(DiskLock(str(tmp_path)))
        assert message.startswith(f"Another run is writing to {tmp_path} (process {holder.pid} on ")
    assert json.loads((tmp_path / LOCK).read_text())["pid"] == holder.pid


@pytest.mark.parametrize("killed", [False, True])
def test_a_holder_that_ended_holds_nothing(holder, tmp_path, killed):
    if killed:
        os.kill(holder.pid, signal.SIGKILL)
    holder.communicate(None if killed else "")
    assert holder.returncode == (-signal.SIGKILL if killed else 0)
    DiskLock(str(tmp_path)).acquire()
    assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()


def test_children_of_the_holder_do_not_keep_the_lock(tmp_path):
    """The JVM that a killed driver leaves for a moment must not count as the run."""
    lock = DiskLock(str(tmp_path))
    lock.acquire()
    with subprocess.Popen(["sleep", "60"], close_fds=False) as child:
        lock.release()
        DiskLock(str(tmp_path)).acquire()
        child.kill()


def test_a_new_storage_is_locked_released_and_locked_again(tmp_path):
    lock = DiskLock(f"file://{tmp_path}/new/storage")
    for _ in range(2):
        lock.acquire()
        assert (tmp_path / "new" / "storage" / LOCK).exists()
        lock.release()
    lock.release()
    DiskLock(str(tmp_path / "new" / "storage")).acquire()


@pytest.mark.parametrize("place", ["file", "file/storage"])
def test_a_storage_that_cannot_be_made_is_told(tmp_path, place):
    (tmp_path / "file").write_text("")
    message = refusal(DiskLock(str(tmp_path / place)))
    assert message.startswith(f"The storage {tmp_path / place} cannot be written (")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff"])
def test_a_holder_that_could_not_write_its_name_is_told_without(holder, tmp_path, content):
    """A full disk leaves the file empty; it is locked all the same."""
    (tmp_path / LOCK).write_bytes(content)
    assert "(another process)" in refusal(DiskLock(str(tmp_path)))


# --- S3 ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    with aws():
        filesystem("s3://locks/x")[0].call_s3("create_bucket", Bucket="locks")
        yield


@pytest.fixture
def store(server) -> str:
    return f"s3://locks/{uuid.uuid4().hex}"


@pytest.fixture
def held(store) -> StoreLock:
    """A lock that this process holds."""
    lock = StoreLock(store)
    lock.acquire()
    return lock


def content(store: str) -> dict:
    holder: dict = json.loads(read_bytes(join(store, LOCK)))
    return holder


def leave_lock(store: str, silent: float, **holder: Any) -> None:
    """The lock of a run that was last heard ``silent`` seconds ago, on another machine."""
    then = {"started": "then", "beat": time.time() - silent}
    holder = {"pid": 7, "host": "far", **then, **holder}
    replace_file(join(store, LOCK), json.dumps(holder).encode())


def test_a_second_run_on_s3_is_refused_until_the_first_ends(store, held):
    second = StoreLock(store)
    assert f"(process {os.getpid()} on " in refusal(second)
    second.release()
    assert content(store)["pid"] == os.getpid()
    held.release()
    second.acquire()
    second.check()
    second.release()
    held.acquire()
    leave_lock(store, 0)
    assert_lost(held.check)


def test_a_lock_is_respected_until_it_was_silent_for_long(store):
    leave_lock(store, EXPIRY_SECONDS - 60)
    assert "process 7 on far, started then" in refusal(StoreLock(store))
    leave_lock(store, EXPIRY_SECONDS + 1)
    StoreLock(store).acquire()
    assert content(store)["pid"] == os.getpid()


def test_of_many_runs_that_find_a_lock_expired_one_gets_it(store):
    leave_lock(store, EXPIRY_SECONDS + 1)
    start = threading.Barrier(8)

    def take(_: int) -> StoreLock | None:
        lock = StoreLock(store)
        start.wait()
        try:
            lock.acquire()
        except FruitsError:
            return None
        return lock

    with ThreadPoolExecutor(8) as pool:
        [winner] = [lock for lock in pool.map(take, range(8)) if lock is not None]
    winner.check()
    assert content(store)["token"] == winner._token


def test_a_run_that_lost_its_lock_stops_before_it_commits(store, held):
    """A laptop sleeps, another run takes the expired lock, the laptop wakes up."""
    table = f"{store}/04_feature/features"
    require_held(table)
    leave_lock(store, EXPIRY_SECONDS + 1)
    other = StoreLock(store)
    other.acquire()
    assert_lost(held.check)
    assert_lost(lambda: require_held(table))
    held.release()
    other.check()
    require_held(table)


def test_a_renewal_whose_answer_was_lost_is_no_loss(held):
    before = held._version
    held.check()
    held._version = before
    held.check()


def test_a_removed_lock_is_lost(store, held):
    fs, path = filesystem(join(store, LOCK))
    fs.rm_file(path)
    assert_lost(held.check)


@pytest.mark.parametrize(
    ("alive", "machine", "is_taken"),
    [
        (False, lock_module._machine(), True),
        (True, lock_module._machine(), False),
        (False, "another", False),
        (False, "", False),
    ],
)
def test_only_a_dead_process_of_this_machine_holds_nothing(store, alive, machine, is_taken):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    leave_lock(store, 1, pid=os.getpid() if alive else dead.pid, machine=machine)
    lock = StoreLock(store)
    if is_taken:
        lock.acquire()
    else:
        refusal(lock)


def test_a_store_that_no_longer_answers_is_no_second_error(held, monkeypatch):
    def refuse(method: str, **named: Any) -> None:
        raise PermissionError("The provided token has expired.")

    with monkeypatch.context() as patch:
        patch.setattr(held._fs, "call_s3", refuse)
        with pytest.raises(PermissionError):
            held.check()
        held.release()


def test_a_living_run_beats(store, monkeypatch):
    monkeypatch.setattr(lock_module, "HEARTBEAT_SECONDS", 0.01)
    StoreLock(store).acquire()
    first = content(store)["beat"]
    end = time.monotonic() + 30
    while content(store)["beat"] == first and time.monotonic() < end:
        time.sleep(0.01)
    assert content(store)["beat"] > first


@pytest.mark.parametrize("left", [b"", b"not JSON", b"[]"])
def test_a_lock_that_nobody_can_read_is_respected(store, left):
    replace_file(join(store, LOCK), left)
    assert store in refusal(StoreLock(store))


def test_a_missing_bucket_is_told(server):
    assert "cannot be written" in refusal(StoreLock("s3://no-such-bucket/x"))


# --- commits -------------------------------------------------------------------------------------


def test_a_removed_lock_file_stops_the_run_below_it_only(tmp_path):
    storage = tmp_path / "storage"
    lock = DiskLock(str(storage))
    lock.acquire()
    require_held(str(storage / "features"))
    (storage / LOCK).unlink()
    assert_lost(lambda: require_held(f"file://{storage}/features"))
    require_held(str(tmp_path / "storage-of-another" / "features"))
    require_held("s3://bucket/features")
    lock.release()
    require_held(str(storage / "features"))
