"""Wiring of the app."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.app import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Phone model, facts and measured accuracy → the app, a folder of static files."""
    return pipeline(
        [
            node(
                nodes.build_app,
                ["phone_model", "fruit_facts", "metrics", "calibration", "params:app"],
                "app",
                name="build_app",
            )
        ],
        tags="app",
    )
