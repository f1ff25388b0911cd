"""Which train photographs get how many copies."""

from fruits_kedro.parameters.augmentation import AugmentationParameters
from fruits_kedro.storage.heavy_types import DataFrame


def choose_copies(
    splits: DataFrame, parameters: AugmentationParameters, fingerprint: str
) -> DataFrame:
    """Name the copies that shall be there; rows of other splits get none.

    Where a label has more photographs than ``per_label`` copies, which of them get one depends on
    their bytes and the seed, not on row order.

    Args:
        splits: ``schemas.SPLITS``.
        parameters: How many.
        fingerprint: Of their features.

    Returns:
        ``schemas.VARIANTS``.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    numbers = F.array(*(F.lit(variant) for variant in range(1, parameters.copies + 1)))
    if not parameters.copies:
        numbers = numbers.cast("array<int>")
    train = splits.filter("split = 'train'").select("sha256", "path", "label")
    every = train.withColumn("variant", F.explode(numbers))
    # All first copies come before any second one.
    draw = F.xxhash64("sha256", F.lit(parameters.seed))
    ordered = Window.partitionBy("label").orderBy("variant", draw, "sha256")
    chosen = every.withColumn("rank", F.row_number().over(ordered))
    return chosen.filter(F.col("rank") <= parameters.per_label).select(
        "sha256", "path", "label", "variant", F.lit(fingerprint).alias("fingerprint")
    )
