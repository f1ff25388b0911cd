"""What a run reports: progress, times, facts for the report page, and a summary."""

import logging
import platform
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from operator import itemgetter
from typing import Any

from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, DatasetError
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from fruits_kedro import __version__
from fruits_kedro.cluster.progress import duration, shown
from fruits_kedro.hooks.configuration import storage_of
from fruits_kedro.hooks.tracking import leaves
from fruits_kedro.runner import ALWAYS, versions_of

logger = logging.getLogger(__name__)

TIMINGS, RUN_FACTS = "timings", "run_facts"
_REPORTS = ("ingestion_report", "featurization_report", "metrics", "evaluation")
_STAGES = {"read_images": "Reading", "compute_features": "Through the network"}
"""Names of long nodes on the progress line; other nodes go by their own name."""

_PACKAGES = ("ai-edge-litert", "kedro", "numpy", "pillow", "pyarrow", "pyspark", "scikit-learn")


class ProgressHooks:
    """Shows the progress of a node's Spark jobs.

    The line stays until the next node begins: Spark works while a result is saved, which is after
    Kedro's ``after_node_run``.
    """

    def __init__(self) -> None:
        self._shown = ExitStack()

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Begin the line of this node."""
        self._shown.close()
        name = node.short_name
        self._shown.enter_context(shown(_STAGES.get(name, name.replace("_", " ").capitalize())))

    @hook_impl
    def after_pipeline_run(self) -> None:
        """End the last line."""
        self._shown.close()

    on_pipeline_error = after_pipeline_run


class TimingHooks:
    """Wall time of the run, and per pipeline from the first load of a node to its last save.

    Spark works while a result is saved, which is after ``after_node_run``.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._began = self._mark = 0.0
        self._catalog: Any = {}
        self._run = ""

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: CatalogProtocol) -> None:
        """Start the clock."""
        self._seconds.clear()
        self._catalog, self._run = catalog, run_params["run_id"]
        self._began = self._mark = time.perf_counter()

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Count loading and the node's own time; then each save, with Spark's work for it."""
        now = time.perf_counter()
        stage = min(node.tags - {ALWAYS}, default="other")
        self._seconds[stage][node.short_name] += now - self._mark
        self._mark = now

    after_dataset_saved = after_node_run

    @hook_impl
    def before_dataset_loaded(self, dataset_name: str) -> None:
        """Save the times so far before a node reads them."""
        if dataset_name == TIMINGS:
            self._save()

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Save and log the times."""
        self._save()
        logger.info("Finished in %s", duration(time.perf_counter() - self._began))

    def _save(self) -> None:
        """Save the times; those of pipelines that did not run are kept."""
        if TIMINGS not in self._catalog:
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
        timings = self._catalog[TIMINGS]
        try:
            earlier = timings.load()["pipelines"] if timings.exists() else {}
            timings.save({"seconds": round(total, 2), "pipelines": earlier | stages})
        except DatasetError as error:  # the run itself is complete
            logger.warning("The times of this run were not saved: %s", error.__cause__ or error)


class SummaryHooks:
    """Facts of a run: for the report at its start, for the log at its end."""

    def __init__(self) -> None:
        self._loader: Any = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the source of the configuration."""
        self._loader = context.config_loader

    @hook_impl
    def after_catalog_created(self, catalog: CatalogProtocol) -> None:
        """Save the environment, versions, and the parameters that differ from conf/base alone."""
        loader = self._loader
        if RUN_FACTS not in catalog:
            return
        base = OmegaConfigLoader(loader.conf_source, base_env="base", default_run_env="base")
        ours = {"fruits-kedro": __version__, "python": platform.python_version()}
        facts = {
            "environment": loader.env or loader.default_run_env,
            "parameters": differing_parameters(base["parameters"], loader["parameters"]),
            "versions": ours | versions_of(_PACKAGES),
        }
        catalog[RUN_FACTS].save(facts)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Log counts, accuracy, and where to look."""
        made = pipeline.all_outputs()
        for line in summary_lines({n: catalog.load(n) for n in _REPORTS if n in made}):
            logger.info("%s", line)
        storage = storage_of(self._loader["catalog"])
        if "inference_predictions" in made:
            rows = catalog.load("inference_predictions").read(["reason"])
            logger.info(
                "%d of %d files have a prediction, the others a reason: "
                "%s/07_model_output/inference_predictions.csv",
                rows["reason"].null_count,
                rows.num_rows,
                storage,
            )
        page = ", open report.html first" if "report" in made else ""
        logger.info("Results are in %s, reports in its folder 08_reporting%s", storage, page)


def summary_lines(reports: dict[str, Any]) -> list[str]:
    """Counts and scores of the reports that a run made, one line each."""
    lines: list[str] = []
    new: list[str] = []
    if ingestion := reports.get("ingestion_report"):
        lines.append(f"{ingestion['kept']} photographs kept of {ingestion['listed']} files")
        new.append(f"{ingestion['read']} photographs read")
    if featurization := reports.get("featurization_report"):
        new.append(f"{featurization['inferred']} through the network")
    if new:
        lines.append(f"New in this run: {', '.join(new)}")
    if metrics := reports.get("metrics"):
        tests = metrics["rows"].get("test", 0)
        lines.append(f"Accuracy {metrics['accuracy']:.4f} on {tests} test photographs")
    capture = reports.get("evaluation", {}).get("capture", {})
    if "mean" in capture:
        lines.append(f"Accuracy {capture['mean']:.4f} on turns of a fruit that never trained")
    return lines


def differing_parameters(
    default: Mapping[str, Any], used: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Parameters of a run that differ from ``conf/base``, in the order of their dotted names."""
    shipped = dict(leaves(default))
    return [
        {"name": name, "value": str(value), "default": str(shipped.get(name, "not set"))}
        # Parameter files are merged in any order; order is no difference.
        for name, value in sorted(leaves(used), key=itemgetter(0))
        if value != shipped.get(name)
    ]
