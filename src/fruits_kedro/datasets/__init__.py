"""Dataset classes of the catalog, one file each, imported when the catalog first names them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "app": ["StaticFolderDataset"],
        "backgrounds": ["BackgroundsDataset"],
        "backbone": ["BackboneDataset", "KnownBackbonesDataset"],
        "classifier": ["ClassifierDataset"],
        "facts": ["FruitFactsDataset"],
        "handed": ["HandedDataset"],
        "in_memory": ["InMemoryDataset"],
        "phone": ["PhoneModelDataset"],
        "raw_images": ["RawImagesDataset"],
        "reducer": ["ReducerDataset"],
        "reports": [
            "CsvReportDataset",
            "JpegReportDataset",
            "JsonReportDataset",
            "PageReportDataset",
            "PlotlyReportDataset",
        ],
        "snapshot_parquet": ["SnapshotParquetDataset"],
        "streamed_csv": ["StreamedCsvDataset"],
    },
)
