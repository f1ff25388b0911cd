"""Every row is in one chunk of its bucket, in an order that partitions do not change."""

import pyarrow as pa
import pytest
from feature_tables import names

from fruits_kedro.model.buckets import (
    BUCKETS,
    CHUNK,
    chunks_of_buckets,
    fold_buckets,
    in_buckets,
)

SCHEMA = "sha256 string, number int"


def make_rows(spark, names: list[str], partitions: int):
    table = pa.table({"sha256": names, "number": pa.array(range(len(names)), pa.int32())})
    return spark.createDataFrame(table, SCHEMA).repartition(partitions)


def told(rows) -> list[str]:
    """Each bucket as text: its chunks by their lengths, then its names in order."""

    def tell(chunks) -> bytes:
        held = list(chunks)
        names = [name for chunk in held for name in chunk.column("sha256").to_pylist()]
        return " ".join([*(str(len(chunk)) for chunk in held), *names]).encode()

    return [text.decode() for text in fold_buckets(in_buckets(rows, "number"), tell)]


@pytest.mark.parametrize("partitions", [1, 5])
def test_buckets_come_in_order_with_their_rows_in_order(spark, partitions):
    found = told(make_rows(spark, names(500), partitions))
    assert len(found) == BUCKETS
    for digit, text in zip("0123456789abcdef", found, strict=True):
        own = sorted(name for name in names(500) if name[0] == digit)
        assert text.split(" ") == [str(len(own)), *own]


@pytest.mark.parametrize("count", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
def test_chunks_are_counted_from_the_start_of_a_bucket(spark, count):
    crowded = ["7" + name[1:] for name in names(count)]
    [text] = told(make_rows(spark, crowded, 3))
    lengths = [str(CHUNK)] * (count // CHUNK) + [str(count % CHUNK)] * (count % CHUNK > 0)
    assert text.split(" ") == [*lengths, *sorted(crowded)]


def test_no_rows_give_nothing(spark):
    assert told(make_rows(spark, [], 2)) == []


def test_rows_that_are_not_distributed_come_in_the_same_chunks(spark):
    crowded = ["0" + name[1:] if n % 2 else name for n, name in enumerate(names(3 * CHUNK))]
    here = pa.table({"sha256": crowded}).sort_by("sha256")
    found = [
        [chunk.column("sha256").to_pylist() for chunk in chunks]
        for chunks in chunks_of_buckets(here)
    ]
    expected = [
        (line.split(" "), len(chunks))
        for line, chunks in zip(told(make_rows(spark, crowded, 4)), found, strict=True)
    ]
    for chunks, (words, count) in zip(found, expected, strict=True):
        assert words[:count] == [str(len(chunk)) for chunk in chunks]
        assert words[count:] == [name for chunk in chunks for name in chunk]
