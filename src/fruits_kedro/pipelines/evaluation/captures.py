"""Which photographs show one turn of one fruit, from the names of their files."""

from collections.abc import Iterator
from dataclasses import dataclass

from fruits_kedro.photos.labels import parse_capture
from fruits_kedro.storage.heavy_types import DataFrame


@dataclass(frozen=True)
class Captures:
    """The capture groups of some photographs.

    Attributes:
        names: Groups that can be left out: another group of the same label is there to train.
        single: Labels that have one group only, and so cannot be tested.
    """

    names: tuple[str, ...]
    single: frozenset[str]


def with_captures(rows: DataFrame, pattern: str) -> DataFrame:
    """Rows with ``capture``, null where the name of the file tells none."""
    from pyspark.sql import functions as F

    # Java's regular expressions differ from Python's; the pattern is documented as Python's.
    parse = F.udf(lambda path: parse_capture(path, pattern), "string")
    return rows.join(rows.select("path", parse("path").alias("capture")), "path")


def find_captures(rows: DataFrame) -> Captures:
    """The groups of rows with ``label`` and ``capture``."""
    by_label: dict[str, set[str]] = {}
    for row in rows.select("capture", "label").distinct().collect():
        by_label.setdefault(row.label, set()).update({row.capture} - {None})
    single = frozenset(label for label, groups in by_label.items() if len(groups) < 2)
    names = {name for label, groups in by_label.items() if label not in single for name in groups}
    return Captures(tuple(sorted(names)), single)


def testable(rows: DataFrame, captures: Captures) -> DataFrame:
    """Rows of labels with more than one group, and of a group."""
    from pyspark.sql import functions as F

    return rows.filter(~F.col("label").isin(sorted(captures.single))).filter("capture is not null")


def folds_of(rows: DataFrame, captures: Captures) -> Iterator[tuple[str, DataFrame]]:
    """Each group left out once: its rows have split test, all others train."""
    from pyspark.sql import functions as F

    may_test = ~F.col("label").isin(sorted(captures.single))
    for name in captures.names:
        held_out = F.coalesce(F.col("capture") == name, F.lit(False)) & may_test
        split = F.when(held_out, "test").otherwise("train")
        yield name, rows.withColumn("split", split)
