"""Reads and featurizes photographs on Spark's Python workers, one task at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.photos.augmentation.backgrounds import opened
from fruits_kedro.photos.augmentation.foreground import uniform_border
from fruits_kedro.photos.augmentation.recipe import Recipe
from fruits_kedro.photos.decoding import decode
from fruits_kedro.photos.isolation import Call, caller_for_task
from fruits_kedro.photos.reading import read_again, read_within
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.storage.schemas import FEATURES, IMAGES
from fruits_kedro.storage.tables import read_places

Pixels = npt.NDArray[np.uint8]

TO_READ = pa.schema({"path": pa.string(), "size": pa.int64(), "modified": pa.string()})
"""Columns of a task that reads files."""

TO_FEATURIZE = pa.schema(
    {
        "file": pa.int32(),
        "row": pa.int64(),
        "path": pa.string(),
        "sha256": pa.string(),
        "own": pa.bool_(),
        "variants": pa.list_(pa.int32()),
    }
)
"""Columns of a task that featurizes: where the bytes are, and which variants are missing."""

_BATCH_BYTES = 64 << 20
_BATCH_ROWS = 256
"""Bytes of photographs, and rows, at which a batch is written."""


def read_task(limits: IngestionParameters) -> Callable[[pa.Table], Iterator[pa.RecordBatch]]:
    """Function that reads the files of a task, from ``TO_READ`` to ``schemas.IMAGES``."""

    def read(row: dict[str, Any], call: Call) -> dict[str, Any]:
        file = read_within(row["path"], row["size"], limits, call)._asdict()
        content = file.pop("content")
        return row | file | {"bytes": content if row["size"] <= limits.stored_bytes else None}

    def work(rows: pa.Table) -> Iterator[pa.RecordBatch]:
        with caller_for_task() as call:
            yield from _batches(([read(row, call)] for row in rows.to_pylist()), IMAGES)

    return work


def _batches(
    parts: Iterable[Iterable[dict[str, Any]]], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Batches of bounded size; the rows of one part are in one batch."""
    held: list[dict[str, Any]] = []
    size = 0
    for part in parts:
        first = len(held)
        held += part
        size += sum(len(row.get("bytes") or b"") for row in held[first:])
        if size >= _BATCH_BYTES or len(held) >= _BATCH_ROWS:
            yield pa.RecordBatch.from_pylist(held, schema)
            held, size = [], 0
    if held:
        yield pa.RecordBatch.from_pylist(held, schema)


@dataclass(frozen=True)
class Featurizer:
    """Computes features of photographs and their augmented copies; reads and decodes each once.

    Attributes:
        files: URIs of the files of the table ``images``; ``file`` of a row is a position in it.
        image_size, scaled_decoding: Arguments ``size`` and ``scaled`` of ``decoding.decode``.
        make_engine: Returns, in a worker, a function from ``(size, size, 3)`` uint8 to
            ``(n_features,)`` float32.
        fingerprint: Of the features of photographs.
        copies_fingerprint: Of the features of copies.
        recipe: How a copy is made.
        backgrounds: Broadcast variable of ``Backgrounds.photographs``.
    """

    files: Sequence[str]
    image_size: int
    scaled_decoding: bool
    make_engine: Callable[[], Callable[[Pixels], npt.NDArray[np.float32]]]
    fingerprint: str
    copies_fingerprint: str
    recipe: Recipe
    backgrounds: Any

    def __call__(self, rows: pa.Table) -> Iterator[pa.RecordBatch]:
        """Featurize a task: rows of ``TO_FEATURIZE`` to ``schemas.FEATURES``."""
        infer = self.make_engine()
        with caller_for_task() as call:
            parts = (
                self._of_photograph(row, content, infer, call)
                for row, content in stored_contents(rows, self.files)
            )
            yield from _batches(parts, FEATURES)

    def _of_photograph(
        self, row: dict[str, Any], content: bytes | Reason, infer: Any, call: Call
    ) -> Iterator[dict[str, Any]]:
        pixels: Any = content
        if not isinstance(content, Reason):
            pixels = call(decode, content, self.image_size, self.scaled_decoding)
        for variant in row["variants"]:
            failed = isinstance(pixels, Reason)
            shown = pixels
            if variant and not failed:
                pictures = opened(self.backgrounds.value)
                shown = self.recipe.copy(pixels, row["sha256"], variant, pictures, row["own"])
            yield {
                "sha256": row["sha256"],
                "fingerprint": self.copies_fingerprint if variant else self.fingerprint,
                "variant": variant,
                "features": None if failed else infer(shown),
                "studio": None if failed or variant else uniform_border(pixels),
                "reason": pixels if failed else None,
            }


def stored_contents(
    rows: pa.Table, files: Sequence[str]
) -> Iterator[tuple[dict[str, Any], bytes | Reason]]:
    """The rows of a task with the bytes of their photographs.

    Photographs that were too large for ``images`` are read from their original path.

    Args:
        rows: ``file``, ``row``, ``path`` and ``sha256``, ordered by file and row.
        files: URIs that ``file`` counts.
    """
    asked = rows.to_pylist()
    for part, batch in read_places(files, rows, ["bytes"]):
        for row, content in zip(asked[part], batch.column(0), strict=True):
            if content.is_valid:
                yield row, content.as_py()
            else:
                yield row, read_again(row["path"], row["sha256"])
