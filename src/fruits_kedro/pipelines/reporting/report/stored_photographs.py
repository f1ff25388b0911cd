"""The bytes of a few photographs out of any number, without Spark."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fruits_kedro.photos.reading import read_again
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.stored_rows import is_stored, read_rows, stored_mebibytes

_AT_ONCE = 16
"""Files read beside each other: what an object store takes its time for is the first byte."""
_BATCH = 64
"""Files that are in memory at once."""


def read_photographs(
    images: DataFrame, wanted: Sequence[tuple[str, str]], read_megabytes: int
) -> Iterator[tuple[str, bytes | None]]:
    """Bytes of photographs, in the order asked for.

    Those that the table holds are read from it where the table is small; of a large table the
    files themselves, as those that it does not hold.

    Args:
        images: ``schemas.IMAGES``.
        wanted: sha256 and path.
        read_megabytes: MiB up to which a table counts as small.

    Yields:
        sha256 and the bytes; None where they cannot be read, or are no longer the same.
    """
    known = _stored_bytes(images, [sha for sha, _ in wanted], read_megabytes)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            reading = {
                sha: pool.submit(read_again, path, sha) for sha, path in batch if sha not in known
            }
            for sha, _ in batch:
                if sha in known:
                    yield sha, known[sha].as_py()
                else:
                    again = reading[sha].result()
                    yield sha, None if isinstance(again, Reason) else again


def _stored_bytes(images: DataFrame, hashes: Sequence[str], read_megabytes: int) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_stored(images) and stored_mebibytes(images) > read_megabytes:
        return {}
    condition = pc.field("sha256").isin(pa.array(hashes, pa.string()))
    rows = read_rows(images, ["sha256", "bytes"], condition & pc.field("bytes").is_valid())
    return dict(zip(rows["sha256"].to_pylist(), rows["bytes"], strict=True))
