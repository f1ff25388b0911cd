"""Accuracy by refits on stored features, for several ways of holding rows out."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from fruits_kedro.model.calibration import choose, describe, judge
from fruits_kedro.model.confidence import Calibration
from fruits_kedro.model.matrices import Flags, Targets
from fruits_kedro.model.refits import (
    HeldOut,
    Refits,
    alike_folds,
    capture_groups,
    hold_out,
    own_places,
)
from fruits_kedro.model.rows import Rows
from fruits_kedro.model.scores import score
from fruits_kedro.parameters import (
    ClassificationParameters,
    OwnParameters,
    ReductionParameters,
    SplitParameters,
)
from fruits_kedro.photos.split_methods.random import assign

logger = logging.getLogger(__name__)

CURVE = (0, 2, 5, 10, 20, 50)
"""Points of the learning curve: own photographs per label."""

CURVE_ROWS = 100
"""Studio rows per label in the fits of the learning curve; weighted to stand for all."""

MORE = 10
"""Number of further photographs per label whose gain is estimated."""

_DRAWN = pa.schema(dict.fromkeys(("sha256", "label", "split"), pa.string()))
_RESULT = "accuracy {accuracy:.4f} on its {test_rows} photographs"


def evaluate_folder(
    rows: Rows,
    split_report: dict[str, Any],
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    own: OwnParameters,
) -> dict[str, Any]:
    """Train on the Training folders, test on the Test folders.

    Turntable photographs leak here: frames next to a test frame are in the train folder. Own
    photographs train where their split says so, and never test.
    """
    if split_report["method"] != "folder":
        return {"left_out": "there are no Training and Test folders"}
    test = rows.where((rows.split == "test") & rows.photographs & ~rows.own)
    train = rows.where(rows.split == "train")
    return fit_and_score([test], Refits(train, reduction, classification, own))[0]


def evaluate_random(
    rows: Rows,
    split: SplitParameters,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    own: OwnParameters,
) -> dict[str, Any]:
    """Train and test on a random draw; it leaks like the folders."""
    rows = rows.where(~rows.own)
    labels = [rows.labels[target] for target in rows.targets[rows.photographs]]
    columns = {"sha256": rows.sha256[rows.photographs].tolist(), "label": labels}
    table = pa.table(columns | {"split": [None] * len(labels)}, _DRAWN)
    tests = np.zeros(len(rows), np.bool_)
    tests[rows.photographs] = np.asarray(assign(table, split).to_pylist(), np.str_) == "test"
    train = rows.where(~rows.with_copies(tests))
    refits = Refits(train, reduction, classification, own)
    return fit_and_score([rows.where(tests)], refits)[0]


def evaluate_capture(
    rows: Rows,
    scenes: Rows,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    own: OwnParameters,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Hold one capture group out: test on turns of the fruit that the classifier never saw.

    Labels with one group only cannot be tested on another; they train in every fold and are named.

    Returns:
        Scores on the photographs of the groups held out, and on cluttered scenes made of them;
        both as trained with augmented copies and without.
    """
    names, single = capture_groups(rows.where(~rows.own))
    if not names:
        nothing = {"left_out": "the file names tell fewer than two capture groups of one label"}
        return nothing, nothing
    ways = {"with": rows} if (rows.variant > 0).any() else {}
    ways["without"] = rows.where(rows.photographs)
    photographs: dict[str, dict[str, Any]] = {way: {} for way in ways}
    cluttered: dict[str, dict[str, Any]] = {way: {} for way in ways}
    for way, trains in ways.items():
        refits = Refits(trains, reduction, classification, own)
        for name in names:
            out = (trains.capture == name) & ~trains.own & ~np.isin(trains.targets, single)
            test = trains.where(out & trains.photographs)
            shown = scenes.where(np.isin(scenes.sha256, test.sha256))
            answers = fit_and_score([test, shown], refits, out)
            photographs[way][name], cluttered[way][name] = answers
            result = answers[0].get("left_out") or _RESULT.format_map(answers[0])
            logger.info("Trained without capture group %s, %s copies: %s", name, way, result)
    one_group = {"labels_with_one_group": sorted(rows.labels[label] for label in single)}
    return _both_ways(photographs) | one_group, _both_ways(cluttered)


def evaluate_own(
    rows: Rows,
    reduction: ReductionParameters,
    classification: ClassificationParameters,
    own: OwnParameters,
) -> dict[str, Any]:
    """Measure the accuracy on own photographs by place, and how it grows with their number.

    Refits did not see the photographs that they are asked about. Thresholds are chosen on the
    held-out photographs of the other folds. Places are never pooled.

    Returns:
        By place: accuracy, ``top_3``, the share that is ``sure`` and how often that is right,
        ``outliers`` (taken for no fruit), the learning ``curve``, and ``gains``: the labels that
        would gain most from more photographs first.
    """
    if not rows.own.any():
        return {"left_out": "there are no own photographs (--params=own=FOLDER)"}
    rows = rows.where((rows.split == "train") | rows.own)
    refits = Refits(rows, reduction, classification, own).on_directions()
    return {"places": {place: _evaluate_place(refits, place) for place in own_places(rows)}}


