"""Predicts new photographs with the saved network, reducer and classifier."""

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.cluster.tasks import WorkerRows, broadcast, cores, cut
from fruits_kedro.datasets.csv import CsvRows
from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.classifier import Classifier, answer_columns, predicted_columns
from fruits_kedro.model.engine import shared_engine
from fruits_kedro.model.phone import NoPhoneModel, PhoneModel, check_lineage
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.parameters.facts import FactBook
from fruits_kedro.photos.augmentation.foreground import uniform_border
from fruits_kedro.photos.decoding import decode
from fruits_kedro.photos.isolation import caller_for_task
from fruits_kedro.photos.listing import Listing
from fruits_kedro.photos.reading import read_within
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.storage.schemas import INFERENCE
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

_TASK_FILES, _BATCH_ROWS = 250, 64


def list_new_photographs(raw_images: Listing, parameters: IngestionParameters) -> pa.Table:
    """List every file, ignored ones with their reason; no label folder is needed.

    Returns path, size and reason, in the order of paths.
    """
    rows = pa.concat_tables(
        raw_images.sort_out(parameters.ignored_extensions), promote_options="default"
    )
    is_ignored = rows["ignored_as"].is_valid()
    candidate = pa.scalar(None, pa.string())
    reasons = pc.if_else(rows["name_is_utf8"], candidate, Reason.NAME_NOT_UTF8.value)
    reasons = pc.if_else(is_ignored, Reason.IGNORED.value, reasons)
    logger.info("%d files, %d of them ignored", rows.num_rows, pc.sum(is_ignored).as_py() or 0)
    rows = rows.select(["path", "size"]).append_column("reason", reasons)
    return rows.sort_by("path").combine_chunks()


def predict_new_photographs(
    new_photographs: pa.Table,
    backbone: Backbone,
    reducer: Reducer,
    classifier: Classifier,
    phone_model: PhoneModel | NoPhoneModel,
    fruit_facts: FactBook,
    parameters: IngestionParameters,
) -> WorkerRows:
    """Predict three labels for each photograph, with facts about the first, or say why not.

    Workers run the phone file. With a classifier that has none they run network, reducer and
    classifier one after the other. The rows are ``schemas.INFERENCE``.

    Raises:
        FruitsError: If network, reducer, classifier and file were not made for one another.
    """
    check_lineage(backbone, reducer, classifier)
    if isinstance(phone_model, PhoneModel) and phone_model.card.classifier_id != classifier.id:
        raise FruitsError(
            f"06_models/fruits.tflite was made of classifier {phone_model.card.classifier_id}, and "
            f"the saved classifier is {classifier.id}: run kedro run --pipelines=classification."
        )
    model = broadcast((phone_model, backbone, reducer, classifier))
    facts = broadcast({row["prediction"]: row for row in fruit_facts.rows()})
    taken: Any = phone_model.card if isinstance(phone_model, PhoneModel) else backbone.spec

    def work(task: pa.Table) -> Iterator[pa.RecordBatch]:
        with caller_for_task() as call:
            for batch in task.to_batches(max_chunksize=_BATCH_ROWS):
                rows = batch.to_pylist()
                pixels = [_pixels_of(row, parameters, taken, call) for row in rows]
                good = [found for found in pixels if not isinstance(found, Reason)]
                answers = iter(_answers(good, *model.value) if good else ())
                for row, found in zip(rows, pixels, strict=True):
                    row["reason"] = found if isinstance(found, Reason) else None
                    if row["reason"] is None:
                        row.update(next(answers))
                        row.update(facts.value.get(row["prediction"], {}))
                yield pa.RecordBatch.from_pylist(rows, INFERENCE)

    files = new_photographs.num_rows
    size = max(1, min(_TASK_FILES, -(-files // cores())))
    return WorkerRows(cut(new_photographs, size), work)


def render_inference(inference_predictions: Table) -> CsvRows:
    """The predictions as CSV, in the order of paths."""
    return CsvRows(inference_predictions)


def _pixels_of(row: dict[str, Any], parameters: IngestionParameters, taken: Any, call: Any) -> Any:
    if row["reason"]:
        return Reason(row["reason"])
    file = read_within(row["path"], row["size"], parameters, call)
    if file.content is None:
        return file.reason
    return call(decode, file.content, taken.image_size, taken.scaled_decoding)


def _answers(
    photographs: list[npt.NDArray[np.uint8]],
    phone_model: PhoneModel | NoPhoneModel,
    backbone: Backbone,
    reducer: Reducer,
    classifier: Classifier,
) -> list[dict[str, Any]]:
    """``studio`` and the columns of ``schemas.PREDICTED`` for each decoded photograph."""
    file = phone_model if isinstance(phone_model, PhoneModel) else None
    engine = shared_engine(file.content if file else backbone.model)
    outputs = np.stack([engine(pixels) for pixels in photographs])
    studio = np.array([uniform_border(pixels) for pixels in photographs])
    if file:
        card = file.card
        probabilities = outputs[:, : len(card.labels)]
        scores = outputs[:, -1] if card.outlier_beyond is not None else None
        columns = answer_columns(probabilities, scores, card.labels, card.calibration, studio)
    else:
        columns = predicted_columns(classifier, reducer.transform(outputs), studio)
    return pa.table(columns | {"studio": pa.array(studio)}).to_pylist()
