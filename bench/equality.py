"""Whether a run of the project gives what Keras gives, on every photograph."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.keras_predict import FEATURES, PATHS
from bench.processes import ROOT
from bench.results import hand_over, new_parser
from bench.stored import PREDICTIONS, load_digests, load_features, load_table

Matrix = npt.NDArray[np.float32]


def measure(keras_folder: Path, storage: Path) -> dict[str, Any]:
    """Compare features, and the predictions that follow from them.

    Args:
        keras_folder: What ``keras_predict`` wrote.
        storage: Of a finished run on the same photographs.

    Returns:
        Photographs compared, and those without features; the largest absolute difference of a
        feature; the smallest and the median cosine; and how many predictions of the run's own
        reducer and classifier differ when they get Keras's features.
    """
    paths: list[str] = json.loads((keras_folder / PATHS).read_text())
    expected: Matrix = np.load(keras_folder / FEATURES)
    digests, ours = load_digests(storage), load_features(storage)
    known = set(ours.sha256)
    rows = [row for row, path in enumerate(paths) if digests.get(path) in known]
    compared = compare(expected[rows], ours.of([digests[paths[row]] for row in rows]))
    predicted = predict(expected[rows], [paths[row] for row in rows], storage)
    stored = stored_predictions(storage)
    both = predicted.keys() & stored.keys()
    return {
        "images": len(rows),
        "without_features": len(paths) - len(rows),
        **compared,
        "predictions": len(both),
        "predictions_that_differ": sum(predicted[path] != stored[path] for path in both),
    }


def compare(expected: Matrix, found: Matrix) -> dict[str, float]:
    """How far two sets of features are apart.

    Args:
        expected, found: ``(n, 1280)``, rows of the same photographs.

    Returns:
        ``largest_difference`` of any feature, ``smallest_cosine`` and ``median_cosine`` of rows.
    """
    a, b = expected.astype(np.float64), found.astype(np.float64)
    cosines = (a * b).sum(axis=1) / np.maximum(
        np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), np.finfo(np.float64).tiny
    )
    return {
        "largest_difference": float(np.abs(a - b).max()),
        "smallest_cosine": float(cosines.min()),
        "median_cosine": float(np.median(cosines)),
    }


def predict(features: Matrix, paths: list[str], storage: Path) -> dict[str, str]:
    """The label that the run's saved reducer and classifier give to features, by path."""
    import pyarrow as pa
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    from fruits_kedro.cluster.session import get_spark
    from fruits_kedro.model.classifier import predict as predict_labels
    from fruits_kedro.model.matrices import lists_of

    bootstrap_project(ROOT)
    with KedroSession.create(ROOT, runtime_params={"storage": str(storage)}) as session:
        catalog: Any = session.load_context().catalog  # type: ignore[attr-defined]
        components = catalog.load("reducer").transform(features)
        table = pa.table({"path": pa.array(paths), "components": lists_of(components)})
        rows = get_spark().createDataFrame(table)
        labels = predict_labels(rows, catalog.load("classifier")).select("path", "prediction")
        return {row.path: row.prediction for row in labels.collect()}


def stored_predictions(storage: Path) -> dict[str, str]:
    """The label that the run itself predicted, by path."""
    table = load_table(storage, PREDICTIONS, ["path", "prediction"])
    columns = (table.column(name).to_pylist() for name in ("path", "prediction"))
    return dict(zip(*columns, strict=True))


def main() -> None:
    """Command line."""
    parser = new_parser(__doc__)
    parser.add_argument("keras", type=Path, help="folder that keras_predict wrote")
    parser.add_argument("storage", type=Path)
    arguments = parser.parse_args()
    hand_over(measure(arguments.keras, arguments.storage), arguments.result)


if __name__ == "__main__":
    main()
