"""How far the file for a phone is from the predictions of a run, on its test photographs.

.venv/bin/python tools/compare_phone.py data
.venv/bin/python tools/compare_phone.py int8-results --predictions float32-results
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset as pads

from fruits_kedro.datasets import PhoneModelDataset
from fruits_kedro.model.phone import PhoneModel
from fruits_kedro.model.phone.engine import PhoneEngine
from fruits_kedro.photos.decoding import decode
from fruits_kedro.storage.snapshots import SnapshotFolder

RANKS = {
    "prediction": "probability",
    "second": "second_probability",
    "third": "third_probability",
}
"""Label and probability of each rank."""


def test_predictions(storage: Path) -> list[dict[str, Any]]:
    """Rows of the test photographs."""
    folder = SnapshotFolder(str(storage / "07_model_output" / "predictions"))
    snapshot = folder.current()
    parts = [folder.part_uri(part) for part in snapshot.parts] if snapshot else []
    tables = [pads.dataset(part, format="parquet") for part in parts]
    rows = pads.dataset(tables).to_table(filter=pads.field("split") == "test")
    return rows.to_pylist()


def compare(model: PhoneModel, rows: list[dict[str, Any]]) -> np.ndarray:
    """``(rows, 3)``: largest difference of a probability, and whether label and verdict agree."""
    engine, labels = PhoneEngine(model.content), model.card.labels
    found = []
    for row in rows:
        content = Path(row["path"]).read_bytes()
        pixels = decode(content, model.card.image_size, model.card.scaled_decoding)
        *shares, score = engine.answer(np.asarray(pixels)).tolist()
        given = dict(zip(labels, shares, strict=True))
        told = ((row[label], row[share]) for label, share in RANKS.items() if row[label])
        apart = max(abs(given[label] - share) for label, share in told)
        beyond = model.card.outlier_beyond
        verdict = None if beyond is None else score > beyond
        best = labels[int(np.argmax(shares))]
        found.append((apart, best == row["prediction"], verdict == row["outlier"]))
    return np.array(found, np.float64)


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("storage", type=Path, help="where 06_models/fruits.tflite is")
    parser.add_argument("--predictions", type=Path, help="the storage of another run's predictions")
    arguments = parser.parse_args()
    file = arguments.storage / "06_models" / "fruits.tflite"
    model = PhoneModelDataset(filepath=str(file)).load()
    if not isinstance(model, PhoneModel):
        raise SystemExit(model.reason)
    found = compare(model, test_predictions(arguments.predictions or arguments.storage))
    print(f"{len(found)} test photographs, {model.card.precision}, {file.stat().st_size:,} bytes")
    print(f"largest difference of a probability: {found[:, 0].max():.2e}")
    print(f"same label: {found[:, 1].mean():.2%}")
    print(f"same verdict on outliers: {found[:, 2].mean():.2%}")


if __name__ == "__main__":
    main()
