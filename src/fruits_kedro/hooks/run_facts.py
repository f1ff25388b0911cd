"""Hands to nodes what only a context knows of a run: parameters that differ, and versions."""

import platform
from importlib import metadata
from typing import Any

from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol

from fruits_kedro import __version__
from fruits_kedro.pipelines.reporting.run_facts import DATASET, differing_parameters

_PACKAGES = ("ai-edge-litert", "kedro", "numpy", "pillow", "pyarrow", "pyspark", "scikit-learn")
"""What decides about the numbers of a run."""


class RunFactsHooks:
    """Fills a dataset, which tells the runner to make a report anew where one of these changed."""

    def __init__(self) -> None:
        self._loader: Any = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember where the configuration comes from."""
        self._loader = context.config_loader

    @hook_impl
    def after_catalog_created(self, catalog: CatalogProtocol) -> None:
        """Compare the parameters with those of conf/base alone."""
        if self._loader is None or DATASET not in catalog:
            return
        base = OmegaConfigLoader(self._loader.conf_source, base_env="base", default_run_env="base")
        facts = {
            "environment": self._loader.env or self._loader.default_run_env,
            "parameters": differing_parameters(base["parameters"], self._loader["parameters"]),
            "versions": _versions(),
        }
        catalog[DATASET].save(facts)


def _versions() -> dict[str, str]:
    known = {"fruits-kedro": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            known[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # a cluster brings Spark without its package
            continue
    return known
