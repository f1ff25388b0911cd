"""Wiring of featurization."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.featurization import copies, nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Photographs → features, and of train photographs features of augmented copies."""
    return pipeline(
        [
            node(
                nodes.sample_calibration_pixels,
                ["photographs", "images", "params:featurization", "known_backbones"],
                "calibration_pixels",
                name="sample_calibration_pixels",
            ),
            node(
                nodes.make_backbone,
                ["params:featurization", "known_backbones", "calibration_pixels"],
                "backbone",
                name="make_backbone",
            ),
            node(
                nodes.select_missing_features,
                ["photographs", "known_features", "backbone", "ingestion_report"],
                "missing_features",
                name="select_missing_features",
            ),
            node(
                nodes.compute_features,
                ["missing_features", "images", "backbone", "params:featurization"],
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
                copies.split_photographs,
                ["photographs", "features", "backbone", "params:split"],
                ["splits", "split_report"],
                name="split_photographs",
            ),
            node(
                copies.choose_variants,
                ["splits", "backbone", "backgrounds", "params:augmentation"],
                "variants",
                name="choose_variants",
            ),
            node(
                copies.select_missing_variants,
                ["variants", "photographs", "known_augmented_features"],
                "missing_variants",
                name="select_missing_variants",
            ),
            node(
                copies.compute_augmented_features,
                [
                    "missing_variants",
                    "known_augmented_features",
                    "images",
                    "backbone",
                    "backgrounds",
                    "params:augmentation",
                    "params:featurization",
                ],
                "augmented_features",
                name="compute_augmented_features",
            ),
            node(
                copies.draw_augmentation_examples,
                [
                    "splits",
                    "images",
                    "photographs",
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
