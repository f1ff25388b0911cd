"""Predicts new photographs with the saved network, reducer and classifier."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.cluster.tasks import broadcast, cores, cut, on_workers
from fruits_kedro.datasets.csv import CsvText, render_csv
from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.classifier import (
    Classifier,
    doubt_columns,
    predicted_columns,
    rank_columns,
)
from fruits_kedro.model.engine import shared_engine
from fruits_kedro.model.phone import NoPhoneModel, PhoneModel, check_lineage
from fruits_kedro.model.reducer import Reducer
from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.parameters.facts import FactBook
from fruits_kedro.photos.augmentation.foreground import uniform_border
from fruits_kedro.photos.decoding import decode
from fruits_kedro.photos.isolation import caller_for_task
from fruits_kedro.photos.listing import Listing
from fruits_kedro.photos.reading import Limits, read_within
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.schemas import FACTS, INFERENCE, PREDICTED
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

_TASK_FILES, _BATCH_ROWS = 250, 64

Answer = Callable[[list[Any]], dict[str, Any]]
"""Function from decoded photographs to columns of ``schemas.PREDICTED`` and ``studio``."""


def list_new_photographs(raw_images: Listing, parameters: IngestionParameters) -> pa.Table:
    """List every file, ignored ones with their reason; no label folder is needed.

    Returns:
        path, size and reason, in the order of paths.
    """
    files, others = raw_images.sort_out(parameters.ignored_extensions)
    unnamed = pa.scalar(None, pa.string())
    reasons = pc.if_else(files["name_is_utf8"], unnamed, Reason.NAME_NOT_UTF8.value)
    ignored = pa.array([Reason.IGNORED.value] * others.num_rows, pa.string())
    columns = ["path", "size"]
    rows = pa.concat_tables(
        [
            files.select(columns).append_column("reason", reasons),
            others.select(columns).append_column("reason", ignored),
        ],
        promote_options="default",
    )
    logger.info("%d files, %d of them ignored", rows.num_rows, others.num_rows)
    return rows.sort_by("path").combine_chunks()


def predict_new_photographs(
    new_photographs: pa.Table,
    backbone: Backbone,
    reducer: Reducer,
    classifier: Classifier,
    phone_model: PhoneModel | NoPhoneModel,
    fruit_facts: FactBook,
    parameters: IngestionParameters,
) -> DataFrame:
    """Predict three labels for each photograph, with facts about the first, or say why not.

    Workers run the phone file. With a classifier that has none they run network, reducer and
    classifier one after the other.

    Returns:
        ``schemas.INFERENCE``.

    Raises:
        FruitsError: If network, reducer, classifier and file were not made for one another.
    """
    check_lineage(backbone, reducer, classifier)
    limits = Limits.of(parameters)
    model = broadcast((phone_model, backbone, reducer, classifier))
    facts = broadcast({row["prediction"]: row for row in fruit_facts.rows()})
    if isinstance(phone_model, PhoneModel):
        _check_file(phone_model, classifier)
        taken: Any = phone_model.card
    else:
        taken = backbone.spec

    def work(task: pa.Table) -> Iterator[pa.RecordBatch]:
        answer = _answer_of(*model.value)
        with caller_for_task() as call:
            for batch in task.to_batches(max_chunksize=_BATCH_ROWS):
                rows = batch.to_pylist()
                pixels = [_pixels_of(row, limits, taken, call) for row in rows]
                yield _answered(rows, pixels, answer, facts.value)

    files = new_photographs.num_rows
    size = max(1, min(_TASK_FILES, -(-files // cores())))
    return on_workers(cut(new_photographs, size), work, INFERENCE)


def render_inference(inference_predictions: Table) -> CsvText:
    """The predictions as CSV, in the order of paths."""
    return render_csv(inference_predictions)


def _pixels_of(row: dict[str, Any], limits: Limits, taken: Any, call: Any) -> Any:
    if row["reason"]:
        return Reason(row["reason"])
    file = read_within(row["path"], row["size"], limits, call)
    if file.content is None:
        return file.reason
    return call(decode, file.content, taken.image_size, taken.scaled_decoding)


def _answered(
    rows: list[dict[str, Any]], pixels: list[Any], answer: Answer, facts: dict[str, Any]
) -> pa.RecordBatch:
    good = [n for n, found in enumerate(pixels) if not isinstance(found, Reason)]
    columns = answer([pixels[n] for n in good]) if good else {}
    place = np.full(len(rows), -1)
    place[good] = np.arange(len(good))
    index = pa.array(place, pa.int64(), mask=place < 0)
    table: dict[str, Any] = {"path": pa.array([row["path"] for row in rows], pa.string())}
    for name, kind in {"studio": pa.bool_(), **PREDICTED}.items():
        values = columns.get(name)
        table[name] = pa.nulls(len(rows), kind) if values is None else values.take(index)
    reasons = [found if isinstance(found, Reason) else None for found in pixels]
    table["reason"] = pa.array(reasons, pa.string())
    known = [facts.get(name, {}) for name in table["prediction"].to_pylist()]
    for name in FACTS:
        table[name] = pa.array([fact.get(name) for fact in known], pa.string())
    return pa.RecordBatch.from_pydict(table).select(INFERENCE.names).cast(INFERENCE)


def _answer_of(
    phone_model: PhoneModel | NoPhoneModel,
    backbone: Backbone,
    reducer: Reducer,
    classifier: Classifier,
) -> Answer:
    if isinstance(phone_model, PhoneModel):
        engine, card = shared_engine(phone_model.content), phone_model.card

        def by_file(photographs: list[Any]) -> dict[str, Any]:
            studio = np.array([uniform_border(pixels) for pixels in photographs])
            answers = np.stack([engine(pixels) for pixels in photographs])
            probabilities = answers[:, : len(card.labels)]
            scores = answers[:, -1] if card.outlier_beyond is not None else None
            confidence = probabilities.max(axis=1).astype(np.float64)
            doubts = doubt_columns(confidence, scores, card.calibration, studio)
            ranked = rank_columns(probabilities, card.labels)
            return ranked | doubts | {"studio": pa.array(studio)}

        return by_file
    network = shared_engine(backbone.model)

    def by_artefacts(photographs: list[Any]) -> dict[str, Any]:
        studio = np.array([uniform_border(pixels) for pixels in photographs])
        features = np.stack([network(pixels) for pixels in photographs])
        components = reducer.transform(features)
        return predicted_columns(classifier, components, studio) | {"studio": pa.array(studio)}

    return by_artefacts


def _check_file(model: PhoneModel, classifier: Classifier) -> None:
    if model.card.classifier_id != classifier.id:
        raise FruitsError(
            f"06_models/fruits.tflite was made of classifier {model.card.classifier_id}, and the "
            f"saved classifier is {classifier.id}: run kedro run --pipelines=classification."
        )
