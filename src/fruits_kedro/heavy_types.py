"""Names for annotations whose modules are slow to import.

A command that only reads the pipelines (``kedro registry list``, ``kedro viz``) must not pay for
Spark. Kedro resolves the annotations of every node at run time, so the names have to exist then.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
    from pyspark.ml import PipelineModel
    from pyspark.sql import DataFrame, SparkSession
else:
    DataFrame = Figure = PipelineModel = SparkSession = Any

__all__ = ["DataFrame", "Figure", "PipelineModel", "SparkSession"]
