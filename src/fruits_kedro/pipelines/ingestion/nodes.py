"""From folders of photographs to tables, with every file accounted for."""

import logging
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.cluster.tasks import WorkerRows, cores, cut
from fruits_kedro.parameters import IngestionParameters, OwnParameters, SplitParameters
from fruits_kedro.photos import resolving, splits
from fruits_kedro.photos.layout import understand
from fruits_kedro.photos.layout_summary import counts, names_of
from fruits_kedro.photos.listing import Listing
from fruits_kedro.photos.reasons import TRIED_AGAIN, Reason
from fruits_kedro.photos.workers import TO_READ, read_task
from fruits_kedro.storage.schemas import IMAGES, PHOTOGRAPHS
from fruits_kedro.storage.tables import Table

logger = logging.getLogger(__name__)

KEY = ["path", "size", "modified"]
"""Columns that identify a version of a file."""

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

    Returns one row per candidate, and the layout: folders, labels, splits, what is ignored and why.
    Raises FruitsError if no file is in a label folder.
    """
    layout = understand(raw_images, own_images, parameters, own.place_pattern)
    for sentence in layout.sentences:
        logger.info("%s", sentence)
    for warning in layout.warnings:
        logger.warning("%s", warning)
    said = {"sentences": layout.sentences, "warnings": layout.warnings}
    return layout.rows, layout.summary | said


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
    rows = resolving.resolve(_with_read(listing, read, ingestion))
    kept = pc.equal(rows["status"], "kept").combine_chunks()
    drawn, method = splits.assign_splits(rows.filter(kept), split)
    decided = pc.replace_with_mask(rows["split"].combine_chunks(), kept, drawn)
    rows = rows.set_column(rows.schema.get_field_index("split"), "split", decided)
    for warning in (*resolving.warnings(rows), *splits.warnings(rows.filter(kept))):
        logger.warning("%s", warning)
    report = {"method": method, **split.model_dump(exclude={"method"})}
    return rows.select(PHOTOGRAPHS.names), report


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
    kept = rows.filter(pc.equal(rows["status"], "kept"))
    status = counts(rows["status"])
    ignored: Counter[str] = Counter()
    for folder in (layout, *layout["own"]):
        ignored.update(folder["ignored"])
    report = {
        "images": layout["folder"],
        "listed": rows.num_rows + ignored.total(),
        "kept": status.get("kept", 0),
        "duplicates": status.get("duplicate", 0),
        "rejected": status.get("rejected", 0),
        "ignored": ignored.total(),
        "read": unread_files.num_rows,
        "rejected_by_reason": counts(rows.filter(pc.equal(rows["status"], "rejected"))["reason"]),
        "ignored_by_extension": dict(sorted(ignored.items())),
        "kept_by_label": counts(kept["label"]),
        "kept_by_split": counts(kept["split"]),
        "kept_by_source": counts(kept["source"]),
        "layout": layout,
    }
    accounted = sum(report[name] for name in ("kept", "duplicates", "rejected", "ignored"))
    if accounted != report["listed"]:
        raise FruitsError(
            f"{report['listed']} files were listed and {accounted} accounted for: this is a "
            "defect of the pipeline, please report it with 08_reporting/ingestion.json."
        )
    _check_share_of_bad(report, rows, layout, parameters.max_bad_share)
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


def _with_read(listing: pa.Table, images: pa.Table, parameters: IngestionParameters) -> pa.Table:
    """Add ``sha256`` and ``read_reason`` to the listing, under the limits of this run."""
    width, height = (pc.cast(images[side], pa.int64()) for side in ("width", "height"))
    is_large = pc.greater(pc.multiply(width, height), parameters.max_pixels)
    too_large = pc.case_when(
        pc.make_struct(pc.greater(images["size"], parameters.max_bytes), is_large),
        Reason.TOO_MANY_BYTES.value,
        Reason.TOO_MANY_PIXELS.value,
    )
    reason = pc.coalesce(images["reason"], too_large)
    read = images.select([*KEY, "sha256"]).append_column("read_reason", reason)
    # Of several attempts at a file the first counts: a successful one, else one with a sha256.
    read = read.append_column("failed", pc.is_valid(reason)).sort_by(
        [("failed", "ascending"), ("sha256", "descending"), ("read_reason", "descending")]
    )
    names = [
        pc.binary_join_element_wise(
            rows["path"], pc.cast(rows["size"], pa.string()), rows["modified"], "\0"
        )
        for rows in (listing, read)
    ]
    found = pc.index_in(names[0], value_set=names[1].combine_chunks())
    reasons = pc.if_else(
        pc.is_null(found), Reason.UNREADABLE.value, read["read_reason"].take(found)
    )
    listing = listing.append_column("sha256", read["sha256"].take(found))
    return listing.append_column("read_reason", reasons)


def _check_share_of_bad(
    report: dict[str, Any], rows: pa.Table, layout: dict[str, Any], max_bad_share: float
) -> None:
    """Bad files are rejected ones in split folders, and all of a label folder of ignored files."""
    inside = rows.filter(pc.not_equal(pc.fill_null(rows["split"], ""), "outside"))
    unused = sum(layout["ignored_labels"].values())
    bad = pc.sum(pc.equal(inside["status"], "rejected")).as_py() or 0
    if bad + unused > max_bad_share * (inside.num_rows + unused):
        found = report["rejected_by_reason"] | ({"ignored": unused} if unused else {})
        reasons = ", ".join(f"{n} {reason}" for reason, n in found.items())
        raise FruitsError(
            f"{bad + unused} of {inside.num_rows + unused} files in {report['images']} are bad "
            f"({reasons}), more than ingestion.max_bad_share={max_bad_share}: check the folder, "
            "or raise the share."
        )
