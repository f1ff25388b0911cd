"""Finds missing features and computes them on the workers, for photographs and scenes."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro.cluster.tasks import WorkerRows, broadcast, cores, cut
from fruits_kedro.model.backbone import Backbone
from fruits_kedro.model.engine import shared_engine
from fruits_kedro.photos.augmentation.backgrounds import Backgrounds
from fruits_kedro.photos.augmentation.recipe import Recipe
from fruits_kedro.photos.reasons import TRIED_AGAIN, Reason
from fruits_kedro.photos.workers import TO_FEATURIZE, Featurizer, stored_contents
from fruits_kedro.storage.schemas import FEATURES
from fruits_kedro.storage.tables import Table

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

    Returns:
        path, sha256, own and ``variants``, a sorted list, in the order of paths.
    """
    kept = photographs.read(["path", "sha256", "source"], pc.field("status") == "kept")
    wanted = variants.select(_WANTED.names).cast(_WANTED)
    if fingerprint is not None:
        originals = [
            kept["sha256"],
            pa.repeat(fingerprint, kept.num_rows),
            pa.repeat(0, kept.num_rows),
        ]
        wanted = pa.concat_tables([pa.table(originals, _WANTED.names).cast(_WANTED), wanted])
    again = pc.field("reason").isin([str(reason) for reason in TRIED_AGAIN])
    known = known_features.read(_WANTED.names, pc.field("reason").is_null() | ~again)
    missing = wanted.join(known, _WANTED.names, join_type="left anti")
    missing = missing.sort_by([("sha256", "ascending"), ("variant", "ascending")])
    grouped = missing.group_by("sha256", use_threads=False).aggregate([("variant", "list")])
    place = pc.index_in(kept["sha256"], value_set=grouped["sha256"].combine_chunks())
    rows = kept.filter(pc.is_valid(place))
    columns = {
        "path": rows["path"],
        "sha256": rows["sha256"],
        "own": pc.equal(rows["source"], "own"),
        "variants": grouped["variant_list"].take(pc.drop_null(place)),
    }
    return pa.table(columns).sort_by("path")


def featurize_in_slices(
    missing: pa.Table,
    images: Table,
    backbone: Backbone,
    recipe: Recipe,
    backgrounds: Backgrounds,
    slice_images: int,
) -> Iterator[Any]:
    """Compute what ``missing_variants`` found missing, on the workers, as ``schemas.FEATURES``.

    Each slice of ``slice_images`` photographs is to be committed before the next.
    """
    if not missing.num_rows:
        yield FEATURES.empty_table()
        return
    model, pictures = broadcast(backbone.model), broadcast(backgrounds.photographs)

    def make_engine() -> Any:
        return shared_engine(model.value)

    work = Featurizer(
        images.file_uris,
        backbone.spec.image_size,
        backbone.spec.scaled_decoding,
        make_engine,
        backbone.fingerprint,
        recipe.fingerprint(backbone.fingerprint),
        recipe,
        pictures,
    )
    for piece in cut(place_images(missing, images), slice_images):
        inferences = len(pc.list_flatten(piece["variants"]))
        tasks = cores() * -(-inferences // (cores() * _TASK_IMAGES))
        yield WorkerRows(_even(piece, tasks), work)


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


def read_contents(rows: pa.Table, images: Table) -> Iterator[tuple[dict[str, Any], bytes | Reason]]:
    """A few photographs (``path``, ``sha256`` and any other columns) with their bytes."""
    return stored_contents(place_images(rows, images), images.file_uris)


def _even(rows: pa.Table, tasks: int) -> list[pa.Table]:
    """Tasks of about as many variants each."""
    counts = pc.list_value_length(rows["variants"]).to_numpy()
    ends = np.cumsum(counts)
    inner = np.searchsorted(ends, np.arange(1, tasks) * ends[-1] / tasks)
    borders = pairwise([0, *inner.tolist(), rows.num_rows])
    rows = rows.select(TO_FEATURIZE.names)
    return [rows.slice(start, stop - start) for start, stop in borders if stop > start]
