"""Finds missing features and computes them on the workers, for photographs and scenes."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.cluster.tasks import WorkerRows, broadcast, cores, cut
from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.engine import shared_engine
from fruits_kedro.photos.augmentation.foreground import uniform_border
from fruits_kedro.photos.augmentation.scene import Recipe
from fruits_kedro.photos.decoding import decode
from fruits_kedro.photos.isolation import caller_for_task
from fruits_kedro.photos.reading import read_again
from fruits_kedro.photos.reasons import TRIED_AGAIN, Reason
from fruits_kedro.photos.workers import in_batches
from fruits_kedro.storage.schemas import FEATURES
from fruits_kedro.storage.tables import Table, read_places

_TASK_IMAGES = 500
"""Inferences per task: a few seconds, so that progress moves and a repetition is cheap."""

_WANTED = pa.schema({"sha256": pa.string(), "fingerprint": pa.string(), "variant": pa.int32()})


def missing_variants(
    photographs: Table, variants: pa.Table, known_features: Table, fingerprint: str | None
) -> pa.Table:
    """Wanted variants without features, one row per photograph.

    Args:
        photographs: ``schemas.PHOTOGRAPHS``.
        variants: ``schemas.VARIANTS``: the copies that are wanted.
        known_features: ``schemas.FEATURES``; unreadable photographs count as unknown.
        fingerprint: Of the photographs' own features; None if only copies are wanted.

    Returns path, sha256, source and ``variants``, a sorted list, in the order of paths.
    """
    kept = photographs.read(["path", "sha256", "source"], pc.field("status") == "kept")
    wanted = variants.select(_WANTED.names).cast(_WANTED)
    if fingerprint is not None:
        repeated = (pa.repeat(value, kept.num_rows) for value in (fingerprint, 0))
        originals = pa.table([kept["sha256"], *repeated], _WANTED.names).cast(_WANTED)
        wanted = pa.concat_tables([originals, wanted])
    again = pc.field("reason").isin([str(reason) for reason in TRIED_AGAIN])
    known = known_features.read(_WANTED.names, pc.field("reason").is_null() | ~again)
    missing = wanted.join(known, _WANTED.names, join_type="left anti")
    missing = missing.join(kept, "sha256", join_type="inner")
    missing = missing.sort_by([("path", "ascending"), ("variant", "ascending")])
    grouped = missing.group_by(kept.column_names, use_threads=False)
    return grouped.aggregate([("variant", "list")]).rename_columns({"variant_list": "variants"})


def featurize_in_slices(
    missing: pa.Table, images: Table, backbone: Backbone, recipe: Recipe, slice_images: int
) -> Iterator[Any]:
    """Compute what ``missing_variants`` found missing, on the workers, as ``schemas.FEATURES``.

    Each slice of ``slice_images`` photographs is to be committed before the next.
    """
    if not missing.num_rows:
        yield FEATURES.empty_table()
        return
    work = partial(_featurize, files=images.file_uris, made_with=broadcast((backbone, recipe)))
    for piece in cut(place_images(missing, images), slice_images):
        inferences = len(pc.list_flatten(piece["variants"]))
        tasks = cores() * -(-inferences // (cores() * _TASK_IMAGES))
        yield WorkerRows(_even(piece, tasks), work)


def _featurize(rows: pa.Table, files: Sequence[str], made_with: Any) -> Iterator[pa.RecordBatch]:
    """Featurize the photographs and copies of a task; each photograph is read and decoded once.

    ``rows`` are those of ``place_images``, and ``files`` the URIs that ``file`` counts.
    """
    backbone, recipe = made_with.value
    spec, infer = backbone.spec, shared_engine(backbone.model)
    of_copies = recipe.fingerprint(backbone.fingerprint)

    def features() -> Iterator[dict[str, Any]]:
        for row, content in _stored_contents(rows, files):
            pixels: Any = Reason.UNREADABLE
            if content is not None:
                pixels = call(decode, content, spec.image_size, spec.scaled_decoding)
            failed = isinstance(pixels, Reason)
            for variant in row["variants"]:
                shown = pixels
                if variant and not failed:
                    shown = recipe.copy(pixels, row["sha256"], variant, row["source"] == "own")
                yield {
                    "sha256": row["sha256"],
                    "fingerprint": of_copies if variant else backbone.fingerprint,
                    "variant": variant,
                    "features": None if failed else infer(shown),
                    "studio": None if failed or variant else uniform_border(pixels),
                    "reason": pixels if failed else None,
                }

    with caller_for_task() as call:
        yield from in_batches(features(), FEATURES)


def place_images(rows: pa.Table, images: Table) -> pa.Table:
    """Rows with ``file`` and ``row`` of their bytes in ``images``, ordered by these.

    Any stored row with the same sha256 serves, whatever its path.
    """
    places = images.places(["sha256", "reason"])
    places = places.filter(pc.is_null(places["reason"]))
    known = pc.index_in(rows["sha256"], value_set=places["sha256"].combine_chunks())
    rows = rows.filter(pc.is_valid(known))
    found = places.select(["file", "row"]).take(pc.drop_null(known))
    placed = rows.append_column("file", found["file"]).append_column("row", found["row"])
    return placed.sort_by([("file", "ascending"), ("row", "ascending")])


def read_contents(rows: pa.Table, images: Table) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    """A few photographs (``path``, ``sha256`` and any other columns) with their bytes.

    None stands for bytes that cannot be read.
    """
    return _stored_contents(place_images(rows, images), images.file_uris)


def _stored_contents(
    rows: pa.Table, files: Sequence[str]
) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    """Rows of ``place_images`` with their bytes; large photographs come from their own path."""
    asked = rows.to_pylist()
    for part, batch in read_places(files, rows, ["bytes"]):
        for row, content in zip(asked[part], batch.column(0), strict=True):
            yield (
                row,
                content.as_py() if content.is_valid else read_again(row["path"], row["sha256"]),
            )


def _even(rows: pa.Table, tasks: int) -> list[pa.Table]:
    """Tasks of about as many variants each."""
    counts = pc.list_value_length(rows["variants"]).to_numpy()
    ends = np.cumsum(counts)
    inner = np.searchsorted(ends, np.arange(1, tasks) * ends[-1] / tasks)
    borders = pairwise([0, *inner.tolist(), rows.num_rows])
    return [rows.slice(start, stop - start) for start, stop in borders if stop > start]
