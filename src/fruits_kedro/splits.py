"""Which photographs train and which test, decided before anything is fitted."""

import logging

from fruits_kedro.errors import FruitsError
from fruits_kedro.heavy_types import DataFrame
from fruits_kedro.parameters import SplitParameters

logger = logging.getLogger(__name__)


def assign_splits(photographs: DataFrame, parameters: SplitParameters) -> tuple[DataFrame, str]:
    """Assign every photograph to ``train``, ``test`` or ``validation``.

    Args:
        photographs: Rows with sha256, label and split (what the folders say, or null).
        parameters: The method.

    Returns:
        The same rows with ``split`` never null; and the method used, ``folder`` or ``random``.

    Raises:
        FruitsError: Where ``folder`` is asked for and the folders do not name a train and a test.
    """
    method = parameters.method
    if method != "random":
        named = _named_splits(photographs)
        if {"train", "test"} <= named:
            return by_folder(photographs), "folder"
        if method == "folder":
            raise FruitsError(
                "split.method is folder, and the folders name "
                f"{', '.join(sorted(named)) or 'no split'}: put the label folders into Training "
                "and Test folders, or use split.method=random."
            )
        logger.info("No Training and Test folders: the split is drawn at random")
    return by_draw(photographs, parameters), "random"


def by_folder(photographs: DataFrame) -> DataFrame:
    """The folders' split; photographs outside of any split folder train."""
    from pyspark.sql import functions as F

    return photographs.withColumn("split", F.coalesce("split", F.lit("train")))


def by_draw(photographs: DataFrame, parameters: SplitParameters) -> DataFrame:
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


def _named_splits(photographs: DataFrame) -> set[str]:
    rows = photographs.select("split").distinct().collect()
    return {row.split for row in rows if row.split is not None}
