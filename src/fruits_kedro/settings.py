"""Project settings: hooks, and how configuration is resolved."""

import atexit
import gc
import os
import sys
import warnings
from importlib.resources import files

from fruits_kedro.hooks.errors import ErrorHooks, end_on_signals

if sys.argv[1:2] == ["run"]:
    # Before the imports below, which take a second.
    end_on_signals()
    # Modules and tables live until the end: searching them for garbage takes 2 s of a short run.
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)

from fruits_kedro.hooks.configuration import ConfigurationHooks, FruitsConfigLoader
from fruits_kedro.hooks.session import FruitsSession
from fruits_kedro.hooks.storage import StorageHooks
from fruits_kedro.hooks.telling import ProgressHooks, SummaryHooks, TimingHooks
from fruits_kedro.hooks.tracking import TrackingHooks

SESSION_CLASS = FruitsSession
CONFIG_LOADER_CLASS = FruitsConfigLoader


def _class_archive() -> str:
    """Java's option to load, or write, the class archive of ``tools/archive_classes.py``.

    The JVM ignores an archive that does not exist or is of another Java.
    """
    made = os.environ.get("FRUITS_CLASS_ARCHIVE")
    if made:
        return f"-XX:ArchiveClassesAtExit={made}"
    return f"-XX:SharedArchiveFile={sys.prefix}/spark.jsa"


# Kedro 1.7 calls a function that OmegaConf has renamed; users cannot fix that.
warnings.filterwarnings("ignore", message=r"(?s)register_new_resolver\(\) is deprecated")
# Kedro-Viz uses a deprecated class of FastAPI.
warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")

# Kedro calls hooks last in, first out: the configuration is checked before anything else happens.
HOOKS = (
    ErrorHooks(),
    StorageHooks(),
    TrackingHooks(),
    SummaryHooks(),
    TimingHooks(),
    ProgressHooks(),
    ConfigurationHooks(),
)
# If the plugin is installed, it would record each run a second time.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-mlflow", "kedro_mlflow")

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {"spark": ["spark*"], "fruits": ["fruits*"]},
    # An environment adds facts and replaces single ones.
    "merge_strategy": {"fruits": "soft"},
    # Neither `runtime_params` nor OmegaConf's own `oc.env` works inside globals.yml.
    "custom_resolvers": {
        "env": lambda name, default=None: os.environ.get(name) or default,
        "package_file": lambda name: str(files("fruits_kedro") / name),
        "class_archive": _class_archive,
    },
}
