"""Locks the storage root of a run, and removes what a killed run left behind."""

import atexit
import re
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from fruits_kedro import FruitsError
from fruits_kedro.cluster.session import NOT_SET
from fruits_kedro.hooks.configuration import storage_of
from fruits_kedro.hooks.errors import at_end
from fruits_kedro.storage.files import is_local, join, local_path
from fruits_kedro.storage.lock import Lock, lock_of
from fruits_kedro.storage.manifest import stored_folders
from fruits_kedro.storage.s3 import abort_unfinished_uploads, is_s3

_UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.tmp")


class StorageHooks:
    """Holds the lock of the storage root from before the first node until the run ends."""

    def __init__(self) -> None:
        self._storage = self._images = ""
        self._lock: Lock | None = None
        # Kedro calls no hook after an interrupt.
        at_end.append(self.release)
        atexit.register(self.release)

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Find the storage root and the photographs that the catalog resolved to."""
        self._storage = storage_root(context)
        self._images = context.config_loader["catalog"]["raw_images"]["filepath"]

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Take the lock, or raise FruitsError naming its holder; then remove left-overs."""
        require_place("storage", self._storage)
        if "raw_images" in pipeline.inputs():
            require_place("images", self._images)
        self.release()  # after an interrupt in a notebook the lock is still held
        self._lock = lock_of(self._storage)
        self._lock.acquire()
        remove_leftovers(self._storage, pipeline, catalog)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Release the lock."""
        self.release()

    on_pipeline_error = after_pipeline_run

    def release(self) -> None:
        """Release the lock if this process holds it."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()


def remove_leftovers(storage: str, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
    """Remove files and uploads that a killed run left unfinished; only safe under the lock.

    What the pipeline makes removes its own by ``tidy()``.
    """
    for name in sorted(pipeline.all_outputs()):
        dataset: Any = catalog.get(name)
        if hasattr(dataset, "tidy"):
            dataset.tidy()
    # Datasets of other pipelines, which other tools may read before those run again.
    for folder in stored_folders(storage):
        folder.tidy()
    if is_local(storage):
        for path in Path(local_path(storage)).rglob(".*.tmp"):
            if _UNFINISHED.fullmatch(path.name):
                path.unlink(missing_ok=True)
    if is_s3(storage):
        abort_unfinished_uploads(storage)


def storage_root(context: KedroContext) -> str:
    """The storage root that the catalog resolved to, absolute if it is a local folder."""
    storage = storage_of(context.config_loader["catalog"])
    is_relative = is_local(storage) and not storage.startswith(("/", "~", "file:"))
    return join(str(context.project_path), storage) if is_relative else storage


def require_place(name: str, place: str) -> None:
    """Raise FruitsError if the environment does not name ``images`` or ``storage``."""
    if place.rpartition("/")[2] == NOT_SET:
        raise FruitsError(
            f"This environment names no {name}: give --params=images=URI,storage=URI, or the "
            "environment variables FRUITS_IMAGES and FRUITS_STORAGE."
        )
