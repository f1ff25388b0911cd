"""Reading and inferring photographs on Spark's workers, as functions of Arrow batches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fruits_kedro.model.backbone.artefact import BackboneSpec
from fruits_kedro.model.backbone.engine import Engine
from fruits_kedro.photos.decoding import decode
from fruits_kedro.photos.isolation import Call, call_directly
from fruits_kedro.photos.limits import Limits
from fruits_kedro.photos.reading import ReadFile, read_again, read_photograph
from fruits_kedro.photos.reasons import Reason

_READ_COLUMNS: list[tuple[str, str, pa.DataType]] = [
    ("sha256", "sha256", pa.string()),
    ("width", "width", pa.int32()),
    ("height", "height", pa.int32()),
    ("format", "format", pa.string()),
    ("bytes", "content", pa.binary()),
    ("reason", "reason", pa.string()),
]
"""Column, attribute of ``ReadFile``, type."""

MAX_BATCH_BYTES = 64 << 20
"""Bytes of photographs in one batch sent back to Spark: large photographs make small batches."""


def read_batch(
    batch: pa.RecordBatch, limits: Limits, call: Call = call_directly
) -> Iterator[pa.RecordBatch]:
    """Read the files of a batch and append what was read as columns.

    Args:
        batch: Rows with ``path`` and ``size`` (bytes, from the listing).
        limits: Larger files are rejected, or not copied.
        call: How the decoder is called.
    """
    start, held, read = 0, 0, []
    sizes = batch.column("size").to_pylist()
    for index, path in enumerate(batch.column("path").to_pylist()):
        if sizes[index] > limits.max_bytes:
            read.append(ReadFile(reason=Reason.TOO_MANY_BYTES))
        else:
            file = read_photograph(path, limits.max_pixels, call)
            is_copied = sizes[index] <= limits.stored_bytes
            read.append(file if is_copied else replace(file, content=None))
        held += len(read[-1].content or b"")
        if held >= MAX_BATCH_BYTES or index == batch.num_rows - 1:
            yield _with_read(batch.slice(start, len(read)), read)
            start, held, read = index + 1, 0, []


def _with_read(batch: pa.RecordBatch, read: list[ReadFile]) -> pa.RecordBatch:
    columns = [
        pa.array([getattr(file, attribute) for file in read], kind)
        for _, attribute, kind in _READ_COLUMNS
    ]
    names = batch.schema.names + [name for name, _, _ in _READ_COLUMNS]
    return pa.RecordBatch.from_arrays([*batch.columns, *columns], names)


Pixels = npt.NDArray[np.uint8]

Change = Callable[[Pixels, pa.RecordBatch, int], Pixels]
"""Changes the pixels of a row of a batch between decoder and network."""


def unchanged(pixels: Pixels, batch: pa.RecordBatch, row: int) -> Pixels:
    """Give the photograph itself."""
    return pixels


def featurize_batch(
    batch: pa.RecordBatch,
    engine: Engine,
    spec: BackboneSpec,
    call: Call = call_directly,
    change: Change = unchanged,
) -> pa.RecordBatch:
    """Replace the ``bytes`` of a batch by its features.

    Args:
        batch: Rows with ``bytes`` (see ``contents``) and any other columns.
        engine: The backbone.
        spec: How the backbone takes its pixels.
        call: How the decoder is called.
        change: Applied to the decoded pixels.

    Returns:
        The other columns, ``features`` (list of float32, null where decoding failed) and
        ``reason`` (null where it succeeded).
    """
    found = infer_batch(batch, engine.features, engine.n_features, spec, call, change)
    others = [name for name in batch.schema.names if name != "bytes"]
    columns = [batch.column(name) for name in others]
    columns += [_as_lists(found.values, found.missing), pa.array(found.reasons, pa.string())]
    return pa.RecordBatch.from_arrays(columns, [*others, "features", "reason"])


class Input(Protocol):
    """The pixels that a network takes, as ``BackboneSpec`` or the card of a phone file says."""

    @property
    def image_size(self) -> int:
        """Pixels of each side."""

    @property
    def scaled_decoding(self) -> bool:
        """Whether large JPEGs are decoded at a fraction of their size."""


@dataclass(frozen=True)
class Inferred:
    """Outputs of a network for the photographs of a batch.

    Attributes:
        values: ``(rows, width)`` float32, zeros in rows without pixels.
        missing: ``(rows,)`` bool, true for rows without pixels.
        reasons: Why a photograph could not be decoded, else None.
    """

    values: npt.NDArray[np.float32]
    missing: npt.NDArray[np.bool_]
    reasons: list[Reason | None]


def infer_batch(
    batch: pa.RecordBatch,
    infer: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]],
    width: int,
    taken: Input,
    call: Call = call_directly,
    change: Change = unchanged,
) -> Inferred:
    """Decode the photographs of a batch and infer each.

    Args:
        batch: Rows with ``bytes``; see ``contents``.
        infer: From ``(size, size, 3)`` uint8 to ``(width,)`` float32.
        width: Length of the output of ``infer``.
        taken: The pixels that ``infer`` takes.
        call: How the decoder is called.
        change: Applied to the decoded pixels.
    """
    values = np.zeros((batch.num_rows, width), np.float32)
    reasons: list[Reason | None] = [None] * batch.num_rows
    missing = np.ones(batch.num_rows, np.bool_)
    for row, content in enumerate(contents(batch)):
        if content is None:
            continue
        pixels: Any = content
        if not isinstance(content, Reason):
            pixels = call(decode, content, taken.image_size, taken.scaled_decoding)
        if isinstance(pixels, Reason):
            reasons[row] = pixels
        else:
            values[row] = infer(change(pixels, batch, row))
            missing[row] = False
    return Inferred(values, missing, reasons)


def contents(rows: pa.RecordBatch | pa.Table) -> Iterator[bytes | Reason | None]:
    """Give the bytes of each photograph, or the reason why it has none.

    Args:
        rows: With ``bytes``. A photograph with ``sha256`` but without bytes was too large to be
            copied, and is read again at its ``path``; other rows without bytes give None.
    """
    kept = rows.column("bytes")
    hashes = rows.column("sha256") if "sha256" in rows.schema.names else None
    for row in range(rows.num_rows):
        if kept[row].is_valid:
            yield kept[row].as_py()
        elif hashes is not None and hashes[row].is_valid:
            yield read_again(rows.column("path")[row].as_py(), hashes[row].as_py())
        else:
            yield None


def _as_lists(features: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> pa.ListArray:
    """Convert rows to variable-size lists: ``mapInArrow`` refuses fixed-size ones."""
    lengths = np.where(missing, 0, features.shape[1])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    values = pa.array(features[~missing].reshape(-1))
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(missing))
