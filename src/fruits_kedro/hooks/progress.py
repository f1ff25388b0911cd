"""Shows how far the long stages of a run are."""

from contextlib import ExitStack

from kedro.framework.hooks import hook_impl
from kedro.pipeline.node import Node

from fruits_kedro.cluster.progress import shown
from fruits_kedro.cluster.spark_progress import RowCounter

_STAGES = {
    "read_images": "Reading",
    "compute_features": "Through the network",
    "compute_augmented_features": "Copies through the network",
    "compute_scene_features": "Scenes through the network",
    "predict_new_photographs": "Predicting",
}
"""Nodes whose work is counted in photographs, and what their line says."""


class ProgressHooks:
    """One line per long stage; a stage lasts until the next node begins, or the run ends.

    Kedro's ``after_node_run`` would be too early: Spark works when the result is saved.
    """

    def __init__(self) -> None:
        self._shown = ExitStack()

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """End the line of the node before, and begin one where this node takes long."""
        self._shown.close()
        what = _STAGES.get(node.short_name)
        if what:
            self._shown.enter_context(shown(what, RowCounter()))

    @hook_impl
    def after_pipeline_run(self) -> None:
        """End the last line."""
        self._shown.close()

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """End the line without saying that its stage is complete."""
        self._shown.__exit__(type(error), error, error.__traceback__)
