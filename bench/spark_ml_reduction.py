"""(e) Spark ML's standard scaler and PCA on the stored features of a run of the project."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.machine import usable_cores
from bench.results import measure_places
from bench.sessions import start_spark
from bench.stored import FEATURES, SPLITS, load_backbone, part_folders

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

COMPONENTS = 300


def measure(storage: Path, output: Path) -> dict[str, Any]:
    """Fit on the stored train rows, transform all rows, write them as Parquet.

    Args:
        storage: Of a finished run.
        output: Folder that takes the components.

    Returns:
        Seconds from the stored tables to the written one, without the start of the session.
    """
    spark = start_spark(usable_cores())
    rows = read_rows(spark, storage)
    # The project's side has read its tables once before its clock starts, too.
    counts = {row.split: row["count"] for row in rows.groupBy("split").count().collect()}
    start = time.perf_counter()
    reduced, explained = fit_and_transform(rows, min(COMPONENTS, counts["train"] - 1))
    fitted = time.perf_counter()
    reduced.write.mode("overwrite").parquet(str(output))
    ended = time.perf_counter()
    return {
        "images": sum(counts.values()),
        "train_rows": counts["train"],
        "explained_variance": explained,
        "fit_seconds": round(fitted - start, 3),
        "transform_seconds": round(ended - fitted, 3),
        "reduction_seconds": round(ended - start, 3),
    }


def read_rows(spark: "SparkSession", storage: Path) -> "DataFrame":
    """path, label, split and features, as a vector, of every photograph of the run, lazily."""
    from pyspark.ml.functions import array_to_vector
    from pyspark.sql import functions as F

    features = spark.read.parquet(*part_folders(storage, FEATURES))
    present = features.filter(
        (features.fingerprint == load_backbone(storage).fingerprint)
        & (features.variant == 0)
        & features.reason.isNull()
    )
    splits = spark.read.parquet(*part_folders(storage, SPLITS))
    rows = splits.join(present.select("sha256", "features"), "sha256")
    vector = array_to_vector(F.col("features")).alias("vector")
    return rows.select("path", "label", "split", vector)


def fit_and_transform(rows: "DataFrame", components: int) -> "tuple[DataFrame, float]":
    """Fit on train rows; all rows transformed, lazily, and the share of variance explained."""
    from pyspark.ml.feature import PCA, StandardScaler

    train = rows.filter("split = 'train'")
    scaler = StandardScaler(inputCol="vector", outputCol="scaled").fit(train)
    pca = PCA(k=components, inputCol="scaled", outputCol="components").fit(scaler.transform(train))
    reduced = pca.transform(scaler.transform(rows)).select("path", "label", "split", "components")
    return reduced, float(pca.explainedVariance.toArray().sum())


if __name__ == "__main__":
    measure_places(__doc__, measure, "storage", "output")
