"""Records each run in MLflow: parameters, metrics and reports, to compare runs.

MLflow is imported at the end of a run only (1.4 s). Recording never fails a run: an error or a
timeout costs one line of the log.
"""

import logging
import multiprocessing
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
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
_URI = re.compile(r"(sqlite|https?|postgresql|mysql|mssql)(\+\w+)?://.")
_USER = re.compile(r"(?<=://)[^/@]+@")
_MAX_TEXT = 500
"""Characters of a parameter or tag: the limit of the smallest of MLflow's stores."""
_MAX_PARAMETERS = 100
"""Parameters that MLflow takes in one request."""

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
        self._configuration: dict[str, Any] = {}
        self._given: dict[str, Any] = {}
        self._started = 0.0
        self._is_new = False

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read where runs are recorded, and the parameters of this one."""
        loader = context.config_loader
        self._uri = tracking_uri(tracking_of(loader), Path(context.project_path))
        if self._uri:
            # Read now: the files may be edited during the run.
            self._configuration = {key: loader[key] for key in ("catalog", "parameters")}
            self._given = dict(loader.runtime_params or {})

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
            run = self._describe(run_params, pipeline, catalog)
            _in_time(lambda: write_run(self._uri or "", run))
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
        """What is recorded of a run, as ``write_run`` takes it."""
        entries, parameters = self._configuration["catalog"], self._configuration["parameters"]
        outputs = sorted(pipeline.all_outputs() | {"timings"})
        made = [name for name in outputs if catalog.exists(name)]
        reports = {n: catalog.load(n) for n in (*_PREFIXES, "timings") if n in made}
        paths = [str(entries.get(name, {}).get("filepath")) for name in made]
        return {
            "name": run_name(run_params["pipeline_names"] or [], self._given),
            "started": self._started,
            "ended": time.time(),
            "parameters": dict(parameters_of(parameters)),
            "metrics": metrics_of(reports, run_params["run_id"]),
            "tags": {
                "fingerprint": str(reports.get("metrics", {}).get("fingerprint", "")),
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
    is_uri = isinstance(setting, str) and _URI.match(setting) and setting != _FILE
    if is_off(setting) or is_uri:
        return []
    shown = without_user(setting) if isinstance(setting, str) else str(setting).lower()
    return [
        f"tracking is {shown!r}: give off, {_FILE}FILE, or the address of an MLflow server such "
        "as http://host:5000"
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


def parameters_of(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every parameter by its dotted name, without the places."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from parameters_of(value, f"{prefix}{name}.")
        elif prefix or name not in _PLACES:
            yield f"{prefix}{name}", str(value)[:_MAX_TEXT]


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
    values = [f"{name.rpartition('.')[2]}={value}" for name, value in parameters_of(given)]
    named = [name for name in pipelines if name != "__default__"]
    return ", ".join([*named, *(values or ["as configured"])])[:_MAX_TEXT]


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


def write_run(uri: str, run: Mapping[str, Any]) -> None:
    """Write one completed run as ``TrackingHooks`` describes it; times are Unix seconds."""
    os.environ.update(mlflow_environment())
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client = MlflowClient(tracking_uri=uri)
    started, ended = (int(run[name] * 1000) for name in ("started", "ended"))
    experiment = _experiment(client, database(uri))
    made = client.create_run(experiment, started, run["tags"], run["name"]).info.run_id
    client.log_batch(made, metrics=[Metric(n, v, ended, 0) for n, v in run["metrics"].items()])
    parameters = [Param(name, value) for name, value in run["parameters"].items()]
    for start in range(0, len(parameters), _MAX_PARAMETERS):
        client.log_batch(made, params=parameters[start : start + _MAX_PARAMETERS])
    with tempfile.TemporaryDirectory() as folder:
        for report in run["reports"]:
            copy = Path(folder) / report.rsplit("/", 1)[-1]
            copy.write_bytes(read_bytes(report))
            client.log_artifact(made, str(copy), _FOLDER)
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


def _in_time(write: Any) -> None:
    """Call ``write`` in a thread for at most ``_SECONDS``; a hanging one ends with the process."""
    if find_spec("mlflow") is None:
        raise RuntimeError("MLflow is not installed, it comes with the extra 'local'")
    with ThreadPool(1) as pool:
        try:
            pool.apply_async(write).get(_SECONDS)
        except multiprocessing.TimeoutError as error:
            raise TimeoutError(f"it took more than {_SECONDS} s") from error
