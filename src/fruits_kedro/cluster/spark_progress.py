"""How many photographs Spark's Python workers have given back so far, without a job of its own.

Executors report the counters of running tasks with each heartbeat, and Spark's own record of its
SQL executions adds them up, whether its pages are served or not.
"""

from collections.abc import Iterator
from typing import Any

from fruits_kedro.storage.heavy_types import SparkSession

_STEP, _ROWS = "MapInArrow", "number of output rows"
"""Step of a plan that Python workers do, and the name of its counter."""


class RowCounter:
    """Counts the rows of executions that begin after this counter was made.

    Executions are told apart by their numbers, which only grow. Their places in Spark's record do
    not last: it forgets the oldest ones (``spark.sql.ui.retainedExecutions``), and all others move.
    """

    def __init__(self) -> None:
        self._spark = _active()
        self._last_before = -1 if self._spark is None else _last_number(_store(self._spark))

    def __call__(self) -> int:
        """Rows that have passed the last Python step of each execution."""
        session = self._spark or _active()
        if session is None:
            return 0
        self._spark = session
        store = _store(session)
        return sum(_rows(store, number) for number in _numbers_after(store, self._last_before))


def _active() -> SparkSession | None:
    import sys

    if "pyspark.sql" not in sys.modules:  # importing it takes a second
        return None
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession()


def _store(session: SparkSession) -> Any:
    return session._jsparkSession.sharedState().statusStore()


def _last_number(store: Any) -> int:
    executions = store.executionsList()
    return executions.last().executionId() if executions.size() else -1


def _numbers_after(store: Any, last_before: int) -> Iterator[int]:
    executions = store.executionsList()
    for position in reversed(range(executions.size())):
        number = executions.apply(position).executionId()
        if number <= last_before:
            return
        yield number


def _rows(store: Any, number: int) -> int:
    nodes = [n for n in _items(store.planGraph(number).allNodes()) if n.name() == _STEP]
    if not nodes:
        return 0
    values = store.executionMetrics(number)
    return min(_value(values, node) for node in nodes)


def _value(values: Any, node: Any) -> int:
    for metric in _items(node.metrics()):
        if metric.name() == _ROWS:
            found = values.get(metric.accumulatorId())
            return int(found.get().replace(",", "")) if found.isDefined() else 0
    return 0


def _items(sequence: Any) -> list[Any]:
    return [sequence.apply(position) for position in range(sequence.size())]
