"""Says at the end of a run what it was about, what was new in it, and where to look."""

import logging
import time
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from fruits_kedro.cluster.progress import duration
from fruits_kedro.hooks.storage import StorageHooks

logger = logging.getLogger(__name__)

_REPORTS = ("ingestion_report", "featurization_report", "metrics", "evaluation")


class SummaryHooks(StorageHooks):
    """The closing lines of the log."""

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Say how long it took, what was counted and measured, and where to look."""
        made = pipeline.all_outputs()
        reports = {
            name: catalog.load(name) for name in _REPORTS if name in made and catalog.exists(name)
        }
        logger.info("Finished in %s", duration(time.monotonic() - self._began))
        for line in _counts(reports):
            logger.info("%s", line)
        page = ", the page to look at is report.html" if "report" in made else ""
        logger.info("Results are in %s, reports in its folder 08_reporting%s", self._storage, page)


def _counts(reports: dict[str, Any]) -> list[str]:
    told: list[str] = []
    new: list[str] = []
    ingestion = reports.get("ingestion_report")
    if ingestion:
        told.append(f"{ingestion['kept']} photographs kept of {ingestion['listed']} files")
        new.append(f"{ingestion['read']} photographs were read")
    featurization = reports.get("featurization_report")
    if featurization:
        new.append(f"{featurization['inferred']} went through the network")
    if new:
        told.append(f"{', '.join(new)} in this run")
    metrics = reports.get("metrics")
    if metrics:
        tests = metrics["rows"].get("test", 0)
        told.append(f"Accuracy {metrics['accuracy']:.4f} on {tests} test photographs")
    capture = reports.get("evaluation", {}).get("capture", {})
    if "mean" in capture:
        told.append(f"Accuracy {capture['mean']:.4f} on turns of a fruit that never trained")
    return told
