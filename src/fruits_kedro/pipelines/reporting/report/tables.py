"""Numbers of a run in the shape that the page shows them."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from fruits_kedro.pipelines.reporting.report.page import shorten

MATRIX_LABELS = 200
"""Labels that a matrix on a page still shows: more are those with most mistakes."""
TABLE_LABELS = 1000
_NAME = 40
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 350, 12, 192
"""Pixels of the area of a chart that curves are drawn in."""

_MEANINGS = {
    "folder": "The Training folders train, the Test folders test; where frames of one turn lie in "
    "both, it flatters.",
    "random": "A random draw of all photographs tests; near-duplicates of most of them train, so "
    "it flatters most.",
    "capture": "Whole captures that never trained are tested: the number to believe for new "
    "photographs.",
}


def confusion_matrix(confusions: pd.DataFrame) -> dict[str, Any]:
    """Cells of the matrix that are not empty, of at most ``MATRIX_LABELS`` labels."""
    wrong = confusions[confusions["label"] != confusions["prediction"]]
    mistakes = (
        wrong.groupby("label")["rows"]
        .sum()
        .add(wrong.groupby("prediction")["rows"].sum(), fill_value=0)
    )
    every = sorted(set(confusions["label"]) | set(confusions["prediction"]))
    chosen = sorted(every, key=lambda name: (-mistakes.get(name, 0), name))[:MATRIX_LABELS]
    labels = sorted(chosen)
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
    """The kept classifier's score and each way of holding photographs out, with what it means."""
    rows = []
    if metrics:
        meaning = "What this run measured: the classifier that is kept, on photographs of the "
        meaning += f"{metrics['split']} split that it did not train on."
        tested = metrics["rows"].get("test", 0)
        rows.append(_split_row(f"kept classifier ({metrics['split']})", metrics, tested, meaning))
    for name in ("folder", "random"):
        if name in evaluation:
            answer = evaluation[name]
            rows.append(_split_row(name, answer, answer.get("test_rows"), _MEANINGS[name]))
    if "capture" in evaluation:
        rows += _capture_rows(evaluation["capture"])
    return rows


def evaluated_photographs(evaluation: Mapping[str, Any]) -> int | None:
    """Photographs that an evaluation was made on; None where it does not tell."""
    answer = evaluation.get("random", {})
    return answer["train_rows"] + answer["test_rows"] if "accuracy" in answer else None


def stages_of(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Seconds of each pipeline in the order they are run, and of its nodes."""
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
    most = max(shares, default=1) or 1
    return {
        "k": k,
        "total": total,
        "train_rows": explained_variance["train_rows"],
        "rows": list(zip(range(1, k + 1), shares, sums, strict=True)),
        "reached": list(_reached(sums)),
        "charts": [
            _chart("cumulative", sums, 1, f"{total:.1%} with {k} components")
            | {"k_text": f"k = {k}: {total:.1%}", "k_y": 186},
            _chart("each component", shares, most, f"{shares[0]:.1%} by the first")
            | {"k_text": f"k = {k}", "k_y": 30},
        ],
    }


def _split_row(
    name: str, scores: Mapping[str, Any], rows: int | None, meaning: str
) -> dict[str, Any]:
    if "left_out" in scores:
        meaning = f"Not measured: {scores['left_out']}."
    return {
        "name": name,
        "accuracy": scores.get("accuracy"),
        "macro_f1": scores.get("macro_f1"),
        "rows": rows,
        "meaning": meaning,
    }


def _capture_rows(capture: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    mean = {"accuracy": capture["mean"]} if "mean" in capture else capture
    yield _split_row("capture, mean", mean, None, _MEANINGS["capture"])
    for name, fold in capture.get("folds", {}).items():
        meaning = f"Captures {name} are tested, the others train."
        yield _split_row(f"capture {name}", fold, fold.get("test_rows"), meaning)


def _reached(sums: list[float]) -> Iterator[tuple[int, int]]:
    for percent in (50, 80, 90, 95, 99):
        found = np.flatnonzero(np.asarray(sums) >= percent / 100)
        if len(found):
            yield percent, int(found[0]) + 1


def _chart(title: str, values: list[float], top: float, words: str) -> dict[str, Any]:
    count = len(values)
    xs = np.linspace(_LEFT, _RIGHT, count) if count > 1 else np.array([_RIGHT])
    ys = _BOTTOM - np.asarray(values) / top * (_BOTTOM - _TOP)
    steps = (0.0, 0.25, 0.5, 0.75, 1.0)
    ticks = sorted({1, *(round(count * step) for step in (0.25, 0.5, 0.75, 1))} - {0})
    return {
        "title": title,
        "words": words,
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True)),
        "k_x": round(float(xs[-1]), 1),
        "lines": [
            {
                "y": round(_BOTTOM - step * (_BOTTOM - _TOP), 1),
                "text": f"{step * top:.0%}" if top >= 0.1 else f"{step * top:.1%}",
            }
            for step in steps
        ],
        "ticks": [{"x": round(float(xs[n - 1]), 1), "text": str(n)} for n in ticks],
    }
