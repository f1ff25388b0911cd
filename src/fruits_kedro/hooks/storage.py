"""Where a context's catalog keeps its datasets."""

from kedro.framework.context import KedroContext

from fruits_kedro.storage.files import is_local, join


def storage_root(context: KedroContext) -> str:
    """The storage root that the catalog resolved to, absolute where it is a local folder."""
    metrics: str = context.config_loader["catalog"]["metrics"]["filepath"]
    storage = metrics.removesuffix("/08_reporting/metrics.json")
    return join(str(context.project_path), storage) if _is_relative(storage) else storage


def _is_relative(storage: str) -> bool:
    return is_local(storage) and not storage.startswith(("/", "file:"))
