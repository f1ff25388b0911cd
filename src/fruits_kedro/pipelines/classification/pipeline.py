"""Wiring of classification."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.classification import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Principal components → classifier → predictions, file for a phone, metrics and plots."""
    return pipeline(
        [
            node(
                nodes.train_on_train,
                ["reduced_features", "reducer", "params:classification", "params:own"],
                "trained_classifier",
                name="train_on_train",
            ),
            node(
                nodes.calibrate_on_held_out,
                [
                    "trained_classifier",
                    "features",
                    "photographs",
                    "variants",
                    "backbone",
                    "reducer",
                    "params:reduction",
                    "params:classification",
                    "params:own",
                ],
                ["classifier", "calibration"],
                name="calibrate_on_held_out",
            ),
            node(
                nodes.fold_phone_model,
                ["backbone", "reducer", "classifier"],
                "phone_model",
                name="fold_phone_model",
            ),
            node(
                nodes.predict_labels,
                ["reduced_features", "classifier"],
                "predictions",
                name="predict_labels",
            ),
            node(
                nodes.count_test_confusions,
                "predictions",
                "confusions",
                name="count_test_confusions",
            ),
            node(
                nodes.measure_classifier,
                [
                    "confusions",
                    "predictions",
                    "explained_variance",
                    "ingestion_report",
                    "featurization_report",
                    "split_report",
                    "calibration",
                    "params:classification",
                ],
                "metrics",
                name="measure_classifier",
            ),
            node(
                nodes.plot_reliability,
                "calibration",
                "reliability_diagram",
                name="plot_reliability",
            ),
            node(
                nodes.plot_confusion_matrix,
                "confusions",
                "confusion_matrix",
                name="plot_confusion_matrix",
            ),
        ],
        tags="classification",
    )
