"""Wiring of evaluation."""

from typing import Any

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.evaluation import accuracy, nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Stored features → accuracy by folder, draw and capture group, in clutter, by place."""
    fits = ["params:reduction", "params:classification", "params:own"]
    shown = ["scenes", "photographs", "images", "known_scene_features"]
    answers = [f"{kind}_evaluation" for kind in nodes.KINDS]
    steps: list[tuple[Any, Any, Any]] = [
        (
            nodes.gather_rows,
            ["features", "photographs", "variants", "backbone", "params:evaluation"],
            "all_rows",
        ),
        (nodes.choose_scenes, ["photographs", "backbone", "params:evaluation"], "scenes"),
        (
            nodes.compute_scene_features,
            [*shown, "backbone", "params:featurization", "params:evaluation"],
            "scene_features",
        ),
        (
            nodes.gather_scenes,
            ["scene_features", "scenes", "photographs", "all_rows"],
            "all_scenes",
        ),
        (accuracy.evaluate_folder, ["all_rows", "split_report", *fits], "folder_evaluation"),
        (accuracy.evaluate_random, ["all_rows", "params:split", *fits], "random_evaluation"),
        (
            accuracy.evaluate_capture,
            ["all_rows", "all_scenes", *fits],
            ["capture_evaluation", "cluttered_evaluation"],
        ),
        (accuracy.evaluate_own, ["all_rows", *fits], "own_evaluation"),
        (nodes.collect_evaluation, answers, "evaluation"),
    ]
    return pipeline([node(*step, name=step[0].__name__) for step in steps], tags="evaluation")
