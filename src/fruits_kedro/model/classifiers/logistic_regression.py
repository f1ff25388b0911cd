"""Multinomial logistic regression by scikit-learn.

It minimises, over coefficients W (one row per label) and intercepts b::

    weighted mean over rows of -log softmax(W x + b)[label]  +  reg_param / 2 * sum(W**2)

which is the objective of Spark ML's ``LogisticRegression`` with ``elasticNetParam=0``, and of
scikit-learn's with ``C = 1 / (rows * reg_param)``. With ``standardization`` the penalty is on the
coefficients of components divided by their standard deviation.

Source: https://scikit-learn.org/stable/modules/linear_model.html#logistic-regression
"""

import logging
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fruits_kedro.model.classifier import LinearClassifier
from fruits_kedro.model.matrices import Matrix, Targets
from fruits_kedro.parameters import ClassificationParameters

logger = logging.getLogger(__name__)

TOLERANCE = 1e-5
"""Largest element of the gradient at the end. On 18,366 rows of 300 components every probability is
then within 1e-4 of its final value."""


@dataclass(frozen=True)
class LogisticRegression(LinearClassifier):
    """A fitted multinomial logistic regression."""


CLASS = LogisticRegression


def fit(
    components: npt.NDArray[np.floating],
    targets: Targets,
    labels: tuple[str, ...],
    reducer_id: str,
    parameters: ClassificationParameters,
    weights: Matrix | None = None,
) -> LogisticRegression:
    """Fit a logistic regression; a warning says if ``max_iter`` ended it before convergence."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression as Regression
    from threadpoolctl import threadpool_limits

    settings = parameters.logistic_regression
    values = components.astype(np.float64)
    scale = np.ones(values.shape[1])
    if settings.standardization:  # infinite for constant components, which then have no effect
        scale = np.where(np.ptp(values, axis=0) > 0, values.std(axis=0), np.inf)
    mean = values.mean(axis=0)
    values -= mean  # the search is shorter about the middle
    values /= scale  # in place: half a million rows are 1.2 GB
    rows = len(values) if weights is None else float(weights.sum())
    # With two labels scikit-learn fits the difference of the logits, which has half the penalty.
    penalty = rows * settings.reg_param / (2 if len(labels) == 2 else 1)
    regression = Regression(
        C=1 / penalty if penalty else np.inf, tol=TOLERANCE, max_iter=settings.max_iter
    )
    # Small products gain nothing from threads, and one thread adds in a fixed order.
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(values, targets, sample_weight=weights)
    if regression.n_iter_.max() >= settings.max_iter:
        logger.warning(
            "Logistic regression stopped at classification.logistic_regression.max_iter=%d before "
            "it converged: more iterations would change probabilities",
            settings.max_iter,
        )
    coefficients = regression.coef_ / scale
    intercepts = regression.intercept_ - coefficients @ mean
    if len(labels) == 2:
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
    return LogisticRegression(labels, reducer_id, coefficients, intercepts)