def fit_and_score(
    tests: Sequence[Rows], refits: Refits, out: Flags | None = None, most: int | None = None
) -> list[dict[str, Any]]:
    """Scores of several sets of rows by one fit; ``left_out`` gives the reason if there are none.

    ``out`` and ``most`` are those of ``Refits.fit``.
    """
    fitted = refits.fit(out, most)
    if isinstance(fitted, str):
        return [{"left_out": fitted} for _ in tests]
    answers: list[dict[str, Any]] = []
    for test in tests:
        if not len(test):
            answers.append({"left_out": "no photograph is left to test on"})
            continue
        names = np.array(test.labels)
        scores = score(names[test.targets], names[fitted.logits(test).argmax(axis=1)])
        answers.append(
            {
                "accuracy": scores["accuracy"],
                "macro_f1": scores["macro_f1"],
                "test_rows": len(test),
                "train_rows": fitted.photographs,
                "copies": fitted.reducer.rows - fitted.photographs,
                "k": fitted.reducer.k,
                "explained_variance": float(fitted.reducer.explained_variance_ratio.sum()),
            }
        )
    return answers


def _both_ways(folds: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Means over the folds, trained with copies and without."""
    ways: list[dict[str, Any]] = []
    for of_way in folds.values():
        accuracies = [fold["accuracy"] for fold in of_way.values() if "accuracy" in fold]
        if not accuracies and not ways:
            return {"left_out": "no fold leaves two labels to train on and a photograph to test"}
        mean = sum(accuracies) / len(accuracies) if accuracies else None
        ways.append({"mean": mean, "folds": of_way})
    return ways[0] | ({"without_copies": ways[1]} if len(ways) > 1 else {})


def _evaluate_place(refits: Refits, place: str) -> dict[str, Any]:
    folds = hold_out(refits, place)
    if not folds:
        return {"left_out": "no photograph can be held out"}
    judged = []
    for held_out, fitted in folds:
        others = [part for part, _ in folds if part is not held_out] or [held_out]
        chosen = Calibration()
        if fitted.known is not None:
            calibration = refits.classification.calibration
            chosen = choose([HeldOut.joined(others)], fitted.known, calibration)
        judged.append(judge(held_out, chosen))
    joined = pd.concat(judged)
    curve = _learning_curve(refits, place)
    targets = np.concatenate([held_out.targets for held_out, _ in folds])
    return {
        "by": folds[0][0].by,
        **describe(joined),
        "curve": curve,
        "gains": _gains(refits.rows, place, targets, joined["right"].to_numpy(), curve),
    }


def _learning_curve(refits: Refits, place: str) -> list[dict[str, Any]]:
    """Accuracy in a place by the number of own photographs of each label from there.

    Each draw tests on one fold of the photographs and trains on some of the others. Labels with
    fewer photographs than a point asks for train with all they have.
    """
    rows, own = refits.rows, refits.own
    here = rows.own & (rows.place == place)
    most = int(np.bincount(rows.targets[here & rows.photographs]).max())
    folds = alike_folds(rows.where(here), own.folds)[: own.draws]
    points = []
    for size in (size for size in CURVE if size < most):
        answers = []
        for draw, fold in enumerate(folds):
            test = np.zeros(len(rows), np.bool_)
            test[here] = fold
            drawn = _draw(rows, here & rows.photographs & ~test, size, own.seed + draw)
            asked, out = rows.where(test & rows.photographs), here & ~rows.with_copies(drawn)
            answers += fit_and_score([asked], refits, out, CURVE_ROWS)
        accuracies = [answer["accuracy"] for answer in answers if "accuracy" in answer]
        if accuracies:
            points.append({"photographs": size, "accuracies": accuracies})
    return points


def _draw(rows: Rows, pool: Flags, size: int, seed: int) -> Flags:
    """So many photographs of each label; more of them contain fewer of the same seed."""
    order = np.argsort(np.random.default_rng(seed).permutation(len(rows)))
    order = order[pool[order]]
    drawn = pd.Series(order).groupby(rows.targets[order]).head(size)
    return np.isin(np.arange(len(rows)), drawn)


def _gains(
    rows: Rows, place: str, targets: Targets, right: Flags, curve: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What ``MORE`` photographs of each label of a place would give, largest first.

    Errors are assumed to fall with a power of the number of photographs, with the exponent of the
    curve. Each label starts from its own error and its own number of photographs.
    """
    sizes = np.log1p([point["photographs"] for point in curve])
    errors = np.log([max(1 - np.mean(point["accuracies"]), 1e-3) for point in curve])
    power = max(0.0, -float(np.polyfit(sizes, errors, 1)[0])) if len(curve) > 1 else 0.0
    here = rows.own & rows.photographs & (rows.place == place)
    gains: list[dict[str, Any]] = []
    for label in np.unique(targets).tolist():
        wrong = float((~right[targets == label]).mean())
        count = int((here & (rows.targets == label)).sum())
        gain = wrong * (1 - ((count + 1) / (count + 1 + MORE)) ** power)
        name = rows.labels[label]
        gains.append({"label": name, "photographs": count, "recall": 1 - wrong, "gain": gain})
    return sorted(gains, key=lambda gain: -gain["gain"])
