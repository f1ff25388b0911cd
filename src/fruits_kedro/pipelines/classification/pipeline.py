"""Wiring of classification."""

from typing import Any

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.classification import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Principal components → classifier → predictions, file for a phone, metrics and plots."""
    stored = ["features", "photographs", "variants", "backbone", "reducer"]
    fits = ["params:reduction", "params:classification", "params:own"]
    results = ["confusions", "predictions", "explained_variance"]
    results += ["ingestion_report", "featurization_report", "split_report"]
    steps: list[tuple[Any, Any, Any]] = [
        (
            nodes.train_on_train,
            ["reduced_features", "reducer", "params:classification", "params:own"],
            "trained_classifier",
        ),
        (
            nodes.calibrate_on_held_out,
            ["trained_classifier", *stored, *fits],
            ["classifier", "calibration"],
        ),
        (nodes.fold_phone_model, ["backbone", "reducer", "classifier"], "phone_model"),
        (nodes.predict_labels, ["reduced_features", "classifier"], "predictions"),
        (nodes.count_test_confusions, "predictions", "confusions"),
        (nodes.measure_classifier, [*results, "calibration", "params:classification"], "metrics"),
        (nodes.plot_reliability, "calibration", "reliability_diagram"),
        (nodes.plot_confusion_matrix, "confusions", "confusion_matrix"),
    ]
    return pipeline([node(*step, name=step[0].__name__) for step in steps], tags="classification")
