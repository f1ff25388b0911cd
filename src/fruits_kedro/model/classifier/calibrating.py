"""Calibrating a trained classifier on train photographs that were held out for it."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fruits_kedro.model.classifier.artefact import Classifier
from fruits_kedro.model.classifier.calibration import (
    Calibration,
    Flags,
    Outliers,
    choose_sure,
    expected_error,
    fit_temperature,
    reliability,
)
from fruits_kedro.model.classifier.held_out import HeldOut, Refits, Rows, predict_held_out
from fruits_kedro.model.classifier.regression import SoftmaxClassifier
from fruits_kedro.model.classifier.softmax import softmax
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.parameters.classification import CalibrationParameters, ClassificationParameters

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)

FOREST = (
    "a random forest is not calibrated: the votes of its trees are no logits, so its probabilities "
    "are shares of votes"
)


def calibrate(
    read_rows: Callable[[], tuple["pa.Table", "pa.Table"]],
    classifier: Classifier,
    reducer: Reducer,
    shrinkage: float | None,
    parameters: ClassificationParameters,
    pattern: str,
) -> tuple[Classifier, dict[str, Any]]:
    """Choose temperature, confidence and outlier score by photographs that were held out.

    Args:
        read_rows: Gives train rows (path, sha256, label and features) and the copies that trained
            with them (sha256, variant and features); not called for what cannot be calibrated.
        classifier: As it was trained on both.
        reducer: Whose components it takes.
        shrinkage: That the reducer was fitted with, see ``reducer.fit_reducer``.
        parameters: How the classifier was trained, and how it is to be calibrated.
        pattern: Of the capture groups, see ``photos.labels.parse_capture``.

    Returns:
        The classifier, calibrated where enough can be held out; and what was found.
    """
    if not isinstance(classifier, SoftmaxClassifier):
        return classifier, _left_out(FOREST)
    calibration = parameters.calibration
    rows = Rows.of(*read_rows(), classifier.labels, pattern)
    refits = Refits(reducer, shrinkage, parameters.logistic_regression)
    held_out = predict_held_out(rows, refits, calibration)
    count = 0 if held_out is None else held_out.photographs
    if held_out is None or count < calibration.minimum:
        return classifier, _left_out(
            f"{count} train photographs can be held out, and classification.calibration.minimum "
            f"is {calibration.minimum}: probabilities stay as they are, with temperature 1"
        )
    found = _choose(held_out, calibration)
    # What the classifier says of its own train rows is where known fruits lie; how far from there
    # others of them may lie, only rows that did not train can tell.
    components = reducer.transform(rows.features).astype(np.float64)
    known = Outliers.of(classifier.logits(components), rows.targets)
    beyond = float(np.quantile(known.scores(held_out.finite_logits), calibration.known_share))
    chosen = replace(found, outliers=replace(known, beyond=beyond))
    report = _report(held_out, chosen, calibration)
    logger.info(
        "Temperature %.3f: expected calibration error %.4f instead of %.4f on %d held-out "
        "photographs and %d copies of them",
        chosen.temperature,
        report["held_out"]["expected_calibration_error"]["after"],
        report["held_out"]["expected_calibration_error"]["before"],
        count,
        len(held_out.targets) - count,
    )
    return replace(classifier, calibration=chosen), report


def _choose(held_out: HeldOut, parameters: CalibrationParameters) -> Calibration:
    temperature = fit_temperature(held_out.logits, held_out.targets)
    sure_from = choose_sure(*_answers(held_out, temperature), parameters.precision)
    if sure_from is None:
        logger.warning(
            "No probability makes enough of the held-out predictions right "
            "(classification.calibration.precision=%s): none counts as sure",
            parameters.precision,
        )
    return Calibration(temperature, sure_from)


def _answers(held_out: HeldOut, temperature: float) -> tuple[Any, Any]:
    """The probability of each prediction, and whether it is right."""
    probabilities = softmax(held_out.logits.T / temperature)
    return probabilities.max(axis=0), probabilities.argmax(axis=0) == held_out.targets


def _report(
    held_out: HeldOut, chosen: Calibration, parameters: CalibrationParameters
) -> dict[str, Any]:
    confidence, right = _answers(held_out, chosen.temperature)
    diagrams = {
        "before": reliability(*_answers(held_out, 1.0)),
        "after": reliability(confidence, right),
    }
    sure = np.zeros_like(right) if chosen.sure_from is None else confidence >= chosen.sure_from
    return {
        "temperature": chosen.temperature,
        "held_out": {
            "by": held_out.by,
            "rows": len(right),
            "accuracy": float(right.mean()),
            "expected_calibration_error": {
                name: expected_error(diagram) for name, diagram in diagrams.items()
            },
            "reliability": diagrams,
            "photographs": _describe(confidence, right, sure, ~held_out.copies),
            "copies": _describe(confidence, right, sure, held_out.copies),
        },
        "sure": {
            "precision": parameters.precision,
            "from": chosen.sure_from,
            "coverage": float(sure.mean()),
        },
        "outlier": {
            "known_share": parameters.known_share,
            "beyond": chosen.outliers.beyond if chosen.outliers else None,
        },
    }


def _describe(confidence: Any, right: Flags, sure: Flags, chosen: Flags) -> dict[str, Any]:
    """How some of the rows fare with what was chosen for all."""
    if not chosen.any():
        return {"rows": 0}
    believed = right[chosen & sure]
    return {
        "rows": int(chosen.sum()),
        "accuracy": float(right[chosen].mean()),
        "expected_calibration_error": expected_error(
            reliability(confidence[chosen], right[chosen])
        ),
        "sure": float(sure[chosen].mean()),
        "right_if_sure": float(believed.mean()) if len(believed) else None,
    }


def _left_out(reason: str) -> dict[str, Any]:
    logger.info("Not calibrated: %s", reason)
    return {"temperature": 1.0, "left_out": reason}
