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
    describe,
    hold_out_place,
    hold_out_studio,
    judge,
    own_places,
)
from fruits_kedro.model.moments import Moments
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.model.refits import Refits
from fruits_kedro.model.rows import Rows, own_weights
from fruits_kedro.parameters import CalibrationParameters

logger = logging.getLogger(__name__)

OWN_DOUBT = 1.0
"""``choose_sure``'s doubt of own photographs, which are hundreds where a studio has thousands."""


def calibrate(
    rows: Rows, classifier: Classifier, reducer: Reducer, refits: Refits
) -> tuple[Classifier, dict[str, Any]]:
    """Choose temperature, confidence and outlier thresholds on held-out photographs.

    If a place has enough own photographs, those decide. Otherwise studio photographs and their
    copies decide, and the result holds for a studio only.

    Args:
        rows: Train photographs and the copies that trained with them.
        classifier: Trained on ``rows``.
        reducer: Gives the components of ``classifier``.
        refits: How reducer and classifier are fitted.

    Returns:
        The classifier, calibrated if enough photographs can be held out; and the report.
    """
    rows, settings = rows.with_labels(classifier.labels), refits.parameters.calibration
    logits = classifier.logits(reducer.transform(rows.features))
    if logits is None:
        return classifier, _left_out(
            f"the classifier {classifier.kind} has no logits, which a temperature needs: its "
            "probabilities stay as they are"
        )
    sums = refits.sums(rows)
    studio = hold_out_studio(rows, refits, sums)
    places = _hold_out_places(rows, refits, sums)
    enough = [place for place in places if place.photographs >= refits.own.minimum]
    count = studio.photographs if studio else 0
    if not enough and (studio is None or count < settings.minimum):
        return classifier, _left_out(
            f"{count} train photographs can be held out, and classification.calibration.minimum "
            f"is {settings.minimum}: probabilities stay as they are, with temperature 1"
        )
    # Train rows tell where known fruits are; only held-out rows tell how far from there others are.
    weights = own_weights(rows.targets, rows.own, refits.own.share)
    known = Outliers.of(logits, rows.targets, weights=weights)
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
    """Choose temperature and thresholds on held-out photographs of places, and of a studio.

    Own photographs decide if there are any, otherwise the studio's. ``sure_from`` is the highest
    that any deciding place needs. The outlier threshold covers all places; ``known`` are the train
    rows.
    """
    deciding = [place for place in held_out if place.place != STUDIO] or held_out
    temperature = fit_temperature(
        np.concatenate([place.logits for place in deciding]),
        np.concatenate([place.targets for place in deciding]),
    )
    sure = []
    for place in deciding:
        doubt = 0.0 if place.place == STUDIO else OWN_DOUBT
        found = choose_sure(*place.answers(temperature), settings.precision, doubt)
        sure += [] if found is None else [found]
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
    holds = []
    for place in held_out:
        judged = judge(place, chosen)
        right = judged["right"][judged["sure"]]
        if right.empty or right.mean() >= settings.precision:
            holds.append(place.place)
    return replace(chosen, holds_for=tuple(holds))


def _hold_out_places(rows: Rows, refits: Refits, sums: Moments) -> list[HeldOut]:
    if not rows.own.any():
        return []
    refits, rows, sums = refits.on_directions(rows, sums)
    folds = [hold_out_place(rows, place, refits, sums) for place in own_places(rows)]
    return [HeldOut.joined([part for part, _ in fold]) for fold in folds if fold]


def _report(
    held_out: Sequence[HeldOut], chosen: Calibration, settings: CalibrationParameters
) -> dict[str, Any]:
    """Report on the deciding place, and on the photographs of each place."""
    main = held_out[0]
    judged = judge(main, chosen)
    diagrams = {
        "before": reliability(*main.answers(1.0)),
        "after": reliability(judged["confidence"].to_numpy(), judged["right"].to_numpy()),
    }
    errors = {name: expected_error(diagram) for name, diagram in diagrams.items()}
    return {
        "temperature": chosen.temperature,
        "holds_for": list(chosen.holds_for),
        "held_out": {
            **describe(judged),
            "place": main.place,
            "by": main.by,
            "expected_calibration_error": errors,
            "reliability": diagrams,
            "photographs": describe(judged[~main.copies]),
            "copies": describe(judged[main.copies]),
        },
        "places": {
            place.place: {"by": place.by} | describe(judge(place, chosen)[~place.copies])
            for place in held_out
        },
        "sure": {
            "precision": settings.precision,
            "from": chosen.sure_from,
            "coverage": float(judged["sure"].mean()),
        },
        "outlier": {
            "known_share": settings.known_share,
            "beyond": chosen.outliers.beyond if chosen.outliers else None,
        },
    }


def _left_out(reason: str) -> dict[str, Any]:
    logger.info("Not calibrated: %s", reason)
    return {"temperature": 1.0, "left_out": reason}
