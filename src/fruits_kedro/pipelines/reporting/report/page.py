"""The report as one self-contained HTML page, without network or further files."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from statistics import median
from typing import Any

import pandas as pd

from fruits_kedro.pipelines.coverage import stands_on
from fruits_kedro.pipelines.reporting.report.thumbnails import (
    SHEET_COLUMNS,
    SHEET_TILES,
    Thumbnails,
)

MATRIX_LABELS = 200
"""Most labels of the matrix; of more, those with most mistakes are shown."""
TABLE_LABELS = 1000
_NAME, _PATH = 40, 60
"""Characters: five thousand long paths would fill the page."""
_DIGITS = 4
_GAINING, _LEAST_GAIN = 3, 0.005
"""Labels named that gain most from more own photographs, and the least accuracy that counts."""

_PAGE = files("fruits_kedro") / "pipelines" / "reporting" / "report" / "page"


def render_page(content: Mapping[str, Any], images: str, thumbnails: Thumbnails) -> str:
    """Render ``page/report.html.j2`` as HTML, with every name escaped.

    ``data`` of the content becomes JSON for the script. Paths are shown relative to ``images``.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup, escape

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "breakable": lambda path: escape(path).replace("/", Markup("/<wbr>")),
        "median": median,
        "numbered": enumerate,
        "relative": lambda path: relative(path, images),
        "run_time": _run_time,
        "short": shorten,
        "stands_on": stands_on,
    }
    script = _resource("report.js")
    digest = hashlib.sha256(script.encode()).digest()  # the only script that the page's policy runs
    sheets = {
        "sheets": thumbnails.sheets,
        "side": thumbnails.tile_side,
        "columns": SHEET_COLUMNS,
        "per_sheet": SHEET_TILES,
    }
    # Markup: this package's own text, or JSON that cannot end the element it stands in.
    return environment.from_string(_resource("report.html.j2")).render(
        content,
        most_labels=TABLE_LABELS,
        cards=thumbnails.cards,
        style=Markup(_resource("report.css")),  # noqa: S704
        script=Markup(script),  # noqa: S704
        script_hash=f"sha256-{base64.b64encode(digest).decode()}",
        script_data=Markup(as_script_json(content["data"])),  # noqa: S704
        sheets=Markup(as_script_json(sheets)),  # noqa: S704
    )


def as_script_json(value: Any) -> str:
    """JSON that is safe inside of a script element, whatever text it holds."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def shorten(text: str, length: int) -> str:
    """``text`` shortened to ``length``, with an ellipsis in the middle."""
    if len(text) <= length:
        return text
    half = (length - 1) // 2
    return text[:half] + "…" + text[-(length - 1 - half) :]


def relative(path: str, images: str) -> str:
    """``path`` relative to the folder ``images``; unchanged if it is elsewhere."""
    return path.removeprefix(images.removeprefix("file://").rstrip("/")).lstrip("/")


def _run_time(run: str) -> str:
    """Kedro's run id as a time, if it is one."""
    try:
        return datetime.strptime(run, "%Y-%m-%dT%H.%M.%S.%fZ").strftime("%d %B %Y, %H:%M UTC")
    except ValueError:
        return run


def _resource(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def confusion_matrix(confusions: pd.DataFrame) -> dict[str, Any]:
    """Cells of the matrix that are not empty, of at most ``MATRIX_LABELS`` labels."""
    wrong = confusions[confusions["label"] != confusions["prediction"]]
    mistakes = wrong.melt("rows").groupby("value")["rows"].sum()
    every = sorted({*confusions["label"], *confusions["prediction"]})
    labels = sorted(sorted(every, key=lambda name: -mistakes.get(name, 0))[:MATRIX_LABELS])
    places = {name: n for n, name in enumerate(labels)}
    support = confusions.groupby("label")["rows"].sum()
    rows = int(confusions["rows"].sum())
    return {
        "labels": [shorten(name, _NAME) for name in labels],
        "support": [int(support.get(name, 0)) for name in labels],
        "cells": [
            [places[label], places[prediction], int(count)]
            for label, prediction, count in confusions[["label", "prediction", "rows"]].to_numpy()
            if label in places and prediction in places
        ],
        "rows": rows,
        "hits": rows - int(wrong["rows"].sum()),
        "labels_in_all": len(every),
    }


def labels_that_gain(evaluation: Mapping[str, Any]) -> list[str]:
    """Labels whose accuracy gains most, at any place, from more own photographs."""
    places = evaluation.get("own", {}).get("places", {})
    gains = [row for scores in places.values() for row in scores.get("gains", ())]
    gains.sort(key=lambda row: (-row["gain"], row["label"]))
    labels = dict.fromkeys(row["label"] for row in gains if row["gain"] > _LEAST_GAIN)
    return list(labels)[:_GAINING]


def map_data(
    points: pd.DataFrame, predictions: pd.DataFrame, images: str, thumbnails: Thumbnails
) -> dict[str, Any]:
    """Columns of the map as the page's script takes them, one value per point.

    ``points`` are ``schemas.MAP_POINTS``. Paths are shown relative to ``images``.
    """
    frame = points.merge(predictions, on="sha256", how="left")
    frame = frame.round(dict.fromkeys(("x", "y", "pc_1", "pc_2", "probability"), _DIGITS))
    names = sorted({*frame["label"], *frame["prediction"].dropna()})
    codes = {name: n for n, name in enumerate(names)}
    splits = sorted(set(frame["split"]))
    return {
        "labels": [shorten(name, _NAME) for name in names],
        "splits": splits,
        "label": frame["label"].map(codes).tolist(),
        "split": frame["split"].map(splits.index).tolist(),
        "held": (frame["split"] != "train").astype(int).tolist(),
        "prediction": frame["prediction"].map(codes).fillna(-1).astype(int).tolist(),
        "probability": frame["probability"].fillna(0).tolist(),
        "path": [shorten(relative(path, images), _PATH) for path in frame["path"]],
        "tile": [thumbnails.tiles.get(sha, -1) for sha in frame["sha256"]],
        "tsne": [frame["x"].tolist(), frame["y"].tolist()],
        "pca": [frame["pc_1"].tolist(), frame["pc_2"].tolist()],
    }
