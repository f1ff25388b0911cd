"""From folders of photographs to tables, with every file accounted for."""

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fruits_kedro import FruitsError
from fruits_kedro.cluster.tasks import cores, cut, on_workers
from fruits_kedro.parameters import IngestionParameters, OwnParameters, SplitParameters
from fruits_kedro.photos import resolving
from fruits_kedro.photos import splits as splits_of
from fruits_kedro.photos.layout import understand
from fruits_kedro.photos.layout_summary import names_of
from fruits_kedro.photos.listing import Listing
from fruits_kedro.photos.reading import Limits
from fruits_kedro.photos.reasons import TRIED_AGAIN, Reason
from fruits_kedro.photos.resolving import resolve
from fruits_kedro.photos.splits import assign_splits
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

    Returns:
        One row per candidate; and the layout: folders, labels, splits, what is ignored and why.

    Raises:
        FruitsError: If no file is in a label folder.
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
    if the limits now allow them.

    Returns:
        path, size and modified, in the order of paths.
    """
    known = known_images.read([*KEY, "width", "height", "reason"])
    reason = known["reason"]
    again = pc.or_kleene(
        pc.is_in(reason, value_set=pa.array([str(known) for known in TRIED_AGAIN])),
        pc.or_kleene(
            pc.and_kleene(
                pc.equal(reason, Reason.TOO_MANY_BYTES.value),
                pc.less_equal(known["size"], parameters.max_bytes),
            ),
            pc.and_kleene(
                pc.equal(reason, Reason.TOO_MANY_PIXELS.value),
                pc.less_equal(_pixels(known), parameters.max_pixels),
            ),
        ),
    )
    kept = known.filter(pc.invert(pc.fill_null(again, False))).select(KEY)
    readable = listing.filter(pc.is_null(listing["reason"])).select(KEY)
    unread = readable.join(kept, KEY, join_type="left anti").sort_by("path").cast(TO_READ)
    logger.info("%d photographs to read", unread.num_rows)
    return unread


def read_images(unread_files: pa.Table, parameters: IngestionParameters) -> Iterator[Any]:
    """Read the bytes and headers of new files.

    Yields:
        ``schemas.IMAGES``, slice by slice, so that a killed run keeps what it has read.
    """
    for piece in cut(unread_files, parameters.slice_files):
        yield on_workers(_reading_tasks(piece), read_task(Limits.of(parameters)), IMAGES)
    if not unread_files.num_rows:
        yield IMAGES.empty_table()


def resolve_photographs(
    listing: pa.Table,
    images: Table,
    ingestion: IngestionParameters,
    split: SplitParameters,
) -> tuple[pa.Table, dict[str, Any]]:
    """Decide which files are kept, and which of them train and test.

    Returns:
        ``schemas.PHOTOGRAPHS``, one row per listed file; and how they were split.
    """
    read = images.read([*KEY, "sha256", "width", "height", "reason"])
    rows = resolve(_with_read(listing, read, ingestion))
    kept = pc.equal(rows["status"], "kept").combine_chunks()
    decided, method = assign_splits(rows.filter(kept), split)
    place = pc.subtract(pc.cumulative_sum(pc.cast(kept, pa.int64())), 1)
    chosen = decided.take(pc.if_else(kept, place, pa.scalar(None, pa.int64())))
    splits = pc.if_else(kept, chosen, rows["split"].combine_chunks())
    rows = rows.set_column(rows.schema.get_field_index("split"), "split", splits)
    for warning in (*resolving.warnings(rows), *splits_of.warnings(rows.filter(kept))):
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

    Raises:
        FruitsError: If the counts do not add up, more than ``max_bad_share`` of the files are bad,
            or fewer than two labels remain.
    """
    rows = photographs.read(["label", "split", "source", "status", "reason"])
    kept = rows.filter(pc.equal(rows["status"], "kept"))
    status = _totals(rows, "status")
    ignored = _ignored(layout)
    report = {
        "images": layout["folder"],
        "listed": rows.num_rows + sum(ignored.values()),
        "kept": status.get("kept", 0),
        "duplicates": status.get("duplicate", 0),
        "rejected": status.get("rejected", 0),
        "ignored": sum(ignored.values()),
        "read": unread_files.num_rows,
        "rejected_by_reason": _totals(rows.filter(pc.equal(rows["status"], "rejected")), "reason"),
        "ignored_by_extension": ignored,
        "kept_by_label": _totals(kept, "label"),
        "kept_by_split": _totals(kept, "split"),
        "kept_by_source": _totals(kept, "source"),
        "layout": layout,
    }
    _check_accounts(report)
    _check_share_of_bad(report, rows, layout, parameters.max_bad_share)
    _check_labels(report)
    logger.info(
        "%(listed)d files: %(kept)d kept, %(duplicates)d duplicates, %(rejected)d rejected, "
        "%(ignored)d ignored; %(read)d read in this run",
        report,
    )
    if report["rejected_by_reason"]:
        logger.info("Rejected: %s", names_of(report["rejected_by_reason"], 10))
    return report


