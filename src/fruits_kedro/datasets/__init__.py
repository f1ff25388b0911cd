"""Dataset classes, imported when the catalog first names them.

``conf/base/catalog.yml`` shows the use of each.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "app": ["StaticFolderDataset"],
        "csv": ["CsvDataset"],
        "facts": ["FruitFactsDataset"],
        "models": [
            "BackboneDataset",
            "ClassifierDataset",
            "KnownBackbonesDataset",
            "ReducerDataset",
        ],
        "phone": ["PhoneModelDataset"],
        "raw_images": ["BackgroundsDataset", "OwnImagesDataset", "RawImagesDataset"],
        "reports": [
            "JpegReportDataset",
            "JsonReportDataset",
            "PageReportDataset",
            "PlotlyReportDataset",
        ],
        "table": ["TableDataset"],
    },
)
