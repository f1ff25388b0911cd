"""From folders of photographs to tables, with every file accounted for."""

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.cluster.tasks import WorkerRows, cores, cut
from fruits_kedro.parameters import IngestionParameters, OwnParameters, SplitParameters
from fruits_kedro.photos import resolving, splits
from fruits_kedro.photos.layout import counts, names_of, understand
from fruits_kedro.photos.listing import Listing
from fruits_kedro.photos.reasons import TRIED_AGAIN, Reason
from fruits_kedro.photos.resolving import KEY
from fruits_kedro.photos.workers import TO_READ, read_task
from fruits_kedro.storage.schemas import IMAGES
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

_TASK_FILES = 1000
_TASK_BYTES = 64 << 20
"""Most files and bytes per task: cheap to repeat, but long compared with its 0.2 s of overhead."""


def understand_folders(
    raw_images: Listing,
    own_images: list[Listing],
    parameters: IngestionParameters,
    own: OwnParameters,
) -> tuple[pa.Table, dict[str, Any]]:
    """Derive label, split, capture group and place of every listed file, and say what was found.

    Returns one row per candidate, and the layout: counts, sentences and warnings. Raises
    FruitsError if no file is in a label folder.
    """
    rows, layout = understand(raw_images, own_images, parameters, own.place_pattern)
    for sentence in layout["sentences"]:
        logger.info("%s", sentence)
    for warning in layout["warnings"]:
        logger.warning("%s", warning)
    return rows, layout


def select_unread_files(
    listing: pa.Table, known_images: Table, parameters: IngestionParameters
) -> pa.Table:
    """Select files that are new or changed: their (path, size, modified) is unknown.

    Unreadable files are tried again, because rights and storage may have changed; too large files
    if the limits now allow them. Returns ``TO_READ`` in the order of paths.
    """
    reason = pc.field("reason")
    pixels = pc.field("width").cast(pa.int64()) * pc.field("height").cast(pa.int64())
    again = (
        reason.isin([str(known) for known in TRIED_AGAIN])
        | ((reason == Reason.TOO_MANY_BYTES.value) & (pc.field("size") <= parameters.max_bytes))
        | ((reason == Reason.TOO_MANY_PIXELS.value) & (pixels <= parameters.max_pixels))
    )
    kept = known_images.read(KEY, ~pc.coalesce(again, pc.scalar(False)))
    readable = listing.filter(pc.is_null(listing["reason"])).select(KEY)
    unread = readable.join(kept, KEY, join_type="left anti").sort_by("path").cast(TO_READ)
    logger.info("%d photographs to read", unread.num_rows)
    return unread


def read_images(unread_files: pa.Table, parameters: IngestionParameters) -> Iterator[Any]:
    """Read the bytes and headers of new files.

    Yields ``schemas.IMAGES`` in slices, so that a killed run keeps what it has read.
    """
    for piece in cut(unread_files, parameters.slice_files):
        size = pc.sum(piece["size"]).as_py()
        tasks = max(-(-piece.num_rows // _TASK_FILES), -(-size // _TASK_BYTES), cores())
        rows = cut(piece, -(-piece.num_rows // tasks))
        yield WorkerRows(rows, partial(read_task, parameters=parameters))
    if not unread_files.num_rows:
        yield IMAGES.empty_table()


def resolve_photographs(
    listing: pa.Table,
    images: Table,
    ingestion: IngestionParameters,
    split: SplitParameters,
) -> tuple[pa.Table, dict[str, Any]]:
    """Decide which files are kept, and which of them train and test.

    Returns ``schemas.PHOTOGRAPHS``, one row per listed file, and how they were split.
    """
    read = images.read([*KEY, "sha256", "width", "height", "reason"])
    rows = resolving.resolve(resolving.add_read(listing, read, ingestion))
    kept = pc.equal(rows["status"], "kept").combine_chunks()
    drawn, method = splits.assign_splits(rows.filter(kept), split)
    decided = pc.replace_with_mask(rows["split"].combine_chunks(), kept, drawn)
    rows = rows.set_column(rows.schema.get_field_index("split"), "split", decided)
    for warning in (*resolving.warnings(rows), *splits.warnings(rows.filter(kept))):
        logger.warning("%s", warning)
    return rows, split.model_dump() | {"method": method}


def report_ingestion(
    layout: dict[str, Any],
    unread_files: pa.Table,
    photographs: Table,
    parameters: IngestionParameters,
) -> dict[str, Any]:
    """Count all files by outcome, and check that none was lost.

    Raises FruitsError if the counts do not add up, more than ``max_bad_share`` of the files are
    bad, or fewer than two labels remain.
    """
    rows = photographs.read(["label", "split", "source", "status", "reason"])
    status = counts(rows["status"])
    kept, rejected = (rows.filter(pc.equal(rows["status"], one)) for one in ("kept", "rejected"))
    report = {
        "images": layout["folder"],
        "listed": layout["listed"],
        "kept": kept.num_rows,
        "duplicates": status.get("duplicate", 0),
        "rejected": rejected.num_rows,
        "ignored": sum(layout["ignored"].values()),
        "read": unread_files.num_rows,
        "rejected_by_reason": counts(rejected["reason"]),
        "ignored_by_extension": layout["ignored"],
        **{f"kept_by_{name}": counts(kept[name]) for name in ("label", "split", "source")},
        "layout": layout,
    }
    accounted = sum(report[name] for name in ("kept", "duplicates", "rejected", "ignored"))
    if accounted != report["listed"]:
        raise FruitsError(
            f"{report['listed']} files were listed and {accounted} accounted for: this is a "
            "defect of the pipeline, please report it with 08_reporting/ingestion.json."
        )
    unused = sum(layout["ignored_labels"].values())
    _check_share_of_bad(report, rows, unused, parameters.max_bad_share)
    labels = list(report["kept_by_label"])
    if len(labels) < 2:
        raise FruitsError(
            f"{report['images']} holds photographs of "
            f"{'one label only, ' + labels[0] if labels else 'no label'}: a classifier needs at "
            "least two folders named after their labels."
        )
    logger.info(
        "%(listed)d files: %(kept)d kept, %(duplicates)d duplicates, %(rejected)d rejected, "
        "%(ignored)d ignored; %(read)d read in this run",
        report,
    )
    if report["rejected_by_reason"]:
        logger.info("Rejected: %s", names_of(report["rejected_by_reason"], 10))
    return report


def _check_share_of_bad(
    report: dict[str, Any], rows: pa.Table, ignored: int, max_bad_share: float
) -> None:
    """Bad files are rejected ones in split folders, and ignored ones that fill a label folder."""
    inside = rows.filter(pc.not_equal(pc.fill_null(rows["split"], ""), "outside"))
    bad = counts(inside["status"]).get("rejected", 0) + ignored
    if bad > max_bad_share * (inside.num_rows + ignored):
        found = report["rejected_by_reason"] | ({"ignored": ignored} if ignored else {})
        reasons = ", ".join(f"{n} {reason}" for reason, n in found.items())
        raise FruitsError(
            f"{bad} of {inside.num_rows + ignored} files in {report['images']} are bad "
            f"({reasons}), more than ingestion.max_bad_share={max_bad_share}: check the folder, "
            "or raise the share."
        )
