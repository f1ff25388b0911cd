"""Reading what a run of the project left in its storage, without Spark."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as pads

from fruits_kedro import FruitsError
from fruits_kedro.datasets import BackboneDataset
from fruits_kedro.model.backbone.artefact import Backbone
from fruits_kedro.storage.snapshots import SnapshotFolder

IMAGES = "02_intermediate/images"
PHOTOGRAPHS = "02_intermediate/photographs"
FEATURES = "04_feature/features"
SPLITS = "05_model_input/splits"
BACKBONE = "06_models/backbone"
PREDICTIONS = "07_model_output/predictions"


@dataclass(frozen=True)
class Features:
    """Features by the run's present backbone.

    Attributes:
        sha256: Of each photograph.
        values: ``(n, 1280)`` float32, in the same order.
    """

    sha256: list[str]
    values: npt.NDArray[np.float32]

    def of(self, wanted: list[str]) -> npt.NDArray[np.float32]:
        """The rows of some photographs, in the order asked for. Raises KeyError for others."""
        position = {digest: row for row, digest in enumerate(self.sha256)}
        return self.values[[position[digest] for digest in wanted]]


def part_folders(storage: Path, table: str) -> list[str]:
    """The folders of Parquet files that make up a table at present.

    Raises:
        FruitsError: Where the table was never written.
    """
    folder = SnapshotFolder(str(storage / table))
    snapshot = folder.current()
    if snapshot is None:
        raise FruitsError(f"There is no table {table} in {storage}: run the project there first.")
    return [folder.part_uri(part) for part in snapshot.parts if part.rows]


def load_table(storage: Path, table: str, columns: list[str], where: Any = None) -> pa.Table:
    """Columns of a table, perhaps only the rows that a pyarrow expression names."""
    parts = [pads.dataset(folder, format="parquet") for folder in part_folders(storage, table)]
    return pads.dataset(parts).to_table(columns, filter=where)


def load_backbone(storage: Path) -> Backbone:
    """The converted network that features were last made with."""
    return BackboneDataset(filepath=str(storage / BACKBONE)).load()


def load_features(storage: Path) -> Features:
    """The features of every photograph that has any."""
    wanted = (
        (pads.field("fingerprint") == load_backbone(storage).fingerprint)
        & (pads.field("variant") == 0)
        & pads.field("reason").is_null()
    )
    table = load_table(storage, FEATURES, ["sha256", "features"], wanted).combine_chunks()
    values = table.column("features").combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return Features(table.column("sha256").to_pylist(), values.reshape(table.num_rows, -1))


def load_digests(storage: Path) -> dict[str, str]:
    """The sha256 of every readable photograph, by its path."""
    table = load_table(storage, PHOTOGRAPHS, ["path", "sha256"], ~pads.field("sha256").is_null())
    return dict(zip(*(table.column(name).to_pylist() for name in ("path", "sha256")), strict=True))
