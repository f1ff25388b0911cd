"""The classifier on principal components: Spark ML inside, plain columns outside."""

from dataclasses import dataclass
from typing import Any

from fruits_kedro.heavy_types import DataFrame, PipelineModel
from fruits_kedro.parameters import ClassificationParameters


@dataclass(frozen=True)
class Classifier:
    """A trained classifier and what it belongs to.

    Attributes:
        model: Spark ML's fitted pipeline (label index, classifier).
        labels: The labels in the order of the model's probabilities.
        reducer_id: ``Reducer.id`` of the reducer whose components it takes.
    """

    model: PipelineModel
    labels: tuple[str, ...]
    reducer_id: str


def train_classifier(
    reduced: DataFrame, parameters: ClassificationParameters, reducer_id: str
) -> Classifier:
    """Train on every row given.

    Args:
        reduced: ``label`` and ``components`` of the train rows.
        parameters: Which classifier, with which settings.
        reducer_id: See ``Classifier``.
    """
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import StringIndexer
    from pyspark.storagelevel import StorageLevel

    index = StringIndexer(inputCol="label", outputCol="label_index", stringOrderType="alphabetAsc")
    rows = _with_vector(reduced).select("label", "vector").persist(StorageLevel.MEMORY_AND_DISK)
    try:
        model = Pipeline(stages=[index, _estimator(parameters)]).fit(rows)
    finally:
        rows.unpersist()
    _forget_summary(model)
    return Classifier(model, labels_of(model), reducer_id)


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


def predict(reduced: DataFrame, classifier: Classifier) -> DataFrame:
    """The three most probable labels of every row, lazily.

    Args:
        reduced: Rows with ``components`` and any other columns.
        classifier: A trained classifier.

    Returns:
        The other columns with prediction, probability, second, second_probability, third and
        third_probability; null where there are fewer labels.
    """
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
    return best.select(*others, *candidates)


def _with_vector(reduced: DataFrame) -> DataFrame:
    from pyspark.ml.functions import array_to_vector
    from pyspark.sql import functions as F

    return reduced.withColumn("vector", array_to_vector(F.col("components")))


def _estimator(parameters: ClassificationParameters) -> Any:
    from pyspark.ml.classification import LogisticRegression, RandomForestClassifier

    columns: dict[str, Any] = {"featuresCol": "vector", "labelCol": "label_index"}
    if parameters.classifier == "random_forest":
        forest = parameters.random_forest
        return RandomForestClassifier(
            numTrees=forest.trees, maxDepth=forest.max_depth, seed=forest.seed, **columns
        )
    regression = parameters.logistic_regression
    return LogisticRegression(
        regParam=regression.reg_param,
        standardization=regression.standardization,
        maxIter=regression.max_iter,
        family="multinomial",
        **columns,
    )
