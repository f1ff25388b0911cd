"""Measures the seconds of each pipeline and keeps them as a dataset."""

import logging
import time
from collections import defaultdict
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, DatasetError
from kedro.pipeline.node import Node

from fruits_kedro.runner import ALWAYS

logger = logging.getLogger(__name__)

DATASET = "timings"


class TimingHooks:
    """Wall time per pipeline, from the first load of a node to its last save.

    Spark works when a result is saved, which is after ``after_node_run``: so each span ends with
    the node's last save, and loading the inputs of the next node begins the next span.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._mark = time.perf_counter()
        self._catalog: CatalogProtocol | None = None
        self._run = ""

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: CatalogProtocol) -> None:
        """Start the clock."""
        self._seconds.clear()
        self._catalog, self._run = catalog, run_params["run_id"]
        self._mark = time.perf_counter()

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Count loading and the node's own time."""
        self._count(node)

    @hook_impl
    def after_dataset_saved(self, node: Node) -> None:
        """Count the save, and with it what Spark did for it."""
        self._count(node)

    @hook_impl
    def before_dataset_loaded(self, dataset_name: str) -> None:
        """Let a node that takes the times have those of this run until now."""
        if dataset_name == DATASET:
            self._save()

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Save what was measured, beside what earlier runs measured of other pipelines."""
        self._save()

    def _save(self) -> None:
        catalog = self._catalog
        if catalog is None or DATASET not in catalog:
            return
        stages = {
            name: {
                "run": self._run,
                "seconds": round(sum(nodes.values()), 2),
                "nodes": {node: round(seconds, 2) for node, seconds in nodes.items()},
            }
            for name, nodes in self._seconds.items()
        }
        total = sum(sum(nodes.values()) for nodes in self._seconds.values())
        earlier = catalog[DATASET].load()["pipelines"] if catalog[DATASET].exists() else {}
        pipelines = {**earlier, **stages}
        try:
            catalog.save(DATASET, {"seconds": round(total, 2), "pipelines": pipelines})
        except DatasetError as error:  # the run itself is complete
            logger.warning("The times of this run could not be kept: %s", error.__cause__ or error)

    def _count(self, node: Node) -> None:
        now = time.perf_counter()
        stage = min(node.tags - {ALWAYS}, default="other")
        self._seconds[stage][node.short_name] += now - self._mark
        self._mark = now
