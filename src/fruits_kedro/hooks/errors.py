"""Shows a user the sentence an error was raised with, not what was wrapped around it."""

from collections.abc import Iterator

from kedro.framework.hooks import hook_impl

from fruits_kedro.errors import FruitsError


class ErrorHooks:
    """Kedro's datasets and catalog wrap every exception; this takes ours out again."""

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Raise the FruitsError among the causes of ``error``, if there is one."""
        for cause in _causes(error):
            if isinstance(cause, FruitsError):
                raise cause


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
