"""Keeps kedro-mlflow, which takes seconds to import, out of commands that do not need it.

Kedro imports the commands and the hooks of every installed plugin whenever it starts, also of those
whose hooks are disabled. ``hooks.tracking`` and ``kedro mlflow ui`` of ``cli.py`` take their place.
"""

from typing import Any

from kedro.framework.cli import utils

PLUGIN = "kedro_mlflow"


class PluginHooks:
    """No hooks, under the name of the plugin's: pluggy imports none whose name is taken."""

    __name__ = "mlflow_hook"


def leave_out_commands() -> None:
    """Let Kedro's command line not import the plugin's commands."""
    load = utils._safe_load_entry_point
    if getattr(load, "leaves_out", None) == PLUGIN:
        return

    def load_others(entry_point: Any) -> Any:
        return None if entry_point.module.startswith(f"{PLUGIN}.") else load(entry_point)

    load_others.leaves_out = PLUGIN  # type: ignore[attr-defined]
    utils._safe_load_entry_point = load_others
