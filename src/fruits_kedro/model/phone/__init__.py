"""One file for a phone: from the pixels of a photograph to the probabilities of its labels."""

from fruits_kedro.model.phone.artefact import NoPhoneModel, PhoneModel
from fruits_kedro.model.phone.fold import fold

__all__ = ["NoPhoneModel", "PhoneModel", "fold"]


def answer_columns(answers, card, studio):
    import numpy as np

    from fruits_kedro.model.classifier import doubt_columns, rank_columns
    from fruits_kedro.model.confidence import Calibration, Outliers

    a = np.stack(answers).astype(float)
    o = (
        Outliers(np.eye(1), np.eye(1), card.outlier_beyond)
        if card.outlier_beyond is not None
        else None
    )
    c = Calibration(1.0, card.sure_from, o)
    return rank_columns(a[:, :-1], card.labels) | doubt_columns(
        a[:, :-1].max(axis=1), a[:, -1], c, studio
    )
