"""Arrow tables become Parquet files with the columns that Spark's schema names."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fruits_kedro.datasets.arrow_parquet import columns_of, render_parquet
from fruits_kedro.storage import schemas

TABLE = pa.table(
    {
        "extra": [0, 0],
        "components": pa.array([[1.0, 2.0], None], pa.list_(pa.float64())),
        "path": ["/a", None],
        "n": pa.array([1, 2], pa.int64()),
    }
)
SCHEMA = "path string, n int, components array<float>"


def test_columns_are_chosen_ordered_and_cast():
    written = pq.read_table(io.BytesIO(render_parquet(TABLE, SCHEMA)))
    assert [(field.name, str(field.type)) for field in written.schema] == [
        ("path", "string"),
        ("n", "int32"),
        ("components", "list<element: float>"),
    ]
    assert written.to_pylist()[1] == {"path": None, "n": 2, "components": None}


def test_the_same_rows_are_the_same_bytes_however_they_are_chunked():
    chunked = pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)])
    assert render_parquet(chunked, SCHEMA) == render_parquet(TABLE, SCHEMA)


def test_a_missing_column_is_an_error():
    with pytest.raises(KeyError):
        render_parquet(TABLE, "label string")


@pytest.mark.parametrize("name", ["IMAGES", "PHOTOGRAPHS", "FEATURES", "PREDICTIONS"])
def test_every_kind_of_column_of_the_schemas_is_known(name):
    schema = getattr(schemas, name)
    empty = pa.table({column: pa.nulls(0) for column, _ in columns_of(schema)})
    written = pq.read_table(io.BytesIO(render_parquet(empty, schema)))
    assert written.column_names == [column for column, _ in columns_of(schema)]
