"""Writes one run into MLflow, in a process of its own.

MLflow takes seconds to import and keeps asking a server that is away. Here it does so beside the
run, which ends when it is done.

Standard input holds two lines of JSON: where to record, at the start of a run, and what, at its
end. Without the second nothing is recorded.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fruits_kedro.hooks.recording.setting import Tracking, without_user
from fruits_kedro.storage.files import read_bytes

FOLDER = "08_reporting"


def open_experiment(where: dict[str, Any]) -> tuple[Any, str]:
    """The client of the tracking store and the experiment, made where it is missing.

    Source: https://kedro-mlflow.readthedocs.io, whose configuration ``where["mlflow"]`` is.
    """
    from kedro_mlflow.config.kedro_mlflow_config import KedroMlflowConfig

    config = KedroMlflowConfig.model_validate(where["mlflow"])
    file = Tracking(config.server.mlflow_tracking_uri, where).database
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        artifacts = str(file.parent / "artifacts")
        config.tracking.experiment.create_experiment_kwargs.artifact_location = artifacts
    context = SimpleNamespace(project_path=where["project"], _get_config_credentials=dict)
    config.setup(context)
    return config.server._mlflow_client, config.tracking.experiment._experiment.experiment_id


def write_run(client: Any, experiment: str, run: dict[str, Any]) -> None:
    """One run with its parameters, metrics and reports, then its end."""
    from mlflow.entities import Metric, Param

    started, ended = (int(run[name] * 1000) for name in ("started", "ended"))
    made = client.create_run(experiment, started, run["tags"], run["name"]).info.run_id
    metrics = [Metric(name, value, ended, 0) for name, value in run["metrics"].items()]
    params = [Param(name, value) for name, value in run["parameters"].items()]
    client.log_batch(made, metrics=metrics, params=params)
    with tempfile.TemporaryDirectory() as folder:
        for uri in run["reports"]:
            copy = Path(folder) / uri.rsplit("/", 1)[-1]
            copy.write_bytes(read_bytes(uri))
            client.log_artifact(made, str(copy), FOLDER)
    client.set_terminated(made, "FINISHED", ended)


def main() -> None:
    """Read both lines, and say in one line what went wrong."""
    os.nice(10)
    try:
        client, experiment = open_experiment(json.loads(sys.stdin.readline()))
        run = sys.stdin.readline()
        if run:
            write_run(client, experiment, json.loads(run))
    except Exception as error:  # MLflow, its database and requests raise their own
        first = next(iter(str(error).splitlines()), "").rstrip(".")
        sys.exit(f"{type(error).__name__}: {without_user(first)}")


if __name__ == "__main__":
    main()
