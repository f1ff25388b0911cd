"""From principal components to labels."""

from fruits_kedro.model.classifier.artefact import Classifier
from fruits_kedro.model.classifier.kinds import kind_of, predict, train_classifier

__all__ = ["Classifier", "kind_of", "predict", "train_classifier"]
