"""From an image folder to a table of photographs, with every file accounted for."""

import logging
from collections.abc import Iterator
from typing import Any

from fruits_kedro import FruitsError
from fruits_kedro.cluster.session import get_spark
from fruits_kedro.parameters import IngestionParameters
from fruits_kedro.photos.labels import parse_label, parse_split
from fruits_kedro.photos.limits import Limits
from fruits_kedro.photos.listing import Listing
from fruits_kedro.photos.reasons import Reason
from fruits_kedro.photos.workers import in_reading_tasks, read_files
from fruits_kedro.storage.heavy_types import DataFrame
from fruits_kedro.storage.schemas import LISTING
from fruits_kedro.storage.slices import slices_of

logger = logging.getLogger(__name__)


def label_listing(raw_images: Listing) -> tuple[DataFrame, dict[str, Any]]:
    """Give every listed file its label and split.

    Returns:
        ``schemas.LISTING``; and what was listed in all: the folder, the number of candidates and
        of ignored files by extension.

    Raises:
        FruitsError: Where no file lies in a label folder.
    """
    import pyarrow as pa

    files = raw_images.files
    relative = files.column("relative_path").to_pylist()
    labels = [parse_label(path) for path in relative]
    if not any(labels):
        raise FruitsError(
            f"No photograph in {raw_images.uri} lies in a folder named after its label: sort them "
            "into one folder per label, or predict unlabelled photographs with "
            "--pipelines=inference."
        )
    readable = files.column("name_is_utf8").to_pylist()
    reasons = [_listing_reason(*pair) for pair in zip(labels, readable, strict=True)]
    table = pa.table(
        {
            "path": files.column("path"),
            "label": pa.array(labels, pa.string()),
            "split": pa.array([parse_split(path) for path in relative], pa.string()),
            "size": files.column("size"),
            "modified": files.column("modified"),
            "reason": pa.array(reasons, pa.string()),
        }
    )
    found = {
        "images": raw_images.uri,
        "candidates": files.num_rows,
        "ignored_by_extension": raw_images.ignored,
    }
    return get_spark().createDataFrame(table, LISTING), found


def select_unread_files(
    listing: DataFrame, known_images: DataFrame, parameters: IngestionParameters
) -> DataFrame:
    """Files that were never read, or changed since: their (path, size, modified) is unknown.

    What could not be read is tried again: a right or a storage may have been mended since, which
    no date of the file tells. So is what was too large, where the limits now allow it.

    Returns:
        Rows of the listing.
    """
    from pyspark.sql import functions as F

    key = ["path", "size", "modified"]
    again = (
        F.when(F.col("reason") == Reason.UNREADABLE.value, True)
        .when(F.col("reason") == Reason.TOO_MANY_BYTES.value, ~_too_many_bytes(parameters))
        .when(F.col("reason") == Reason.TOO_MANY_PIXELS.value, ~_too_many_pixels(parameters))
        .otherwise(False)
    )
    known = known_images.filter(~again)
    unread = (
        listing.filter("reason is null")
        .join(known.select(*key), key, "left_anti")
        .drop("reason")
        .cache()
    )
    logger.info("%d photographs to read", unread.count())
    return unread


def read_images(unread_files: DataFrame, parameters: IngestionParameters) -> Iterator[DataFrame]:
    """Read the bytes and headers of files that are not known yet.

    Yields:
        ``schemas.IMAGES``, slice by slice, so that a killed run keeps what it has read.
    """
    for piece in slices_of(unread_files, parameters.slice_files):
        files = in_reading_tasks(piece.of(unread_files), piece.rows, piece.size)
        yield read_files(files, Limits.of(parameters))


