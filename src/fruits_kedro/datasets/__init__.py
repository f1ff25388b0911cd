"""Dataset classes of the catalog, imported when the catalog first names them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "app": ["StaticFolderDataset"],
        "csv": ["CsvDataset"],
        "backgrounds": ["BackgroundsDataset"],
        "facts": ["FruitFactsDataset"],
        "models": [
            "BackboneDataset",
            "ClassifierDataset",
            "KnownBackbonesDataset",
            "ReducerDataset",
        ],
        "phone": ["PhoneModelDataset"],
        "raw_images": ["OwnImagesDataset", "RawImagesDataset"],
        "reports": [
            "JpegReportDataset",
            "JsonReportDataset",
            "PageReportDataset",
            "PlotlyReportDataset",
        ],
        "table": ["TableDataset"],
    },
)
