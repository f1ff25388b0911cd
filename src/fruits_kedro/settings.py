"""Project settings: hooks, and how configuration is resolved."""

import os

from fruits_kedro.hooks.errors import ErrorHooks
from fruits_kedro.hooks.parameters import ParameterHooks
from fruits_kedro.hooks.spark import SparkHooks
from fruits_kedro.hooks.timing import TimingHooks

# Kedro calls hooks last in, first out: parameters are checked before anything else happens.
HOOKS = (ErrorHooks(), TimingHooks(), SparkHooks(), ParameterHooks())

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {"spark": ["spark*"]},
    # Neither `runtime_params` nor OmegaConf's own `oc.env` works inside globals.yml.
    "custom_resolvers": {"env": lambda name, default=None: os.environ.get(name) or default},
}
