"""New photographs to labels, with the saved backbone, reducer and classifier."""

import logging
from dataclasses import replace

from fruits_kedro import FruitsError
from fruits_kedro.cluster.progress import expect
from fruits_kedro.cluster.session import get_spark
from fruits_kedro.datasets.csv_text import render_csv
from fruits_kedro.datasets.streamed_csv import CsvText
from fruits_kedro.model.backbone.artefact import Backbone
from fruits_kedro.model.classifier import Classifier, predict
from fruits_kedro.model.classifier.regression import SoftmaxClassifier
from fruits_kedro.model.lineage import check_lineage
from fruits_kedro.model.phone import NoPhoneModel, PhoneModel
from fruits_kedro.model.phone.workers import classify
from fruits_kedro.model.reducer import Reducer, reduce_features
from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.parameters.facts import FactBook, add_facts
from fruits_kedro.photos.limits import Limits
from fruits_kedro.photos.listing import Listing
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.photos.workers import featurize, in_reading_tasks, read_files
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.schemas import NEW_PHOTOGRAPHS, PREDICTED, names_of

logger = logging.getLogger(__name__)


def read_new_photographs(raw_images: Listing, parameters: IngestionParameters) -> DataFrame:
    """Read every listed photograph; no label folder is needed.

    Returns:
        path, bytes and reason, lazily.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    files = raw_images.files
    unreadable = pa.array(
        [None if ok else Reason.NAME_NOT_UTF8 for ok in files.column("name_is_utf8").to_pylist()],
        pa.string(),
    )
    table = pa.table({"path": files["path"], "size": files["size"], "listing_reason": unreadable})
    listed = get_spark().createDataFrame(table, NEW_PHOTOGRAPHS)
    size = pc.sum(files["size"]).as_py() or 0
    expect(files.num_rows)
    # Read and used in one go: nothing is stored.
    limits = replace(Limits.of(parameters), stored_bytes=parameters.max_bytes)
    read = read_files(in_reading_tasks(listed, files.num_rows, size), limits)
    return read.selectExpr(
        "path",
        "if(listing_reason is null, bytes, null) as bytes",
        "coalesce(listing_reason, reason) as reason",
    )


def predict_new_photographs(
    new_photographs: DataFrame,
    backbone: Backbone,
    reducer: Reducer,
    classifier: Classifier,
    phone_model: PhoneModel | NoPhoneModel,
    fruit_facts: FactBook,
) -> DataFrame:
    """The three most probable labels of each photograph and facts of the first, or why none.

    Nothing is fitted, and every file is in the result. What a phone runs is what runs here; a
    classifier that has no such file takes the longer way over features and components.

    Returns:
        ``schemas.INFERENCE``.

    Raises:
        FruitsError: Where backbone, reducer, classifier and file were not made for one another.
    """
    check_lineage(backbone, reducer, classifier)
    photographs = new_photographs.withColumnRenamed("reason", "read_reason")
    if isinstance(phone_model, PhoneModel):
        _check_file(phone_model, classifier)
        predicted = classify(photographs, phone_model)
    else:
        reduced = reduce_features(featurize(photographs, backbone), reducer)
        predicted = predict(reduced, classifier)
    reason = "coalesce(read_reason, reason)"
    rows = predicted.selectExpr(
        "path",
        *(f"if({reason} is null, {name}, null) as {name}" for name in names_of(PREDICTED)),
        f"{reason} as reason",
    )
    return add_facts(rows, fruit_facts)


def render_inference(inference_predictions: DataFrame) -> CsvText:
    """The predictions as CSV, in the order of paths."""
    return render_csv(inference_predictions)


def _check_file(model: PhoneModel, classifier: Classifier) -> None:
    known = classifier.id if isinstance(classifier, SoftmaxClassifier) else "another kind"
    if model.card.classifier_id != known:
        raise FruitsError(
            f"06_models/fruits.tflite was made of classifier {model.card.classifier_id}, and the "
            f"saved classifier is {known}: run kedro run --pipelines=classification."
        )
