"""A random forest: Spark ML inside, plain columns outside."""

from dataclasses import dataclass
from typing import Any

from fruits_kedro.model.classifier.artefact import Classifier
from fruits_kedro.parameters.classification import RandomForestParameters
from fruits_kedro.storage.heavy_types import DataFrame, PipelineModel
from fruits_kedro.storage.schemas import DOUBTS


@dataclass(frozen=True)
class ForestClassifier(Classifier):
    """A trained random forest.

    Attributes:
        model: Spark ML's fitted pipeline (label index, forest).
    """

    model: PipelineModel


def train_forest(
    train: DataFrame, parameters: RandomForestParameters, reducer_id: str
) -> ForestClassifier:
    """Train on every row given; the arguments are those of ``train_classifier``."""
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import RandomForestClassifier
    from pyspark.ml.feature import StringIndexer
    from pyspark.storagelevel import StorageLevel

    index = StringIndexer(inputCol="label", outputCol="label_index", stringOrderType="alphabetAsc")
    forest = RandomForestClassifier(
        numTrees=parameters.trees,
        maxDepth=parameters.max_depth,
        seed=parameters.seed,
        featuresCol="vector",
        labelCol="label_index",
    )
    rows = _with_vector(train).select("label", "vector").persist(StorageLevel.MEMORY_AND_DISK)
    try:
        model = Pipeline(stages=[index, forest]).fit(rows)
    finally:
        rows.unpersist()
    _forget_summary(model)
    return ForestClassifier(labels_of(model), reducer_id, model)


def _forget_summary(model: PipelineModel) -> None:
    """Drop what training left beside the model.

    Of two labels it holds the session, which Spark cannot send to its workers with the model.
    """
    from pyspark import SparkContext

    context: Any = SparkContext._active_spark_context
    fitted: Any = model.stages[-1]
    fitted._java_obj.setSummary(context._jvm.scala.Option.empty())


def labels_of(model: PipelineModel) -> tuple[str, ...]:
    """The labels of a fitted pipeline, in the order of its probabilities."""
    index: Any = model.stages[0]
    return tuple(index.labels)


def predict_by_forest(reduced: DataFrame, classifier: ForestClassifier) -> DataFrame:
    """See ``predict``."""
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql import functions as F

    # Only the classifier: rows to predict need no label, and the label index would ask for one.
    scored = classifier.model.stages[-1].transform(_with_vector(reduced))
    labels = F.array(*(F.lit(label) for label in classifier.labels))
    pairs = F.arrays_zip(
        vector_to_array(F.col("probability")).alias("probability"), labels.alias("label")
    )
    # Equal probabilities are ranked by label, so that the order is always the same.
    ranked = F.reverse(F.array_sort(pairs))
    best = scored.select(
        *(column for column in reduced.columns if column != "components"), ranked.alias("ranked")
    )
    names = (
        ("prediction", "probability"),
        ("second", "second_probability"),
        ("third", "third_probability"),
    )
    candidates = [
        F.get("ranked", F.lit(rank)).getField(field).alias(name)
        for rank, (label, probability) in enumerate(names)
        for field, name in (("label", label), ("probability", probability))
    ]
    others = [column for column in best.columns if column != "ranked"]
    # The votes of trees are no logits, and say nothing of a photograph that is like no other.
    doubts = [F.lit(None).cast(kind).alias(name) for name, kind in _pairs(DOUBTS)]
    return best.select(*others, *candidates, *doubts)


def _pairs(ddl: str) -> list[list[str]]:
    return [column.split() for column in ddl.split(", ")]


def _with_vector(reduced: DataFrame) -> DataFrame:
    from pyspark.ml.functions import array_to_vector
    from pyspark.sql import functions as F

    return reduced.withColumn("vector", array_to_vector(F.col("components")))
