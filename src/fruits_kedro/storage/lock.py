"""One run at a time on one storage root.

A run acquires the lock before its first node and releases it at its end. Every commit calls
``require_held`` first, so a run that lost its lock stops before it writes beside another run.
"""

import fcntl
import json
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fruits_kedro import FruitsError
from fruits_kedro.storage.files import filesystem, is_local, join, local_path
from fruits_kedro.storage.s3 import is_s3

LOCK = ".run.lock"

HEARTBEAT_SECONDS = 30
"""How often the holder of a lock on S3 renews it."""

EXPIRY_SECONDS = 300
"""A lock on S3 that was not renewed for this long belongs to a dead run."""

_FREE = b"{}"


class DiskLock:
    """The operating system's lock on a file. It is released whenever the process ends."""

    def __init__(self, storage: str) -> None:
        self.storage = local_path(storage)
        self._path = Path(self.storage) / LOCK
        self._descriptor = -1

    def acquire(self) -> None:
        """Take the lock. Raises FruitsError if another run holds it, or nothing can be written."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise FruitsError(
                f"The storage {self.storage} cannot be written ({error.strerror}): name another "
                "with --params=storage=FOLDER, or give the user of this run the right to write."
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _parse(os.pread(self._descriptor, 4096, 0))
            os.close(self._descriptor)
            raise _busy(self.storage, holder) from error
        with suppress(OSError):  # the run reports a full disk itself
            self._path.write_bytes(_identity(""))
        _held.append(self)

    def check(self) -> None:
        """Raise FruitsError if the lock's file was removed: another run may hold a new one."""
        with suppress(OSError):
            if os.path.samestat(os.fstat(self._descriptor), os.stat(self._path)):
                return
        raise _lost(self.storage, "its file was removed")

    def release(self) -> None:
        """Release the lock."""
        if self in _held:
            _held.remove(self)
            os.close(self._descriptor)


class StoreLock:
    """An object on S3 that says who holds the lock and since when.

    Each write names the version that it replaces (``If-Match``), so only one of two runs that find
    the lock free or expired gets it. The object is never deleted; a free lock is ``{}``.
    """

    def __init__(self, storage: str) -> None:
        self.storage = storage
        self._fs, self._path = filesystem(join(storage, LOCK))
        self._token = uuid.uuid4().hex
        self._version: str | None = None
        self._one_at_a_time = threading.Lock()
        self._released = threading.Event()

    def acquire(self) -> None:
        """Take the lock, also from a run that is dead or silent for ``EXPIRY_SECONDS``.

        Raises FruitsError if a living run holds it, or the storage cannot be reached.
        """
        try:
            if not self._put(_identity(self._token)):
                self._version, holder = self._read()
                if holder and not _is_gone(holder):
                    raise _busy(self.storage, holder)
                if not self._put(_identity(self._token)):
                    raise _busy(self.storage, {})
        except FruitsError:
            raise
        except Exception as error:  # clients of object stores share no base class of errors
            first = next(iter(str(error).splitlines()), type(error).__name__)
            raise FruitsError(
                f"The storage {self.storage} cannot be written ({first}): check the bucket's name, "
                "the region, the credentials and the right s3:PutObject."
            ) from error
        self._released.clear()
        _held.append(self)
        threading.Thread(target=self._beat, name="lock", daemon=True).start()

    def check(self) -> None:
        """Renew the lock. Raises FruitsError if another run has taken it."""
        with self._one_at_a_time:
            # A laptop that slept finds out here that it lost the lock.
            if not self._released.is_set() and not self._put(_identity(self._token)):
                raise _lost(self.storage, "another run took it while this one was silent")

    def release(self) -> None:
        """Release the lock, unless another run has taken it; without an answer it expires."""
        with self._one_at_a_time:
            if self in _held:
                self._released.set()
                _held.remove(self)
                with suppress(Exception):
                    self._put(_FREE)

    def _put(self, content: bytes) -> bool:
        """Replace the version that this lock saw last, or create the object.

        Returns False if another run has written instead.
        """
        bucket, key, _ = self._fs.split_path(self._path)
        condition = {"IfMatch": self._version} if self._version else {"IfNoneMatch": "*"}
        try:
            answer = self._fs.call_s3(
                "put_object", Bucket=bucket, Key=key, Body=content, **condition
            )
        except FileNotFoundError:
            if self._version is None:
                raise  # the bucket is missing
            return False  # the object was removed
        except OSError as error:
            if not isinstance(error, FileExistsError) and not _is_refusal(error):
                raise
            # The request may have succeeded at an earlier try whose answer was lost.
            version, holder = self._read()
            if holder.get("token") != self._token:
                return False
            answer = {"ETag": version}
        self._version = answer["ETag"]
        return True

    def _read(self) -> tuple[str | None, dict[str, Any]]:
        """Version and content. The version is read first, so it is never newer than the content."""
        try:
            version = self._fs.info(self._path, refresh=True)["ETag"]
            return version, _parse(self._fs.cat_file(self._path))
        except FileNotFoundError:
            return None, {}

    def _beat(self) -> None:
        while not self._released.wait(HEARTBEAT_SECONDS):
            # The next beat may reach the store; a lost lock stops the next commit.
            with suppress(Exception):
                self.check()


