"""Whether artefacts were made for one another."""

from fruits_kedro import FruitsError
from fruits_kedro.model.backbone.artefact import Backbone
from fruits_kedro.model.classifier import Classifier
from fruits_kedro.model.reducer import Reducer


def check_lineage(backbone: Backbone, reducer: Reducer, classifier: Classifier) -> None:
    """Raise FruitsError where they cannot be used together."""
    if reducer.fingerprint != backbone.fingerprint:
        raise FruitsError(
            f"The reducer was fitted on features of backbone {reducer.fingerprint}, and the saved "
            f"backbone is {backbone.fingerprint}: run kedro run --pipelines=reduction and "
            "--pipelines=classification, or featurize with the weights of before."
        )
    if classifier.reducer_id != reducer.id:
        raise FruitsError(
            f"The classifier was trained on components of reducer {classifier.reducer_id}, and the "
            f"saved reducer is {reducer.id}: run kedro run --pipelines=classification."
        )
