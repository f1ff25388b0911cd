"""Passes ``conf/<env>/spark.yml`` to the Spark session, which nodes and datasets start lazily."""

from kedro.config import MissingConfigException
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from fruits_kedro.cluster import session as spark
from fruits_kedro.hooks.configuration import storage_of


class SparkHooks:
    """Configures Spark without starting it.

    ``after_context_created`` serves runs and notebooks alike; ``before_dataset_loaded`` does not
    fire for ``catalog.load``.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Store the environment's Spark settings, and where the run reads and writes."""
        try:
            settings = context.config_loader["spark"]
        except MissingConfigException:
            settings = {}
        catalog = context.config_loader["catalog"]
        spark.configure(settings, [catalog["raw_images"]["filepath"], storage_of(catalog)])
