"""Passes ``conf/<env>/spark.yml`` to the Spark session, which nodes and datasets start lazily."""

from kedro.config import MissingConfigException
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from fruits_kedro.cluster import session as spark


class SparkHooks:
    """Configures Spark without starting it.

    ``after_context_created`` serves runs and notebooks alike; ``before_dataset_loaded`` does not
    fire for ``catalog.load``.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember the environment's Spark settings."""
        try:
            settings = context.config_loader["spark"]
        except MissingConfigException:
            settings = {}
        spark.configure(settings)
