"""Says at the end of a run where its results are."""

import logging

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from fruits_kedro.hooks.storage import storage_root

logger = logging.getLogger(__name__)


class SummaryHooks:
    """One closing line in the log."""

    def __init__(self) -> None:
        self._storage = ""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember the storage root that the catalog resolved to."""
        self._storage = storage_root(context)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Say where to look."""
        logger.info("Results are in %s, reports in its folder 08_reporting", self._storage)
