"""Removing what no present photograph refers to."""

from collections.abc import Mapping
from typing import Any

from fruits_kedro.datasets.snapshot_parquet import SnapshotParquetDataset

FEATURES = ("features", "augmented_features", "scene_features")
"""Tables of features in the catalog, by the sha256 of the photograph that they come from."""


def collect_garbage(
    images: SnapshotParquetDataset,
    features: Mapping[str, SnapshotParquetDataset],
    photographs: SnapshotParquetDataset,
) -> dict[str, Any]:
    """Drop images and features of files that are no longer in the listing.

    Features of present photographs stay whatever backbone computed them: switching back to it
    reuses them. Many small parts become one.

    Args:
        images: Bytes of the photographs that were read.
        features: Tables by their names; those that were never written are left out.
        photographs: What the last run listed.

    Returns:
        Per table: rows removed, rows kept, bytes freed.
    """
    present = photographs.load()
    by_file = images.load().join(present, ["path", "size", "modified"], "left_semi")
    kept = {"images": _keep_only(images, by_file)}
    contents = present.filter("sha256 is not null")
    for name, table in features.items():
        if table.snapshot_id() is not None:
            by_content = table.load().join(contents, "sha256", "left_semi")
            kept[name] = _keep_only(table, by_content)
    return kept


def _keep_only(table: SnapshotParquetDataset, rows: Any) -> dict[str, int]:
    before = table.load().count()
    kept = rows.count()
    freed = table.compact(rows)
    return {"rows_removed": before - kept, "rows_kept": kept, "bytes_freed": freed}
