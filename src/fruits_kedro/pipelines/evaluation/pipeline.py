"""Wiring of evaluation."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.evaluation import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Stored features → accuracy by folder, draw and capture group, in clutter, by place."""
    fits = ["params:reduction", "params:classification", "params:own"]
    return pipeline(
        [
            node(
                nodes.gather_rows,
                ["features", "photographs", "variants", "backbone", "params:evaluation"],
                "all_rows",
                name="gather_rows",
            ),
            node(
                nodes.choose_scenes,
                ["photographs", "backbone", "params:evaluation"],
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
                nodes.gather_scenes,
                ["scene_features", "scenes", "photographs", "all_rows"],
                "all_scenes",
                name="gather_scenes",
            ),
            node(
                nodes.evaluate_folder,
                ["all_rows", "split_report", *fits],
                "folder_evaluation",
                name="evaluate_folder",
            ),
            node(
                nodes.evaluate_random,
                ["all_rows", "params:split", *fits],
                "random_evaluation",
                name="evaluate_random",
            ),
            node(
                nodes.evaluate_capture,
                ["all_rows", "all_scenes", *fits],
                ["capture_evaluation", "cluttered_evaluation"],
                name="evaluate_capture",
            ),
            node(
                nodes.evaluate_own,
                ["all_rows", *fits],
                "own_evaluation",
                name="evaluate_own",
            ),
            node(
                nodes.collect_evaluation,
                [
                    "folder_evaluation",
                    "random_evaluation",
                    "capture_evaluation",
                    "cluttered_evaluation",
                    "own_evaluation",
                ],
                "evaluation",
                name="collect_evaluation",
            ),
        ],
        tags="evaluation",
    )
