"""Wiring of featurization."""

from typing import Any

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.featurization import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Photographs → features of photographs and of augmented copies, in one pass."""
    shown = ["photographs", "images"]
    copies = ["backgrounds", "params:augmentation"]
    results = ["features", "missing_features", "backbone", "ingestion_report"]
    steps: list[tuple[Any, Any, Any]] = [
        (nodes.make_backbone, [*shown, "params:featurization", "known_backbones"], "backbone"),
        (nodes.choose_variants, ["photographs", "backbone", *copies], "variants"),
        (
            nodes.select_missing_features,
            ["photographs", "variants", "known_features", "backbone"],
            "missing_features",
        ),
        (
            nodes.compute_features,
            ["missing_features", "images", "backbone", *copies, "params:featurization"],
            "features",
        ),
        (nodes.report_featurization, ["photographs", *results], "featurization_report"),
        (
            nodes.draw_augmentation_examples,
            [*shown, *copies, "params:featurization"],
            "augmentation_examples",
        ),
    ]
    return pipeline([node(*step, name=step[0].__name__) for step in steps], tags="featurization")
