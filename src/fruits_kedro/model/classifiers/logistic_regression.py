"""A logistic regression as numpy arrays and JSON."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fruits_kedro.model.classifier.calibration import UNCALIBRATED, Calibration, Outliers
from fruits_kedro.model.classifier.regression import (
    SoftmaxClassifier,
    predict_by_softmax,
    train_softmax,
)
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.parameters.classification import ClassificationParameters
from fruits_kedro.storage.artefacts import write_files
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.snapshots import Part, SnapshotFolder

CLASS = SoftmaxClassifier
predict = predict_by_softmax

_ARRAYS_FILE, _LABELS_FILE = "softmax.npz", "labels.json"
_ARRAYS = ("coefficients", "intercepts")
_CALIBRATION_FILE, _OUTLIERS_FILE = "calibration.json", "outliers.npz"
_OUTLIER_ARRAYS = ("whitening", "means")


def train(
    train: DataFrame,
    counts: Mapping[str, int],
    reducer: Reducer,
    parameters: ClassificationParameters,
) -> SoftmaxClassifier:
    """See ``classifier.train_classifier``."""
    return train_softmax(train, counts, reducer, parameters.logistic_regression)


def write(folder: SnapshotFolder, classifier: SoftmaxClassifier, **notes: Any) -> Part:
    """Arrays, labels and calibration."""
    return write_files(folder, _files_of(classifier), **notes)


def read(folder: SnapshotFolder, part: Part, files: dict[str, bytes]) -> SoftmaxClassifier:
    """The same."""
    labels = tuple(json.loads(files[_LABELS_FILE]))
    arrays = _unpacked(files[_ARRAYS_FILE], _ARRAYS)
    calibration = _read_calibration(files)
    return SoftmaxClassifier(labels, part.notes["reducer_id"], **arrays, calibration=calibration)


def _files_of(classifier: SoftmaxClassifier) -> dict[str, bytes]:
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
