"""Wiring of featurization."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.featurization import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Photographs → features, through a backbone that is converted once."""
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
        ],
        tags="featurization",
    )
