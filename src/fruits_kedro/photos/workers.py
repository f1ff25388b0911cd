"""Reads and featurizes photographs on Spark's Python workers, one task at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fruits_kedro.photos.augmentation.backgrounds import opened
from fruits_kedro.photos.augmentation.foreground import uniform_border
from fruits_kedro.photos.augmentation.recipe import Recipe
from fruits_kedro.photos.decoding import decode
from fruits_kedro.photos.isolation import Call, caller_for_task
from fruits_kedro.photos.limits import Limits
from fruits_kedro.photos.reading import ReadFile, read_again, read_photograph
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
"""Most bytes of photographs in one batch that is returned to Spark."""
_BATCH_ROWS = 256


def read_task(limits: Limits) -> Callable[[pa.Table], Iterator[pa.RecordBatch]]:
    """Read the files of a task, from ``TO_READ`` to ``schemas.IMAGES``.

    Args:
        limits: Files above them are rejected (by size without reading them) or not copied.
    """

    def work(rows: pa.Table) -> Iterator[pa.RecordBatch]:
        with caller_for_task() as call:
            held: list[dict[str, Any]] = []
            size = 0
            for row in rows.to_pylist():
                file = read_within(row["path"], row["size"], limits, call)
                held.append(row | _columns_of(file, row["size"] <= limits.stored_bytes))
                size += len(held[-1]["bytes"] or b"")
                if size >= _BATCH_BYTES or len(held) >= _BATCH_ROWS:
                    yield pa.RecordBatch.from_pylist(held, IMAGES)
                    held, size = [], 0
            if held:
                yield pa.RecordBatch.from_pylist(held, IMAGES)

    return work


def read_within(path: str, size: int, limits: Limits, call: Call) -> ReadFile:
    """Read one file, or reject it unread if the listing says that it is too large."""
    if size > limits.max_bytes:
        return ReadFile(reason=Reason.TOO_MANY_BYTES)
    return read_photograph(path, limits.max_pixels, call)


def _columns_of(file: ReadFile, is_stored: bool) -> dict[str, Any]:
    return {
        "sha256": file.sha256,
        "width": file.width,
        "height": file.height,
        "format": file.format,
        "bytes": file.content if is_stored else None,
        "reason": file.reason,
    }


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
            held: list[dict[str, Any]] = []
            for row, content in stored_contents(rows, self.files):
                held += self._of_photograph(row, content, infer, call)
                if len(held) >= _BATCH_ROWS:
                    yield pa.RecordBatch.from_pylist(held, FEATURES)
                    held = []
            if held:
                yield pa.RecordBatch.from_pylist(held, FEATURES)

    def _of_photograph(
        self, row: dict[str, Any], content: bytes | Reason, infer: Any, call: Call
    ) -> Iterator[dict[str, Any]]:
        pixels: Any = content
        if not isinstance(content, Reason):
            pixels = call(decode, content, self.image_size, self.scaled_decoding)
        for variant in row["variants"]:
            failed = isinstance(pixels, Reason)
            yield {
                "sha256": row["sha256"],
                "fingerprint": self.copies_fingerprint if variant else self.fingerprint,
                "variant": variant,
                "features": None if failed else infer(self._variant(pixels, row, variant)),
                "studio": None if failed or variant else uniform_border(pixels),
                "reason": pixels if failed else None,
            }

    def _variant(self, pixels: Pixels, row: dict[str, Any], variant: int) -> Pixels:
        if not variant:
            return pixels
        pictures = opened(self.backgrounds.value)
        return self.recipe.copy(pixels, row["sha256"], variant, pictures, row["own"])


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
