"""Long stages of a run have a line of progress, counted by Spark itself."""

import logging
import time

import pytest
from kedro.pipeline import node

from fruits_kedro.cluster import progress
from fruits_kedro.cluster.spark_progress import RowCounter
from fruits_kedro.hooks.progress import ProgressHooks


def slowly(batches):
    """Rows of 512 letters: small ones would wait in the worker's buffer until the end."""
    import pyarrow as pa

    for batch in batches:
        time.sleep(0.5)
        yield pa.record_batch({"text": ["x" * 512] * batch.num_rows})


def test_rows_are_counted_while_a_task_runs_and_after_it(spark, tmp_path):
    before = spark.range(1)
    before.mapInArrow(slowly, "text string").count()
    counter = RowCounter()
    assert counter() == 0
    counts = []
    rows = spark.range(0, 4096, 1, 1).mapInArrow(slowly, "text string")
    with progress.shown("Reading", lambda: counts.append(counter()) or counts[-1], Terminal()):
        rows.write.parquet(str(tmp_path / "rows"))
    assert settled(counter, 4096) == 4096
    assert counts == sorted(counts)
    assert max(counts) > 0


def test_rows_are_counted_where_spark_forgets_old_executions(spark):
    kept = int(spark.conf.get("spark.sql.ui.retainedExecutions"))
    for _ in range(kept + 1):
        spark.sql("SELECT 1").collect()
    counter = RowCounter()
    for _ in range(kept // 2):
        spark.sql("SELECT 1").collect()
    spark.range(0, 64, 1, 1).mapInArrow(slowly, "text string").count()
    assert settled(counter, 64) == 64


def settled(counter, expected):
    """What is counted in the end: Spark writes its record a moment after the work."""
    until = time.monotonic() + 60
    while counter() < expected and time.monotonic() < until:
        time.sleep(0.1)
    return counter()


class Terminal:
    """A place for a live line."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        """Nobody looks."""

    def flush(self) -> None:
        """Nothing is kept."""


@pytest.mark.parametrize(
    ("name", "lines"),
    [("read_images", ["Reading: 3 of 3 photographs (100%)"]), ("plot_scree", [])],
)
def test_a_long_stage_ends_with_its_line(caplog, name, lines):
    caplog.set_level(logging.INFO)
    hooks = ProgressHooks()
    hooks.before_node_run(node(lambda: None, None, "out", name=name, namespace="group"))
    progress.expect(3)
    hooks.after_pipeline_run()
    progress.expect(0)
    assert [record.message.split(", ")[0] for record in caplog.records] == lines


def test_a_long_stage_that_fails_has_no_last_line(caplog):
    caplog.set_level(logging.INFO)
    hooks = ProgressHooks()
    hooks.before_node_run(node(lambda: None, None, "out", name="compute_features"))
    progress.expect(3)
    hooks.on_pipeline_error(ValueError("broken"))
    assert caplog.records == []
