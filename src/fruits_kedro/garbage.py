"""Removing what no present photograph refers to."""

from typing import Any

from fruits_kedro.datasets.snapshot_parquet import SnapshotParquetDataset


def collect_garbage(
    images: SnapshotParquetDataset,
    features: SnapshotParquetDataset,
    photographs: SnapshotParquetDataset,
) -> dict[str, Any]:
    """Drop images and features of files that are no longer in the listing.

    Features of present photographs stay whatever backbone computed them: switching back to it
    reuses them. Many small parts become one.

    Returns:
        Per table: rows removed, rows kept, bytes freed.
    """
    present = photographs.load()
    by_file = images.load().join(present, ["path", "size", "modified"], "left_semi")
    by_content = features.load().join(present.filter("sha256 is not null"), "sha256", "left_semi")
    return {
        "images": _keep_only(images, by_file),
        "features": _keep_only(features, by_content),
    }


def _keep_only(table: SnapshotParquetDataset, rows: Any) -> dict[str, int]:
    before = table.load().count()
    kept = rows.count()
    freed = table.compact(rows)
    return {"rows_removed": before - kept, "rows_kept": kept, "bytes_freed": freed}