def _ignored(layout: dict[str, Any]) -> dict[str, int]:
    """Ignored files by extension, own folders included."""
    counts = Counter(layout["ignored"])
    for own in layout["own"]:
        counts.update(own["ignored"])
    return dict(sorted(counts.items()))


def _reading_tasks(files: pa.Table) -> list[pa.Table]:
    """Cut files into even tasks: at least one per core, each of bounded size."""
    size = pc.sum(files["size"]).as_py() or 0
    tasks = max(-(-files.num_rows // _TASK_FILES), -(-size // _TASK_BYTES), cores())
    return cut(files, max(-(-files.num_rows // tasks), 1))


def _pixels(images: pa.Table) -> Any:
    return pc.multiply(pc.cast(images["width"], pa.int64()), pc.cast(images["height"], pa.int64()))


def _with_read(listing: pa.Table, images: pa.Table, parameters: IngestionParameters) -> pa.Table:
    """Add ``sha256`` and ``read_reason`` to the listing, under the limits of this run."""
    reason = pc.coalesce(
        images["reason"],
        pc.if_else(
            pc.greater(images["size"], parameters.max_bytes),
            Reason.TOO_MANY_BYTES.value,
            pc.if_else(
                pc.fill_null(pc.greater(_pixels(images), parameters.max_pixels), False),
                Reason.TOO_MANY_PIXELS.value,
                pa.scalar(None, pa.string()),
            ),
        ),
    )
    read = images.select([*KEY, "sha256"]).append_column("read_reason", reason)
    # Of several attempts at a file: a successful one, else one with a sha256.
    failed = pc.cast(pc.is_valid(reason), pa.int8())
    unread = pc.cast(pc.is_null(read["sha256"]), pa.int8())
    read = read.append_column("order", pc.add(pc.multiply(failed, pa.scalar(2, pa.int8())), unread))
    best = read.group_by(KEY, use_threads=False).aggregate([("order", "min")])
    best = best.rename_columns([*KEY, "order"])
    read = read.join(best, [*KEY, "order"], join_type="inner")
    read = read.group_by(KEY, use_threads=False).aggregate(
        [("sha256", "max"), ("read_reason", "max")]
    )
    read = read.rename_columns([*KEY, "sha256", "read_reason"])
    found = _places(listing, read)
    unread = pc.is_null(found)
    reasons = pc.if_else(unread, Reason.UNREADABLE.value, read["read_reason"].take(found))
    listing = listing.append_column("sha256", read["sha256"].take(found))
    return listing.append_column("read_reason", reasons)


def _places(listing: pa.Table, read: pa.Table) -> pa.Array:
    """Position in ``read`` of each listed file; null for unread files."""
    names = [
        pc.binary_join_element_wise(
            rows["path"], pc.cast(rows["size"], pa.string()), rows["modified"], "\0"
        )
        for rows in (listing, read)
    ]
    return pc.index_in(names[0], value_set=names[1].combine_chunks())


def _totals(rows: pa.Table, column: str) -> dict[str, int]:
    counts = pc.value_counts(rows[column].combine_chunks()).to_pylist()
    return {str(row["values"]): row["counts"] for row in sorted(counts, key=_by_name)}


def _by_name(count: dict[str, Any]) -> str:
    return str(count["values"])


def _check_accounts(report: dict[str, Any]) -> None:
    accounted = sum(report[name] for name in ("kept", "duplicates", "rejected", "ignored"))
    if accounted != report["listed"]:
        raise FruitsError(
            f"{report['listed']} files were listed and {accounted} accounted for: this is a "
            "defect of the pipeline, please report it with 08_reporting/ingestion.json."
        )


def _check_share_of_bad(
    report: dict[str, Any], rows: pa.Table, layout: dict[str, Any], max_bad_share: float
) -> None:
    """Bad files are rejected ones in split folders, and all of a label folder of ignored files."""
    inside = rows.filter(pc.not_equal(pc.fill_null(rows["split"], ""), "outside"))
    unused = sum(layout["ignored_labels"].values())
    bad = pc.sum(pc.equal(inside["status"], "rejected")).as_py() or 0
    if bad + unused > max_bad_share * (inside.num_rows + unused):
        counts = report["rejected_by_reason"] | ({"ignored": unused} if unused else {})
        reasons = ", ".join(f"{n} {reason}" for reason, n in counts.items())
        raise FruitsError(
            f"{bad + unused} of {inside.num_rows + unused} files in {report['images']} are bad "
            f"({reasons}), more than ingestion.max_bad_share={max_bad_share}: check the folder, "
            "or raise the share."
        )


def _check_labels(report: dict[str, Any]) -> None:
    labels = list(report["kept_by_label"])
    if len(labels) < 2:
        raise FruitsError(
            f"{report['images']} holds photographs of "
            f"{'one label only, ' + labels[0] if labels else 'no label'}: a classifier needs at "
            "least two folders named after their labels."
        )
