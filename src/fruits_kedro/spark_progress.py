"""How many photographs Spark's Python workers have given back so far, without a job of its own.

Executors report the counters of running tasks with each heartbeat, and Spark's own record of its
SQL executions adds them up, whether its pages are served or not.
"""

from typing import Any

from fruits_kedro.heavy_types import SparkSession

_STEP, _ROWS = "MapInArrow", "number of output rows"
"""Step of a plan that Python workers do, and the name of its counter."""


class RowCounter:
    """Counts the rows of executions that begin after this counter was made."""

    def __init__(self) -> None:
        self._spark: SparkSession | None = None
        self._first = 0
        session = _active()
        if session is not None:
            self._spark, self._first = session, _store(session).executionsCount()

    def __call__(self) -> int:
        """Rows that have passed the last Python step of each execution."""
        session = self._spark or _active()
        if session is None:
            return 0
        self._spark = session
        store = _store(session)
        executions = store.executionsList(self._first, store.executionsCount())
        return sum(_rows(store, execution) for execution in _items(executions))


def _active() -> SparkSession | None:
    import sys

    if "pyspark.sql" not in sys.modules:  # importing it takes a second
        return None
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession()


def _store(session: SparkSession) -> Any:
    return session._jsparkSession.sharedState().statusStore()


def _rows(store: Any, execution: Any) -> int:
    identity = execution.executionId()
    nodes = [n for n in _items(store.planGraph(identity).allNodes()) if n.name() == _STEP]
    if not nodes:
        return 0
    values = store.executionMetrics(identity)
    return min(_value(values, node) for node in nodes)


def _value(values: Any, node: Any) -> int:
    for metric in _items(node.metrics()):
        if metric.name() == _ROWS:
            found = values.get(metric.accumulatorId())
            return int(found.get().replace(",", "")) if found.isDefined() else 0
    return 0


def _items(sequence: Any) -> list[Any]:
    return [sequence.apply(position) for position in range(sequence.size())]