Lock = DiskLock | StoreLock

_held: list[Lock] = []
"""Locks that this process holds."""


def lock_of(storage: str) -> Lock:
    """The lock of a storage root. Raises FruitsError if it is neither a folder nor on S3."""
    if is_local(storage):
        return DiskLock(storage)
    if is_s3(storage):
        return StoreLock(storage)
    raise FruitsError(
        f"The storage {storage} cannot be locked against other runs: name a folder or an s3:// URI."
    )


def require_held(uri: str) -> None:
    """Raise FruitsError if this process lost the lock over ``uri``; call this before each commit.

    Does nothing if this process holds no lock, as in notebooks, tests and Spark's workers.
    """
    place = local_path(uri) if is_local(uri) else uri
    for lock in list(_held):
        if place.startswith(lock.storage.rstrip("/") + "/"):
            lock.check()


_STARTED = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _identity(token: str) -> bytes:
    me = {"pid": os.getpid(), "host": socket.gethostname(), "token": token, "machine": _machine()}
    return json.dumps({**me, "started": _STARTED, "beat": time.time()}).encode()


def _machine() -> str:
    """Text that is equal for processes with a common process table; empty if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _is_gone(holder: dict[str, Any]) -> bool:
    """Whether the holder of a lock on S3 is dead, or silent for too long."""
    beat, pid = holder.get("beat"), holder.get("pid")
    if isinstance(pid, int) and _machine() and holder.get("machine") == _machine():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:  # alive, but owned by another user
            pass
    return isinstance(beat, float) and time.time() - beat >= EXPIRY_SECONDS


def _parse(content: bytes) -> dict[str, Any]:
    """The holder that a lock names; ``{}`` if it is free."""
    with suppress(ValueError):
        holder = json.loads(content)
        if isinstance(holder, dict):
            return holder
    return {"unknown": True}


def _is_refusal(error: OSError) -> bool:
    """Whether S3 refused a conditional write because its condition does not hold."""
    response = getattr(error.__cause__, "response", None) or {}
    code = response.get("Error", {}).get("Code", "")
    return code in ("PreconditionFailed", "ConditionalRequestConflict")


def _busy(storage: str, holder: dict[str, Any]) -> FruitsError:
    named = "another process"
    if {"pid", "host", "started"} <= holder.keys():
        named = f"process {holder['pid']} on {holder['host']}, started {holder['started']}"
    return FruitsError(
        f"Another run is writing to {storage} ({named}): wait until it has ended, stop it, or "
        "name another storage with --params=storage=FOLDER_OR_URI."
    )


def _lost(storage: str, why: str) -> FruitsError:
    return FruitsError(
        f"This run no longer holds the lock of {storage} ({why}): make sure that no other run is "
        "writing there, then run the same command again; committed work is kept."
    )
