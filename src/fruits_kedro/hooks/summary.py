"""Says at the end of a run what was new in it and where its results are."""

import logging

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from fruits_kedro.hooks.storage import StorageHooks

logger = logging.getLogger(__name__)

_COUNTERS = {
    "ingestion_report": ("read", "%d photographs were read"),
    "featurization_report": ("inferred", "%d went through the network"),
}
"""Report of a stage: its counter of this run, and how it is told."""


class SummaryHooks(StorageHooks):
    """The closing lines of the log."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Say what was new and where to look."""
        made = pipeline.all_outputs()
        counts = [
            told % catalog.load(report)[counter]
            for report, (counter, told) in _COUNTERS.items()
            if report in made and catalog.exists(report)
        ]
        if counts:
            logger.info("%s in this run", ", ".join(counts))
        logger.info("Results are in %s, reports in its folder 08_reporting", self._storage)
