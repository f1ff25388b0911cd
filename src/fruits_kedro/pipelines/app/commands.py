"""``kedro fruits predict`` and ``kedro fruits app``: answers without Spark and TensorFlow."""

import json
import os
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import PARAMS_ARG_HELP
from kedro.framework.cli.utils import _split_params, env_option

from fruits_kedro import FruitsError

params_option = click.option(
    "--params", type=click.UNPROCESSED, default="", help=PARAMS_ARG_HELP, callback=_split_params
)
_SHOWN = ("species", "family", "taste", "season", "storage", "biodiversity")


@click.command()
@click.argument("photographs", nargs=-1, required=True, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, a photograph an entry.")
@env_option
@params_option
def predict(
    photographs: tuple[str, ...], as_json: bool, env: str | None, params: dict[str, Any]
) -> None:
    """Name the fruit of a few photographs, with what is known about it."""
    predictor = _Configuration(env, params).predictor()
    answers = []
    failed = 0
    for answer in predictor.predict_all(photographs):
        failed += "reason" in answer
        if as_json:
            answers.append(answer)
        else:
            click.echo(_describe(answer), err="reason" in answer)
    if as_json:
        click.echo(json.dumps(answers, indent=1, ensure_ascii=False))
    if failed:
        raise SystemExit(1)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve at.")
@click.option("--port", "-p", default=8000, show_default=True, help="Port to serve at, 0 for any.")
@env_option
@params_option
def app(host: str, port: int, env: str | None, params: dict[str, Any]) -> None:
    """Serve the app on this machine, with POST /predict and GET /healthz."""
    try:
        from fruits_kedro.pipelines.app.server import serve
    except ModuleNotFoundError as error:
        raise FruitsError(
            f"kedro fruits app needs {error.name}: pip install 'fruits-kedro[app]'."
        ) from error
    configuration = _Configuration(env, params)
    site = configuration.load("app")
    serve(site, configuration.predictor() if "fruits.tflite" in site else None, host, port)


class _Configuration:
    """The project's configuration, loaded without a session and its hooks."""

    def __init__(self, env: str | None, params: dict[str, Any]) -> None:
        from kedro.framework.project import settings
        from kedro.utils import find_kedro_project

        self._project = find_kedro_project(Path.cwd()) or Path.cwd()
        self._loader = settings.CONFIG_LOADER_CLASS(
            conf_source=str(self._project / settings.CONF_SOURCE),
            env=env or os.environ.get("KEDRO_ENV"),
            runtime_params=params,
            **settings.CONFIG_LOADER_ARGS,
        )

    def load(self, name: str) -> Any:
        """The content of a dataset of the catalog; raises FruitsError if there is none yet."""
        from kedro.io import AbstractDataset, DatasetError

        from fruits_kedro.storage.files import is_local

        entry = self._loader["catalog"][name]
        path = entry.get("filepath", "")
        if path and is_local(path) and not path.startswith("file:"):
            entry["filepath"] = str(self._project / path)  # relative to the project
        try:
            return AbstractDataset.from_config(name, entry).load()
        except DatasetError as error:
            raise (error.__cause__ if isinstance(error.__cause__, FruitsError) else error) from None

    def predictor(self) -> Any:
        """The model with its facts. Raises FruitsError if there is none yet."""
        from fruits_kedro.model.phone import NoPhoneModel
        from fruits_kedro.parameters import AppParameters
        from fruits_kedro.pipelines.app.predicting import Predictor

        model, parameters = self.load("phone_model"), self._loader["parameters"]
        if isinstance(model, NoPhoneModel):
            raise FruitsError(model.reason)
        chosen = AppParameters.model_validate(parameters["app"])
        return Predictor(
            model, self.load("fruit_facts"), chosen, parameters["ingestion"]["max_pixels"]
        )


def _describe(answer: dict[str, Any]) -> str:
    if "reason" in answer:
        return f"{answer['path']}: {answer['reason']}."
    verdict = answer["verdict"]
    if verdict == "sure":
        first = f"{answer['name']}, sure ({answer['probability']:.0%})"
    elif verdict == "unsure":
        named = (f"{c['name']} ({c['probability']:.0%})" for c in answer["candidates"])
        note = f" ({answer['note']})" if answer["note"] else ""
        first = f"not sure{note}: {' or '.join(named)}"
    else:
        first = "no fruit that this model knows"
    facts = (answer["facts"] or {}) if verdict == "sure" else {}
    lines = [
        f"    {name}: {facts[name]['text']} [{facts[name]['source']}]"
        for name in _SHOWN
        if name in facts
    ]
    return "\n".join([f"{answer['path']}: {first}", *lines])
