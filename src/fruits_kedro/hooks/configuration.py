"""Checks everything a run is told before anything starts."""

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from fruits_kedro.hooks.configuration_checks import check_configuration


class ConfigurationHooks:
    """Stops a run with a wrong setting in its first seconds, with all problems in one message."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Raise FruitsError where a parameter, setting or environment is unknown or wrong."""
        check_configuration(context.config_loader)
