"""Backbone, scaler, PCA and logistic regression in one graph."""

from fruits_kedro import FruitsError
from fruits_kedro.model.backbone.artefact import Backbone
from fruits_kedro.model.classifier import Classifier, LinearClassifier
from fruits_kedro.model.lineage import check_lineage
from fruits_kedro.model.phone.artefact import Card, NoPhoneModel, PhoneModel
from fruits_kedro.model.phone.graph import append_head
from fruits_kedro.model.phone.head import Head
from fruits_kedro.model.reducer import Reducer

NO_FOREST = (
    "A random forest has no file for a phone: its trees are no sums and products that could be "
    "joined to the network, so train with classification.classifier=logistic_regression to get "
    "06_models/fruits.tflite."
)


def fold(backbone: Backbone, reducer: Reducer, classifier: Classifier) -> PhoneModel | NoPhoneModel:
    """Fold artefacts into one file.

    The graph of the backbone is kept as it was converted, and the head appended to it: that takes
    half a second and no TensorFlow.

    Returns:
        The file, or why there is none.
    """
    if not isinstance(classifier, LinearClassifier):
        return NoPhoneModel(NO_FOREST)
    try:
        check_lineage(backbone, reducer, classifier)
    except FruitsError as error:
        return NoPhoneModel(error.message)
    spec, outliers = backbone.spec, classifier.calibration.outliers
    card = Card(
        classifier.labels,
        spec.image_size,
        spec.scaled_decoding,
        spec.preprocessing,
        spec.precision,
        backbone.fingerprint,
        reducer.id,
        classifier.id,
        classifier.calibration.sure_from,
        outliers.beyond if outliers else None,
    )
    return PhoneModel.of(append_head(backbone.model, Head.of(reducer, classifier)), card)
