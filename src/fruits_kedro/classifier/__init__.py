"""From principal components to labels."""

from fruits_kedro.classifier.artefact import Classifier
from fruits_kedro.classifier.kinds import kind_of, predict, train_classifier

__all__ = ["Classifier", "kind_of", "predict", "train_classifier"]
