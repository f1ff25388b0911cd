"""Wiring of evaluation."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.evaluation import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Stored features → accuracy on folder, random and capture splits and in clutter."""
    return pipeline(
        [
            node(
                nodes.gather_features,
                ["photographs", "features", "backbone"],
                "all_features",
                name="gather_features",
            ),
            node(
                nodes.gather_copies,
                ["augmented_features", "variants"],
                "all_copies",
                name="gather_copies",
            ),
            node(
                nodes.choose_scenes,
                ["all_features", "backbone", "params:evaluation"],
                "scenes",
                name="choose_scenes",
            ),
            node(
                nodes.compute_scene_features,
                [
                    "scenes",
                    "photographs",
                    "images",
                    "known_scene_features",
                    "backbone",
                    "params:featurization",
                    "params:evaluation",
                ],
                "scene_features",
                name="compute_scene_features",
            ),
            node(
                nodes.evaluate_folder,
                ["all_features", "all_copies", "params:reduction", "params:classification"],
                "folder_evaluation",
                name="evaluate_folder",
            ),
            node(
                nodes.evaluate_random,
                [
                    "all_features",
                    "all_copies",
                    "params:split",
                    "params:reduction",
                    "params:classification",
                ],
                "random_evaluation",
                name="evaluate_random",
            ),
            node(
                nodes.evaluate_capture,
                [
                    "all_features",
                    "all_copies",
                    "scenes",
                    "scene_features",
                    "params:reduction",
                    "params:classification",
                    "params:evaluation",
                ],
                ["capture_evaluation", "cluttered_evaluation"],
                name="evaluate_capture",
            ),
            node(
                nodes.collect_evaluation,
                [
                    "folder_evaluation",
                    "random_evaluation",
                    "capture_evaluation",
                    "cluttered_evaluation",
                ],
                "evaluation",
                name="collect_evaluation",
            ),
        ],
        tags="evaluation",
    )
