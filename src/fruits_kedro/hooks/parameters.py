"""Checks every parameter before anything starts."""

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from fruits_kedro.parameters import check_parameters


class ParameterHooks:
    """Stops a run with a wrong parameter in its first second, with all problems in one message."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Raise FruitsError where a parameter is unknown or wrong."""
        check_parameters(context.config_loader["parameters"])
