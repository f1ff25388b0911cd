"""The original notebook's way of the whole job, rewritten plainly and with nothing weakened.

``binaryFile`` → 24 partitions → iterator pandas UDF that calls Keras's ``MobileNetV2.predict`` →
standard scaler → PCA → Parquet → CSV → random forest of 200 trees on a random 80 % of the rows.
"""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from bench.scripts import CORES, EXTENSIONS, WEIGHTS, Stopwatch, run_script

SIZE, PARTITIONS, COMPONENTS, TREES = 224, 24, 300, 200
SHARES, SEED = [0.8, 0.2], 42


def measure(images: Path, output: Path) -> dict[str, Any]:
    """Do the whole job once; seconds of each stage, number of photographs, accuracy."""
    watch = Stopwatch()
    spark = start_spark(CORES)
    watch.lap("start")
    featurize(spark, str(images), str(WEIGHTS), str(output / "features"))
    watch.lap("featurize")
    reduced, count = reduce(spark, str(output / "features"))
    watch.lap("reduce")
    reduced.write.mode("overwrite").parquet(str(output / "pca"))
    watch.lap("write")
    vectors = pd.read_parquet(output / "pca")["pca_features"].map(lambda vector: vector["values"])
    pd.DataFrame(vectors.tolist()).to_csv(output / "pca.csv")
    watch.lap("csv")
    accuracy = classify(spark, str(output / "pca"))
    watch.lap("classify")
    return {"stages": watch.seconds, "images": count, "accuracy": accuracy}


def start_spark(cores: int) -> Any:
    """A local session with a thread per core; workers run the interpreter of this process."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("original").master(f"local[{cores}]")
    builder = builder.config("spark.driver.memory", "8g").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", "1000").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def featurize(spark: Any, images: str, weights: str, output: str) -> None:
    """Read the photographs, compute 1280 features of each, write them as Parquet."""
    from pyspark.sql import functions as F
    from pyspark.sql.functions import pandas_udf  # type: ignore[attr-defined]

    @pandas_udf("array<float>")
    def compute(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        import numpy as np
        from PIL import Image
        from tensorflow.keras.applications.mobilenet_v2 import MobileNetV2, preprocess_input

        network = MobileNetV2(
            weights=None, include_top=False, pooling="avg", input_shape=(SIZE, SIZE, 3)
        )
        network.load_weights(weights)

        def pixels(content: bytes) -> Any:
            image = Image.open(io.BytesIO(content))
            # A grey JPEG would stop the original; on all others this costs a comparison.
            coloured = image if image.mode == "RGB" else image.convert("RGB")
            return preprocess_input(np.asarray(coloured.resize((SIZE, SIZE)), dtype="float32"))

        for batch in batches:
            predicted = network.predict(np.stack([pixels(c) for c in batch]), verbose=0)
            yield pd.Series(list(predicted))

    reader = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    photographs = reader.option("pathGlobFilter", f"*.{{{','.join(EXTENSIONS)}}}").load(images)
    labelled = photographs.withColumn("label", F.element_at(F.split("path", "/"), -2))
    spread = labelled.repartition(PARTITIONS)
    features = spread.select("path", "label", compute("content").alias("features"))
    features.write.mode("overwrite").parquet(output)


def reduce(spark: Any, features: str) -> tuple[Any, int]:
    """Fit scaler and PCA on all rows, as the original does; lazy rows and their number."""
    from pyspark.ml.feature import PCA, StandardScaler
    from pyspark.ml.functions import array_to_vector
    from pyspark.sql import functions as F

    rows = spark.read.parquet(features).withColumn("vector", array_to_vector(F.col("features")))
    count = rows.count()
    scaled = StandardScaler(inputCol="vector", outputCol="scaled").fit(rows).transform(rows)
    components = min(COMPONENTS, count - 1)
    pca = PCA(k=components, inputCol="scaled", outputCol="pca_features").fit(scaled)
    return pca.transform(scaled).select("path", "label", "pca_features"), count


def classify(spark: Any, table: str) -> float:
    """Train a random forest on a random 80 % of the rows; the accuracy on the others."""
    from pyspark.ml.classification import RandomForestClassifier
    from pyspark.ml.evaluation import MulticlassClassificationEvaluator
    from pyspark.ml.feature import StringIndexer

    rows = spark.read.parquet(table)
    index = StringIndexer(inputCol="label", outputCol="label_index").fit(rows)
    train, test = index.transform(rows).cache().randomSplit(SHARES, seed=SEED)
    columns: dict[str, Any] = {"labelCol": "label_index", "featuresCol": "pca_features"}
    forest = RandomForestClassifier(**columns, numTrees=TREES, seed=SEED)
    predicted = forest.fit(train).transform(test)
    evaluator = MulticlassClassificationEvaluator(labelCol="label_index", metricName="accuracy")
    return float(evaluator.evaluate(predicted))


if __name__ == "__main__":
    run_script(__doc__, measure, images=Path, output=Path)
