"""Project settings: hooks, and how configuration is resolved."""

import os
import sys
import warnings
from importlib.resources import files

from fruits_kedro.hooks.config_loader import FruitsConfigLoader
from fruits_kedro.hooks.configuration import ConfigurationHooks
from fruits_kedro.hooks.errors import ErrorHooks
from fruits_kedro.hooks.leftovers import LeftoverHooks
from fruits_kedro.hooks.lock import LockHooks
from fruits_kedro.hooks.plugins import PluginHooks, leave_out_commands
from fruits_kedro.hooks.progress import ProgressHooks
from fruits_kedro.hooks.run_facts import RunFactsHooks
from fruits_kedro.hooks.session import FruitsSession
from fruits_kedro.hooks.signals import SignalHooks
from fruits_kedro.hooks.spark import SparkHooks
from fruits_kedro.hooks.summary import SummaryHooks
from fruits_kedro.hooks.timing import TimingHooks
from fruits_kedro.hooks.tracking import TrackingHooks

SESSION_CLASS = FruitsSession
CONFIG_LOADER_CLASS = FruitsConfigLoader


def _environment(name: str, default: str | None = None) -> str | None:
    return os.environ.get(name) or default


def _package_file(name: str) -> str:
    return str(files("fruits_kedro") / name)


def _class_archive() -> str:
    """Java's option to start from the classes that ``tools/archive_classes.py`` kept, or to keep.

    A path that is not there, or of another Java, is no error: the JVM starts without it.
    """
    made = os.environ.get("FRUITS_CLASS_ARCHIVE")
    if made:
        return f"-XX:ArchiveClassesAtExit={made}"
    return f"-XX:SharedArchiveFile={sys.prefix}/spark.jsa"


# Kedro 1.7 calls a name that OmegaConf has renamed; a user can do nothing about it.
warnings.filterwarnings("ignore", message=r"(?s)register_new_resolver\(\) is deprecated")
# Kedro-Viz answers through a class of FastAPI that is going to be another.
warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")

leave_out_commands()

# Kedro calls hooks last in, first out: the configuration is checked before anything else happens.
HOOKS = (
    ErrorHooks(),
    LeftoverHooks(),
    LockHooks(),
    TrackingHooks(),
    SummaryHooks(),
    TimingHooks(),
    RunFactsHooks(),
    ProgressHooks(),
    SparkHooks(),
    SignalHooks(),
    ConfigurationHooks(),
    PluginHooks(),
)

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {"spark": ["spark*"], "fruits": ["fruits*"], "mlflow": ["mlflow*"]},
    # An environment adds facts and replaces single ones.
    "merge_strategy": {"fruits": "soft"},
    # Neither `runtime_params` nor OmegaConf's own `oc.env` works inside globals.yml.
    "custom_resolvers": {
        "env": _environment,
        "package_file": _package_file,
        "class_archive": _class_archive,
    },
}
