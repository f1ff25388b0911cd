"""Where a context's catalog keeps its datasets, for the hooks that need to know."""

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from fruits_kedro import FruitsError
from fruits_kedro.hooks.configuration_checks import storage_of
from fruits_kedro.storage.files import is_local, join

NOT_SET = "not-set"
"""What globals.yml of an environment says where a user has to."""


class StorageHooks:
    """What hooks that look at the storage root share."""

    def __init__(self) -> None:
        self._storage = ""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember the storage root that the catalog resolved to."""
        self._storage = storage_root(context)


def storage_root(context: KedroContext) -> str:
    """The storage root that the catalog resolved to, absolute where it is a local folder."""
    storage: str = storage_of(context.config_loader["catalog"])
    return join(str(context.project_path), storage) if _is_relative(storage) else storage


def require_storage(storage: str) -> None:
    """Raise FruitsError where the environment names no storage root."""
    if storage.endswith(f"/{NOT_SET}"):
        raise FruitsError(
            "This environment has no storage of its own: give one with --params=storage=URI (and "
            "images=URI), or the environment variables FRUITS_STORAGE and FRUITS_IMAGES."
        )


def _is_relative(storage: str) -> bool:
    return is_local(storage) and not storage.startswith(("/", "file:"))
