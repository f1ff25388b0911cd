"""One run at a time on one storage root."""

import fcntl
import json
import os
import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fruits_kedro.errors import FruitsError
from fruits_kedro.storage.files import filesystem, is_local, join, local_path, replace_file

LOCK = ".run.lock"

HEARTBEAT_SECONDS = 30
"""How often the holder of a lock on an object store says that it is alive."""

EXPIRY_SECONDS = 300
"""A lock on an object store that was silent for so long was left by a dead run."""


class DiskLock:
    """The operating system's lock on a file: it ends with the process, however that ends."""

    def __init__(self, storage: str) -> None:
        self._path = Path(local_path(storage)) / LOCK
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            FruitsError: Where another run holds it, or the storage cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise FruitsError(
                f"The storage {self._path.parent} cannot be written ({error.strerror}): name "
                "another with --params=storage=FOLDER, or give the user of this run the right."
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _describe(os.pread(self._descriptor, 4096, 0))
            os.close(self._descriptor)
            self._descriptor = None
            raise _busy(str(self._path.parent), holder) from error
        with suppress(OSError):  # a full disk must not hide what the run will say of it
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, _identity(), 0)

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


class StoreLock:
    """An object that is created only where there is none, with a heartbeat inside."""

    def __init__(self, storage: str) -> None:
        self._storage = storage
        self._uri = join(storage, LOCK)
        self._stop = threading.Event()
        self._held = False

    def acquire(self) -> None:
        """Take the lock, also from a run that has been silent for ``EXPIRY_SECONDS``.

        Raises:
            FruitsError: Where a living run holds it.
        """
        if not self._create():
            fs, path = filesystem(self._uri)
            fs.invalidate_cache()
            with suppress(FileNotFoundError):
                content = fs.cat_file(path)
                if time.time() - json.loads(content)["beat"] < EXPIRY_SECONDS:
                    raise _busy(self._storage, _describe(content))
                fs.rm_file(path)
            if not self._create():
                raise _busy(self._storage, "a run that has just begun")
        self._held = True
        threading.Thread(target=self._beat, daemon=True).start()

    def release(self) -> None:
        """Give the lock back."""
        self._stop.set()
        if self._held:
            self._held = False
            fs, path = filesystem(self._uri)
            with suppress(FileNotFoundError):
                fs.rm_file(path)

    def _create(self) -> bool:
        fs, path = filesystem(self._uri)
        try:
            fs.pipe_file(path, _identity(), mode="create")
        except FileExistsError:
            return False
        return True

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            with suppress(Exception):  # a missed beat is not the end: the next one may reach it
                replace_file(self._uri, _identity())


def lock_of(storage: str) -> DiskLock | StoreLock:
    """The lock of a storage root."""
    return DiskLock(storage) if is_local(storage) else StoreLock(storage)


_STARTED = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _identity() -> bytes:
    me: dict[str, Any] = {"pid": os.getpid(), "host": socket.gethostname()}
    return json.dumps({**me, "started": _STARTED, "beat": time.time()}).encode()


def _describe(content: bytes) -> str:
    try:
        holder = json.loads(content)
        return f"process {holder['pid']} on {holder['host']}, started {holder['started']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


def _busy(storage: str, holder: str) -> FruitsError:
    return FruitsError(
        f"Another run is writing to {storage} ({holder}): wait until it has ended, stop it, or "
        "name another storage with --params=storage=FOLDER_OR_URI."
    )
