"""Wiring of reporting."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.reporting import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Results of a run → problems of the photographs as a table, and one page with everything."""
    return pipeline(
        [
            node(
                nodes.find_quality_problems,
                ["reduced_features", "predictions", "params:reporting"],
                ["data_quality", "data_quality_csv", "data_quality_report"],
                name="find_quality_problems",
            ),
            node(
                nodes.choose_photographs,
                ["predictions", "confusions", "data_quality", "params:reporting"],
                "chosen_photographs",
                name="choose_photographs",
            ),
            node(
                nodes.shrink_photographs,
                ["chosen_photographs", "map_points", "images", "params:reporting"],
                "thumbnails",
                name="shrink_photographs",
            ),
            node(
                nodes.render_report,
                [
                    "run_facts",
                    "ingestion_report",
                    "featurization_report",
                    "timings",
                    "explained_variance",
                    "map_points",
                    "predictions",
                    "metrics",
                    "confusions",
                    "evaluation",
                    "data_quality_report",
                    "chosen_photographs",
                    "thumbnails",
                    "params:reduction",
                    "params:reporting",
                ],
                "report",
                name="render_report",
            ),
        ],
        tags="reporting",
    )
