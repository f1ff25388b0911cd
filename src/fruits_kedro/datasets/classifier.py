"""The trained classifier as files: plain numpy arrays, or Spark ML's own format."""

import io
import json
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from kedro_datasets._typing import JSONPreview

from fruits_kedro.classifier import Classifier
from fruits_kedro.classifier.calibration import UNCALIBRATED, Calibration, Outliers
from fruits_kedro.classifier.forest import ForestClassifier, labels_of
from fruits_kedro.classifier.regression import SoftmaxClassifier
from fruits_kedro.datasets.artefact import ArtefactDataset
from fruits_kedro.datasets.previews import json_preview, where_saved
from fruits_kedro.errors import FruitsError
from fruits_kedro.spark import get_spark
from fruits_kedro.storage.artefacts import current_part, describe_files, load_files, write_files
from fruits_kedro.storage.files import as_pattern, spark_uri
from fruits_kedro.storage.snapshots import Part

logger = logging.getLogger(__name__)

_SOFTMAX, _FOREST = "logistic_regression", "random_forest"
_ARRAYS_FILE, _LABELS_FILE = "softmax.npz", "labels.json"
_ARRAYS = ("coefficients", "intercepts")
_CALIBRATION_FILE, _OUTLIERS_FILE = "calibration.json", "outliers.npz"
_OUTLIER_ARRAYS = ("whitening", "means")
_CLASSES = {
    "org.apache.spark.ml.PipelineModel",
    "org.apache.spark.ml.feature.StringIndexerModel",
    "org.apache.spark.ml.classification.RandomForestClassificationModel",
}
"""Spark makes an object of any class that a model's files name, on either side of its gateway."""


class ClassifierDataset(ArtefactDataset[Classifier]):
    """A classifier as snapshots with verified hashes; nothing in its files is unpickled.

    A logistic regression is numpy arrays and JSON (labels, calibration), a random forest Spark ML's
    own format (Parquet and JSON).

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
        """The newest classifier, its hashes verified.

        Raises:
            FruitsError: Where there is none, a file is altered, or an older version wrote it.
        """
        part = current_part(self._folder)
        files = load_files(self._folder, part)
        kind, reducer_id = part.notes.get("kind"), part.notes["reducer_id"]
        if kind == _SOFTMAX:
            return _read_softmax(files, reducer_id)
        if kind == _FOREST:
            return self._load_forest(files, part, reducer_id)
        raise FruitsError(
            f"{self._folder.part_uri(part)} holds a classifier as another version of this project "
            "wrote it: run kedro run --pipelines=classification to train it again."
        )

    def save(self, data: Classifier) -> None:
        """Write the classifier as a new snapshot.

        Raises:
            TypeError: Where it is of no kind known here.
        """
        if isinstance(data, SoftmaxClassifier):
            files = _softmax_files(data)
            part = write_files(self._folder, files, kind=_SOFTMAX, reducer_id=data.reducer_id)
        elif isinstance(data, ForestClassifier):
            part = self._write_forest(data)
        else:
            raise TypeError(f"{type(data).__name__} is no kind of classifier")
        self._folder.replace(part)

    @where_saved
    def preview(self) -> JSONPreview:
        """Kind and labels, for Kedro-Viz; a forest's labels need Spark and are left out."""
        part = current_part(self._folder)
        shown = {"kind": part.notes.get("kind"), "reducer": part.notes["reducer_id"]}
        if part.notes.get("kind") == _SOFTMAX:
            shown["labels"] = json.loads(load_files(self._folder, part)[_LABELS_FILE])
        return json_preview(shown)

    def _load_forest(
        self, files: dict[str, bytes], part: Part, reducer_id: str
    ) -> ForestClassifier:
        uri = self._folder.part_uri(part)
        _check_classes(files, uri)
        get_spark()
        from pyspark.ml import PipelineModel

        model = PipelineModel.load(as_pattern(spark_uri(uri)))
        return ForestClassifier(labels_of(model), reducer_id, model)

    def _write_forest(self, forest: ForestClassifier) -> Part:
        name = self._folder.new_part_name()
        forest.model.save(spark_uri(self._folder.part_uri(name)))
        return describe_files(self._folder, name, kind=_FOREST, reducer_id=forest.reducer_id)


def _softmax_files(classifier: SoftmaxClassifier) -> dict[str, bytes]:
    calibration = classifier.calibration
    outliers = calibration.outliers
    notes = {
        "temperature": calibration.temperature,
        "sure_from": calibration.sure_from,
        "outlier_beyond": outliers.beyond if outliers else None,
    }
    files = {
        _ARRAYS_FILE: _packed(classifier, _ARRAYS),
        _LABELS_FILE: json.dumps(classifier.labels, indent=1).encode(),
        _CALIBRATION_FILE: json.dumps(notes, indent=1).encode(),
    }
    return files | ({_OUTLIERS_FILE: _packed(outliers, _OUTLIER_ARRAYS)} if outliers else {})


def _read_softmax(files: dict[str, bytes], reducer_id: str) -> SoftmaxClassifier:
    labels = tuple(json.loads(files[_LABELS_FILE]))
    arrays = _unpacked(files[_ARRAYS_FILE], _ARRAYS)
    return SoftmaxClassifier(labels, reducer_id, **arrays, calibration=_read_calibration(files))


def _read_calibration(files: dict[str, bytes]) -> Calibration:
    if _CALIBRATION_FILE not in files:  # as versions before this one wrote it
        return UNCALIBRATED
    notes, outliers = json.loads(files[_CALIBRATION_FILE]), None
    if _OUTLIERS_FILE in files:
        arrays = _unpacked(files[_OUTLIERS_FILE], _OUTLIER_ARRAYS)
        outliers = Outliers(**arrays, beyond=notes["outlier_beyond"])
    return Calibration(notes["temperature"], notes["sure_from"], outliers)


def _packed(holder: Any, names: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    arrays = {name: getattr(holder, name) for name in names}
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpacked(content: bytes, names: Sequence[str]) -> dict[str, Any]:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in names}


def _check_classes(files: dict[str, bytes], uri: str) -> None:
    for name, content in files.items():
        if "metadata/part-" in name and content:
            found = json.loads(content)["class"]
            if found not in _CLASSES:
                raise FruitsError(
                    f"{uri}/{name} names the class {found}, which is none of this project's: "
                    "remove the classifier's folder and run again."
                )
