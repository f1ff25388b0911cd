"""Calibrates a trained classifier on train photographs that refits of it did not see."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

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
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.model.refits import Fitted, HeldOut, Refits, hold_out, own_places
from fruits_kedro.model.rows import own_weights
from fruits_kedro.model.scores import score_confidences
from fruits_kedro.parameters import CalibrationParameters

logger = logging.getLogger(__name__)

OWN_DOUBT = 1.0
"""``choose_sure``'s doubt of own photographs, which are hundreds where a studio has thousands."""


def calibrate(
    classifier: Classifier, reducer: Reducer, refits: Refits
) -> tuple[Classifier, dict[str, Any]]:
    """Choose temperature, confidence and outlier thresholds on held-out photographs.

    If a place has enough own photographs, those decide. Otherwise studio photographs and their
    copies decide, and the result holds for a studio only.

    ``classifier`` was trained on the components that ``reducer`` gives of ``refits.rows``, which
    are train photographs and their copies.

    Returns:
        The classifier, calibrated if enough photographs can be held out; and the report.
    """
    rows, own, settings = refits.rows, refits.own, refits.classification.calibration
    logits = classifier.logits(reducer.transform(rows.features))
    if logits is None:
        return classifier, _left_out(
            f"the classifier {classifier.kind} has no logits, which a temperature needs: its "
            "probabilities stay as they are"
        )
    studio, places = _joined([hold_out(refits)]), []
    if rows.own.any():
        fewer = refits.on_directions()
        places = _joined(hold_out(fewer, place) for place in own_places(rows))
    enough = [place for place in places if place.photographs >= own.minimum]
    count = sum(part.photographs for part in studio)
    if not enough and count < settings.minimum:
        return classifier, _left_out(
            f"{count} train photographs can be held out, and classification.calibration.minimum "
            f"is {settings.minimum}: probabilities stay as they are, with temperature 1"
        )
    # Train rows tell where known fruits are; only held-out rows tell how far from there others are.
    weights = own_weights(rows.targets, rows.own, own.share)
    known = Outliers.of(logits, rows.targets, weights=weights)
    chosen = choose([*enough, *studio], known, settings)
    report = _report((enough or studio)[0], [*places, *studio], chosen, settings)
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
    joined = HeldOut.joined(deciding)
    temperature = fit_temperature(joined.logits, joined.targets)
    found = []
    for place in deciding:
        doubt = 0.0 if place.place == STUDIO else OWN_DOUBT
        found.append(choose_sure(*place.answers(temperature), settings.precision, doubt))
    sure_from = max(filter(None, found), default=None)
    if sure_from is None:
        logger.warning(
            "No probability makes enough of the held-out predictions right "
            "(classification.calibration.precision=%s): none counts as sure",
            settings.precision,
        )
    beyond = max(
        float(np.quantile(known.scores(place.finite_logits), settings.known_share))
        for place in held_out
    )
    chosen = Calibration(temperature, sure_from, replace(known, beyond=beyond))
    right = {place.place: describe(judge(place, chosen))["right_if_sure"] for place in held_out}
    holds = [name for name, share in right.items() if share is None or share >= settings.precision]
    return replace(chosen, holds_for=tuple(holds))


def judge(held_out: HeldOut, calibration: Calibration) -> pd.DataFrame:
    """How held-out rows fare under a calibration.

    Returns:
        ``confidence`` (probability of the prediction), ``right``, ``in_three`` (the label is among
        the first three), ``sure`` and ``outlier``.
    """
    confidence, right = held_out.answers(calibration.temperature)
    own = held_out.logits[np.arange(len(right)), held_out.targets]
    before = (held_out.logits > own[:, np.newaxis]).sum(axis=1)
    sure, outlier = np.zeros((2, len(right)), np.bool_)
    if calibration.sure_from is not None:
        sure = confidence >= calibration.sure_from
    if calibration.outliers:
        scores = calibration.outliers.scores(held_out.finite_logits)
        outlier = scores > calibration.outliers.beyond
    columns = {"confidence": confidence, "right": right, "in_three": before < 3}
    return pd.DataFrame(columns | {"sure": sure, "outlier": outlier})


def describe(judged: pd.DataFrame) -> dict[str, Any]:
    """Shares of judged rows for the report."""
    if judged.empty:
        return {"rows": 0}
    columns = (judged[name].to_numpy() for name in ("confidence", "right", "sure", "outlier"))
    return {
        "rows": len(judged),
        "accuracy": float(judged["right"].mean()),
        "top_3": float(judged["in_three"].mean()),
        **score_confidences(*columns),
    }


def _joined(places: Iterable[Sequence[tuple[HeldOut, Fitted]]]) -> list[HeldOut]:
    """The folds of each place joined, without places that have none."""
    return [HeldOut.joined([part for part, _ in folds]) for folds in places if folds]


def _report(
    main: HeldOut,
    held_out: Sequence[HeldOut],
    chosen: Calibration,
    settings: CalibrationParameters,
) -> dict[str, Any]:
    """Report on ``main``, which decides, and on the photographs of each place."""
    judged = judge(main, chosen)
    temperatures = {"before": 1.0, "after": chosen.temperature}
    diagrams = {name: reliability(*main.answers(t)) for name, t in temperatures.items()}
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
