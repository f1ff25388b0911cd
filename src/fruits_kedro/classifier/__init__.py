"""From principal components to labels."""

from fruits_kedro.classifier.artefact import Classifier
from fruits_kedro.classifier.kinds import predict, train_classifier

__all__ = ["Classifier", "predict", "train_classifier"]
