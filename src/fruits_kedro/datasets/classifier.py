"""The trained classifier as a Spark ML model."""

import json
import logging
from typing import Any

from fruits_kedro.classifier import Classifier, labels_of
from fruits_kedro.datasets.artefact import ArtefactDataset
from fruits_kedro.errors import FruitsError
from fruits_kedro.spark import get_spark
from fruits_kedro.storage.artefacts import current_part, describe_files, load_files
from fruits_kedro.storage.files import as_pattern, spark_uri

logger = logging.getLogger(__name__)

_CLASSES = {
    "org.apache.spark.ml.PipelineModel",
    "org.apache.spark.ml.feature.StringIndexerModel",
    "org.apache.spark.ml.classification.LogisticRegressionModel",
    "org.apache.spark.ml.classification.RandomForestClassificationModel",
}
"""Spark makes an object of any class that a model's files name, on either side of its gateway."""


class ClassifierDataset(ArtefactDataset[Classifier]):
    """Spark ML's own format (Parquet and JSON, no pickle), as snapshots with verified hashes.

    Usage in the catalog::

        classifier:
          type: fruits_kedro.datasets.ClassifierDataset
          filepath: data/06_models/classifier

    Args:
        filepath: The artefact's folder, local or ``s3://``.
        metadata: For Kedro plugins, not read here.
    """

    # Kedro reads the arguments of an entry from the class's own signature.
    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(filepath=filepath, metadata=metadata)

    def load(self) -> Classifier:
        """The newest classifier, its hashes verified."""
        part = current_part(self._folder)
        _check_classes(load_files(self._folder, part), self._folder.part_uri(part))
        get_spark()
        from pyspark.ml import PipelineModel

        model = PipelineModel.load(as_pattern(spark_uri(self._folder.part_uri(part))))
        return Classifier(model, labels_of(model), part.notes["reducer_id"])

    def save(self, data: Classifier) -> None:
        """Write the classifier as a new snapshot."""
        name = self._folder.new_part_name()
        data.model.save(spark_uri(self._folder.part_uri(name)))
        part = describe_files(self._folder, name, reducer_id=data.reducer_id)
        self._folder.replace(part)


def _check_classes(files: dict[str, bytes], uri: str) -> None:
    for name, content in files.items():
        if "metadata/part-" in name and content:
            found = json.loads(content)["class"]
            if found not in _CLASSES:
                raise FruitsError(
                    f"{uri}/{name} names the class {found}, which is none of this project's: "
                    "remove the classifier's folder and run again."
                )
