"""The yardstick: the same job as one script without a framework.

Photographs → Pillow, bicubic → LiteRT in one process per core → Parquet → scaler and PCA fitted on
train rows → Parquet → logistic regression → accuracy. It resolves, resumes and reports nothing.
"""

import io
import multiprocessing
from pathlib import Path
from typing import Any

from bench.scripts import CORES, Stopwatch, list_photographs, run_script

COMPONENTS, TRAIN_SHARE, PENALTY = 300, 0.8, 0.1

_engine: Any = None


def measure(images: Path, network: Path, output: Path) -> dict[str, Any]:
    """Do the whole job once; seconds of each stage, number of photographs, accuracy."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    watch = Stopwatch()
    output.mkdir(parents=True, exist_ok=True)
    paths = list_photographs(images)
    watch.lap("list")
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(CORES, _load, (str(network),)) as pool:
        features = np.stack(pool.map(_features, paths, chunksize=64))
    names = pa.array([str(path) for path in paths])
    table = pa.table({"path": names, "features": list(features)})
    pq.write_table(table, output / "features.parquet", compression="zstd")
    watch.lap("features")
    train = train_rows(paths)
    components = reduce(features, train)
    table = pa.table({"path": names, "components": list(components)})
    pq.write_table(table, output / "components.parquet", compression="zstd")
    watch.lap("reduction")
    labels = np.array([path.parent.name for path in paths])
    accuracy = classify(components, labels, train)
    watch.lap("classification")
    return {"stages": watch.seconds, "images": len(paths), "accuracy": accuracy}


def train_rows(paths: list[Path]) -> Any:
    """Mask of train rows: photographs below ``Training``, else a random draw of 80 %."""
    import numpy as np

    train = np.array(["Training" in path.parts for path in paths])
    if train.all() or not train.any():
        return np.random.default_rng(0).random(len(paths)) < TRAIN_SHARE
    return train


def reduce(features: Any, train: Any) -> Any:
    """Standardise and rotate all rows by what train rows say; ``(n, k)`` float32."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features[train])
    count = min(COMPONENTS, int(train.sum()) - 1, features.shape[1])
    pca = PCA(count, svd_solver="covariance_eigh").fit(scaler.transform(features[train]))
    return pca.transform(scaler.transform(features)).astype("f4")


def classify(components: Any, labels: Any, train: Any) -> float:
    """Train a logistic regression on train rows; the accuracy on the others."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=100, C=1 / (train.sum() * PENALTY))
    model.fit(components[train], labels[train])
    return float((model.predict(components[~train]) == labels[~train]).mean())


def _load(network: str) -> None:
    global _engine  # noqa: PLW0603  one interpreter per process
    from ai_edge_litert.interpreter import Interpreter

    _engine = Interpreter(model_path=network, num_threads=1)
    _engine.allocate_tensors()


def _features(path: Path) -> Any:
    import numpy as np
    from PIL import Image

    place, result = _engine.get_input_details()[0], _engine.get_output_details()[0]["index"]
    size = tuple(place["shape"][1:3])
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        pixels = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BICUBIC))
    _engine.set_tensor(place["index"], pixels[None])
    _engine.invoke()
    return _engine.get_tensor(result).reshape(-1).copy()


if __name__ == "__main__":
    run_script(__doc__, measure, images=Path, network=Path, output=Path)
