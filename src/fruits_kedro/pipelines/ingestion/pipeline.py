"""Wiring of ingestion."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.ingestion import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Image folder → images (bytes, read once) → photographs (the present listing, resolved)."""
    return pipeline(
        [
            node(
                nodes.label_listing, "raw_images", ["listing", "found_files"], name="label_listing"
            ),
            node(
                nodes.select_unread_files,
                ["listing", "known_images", "params:ingestion"],
                "unread_files",
                name="select_unread_files",
            ),
            node(
                nodes.read_images,
                ["unread_files", "params:ingestion"],
                "images",
                name="read_images",
            ),
            node(
                nodes.resolve_photographs,
                ["listing", "images", "params:ingestion"],
                "photographs",
                name="resolve_photographs",
            ),
            node(
                nodes.report_ingestion,
                ["found_files", "unread_files", "photographs", "params:ingestion"],
                "ingestion_report",
                name="report_ingestion",
            ),
        ],
        tags="ingestion",
    )
