"""Wiring of featurization."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.featurization import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Photographs → features of photographs and of augmented copies, in one pass."""
    return pipeline(
        [
            node(
                nodes.choose_calibration_pixels,
                ["photographs", "images", "params:featurization", "known_backbones"],
                "calibration_pixels",
                name="choose_calibration_pixels",
            ),
            node(
                nodes.make_backbone,
                ["params:featurization", "known_backbones", "calibration_pixels"],
                "backbone",
                name="make_backbone",
            ),
            node(
                nodes.choose_variants,
                ["photographs", "backbone", "backgrounds", "params:augmentation"],
                "variants",
                name="choose_variants",
            ),
            node(
                nodes.select_missing_features,
                ["photographs", "variants", "known_features", "backbone"],
                "missing_features",
                name="select_missing_features",
            ),
            node(
                nodes.compute_features,
                [
                    "missing_features",
                    "images",
                    "backbone",
                    "backgrounds",
                    "params:augmentation",
                    "params:featurization",
                ],
                "features",
                name="compute_features",
            ),
            node(
                nodes.report_featurization,
                ["photographs", "features", "missing_features", "backbone", "ingestion_report"],
                "featurization_report",
                name="report_featurization",
            ),
            node(
                nodes.draw_augmentation_examples,
                [
                    "photographs",
                    "images",
                    "backgrounds",
                    "params:augmentation",
                    "params:featurization",
                ],
                "augmentation_examples",
                name="draw_augmentation_examples",
            ),
        ],
        tags="featurization",
    )
