"""A random forest in Spark ML's own format."""

import json
from collections.abc import Mapping
from typing import Any

from fruits_kedro import FruitsError
from fruits_kedro.cluster.session import get_spark
from fruits_kedro.model.classifier.forest import (
    ForestClassifier,
    labels_of,
    predict_by_forest,
    train_forest,
)
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.parameters.classification import ClassificationParameters
from fruits_kedro.storage.artefacts import describe_files
from fruits_kedro.storage.files import as_pattern, spark_uri
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.snapshots import Part, SnapshotFolder

CLASS = ForestClassifier
predict = predict_by_forest

_CLASSES = {
    "org.apache.spark.ml.PipelineModel",
    "org.apache.spark.ml.feature.StringIndexerModel",
    "org.apache.spark.ml.classification.RandomForestClassificationModel",
}
"""Spark makes an object of any class that a model's files name, on either side of its gateway."""


def train(
    train: DataFrame,
    counts: Mapping[str, int],
    reducer: Reducer,
    parameters: ClassificationParameters,
) -> ForestClassifier:
    """See ``classifier.train_classifier``."""
    return train_forest(train, parameters.random_forest, reducer.id)


def write(folder: SnapshotFolder, classifier: ForestClassifier, **notes: Any) -> Part:
    """Parquet and JSON, written by Spark."""
    name = folder.new_part_name()
    classifier.model.save(spark_uri(folder.part_uri(name)))
    return describe_files(folder, name, **notes)


def read(folder: SnapshotFolder, part: Part, files: dict[str, bytes]) -> ForestClassifier:
    """The same, of the three classes that are written here and no other."""
    uri = folder.part_uri(part)
    _check_classes(files, uri)
    get_spark()
    from pyspark.ml import PipelineModel

    model = PipelineModel.load(as_pattern(spark_uri(uri)))
    return ForestClassifier(labels_of(model), part.notes["reducer_id"], model)


def _check_classes(files: dict[str, bytes], uri: str) -> None:
    for name, content in files.items():
        if "metadata/part-" in name and content:
            found = json.loads(content)["class"]
            if found not in _CLASSES:
                raise FruitsError(
                    f"{uri}/{name} names the class {found}, which is none of this project's: "
                    "remove the classifier's folder and run again."
                )
