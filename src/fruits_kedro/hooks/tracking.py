"""Records each run in MLflow, so that it can be compared with others."""

import logging
import time
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from fruits_kedro.hooks.plugins import PLUGIN
from fruits_kedro.hooks.recording.process import NotRecordedError, Writer
from fruits_kedro.hooks.recording.record import REPORTS, metrics_of, parameters_of, run_name
from fruits_kedro.hooks.recording.setting import Tracking, tracking_of, without_user
from fruits_kedro.hooks.storage import StorageHooks
from fruits_kedro.hooks.timing import DATASET
from fruits_kedro.storage.files import join

logger = logging.getLogger(__name__)

_FOLDER = "08_reporting"


class TrackingHooks(StorageHooks):
    """Starts to record when the first node runs, and does so when the last is done.

    A run that finds everything unchanged is the one before it and is not recorded again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._tracking: Tracking | None = None
        self._told: dict[str, Any] = {}
        self._given: dict[str, Any] = {}
        self._writer: Writer | None = None
        self._started = 0.0

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where runs are recorded, and what this one was told."""
        super().after_context_created(context)
        loader = context.config_loader
        self._tracking = tracking_of(loader, context.project_path)
        if self._tracking is not None:
            # Read now: the files may be edited while the run goes on.
            self._told = {key: loader[key] for key in ("catalog", "parameters")}
            self._given = dict(loader.runtime_params or {})

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Start the clock; where nothing was recorded yet, any run is worth it."""
        self._started = time.time()
        if self._tracking and self._tracking.is_new:
            self._start()

    @hook_impl
    def before_node_run(self) -> None:
        """Get ready to record with the first node that is not left out."""
        self._start()

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Record the run; whatever happens here, the run itself is complete."""
        writer, self._writer = self._writer, None
        if writer is None or self._tracking is None:
            return
        ended = time.time()
        try:
            run = self._record(run_params, pipeline, catalog)
            writer.write({**run, "started": self._started, "ended": ended})
        except Exception as error:
            writer.stop()
            self._warn(error)
        else:
            logger.info("Recorded in %s: kedro mlflow ui compares runs", self._tracking.shown)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Record nothing of a run that stopped."""
        if self._writer is not None:
            self._writer.stop()
            self._writer = None

    def _start(self) -> None:
        if self._writer is not None or self._tracking is None:
            return
        try:
            if find_spec(PLUGIN) is None:
                raise NotRecordedError("kedro-mlflow is not installed, it comes with extra 'local'")
            self._writer = Writer(self._tracking.told)
        except (OSError, NotRecordedError) as error:
            self._warn(error)
            self._tracking = None

    def _warn(self, error: Exception) -> None:
        shown = self._tracking.shown if self._tracking else "MLflow"
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        logger.warning(
            "This run is not recorded in %s, and complete all the same (%s): check the setting "
            "tracking, or set it to off",
            shown,
            without_user(reason),
        )

    def _record(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> dict[str, Any]:
        entries = self._told["catalog"]
        outputs = pipeline.all_outputs() | {DATASET}
        made = {name for name in outputs if catalog.exists(name)}
        reports = {name: catalog.load(name) for name in REPORTS if name in made}
        paths = [str(entries.get(name, {}).get("filepath")) for name in sorted(made)]
        pipelines = run_params["pipeline_names"] or []
        return {
            "name": run_name(pipelines, self._given),
            "parameters": dict(parameters_of(self._told["parameters"])),
            "metrics": metrics_of(reports, run_params["run_id"]),
            "tags": {
                "fingerprint": str(reports.get("metrics", {}).get("fingerprint", "")),
                "images": str(entries["raw_images"]["filepath"]),
                "storage": self._storage,
                "environment": str(run_params["env"]),
                "kedro_run": str(run_params["run_id"]),
                "fruits_kedro": version("fruits_kedro"),
            },
            "reports": [join(self._storage, _FOLDER, name) for name in _files_among(paths)],
        }


def _files_among(paths: list[str]) -> list[str]:
    """Names of the files among what lies in the folder of reports; tables there are folders."""
    names = [path.rsplit("/", 1)[-1] for path in paths if f"/{_FOLDER}/" in path]
    return [name for name in names if "." in name]
