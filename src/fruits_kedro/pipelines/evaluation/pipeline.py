"""Wiring of evaluation."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.evaluation import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Stored features → accuracy on folder, random and capture splits, refitted for each."""
    return pipeline(
        [
            node(
                nodes.gather_features,
                ["photographs", "features", "backbone"],
                "all_features",
                name="gather_features",
            ),
            node(
                nodes.evaluate_folder,
                ["all_features", "params:reduction", "params:classification"],
                "folder_evaluation",
                name="evaluate_folder",
            ),
            node(
                nodes.evaluate_random,
                ["all_features", "params:split", "params:reduction", "params:classification"],
                "random_evaluation",
                name="evaluate_random",
            ),
            node(
                nodes.evaluate_capture,
                ["all_features", "params:reduction", "params:classification", "params:evaluation"],
                "capture_evaluation",
                name="evaluate_capture",
            ),
            node(
                nodes.collect_evaluation,
                ["folder_evaluation", "random_evaluation", "capture_evaluation"],
                "evaluation",
                name="collect_evaluation",
            ),
        ],
        tags="evaluation",
    )
