"""The fitted scaler and PCA as a file."""

import io
from typing import Any

import numpy as np
from kedro_datasets._typing import JSONPreview

from fruits_kedro.datasets.artefact import ArtefactDataset
from fruits_kedro.datasets.previews import json_preview, where_saved
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.storage.artefacts import current_part, load_files, write_files

_FILE = "reducer.npz"
_ARRAYS = ("mean", "scale", "components", "explained_variance_ratio")
_SCALARS = ("rows", "fingerprint", "unit_length")


class ReducerDataset(ArtefactDataset[Reducer]):
    """A reducer as numpy arrays: nothing in the file is executed when it is read.

    Usage in the catalog::

        reducer:
          type: fruits_kedro.datasets.ReducerDataset
          filepath: data/06_models/reducer

    Args:
        filepath: The artefact's folder, local or ``s3://``.
        metadata: For Kedro plugins, not read here.
    """

    # Kedro reads the arguments of an entry from the class's own signature.
    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(filepath=filepath, metadata=metadata)

    def load(self) -> Reducer:
        """The newest reducer, its hash verified."""
        content = load_files(self._folder, current_part(self._folder))[_FILE]
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return Reducer(
                **{name: arrays[name] for name in _ARRAYS},
                rows=int(arrays["rows"]),
                fingerprint=str(arrays["fingerprint"]),
                unit_length=bool(arrays["unit_length"]),
            )

    @where_saved
    def preview(self) -> JSONPreview:
        """What it was fitted on and explains, for Kedro-Viz."""
        reducer = self.load()
        return json_preview(
            {
                "components": reducer.k,
                "explained_variance": float(reducer.explained_variance_ratio.sum()),
                "train_rows": reducer.rows,
                "backbone": reducer.fingerprint,
                "id": reducer.id,
            }
        )

    def save(self, data: Reducer) -> None:
        """Write the reducer as a new snapshot."""
        buffer = io.BytesIO()
        arrays = {name: getattr(data, name) for name in (*_ARRAYS, *_SCALARS)}
        np.savez(buffer, allow_pickle=False, **arrays)
        self._folder.replace(write_files(self._folder, {_FILE: buffer.getvalue()}))
