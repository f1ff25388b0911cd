"""The split that Training and Test folders say."""

from fruits_kedro import FruitsError
from fruits_kedro.parameters import SplitParameters
from fruits_kedro.storage.heavy_types import DataFrame


def assign(photographs: DataFrame, parameters: SplitParameters) -> DataFrame:
    """The folders' split.

    Raises:
        FruitsError: Where they do not name a train and a test.
    """
    if not names_both(photographs):
        raise FruitsError(
            "split.method is folder, and the folders name "
            f"{', '.join(sorted(_named(photographs))) or 'no split'}: put the label folders into "
            "Training and Test folders, or use split.method=random."
        )
    return by_folder(photographs)


def names_both(photographs: DataFrame) -> bool:
    """Whether there are photographs in folders of both kinds."""
    return {"train", "test"} <= _named(photographs)


def by_folder(photographs: DataFrame) -> DataFrame:
    """The folders' split; photographs outside of any split folder train."""
    from pyspark.sql import functions as F

    return photographs.withColumn("split", F.coalesce("split", F.lit("train")))


def _named(photographs: DataFrame) -> set[str]:
    rows = photographs.select("split").distinct().collect()
    return {row.split for row in rows if row.split is not None}
