"""Keeps two runs from writing to one storage root at once."""

import atexit

from kedro.framework.hooks import hook_impl

from fruits_kedro.hooks.storage import StorageHooks, require_storage
from fruits_kedro.storage.lock import DiskLock, StoreLock, lock_of


class LockHooks(StorageHooks):
    """Holds the storage root's lock from the first node to the last, or to an error."""

    def __init__(self) -> None:
        super().__init__()
        self._lock: DiskLock | StoreLock | None = None

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Take the lock, or refuse with a sentence that names who holds it."""
        require_storage(self._storage)
        self._lock = lock_of(self._storage)
        self._lock.acquire()
        # An interrupt is no error to Kedro: without this a lock on an object store would stay.
        atexit.register(self._release)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Give it back."""
        self._release()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Give it back after an error as well."""
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None
