"""The tables and charts of the page, from the numbers of a run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from fruits_kedro.pipelines.coverage import coverage_warnings, stands_on
from fruits_kedro.pipelines.reporting.report.page import relative, shorten
from fruits_kedro.pipelines.reporting.report.thumbnails import Thumbnails

MATRIX_LABELS = 200
"""Most labels of the matrix; of more, those with most mistakes are shown."""
TABLE_LABELS = 1000
_NAME, _PATH = 40, 60
"""Characters: five thousand long paths would fill the page."""
_DIGITS = 4
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 350, 12, 192
"""Pixels of the area of a chart that curves are drawn in."""
_GAINING, _LEAST_GAIN = 3, 0.005
"""Labels named that gain most from more own photographs, and the least accuracy that counts."""

_MEANINGS = {
    "folder": "The Training folders train, the Test folders test; where frames of one turn lie in "
    "both, it flatters.",
    "random": "A random draw of all photographs tests; near-duplicates of most of them train, so "
    "it flatters most.",
    "capture": "Whole captures that never trained are tested: the number to believe for new "
    "photographs.",
    "cluttered": "The same captures cut out and set into cluttered scenes.",
}


def figures_stand_on(metrics: Mapping[str, Any], least_share: float) -> dict[str, Any] | None:
    """What the accuracy covers, in words; None for metrics without ``coverage``."""
    covered = metrics.get("coverage")
    if covered is None:
        return None
    return {
        "words": f"{metrics['accuracy']:.2%} on {stands_on(covered)}",
        "photographs": stands_on(covered),
        "warnings": coverage_warnings(covered, least_share),
        "without_test": covered["without_test"][:TABLE_LABELS],
    }


def confusion_matrix(confusions: pd.DataFrame) -> dict[str, Any]:
    """Cells of the matrix that are not empty, of at most ``MATRIX_LABELS`` labels."""
    wrong = confusions[confusions["label"] != confusions["prediction"]]
    mistakes = pd.concat([wrong.set_index(n)["rows"] for n in ("label", "prediction")])
    mistakes = mistakes.groupby(level=0).sum()
    every = sorted(set(confusions["label"]) | set(confusions["prediction"]))
    labels = sorted(sorted(every, key=lambda name: -mistakes.get(name, 0))[:MATRIX_LABELS])
    places = {name: n for n, name in enumerate(labels)}
    support = confusions.groupby("label")["rows"].sum()
    rows = int(confusions["rows"].sum())
    return {
        "labels": [shorten(name, _NAME) for name in labels],
        "support": [int(support.get(name, 0)) for name in labels],
        "cells": [
            [places[row["label"]], places[row["prediction"]], int(row["rows"])]
            for row in confusions.to_dict("records")
            if row["label"] in places and row["prediction"] in places
        ],
        "rows": rows,
        "hits": rows - int(wrong["rows"].sum()),
        "labels_in_all": len(every),
        "left_out": len(every) - len(labels),
    }


def label_scores(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Scores per label, the lowest F1 first."""
    rows = [{"label": name, **scores} for name, scores in metrics["per_label"].items()]
    rows.sort(key=lambda row: (row["f1"], row["label"]))
    shown = rows[:TABLE_LABELS]
    return {"rows": shown, "total": len(rows), "left_out": len(rows) - len(shown)}


