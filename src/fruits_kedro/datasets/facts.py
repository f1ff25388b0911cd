"""Facts about fruits, from configuration."""

import hashlib
import json
from typing import Any

from kedro.io import AbstractDataset

from fruits_kedro import FruitsError
from fruits_kedro.parameters.facts import FactBook


class FruitFactsDataset(AbstractDataset[None, FactBook]):
    """The merged content of ``conf/*/fruits.yml``, which is checked with the configuration."""

    def __init__(self, *, content: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        self._content = content
        self.metadata = metadata

    def load(self) -> FactBook:
        """The facts by label."""
        return FactBook.model_validate(self._content)

    def save(self, data: None) -> None:
        """Never: facts are written by people."""
        raise FruitsError("Facts are configuration: write them into conf/local/fruits.yml.")

    def snapshot_id(self) -> str:
        """Changes with any fact."""
        text = json.dumps(self._content, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _describe(self) -> dict[str, Any]:
        return {"labels": len(self._content.get("fruits", {}))}
