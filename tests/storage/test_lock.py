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
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

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
    assert isinstance(lock_of("s3://bucket/data"), StoreLock)
    with pytest.raises(FruitsError, match="folder or an s3:// URI"):
        lock_of("memory://bucket/data")


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


# --- S3 ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    """S3 on loopback, by moto."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.delenv("AWS_PROFILE", raising=False)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        filesystem("s3://locks/x")[0].call_s3("create_bucket", Bucket="locks")
        yield
    running.stop()


@pytest.fixture
def store(server) -> Iterator[str]:
    yield f"s3://locks/{uuid.uuid4().hex}"
    lock_module._held.clear()


def content(store: str) -> dict:
    holder: dict = json.loads(read_bytes(join(store, LOCK)))
    return holder


def leave_lock(store: str, silent: float, **holder: Any) -> None:
    """The lock of a run that was last heard ``silent`` seconds ago, on another machine."""
    then = {"started": "then", "beat": time.time() - silent}
    holder = {"pid": 7, "host": "far", **then, **holder}
    replace_file(join(store, LOCK), json.dumps(holder).encode())


def test_a_second_run_on_s3_is_refused_until_the_first_ends(store):
    first, second = StoreLock(store), StoreLock(store)
    first.acquire()
    assert f"(process {os.getpid()} on " in refusal(second)
    second.release()
    assert content(store)["pid"] == os.getpid()
    first.release()
    second.acquire()
    second.check()
    second.release()


def test_a_lock_that_was_silent_for_a_little_while_is_respected(store):
    leave_lock(store, EXPIRY_SECONDS - 60)
    assert "process 7 on far, started then" in refusal(StoreLock(store))


def test_a_lock_that_was_silent_for_long_is_taken(store):
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
    winner.release()


def test_a_run_that_lost_its_lock_stops_before_it_commits(store):
    """A laptop sleeps, another run takes the expired lock, the laptop wakes up."""
    slept, other = StoreLock(store), StoreLock(store)
    slept.acquire()
    require_held(f"{store}/04_feature/features")
    leave_lock(store, EXPIRY_SECONDS + 1)
    other.acquire()
    with pytest.raises(FruitsError, match="no longer holds the lock"):
        slept.check()
    with pytest.raises(FruitsError, match="no longer holds the lock"):
        require_held(f"{store}/04_feature/features")
    slept.release()
    other.check()
    require_held(f"{store}/04_feature/features")
    other.release()


def test_a_renewal_whose_answer_was_lost_is_no_loss(store, monkeypatch):
    lock = StoreLock(store)
    lock.acquire()
    before = lock._version
    lock.check()
    lock._version = before
    lock.check()
    lock.release()


def test_a_removed_lock_is_lost(store):
    lock = StoreLock(store)
    lock.acquire()
    fs, path = filesystem(join(store, LOCK))
    fs.rm_file(path)
    with pytest.raises(FruitsError, match="no longer holds the lock"):
        lock.check()
    lock.release()


def test_a_dead_process_of_this_machine_holds_nothing(store):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    leave_lock(store, 1, pid=dead.pid, machine=lock_module._machine())
    StoreLock(store).acquire()


@pytest.mark.parametrize("machine", ["", "another"])
def test_a_dead_process_number_of_another_machine_says_nothing(store, machine):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    leave_lock(store, 1, pid=dead.pid, machine=machine)
    refusal(StoreLock(store))


def test_a_living_process_of_this_machine_keeps_its_lock(store):
    leave_lock(store, 1, pid=os.getpid(), machine=lock_module._machine())
    refusal(StoreLock(store))


def test_a_store_that_no_longer_answers_is_no_second_error(store, monkeypatch):
    lock = StoreLock(store)
    lock.acquire()

    def refuse(method: str, **named: Any) -> None:
        raise PermissionError("The provided token has expired.")

    with monkeypatch.context() as patch:
        patch.setattr(lock._fs, "call_s3", refuse)
        with pytest.raises(PermissionError):
            lock.check()
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


@pytest.mark.parametrize("left", [b"", b"not JSON", b"[]"])
def test_a_lock_that_nobody_can_read_is_respected(store, left):
    replace_file(join(store, LOCK), left)
    assert store in refusal(StoreLock(store))


def test_a_missing_bucket_is_told(server):
    assert "cannot be written" in refusal(StoreLock("s3://no-such-bucket/x"))


# --- commits -------------------------------------------------------------------------------------


def test_a_removed_lock_file_stops_the_run(tmp_path):
    lock = DiskLock(str(tmp_path))
    lock.acquire()
    require_held(str(tmp_path / "features"))
    (tmp_path / LOCK).unlink()
    with pytest.raises(FruitsError, match="no longer holds the lock"):
        require_held(f"file://{tmp_path}/features")
    lock.release()
    require_held(str(tmp_path / "features"))


def test_commits_elsewhere_need_no_lock(tmp_path):
    lock = DiskLock(str(tmp_path / "storage"))
    lock.acquire()
    (tmp_path / "storage" / LOCK).unlink()
    require_held(str(tmp_path / "storage-of-another" / "features"))
    require_held("s3://bucket/features")
    lock.release()


def test_a_storage_below_a_file_is_no_lock(tmp_path: Path):
    (tmp_path / "file").write_text("")
    refusal(DiskLock(str(tmp_path / "file" / "storage")))
