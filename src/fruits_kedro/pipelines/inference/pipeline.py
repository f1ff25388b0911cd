"""Wiring of inference."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.inference import nodes
from fruits_kedro.runner import ALWAYS


def create_pipeline(**kwargs: object) -> Pipeline:
    """New photographs → predictions from the saved artefacts, as Parquet and CSV."""
    return pipeline(
        [
            node(
                nodes.list_new_photographs,
                ["raw_images", "params:ingestion"],
                "new_photographs",
                name="list_new_photographs",
                # Always run: a listing does not show that a file became readable.
                tags=ALWAYS,
            ),
            node(
                nodes.predict_new_photographs,
                [
                    "new_photographs",
                    "backbone",
                    "reducer",
                    "classifier",
                    "phone_model",
                    "fruit_facts",
                    "params:ingestion",
                ],
                "inference_predictions",
                name="predict_new_photographs",
            ),
            node(
                nodes.render_inference,
                "inference_predictions",
                "inference_predictions_csv",
                name="render_inference",
            ),
        ],
        tags="inference",
    )
