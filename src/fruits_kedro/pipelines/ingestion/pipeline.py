"""Wiring of ingestion."""

from kedro.pipeline import Pipeline, node, pipeline

from fruits_kedro.pipelines.ingestion import nodes


def create_pipeline(**kwargs: object) -> Pipeline:
    """Folders → images (bytes, read once) → photographs (the present listing, split)."""
    return pipeline(
        [
            node(
                nodes.understand_folders,
                ["raw_images", "own_images", "params:ingestion", "params:own"],
                ["listing", "layout"],
                name="understand_folders",
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
                ["listing", "images", "params:ingestion", "params:split"],
                ["photographs", "split_report"],
                name="resolve_photographs",
            ),
            node(
                nodes.report_ingestion,
                ["layout", "unread_files", "photographs", "params:ingestion"],
                "ingestion_report",
                name="report_ingestion",
            ),
        ],
        tags="ingestion",
    )
