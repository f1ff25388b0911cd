"""Finds the features of present photographs and their copies in the table of all features."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.cluster.tasks import WorkerRows, cut
from fruits_kedro.model.matrices import rows_of
from fruits_kedro.model.rows import Rows
from fruits_kedro.storage.tables import Table, read_places

logger = logging.getLogger(__name__)


def kept_photographs(photographs: Table, *splits: str) -> pa.Table:
    """What describes the rows of kept photographs, of all splits or of some."""
    condition = pc.field("status") == "kept"
    if splits:
        condition &= pc.field("split").isin(splits)
    columns = ["path", "label", "split", "source", "place", "capture", "sha256"]
    return photographs.read(columns, condition)


def locate_features(
    features: Table, photographs: pa.Table, variants: pa.Table, fingerprint: str
) -> pa.Table:
    """Where the features of photographs and of their copies are stored.

    Args:
        features: ``schemas.FEATURES``.
        photographs: ``sha256``, and columns that describe each photograph.
        variants: ``schemas.VARIANTS``; copies of other photographs are ignored.
        fingerprint: Of the photographs' own features.

    Returns:
        ``file``, ``row``, ``variant``, ``studio`` and columns of ``photographs``, in stored order.
    """
    keys = features.places(["sha256", "fingerprint", "variant", "studio", "reason"])
    own = pc.and_(pc.equal(keys["variant"], 0), pc.equal(keys["fingerprint"], fingerprint))
    copies = pc.is_in(_names(keys), value_set=_names(variants).combine_chunks())
    index = pc.index_in(keys["sha256"], value_set=photographs["sha256"].combine_chunks())
    found = pc.and_(pc.and_(pc.or_(own, copies), pc.is_null(keys["reason"])), pc.is_valid(index))
    described = photographs.take(index.filter(found))
    for name in ("variant", "studio", "file", "row"):
        described = described.append_column(name, keys[name].filter(found))
    return described


def evenly(rows: pa.Table, limit: int, parameter: str) -> pa.Table:
    """An even draw by sha256 of at most ``limit`` rows; photographs stay with their copies.

    The log says if the limit binds, and that ``parameter`` sets it.
    """
    if rows.num_rows <= limit:
        return rows
    hashes = rows["sha256"]
    last = hashes.take(pc.bottom_k_unstable(hashes, limit + 1)[-1:])[0]
    chosen = rows.filter(pc.less(hashes, last))
    message = "%s=%d: %d of %d rows are used, evenly by sha256"
    logger.info(message, parameter, limit, chosen.num_rows, rows.num_rows)
    return chosen


def targets_of(rows: pa.Table) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The labels of the rows, sorted; and ``(rows,)``, the position of each row's label in them."""
    labels = sorted(rows["label"].unique().to_pylist())
    targets = pc.index_in(rows["label"], value_set=pa.array(labels, pa.string()))
    return labels, targets.to_numpy().astype(np.int64)


def are_own(rows: pa.Table) -> npt.NDArray[np.bool_]:
    """``(rows,)`` true for own photographs."""
    return pc.equal(rows["source"], "own").to_numpy()


def stream_features(
    features: Table, located: pa.Table
) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
    """Features of located rows, one row group at a time, and which of the rows they are."""
    for part, batch in read_places(features.file_uris, located, ["features"]):
        yield part, rows_of(batch.column("features"))


def map_stored(
    table: Table,
    places: pa.Table,
    column: str,
    compute: Callable[[pa.Table, npt.NDArray[np.float32]], dict[str, Any]],
    schema: pa.Schema,
    task_rows: int,
) -> WorkerRows:
    """Compute columns on the workers from a stored column of lists, lazily.

    ``places`` has ``file``, ``row`` and what describes the rows, in stored order. ``compute`` takes
    some of them with their lists, and gives the other columns of ``schema``.
    """
    kept = [name for name in places.column_names if name in ("file", "row", *schema.names)]
    files = table.file_uris

    def work(task: pa.Table) -> Iterator[pa.RecordBatch]:
        for part, batch in read_places(files, task, [column]):
            rows = task.slice(part.start, batch.num_rows)
            for name, values in compute(rows, rows_of(batch.column(column))).items():
                rows = rows.append_column(name, values)
            yield from rows.select(schema.names).cast(schema).combine_chunks().to_batches()

    return WorkerRows(cut(places.select(kept), task_rows), work)


def load_rows(features: Table, located: pa.Table) -> Rows:
    """Load rows of ``locate_features`` into the driver's memory."""
    matrix = np.zeros((0, 0), np.float32)
    for part, block in stream_features(features, located):
        if not len(matrix):
            matrix = np.empty((located.num_rows, block.shape[1]), np.float32)
        matrix[part] = block
    order = pc.sort_indices(
        located, sort_keys=[("sha256", "ascending"), ("variant", "ascending")]
    ).to_numpy()
    rows = located.take(pa.array(order))
    labels, targets = targets_of(rows)
    return Rows(
        sha256=_text(rows["sha256"]),
        variant=rows["variant"].to_numpy(),
        features=matrix[order],
        labels=tuple(labels),
        targets=targets,
        split=_text(rows["split"]),
        capture=_text(rows["capture"]),
        place=_text(rows["place"]),
        own=are_own(rows),
    )


def _names(rows: pa.Table) -> pa.ChunkedArray:
    """One text per (sha256, fingerprint, variant)."""
    variant = pc.cast(rows["variant"], pa.string())
    return pc.binary_join_element_wise(rows["sha256"], rows["fingerprint"], variant, ":")


def _text(column: pa.ChunkedArray) -> npt.NDArray[np.str_]:
    return np.asarray(pc.fill_null(column, "").to_numpy(zero_copy_only=False), np.str_)
