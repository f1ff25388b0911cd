"""What a hook hands to the nodes of a run."""

import hashlib
from typing import Any

from kedro.io import AbstractDataset

from fruits_kedro import FruitsError


class HandedDataset(AbstractDataset[Any, Any]):
    """A value in memory that is known by its value: where it is the same, nothing is done again.

    Usage in the catalog::

        run_facts:
          type: fruits_kedro.datasets.HandedDataset

    Args:
        metadata: For Kedro plugins, not read here.
    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        self._value: Any = None
        self.metadata = metadata

    def load(self) -> Any:
        """What was handed over. Raises FruitsError where nothing was."""
        if self._value is None:
            raise FruitsError("Nothing was handed over: only kedro run does, by its hooks.")
        return self._value

    def save(self, data: Any) -> None:
        """Hand ``data`` over."""
        self._value = data

    def snapshot_id(self) -> str | None:
        """A digest of the value, None where nothing was handed over."""
        if self._value is None:
            return None
        return hashlib.sha256(repr(self._value).encode()).hexdigest()

    def _exists(self) -> bool:
        return self._value is not None

    def _describe(self) -> dict[str, Any]:
        return {}