def compare_splits(
    metrics: Mapping[str, Any], evaluation: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Scores of the kept classifier and of each evaluation, with their meaning."""
    rows = []
    if metrics:
        meaning = "What this run measured: the classifier that is kept, on photographs of the "
        meaning += f"{metrics['split']} split that it did not train on."
        kept = {"test_rows": metrics["rows"].get("test", 0), **metrics}
        rows.append(_split_row(f"kept classifier ({metrics['split']})", kept, meaning))
    for name in (name for name in _MEANINGS if name in evaluation):
        answer = evaluation[name]
        is_mean = name in ("capture", "cluttered")
        scores = {"accuracy": answer["mean"]} if is_mean and "mean" in answer else answer
        rows.append(_split_row(f"{name}, mean" if is_mean else name, scores, _MEANINGS[name]))
        for group, fold in answer.get("folds", {}).items() if name == "capture" else ():
            of_fold = f"Captures {group} are tested, the others train."
            rows.append(_split_row(f"{name} {group}", fold, of_fold))
    return rows


def evaluated_photographs(evaluation: Mapping[str, Any]) -> int | None:
    """Number of photographs of an evaluation; None if it does not say."""
    answer = evaluation.get("random", {})
    return answer["train_rows"] + answer["test_rows"] if "accuracy" in answer else None


def own_photographs(evaluation: Mapping[str, Any]) -> dict[str, Any] | None:
    """Scores and a learning curve per place of own photographs, and advice; None without any.

    Has only ``left_out``, the reason, if nothing was measured.
    """
    own = evaluation.get("own")
    if not own or "left_out" in own:
        return own or None
    places = own["places"]
    measured = {name: scores for name, scores in places.items() if "left_out" not in scores}
    gains: dict[str, float] = {}  # the largest of any place
    for row in (row for scores in measured.values() for row in scores.get("gains", ())):
        gains[row["label"]] = max(row["gain"], gains.get(row["label"], 0.0))
    ordered = sorted(gains, key=lambda label: (-gains[label], label))
    names = [label for label in ordered if gains[label] > _LEAST_GAIN][:_GAINING]
    listed = " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
    return {
        "places": list(measured.items()),
        "not_measured": [
            f"{name} ({places[name]['left_out']})" for name in places if name not in measured
        ],
        "curves": [
            _learning_curve(name, scores["curve"])
            for name, scores in measured.items()
            if scores["curve"]
        ],
        "advice": f"{listed} would gain most from ten more photographs." if names else None,
    }


def stages_of(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Seconds of each pipeline in the order they run, and of its nodes."""
    stages = facts["stages"]
    total = sum(stage["seconds"] for stage in stages.values()) or 1
    return [
        {
            "name": name,
            "seconds": stage["seconds"],
            "share": stage["seconds"] / total,
            "nodes": list(stage["nodes"].items()),
            "earlier": stage["run"] != facts["run"],
        }
        for name, stage in stages.items()
    ]


def variance_charts(explained_variance: Mapping[str, Any]) -> dict[str, Any]:
    """Explained variance per component and cumulated, drawn and as numbers."""
    shares = explained_variance["explained_variance_ratio"]
    sums = explained_variance["cumulative"]
    k, total = explained_variance["k"], explained_variance["explained_variance"]
    marked = sorted({1, *(round(k * step) for step in (0.25, 0.5, 0.75, 1))} - {0})
    ticks, highest = [(n - 1, n) for n in marked], max(shares, default=1) or 1
    return {
        "k": k,
        "total": total,
        "train_rows": explained_variance["train_rows"],
        "rows": list(zip(range(1, k + 1), shares, sums, strict=True)),
        "reached": [
            (percent, int(place) + 1)
            for percent in (50, 80, 90, 95, 99)
            if (place := np.searchsorted(sums, percent / 100)) < k
        ],
        "charts": [
            _chart("cumulative", f"{total:.1%} with {k} components", sums, ticks, 1)
            | {"k_text": f"k = {k}: {total:.1%}", "k_y": 186, "k_x": float(_RIGHT)},
            _chart("each component", f"{shares[0]:.1%} by the first", shares, ticks, highest)
            | {"k_text": f"k = {k}", "k_y": 30, "k_x": float(_RIGHT)},
        ],
    }


def map_data(
    points: pd.DataFrame, predictions: pd.DataFrame, images: str, thumbnails: Thumbnails
) -> dict[str, Any]:
    """Columns of the map as the page's script takes them, one value per point.

    ``points`` are ``schemas.MAP_POINTS``. Paths are shown relative to ``images``.
    """
    frame = points.merge(predictions, on="sha256", how="left")
    names = sorted(set(frame["label"]) | set(frame["prediction"].dropna()))
    codes = {name: n for n, name in enumerate(names)}
    splits = sorted(set(frame["split"]))
    return {
        "labels": [shorten(name, _NAME) for name in names],
        "splits": splits,
        "label": frame["label"].map(codes).tolist(),
        "split": frame["split"].map(splits.index).tolist(),
        "held": (frame["split"] != "train").astype(int).tolist(),
        "prediction": frame["prediction"].map(codes).fillna(-1).astype(int).tolist(),
        "probability": _rounded(frame["probability"].fillna(0)),
        "path": [shorten(relative(path, images), _PATH) for path in frame["path"]],
        "tile": [thumbnails.tiles.get(sha, -1) for sha in frame["sha256"]],
        "tsne": [_rounded(frame["x"]), _rounded(frame["y"])],
        "pca": [_rounded(frame["pc_1"]), _rounded(frame["pc_2"])],
    }


def count_borders(studio: pa.ChunkedArray) -> dict[str, int]:
    """Photographs in and outside of a studio: ``studio`` is null if that was not measured."""
    names = {True: "in a studio (border of one colour)", False: "elsewhere"}
    counts = {row["values"]: row["counts"] for row in studio.value_counts().to_pylist()}
    return {name: counts[flag] for flag, name in names.items() if flag in counts}


def _split_row(name: str, scores: Mapping[str, Any], meaning: str) -> dict[str, Any]:
    covered = scores.get("coverage")
    return {
        "name": name,
        "accuracy": scores.get("accuracy"),
        "macro_f1": scores.get("macro_f1"),
        "rows": scores.get("test_rows"),
        "labels": f"{covered['covered']} of {covered['labels']}" if covered else None,
        "meaning": f"Not measured: {scores['left_out']}." if "left_out" in scores else meaning,
    }


def _learning_curve(place: str, points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Accuracy by own photographs per label: the median of several draws, and their spread."""
    rows = [
        {
            "per_label": point["photographs"],
            "median": float(np.median(point["accuracies"])),
            "low": min(point["accuracies"]),
            "high": max(point["accuracies"]),
            "draws": len(point["accuracies"]),
        }
        for point in points
    ]
    words = " to ".join(f"{r['median']:.0%} with {r['per_label']}" for r in (rows[0], rows[-1]))
    median, low, high = ([row[name] for row in rows] for name in ("median", "low", "high"))
    ticks = [(n, row["per_label"]) for n, row in enumerate(rows)]
    chart = _chart(place, words, median, ticks, 1)
    xs = _across(len(rows))
    return chart | {"rows": rows, "band": _polyline([*xs, *xs[::-1]], [*low, *high[::-1]], 1)}


def _chart(
    title: str, words: str, values: Sequence[float], ticks: Iterable[tuple[int, Any]], top: float
) -> dict[str, Any]:
    """A curve through ``values``, drawn up to ``top``, with a text below some of its points."""
    xs = _across(len(values))
    return {
        "title": title,
        "words": words,
        "points": _polyline(xs, values, top),
        "lines": [
            {
                "y": round(_BOTTOM - step * (_BOTTOM - _TOP), 1),
                "text": f"{step * top:.0%}" if top >= 0.1 else f"{step * top:.1%}",
            }
            for step in (0.0, 0.25, 0.5, 0.75, 1.0)
        ],
        "ticks": [{"x": round(float(xs[n]), 1), "text": text} for n, text in ticks],
    }


def _across(count: int) -> Any:
    return np.linspace(_LEFT, _RIGHT, count) if count > 1 else np.array([_RIGHT])


def _polyline(xs: Iterable[float], values: Sequence[float], top: float) -> str:
    ys = _BOTTOM - np.asarray(values) / top * (_BOTTOM - _TOP)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))


def _rounded(values: Any) -> list[float]:
    rounded: list[float] = np.round(np.asarray(values, np.float64), _DIGITS).tolist()
    return rounded
