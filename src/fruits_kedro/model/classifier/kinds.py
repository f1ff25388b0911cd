"""Which kind of classifier trains and predicts."""

from collections.abc import Mapping

from fruits_kedro.model import classifiers
from fruits_kedro.model.classifier.artefact import Classifier
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.parameters.classification import ClassificationParameters
from fruits_kedro.parameters.kinds import kind_in, names_in
from fruits_kedro.storage.heavy_types import DataFrame


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
    kind = kind_in(classifiers, parameters.classifier)
    trained: Classifier = kind.train(train, counts, reducer, parameters)
    return trained


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
    return kind_in(classifiers, kind_of(classifier)).predict(reduced, classifier)


def kind_of(classifier: Classifier) -> str:
    """The name of a trained classifier's kind.

    Raises:
        TypeError: Where it is of no kind known here.
    """
    for name in names_in(classifiers):
        if type(classifier) is kind_in(classifiers, name).CLASS:
            return name
    raise TypeError(f"{type(classifier).__name__} is no kind of classifier")
