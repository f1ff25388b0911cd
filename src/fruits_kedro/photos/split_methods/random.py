"""A split by a draw that rows, reruns and partitioning cannot change."""

from fruits_kedro.parameters import SplitParameters
from fruits_kedro.storage.heavy_types import DataFrame


def assign(photographs: DataFrame, parameters: SplitParameters) -> DataFrame:
    """A random split that depends on each photograph's bytes and the seed, not on row order."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    # A hash of content and seed is a draw that partitioning and reruns cannot change.
    draw = F.xxhash64("sha256", F.lit(parameters.seed))
    if parameters.stratified:
        ordered = Window.partitionBy("label").orderBy(draw, "sha256")
        rank = F.row_number().over(ordered)
        rows = F.count(F.lit(1)).over(Window.partitionBy("label"))
        # At least one row of every label trains, whatever the share.
        is_test = rank <= F.least(F.round(rows * parameters.test_share), rows - 1)
    else:
        is_test = F.pmod(draw, F.lit(10**9)) < F.lit(int(parameters.test_share * 10**9))
    return photographs.withColumn("split", F.when(is_test, "test").otherwise("train"))
