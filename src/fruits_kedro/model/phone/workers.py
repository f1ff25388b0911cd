"""Photographs to labels by the file for a phone, on Spark's workers."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fruits_kedro.model.phone.artefact import PhoneModel
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.schemas import PREDICTED, ddl_of

if TYPE_CHECKING:
    import pyarrow as pa


def classify(photographs: DataFrame, model: PhoneModel) -> DataFrame:
    """The three most probable labels of photographs, lazily.

    Args:
        photographs: Rows with ``bytes`` and any other columns.
        model: Sent to every executor once, as a broadcast.

    Returns:
        The other columns, ``schemas.PREDICTED`` (of no meaning where there is no photograph to
        decode) and ``reason`` (null or why a photograph could not be decoded).
    """
    content, card = photographs.sparkSession.sparkContext.broadcast(model.content), model.card
    others = photographs.drop("bytes")
    names = others.columns

    def classify_batches(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        from fruits_kedro.model.classifier.regression import candidate_columns, doubt_columns
        from fruits_kedro.model.phone.engine import shared_phone_engine
        from fruits_kedro.photos.batches import infer_batch
        from fruits_kedro.photos.isolation import caller_for_task

        infer, width = shared_phone_engine(content.value).answer, len(card.labels) + 1
        with caller_for_task() as call:
            for batch in batches:
                found = infer_batch(batch, infer, width, card, call)
                columns = {name: batch.column(name) for name in names}
                probabilities, scores = found.values[:, :-1].astype(float), found.values[:, -1]
                columns |= candidate_columns(probabilities, card.labels)
                columns |= doubt_columns(
                    probabilities.max(axis=1), scores, card.sure_from, card.outlier_beyond
                )
                yield pa.RecordBatch.from_pydict(
                    columns | {"reason": pa.array(found.reasons, pa.string())}
                )

    return photographs.mapInArrow(classify_batches, f"{ddl_of(others)}, {PREDICTED}, reason string")
