"""Commands of this project beside Kedro's own: ``kedro fruits``, ``emr`` and ``mlflow``."""

from typing import Any

import click
from kedro.framework.cli.project import PARAMS_ARG_HELP, run
from kedro.framework.cli.utils import _split_params, env_option
from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession

from fruits_kedro import FruitsError
from fruits_kedro.cluster.emr.commands import emr
from fruits_kedro.pipelines.app.commands import app, predict

__all__ = ["cli", "run"]


def read_parameters(context: click.Context, option: click.Parameter, text: Any) -> dict[str, Any]:
    """The value of ``--params`` as a nested dictionary.

    Raises:
        FruitsError: Where it is no list of ``name=value``.
    """
    try:
        values: dict[str, Any] = _split_params(context, option, text)
    except Exception as error:  # click for a missing '=', YAML and OmegaConf for a value
        first = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
        raise FruitsError(
            f"--params cannot be read ({first}): write --params=name=value,name=value, with "
            "values that hold a comma, a bracket or a brace in a parameters file "
            "(conf/local/parameters.yml)."
        ) from error
    return values


for _option in run.params:
    if _option.name == "params":
        _option.callback = read_parameters


params_option = click.option(
    "--params", type=click.UNPROCESSED, default="", help=PARAMS_ARG_HELP, callback=read_parameters
)


@click.group(name="fruits-kedro")
def cli() -> None:
    """Commands of the project."""


cli.add_command(emr)


@cli.group()
def fruits() -> None:
    """Care for the storage of fruits-kedro."""


@fruits.command()
@env_option
@params_option
def gc(env: str | None, params: dict[str, Any]) -> None:
    """Remove images and features that no photograph of the last run refers to."""
    from fruits_kedro.hooks.errors import ErrorHooks
    from fruits_kedro.hooks.storage import storage_root
    from fruits_kedro.storage.garbage import FEATURES, collect_garbage
    from fruits_kedro.storage.lock import lock_of

    with KedroSession.create(env=env, runtime_params=params) as session:
        context: KedroContext = session.load_context()  # type: ignore[attr-defined]
        lock = lock_of(storage_root(context))
        lock.acquire()
        try:
            catalog = context.catalog
            features = {name: catalog[name] for name in FEATURES}
            removed = collect_garbage(catalog["images"], features, catalog["photographs"])
        except Exception as error:
            ErrorHooks().on_pipeline_error(error)
            raise
        finally:
            lock.release()
    for table, counts in removed.items():
        click.echo(
            f"{table}: {counts['rows_removed']} rows removed, {counts['rows_kept']} kept, "
            f"{counts['bytes_freed'] / 1e6:.1f} MB freed"
        )


fruits.add_command(app)
fruits.add_command(predict)


@cli.group()
def mlflow() -> None:
    """Compare recorded runs in MLflow."""


@mlflow.command()
@env_option
@params_option
@click.option("--host", help="Address to serve at, this machine only by default.")
@click.option("--port", "-p", help="Port to serve at, 5000 by default.")
def ui(env: str | None, params: dict[str, Any], host: str | None, port: str | None) -> None:
    """Open the page on which recorded runs are compared."""
    from fruits_kedro.hooks.recording.page import open_page
    from fruits_kedro.hooks.recording.setting import tracking_of

    with KedroSession.create(env=env, runtime_params=params) as session:
        context: KedroContext = session.load_context()  # type: ignore[attr-defined]
        tracking = tracking_of(context.config_loader, context.project_path)
    open_page(tracking, host, port)
