"""Removes what a killed run left half-written, before the next one begins."""

import re
from pathlib import Path

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from fruits_kedro.hooks.storage import StorageHooks
from fruits_kedro.storage.files import is_local, local_path
from fruits_kedro.storage.s3 import abort_unfinished_uploads, is_s3

_UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.tmp")


class LeftoverHooks(StorageHooks):
    """Runs while the storage root's lock is held, so that nothing it meets is still in work."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Prune the run's snapshots, files that were never renamed, uploads never completed."""
        for name in sorted(pipeline.datasets()):
            tidy = getattr(catalog.get(name), "tidy", None)
            if tidy is not None:
                tidy()
        if is_local(self._storage):
            for path in Path(local_path(self._storage)).rglob(".*.tmp"):
                if _UNFINISHED.fullmatch(path.name):
                    path.unlink(missing_ok=True)
        if is_s3(self._storage):
            abort_unfinished_uploads(self._storage)
