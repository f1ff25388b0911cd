"""Calibrates a trained classifier on train photographs that refits of it did not see."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fruits_kedro.model.classifier import Classifier
from fruits_kedro.model.confidence import (
    STUDIO,
    Calibration,
    Outliers,
    choose_sure,
    expected_error,
    fit_temperature,
    reliability,
)
from fruits_kedro.model.held_out import (
    HeldOut,
    Judged,
    hold_out_place,
    hold_out_studio,
    own_places,
)
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.model.refits import Refits
from fruits_kedro.model.rows import Rows
from fruits_kedro.parameters import CalibrationParameters, ClassificationParameters, OwnParameters

logger = logging.getLogger(__name__)

OWN_DOUBT = 1.0
"""``choose_sure``'s doubt of own photographs, which are hundreds where a studio has thousands."""


def calibrate(
    rows: Rows,
    classifier: Classifier,
    reducer: Reducer,
    shrinkage: float | None,
    parameters: ClassificationParameters,
    own: OwnParameters,
) -> tuple[Classifier, dict[str, Any]]:
    """Choose temperature, confidence and outlier thresholds on held-out photographs.

    If a place has enough own photographs, those decide. Otherwise studio photographs and their
    copies decide, and the result holds for a studio only.

    Args:
        rows: Train photographs and the copies that trained with them.
        classifier: Trained on ``rows``.
        reducer: Gives the components of ``classifier``.
        shrinkage: Of the reducer (``ReductionParameters.within_shrinkage``).
        parameters: Settings of classifier and calibration.
        own: Weight, folds and minimum of own photographs.

    Returns:
        The classifier, calibrated if enough photographs can be held out; and the report.
    """
    rows, settings = rows.with_labels(classifier.labels), parameters.calibration
    logits = classifier.logits(reducer.transform(rows.features))
    if logits is None:
        return classifier, _left_out(
            f"the classifier {classifier.kind} has no logits, which a temperature needs: its "
            "probabilities stay as they are"
        )
    refits = Refits(reducer.k, reducer.unit_length, shrinkage, parameters, own.share)
    studio, places = _hold_out(rows, refits, settings, own)
    enough = [place for place in places if place.photographs >= own.minimum]
    count = studio.photographs if studio else 0
    if not enough and (studio is None or count < settings.minimum):
        return classifier, _left_out(
            f"{count} train photographs can be held out, and classification.calibration.minimum "
            f"is {settings.minimum}: probabilities stay as they are, with temperature 1"
        )
    # Train rows tell where known fruits are; only held-out rows tell how far from there others are.
    known = Outliers.of(logits, rows.targets, weights=rows.weights(own.share))
    chosen = choose([*enough, *([studio] if studio else [])], known, settings)
    report = _report([*places, *([studio] if studio else [])], chosen, settings)
    logger.info(
        "Temperature %.3f, chosen on held-out photographs of %s",
        chosen.temperature,
        ", ".join(place.place for place in enough) or STUDIO,
    )
    return replace(classifier, calibration=chosen), report


def choose(
    held_out: Sequence[HeldOut], known: Outliers, settings: CalibrationParameters
) -> Calibration:
    """Choose temperature and thresholds on held-out photographs.

    Own photographs decide if there are any, otherwise the studio's. ``sure_from`` is the highest
    that any deciding place needs. The outlier threshold covers all places.

    Args:
        held_out: Places, and at most one studio.
        known: Means and scatter of the train rows.
        settings: Required precision and share of known fruits.
    """
    deciding = [place for place in held_out if place.place != STUDIO] or held_out
    temperature = fit_temperature(
        np.concatenate([place.logits for place in deciding]),
        np.concatenate([place.targets for place in deciding]),
    )
    found = [
        choose_sure(
            *place.answers(temperature),
            settings.precision,
            0.0 if place.place == STUDIO else OWN_DOUBT,
        )
        for place in deciding
    ]
    sure = [value for value in found if value is not None]
    if not sure:
        logger.warning(
            "No probability makes enough of the held-out predictions right "
            "(classification.calibration.precision=%s): none counts as sure",
            settings.precision,
        )
    beyond = max(
        float(np.quantile(known.scores(place.finite_logits), settings.known_share))
        for place in held_out
    )
    chosen = Calibration(temperature, max(sure, default=None), replace(known, beyond=beyond))
    holds = [place.place for place in held_out if _holds(place, chosen, settings.precision)]
    return replace(chosen, holds_for=tuple(holds))


def _holds(place: HeldOut, chosen: Calibration, precision: float) -> bool:
    """Whether enough of the sure predictions of a place are right."""
    judged = Judged.of(place, chosen)
    return not judged.sure.any() or bool(judged.right[judged.sure].mean() >= precision)


def _hold_out(
    rows: Rows, refits: Refits, settings: CalibrationParameters, own: OwnParameters
) -> tuple[HeldOut | None, list[HeldOut]]:
    """Held-out rows of the studio, and held-out own photographs by place."""
    sums = refits.sums(rows)
    studio = hold_out_studio(rows, refits, sums, settings.held_out_share)
    if not rows.own.any():
        return studio, []
    refits, rows, sums = refits.on_directions(rows, sums)
    folds = [hold_out_place(rows, name, refits, sums, own.folds) for name in own_places(rows)]
    return studio, [HeldOut.joined([part for part, _ in fold]) for fold in folds if fold]


def _report(
    held_out: Sequence[HeldOut], chosen: Calibration, settings: CalibrationParameters
) -> dict[str, Any]:
    """Report on the deciding place, and on the photographs of each place."""
    main = held_out[0]
    judged = Judged.of(main, chosen)
    diagrams = {
        "before": reliability(*main.answers(1.0)),
        "after": reliability(judged.confidence, judged.right),
    }
    errors = {name: expected_error(diagram) for name, diagram in diagrams.items()}
    return {
        "temperature": chosen.temperature,
        "holds_for": list(chosen.holds_for),
        "held_out": {
            **judged.describe(),
            "place": main.place,
            "by": main.by,
            "expected_calibration_error": errors,
            "reliability": diagrams,
            "photographs": judged.where(~main.copies).describe(),
            "copies": judged.where(main.copies).describe(),
        },
        "places": {
            place.place: {"by": place.by} | Judged.of(place, chosen).where(~place.copies).describe()
            for place in held_out
        },
        "sure": {
            "precision": settings.precision,
            "from": chosen.sure_from,
            "coverage": float(judged.sure.mean()),
        },
        "outlier": {
            "known_share": settings.known_share,
            "beyond": chosen.outliers.beyond if chosen.outliers else None,
        },
    }


def _left_out(reason: str) -> dict[str, Any]:
    logger.info("Not calibrated: %s", reason)
    return {"temperature": 1.0, "left_out": reason}
