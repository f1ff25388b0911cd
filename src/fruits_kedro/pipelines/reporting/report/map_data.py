"""The points of the map as the page's script takes them."""

from typing import Any

import numpy as np
import pandas as pd

from fruits_kedro.pipelines.reporting.report.page import shorten
from fruits_kedro.pipelines.reporting.report.thumbnails import Thumbnails

_LABEL, _PATH = 40, 60
"""Characters: five thousand long paths would fill the page."""
_DIGITS = 4


def map_data(
    points: pd.DataFrame, predictions: pd.DataFrame, images: str, thumbnails: Thumbnails
) -> dict[str, Any]:
    """Columns of the map, one value per point.

    Args:
        points: ``schemas.MAP_POINTS``.
        predictions: sha256, prediction and probability of those that have one.
        images: The folder that paths are shown relative to.
        thumbnails: Says which tile shows a point.
    """
    frame = points.merge(predictions, on="sha256", how="left")
    names = sorted(set(frame["label"]) | set(frame["prediction"].dropna()))
    codes = {name: n for n, name in enumerate(names)}
    splits = sorted(set(frame["split"]))
    root = images.removeprefix("file://").rstrip("/")
    paths = (path.removeprefix(root).lstrip("/") for path in frame["path"])
    return {
        "labels": [shorten(name, _LABEL) for name in names],
        "splits": splits,
        "label": frame["label"].map(codes).tolist(),
        "split": frame["split"].map(splits.index).tolist(),
        "held": (frame["split"] != "train").astype(int).tolist(),
        "prediction": frame["prediction"].map(codes).fillna(-1).astype(int).tolist(),
        "probability": _rounded(frame["probability"].fillna(0)),
        "path": [shorten(path, _PATH) for path in paths],
        "tile": [thumbnails.tiles.get(sha, -1) for sha in frame["sha256"]],
        "tsne": [_rounded(frame["x"]), _rounded(frame["y"])],
        "pca": [_rounded(frame["pc_1"]), _rounded(frame["pc_2"])],
    }


def _rounded(values: Any) -> list[float]:
    rounded: list[float] = np.round(np.asarray(values, np.float64), _DIGITS).tolist()
    return rounded
