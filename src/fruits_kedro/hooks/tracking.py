"""Records each run in MLflow: parameters, metrics and reports, to compare runs.

MLflow is imported at the end of a run only (1.4 s). Recording never fails a run: an error or a
timeout costs one line of the log.
"""

import logging
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from fruits_kedro import __version__
from fruits_kedro.storage.files import read_bytes

logger = logging.getLogger(__name__)

EXPERIMENT = "fruits-kedro"
_FOLDER = "08_reporting"
_SECONDS = 120
"""Longest wait for MLflow: a report of 10 MB over a slow line takes a minute."""

_FILE = "sqlite:///"
_URI = re.compile(r"(sqlite|https?|postgresql|mysql|mssql)(\+\w+)?://(?!/$).")
_USER = re.compile(r"(?<=://)[^/@]+@")
_MAX_TEXT = 500
"""Characters of a parameter or tag: the limit of the smallest of MLflow's stores."""

_ENVIRONMENT = {
    # MLflow's own defaults, 7 tries of 120 s, wait half an hour for a server that is down.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "GIT_PYTHON_REFRESH": "quiet",
    # Otherwise its page starts seven processes of 250 MB for language models.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}

_PREFIXES = {
    "metrics": "",
    "evaluation": "evaluation/",
    "ingestion_report": "photographs/",
    "featurization_report": "features/",
}
"""Datasets whose numbers become metrics, and the prefix of the metrics' names."""

_PLACES = ("images", "storage", "tracking", "refresh")
"""Parameters that do not change results."""


class TrackingHooks:
    """Records a run that completed; one that found everything unchanged is not recorded again."""

    def __init__(self) -> None:
        self._uri: str | None = None
        self._loader: Any = None
        self._started = 0.0
        self._is_new = False

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read where runs are recorded."""
        self._loader = context.config_loader
        self._uri = tracking_uri(tracking_of(self._loader), Path(context.project_path))

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Start the clock; the first run of a database is recorded even if nothing is new."""
        self._started = time.time()
        file = database(self._uri or "")
        self._is_new = file is not None and not file.exists()

    @hook_impl
    def before_node_run(self) -> None:
        """Remember that something ran, so that this run is recorded."""
        self._is_new = True

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Record the run, or warn in one line."""
        if not self._uri or not self._is_new:
            return
        shown = str(database(self._uri) or without_user(self._uri))
        try:
            if find_spec("mlflow") is None:
                raise ImportError("MLflow is not installed, it comes with the extra 'local'")
            run = self._describe(run_params, pipeline, catalog)
            with ThreadPool(1) as pool:  # a thread that hangs ends with the process
                pool.apply_async(write_run, (self._uri,), run).get(_SECONDS)
        except Exception as error:  # MLflow, its database and requests share no base class
            reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
            logger.warning(
                "The run completed but was not recorded in %s (%s): check the parameter "
                "tracking, or set it to off",
                shown,
                without_user(reason),
            )
        else:
            logger.info("Recorded in %s, `make mlflow` compares runs", shown)

    def _describe(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> dict[str, Any]:
        """The arguments of ``write_run``."""
        entries = self._loader["catalog"]
        outputs = sorted(pipeline.all_outputs() | {"timings"})
        made = [name for name in outputs if catalog.exists(name)]
        loaded = {n: catalog.load(n) for n in (*_PREFIXES, "timings") if n in made}
        paths = [str(entries.get(name, {}).get("filepath")) for name in made]
        return {
            "name": run_name(run_params["pipeline_names"] or [], self._loader.runtime_params or {}),
            "started": self._started,
            "parameters": parameters_of(self._loader["parameters"]),
            "metrics": metrics_of(loaded, run_params["run_id"]),
            "tags": {
                "fingerprint": str(loaded.get("metrics", {}).get("fingerprint", "")),
                "images": str(entries["raw_images"]["filepath"]),
                "storage": str(entries["metrics"]["filepath"]).split(f"/{_FOLDER}/")[0],
                "environment": str(run_params["env"]),
                "kedro_run": str(run_params["run_id"]),
                "fruits_kedro": __version__,
            },
            # Tables among the reports are folders, whose names have no suffix.
            "reports": [p for p in paths if f"/{_FOLDER}/" in p and "." in p.rsplit("/", 1)[-1]],
        }


# --- the parameter `tracking` --------------------------------------------------------------------


def tracking_of(loader: Any) -> Any:
    """The setting ``tracking``: a runtime parameter, else that of globals.yml, as it was given."""
    given = loader.runtime_params or {}
    return given["tracking"] if "tracking" in given else loader["globals"].get("tracking")


def tracking_problems(setting: Any) -> list[str]:
    """Problems of the setting ``tracking``; empty if there are none."""
    if is_off(setting) or (isinstance(setting, str) and _URI.match(setting)):
        return []
    return [
        f"tracking is {without_user(str(setting))!r}: give off, {_FILE}FILE, or the address of an "
        "MLflow server such as http://host:5000"
    ]


def tracking_uri(setting: Any, project: Path) -> str | None:
    """The URI for MLflow, which may hold a password; None if runs are not recorded.

    A relative SQLite file is in the folder ``project``.
    """
    if is_off(setting):
        return None
    if setting.startswith(_FILE):
        return f"{_FILE}{project / setting.removeprefix(_FILE)}"
    return str(setting)


def database(uri: str) -> Path | None:
    """The SQLite file of a tracking URI, None if it is a server."""
    return Path(uri.removeprefix(_FILE)) if uri.startswith(_FILE) else None


def is_off(setting: Any) -> bool:
    """Whether nothing is recorded; YAML reads a bare ``off`` as false."""
    return setting in (None, False, "", "off")


def without_user(text: str) -> str:
    """``text`` without the user and password of any URI in it."""
    return _USER.sub("", text)


def mlflow_environment() -> dict[str, str]:
    """This process's environment, with defaults that make MLflow quick and quiet."""
    return {**_ENVIRONMENT, **os.environ}


# --- what is recorded ----------------------------------------------------------------------------


def parameters_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Every parameter by its dotted name, without the places."""
    return {name: str(value)[:_MAX_TEXT] for name, value in leaves(values) if name not in _PLACES}


def metrics_of(reports: Mapping[str, Mapping[str, Any]], run_id: str) -> dict[str, float]:
    """The numbers in the reports of a run; only timings that name its id count."""
    found: dict[str, float] = {}
    for dataset, prefix in _PREFIXES.items():
        found |= dict(_numbers(reports.get(dataset, {}), prefix))
    stages = reports.get("timings", {}).get("pipelines", {})
    timed = {name: stage["seconds"] for name, stage in stages.items() if stage["run"] == run_id}
    found |= {f"seconds/{_metric(name)}": seconds for name, seconds in timed.items()}
    return {**found, "seconds/total": float(sum(timed.values()))}


def run_name(pipelines: list[str], given: Mapping[str, Any]) -> str:
    """A short name that tells a run from others: its pipelines and its runtime parameters."""
    values = [f"{name.rpartition('.')[2]}={value}" for name, value in parameters_of(given).items()]
    named = [name for name in pipelines if name != "__default__"]
    return ", ".join([*named, *(values or ["as configured"])])[:_MAX_TEXT]


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every parameter by its dotted name."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _numbers(report: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, float]]:
    """Numbers by their path, without those of every label or reason."""
    for name, value in report.items():
        if isinstance(value, Mapping) and name != "per_label" and "_by_" not in name:
            yield from _numbers(value, f"{prefix}{_metric(name)}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{_metric(name)}", float(value)


def _metric(name: str) -> str:
    """``name`` in the characters that MLflow accepts."""
    return re.sub(r"[^\w. -]", "_", name, flags=re.ASCII) or "_"


# --- MLflow --------------------------------------------------------------------------------------


def write_run(
    uri: str,
    name: str,
    started: float,
    parameters: Mapping[str, str],
    metrics: Mapping[str, float],
    tags: dict[str, str],
    reports: Iterable[str],
) -> None:
    """Write a run that ends now; it ``started`` at a Unix time, and ``reports`` are its files."""
    os.environ.update(mlflow_environment())
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client, ended = MlflowClient(tracking_uri=uri), int(time.time() * 1000)
    experiment = _experiment(client, database(uri))
    made = client.create_run(experiment, int(started * 1000), tags, name).info.run_id
    client.log_batch(
        made,
        [Metric(key, value, ended, 0) for key, value in metrics.items()],
        [Param(key, value) for key, value in parameters.items()],
    )
    with tempfile.TemporaryDirectory() as folder:
        for report in reports:
            (Path(folder) / report.rsplit("/", 1)[-1]).write_bytes(read_bytes(report))
        client.log_artifacts(made, folder, _FOLDER)
    client.set_terminated(made, "FINISHED", ended)


def _experiment(client: Any, file: Path | None) -> str:
    """Id of the experiment; the first run makes it, with the artifacts beside an SQLite file."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    if found := client.get_experiment_by_name(EXPERIMENT):
        return str(found.experiment_id)
    artifacts = str(file.parent / "artifacts") if file else None
    # Opens MLflow's page on training runs instead of language models.
    tags = {"mlflow.experimentKind": "custom_model_development"}
    return str(client.create_experiment(EXPERIMENT, artifacts, tags))
