"""One run at a time on one storage root."""

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
    """An object that is created only where there is none, with a token and a heartbeat inside."""

    def __init__(self, storage: str) -> None:
        self._storage = storage
        self._uri = join(storage, LOCK)
        self._token = uuid.uuid4().hex
        self._stop = threading.Event()

    def acquire(self) -> None:
        """Take the lock, also from a run that is gone: dead, or silent for ``EXPIRY_SECONDS``.

        Raises:
            FruitsError: Where a living run holds it, nobody can tell who does, or the storage
                cannot be reached.
        """
        try:
            self._take()
        except FruitsError:
            raise
        except Exception as error:  # each client of a store has errors of its own
            first = next(iter(str(error).splitlines()), type(error).__name__)
            raise FruitsError(
                f"The storage {self._storage} cannot be written ({first}): check the bucket's "
                "name, the region, the credentials and the right s3:PutObject."
            ) from error
        threading.Thread(target=self._beat, daemon=True).start()

    def _take(self) -> None:
        if not self._create() and not self._is_mine():  # its answer may have been lost
            content = self._read()
            if content is not None:
                if not _is_gone(_parse(content)):
                    raise _busy(self._storage, _describe(content))
                self._remove()
            # Two runs may find the lock expired at once: the one whose token stays has it.
            if not self._create() or not self._is_mine():
                raise _busy(self._storage, "a run that has just begun")

    def release(self) -> None:
        """Give the lock back, unless another run has taken it over.

        A store that does not answer any more has said so before; the lock ends by itself.
        """
        self._stop.set()
        with suppress(Exception):
            if self._is_mine():
                self._remove()

    def _create(self) -> bool:
        fs, path = filesystem(self._uri)
        try:
            fs.pipe_file(path, _identity(self._token), mode="create")
        except FileExistsError:
            return False
        return True

    def _read(self) -> bytes | None:
        fs, path = filesystem(self._uri)
        fs.invalidate_cache()
        try:
            content: bytes = fs.cat_file(path)
        except FileNotFoundError:
            return None
        return content

    def _remove(self) -> None:
        fs, path = filesystem(self._uri)
        with suppress(FileNotFoundError):
            fs.rm_file(path)

    def _is_mine(self) -> bool:
        return _parse(self._read() or b"").get("token") == self._token

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            with suppress(Exception):  # a missed beat is not the end: the next one may reach it
                if not self._is_mine():
                    return
                replace_file(self._uri, _identity(self._token))


def lock_of(storage: str) -> DiskLock | StoreLock:
    """The lock of a storage root."""
    return DiskLock(storage) if is_local(storage) else StoreLock(storage)


_STARTED = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _identity(token: str = "") -> bytes:
    me: dict[str, Any] = {"pid": os.getpid(), "host": socket.gethostname(), "token": token}
    now = {"machine": _machine(), "started": _STARTED, "beat": time.time()}
    return json.dumps({**me, **now}).encode()


def _machine() -> str:
    """What says that two processes are of one machine and see one another; empty where unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _is_gone(holder: dict[str, Any]) -> bool:
    """Whether the holder of a lock on an object store is dead, or has been silent for too long."""
    beat, pid = holder.get("beat"), holder.get("pid")
    if isinstance(pid, int) and _machine() and holder.get("machine") == _machine():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        except OSError:  # alive, and another user's
            pass
    return isinstance(beat, float) and time.time() - beat >= EXPIRY_SECONDS


def _parse(content: bytes) -> dict[str, Any]:
    try:
        holder = json.loads(content)
    except ValueError:
        return {}
    return holder if isinstance(holder, dict) else {}


def _describe(content: bytes) -> str:
    holder = _parse(content)
    if not {"pid", "host", "started"} <= holder.keys():
        return "another process"
    return f"process {holder['pid']} on {holder['host']}, started {holder['started']}"


def _busy(storage: str, holder: str) -> FruitsError:
    return FruitsError(
        f"Another run is writing to {storage} ({holder}): wait until it has ended, stop it, or "
        "name another storage with --params=storage=FOLDER_OR_URI."
    )


def require_held(uri: str) -> None:
    """Raise FruitsError where this process lost the lock of the storage that ``uri`` is in."""
