"""Which kind of classifier trains and predicts."""

from collections.abc import Mapping

from fruits_kedro.classification_parameters import ClassificationParameters
from fruits_kedro.classifier.artefact import Classifier
from fruits_kedro.classifier.forest import ForestClassifier, predict_by_forest, train_forest
from fruits_kedro.classifier.regression import (
    SoftmaxClassifier,
    predict_by_softmax,
    train_softmax,
)
from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.reducer import Reducer


def train_classifier(
    train: DataFrame,
    counts: Mapping[str, int],
    reducer: Reducer,
    parameters: ClassificationParameters,
) -> Classifier:
    """Train on every row given.

    Args:
        train: ``sha256``, ``label`` and ``components`` of the train rows.
        counts: How many of them each label has, at least two labels.
        reducer: The one whose components they are.
        parameters: Which classifier, with which settings.
    """
    if parameters.classifier == "random_forest":
        return train_forest(train, parameters.random_forest, reducer.id)
    return train_softmax(train, counts, reducer, parameters.logistic_regression)


def predict(reduced: DataFrame, classifier: Classifier) -> DataFrame:
    """The three most probable labels of every row, lazily.

    Args:
        reduced: Rows with ``components`` and any other columns.
        classifier: A trained classifier.

    Returns:
        The other columns and ``schemas.PREDICTED``. Equal probabilities are ranked by label, so
        that the order is always the same.

    Raises:
        TypeError: Where the classifier is of no kind known here.
    """
    if isinstance(classifier, ForestClassifier):
        return predict_by_forest(reduced, classifier)
    if isinstance(classifier, SoftmaxClassifier):
        return predict_by_softmax(reduced, classifier)
    raise TypeError(f"{type(classifier).__name__} is no kind of classifier")
