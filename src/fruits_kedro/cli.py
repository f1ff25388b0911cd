"""Commands of this project beside Kedro's own: ``kedro fruits``, ``emr`` and ``mlflow``."""

import json
import os
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import click
from kedro.framework.cli.project import PARAMS_ARG_HELP
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import env_option
from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession
from kedro.utils import load_obj
from omegaconf import OmegaConf

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr import emr
from fruits_kedro.hooks.errors import as_sentences, at_end, end_on_signals

__all__ = ["cli", "run"]

_FOLDERS = 5
"""Folders of removed photographs that ``kedro fruits gc`` names, at most."""
_FACTS = ("species", "family", "taste", "season", "storage", "biodiversity")
"""Facts that ``kedro fruits predict`` prints, in this order."""


class ParametersOption(click.Option):
    """The option ``--params``; it may be repeated, and the last value of a name counts."""

    def __init__(self, names: Sequence[str] = ("--params",), **options: Any) -> None:
        options |= {"multiple": True, "default": (), "callback": read_parameters}
        super().__init__(names, type=click.UNPROCESSED, help=PARAMS_ARG_HELP, **options)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Accept the dictionary of ``--config`` unchanged."""
        return value


def read_parameters(_: click.Context, __: click.Parameter, given: Any) -> dict[str, Any]:
    """The values of ``--params`` as one nested dictionary, or FruitsError."""
    if isinstance(given, dict):
        return given
    texts = [given] if isinstance(given, str) else given or ()
    items = [item.strip() for text in texts for item in text.split(",") if item.strip()]
    try:
        for item in items:
            name, equals, _value = item.partition("=")
            if not (equals and name.strip()):
                raise ValueError(f"{item!r} is not name=value")
        return OmegaConf.to_container(OmegaConf.from_dotlist(items))  # type: ignore[return-value]
    except Exception as error:  # YAML and OmegaConf share no base class of errors
        first = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
        raise FruitsError(
            f"--params cannot be read ({first}): write --params=name=value,name=value, and put "
            "values that hold a comma, a bracket or a brace into a parameters file "
            "(conf/local/parameters.yml)."
        ) from error


def check_runner_name(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    """The value of ``--runner``. Raises FruitsError if there is no such class."""
    if name:
        try:
            load_obj(name, "kedro.runner")
        except (ImportError, AttributeError, ValueError) as error:
            raise FruitsError(
                f"There is no runner {name}: leave out --runner, or give SequentialRunner or the "
                "import path of a class of your own."
            ) from error
    return name


# Kedro's `run` with this project's options --params and --runner.
run = kedro_run
run.params = [ParametersOption() if option.name == "params" else option for option in run.params]
next(option for option in run.params if option.name == "runner").callback = check_runner_name
params_option = click.option("--params", cls=ParametersOption)


@click.group(name="fruits-kedro")
def cli() -> None:
    """Commands of the project."""


cli.add_command(emr)


@cli.group()
def fruits() -> None:
    """Name photographs, serve the app, clean up the storage."""
    end_on_signals(advice="")


@contextmanager
def project_context(env: str | None, params: dict[str, Any]) -> Iterator[KedroContext]:
    """The checked configuration and the catalog; expected errors are one sentence."""
    with KedroSession.create(env=env, runtime_params=params) as session, as_sentences():
        context: KedroContext = session.load_context()  # type: ignore[attr-defined]
        # Private in Kedro, whose catalog would import every pipeline to check parameters that are
        # checked already. If it moves, drop this line: commands only start half a second later.
        # tests/pipelines/app/test_machines.py notices.
        context._pipelines_to_validate = []
        yield context


@fruits.command()
@click.argument("photographs", nargs=-1, required=True, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, a photograph an entry.")
@env_option
@params_option
def predict(
    photographs: tuple[str, ...], as_json: bool, env: str | None, params: dict[str, Any]
) -> None:
    """Name the fruit of a few photographs, with what is known about it."""
    from fruits_kedro.pipelines.app.predicting import predictor_of

    with project_context(env, params) as context:
        predictor = predictor_of(context.catalog)
    answers = []
    for answer in predictor.predict_all(photographs):
        answers.append(answer)
        if not as_json:
            click.echo(describe_answer(answer), err="reason" in answer)
    if as_json:
        click.echo(json.dumps(answers, indent=1, ensure_ascii=False))
    if any("reason" in answer for answer in answers):
        raise SystemExit(1)


def describe_answer(answer: dict[str, Any]) -> str:
    """An answer of the predictor for a reader, with the facts of a sure one."""
    if "reason" in answer:
        return f"{answer['path']}: {answer['reason']}"
    if answer["verdict"] == "unknown":
        return f"{answer['path']}: no fruit that this model knows"
    if answer["verdict"] == "unsure":
        named = (f"{c['name']} ({c['probability']:.0%})" for c in answer["candidates"])
        note = f" ({answer['note']})" if answer["note"] else ""
        return f"{answer['path']}: not sure{note}: {' or '.join(named)}"
    facts = answer["facts"] or {}
    lines = [f"{answer['path']}: {answer['name']}, sure ({answer['probability']:.0%})"]
    lines += [f"    {n}: {facts[n]['text']} [{facts[n]['source']}]" for n in _FACTS if n in facts]
    return "\n".join(lines)


@fruits.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve at.")
@click.option("--port", "-p", default=8000, show_default=True, help="Port to serve at, 0 for any.")
@env_option
@params_option
def app(host: str, port: int, env: str | None, params: dict[str, Any]) -> None:
    """Serve the app on this machine, with POST /predict and GET /healthz."""
    try:
        from fruits_kedro.pipelines.app.predicting import predictor_of
        from fruits_kedro.pipelines.app.server import serve
    except ModuleNotFoundError as error:
        raise FruitsError(
            f"kedro fruits app needs {error.name}: pip install 'fruits-kedro[app]'."
        ) from error
    with project_context(env, params) as context:
        catalog = context.catalog
        site = catalog.load("app")
        predictor = predictor_of(catalog) if "fruits.tflite" in site else None
    serve(site, predictor, host, port)


@fruits.command()
@env_option
@params_option
@click.option("--yes", "-y", is_flag=True, help="Remove without asking.")
def gc(env: str | None, params: dict[str, Any], yes: bool) -> None:
    """Remove images and features that no photograph of the last run refers to."""
    from fruits_kedro.hooks.storage import require_place, storage_root
    from fruits_kedro.storage.garbage import plan_garbage, remove_garbage
    from fruits_kedro.storage.lock import lock_of

    with project_context(env, params) as context:
        root = storage_root(context)
        require_place("storage", root)
        lock = lock_of(root)
        at_end.append(lock.release)
        lock.acquire()
        try:
            catalog = context.catalog
            plans = plan_garbage(catalog)
            for plan in plans:
                click.echo(describe_garbage(plan))
            if not any(plan.removed for plan in plans):
                click.echo("Nothing to remove")
                return
            if not yes and not sys.stdin.isatty():
                raise FruitsError("Nothing was removed: look at the list above, and add --yes.")
            if yes or click.confirm(f"Remove this from {root}?"):
                freed = remove_garbage(catalog, plans)
                click.echo(f"{sum(freed.values()) / 1e6:.1f} MB freed")
        finally:
            lock.release()


def describe_garbage(plan: Any) -> str:
    """One line: rows that would be removed from a table, and folders of their photographs."""
    text = f"{plan.table}: {plan.removed} rows to remove, {plan.kept} to keep"
    more = ", …" if len(plan.folders) > _FOLDERS else ""
    named = f"; photographs of {', '.join(plan.folders[:_FOLDERS])}{more}"
    return text + named if plan.folders else text


@fruits.command("mlflow")
@env_option
@params_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve at.")
@click.option("--port", "-p", default="5000", show_default=True, help="Port to serve at.")
def ui(env: str | None, params: dict[str, Any], host: str, port: str) -> None:
    """Open the page on which recorded runs are compared."""
    from fruits_kedro.hooks import tracking

    with project_context(env, params) as context:
        setting = tracking.tracking_of(context.config_loader)
        uri = tracking.tracking_uri(setting, context.project_path)
    if uri is None:
        raise FruitsError(
            "Runs are not recorded because the parameter tracking is off: give "
            "--params=tracking=sqlite:///FILE or an MLflow server, to kedro run as well."
        )
    if uri.startswith(("http://", "https://")):
        click.echo(f"Opening {tracking.without_user(uri)}")
        webbrowser.open(uri)
        return
    if find_spec("mlflow") is None:
        raise FruitsError("MLflow is not installed here: install the extra 'local'.")
    file = tracking.database(uri)
    if file is not None and not file.exists():
        raise FruitsError(f"No run is recorded in {file} yet: run kedro run first.")
    # A command line is visible to every user of the machine, and the URI may hold a password.
    environment = tracking.mlflow_environment() | {"MLFLOW_BACKEND_STORE_URI": uri}
    server = ["-m", "mlflow", "server", "--host", host, "--port", port, "--workers", "1"]
    os.execve(sys.executable, [sys.executable, *server], environment)  # noqa: S606


@cli.group()
def mlflow() -> None:
    """Compare recorded runs in MLflow."""


mlflow.add_command(ui, "ui")