def resolve_photographs(
    listing: DataFrame, images: DataFrame, parameters: IngestionParameters
) -> DataFrame:
    """Decide which of the listed files are photographs to work with.

    The same bytes under two labels are rejected everywhere, as a conflict; the same bytes in train
    and test stay in test only; of any other copies the first path stays.

    Returns:
        ``schemas.PHOTOGRAPHS``, one row per listed file.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    key = ["path", "size", "modified"]
    # The limits of this run hold for what an earlier one kept.
    now = (
        F.when(F.col("reason").isNotNull(), F.col("reason"))
        .when(_too_many_bytes(parameters), Reason.TOO_MANY_BYTES.value)
        .when(_too_many_pixels(parameters), Reason.TOO_MANY_PIXELS.value)
    )
    # A file that was tried more than once: the try that kept it, or gave a sha256, is the greater.
    kept = F.col("reason").isNull().alias("kept")
    best = F.max(F.struct(kept, "sha256", now.alias("read_reason"))).alias("read")
    read = images.groupBy(*key).agg(best).select(*key, "read.sha256", "read.read_reason")
    rows = listing.join(read, key, "left").withColumn("reason", F.coalesce("reason", "read_reason"))
    same_bytes = Window.partitionBy("usable", "sha256")
    labels = F.size(F.collect_set("label").over(same_bytes))
    held_out_first = F.when(F.col("split") == "test", 0).when(F.col("split") == "validation", 1)
    copy = F.row_number().over(same_bytes.orderBy(F.coalesce(held_out_first, F.lit(2)), "path"))
    rows = rows.withColumn("usable", F.col("reason").isNull())
    rows = rows.withColumn("labels", labels).withColumn("copy", copy)
    reason = (
        F.when(~F.col("usable"), F.col("reason"))
        .when(F.col("labels") > 1, Reason.LABEL_CONFLICT.value)
        .when(F.col("copy") > 1, Reason.DUPLICATE.value)
    )
    status = (
        F.when(F.col("reason").isNull(), "kept")
        .when(F.col("reason") == Reason.DUPLICATE.value, "duplicate")
        .otherwise("rejected")
    )
    return rows.withColumn("reason", reason).withColumn("status", status)


def report_ingestion(
    found: dict[str, Any],
    unread_files: DataFrame,
    photographs: DataFrame,
    parameters: IngestionParameters,
) -> dict[str, Any]:
    """Count what went in and what came out, and check that nothing was lost.

    Raises:
        FruitsError: Where the counts do not add up, where more than ``max_bad_share`` of the
            files are bad, or where fewer than two labels are left.
    """
    from pyspark.sql import functions as F

    counts = photographs.groupBy("status", "reason", "label", "split").agg(
        F.count(F.lit(1)).alias("rows")
    )
    frame = counts.toPandas()
    ignored = found["ignored_by_extension"]
    kept = frame[frame.status == "kept"]
    rejected = frame[frame.status == "rejected"]
    report = {
        "images": found["images"],
        "listed": found["candidates"] + sum(ignored.values()),
        "kept": int(kept["rows"].sum()),
        "duplicates": int(frame[frame.status == "duplicate"]["rows"].sum()),
        "rejected": int(rejected["rows"].sum()),
        "ignored": sum(ignored.values()),
        "read": unread_files.count(),
        "rejected_by_reason": _totals(rejected, "reason"),
        "ignored_by_extension": ignored,
        "kept_by_label": _totals(kept, "label"),
        "kept_by_split": _totals(kept.fillna({"split": "none"}), "split"),
    }
    _check_accounts(report)
    _check_share_of_bad(report, parameters.max_bad_share)
    _check_labels(report)
    logger.info(
        "%(listed)d files: %(kept)d kept, %(duplicates)d duplicates, %(rejected)d rejected, "
        "%(ignored)d ignored; %(read)d read in this run",
        report,
    )
    return report


def _too_many_bytes(parameters: IngestionParameters) -> Any:
    from pyspark.sql import functions as F

    return F.col("size") > parameters.max_bytes


def _too_many_pixels(parameters: IngestionParameters) -> Any:
    """Of a row of ``schemas.IMAGES`` whose header was read."""
    from pyspark.sql import functions as F

    return F.col("width").cast("long") * F.col("height") > parameters.max_pixels


def _listing_reason(label: str | None, name_is_utf8: bool) -> Reason | None:
    if not name_is_utf8:
        return Reason.NAME_NOT_UTF8
    return Reason.NO_LABEL if label is None else None


def _totals(frame: Any, column: str) -> dict[str, int]:
    totals = frame.groupby(column)["rows"].sum().sort_index()
    return {str(name): int(rows) for name, rows in totals.items()}


def _check_accounts(report: dict[str, Any]) -> None:
    accounted = sum(report[name] for name in ("kept", "duplicates", "rejected", "ignored"))
    if accounted != report["listed"]:
        raise FruitsError(
            f"{report['listed']} files were listed and {accounted} accounted for: this is a "
            "defect of the pipeline, please report it with 08_reporting/ingestion.json."
        )


def _check_share_of_bad(report: dict[str, Any], max_bad_share: float) -> None:
    candidates = report["listed"] - report["ignored"]
    if report["rejected"] > max_bad_share * candidates:
        reasons = ", ".join(f"{n} {reason}" for reason, n in report["rejected_by_reason"].items())
        raise FruitsError(
            f"{report['rejected']} of {candidates} files in {report['images']} are bad "
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
