"""Type names for annotations whose modules are slow to import.

Commands that only read the pipelines (``kedro registry list``, ``kedro viz``) must not import
Spark. Kedro resolves the annotations of nodes at run time, so the names must exist.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
    from pyarrow import Table as ArrowTable
    from pyspark.sql import DataFrame
else:
    ArrowTable = DataFrame = Figure = Any

__all__ = ["ArrowTable", "DataFrame", "Figure"]
