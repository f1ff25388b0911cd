"""Dataset classes of the catalog, one file each."""

from fruits_kedro.datasets.backbone import BackboneDataset, KnownBackbonesDataset
from fruits_kedro.datasets.classifier import ClassifierDataset
from fruits_kedro.datasets.raw_images import RawImagesDataset
from fruits_kedro.datasets.reducer import ReducerDataset
from fruits_kedro.datasets.reports import (
    CsvReportDataset,
    JsonReportDataset,
    PlotlyReportDataset,
)
from fruits_kedro.datasets.snapshot_parquet import SnapshotParquetDataset
from fruits_kedro.datasets.streamed_csv import StreamedCsvDataset

__all__ = [
    "BackboneDataset",
    "ClassifierDataset",
    "CsvReportDataset",
    "JsonReportDataset",
    "KnownBackbonesDataset",
    "PlotlyReportDataset",
    "RawImagesDataset",
    "ReducerDataset",
    "SnapshotParquetDataset",
    "StreamedCsvDataset",
]
