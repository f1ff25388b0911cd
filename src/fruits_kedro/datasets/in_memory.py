"""What passes from node to node in memory, named in the catalog so that it can be described."""

from typing import Any

from kedro.io import MemoryDataset

from fruits_kedro import FruitsError


class InMemoryDataset(MemoryDataset):
    """``MemoryDataset`` with a place in the catalog: layer and description for Kedro-Viz.

    Usage in the catalog::

        missing_features:
          type: fruits_kedro.datasets.InMemoryDataset
          metadata:
            description: "Kept photographs that this backbone has never seen."
            kedro-viz: {layer: feature}

    Args:
        metadata: For Kedro plugins, not read here.
    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        # Nodes are pure, so nothing has to be copied; a forest's model, in the JVM, cannot be.
        super().__init__(copy_mode="assign", metadata=metadata)

    def load(self) -> Any:
        """What a node of this run saved.

        Raises:
            FruitsError: Where none did.
        """
        if not self._exists():
            raise FruitsError(
                "A node needs what another one passes on in memory, and that one is not part of "
                "this run: run the whole pipeline (kedro run --pipelines=…), which leaves out "
                "what is unchanged."
            )
        return super().load()
